"""How bad a log line is, by its own words or numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal

Level = Literal["error", "warn", "info", "debug", "trace", ""]
Span = tuple[int, int]

WORDS: dict[str, Level] = {
    "emergency": "error", "emerg": "error", "alert": "error", "fatal": "error", "critical": "error", "crit": "error",
    "error": "error", "err": "error", "panic": "error", "dpanic": "error", "severe": "error",
    "erro": "error", "fata": "error", "ftl": "error", "panicked": "error", "fail": "error", "wrn": "warn",
    "inf": "info", "dbg": "debug", "dbug": "debug", "vrb": "trace", "trc": "trace", "trce": "trace",
    "warning": "warn", "warn": "warn", "info": "info", "information": "info", "informational": "info",
    "notice": "info", "debug": "debug", "fine": "debug", "trace": "trace", "verbose": "trace", "finest": "trace",
}  # fmt: skip
WORST_FIRST: tuple[Level, ...] = ("error", "warn", "info", "debug", "trace")

_WITHIN = 240
"""Characters of a line in which its level is looked for."""
_PINO: dict[int, Level] = {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "error"}
_FIELDS = ("level", "lvl", "severity")
_LOUD = (
    *("FATAL", "CRITICAL", "ERROR", "PANIC", "SEVERE", "WARNING", "WARN", "INFO", "NOTICE", "DEBUG", "TRACE"),
    *("ERR", "ERRO", "FATA", "FTL", "WRN", "INF", "DBG", "VRB", "TRC"),  # as Serilog, zerolog, logrus, npm cut them
    *(
        "panic(?=: | serving )",
        "panicked(?= at )",
        "fatal(?= error: )",
        "Fatal(?= error: )",
    ),  # how Go, Rust and PHP end
)
_SOFT = (
    *("fatal", "critical", "crit", "error", "err", "panic", "severe", "alert", "emerg"),
    *("warning", "warn", "info", "notice", "debug", "trace"),
)
_LETTERS: dict[str, Level] = {"F": "error", "E": "error", "W": "warn", "I": "info", "D": "debug"}
MONGO: dict[str, Level] = _LETTERS | {f"D{depth}": "debug" for depth in range(1, 6)}
_DOTNET = ("crit", "fail", "warn", "info", "dbug", "trce")
_CLEF = ("Fatal", "Error", "Warning", "Debug", "Verbose")
BEHIND_STATUS = r"(?:in|for|from|on|after|error|response|status|while|when)\b"
"""Words that go on behind a status; behind any other one it is a number of things: `500 rows`, `512 ms`."""
STATUS = rf" 5\d\d (?<! [1-4]\d\d 5\d\d )(?:(?![a-z][a-z]|s)|(?={BEHIND_STATUS}))"
"""A status of 5xx, as an access log has it: not the size or the time that stands behind a better one."""


CODES = r"(?:\x1b\[[0-9;:]*[mK])*"
"""What colours a word: a filter looks at lines as they are written, colours and all."""
_BEGIN = r"(?:\b|(?<=[0-9;\[]m))"
"""Where a word begins, also right behind its colour."""


def header(wanted: Collection[Level]) -> str:
    """Forms that are one program's alone and say the level in a place of its own.

    klog and glog: `E1127 03:14:22.123456 1 watch.go:12]`; MongoDB: `"s":"E",  "c":"NETWORK"`; Serilog's compact JSON:
    `"@l":"Error"`; the console of .NET: `fail: Microsoft.AspNetCore.Server.Kestrel[13]`.
    """
    letters = "".join(letter for letter, level in _LETTERS.items() if level in wanted)
    digits = r"\d\d\d\d(?:\d\d\d\d)? \d\d:\d\d:\d\d\.\d+ +\d+ [^ :]+\.(?:go|cc|cpp|py):\d+\]"
    clef, dotnet = ("|".join(word for word in of if WORDS[word.lower()] in wanted) for of in (_CLEF, _DOTNET))
    forms = (
        rf"\b(?P<klog>[{letters}]){digits}" if letters.strip("D") else "",
        rf'"s": ?"(?P<mongo>[{letters}])[1-5]?", *"c":' if letters else "",
        rf'"@l": ?"(?P<clef>{clef})"' if clef else "",
        rf"(?P<dotnet>{dotnet}){CODES}: [A-Za-z][\w.+]*\[\d+\]" if dotnet else "",
    )
    return "|".join(filter(None, forms))


def _field(words: Iterable[str], numbers: Iterable[int]) -> str:
    """Where a field says it: `level=warn`, `"level":"warn"`, `LogLevel: Warn`, or pino's `"level":40`."""
    field = rf"(?:log_?)?(?:{'|'.join(_FIELDS)})[\"']?{CODES}\s*[=:]\s*[\"']?"
    numbered = rf"|(?P<number>{'|'.join(map(str, numbers))})" if numbers else ""
    return rf"(?i:{field}{CODES}(?:(?P<told>{'|'.join(words)}){numbered})\b)"


def _shouted(loud: Iterable[str], soft: Iterable[str], numbers: Iterable[int]) -> str:
    """What tells by itself: a word in capitals, or a field; the first of them counts."""
    return rf"{_BEGIN}(?:(?P<loud>{'|'.join(loud)})\b|{_field(soft, numbers)})"


def _named(words: Iterable[str]) -> str:
    """A word in brackets, as web servers write it: `[warn]`, `[proxy:warn]`."""
    return rf"(?i:\[(?:\w{{1,30}}:)?{CODES}(?P<soft>{'|'.join(words)})\b)"


def _word(pattern: str) -> str:
    return pattern.partition("(")[0].lower()


def uncoloured(pattern: str) -> str:
    """The same for lines without colours."""
    return pattern.replace(_BEGIN, r"\b").replace(CODES, "")


def unnamed(pattern: str) -> str:
    """The same without names of groups, which may stand in an expression once."""
    return re.sub(r"\?P<\w+>", "?:", pattern)


def _for_shown(pattern: str) -> re.Pattern[str]:
    """The same for a line that is shown, which has no colours; letters as in the bytes that a filter looks at."""
    return re.compile(uncoloured(pattern), re.ASCII)


_SHOUTED = _for_shown(_shouted(_LOUD, _SOFT, _PINO))
_STATUS = re.compile(STATUS, re.ASCII)
_HEADER = _for_shown(header(WORST_FIRST))

_PYTHON: dict[int, Level] = {10: "debug", 20: "info", 30: "warn", 40: "error", 50: "error"}
_SYSLOG: tuple[Level, ...] = ("error", "error", "error", "error", "warn", "info", "info", "debug")


_NAMED = _for_shown(_named(_SOFT))
_TELLING = (*_FIELDS, *_SOFT, *map(_word, _LOUD))
_TOLD = tuple(word for word in dict.fromkeys(_TELLING) if not any(o != word and o in word for o in _TELLING))
"""One of these stands, in lower case, in whatever `_SHOUTED` or `_NAMED` finds."""


def level_of(text: str) -> tuple[Level, Span]:
    """How bad a line is by its own words, and where it says so. A status of 5xx counts as an error."""
    low = text[:_WITHIN].lower()
    told = any(word in low for word in _TOLD)
    match = (_SHOUTED.search(text, 0, _WITHIN) or _NAMED.search(text, 0, _WITHIN)) if told else None
    level: Level = ""
    mark = (0, 0)
    if begun := _HEADER.search(text, 0, _WITHIN):
        word, mark = begun[begun.lastgroup or 0], begun.span(begun.lastgroup or 0)
        level = _LETTERS.get(word) or WORDS[word.lower()]
    elif match:
        word, mark = match[match.lastgroup or 0], match.span(match.lastgroup or 0)
        level = _PINO[int(word)] if word.isdigit() else WORDS[word.lower()]
    if level != "error" and (status := _STATUS.search(text, 0, _WITHIN)):
        return "error", (status.start() + 1, status.end() - 1)
    return level, mark


def line_patterns(wanted: Collection[Level]) -> tuple[str, str]:
    """Expressions for lines of these levels, of the same mind as `level_of`: an exact one, and a quick one (in any
    case) that every such line matches too."""
    loud = [word for word in _LOUD if WORDS[_word(word)] in wanted]
    soft = [word for word in _SOFT if WORDS[word] in wanted]
    numbers = [number for number, level in _PINO.items() if level in wanted]
    others = [word for word in _LOUD if word not in loud]
    softer = [word for word in _SOFT if word not in soft]
    unwanted = [level for level in WORST_FIRST if level not in wanted]
    numbered = [number for number in _PINO if number not in numbers]

    def first(of: str, unless: str) -> str:
        return rf"(?:{unless}[^\n]){{0,{_WITHIN}}}?{of}"

    status = rf"[^\n]{{0,{_WITHIN}}}?(?:{STATUS}| \x1b\[[0-9;:]*m5\d\d{CODES} )"
    shouted = first(_shouted(loud, soft, numbers), f"(?!{_shouted(others, softer, numbered)})" if others else "")
    quiet = rf"(?![^\n]{{0,{_WITHIN}}}?{_shouted(_LOUD, _SOFT, _PINO)})"
    named = quiet + first(_named(soft), f"(?!{_named(softer)})" if softer else "")
    worded = rf"(?![^\n]{{0,{_WITHIN}}}?(?:{header(WORST_FIRST)}))(?:{shouted}|{named})"
    headed = first(f"(?:{header(wanted)})", f"(?!{header(unwanted)})" if unwanted else "")
    said = f"{headed}|{worded}"
    exact = rf"^(?:{said}|{status})" if "error" in wanted else rf"^(?!{status})(?:{said})"
    fields = (rf"(?:level|lvl|severity)\W{{1,6}}{number}" for number in numbers)
    quick = "|".join((*soft, *map(_word, loud), *fields, unnamed(header(wanted))))
    return unnamed(exact), quick + (r"|[ m]5\d\d[ \x1b]" if "error" in wanted else "")


def level_named(value: object, key: str = "level") -> Level:
    """The level that a field says: a word, or a number of pino, bunyan, syslog (0 to 7), Python or OpenTelemetry."""
    if isinstance(value, str):
        word = value.strip().lower()
        if key == "s" or not (word.isascii() and word.isdigit()):
            return MONGO.get(value, "") if key == "s" else WORDS.get(word, "")
        value = int(word[:4])
    if isinstance(value, bool) or not isinstance(value, int) or key == "s":
        return ""
    if key == "levelno":
        return _PYTHON.get(value // 10 * 10, "")
    if key in ("severity_number", "severitynumber"):
        # four steps each: TRACE 1, DEBUG 5, INFO 9, WARN 13, ERROR 17, FATAL 21 (OpenTelemetry logs data model)
        return WORST_FIRST[max(0, 4 - (value - 1) // 4)] if 1 <= value <= 24 else ""
    if 0 <= value <= 7:
        return _SYSLOG[value]  # RFC 5424 §6.2.1; journald's PRIORITY
    return _PINO.get(value // 10 * 10, "")
