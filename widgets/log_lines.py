"""One log line as a strip: the level's word and what a search found carry the colour, the rest stays quiet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from runbook.model import Record
from widgets.words import GlyphName, glyph

if TYPE_CHECKING:  # no start pays for what only reads logs
    from runbook.logs.levels import Level
    from runbook.logs.rows import LogRow

_TIME = re.compile(r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]*(?:Z|[+-]\d\d:?\d\d)?\]?|\d\d:\d\d:\d\d[.,\d]*Z?")


class LineStyles(Record, frozen=True):
    """The styles of a theme, resolved once for a repaint."""

    plain: Style
    muted: Style
    error: Style
    warn: Style
    note: Style
    found: Style
    here: Style
    hand: Style
    sources: tuple[Style, ...] = ()
    """By turns for the names of logs that are shown as one."""


GUTTER = 1
BAR = " | "
LEAST_TAIL = 12
"""Cells below which a trace's error would be a stump."""
_SIGNS: dict[Level, GlyphName] = {"error": "bad", "warn": "warn"}


Sign = Literal["", "cursor", "mark"]


def line_segments(
    row: LogRow,
    width: int,
    shift: int,
    styles: LineStyles,
    sign: Sign = "",
    *,
    here: bool = False,
    names: Sequence[str] = (),
) -> list[Segment]:
    """The row in `width` cells, moved left by `shift` characters; `here` is the line at hand.

    `names` are those of the logs that are shown as one, each in a colour of its own where a line begins with it.

    The first cell is the gutter: `sign`, or how bad a line is.
    """
    if width <= GUTTER:
        return [Segment(" " * width, styles.plain)]
    room = width - GUTTER
    text = row.text[shift:] if shift else row.text
    base = styles.note if row.note else styles.muted if row.continuation or row.level in _QUIET else styles.plain
    # shortened before it is cut into segments: a shown line can be 4096 characters long
    chip = (
        f"  {glyph('under')} {row.under:,} lines"
        if row.under > 1
        else f"  {glyph('under')} 1 line"
        if row.under
        else ""
    )
    if len(chip) > room // 2:
        chip = ""
    shown = _fitted(text, min(room - len(chip), cell_len(text[:room])) if chip else room)
    if chip:
        free = room - cell_len(shown)
        chip = _fitted(f"{chip}  {row.tail}" if row.tail and free > len(chip) + LEAST_TAIL else chip, free)
    bad = styles.error if row.level == "error" else styles.warn
    marks = [(span, styles.here if here else styles.found) for span in row.found]
    if not row.note:
        if row.mark[1] and row.level in _SIGNS:
            marks.append((row.mark, bad))
        behind = _name_at(row.text, names, styles, marks)
        if stamp := _TIME.match(row.text, behind):
            marks.append((stamp.span(), styles.muted))
    if sign:
        gutter = Segment(glyph(sign), styles.plain + styles.hand)
    elif row.level in _SIGNS and not row.note:
        gutter = Segment(glyph(_SIGNS[row.level]), styles.plain + bad)
    else:
        gutter = Segment(" ", styles.plain)
    under = [Segment(chip, base + styles.muted)] if chip else []
    return [gutter, *_segments(shown, marks, shift, base), *under]


def _name_at(text: str, names: Sequence[str], styles: LineStyles, marks: list[tuple[tuple[int, int], Style]]) -> int:
    """Marks the name that a line begins with, and returns where its own text begins."""
    if not names:
        return 0
    name, bar, _ = text.partition(BAR)
    number = next((at for at, known in enumerate(names) if bar and known == name.rstrip()), -1)
    if number < 0:
        return 0
    marks.append(((0, len(name) + 2), styles.sources[number % len(styles.sources)]))
    return len(name) + len(BAR)


_QUIET = frozenset({"debug", "trace"})


def _fitted(text: str, width: int) -> str:
    if text.isascii():
        if len(text) <= width:
            return text.ljust(width)
        more = glyph("more")
        return text[: max(0, width - len(more))] + more[:width]
    text = text[: width + 1]
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    more = glyph("more")
    return set_cell_size(text, max(0, width - len(more))) + more[:width]


def _segments(shown: str, marks: list[tuple[tuple[int, int], Style]], shift: int, base: Style) -> list[Segment]:
    """The text cut at the marks' borders; where marks overlap the first one wins."""
    length = len(shown)
    spans = [(max(0, begin - shift), min(length, end - shift), style) for (begin, end), style in marks]
    if len(spans) == 2 and spans[1][1] <= spans[0][0] < spans[0][1]:  # as mostly: a time, then a level's word
        (first, last, bad), (begin, end, muted) = spans
        parts = ((0, begin, None), (begin, end, muted), (end, first, None), (first, last, bad), (last, length, None))
        return [Segment(shown[at:to], base if style is None else base + style) for at, to, style in parts if at < to]
    cuts = sorted({0, length, *(at for begin, end, _ in spans if begin < end for at in (begin, end))})
    segments = []
    for begin, end in pairwise(cuts):
        style = next((style for first, last, style in spans if first <= begin < last), None)
        segments.append(Segment(shown[begin:end], base if style is None else base + style))
    return segments
