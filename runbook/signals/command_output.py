"""A number out of what a read-only command prints: how any cloud's own program becomes a source."""

from __future__ import annotations

import re

from runbook.logs.clean import clean
from runbook.model import Signal
from runbook.signal_sources import CommandOutput
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.http_json import dig, document_of, number, share, text

SEARCHED = 64 * 1024
"""Bytes of output, from its end, that are looked at."""


def value_of(signal: Signal, source: CommandOutput, reply: Reply) -> float | str:
    """The number (or, for a version, the text) in the output. Raises Unreadable."""
    found, where = _found(source, reply)
    if signal.kind == "version":
        return text(found, where)
    return share(signal, number(found, where, signal.unit, source.scale), where)


def _found(source: CommandOutput, reply: Reply) -> tuple[object, str]:
    if source.path:
        return dig(document_of(reply), source.path), source.path
    lines = reply.body[-SEARCHED:].decode("utf-8", "replace")
    if not source.regex:
        said = next((line.strip() for line in reversed(lines.splitlines()) if line.strip()), "")
        if not said:
            raise Unreadable("it printed nothing")
        return _bare(said), "its last line"
    match = re.search(source.regex, lines, re.MULTILINE)
    if match is None:
        raise Unreadable(f"nothing in its output matches {clean(source.regex, 60)}")
    return _bare((match[1] if match.re.groups else match[0]) or ""), "what was found"


def _bare(said: str) -> object:
    """A plain number as one; what has a unit stays text, which is converted by it."""
    try:
        return float(said)
    except ValueError:
        return said
