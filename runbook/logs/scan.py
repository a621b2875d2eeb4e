"""What is looked for in raw log bytes: errors to count, and the text or expression that a person typed."""

from __future__ import annotations

import re

from runbook.logs.sieve import Sought
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
    plain: bytes = b""
    """The text itself where it is no expression."""

    @property
    def sought(self) -> Sought:
        return Sought(self.pattern, self.plain, self.any_case, self.without)

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
    plain = b"" if expression else wanted.encode()
    return Query(typed, pattern.encode(), any_case=wanted == wanted.lower(), without=without, plain=plain)


def errors_in(data: bytes) -> int:
    """How many of the lines tell of an error."""
    return sum(1 for _ in ERROR.finditer(data))
