"""Reads the one message that helm writes in protobuf: a Secret, with the release in it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any


def secret(raw: bytes) -> dict[str, Any]:
    """A Secret as JSON has it, from `k8s NUL` and a runtime.Unknown whose second field it is."""
    meta: dict[str, Any] = {"labels": {}, "annotations": {}}
    found: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": {}, "type": "Opaque"}
    for field, value in _fields(dict(_fields(raw[4:]))[2]):
        if field == 1:
            for part, inner in _fields(value):
                if part == 1:
                    meta["name"] = inner.decode()
                elif part in (11, 12):
                    name, text = _pair(inner)
                    meta["labels" if part == 11 else "annotations"][name] = text.decode()
        elif field == 2:
            name, content = _pair(value)
            found["data"][name] = base64.b64encode(content).decode()
        elif field == 3:
            found["type"] = value.decode()
    return found


def _pair(raw: bytes) -> tuple[str, bytes]:
    parts = dict(_fields(raw))
    return parts.get(1, b"").decode(), parts.get(2, b"")


def _fields(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Every field that has a length; numbers are read over."""
    at = 0

    def number() -> int:
        nonlocal at
        found = shift = 0
        while True:
            byte = raw[at]
            at += 1
            found |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return found

    while at < len(raw):
        tag = number()
        size = number()
        if tag & 7 == 2:
            yield tag >> 3, raw[at : at + size]
            at += size
        elif tag & 7:
            raise ValueError(f"wire type {tag & 7}")
