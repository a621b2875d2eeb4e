"""One line of a log as it is shown: cleaned, without secrets, with its level."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence

from msgspec import structs

from runbook.logs.clean import MASK, SHOWN_LIMIT, clean, redact, redact_lines
from runbook.logs.index import HEAD, Line
from runbook.logs.levels import Level, Span, level_of
from runbook.logs.redact import may_hold
from runbook.logs.scan import Query
from runbook.logs.structured import short_form, undated
from runbook.model import Record

TAIL = 200
"""Characters of a trace's error that are shown beside its line."""
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
    short: bool = False
    """Whether it is a structured line in its short form."""
    under: int = 0
    """Lines of a trace that are folded into it."""
    tail: str = ""
    """The error that the trace ends with, where the line does not say it."""


def always(_position: int) -> bool:
    return True


def never(_position: int) -> bool:
    return False


def rows_of(
    lines: Sequence[Line],
    secrets: Sequence[str] = (),
    query: Query | None = None,
    notes: Container[int] = (),
    as_written: Callable[[int], bool] = never,
    today: str = "",
) -> tuple[LogRow, ...]:
    """The lines cleaned, masked and judged. `notes` are the positions of the room's own lines.

    `as_written` tells of a position whether its line is shown as it stands in the file, structured or not. Lines of
    `today`, or all without it, are shown with their time alone.
    """
    if secrets and not any(may_hold(line.head, tuple(secrets)) for line in lines):
        secrets = ()
    # what is shown in its short form needs its whole text only for what could hide in that, or be found in it
    whole = (
        query or secrets or any(b"-----" in line.head or b"\x1b" in line.head or b"\x9b" in line.head for line in lines)
    )
    texts = redact_lines(map(_cleaned, lines), secrets) if whole else ()
    rows = []
    for at, line in enumerate(lines):
        text = texts[at] if whole else ""
        if line.offset in notes:
            text = text or redact(_cleaned(line))
            rows.append(LogRow(line.offset, text, note=True))
            continue
        found = query.finds(text) if query else ()
        # the body of a private key was masked for what stands around it
        written = as_written(line.offset) or line.folded or text == MASK
        form = None if written else short_form(line.head, tuple(secrets), max(0, line.size - HEAD), today)
        if form is not None:
            short, mark, level = form
            seen = query.finds(short) if query else ()
            if seen or not found:  # a short form that hides why the line was found would puzzle
                row = LogRow(line.offset, short, level, False, mark, seen, short=True, under=line.under)
                rows.append(_with_tail(row, line, secrets))
                continue
        text = text if whole else redact(_cleaned(line))
        shown = text if written else undated(text, today)
        seen = query.finds(shown) if query and shown != text else found
        if found and not seen:
            shown, seen = text, found
        level, mark = level_of(shown)
        goes_on = line.folded or bool(_CONTINUES.match(shown))
        row = LogRow(line.offset, shown, level, goes_on, mark, seen, short=shown != text, under=line.under)
        rows.append(_with_tail(row, line, secrets))
    return tuple(rows)


def _cleaned(line: Line) -> str:
    return clean(line.head, SHOWN_LIMIT, beyond=max(0, line.size - HEAD))


def _with_tail(row: LogRow, line: Line, secrets: Sequence[str]) -> LogRow:
    if not line.tail:
        return row
    tail = redact(clean(line.tail, TAIL), secrets).strip()
    return row if tail in row.text else structs.replace(row, tail=tail)
