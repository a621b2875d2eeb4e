"""Lines of a growing file by byte offset, and of the files that followed one another under one name.

A file is never read whole: rows are found by reading blocks around an offset. `pread`, not `mmap`: truncating
a mapped file can kill the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple, Protocol

BLOCK = 64 * 1024
FOLD = 4 * 1024 * 1024
"""A line longer than this is folded, so that no step through a file without line ends takes long."""
HEAD = 16 * 1024
"""Bytes of one line that are kept for showing it."""


class Line(NamedTuple):
    """One line: where it begins, its first bytes without the line end, and its whole size in bytes."""

    offset: int
    head: bytes
    size: int
    folded: bool = False
    """Whether it goes on with a line that was too long."""
    under: int = 0
    """Lines of a trace that are folded into it."""
    tail: bytes = b""
    """The one of these that names the error."""


class Bytes(Protocol):
    """Where lines are read from."""

    def size(self) -> int: ...
    def read(self, count: int, offset: int) -> bytes: ...


class OpenFile:
    """An open file, or the part [begin, until) of it; closed when nobody refers to it any more."""

    def __init__(self, fd: int, begin: int = 0) -> None:
        self.fd = fd
        self.begin = begin
        self.until: int | None = None

    def part(self, begin: int = 0, until: int | None = None) -> OpenFile:
        """The same file, another part of it."""
        other = OpenFile(os.dup(self.fd), begin)
        other.until = until
        return other

    @property
    def cut_short(self) -> bool:
        """Whether the file has become shorter than where this part begins."""
        return os.fstat(self.fd).st_size < self.begin

    def size(self) -> int:
        size = os.fstat(self.fd).st_size
        return max(0, (size if self.until is None else min(size, self.until)) - self.begin)

    def read(self, count: int, offset: int) -> bytes:
        """Raises OSError, as on a network file system that went away."""
        if self.until is not None:
            count = max(0, min(count, self.until - self.begin - offset))
        return os.pread(self.fd, count, self.begin + offset)

    def __del__(self) -> None:
        os.close(self.fd)


class Note:
    """A line that the room itself puts between two files."""

    def __init__(self, text: str) -> None:
        self.data = text.encode() + b"\n"

    def size(self) -> int:
        return len(self.data)

    def read(self, count: int, offset: int) -> bytes:
        return self.data[offset : offset + count]


class _Blocks:
    """The last two blocks read, for the length of one question; a growing file makes older ones stale."""

    def __init__(self, source: Bytes) -> None:
        self.source = source
        self.held: dict[int, bytes] = {}

    def __getitem__(self, number: int) -> bytes:
        block = self.held.get(number)
        if block is None:
            if len(self.held) > 1:
                self.held.pop(next(iter(self.held)))
            block = self.held[number] = self.source.read(BLOCK, number * BLOCK)
        return block

    def find(self, start: int, end: int) -> int:
        """Offset of the first line end in [start, end), or -1."""
        while start < end:
            number, at = divmod(start, BLOCK)
            found = self[number].find(b"\n", at, end - number * BLOCK)
            if found >= 0:
                return number * BLOCK + found
            start = (number + 1) * BLOCK
        return -1

    def rfind(self, start: int, end: int) -> int:
        """Offset of the last line end in [start, end), or -1."""
        while end > start:
            number = (end - 1) // BLOCK
            found = self[number].rfind(b"\n", max(0, start - number * BLOCK), end - number * BLOCK)
            if found >= 0:
                return number * BLOCK + found
            end = number * BLOCK
        return -1

    def bytes(self, start: int, end: int) -> bytes:
        parts = []
        while start < end:
            number, at = divmod(start, BLOCK)
            part = self[number][at : end - number * BLOCK]
            if not part:
                break
            parts.append(part)
            start += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


# Where a line is folded depends only on the bytes just before, so that reading backwards and forwards agree:
# at every multiple X of FOLD with no line end in [X - FOLD, X).


def back(source: Bytes, end: int, count: int) -> int:
    """Where the line begins that is `count` lines before `end`, itself a line's begin or the end of the file."""
    blocks = _Blocks(source)
    while count > 0 and end > 0:
        fold = (end - 1) // FOLD * FOLD
        bound = max(0, fold - FOLD)
        newline = blocks.rfind(bound, end - 1)
        end = newline + 1 if newline >= 0 else fold
        count -= 1
    return end


def lines(source: Bytes, start: int, count: int, base: int = 0) -> tuple[list[Line], int]:
    """Up to `count` lines from `start`, a line's begin, and the offset behind them; the last may lack its end.

    `base` is added to the offsets that the lines tell.
    """
    blocks, size = _Blocks(source), source.size()
    found: list[Line] = []
    folded = start > 0 and blocks.bytes(start - 1, start) != b"\n"
    while len(found) < count and start < size:
        number, at = divmod(start, BLOCK)
        block = blocks[number]
        newline = block.find(b"\n", at)
        if 0 <= newline < at + HEAD:  # as nearly all lines are: short, and within a block
            end = number * BLOCK + newline
            if end < size:
                found.append(Line(base + start, block[at:newline].removesuffix(b"\r"), newline - at, folded))
                folded, start = False, end + 1
                continue
        fold = (-(-start // FOLD) + 1) * FOLD
        newline = blocks.find(start, min(size, fold))
        end = newline if newline >= 0 else min(size, fold)
        head = blocks.bytes(start, min(end, start + HEAD))
        if not head and end > start:
            break  # cut off by somebody while we read
        found.append(Line(base + start, head.removesuffix(b"\r"), end - start, folded))
        folded = newline < 0
        start = end + 1 if newline >= 0 else end
    return found, start


def chunks_down(source: Bytes, start: int, size: int) -> Iterator[tuple[int, bytes]]:
    """The bytes from `start` on as (offset, whole lines) of at most `size` bytes; an unfinished line comes not yet.

    A line longer than `size` comes in pieces.
    """
    while data := source.read(size, start):
        end = data.rfind(b"\n") + 1
        if not end and len(data) < size:
            return
        yield start, data[: end or len(data)]
        start += end or len(data)


def line_begin(source: Bytes, offset: int) -> int:
    """Where the line begins that `offset` lies in."""
    return back(source, offset + 1, 1)


def whole_lines(source: Bytes) -> int:
    """Where the last line that has its end yet is over: the file's size, or the begin of an unfinished line."""
    size = source.size()
    return size if not size or source.read(1, size - 1) == b"\n" else line_begin(source, size - 1)


SPAN = 1 << 48
"""Room for one file in the addresses of a chain: a file may still grow after its successor has begun."""
KEPT = 8


class Chain:
    """The files that have been behind one name, oldest first, as one text.

    A position is `number of the file · SPAN + offset in it`, so that an old file to which its writer still adds
    moves nothing. The oldest are let go.
    """

    def __init__(self, first: int = 0) -> None:
        """`first`: the number of the first part, where room is left for older ones before it."""
        self.parts: dict[int, Bytes] = {}
        self.let_go = 0
        """How many parts were let go for later ones."""
        self._next = self._lowest = first
        self._kept = KEPT

    def append(self, part: Bytes) -> int:
        """The number the part is known by from now on."""
        number, self._next = self._next, self._next + 1
        self.parts[number] = part
        while len(self.parts) > self._kept:
            self.parts.pop(next(iter(self.parts)))
            self.let_go += 1
        return number

    @property
    def before(self) -> int:
        """The number that a part before all others would have; none that was let go had it."""
        return self._lowest - 1

    def prepend(self, part: Bytes) -> None:
        """Puts a part before all others; nobody's position changes, and none is let go for it."""
        number = self._lowest = self.before
        there = dict(self.parts)
        self.parts.clear()
        self.parts[number] = part
        self.parts.update(there)
        self._kept += 1

    def drop(self, number: int) -> None:
        """Forget a part whose bytes are no longer there."""
        self.parts.pop(number, None)

    @property
    def start(self) -> int:
        return next(iter(self.parts), 0) * SPAN

    @property
    def end(self) -> int:
        if not self.parts:
            return 0
        number, part = next(reversed(self.parts.items()))
        return number * SPAN + part.size()

    def back(self, end: int, count: int) -> int:
        """As `back`, across files; stops at the oldest line there is."""
        position = end
        for number in self._upwards(end):
            part = self.parts[number]
            at = end - number * SPAN if end // SPAN == number else part.size()
            at = min(at, part.size())
            if at > 0:
                begin = back(part, at, count)
                count -= _steps(part, begin, at, count)
                position = number * SPAN + begin
            if count <= 0:
                break
        return max(position, self.start)

    def lines(self, start: int, count: int) -> list[Line]:
        """As `lines`, across files, with positions of the chain as offsets."""
        found: list[Line] = []
        for number in sorted(self.parts):
            if number < start // SPAN or len(found) >= count:
                continue
            at = start - number * SPAN if start // SPAN == number else 0
            found.extend(lines(self.parts[number], at, count - len(found), number * SPAN)[0])
        return found

    def tail(self, count: int) -> list[Line]:
        """The last lines there are, at most so many."""
        return self.lines(self.back(self.end, count), count)

    def notes(self) -> frozenset[int]:
        """Positions of the lines that the room itself put in."""
        return frozenset(number * SPAN for number, part in self.parts.items() if isinstance(part, Note))

    def after(self, start: int, count: int) -> int:
        """The position `count` lines further down; the end if there are fewer."""
        found = self.lines(start, count + 1)
        return found[count].offset if len(found) > count else self.end

    def _upwards(self, end: int) -> Iterator[int]:
        return (number for number in sorted(self.parts, reverse=True) if number <= end // SPAN)


def _steps(part: Bytes, begin: int, end: int, most: int) -> int:
    """How many lines lie in [begin, end); only when the file's begin was reached may they be fewer than asked."""
    if begin > 0:
        return most
    count, at = 0, begin
    while at < end and count < most:
        found, at = lines(part, at, min(256, most - count))
        count += len(found)
        if not found:
            break
    return count
