"""The signals pane: a line for each signal, a chart where there is room, and what is not known said as such.

A person can look at more or less time, at one signal alone, and read every value at a moment.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import ClassVar

from msgspec import structs
from rich.cells import cell_len
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from runbook.figures import amount
from runbook.signals.standing import State
from widgets.chart import GUTTER, ChartCache, ChartData, ChartPalette, course, value_at
from widgets.compositing import RowWidget
from widgets.lines import cut, join, look, spread, strip_of
from widgets.pane import Pane
from widgets.signals_view import SignalRow, SignalsView
from widgets.words import STATE_STYLE, clock, glyph, in_ascii, in_words, state_glyph

HELP = """Every signal with its value now, what it should be, and its course. What is not known says why, and is never
shown as good. Enter takes one signal alone; the arrows read the values of a moment, also against the log."""

NARROW = 56
LEAST_CHART = 4
MOST_CHART = 14
_WORDS: dict[State, str] = {"met": "met", "pending": "holding", "not-met": "not met", "unknown": "unknown"}
_WORD_WIDTH = max(map(len, _WORDS.values()))
_LOOKS = {
    "curve": "$primary",
    "bad": "$text-error",
    "danger": "$error",
    "good": "$success",
    "muted": "$foreground 75%",
    "mark": "$text-accent",
}
_STILL = 0.05
"""A change below this part of a unit is no trend."""


class SignalsBody(RowWidget, can_focus=True):
    """The lines and charts; painted again only when data, size or theme change."""

    DEFAULT_CSS = "SignalsBody { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "window(-1)", "less time", show=False, id="signals.shorter"),
        Binding("right_square_bracket", "window(1)", "more time", show=False, id="signals.longer"),
        Binding("left", "read(-1)", "read a moment earlier", show=False, id="signals.earlier"),
        Binding("right", "read(1)", "read a moment later", show=False, id="signals.later"),
        Binding("up,k", "choose(-1)", "the signal above", show=False, id="signals.up"),
        Binding("down,j", "choose(1)", "the signal below", show=False, id="signals.down"),
        Binding("at", "log", "this moment in the log", show=False, id="signals.log"),
        Binding("enter", "alone", "one signal alone", show=False, id="signals.alone"),
        Binding("escape", "back", "back to all, and to now", show=False, id="signals.back"),
    ]

    class WindowAsked(Message):
        """More (+1) or less (-1) time is wanted."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class MomentAsked(Message):
        """The log at the moment that is read, or now."""

        def __init__(self, at: float) -> None:
            super().__init__()
            self.at = at

    def __init__(self) -> None:
        super().__init__()
        self.view = SignalsView()
        self.cursor: float | None = None
        self.alone = ""
        """The signal that has the whole pane; empty where all are shown."""
        self._first = 0
        """The signal that is shown first, where there is no room for all."""
        self._charts: dict[str, ChartCache] = {}
        self._lines: dict[str, tuple[Content, Strip]] = {}
        """The line of each row, which is often the same as a second ago."""
        self._strips: list[Strip] | None = None
        self._palette: ChartPalette | None = None

    # ── reading ───────────────────────────────────────────────────────────────────────────────────

    def action_window(self, step: int) -> None:
        self.post_message(self.WindowAsked(step))

    def action_read(self, step: int) -> None:
        """The cursor by one cell; the first step puts it at the newest."""
        cell = self.view.window / max(1, self.size.width - GUTTER - 9)
        at = self.view.now if self.cursor is None else self.cursor + step * cell
        self.cursor = min(max(at, self.view.now - self.view.window + cell), self.view.now)
        self._repaint()

    def action_log(self) -> None:
        self.post_message(self.MomentAsked(self.view.now if self.cursor is None else self.cursor))

    def action_choose(self, step: int) -> None:
        """Alone, the next signal; beside the others up or down to those for which there is no room."""
        names = [row.id for row in self.view.rows if row.points]
        if self.alone in names:
            self.alone = names[(names.index(self.alone) + step) % len(names)]
        else:
            self._first = max(0, self._first + step)
        self._repaint()

    def action_alone(self) -> None:
        first = next((row.id for row in self.view.rows if row.points), "")
        self.alone = "" if self.alone else first
        self._repaint()

    def action_back(self) -> None:
        self.cursor, self.alone = None, ""
        self._repaint()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape is the room's, unless there is something to come back from here."""
        return action != "back" or self.cursor is not None or bool(self.alone)

    def show(self, view: SignalsView) -> None:
        if view == self.view:
            return
        self.view = view
        if self.cursor is not None and self.cursor < view.now - view.window:
            self.cursor = None
        kept = {row.id for row in view.rows}
        self._charts = {name: chart for name, chart in self._charts.items() if name in kept}
        before, self._strips = self._strips, self._drawn(self.size.width, self.size.height)
        if before is None or len(before) != len(self._strips):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, self._strips, strict=True)) if old != new]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def on_resize(self) -> None:
        self.set_class(self.size.width < NARROW, "-narrow")
        self._repaint()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._palette = None
        self._repaint()

    def _repaint(self) -> None:
        self._strips = None
        self._lines.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        if self._strips is None:
            self._strips = self._drawn(self.size.width, self.size.height)
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    # ── the whole ─────────────────────────────────────────────────────────────────────────────────

    def _drawn(self, width: int, height: int) -> list[Strip]:
        if width < 1 or height < 1:
            return []
        style = self.visual_style

        def strip(line: Content) -> Strip:
            return strip_of(self, line, width, style)

        lines = [strip(_banner(down.source, down.why, down.since, width)) for down in self.view.down]
        rows = tuple(row for row in self.view.rows if self.alone in ("", row.id)) or self.view.rows
        if self.cursor is not None:
            lines.append(strip(_moment(self.view, self.cursor)))
        waiting = [strip(_waiting(self.view, width))] if self.view.waiting and not self.alone else []
        room = height - len(lines) - len(waiting)
        if not rows:
            return [*lines, strip(join((" no signal is asked yet", "$foreground-muted"))), *waiting][:height]
        titles = max(cell_len(row.title) for row in self.view.rows)
        rows, beyond = self._page(rows, room)
        charts = [room - 1] if len(rows) == 1 and rows[0].points else chart_heights(rows, room)
        for row, chart in zip(rows, charts, strict=True):
            data = self._data(row)
            line = line_of(row, data, width, with_course=not chart, titles=titles)
            known = self._lines.get(row.id)
            if known is None or not known[0].is_same(line):
                known = self._lines[row.id] = line, strip(line)
            lines.append(known[1])
            if chart:
                # a column of air at both sides, so that the scale stands under the titles
                palette = self._chart_palette(grey=row.no_data_for > 0)
                cache = self._charts.setdefault(row.id, ChartCache())
                lines.extend(cache.strips(data, max(1, width - 1), chart, palette, air=min(1, width - 1)))
        return [*lines, *([strip(beyond)] if beyond else []), *waiting][:height]

    def _page(self, rows: tuple[SignalRow, ...], room: int) -> tuple[tuple[SignalRow, ...], Content | None]:
        """The rows that fit, and a word about the others."""
        if len(rows) <= room:
            self._first = 0
            return rows, None
        fit = max(1, room - 1)
        self._first = min(self._first, len(rows) - fit)
        above, below = rows[: self._first], rows[self._first + fit :]
        bad = sum(row.state == "not-met" for row in (*above, *below))
        words = f" {glyph('more')} {f'{len(above)} above, ' if above else ''}{len(below)} more"
        said = join((words, "$foreground-muted"), (f", {bad} not met" if bad else "", "$text-error"))
        return rows[self._first : self._first + fit], join(said, ("   j k", "$foreground-muted"))

    def _data(self, row: SignalRow) -> ChartData:
        view = self.view
        most = 100 if row.unit == "%" else math.inf
        return ChartData(row.points, view.window, view.now, row.thresholds, view.marks, self.cursor, most)

    def _chart_palette(self, *, grey: bool) -> ChartPalette:
        if self._palette is None:
            self._palette = ChartPalette(**{name: self._style(name) for name in ChartPalette.__struct_fields__})
        muted = self._palette.muted
        return structs.replace(self._palette, curve=muted, bad=muted) if grey else self._palette

    def _style(self, name: str) -> Style:
        return look(self, _LOOKS[name])


def chart_heights(rows: tuple[SignalRow, ...], room: int) -> list[int]:
    """How many lines each row's chart gets; 0 where there is no room for one that can be read.

    The first rows come first; the lines that are over go to the upper charts.
    """
    drawn = [number for number, row in enumerate(rows) if row.chart and row.points]
    free = room - len(rows)
    drawn = drawn[: max(0, free // LEAST_CHART)]
    heights = [0] * len(rows)
    for order, number in enumerate(drawn):
        share, over = divmod(free, len(drawn))
        heights[number] = min(MOST_CHART, share + (1 if order < over else 0))
    return heights


# ── one line ──────────────────────────────────────────────────────────────────────────────────────


def line_of(row: SignalRow, data: ChartData, width: int, *, with_course: bool, titles: int = 0) -> Content:
    """`error rate   24.8 %  ▲ 24.1          < 1 %  ✗ not met`, parts given up from the middle when it is narrow.

    `titles` are the cells of the longest title.
    """
    narrow = width < NARROW
    stale = row.no_data_for > 0
    title, value = (12, 8) if narrow else (max(13, min(titles, width // 3)), 9)
    if data.cursor is not None and row.points:
        return _read(row, data, title, value)
    value_style = (
        "$foreground-muted" if stale else f"bold {STATE_STYLE[row.state]}" if row.state == "not-met" else "bold"
    )
    said = row.value or "–"
    both = title + max(value, len(said))
    name = cut(Content(row.title), max(title, both - len(said) - 1))  # into the room that a short value leaves
    name += Content(" " * (title - name.cell_length))
    left = join(
        (f" {name.plain}", "$foreground-muted" if stale else ""),
        (" " * (both - name.cell_length - len(said)) + said, value_style),
        "  ",
    )
    right = _standing(row, narrow)
    room = width - left.cell_length - right.cell_length - 2
    return spread(left + _middle(row, data, room, with_course=with_course), right, width, gap=2)


def _read(row: SignalRow, data: ChartData, title: int, value: int) -> Content:
    """The line while a moment is read: what the value was then, and what it is now."""
    assert data.cursor is not None
    then = value_at(data, data.cursor)
    words = amount(then, row.unit) if then is not None else "no data"
    now = f"  now {row.value or '–'}"
    name = cut(Content(row.title), title)
    name += Content(" " * (title - name.cell_length))
    return join(" ", name, (f"{words:>{value}}", "bold $text-accent"), (now, "$foreground-muted"))


def _moment(view: SignalsView, cursor: float) -> Content:
    """When it is that is read, and which step had run last by then."""
    at = datetime.fromtimestamp(cursor, UTC).strftime("%H:%M:%SZ")
    ran = [mark for mark in view.marks if mark.at <= cursor]
    step = f"  after step {max(ran, key=lambda mark: mark.at).label}" if ran else ""
    ago = f"  {clock(view.now - cursor)} ago" if view.now - cursor >= 1 else "  now"
    return join(" at ", (at, "bold $text-accent"), (ago, ""), (step, "$foreground-muted"))


def _waiting(view: SignalsView, width: int) -> Content:
    """One line for all that nobody set up; what to set goes first when there is no room for it."""
    titles = ", ".join(title for title, _ in view.waiting)
    needs = ", ".join(dict.fromkeys(name for _, missing in view.waiting for name in missing))
    line = f" not set up: {titles}"
    full = f"{line} {glyph('dot')} set {needs}"
    return join((full if len(full) <= width else line, "$foreground-muted"))


def _middle(row: SignalRow, data: ChartData, room: int, *, with_course: bool) -> Content:
    if row.no_data_for > 0:
        return join((f"stale {glyph('dot')} no data for {clock(row.no_data_for)}", "$text-warning"))
    if row.state == "unknown" and row.why:
        return join((row.why, "$text-warning"))
    if row.state is None and not row.value and row.why:
        return join((row.why, "$foreground-muted"))
    if row.checks:
        return _health(row, narrow=room < 32)
    bars = 0 if not (with_course and row.points) else room if room < 8 + 5 else min(30, room - 9)
    # the course tells more than the change, where there is room for one only
    middle = Content("") if 4 <= bars == room else join((f"{_trend(row.trend):<8} ", "$foreground-muted"))
    return middle + join((course(data, bars), "$primary")) if bars >= 4 else middle


def _health(row: SignalRow, *, narrow: bool) -> Content:
    """Each check with its sign; without the room for it only what is not well, and how many are."""
    line = Content("")
    well = sum(1 for check in row.checks if check.ok)
    for check in row.checks:
        if narrow and check.ok:
            continue
        state: State = "unknown" if check.ok is None else "met" if check.ok else "not-met"
        name = (f"{check.name} ", "" if check.ok is False else "$foreground-muted")
        line += join(name, (state_glyph(state), STATE_STYLE[state]), " " if narrow else "  ")
    if narrow and well:
        line += join((f"{well} ", "$foreground-muted"), (state_glyph("met"), STATE_STYLE["met"]))
    return line


def _standing(row: SignalRow, narrow: bool) -> Content:
    if row.state is None:
        return join((f"{row.criterion} ", "$foreground-muted"))
    word = "" if narrow else f" {_WORDS[row.state]:<{_WORD_WIDTH}}"
    return join(
        (f"{row.criterion}  ", "$foreground-muted"), (f"{state_glyph(row.state)}{word} ", STATE_STYLE[row.state])
    )


def _trend(change: float | None) -> str:
    if change is None:
        return ""
    up, down, still = ("^", "v", "=") if in_ascii() else ("▲", "▼", "=")
    if abs(change) < _STILL:
        return still
    size = f"{abs(change):,.1f}" if abs(change) < 1000 else f"{abs(change):,.0f}"
    return f"{up if change > 0 else down} {size}"


def _banner(source: str, why: str, since: float, width: int) -> Content:
    lead, said = f" {glyph('bad')} DOWN  ", f": {why}"
    ago = f"for {clock(since)} " if since else ""
    room = width - len(lead) - cell_len(said) - len(ago) - 2
    source = cut(Content(source), max(width // 3, room)).plain  # of many names a few will do: each has a line below
    line = spread(lead + source + said, ago, width)
    return Content.styled(line.plain, "bold $text-error on $error 15%")


class SignalsPane(Pane):
    """Pane 1 with its rule."""

    def __init__(self, *, id: str | None = None) -> None:
        self.signals = SignalsBody()
        super().__init__("1", "Signals", self.signals, id=id)

    def show(self, view: SignalsView) -> None:
        """Shows another moment; paints only what differs."""
        self.signals.show(view)
        self.label(note=view.note, right=in_words(view.window))
        self.set_class(bool(view.down), "-failed")
        self.set_class(any(row.no_data_for > 0 for row in view.rows), "-stale")
