"""A signal's course with its thresholds and the marks of what was done.

plotext draws the curve only (`curve`), without axes or colour; scale, thresholds, gaps and marks are ours. It has one
figure for the whole process, so this runs on the screen's thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal

from msgspec import structs
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from runbook.model import Record, Seconds
from widgets.curve import Curve, Dot
from widgets.sparkline import sparkline
from widgets.words import in_ascii

LEAST = (12, 3)
"""Below this width and height a chart is a sparkline."""
GUTTER = 5
"""Cells for the scale at the left, the same for every number, so that nothing moves when the scale does."""
BLANK = "\u2800"
Points = Sequence[tuple[float, float | None]]


class Threshold(Record, frozen=True):
    """A line across the chart: `danger` where a trigger fires above it, `good` where a criterion holds below it."""

    value: float
    label: str
    tone: Literal["danger", "good"] = "danger"


class Mark(Record, frozen=True):
    """Something that happened at a time (seconds since the epoch)."""

    at: float
    label: str


class ChartData(Record, frozen=True):
    """What a chart shows: points as (time, value or None for a gap) within `window` seconds before `now`."""

    points: tuple[tuple[float, float | None], ...] = ()
    window: Seconds = 900
    now: float = 0
    thresholds: tuple[Threshold, ...] = ()
    marks: tuple[Mark, ...] = ()
    cursor: float | None = None
    """The moment that is read; None where nobody reads."""
    most: float = math.inf
    """What a value can be at most; the scale ends there, unless one is larger all the same."""


class ChartPalette(Record, frozen=True):
    """Styles of the parts; the defaults draw without colour."""

    curve: Style = Style()
    bad: Style = Style(bold=True)
    danger: Style = Style()
    good: Style = Style()
    muted: Style = Style(dim=True)
    mark: Style = Style()


Cell = tuple[str, Style]


def draw(data: ChartData, width: int, height: int, palette: ChartPalette) -> list[Strip]:
    """The chart in `height` strips of `width` cells; a sparkline in the first of them when there is no room."""
    if width < 1 or height < 1:
        return []
    if _is_small(data, width, height):
        return _small(data, width, height, palette)
    right, across, first = _edges(data, width)
    curve, dots = _dotted(data, across, height - 1, first)
    down, top, begin = curve.down, curve.top, first * curve.per_cell
    cells = _coloured(curve.drawn(dots, first), top, palette, data.thresholds)
    for mark in data.marks:
        _put_column(cells, _column(mark.at, begin, data.window, across), palette)
    if data.cursor is not None:
        _put_column(cells, _column(data.cursor, begin, data.window, across), palette, reading=True)
    lines = sorted(data.thresholds, key=lambda line: line.tone == "danger")  # where two share a row, danger is said
    for line in reversed(lines):
        _put_row(cells, line, top, palette)
    rows = []
    labels = _scale_labels(top, down)
    notes = {_row(line.value / top, down): line for line in lines}
    for number, row in enumerate(cells):
        axis = f"{labels.get(number, ''):>{GUTTER - 1}}{_axis(number in labels)}"
        segments = [Segment(axis, palette.muted), *_joined(row)]
        if right:
            note = notes.get(number)
            style = palette.muted if note is None else palette.danger if note.tone == "danger" else palette.good
            segments.append(Segment(f" {note.label if note else ''}"[:right].ljust(right), style))
        rows.append(Strip(segments, width))
    if not dots:
        rows[down // 2] = _said("no data", width, palette)
    rows.append(_times(data, begin, across, right, palette))
    return rows


def _is_small(data: ChartData, width: int, height: int) -> bool:
    return width < LEAST[0] or height < LEAST[1] or data.window <= 0


def _edges(data: ChartData, width: int) -> tuple[int, int, int]:
    """Cells for the labels at the right, cells across, and the first of these, counted from the beginning of time.

    The right edge moves by whole cells: a curve that is shifted by less than a cell would tremble.
    """
    right = min(8, max((len(line.label) for line in data.thresholds), default=-1) + 1) if width >= 30 else 0
    across = width - GUTTER - right
    return right, across, math.floor(data.now / (data.window / across)) + 1 - across


def _dotted(data: ChartData, across: int, down: int, first: int) -> tuple[Curve, list[list[Dot]]]:
    """How the points are drawn that are seen from the first cell on, and their dots."""
    per_cell = data.window / across
    points = visible(data, first * per_cell)
    values = [value for _, value in points if value is not None]
    top = scale_top(values, [line.value for line in data.thresholds], data.most)
    curve = Curve(per_cell, top, across, down, "*" if in_ascii() else "braille")
    return curve, [curve.dots(stretch) for stretch in _segments(points)]


def _told(data: ChartData, width: int, height: int) -> object:
    """What the picture tells apart: the dots of what is seen, and time by the cell."""
    if _is_small(data, width, height):
        return data
    _, across, first = _edges(data, width)
    return structs.replace(data, now=float(first), points=()), _dotted(data, across, height - 1, first)


class ChartCache:
    """The last chart drawn: it is not drawn again until there is something else to see in it."""

    def __init__(self, draw_chart: Callable[..., list[Strip]] = draw) -> None:
        self._draw = draw_chart
        self._key: object = None
        self._strips: list[Strip] = []

    def strips(self, data: ChartData, width: int, height: int, palette: ChartPalette, *, air: int = 0) -> list[Strip]:
        """The chart, with so many empty cells at its right."""
        key = (_told(data, width, height), width, height, palette)
        if key != self._key:
            drawn = self._draw(data, width, height, palette)
            self._key, self._strips = key, [strip.adjust_cell_length(width + air, palette.muted) for strip in drawn]
        return self._strips


# ── data ──────────────────────────────────────────────────────────────────────────────────────────


def visible(data: ChartData, begin: float | None = None) -> list[tuple[float, float | None]]:
    """The points inside the window; what is not finite is a gap."""
    first = data.now - data.window if begin is None else begin
    return [
        (at, value if value is not None and math.isfinite(value) else None)
        for at, value in data.points
        if first <= at <= data.now
    ]


def scale_top(values: Sequence[float], thresholds: Sequence[float], most: float = math.inf) -> float:
    """The upper end of a scale from zero: a round number with a little air above everything shown, `most` at most."""
    largest = max([0.0, *values, *(value for value in thresholds if math.isfinite(value))])
    if largest < 1e-9:  # dust of a division, or nothing
        return 1.0
    wanted = min(largest * 1.05, 1e300)
    size = 10.0 ** math.floor(math.log10(wanted))
    top = next((step * size for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * size >= wanted), 10 * size)
    return max(min(top, most), largest)


def short_number(value: float) -> str:
    """At most four characters: `0`, `8e-4`, `.075`, `30`, `1.5k`, `12M`."""
    if abs(value) < 1e-9:
        return "0"
    if abs(value) < 1e-3:
        return f"{value:.0e}".replace("e-0", "e-")
    for divisor, letter in ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T")):
        for digits in (3, 2, 1):
            text = f"{value / divisor:.{digits}g}"
            if len(text) + len(letter) > 4:
                text = text.replace("0.", ".", 1)
            if "e" not in text and len(text) + len(letter) <= 4:
                return text + letter
    return "huge"


def _segments(points: Points) -> list[list[tuple[float, float]]]:
    """The stretches between gaps."""
    found: list[list[tuple[float, float]]] = [[]]
    for at, value in points:
        if value is None:
            found.append([])
        else:
            found[-1].append((at, value))
    return [stretch for stretch in found if stretch]


def value_at(data: ChartData, moment: float) -> float | None:
    """The last value known at a moment; None in a gap, and before the first."""
    seen = [value for at, value in data.points if at <= moment]
    return seen[-1] if seen and seen[-1] is not None and math.isfinite(seen[-1]) else None


# ── drawing ───────────────────────────────────────────────────────────────────────────────────────


def _coloured(text: list[str], top: float, palette: ChartPalette, thresholds: Sequence[Threshold]) -> list[list[Cell]]:
    """The canvas as cells; what lies above the lowest danger line stands out."""
    danger = min((line.value for line in thresholds if line.tone == "danger"), default=math.inf)
    red_above = _row(danger / top, len(text)) if danger < math.inf else -1
    return [
        [
            (" ", palette.muted) if char in (" ", BLANK) else (char, palette.bad if y < red_above else palette.curve)
            for char in line
        ]
        for y, line in enumerate(text)
    ]


def _row(share: float, down: int) -> int:
    """The row of a value given as its share of the scale, as plotext places it."""
    dots = down if in_ascii() else down * 4
    at = round(max(0.0, min(1.0, share)) * (dots - 1))
    return (dots - 1 - at) // (1 if in_ascii() else 4)


def _column(at: float, begin: float, window: float, across: int) -> int:
    return math.floor((at - begin) / window * across) if window > 0 else -1


def _put_row(cells: list[list[Cell]], line: Threshold, top: float, palette: ChartPalette) -> None:
    style = palette.danger if line.tone == "danger" else palette.good
    row = cells[_row(line.value / top, len(cells))]
    sign = "-" if in_ascii() else "┄"
    for x, (char, _) in enumerate(row):
        if char in (" ", "┊", ":"):
            row[x] = (sign, style)


def _put_column(cells: list[list[Cell]], x: int, palette: ChartPalette, *, reading: bool = False) -> None:
    if not 0 <= x < len(cells[0]):
        return
    sign = ("|" if in_ascii() else "│") if reading else (":" if in_ascii() else "┊")
    for row in cells:
        if row[x][0] == " " or (reading and row[x][0] in "┊:"):
            row[x] = (sign, palette.mark if reading else palette.muted)


def _scale_labels(top: float, down: int) -> dict[int, str]:
    shares = (0.0, 0.5, 1.0) if down >= 7 else (0.0, 1.0)
    return {_row(share, down): short_number(top * share) for share in shares}


def _axis(labelled: bool) -> str:
    if in_ascii():
        return "+" if labelled else "|"
    return "┤" if labelled else "│"


def _joined(row: list[Cell]) -> list[Segment]:
    segments: list[Segment] = []
    text, current = "", None
    for char, style in row:
        if style is not current and text:
            segments.append(Segment(text, current))
            text = ""
        text, current = text + char, style
    return [*segments, Segment(text, current)]


_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


def _times(data: ChartData, begin: float, across: int, right: int, palette: ChartPalette) -> Strip:
    """The last row: times of day in UTC, and the marks, which go first where both want the place."""
    row: list[Cell] = [(" ", palette.muted)] * across
    taken = [False] * across

    def put(x: int, text: str, style: Style) -> bool:
        if x < 0 or x + len(text) > across or any(taken[max(0, x - 1) : x + len(text) + 1]):
            return False
        for offset, char in enumerate(text):
            row[x + offset], taken[x + offset] = (char, style), True
        return True

    arrow = "^" if in_ascii() else "↑"
    for mark in reversed(data.marks):  # the newest one keeps its words
        x = _column(mark.at, begin, data.window, across)
        if 0 <= x < across:
            words = f"{arrow} {mark.label}"
            before = f"{mark.label} {arrow}"
            _ = (
                put(x, words, palette.mark)
                or put(x - len(before) + 1, before, palette.mark)
                or put(x, arrow, palette.mark)
            )
    step = (
        next((s for s in _STEPS if s / data.window * across >= (12 if s >= 60 else 14)), _STEPS[-1])
        if data.window
        else 0
    )
    form = "%H:%M" if step >= 60 else "%H:%M:%S"
    at = math.ceil(begin / step) * step if step else math.inf
    while at <= data.now:
        text = datetime.fromtimestamp(at, UTC).strftime(form)
        put(_column(at, begin, data.window, across) - (len(text) // 2), text, palette.muted)
        at += step
    start, end = Segment(" " * GUTTER, palette.muted), Segment(" " * right, palette.muted)
    return Strip([start, *_joined(row), end], across + GUTTER + right)


def _said(words: str, width: int, palette: ChartPalette) -> Strip:
    axis = f"{'':>{GUTTER - 1}}{_axis(False)}"
    return Strip(
        [Segment(axis, palette.muted), Segment(f" {words}"[: width - GUTTER].ljust(width - GUTTER), palette.muted)]
    )


def course(data: ChartData, width: int) -> str:
    """The whole window as a sparkline of at most `width` bars: the highest value of each stretch."""
    begin = data.now - data.window
    bars: list[float | None] = [None] * width
    for at, value in visible(data):
        x = round((at - begin) / data.window * (width - 1))
        if value is not None:
            bars[x] = max(value, bars[x] or 0.0)
    points = sum(1 for _ in visible(data))
    if points < width:  # fewer points than bars: the holes between them are not gaps
        bars = [value for _, value in visible(data)]
    top = scale_top([value for value in bars if value is not None], [])
    return sparkline(bars, top).rjust(width)


def _small(data: ChartData, width: int, height: int, palette: ChartPalette) -> list[Strip]:
    blank = Strip.blank(width, palette.muted)
    return [Strip([Segment(course(data, width), palette.curve)], width), *[blank] * (height - 1)]
