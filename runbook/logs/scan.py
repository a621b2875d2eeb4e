"""What is looked for in raw log bytes: errors to count, and the text or expression that a person typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache

from runbook.logs.levels import BEHIND_STATUS, STATUS, WORDS, WORST_FIRST, header, line_patterns, uncoloured, unnamed
from runbook.logs.seen import in_colours, seen_as
from runbook.logs.sieve import Sought
from runbook.logs.traces import GOES_ON
from runbook.model import Record

_LOUD = {
    b"ERR": (b"ERROR", b"ERR", b"ERRO"),
    b"PANIC": (b"PANIC",),
    b"SEVERE": (b"SEVERE",),
    b"FTL": (b"FTL",),
    b"FATA": (b"FATAL", b"FATA"),
    b"CRITICAL": (b"CRITICAL",),
}
"""The loud words, by a part of them: where it is missing, no look for them is needed."""
_BRACKETED = (b"error]", b"crit]", b"alert]", b"emerg]")
"""As web servers write them: `[error]`, `[proxy:error]`."""
_STATUS = re.compile(STATUS.encode())
_OF_PROGRAMS = unnamed(uncoloured(header(WORST_FIRST[:1])))
_HEADER = re.compile(_OF_PROGRAMS.encode())
_IN_HEADERS = (b".go:", b".cc:", b".cpp:", b".py:", b'{"t":{"$date":', b'{"@t":"', b"]\n      ")
"""What is in each form that is one program's alone: where none of it is, no look for one is needed."""
_LAST_WORDS = r"\b(?:panic(?:: | serving )|panicked at |[fF]atal error: )"
_LAST = re.compile(_LAST_WORDS.encode())
"""How a program in Go, Rust or PHP ends."""
_LESS = ("WARNING", "WARN", "WRN", "INFO", "INF", "NOTICE", "DEBUG", "DBG", "TRACE", "TRC", "VRB")
_TIMES = b" 0123456789-:.,/+TZ[]"
"""What stands there in most lines: a time, which says nothing."""
_WORDS = r"(?:[eE]rr(?:or)?|[fF]atal|[cC]rit(?:ical)?|[pP]anic|[sS]evere|[aA]lert|[eE]merg(?:ency)?|[56]0)"
_SAYS = rf"""["']? ?[=:] ?["']?{_WORDS}\b"""
_FIELDS = tuple((name.encode(), re.compile((name + _SAYS).encode())) for name in ("evel", "everity"))
"""A field `level`, `LogLevel` or `severity`; its first letter may be a capital."""
COLOUR = b"\x1b["
_COLOURS = re.compile(rb"\x1b\[[0-9;:]*[mK]")
_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_ERRORS = Sought(
    (
        rf"\b(?:ERR(?:OR?)?|PANIC|SEVERE|FATAL?|FTL|CRITICAL)\b|{_OF_PROGRAMS}|{_LAST_WORDS}"
        rf"|(?:\[|:)(?:error|crit|alert|emerg)\]|(?:evel|everity){_SAYS}"
        # `STATUS` as ripgrep can read it, without a look around
        rf"|(?:^\d{{0,3}}|\D|\D\d|[^1-4]\d\d|[^ ]\d\d\d) 5\d\d (?:$|[^a-z]|[a-rt-z](?:$|[^a-z])|{BEHIND_STATUS})"
    ).encode()
)
"""The lines that `errors_in` counts, and those that say INFO before they name an ERROR."""
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""An escaped sign, or a set of characters."""
_GROUP = re.compile(r"\((?:\?(?:P<\w+>|<?[=!]|[a-zA-Z-]*:))?([^()]*)\)([*+{]?)")
_POSIX = re.compile(r"\[:[a-z]+:\]")
_WARNED = re.compile(r"(\\.)|(?<!^)\[|(?<=&)&|(?<=~)~|(?<=\|)\|", re.DOTALL)
"""Signs of a set that Python warns of, because a later one may read them otherwise; first what is escaped already."""


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


def parse(typed: str, *, may_negate: bool = False, coloured: bool = False) -> Query:
    """What a person typed, as a query for a log whose lines may be `coloured`. Raises BadQuery."""
    without = may_negate and typed.startswith("!")
    wanted = typed[1:] if without else typed
    if may_negate and wanted.startswith("level:"):
        return of_level(typed, wanted.removeprefix("level:"), without=without)
    expression = wanted.startswith("~")
    seen = "" if expression else seen_as(wanted) or (in_colours(wanted) if coloured else "")
    pattern = _settled(wanted[1:]) if expression else seen or re.escape(wanted)
    if not wanted.removeprefix("~"):
        raise BadQuery("Nothing to look for: type some text, or ~ and an expression.")
    if expression and _may_never_end(pattern):
        raise BadQuery("A repetition of a choice or of another one can take for ever on a long line: write it without.")
    if expression and (named := _POSIX.search(wanted)):
        raise BadQuery(f"{named[0]} is not known here: write \\d, \\w, \\s, or a set such as [a-z].")
    try:
        re.compile(pattern)
        re.compile(pattern.encode())
    except (re.error, UnicodeEncodeError, OverflowError, RecursionError) as error:
        raise BadQuery(f"Not an expression: {error}. Without ~ it is taken as plain text.") from None
    plain = b"" if expression or seen else wanted.encode()
    letters = re.sub(r"\\.", "", wanted) if expression else wanted  # the S of \S is none
    return Query(typed, pattern.encode(), any_case=letters == letters.lower(), without=without, plain=plain)


def _settled(pattern: str) -> str:
    """The same expression, in words that Python does not warn of."""

    def escaped(sign: re.Match[str]) -> str:
        return sign[0] if sign[1] else f"\\{sign[0]}"

    return _PIECE.sub(lambda piece: _WARNED.sub(escaped, piece[0]) if piece[0][0] == "[" else piece[0], pattern)


def _may_never_end(pattern: str) -> bool:
    """Whether something is repeated that can be read in several ways, as `(a+)+` and `(a|b)*` can, however deep."""
    text = _PIECE.sub("x", pattern)
    while group := _GROUP.search(text):
        several = bool(re.search(r"[*+{|]", group[1]))
        if several and group[2]:
            return True
        text = f"{text[: group.start()]}x{'*' * several}{group[2]}{text[group.end() :]}"
    return False


def errors_in(data: bytes) -> int:
    """How many of the lines tell of an error, by what `level_of` goes by: a word, a status of 5xx, a field."""
    if COLOUR in data:
        data = _COLOURS.sub(b"", data)
    # by their ends, so that each counts once; one expression for all of it takes five times as long
    find = data.find
    ends = set()
    at = find(b" 5")
    while at >= 0:
        if _STATUS.match(data, at):
            ends.add(find(b"\n", at))
        at = find(b" 5", at + 2)
    if find(b"panic") >= 0 or find(b"atal error: ") >= 0:
        ends.update(find(b"\n", match.start()) for match in _LAST.finditer(data) if _is_worst(data, match.start()))
    if any(find(name) >= 0 for name in _IN_HEADERS):
        ends.update(find(b"\n", match.start()) for match in _HEADER.finditer(data))
    for name, field in _FIELDS:
        if find(name) >= 0:
            ends.update(find(b"\n", match.start()) for match in field.finditer(data))
    for word in (word for part, words in _LOUD.items() if find(part) >= 0 for word in words):
        ends.update(
            _ends(data, word, lambda before, behind: before not in _LETTERS and behind not in _LETTERS, worst=True)
        )
    for word in _BRACKETED:
        ends.update(_ends(data, word, lambda before, _behind: before in b"[:"))
    return len(ends)


@cache
def _less() -> re.Pattern[bytes]:
    """What says before a loud word that its line tells of less; compiled for the first line that needs it."""
    # the look back stands behind the word: in front of it, it would slow the search
    words = "|".join(rf"{word}(?<!\w{word})(?!\w)" for word in _LESS)
    field = r"(?:[lL]e?ve?l|[sS]everity)[\"']? ?[=:] ?[\"']?(?i:warn(?:ing)?|info|notice|debug|trace|[1-4]0)\b"
    return re.compile(f"{words}|{field}|{unnamed(uncoloured(header(WORST_FIRST[1:])))}".encode())


def _is_worst(data: bytes, at: int) -> bool:
    """Whether nothing before it in its line says that it is less than an error."""
    before = data[data.rfind(b"\n", 0, at) + 1 : at]
    return not before.translate(None, _TIMES) or not _less().search(before)


def _ends(data: bytes, word: bytes, stands: Callable[[int, int], bool], *, worst: bool = False) -> Iterator[int]:
    """The ends of the lines in which the word stands as it must, by the byte before it and the one behind it."""
    at = data.find(word)
    while at >= 0:
        behind = at + len(word)
        if stands(data[at - 1] if at else 10, data[behind] if behind < len(data) else 10) and not (
            worst and not _is_worst(data, at)
        ):
            behind = data.find(b"\n", at)
            yield behind
            if behind < 0:
                return
        at = data.find(word, behind)


class Counted(Record, frozen=True):
    """What is counted in a log, with its name: errors, or the lines that a signal of the runbook counts."""

    words: str = "errors"
    match: str = ""

    @property
    def sought(self) -> Sought | None:
        """The lines that are counted; None where only characters tell."""
        return _of_bytes(self.match) if self.match else _ERRORS

    def count(self, data: bytes) -> int:
        if not self.match:
            return errors_in(data)
        if expression := _of_bytes(self.match):
            return len(expression.lines(data))
        by_characters = re.compile(self.match)
        return sum(bool(by_characters.search(line)) for line in data.decode("utf-8", "replace").split("\n"))


@lru_cache(maxsize=8)
def _of_bytes(match: str) -> Sought | None:
    """The expression for bytes; None for the few that mean something else for characters."""
    if not match.isascii():
        return None
    try:
        re.compile(match.encode())
    except re.error:
        return None
    return Sought(match.encode())
