"""How bad a log line is, by its own words or numbers."""

from __future__ import annotations

import re
from typing import Literal

Level = Literal["error", "warn", "info", "debug", "trace", ""]
Span = tuple[int, int]

WORDS: dict[str, Level] = {
    "emergency": "error", "emerg": "error", "alert": "error", "fatal": "error", "critical": "error", "crit": "error",
    "error": "error", "err": "error", "panic": "error", "dpanic": "error", "severe": "error",
    "warning": "warn", "warn": "warn", "info": "info", "information": "info", "informational": "info",
    "notice": "info", "debug": "debug", "fine": "debug", "trace": "trace", "verbose": "trace", "finest": "trace",
}  # fmt: skip
WORST_FIRST: tuple[Level, ...] = ("error", "warn", "info", "debug", "trace")

_WITHIN = 240
"""Characters of a line in which its level is looked for."""
_SHOUTED = re.compile(r"\b(FATAL|CRITICAL|ERROR|PANIC|SEVERE|WARNING|WARN|INFO|NOTICE|DEBUG|TRACE)\b")
_NAMED = re.compile(
    r"(?:\b(?:level|lvl|severity)[\"']?\s*[=:]\s*[\"']?|\[)"
    r"(fatal|critical|error|err|panic|severe|warning|warn|info|notice|debug|trace)\b",
    re.IGNORECASE,
)
_STATUS = re.compile(r" (5\d\d) ")

_PINO: dict[int, Level] = {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "error"}
_PYTHON: dict[int, Level] = {10: "debug", 20: "info", 30: "warn", 40: "error", 50: "error"}
_SYSLOG: tuple[Level, ...] = ("error", "error", "error", "error", "warn", "info", "info", "debug")


def level_of(text: str) -> tuple[Level, Span]:
    """How bad a line is by its own words, and where it says so. A status of 5xx counts as an error."""
    match = _SHOUTED.search(text, 0, _WITHIN) or _NAMED.search(text, 0, _WITHIN)
    level: Level = WORDS[match[1].lower()] if match else ""
    if level != "error" and (status := _STATUS.search(text, 0, _WITHIN)):
        return "error", status.span(1)
    return (level, match.span(1)) if match else ("", (0, 0))


def level_named(value: object, key: str = "level") -> Level:
    """The level that a field says: a word, or a number of pino, bunyan, syslog (0 to 7), Python or OpenTelemetry."""
    if isinstance(value, str):
        word = value.strip().lower()
        if not (word.isascii() and word.isdigit()):
            return WORDS.get(word, "")
        value = int(word[:4])
    if isinstance(value, bool) or not isinstance(value, int):
        return ""
    if key == "levelno":
        return _PYTHON.get(value // 10 * 10, "")
    if key in ("severity_number", "severitynumber"):
        # four steps each: TRACE 1, DEBUG 5, INFO 9, WARN 13, ERROR 17, FATAL 21 (OpenTelemetry logs data model)
        return WORST_FIRST[max(0, 4 - (value - 1) // 4)] if 1 <= value <= 24 else ""
    if 0 <= value <= 7:
        return _SYSLOG[value]  # RFC 5424 §6.2.1; journald's PRIORITY
    return _PINO.get(value // 10 * 10, "")
