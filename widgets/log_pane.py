"""The log pane: shows a `LogWindow`, and says in messages where the reader wants to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec import structs
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip

from runbook.logs.clean import clean
from runbook.logs.window import LogWindow
from widgets import log_asks
from widgets.action_asks import StopGrade
from widgets.compositing import RowWidget, paint_at_once
from widgets.lines import look, tail, wrapped
from widgets.log_lines import LineStyles, Sign, line_segments
from widgets.log_rule import LogSource, about, no_lines, standing
from widgets.pane import Pane
from widgets.words import glyph

if TYPE_CHECKING:  # no start pays for what only reads logs
    from runbook.logs.rows import LogRow

HELP = """The logs as one, newest at the end. Moving up stays at that line while more comes in; G follows the end again.
Search, filter and time look through all that was kept, and a line is marked, copied or kept with the incident."""

Asked = Literal["search", "filter", "jump"]
_SIGN: dict[Asked, str] = {"search": "/", "filter": "&", "jump": "@"}
_HINT: dict[Asked, str] = {
    "search": "text, or ~expression   enter find   esc back",
    "filter": "text, !without, ~expression, level:warn   enter only these, of those shown   empty: all",
    "jump": "03:14, 03:14:05, -5m, 2026-11-01 03:14 (UTC)   enter go   esc back",
}
_LOOKS = {
    "muted": "$foreground 75%",
    "error": "bold $text-error",
    "warn": "bold $text-warning",
    "note": "$text-accent",
    "found": "underline $text-accent",
    "here": "reverse $text-accent",
    "hand": "$text-accent",
}
_SOURCE_LOOKS = ("$text-primary", "$text-success", "$text-secondary", "$text-accent")
"""Logs after these begin with the first again."""
_LONGEST = 200
KEPT_SCREENS = 4
"""Screens of drawn rows that are kept."""


class LogText(RowWidget, can_focus=True):
    """The lines, and a prompt in the last row while something is typed."""

    DEFAULT_CSS = "LogText { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "down", show=False, id="log.down"),
        Binding("k,up", "move(-1)", "up", show=False, id="log.up"),
        Binding("pagedown,space", "page(1)", "page down", show=False, id="log.page_down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="log.page_up"),
        Binding("g,home", "to_top", "first line", show=False, id="log.top"),
        Binding("G,f,end", "to_end", "follow", show=False, id="log.follow"),
        Binding("slash", "search", "search", show=False, id="log.search"),
        Binding("ampersand", "filter", "filter", show=False, id="log.filter"),
        Binding("n", "next(False)", "next match", show=False, id="log.next"),
        Binding("N", "next(True)", "the match before", show=False, id="log.previous"),
        Binding("l", "other", "the other log", show=False, id="log.source"),
        Binding("x", "stop('interrupt')", "interrupt", show=False, id="log.interrupt"),
        Binding("X", "stop('terminate')", "terminate", show=False, id="log.terminate"),
        Binding("K", "stop('kill')", "kill", show=False, id="log.kill"),
        Binding("left", "shift(-1)", "left", show=False, id="log.left"),
        Binding("right", "shift(1)", "right", show=False, id="log.right"),
        Binding("enter", "act('open')", "open this line", show=False, id="log.open"),
        Binding("minus", "act('traces')", "open or fold traces", show=False, id="log.traces"),
        Binding("equals_sign", "act('written')", "lines as written", show=False, id="log.written"),
        Binding("at", "jump", "go to a time", show=False, id="log.jump"),
        Binding("b", "act('mark')", "mark", show=False, id="log.mark"),
        Binding("full_stop", "act('next_mark')", "next mark", show=False, id="log.next_mark"),
        Binding("comma", "act('previous_mark')", "the mark before", show=False, id="log.previous_mark"),
        Binding("v", "act('choose')", "choose lines", show=False, id="log.choose"),
        Binding("C", "act('copy')", "copy", show=False, id="log.copy"),
        Binding("W", "act('keep')", "keep with the incident", show=False, id="log.keep"),
        Binding("escape", "back", "all lines", show=False, id="log.back"),
    ]
    PROMPT_KEYS: ClassVar[dict[str, Asked]] = {"slash": "search", "ampersand": "filter", "at": "jump"}
    """Handled at once, before any binding: letters typed right after them must not be lost."""

    def __init__(self) -> None:
        super().__init__()
        self.window = LogWindow()
        self.asking: Asked | None = None
        self.typed = ""
        self._names: tuple[str, ...] = ()
        self._shift = 0
        self._told = 0
        self._styles: LineStyles | None = None
        self._drawn: dict[int, tuple[object, str]] = {}
        """Rows by their positions as they were drawn last: a step through the lines moves nearly all of them."""
        self._codes: dict[Style | None, tuple[str, str]] = {}
        """What the terminal is told before and after text of a style."""
        self._ground: tuple[object, ...] = ()

    @property
    def rows_high(self) -> int:
        """How many lines fit: the prompt, or a word about filter and search, takes the last row."""
        return max(1, self.size.height - (1 if self._foot() else 0))

    def show(self, window: LogWindow, names: tuple[str, ...] = ()) -> None:
        """`names`: of the logs that are shown as one, as their lines begin with them."""
        if names != self._names:
            self._names = names
            self.refresh()
        if window is self.window:
            return
        same = _painted(window) == _painted(self.window)
        before, self.window = self._foot(), window
        if not same or self._foot() != before:
            self._repaint()

    def _repaint(self) -> None:
        """Paints again, and asks for other rows when the last line was taken or given back."""
        self.refresh()
        if self.size.height and self.rows_high != self._told:
            self._told = self.rows_high
            self._request(log_asks.Wanted(self.rows_high))

    def _request(self, asked: log_asks.Request) -> None:
        """Straight to the screen: on its way up it would wait for the turn of each widget around this one."""
        self.screen.post_message(asked)

    # ── keys ──────────────────────────────────────────────────────────────────────────────────────

    async def on_key(self, event: events.Key) -> None:
        asking = self.asking
        if self.asking is None:
            wanted = self.PROMPT_KEYS.get(event.key)
            if wanted is None:
                return
            self._ask(wanted)
        elif event.key == "enter":
            self._answer()
        elif event.key == "escape" or (event.key == "backspace" and not self.typed):
            self.asking = None
        elif event.key == "backspace":
            self.typed = self.typed[:-1]
        elif event.key == "ctrl+u":
            self.typed = ""
        elif event.is_printable and event.character:
            self.typed = (self.typed + event.character)[:_LONGEST]
        event.stop()
        event.prevent_default()
        if asking and self.asking:
            self.refresh(Region(0, self.size.height - 1, self.size.width, 1))
            paint_at_once(self)
        else:
            self._repaint()

    def on_paste(self, event: events.Paste) -> None:
        if self.asking is not None:
            event.stop()
            first = event.text.splitlines()[0] if event.text else ""
            self.typed = (self.typed + clean(first))[:_LONGEST]
            self._repaint()

    def on_blur(self) -> None:
        self.asking = None
        self._repaint()

    def _ask(self, what: Asked) -> None:
        self.asking, self.typed = what, ""

    def _answer(self) -> None:
        what, self.asking = self.asking, None
        if what == "filter":
            self._request(log_asks.FilterAsked(self.typed))
        elif what == "jump" and self.typed:
            self._request(log_asks.JumpAsked(self.typed, self.rows_high))
        elif what == "search":
            # at the tail there is nothing below: what one looks for has been
            self._request(log_asks.SearchAsked(self.typed, self.window.following, self.rows_high))

    def action_search(self) -> None:
        self._ask("search")
        self._repaint()

    def action_filter(self) -> None:
        self._ask("filter")
        self._repaint()

    def action_jump(self) -> None:
        self._ask("jump")
        self._repaint()

    def action_next(self, reverse: bool) -> None:
        self._request(log_asks.NextAsked(reverse, self.rows_high))

    def action_act(self, what: log_asks.Deed) -> None:
        self._request(log_asks.Act(what, self.rows_high))

    def action_move(self, lines: int) -> None:
        self._request(log_asks.Wanted(self.rows_high, move=lines))

    def action_other(self) -> None:
        self._request(log_asks.OtherAsked())

    def action_stop(self, how: StopGrade) -> None:
        self._request(log_asks.StopAsked(how))

    def action_page(self, pages: int) -> None:
        self._request(log_asks.Wanted(self.rows_high, page=pages))

    def action_to_top(self) -> None:
        self._request(log_asks.Wanted(self.rows_high, to="top"))

    def action_to_end(self) -> None:
        self._request(log_asks.Wanted(self.rows_high, to="end"))

    def action_shift(self, way: int) -> None:
        longest = max((len(row.text) for row in self.window.rows), default=0)
        step = max(8, self.size.width // 2)
        self._shift = max(0, min(self._shift + way * step, max(0, longest - step)))
        self.refresh()

    def action_back(self) -> None:
        """Ends the search, then the filter, then lets go of the line at hand; without any the key is the screen's."""
        if self.window.chosen[0] >= 0:
            self._request(log_asks.Act("choose", self.rows_high))
        elif self.window.search_text or self.window.search_note:
            self._request(log_asks.SearchAsked("", False, self.rows_high))
        elif self.window.filter_text or self.window.filter_note:
            self._request(log_asks.Act("widen", self.rows_high))
        else:
            self._request(log_asks.Act("let_go", self.rows_high))

    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        shown = self.window
        looked = shown.search_text or shown.search_note or shown.filter_text or shown.filter_note or shown.place
        return bool(looked) or shown.match >= 0 if action == "back" else True

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(3)

    def on_resize(self) -> None:
        self._repaint()

    # ── drawing ───────────────────────────────────────────────────────────────────────────────────

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles, self._ground = None, ()

    def _line_styles(self) -> LineStyles:
        if self._styles is None:
            named = {name: look(self, style) for name, style in _LOOKS.items()}
            sources = tuple(look(self, style) for style in _SOURCE_LOOKS)
            self._styles = LineStyles(plain=self.rich_style, sources=sources, **named)
        return self._styles

    def written(self, crop: Region) -> list[str]:
        """Under a pouring log strips and their caches cost more than the lines."""
        width, height = self.size
        filters, (_, background) = tuple(self.get_line_filters()), self.background_colors
        ground = (width, self._shift, self._names, filters, background)
        if ground != self._ground or len(self._drawn) > KEPT_SCREENS * height:
            self._ground, self._drawn, self._codes = ground, {}, {}
        foot, match = self._foot(), self.window.match
        written = []
        for y in crop.line_range:
            row = self._row(y, foot, height)
            asked = row and (row, row.offset == match, self._sign(row.offset))
            kept = self._drawn.get(row.offset) if row else None
            if kept and kept[0] == asked:
                written.append(kept[1])
                continue
            written.append(self._coded(self._line(y, foot, width, height), filters, background))
            if row:
                self._drawn[row.offset] = (asked, written[-1])
        return written

    def _coded(self, segments: list[Segment], filters: Sequence[LineFilter], background: Color) -> str:
        codes = self._codes
        row = ""
        for segment in segments:
            text, style, _ = segment
            around = codes.get(style)
            if around is None or not text.isprintable():
                # a filter makes the same of a style whatever is written in it, and of text only what cannot be printed
                drawn = [segment]
                for line_filter in filters:
                    drawn = line_filter.apply(drawn, background)
                text, shown, _ = drawn[0]
                colours = self.app.console._color_system or ColorSystem.TRUECOLOR
                begin, _, end = Strip.render_style(shown or Style(), "\0", colours).partition("\0")
                around = codes[style] = begin, end
            row += around[0] + text + around[1]
        return row

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        return Strip(self._line(y, self._foot(), width, height), width)

    def _row(self, y: int, foot: str, height: int) -> LogRow | None:
        rows = self.window.rows
        return rows[y] if y < len(rows) and not (foot and y == height - 1) else None

    def _line(self, y: int, foot: str, width: int, height: int) -> list[Segment]:
        if foot and y == height - 1:
            style = look(self, "on $foreground 6%")
            return Segment.adjust_line_length([Segment(foot, style)], width, style)
        if row := self._row(y, foot, height):
            styles = self._line_styles()
            here, sign = row.offset == self.window.match, self._sign(row.offset)
            return line_segments(row, width, self._shift, styles, sign, here=here, names=self._names)
        said = [] if self.window.rows else wrapped(no_lines(self.window), width, 1)  # a path is read to its end
        words = said[y].plain if y < len(said) else ""
        muted = look(self, _LOOKS["muted"])
        return Segment.adjust_line_length([Segment(words, muted)], width, muted)

    def _sign(self, position: int) -> Sign:
        first, last = self.window.chosen
        if first <= position <= last or position == self.window.match:
            return "cursor"
        return "mark" if position in self.window.marks else ""

    def _foot(self) -> str:
        """The prompt, or what is searched and filtered; nothing when all lines are shown."""
        shown = self.window
        if self.asking:
            return f" {_SIGN[self.asking]}{tail(self.typed, max(1, self.size.width - 3))}{glyph('caret')}" + (
                "" if self.typed else f"  {_HINT[self.asking]}"
            )
        parts = []
        if shown.filter_text or shown.filter_note:
            parts.append(f"& {shown.filter_text}" + (f"  {shown.filter_note}" if shown.filter_note else ""))
        if shown.search_text or shown.search_note:
            parts.append(f"/ {shown.search_text}" + (f"  {shown.search_note}" if shown.search_note else ""))
        if shown.place:
            parts.append(shown.place)
        if shown.chosen[0] >= 0:
            parts.append("choosing lines: C copies, W keeps them")
        return f" {'   '.join(parts)}   esc ends" if parts else ""


def _painted(window: LogWindow) -> tuple[object, ...]:
    return window.rows or no_lines(window), window.match, window.marks, window.chosen


class LogPane(Pane):
    """Pane 2 with its rule: source, errors per minute with their course, and whether it follows."""

    def __init__(self, *, id: str | None = None) -> None:
        self.text = LogText()
        self._told: object = None
        """What the words of the rule were made of."""
        self._said = ("", "")
        super().__init__("2", "Logs", self.text, id=id)

    def show(self, window: LogWindow, source: LogSource | None = None) -> None:
        """Shows another window; paints only what differs."""
        self.text.show(window, source.names if source else ())
        told = structs.replace(window, rows=(), marks=()), source, self.size.width
        if told != self._told:
            self._told = told
            self._said = about(window, source or LogSource(), self.size.width), standing(window)
            self.set_class(window.state in ("waiting", "missing", "unreadable"), "-stale")
        self.label(note=self._said[0], right=self._said[1])
