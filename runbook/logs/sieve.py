"""Which lines of raw bytes hold a text or an expression. Standard library only: a helper process runs it too.

A line is looked at whole where it fits into a block; of a longer one every byte is looked at once, with an overlap.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

OVERLAP = 4096
"""Bytes of a line longer than a block that are looked at again with its next block."""

Read = Callable[[int, int], bytes]
"""Up to so many bytes at an offset; fewer only at the end."""


class Sought(NamedTuple):
    """What is looked for: `plain` text as it stands, or else an expression; `without`: the lines that lack it."""

    pattern: bytes
    plain: bytes = b""
    any_case: bool = False
    without: bool = False
    also: tuple[Sought, ...] = ()
    """What must hold for the same line too."""

    @property
    def all(self) -> tuple[Sought, ...]:
        return (self, *self.also)

    @property
    def matcher(self) -> re.Pattern[bytes]:
        # `re` keeps the compiled form; ^ and $ mean a line's begin and end
        return re.compile(self.pattern, re.MULTILINE | (re.IGNORECASE if self.any_case else 0))

    def holds(self, data: bytes, at: int = 0) -> bool:
        """Whether it stands in `data`, whatever `without` says."""
        if self.plain:
            return self._folded(data).find(self._needle, at) >= 0
        return self.matcher.search(data, at) is not None

    @property
    def _needle(self) -> bytes:
        return self.plain.lower() if self.any_case else self.plain

    def _folded(self, data: bytes) -> bytes:
        # ten times faster than `re` without case; of bytes both fold ASCII only
        return data.lower() if self.any_case else data

    def lines(self, data: bytes, stop: int | None = None, base: int = 0) -> array[int]:
        """Offsets (plus `base`) of the lines of `data` up to `stop`, a line's end, that it keeps, ascending."""
        end = len(data) if stop is None else stop
        if self.without:
            found = self._lines_without(data, end, base)
        else:
            found = self._plain_lines(data, end, base) if self.plain else self._matching_lines(data, end, base)
        return array("q", [at for at in found if self.allows(_line(data, at - base, end))]) if self.also else found

    def allows(self, line: bytes) -> bool:
        """Whether a line that was found has the rest as well."""
        return all(one.holds(line) is not one.without for one in self.also)

    def _plain_lines(self, data: bytes, end: int, base: int) -> array[int]:
        found, needle, text = array("q"), self._needle, self._folded(data)
        at = 0
        while (hit := text.find(needle, at, end)) >= 0:
            begin = text.rfind(b"\n", at, hit) + 1
            found.append(base + (begin or at))
            at = text.find(b"\n", hit, end) + 1
            if not at:
                break
        return found

    def _matching_lines(self, data: bytes, end: int, base: int) -> array[int]:
        found, matcher = array("q"), self.matcher
        at = 0
        while at < end and (match := matcher.search(data, at, end)):
            begin = data.rfind(b"\n", 0, match.start()) + 1
            newline = data.find(b"\n", match.start(), end)
            stop = newline if newline >= 0 else end
            # an expression may match across a line end, as \s does: it counts if it also matches within the line
            if match.end() <= stop or matcher.search(data[begin:stop]):
                found.append(base + begin)
            at = stop + 1
        return found

    def _lines_without(self, data: bytes, end: int, base: int) -> array[int]:
        found, at = array("q"), 0
        for line in data[:end].removesuffix(b"\n").split(b"\n") if end else ():
            if not self.holds(line):
                found.append(base + at)
            at += len(line) + 1
        return found


def _line(data: bytes, at: int, end: int) -> bytes:
    newline = data.find(b"\n", at, end)
    return data[at : newline if newline >= 0 else end]


def packed(sought: Sought) -> list[object]:
    """As JSON can carry it; `unpacked` is the way back."""
    pattern, plain = sought.pattern.decode("latin-1"), sought.plain.decode("latin-1")
    return [pattern, plain, sought.any_case, sought.without, [packed(one) for one in sought.also]]


def unpacked(parts: list[Any]) -> Sought:
    pattern, plain, any_case, without, also = parts
    rest = tuple(unpacked(one) for one in also)
    return Sought(pattern.encode("latin-1"), plain.encode("latin-1"), any_case, without, rest)


def downwards(
    read: Read, sought: Sought, start: int, end: int, *, block: int, last: bool = True
) -> Iterator[tuple[int, array[int]]]:
    """Looks through [start, end) from a line's begin: after each block (offset reached, lines kept in it).

    A line that has no end yet counts only when it is the `last` one there will be; without, it is not reached.
    """
    at = line = start
    cut = False  # `at` lies inside the line that begins at `line`
    had = [False] * len(sought.all)  # what that line had so far
    while at < end:
        data = read(min(block, end - at), at)
        if not data:
            return
        over = at + len(data) >= end or len(data) < min(block, end - at)
        if cut:
            newline = data.find(b"\n")
            more = data if newline < 0 else data[:newline]
            had = [found or one.holds(more, 1) for found, one in zip(had, sought.all, strict=True)]
            if newline >= 0 or over:
                if newline < 0 and not last:
                    return
                at += newline + 1 if newline >= 0 else len(data)
                cut = False
                yield (
                    at,
                    array(
                        "q",
                        [line] if all(found != one.without for found, one in zip(had, sought.all, strict=True)) else [],
                    ),
                )
            else:
                at += len(data) - OVERLAP
                yield at, array("q")
            continue
        stop = data.rfind(b"\n") + 1
        if over and last:
            stop = len(data)
        if stop:
            found = sought.lines(data, stop, at)
            at += stop
            yield at, found
        elif over:
            return
        else:
            cut, line, had = True, at, [one.holds(data) for one in sought.all]
            at += len(data) - OVERLAP


def line_begin(read: Read, offset: int, bound: int = 0) -> int:
    """Where the line begins that `offset` lies in, however long it is; not before `bound`."""
    block = 64 * 1024
    while offset > bound:
        start = max(bound, offset - block)
        newline = read(offset - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        offset, block = start, min(block * 4, 4 * 1024 * 1024)
    return bound
