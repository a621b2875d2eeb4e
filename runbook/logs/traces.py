"""Stack traces, and JSON that is laid out over many lines, as one row with the line they belong to.

Whether a line belongs to the one above it is told by these two alone, so that reading backwards and forwards agree.
"""

from __future__ import annotations

import re

from runbook.logs.index import SPAN, Chain, Line

LONGEST = 1000
"""Lines of one trace that are folded; a file of nothing but indented lines is cut there."""
MOST = 4 * LONGEST
"""Lines read for one screen."""

_FRAME = re.compile(rb"\s+at |\s+\.\.\. \d+")
_INDENTED = re.compile(
    rb"[ \t]+(?!\[?\d{4}-\d\d|\[?\d\d:\d\d:\d\d|\[?(?:FATAL|CRITICAL|ERROR|PANIC|WARN|INFO|NOTICE|DEBUG|TRACE)|\{\")\S"
)
_PREFIX = re.compile(rb"[\w./-]{1,60} *\| |\[pod/\S{1,150}\] ")
_POSTGRES = rb"LINE \d+: |(?:DETAIL|HINT|CONTEXT|QUERY):  "
"""How PostgreSQL and its clients go on after an error's first line."""
GOES_ON = (
    rb"^(?:[\w./-]{1,60} *\| )?(?:[ \t]+\S|Caused by: |Suppressed: |Traceback \(most recent call"
    rb"|During handling of the above exc|The above exception was the dir|--- End of "
    rb"|" + _POSTGRES + rb")"
)
"""Lines that tell by themselves that they go on with another."""
_KNOWN = re.compile(
    rb"Caused by: |Suppressed: |Traceback \(most recent call|\.\.\. \d+ (?:more|common)|--- End of |stack backtrace:"
    rb"|\[signal SIG|During handling of the above exc|The above exception was the dir|goroutine \d+ \["
    rb"|" + _POSTGRES
)
_RAISED = re.compile(
    rb"(?:Caused by: )?(?:[A-Za-z_][\w.$]*(?:Error|Exception|Interrupt|Exit|Warning|Fault|Failure)\b"
    rb"|[a-z_]\w*(?:\.\w+)*\.[A-Z]\w+(?::|$))"
)
_CALL = re.compile(rb"(?:created by )?[\w./*$-][\w./*()\[\]{}$-]*\(.*\)(?: in goroutine \d+)?$|created by \S+")
_ENDING = re.compile(rb"(?:panic|fatal error): |\[signal SIG")
"""What a program in Go says last; an empty line stands between that and its goroutines."""
_TITLE = re.compile(rb": [A-Za-z][\w.+]*\[\d+\]\s*$")
"""How .NET's console begins: the level and a category; what happened stands in the next line."""
_CLOSED = re.compile(rb"[\])}]+[,;]?\s*$")


def prefix_of(line: bytes) -> int:
    """Bytes before the line's own text that say where it comes from: `web | `, `[pod/web-1/app] `."""
    if b"|" not in line[:64] and not line.startswith(b"[pod/"):
        return 0
    match = _PREFIX.match(line)
    return match.end() if match else 0


def continues(before: bytes, line: bytes) -> bool:
    """Whether a line goes on with what the one above it began: a frame, a cause, the error at a trace's end."""
    if size := prefix_of(line):
        if before[:size] != line[:size]:
            return False
        before, line = before[size:], line[size:]
    if _INDENTED.match(line) or _KNOWN.match(line):
        return True
    if not line.strip():
        return any(form.match(before) for form in (_INDENTED, _KNOWN, _RAISED, _ENDING))
    if not (_INDENTED.match(before) or before.startswith(b"goroutine ")):
        return False
    # an error's name under JavaScript's and Java's frames begins the next trace; under Python's it ends this one
    return bool(_CLOSED.match(line) or _CALL.match(line) or (_RAISED.match(line) and not _FRAME.match(before)))


class Folded:
    """A chain with its traces folded, except those that were opened; answers as a chain does, in rows."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.opened: set[int] = set()
        """Positions of the lines whose traces are open."""
        self._reach = 1
        """Lines a row that were needed last."""

    def head(self, position: int) -> int:
        """The line that a line belongs to, itself mostly."""
        if position % SPAN == 0 or position >= self.chain.end:
            return position
        for reach in (1, 8, 64, LONGEST):
            begin = self.chain.back(position, reach)
            heads = [line.offset for line, joined in self._from(begin, position + 1, reach) if not joined]
            if heads:
                return heads[-1]
        return position

    def lines(self, start: int, count: int) -> list[Line]:
        """Up to `count` rows from `start` on; a row's `under` says how many lines are folded into it."""
        rows: list[Line] = []
        head, read, under = self.head(start), 0, 0
        at = start if head in self.opened else head
        before = b""
        while read < MOST:
            batch = self.chain.lines(at, count + 64)
            fresh = batch[1:] if read else batch
            for line in fresh:
                joined = bool(rows) and under < LONGEST and _joined(before, line)
                before = line.head
                if not joined:
                    head, under = line.offset if rows else head, 0
                elif head not in self.opened:
                    under += 1
                    told = line.head[prefix_of(line.head) :]
                    above = rows[-1].head
                    begins = under == 1 and (above.strip() in (b"{", b"[") or bool(_TITLE.search(above)))
                    tail = told if begins or _RAISED.match(told) else rows[-1].tail
                    rows[-1] = rows[-1]._replace(under=under, tail=tail)
                    continue
                if len(rows) == count:
                    return rows
                rows.append(line)
            if not fresh:
                break
            read += len(fresh)
            at = fresh[-1].offset
        return rows

    def back(self, end: int, count: int) -> int:
        """Where the row begins that is `count` rows before `end`."""
        if count <= 0:
            return end
        reach = count * self._reach + 8
        while True:
            begin = self.head(self.chain.back(end, reach))
            head, rows = begin, []
            for line, joined in self._from(begin, end, reach):
                head = head if joined else line.offset
                if not joined or head in self.opened:
                    rows.append(line.offset)
            if len(rows) >= count or begin <= self.chain.start or reach >= MOST:
                self._reach = min(64, -(-reach // count) if len(rows) < 2 * count else max(1, reach // count // 2))
                return rows[-count] if len(rows) >= count else begin
            reach = min(4 * reach, MOST)

    def tail(self, count: int) -> list[Line]:
        """The last rows there are, at most so many."""
        end = self.chain.end
        found = self._from(self.chain.back(end, count), end, count)
        if len(found) == count and not any(joined for _, joined in found):  # as mostly: no trace, each line once read
            return [line for line, _ in found]
        return self.lines(self.back(end, count), count)

    def after(self, start: int, count: int) -> int:
        """The position `count` rows further down; the end if there are fewer."""
        found = self.lines(start, count + 1)
        return found[count].offset if len(found) > count else self.chain.end

    def entry(self, position: int) -> list[Line]:
        """One line with its trace, folded or open; a line out of the middle of a trace stands alone."""
        first = self.chain.lines(position, 1)
        if not first or self.head(position) != position:
            return first
        if position not in self.opened:
            return self.lines(position, 1)
        found = self.chain.lines(position, LONGEST)
        size = next((at for at in range(1, len(found)) if not _joined(found[at - 1].head, found[at])), len(found))
        return found[:size]

    def _from(self, begin: int, end: int, expected: int) -> list[tuple[Line, bool]]:
        """The lines of [begin, end) and whether each belongs to the one above; the first is told by that above it."""
        above = self.chain.lines(self.chain.back(begin, 1), 1) if begin % SPAN else []
        before = above[0].head if above else b""
        found: list[tuple[Line, bool]] = []
        at, more = begin, True
        while more:
            batch = self.chain.lines(at, min(expected + 2, 257))
            fresh = batch[1:] if found else batch
            for line in fresh:
                if line.offset >= end:
                    return found
                found.append((line, _joined(before, line)))
                before = line.head
            more = bool(fresh)
            at = fresh[-1].offset if fresh else at
        return found


def _joined(before: bytes, line: Line) -> bool:
    return line.offset % SPAN != 0 and not line.folded and continues(before, line.head)
