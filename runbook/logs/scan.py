"""What is looked for in raw log bytes: errors to count, and the text or expression that a person typed."""

from __future__ import annotations

import re
from functools import lru_cache

from runbook.logs.levels import WORDS, WORST_FIRST, line_patterns
from runbook.logs.sieve import Sought
from runbook.logs.traces import GOES_ON
from runbook.model import Record

ERROR = (b"ERROR", b"FATAL", b"CRITICAL")
"""Words of a line that tells of an error; a status of 5xx does so too."""
_IN_RARE = b"AL"
"""What all of these but the first have: where it is missing, one look is enough."""
_STATUS = re.compile(rb" 5\d\d ")

_FIELD = re.compile(rb'level(?:=(?:error|fatal|critical)|(?<="level)": ?"?(?:error|fatal|critical|[56]0\b))')
_ERRORS = Sought(
    rb'ERROR|FATAL|CRITICAL| 5\d\d |level=(?:error|fatal|critical)|"level": ?"?(?:error|fatal|critical|[56]0\b)'
)
"""The lines that `errors_in` counts."""
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
    quick: bytes = b""
    """An expression for any case that is found faster, and in every line that has this one."""

    @property
    def sought(self) -> Sought:
        return Sought(self.pattern, self.plain, self.any_case, self.without)

    def finds(self, text: str) -> tuple[tuple[int, int], ...]:
        """Where it stands in a shown line, as (start, end); nothing for a negated one."""
        if self.without or self.quick:
            return ()
        shown = re.compile(self.pattern.decode(), re.IGNORECASE if self.any_case else 0)
        return tuple(match.span() for match in shown.finditer(text) if match.end() > match.start())


class Filter(Record, frozen=True):
    """Queries that hold for a line together."""

    queries: tuple[Query, ...]

    @property
    def text(self) -> str:
        return "  & ".join(query.text for query in self.queries)

    @property
    def sought(self) -> Sought:
        """All in one, with what is found fastest first. Where everything is let through but something, a trace goes
        with its line."""
        parts = [Sought(query.quick, any_case=True) for query in self.queries if query.quick and not query.without]
        parts += [query.sought for query in self.queries]
        if all(query.without for query in self.queries):
            parts.append(Sought(GOES_ON, without=True))
        first, *rest = sorted(parts, key=lambda part: (part.without, not part.plain))
        return first._replace(also=tuple(rest))


def of_level(typed: str, word: str, *, without: bool) -> Query:
    """`warn` and worse; without: `warn` and what is less. Raises BadQuery."""
    level = WORDS.get(word.strip().lower())
    if level is None:
        raise BadQuery("No such level: error, warn, info, debug or trace.")
    at = WORST_FIRST.index(level)
    exact, quick = line_patterns(WORST_FIRST[at:] if without else WORST_FIRST[: at + 1])
    return Query(typed, exact.encode(), any_case=False, without=without, quick=quick.encode())


def parse(typed: str, *, may_negate: bool = False) -> Query:
    """What a person typed, as a query. Raises BadQuery."""
    without = may_negate and typed.startswith("!")
    wanted = typed[1:] if without else typed
    if may_negate and wanted.startswith("level:"):
        return of_level(typed, wanted.removeprefix("level:"), without=without)
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
    """How many of the lines tell of an error: by a word in capitals, a status of 5xx, or a field `level`."""
    # by their ends, so that each counts once; one expression for all of it takes five times as long
    find = data.find
    ends = {find(b"\n", match.start()) for shape in (_STATUS, _FIELD) for match in shape.finditer(data)}
    for word in ERROR if find(_IN_RARE) >= 0 else ERROR[:1]:
        at = find(word)
        while at >= 0:
            end = find(b"\n", at)
            ends.add(end)
            at = find(word, end) if end >= 0 else -1
    return len(ends)


class Counted(Record, frozen=True):
    """What is counted in a log, with its name: errors, or the lines that a signal of the runbook counts."""

    words: str = "errors"
    match: str = ""

    @property
    def sought(self) -> Sought | None:
        """The lines that are counted; None where only characters tell."""
        return _of_bytes(self.match) if self.match else _ERRORS

    def count(self, data: bytes) -> int:
        expression = _of_bytes(self.match) if self.match else None
        return len(expression.lines(data)) if expression else errors_in(data)


@lru_cache(maxsize=8)
def _of_bytes(match: str) -> Sought | None:
    """The expression for bytes; None for the few that mean something for characters only."""
    try:
        re.compile(match.encode())
    except re.error:
        return None
    return Sought(match.encode())
