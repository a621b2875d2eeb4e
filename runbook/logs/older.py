"""The files that a log was before it was opened: rotated ones beside it, also packed ones, newest first.

A packed file is unpacked beside the loop, in bounded memory, into a file without a name, when somebody looks so far
back.
"""

from __future__ import annotations

import asyncio
import bz2
import gzip
import lzma
import os
import shutil
import subprocess
import tempfile
import threading
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from runbook.logs.clean import clean
from runbook.logs.index import OpenFile
from runbook.logs.rotated import Identity, rotated

BLOCK = 1 << 20
HEAD = 4096
PLENTY = 256
"""Bytes at a file's begin that are enough to know it by."""
SPARE = 1 << 30
"""Bytes of the disk that unpacking leaves free."""
MOST = 64
"""Files beside a log that are looked at."""
_LIBRARY: dict[str, Callable[[IO[bytes]], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]] = {
    ".gz": lambda packed: gzip.GzipFile(fileobj=packed),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
_PROGRAM = {".zst": "zstd", ".lz4": "lz4"}
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


class Found(NamedTuple):
    """An older file: what is said about it, and its text; None where it could not be read."""

    about: str
    file: OpenFile | None


class Older:
    """The older files of one log, told one after the other. They stay open, whatever is renamed meanwhile."""

    def __init__(self, path: Path, known: Collection[Identity], heads: Collection[bytes]) -> None:
        """`known` are the files that are shown already, `heads` the first bytes of what they hold."""
        there = rotated(path)
        shown = [at for at, (_, identity) in enumerate(there) if identity in known]
        self._left: list[tuple[str, IO[bytes]]] = []
        for place, _ in there[: shown[0] if shown else len(there)][-MOST:]:
            try:
                fd = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                continue
            self._left.append((place.name, os.fdopen(fd, "rb")))
        self._heads = set(filter(None, heads))
        self._reading: asyncio.Task[Found | None] | None = None
        self._stop = threading.Event()

    async def next(self, scratch: Path | None) -> Found | None:
        """The newest of those that are left; None after the last. `scratch` is where unpacked text may lie.

        Whoever is cancelled while it is unpacked loses nothing: the next one who asks gets it.
        """
        while True:
            if self._reading is None:
                if not self._left:
                    return None
                name, packed = self._left.pop()
                reading = asyncio.to_thread(_read, name, packed, scratch, self._heads, self._stop)
                self._reading = asyncio.create_task(reading)
            found = await asyncio.shield(self._reading)
            self._reading = None
            if found is not None:
                return found

    def close(self) -> None:
        """Stops what is being unpacked."""
        self._stop.set()
        for _, packed in self._left:
            packed.close()
        self._left.clear()


def _read(name: str, packed: IO[bytes], scratch: Path | None, heads: set[bytes], stop: threading.Event) -> Found | None:
    """Its text; None for what is shown already under another name."""
    ending, shown = Path(name).suffix, clean(name)
    with packed:
        if ending in _PROGRAM and not shutil.which(_PROGRAM[ending]):
            return Found(f"{shown} is not read: {_PROGRAM[ending]} is not installed", None)
        try:
            if ending in _LIBRARY or ending in _PROGRAM:
                return _unpack(shown, _unpacked(packed, ending), scratch, heads, stop)
            known = _is_known(os.pread(packed.fileno(), HEAD, 0), heads)
            return None if known else Found(f"{shown} ends here", OpenFile(os.dup(packed.fileno())))
        except OSError as error:
            return Found(f"{shown} is not read: {clean(error.strerror or str(error))}", None)


def _unpack(
    shown: str, blocks: Iterator[bytes], scratch: Path | None, heads: set[bytes], stop: threading.Event
) -> Found | None:
    trouble, head = "", b""
    with tempfile.TemporaryFile(dir=scratch) as text:
        try:
            for block in blocks:
                room = os.statvfs(text.fileno())
                if room.f_bavail * room.f_frsize < SPARE + len(block):
                    return Found(f"{shown} is not read: the disk is too full to unpack it", None)
                text.write(block)
                if len(head) < HEAD:
                    head = (head + block)[:HEAD]
                    if len(head) == HEAD and _is_known(head, heads):
                        return None
                if stop.is_set():
                    return None
        except _DAMAGE:
            trouble = f", damaged: {text.tell():,} bytes of it could be read"
        text.flush()
        if len(head) < HEAD and _is_known(head, heads) and not trouble:
            return None
        return Found(f"{shown} ends here{trouble}", OpenFile(os.dup(text.fileno())))


def _is_known(head: bytes, heads: set[bytes]) -> bool:
    """Whether a file with this head is shown already; otherwise it is from now on."""
    if not head or head in heads or any(len(known) >= PLENTY and head.startswith(known) for known in heads):
        return True
    heads.add(head)
    return False


def _unpacked(packed: IO[bytes], ending: str) -> Iterator[bytes]:
    if ending in _PROGRAM:
        yield from _by_program(packed, _PROGRAM[ending])
        return
    with _LIBRARY[ending](packed) as text:
        while block := text.read1(BLOCK):
            yield block


def _by_program(packed: IO[bytes], program: str) -> Iterator[bytes]:
    with subprocess.Popen((program, "-dc"), stdin=packed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout
        over = False
        try:
            while block := child.stdout.read(BLOCK):
                yield block
            over = True
        finally:
            if not over:
                child.kill()
    if child.returncode > 0:
        raise EOFError
