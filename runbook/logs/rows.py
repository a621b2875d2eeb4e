"""One line of a log as it is shown: cleaned, without secrets, with its level."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Literal

from runbook.logs.clean import SHOWN_LIMIT, clean, redact_lines
from runbook.logs.index import HEAD, Line
from runbook.logs.scan import Query
from runbook.model import Record

Level = Literal["error", "warn", "info", "debug", "trace", ""]
Span = tuple[int, int]

_WORDS: dict[str, Level] = {
    "fatal": "error", "critical": "error", "error": "error", "err": "error", "panic": "error", "severe": "error",
    "warning": "warn", "warn": "warn", "info": "info", "notice": "info", "debug": "debug", "trace": "trace",
}  # fmt: skip
_WITHIN = 240
"""Characters of a line in which its level is looked for."""
_SHOUTED = re.compile(r"\b(FATAL|CRITICAL|ERROR|PANIC|SEVERE|WARNING|WARN|INFO|NOTICE|DEBUG|TRACE)\b")
_NAMED = re.compile(
    r"(?:\b(?:level|lvl|severity)[\"']?\s*[=:]\s*[\"']?|\[)"
    r"(fatal|critical|error|err|panic|severe|warning|warn|info|notice|debug|trace)\b",
    re.IGNORECASE,
)
_STATUS = re.compile(r" (5\d\d) ")
_CONTINUES = re.compile(r"\s|Caused by:|Traceback \(most recent|\.\.\. \d+ more")


class LogRow(Record, frozen=True):
    """A visible line; `mark` spans the word that gave its level, `found` what a search looks for."""

    offset: int
    text: str
    level: Level = ""
    continuation: bool = False
    mark: Span = (0, 0)
    found: tuple[Span, ...] = ()
    note: bool = False
    """Whether the room itself says it: a rotation, a truncation."""


def rows_of(
    lines: Sequence[Line], secrets: Sequence[str] = (), query: Query | None = None, notes: Container[int] = ()
) -> tuple[LogRow, ...]:
    """The lines cleaned, masked and judged. `notes` are the positions of the room's own lines."""
    cleaned = [clean(line.head, SHOWN_LIMIT, beyond=max(0, line.size - HEAD)) for line in lines]
    rows = []
    for line, text in zip(lines, redact_lines(cleaned, secrets), strict=True):
        if line.offset in notes:
            rows.append(LogRow(line.offset, text, note=True))
            continue
        level, mark = level_of(text)
        continuation = line.folded or bool(_CONTINUES.match(text))
        rows.append(LogRow(line.offset, text, level, continuation, mark, query.finds(text) if query else ()))
    return tuple(rows)


def level_of(text: str) -> tuple[Level, Span]:
    """How bad a line is by its own words, and where it says so. A status of 5xx counts as an error."""
    match = _SHOUTED.search(text, 0, _WITHIN) or _NAMED.search(text, 0, _WITHIN)
    level: Level = _WORDS[match[1].lower()] if match else ""
    if level != "error" and (status := _STATUS.search(text, 0, _WITHIN)):
        return "error", status.span(1)
    return (level, match.span(1)) if match else ("", (0, 0))
