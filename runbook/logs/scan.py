"""What is looked for in raw log bytes: errors to count, and the text or expression that a person typed."""

from __future__ import annotations

import re
from array import array

from runbook.model import Record

ERROR = re.compile(rb"(?:ERROR|FATAL|CRITICAL| 5\d\d )[^\n]*")
"""A line that tells of an error; eats the rest of the line, so that each line counts once."""

_NESTED = re.compile(r"\((?:[^()\\]|\\.)*[*+}](?:[^()\\]|\\.)*\)[*+{]")


class BadQuery(ValueError):
    """The typed expression cannot be used; the text says why and what can."""


class Query(Record, frozen=True):
    """A search or a filter: plain text, or an expression after `~`; a leading `!` means lines without it.

    Text in lower case is found in any case.
    """

    text: str
    pattern: bytes
    any_case: bool
    without: bool = False

    @property
    def matcher(self) -> re.Pattern[bytes]:
        # `re` keeps the compiled form; ^ and $ mean a line's begin and end
        return re.compile(self.pattern, re.MULTILINE | (re.IGNORECASE if self.any_case else 0))

    def finds(self, text: str) -> tuple[tuple[int, int], ...]:
        """Where it stands in a shown line, as (start, end); nothing for a negated one."""
        if self.without:
            return ()
        shown = re.compile(self.pattern.decode(), re.IGNORECASE if self.any_case else 0)
        return tuple(match.span() for match in shown.finditer(text) if match.end() > match.start())


def parse(typed: str, *, may_negate: bool = False) -> Query:
    """What a person typed, as a query. Raises BadQuery."""
    without = may_negate and typed.startswith("!")
    wanted = typed[1:] if without else typed
    expression = wanted.startswith("~")
    pattern = wanted[1:] if expression else re.escape(wanted)
    if not wanted.removeprefix("~"):
        raise BadQuery("Nothing to look for: type some text, or ~ and an expression.")
    if expression and _NESTED.search(pattern):
        raise BadQuery("A repetition inside a repetition can take for ever on a long line: write it without one.")
    try:
        re.compile(pattern)
        re.compile(pattern.encode())
    except (re.error, UnicodeEncodeError, OverflowError, RecursionError) as error:
        raise BadQuery(f"Not an expression: {error}. Without ~ it is taken as plain text.") from None
    return Query(typed, pattern.encode(), any_case=wanted == wanted.lower(), without=without)


def matching(query: Query, data: bytes, base: int = 0) -> array[int]:
    """Offsets (plus `base`) of the lines in `data` that the query keeps, ascending."""
    found = array("q")
    matcher = query.matcher
    if query.without:
        at = 0
        for line in data.removesuffix(b"\n").split(b"\n") if data else ():
            if not matcher.search(line):
                found.append(base + at)
            at += len(line) + 1
        return found
    at = 0
    while at < len(data) and (match := matcher.search(data, at)):
        begin = data.rfind(b"\n", 0, match.start()) + 1
        at = data.find(b"\n", match.start()) + 1 or len(data)
        # an expression that crosses a line end (\s does) counts for the line it begins in, if it also ends there
        if match.end() <= at or matcher.search(data[begin:at].removesuffix(b"\n")):
            found.append(base + begin)
    return found


def errors_in(data: bytes) -> int:
    """How many of the lines tell of an error."""
    return sum(1 for _ in ERROR.finditer(data))
