"""A scrolling list of one-line rows with a cursor: the bones of the checklist and of every list dialog."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from runbook.model import Record
from widgets.lines import cut, strip_of
from widgets.words import glyph

Draw = Callable[[int], Content]
"""A row's line for a width in cells, the cursor's column already taken off."""


class Row(Record, frozen=True):
    """One line; `key` names it across changes of the list, `draw` makes it for a width."""

    key: str
    draw: Draw
    selectable: bool = True


class Rows(ScrollView, can_focus=True):
    """The list. It keeps its selection by key when the rows change, and never scrolls with animation."""

    DEFAULT_CSS = """
    Rows { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; text-wrap: nowrap; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False, id="rows.up"),
        Binding("down,j", "move(1)", "down", show=False, id="rows.down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="rows.page_up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="rows.page_down"),
        Binding("home,g", "edge(-1)", "first", show=False, id="rows.first"),
        Binding("end,G", "edge(1)", "last", show=False, id="rows.last"),
        Binding("enter", "open", "open", show=False, id="rows.open"),
    ]

    cursor = reactive(-1, repaint=False)

    class Selected(Message):
        """The cursor stands on another row."""

        def __init__(self, rows: Rows, key: str) -> None:
            super().__init__()
            self.rows, self.key = rows, key

        @property
        def control(self) -> Rows:
            return self.rows

    class Opened(Message):
        """Enter, or a click on the row that is selected already."""

        def __init__(self, rows: Rows, key: str) -> None:
            super().__init__()
            self.rows, self.key = rows, key

        @property
        def control(self) -> Rows:
            return self.rows

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: tuple[Row, ...] = ()
        self._drawn: dict[int, tuple[tuple[object, ...], Strip]] = {}
        """Each row without the cursor as it was drawn last, and of what: all are asked for when the focus moves."""

    @property
    def key(self) -> str:
        """The selected row's key; empty where nothing can be selected."""
        return self.rows[self.cursor].key if 0 <= self.cursor < len(self.rows) else ""

    def set_rows(self, rows: Sequence[Row], select: str = "") -> None:
        """Shows other rows; `select` names the one to stand on, else the old one is kept by key."""
        wanted, place = select or self.key, max(0, self.cursor)
        self.rows = tuple(rows)
        self.virtual_size = Size(0, len(self.rows))
        index = next((n for n, row in enumerate(self.rows) if row.key == wanted and row.selectable), None)
        if index is None:
            index = self._nearest(min(place, len(self.rows) - 1))
        before = self.cursor
        self.set_reactive(Rows.cursor, index)
        self.refresh()
        if index != before or select:
            self._reveal()
        if self.key != wanted or select:
            self.post_message(self.Selected(self, self.key))

    def select(self, key: str) -> None:
        """Moves the cursor to a row, if it is there."""
        index = next((n for n, row in enumerate(self.rows) if row.key == key and row.selectable), None)
        if index is not None:
            self.cursor = index

    def _nearest(self, index: int) -> int:
        ways = sorted(range(len(self.rows)), key=lambda n: (abs(n - index), n < index))
        return next((n for n in ways if self.rows[n].selectable), -1)

    def watch_has_focus(self, _has_focus: bool) -> None:
        """The bar shows the focus by itself: Textual would work out the styles of the whole list again."""

    def watch_cursor(self, before: int, after: int) -> None:
        if before == after:
            return
        for index in (before, after):
            self.refresh(Region(0, index - self.scroll_offset.y, self.size.width, 1))
        self._reveal()
        self.post_message(self.Selected(self, self.key))

    def on_resize(self) -> None:
        self._reveal()

    def _reveal(self) -> None:
        if not 0 <= self.cursor < len(self.rows) or not self.size.height:
            return
        top, height = self.scroll_offset.y, self.size.height
        # The heading above the first selectable row comes into view with it.
        first = 0 if self._step(self.cursor, -1) == self.cursor else self.cursor
        wanted = min(top, first)
        if self.cursor >= wanted + height:
            wanted = self.cursor - height + 1
        if wanted != top:
            # Forced, since a list that has just grown gets its scrollbar only with the next layout.
            self.scroll_to(y=wanted, animate=False, immediate=True, force=True)

    def _step(self, index: int, way: int) -> int:
        at = index + way
        while 0 <= at < len(self.rows):
            if self.rows[at].selectable:
                return at
            at += way
        return index

    def action_move(self, way: int) -> None:
        after = self._step(self.cursor, way)
        if after == self.cursor:
            # Nothing to select further on, but there may be more to read.
            self.scroll_relative(y=way, animate=False, immediate=True)
        self.cursor = after

    def action_page(self, way: int) -> None:
        if self.rows:
            aim = self.cursor + way * max(1, self.size.height - 1)
            self.cursor = self._nearest(min(max(aim, 0), len(self.rows) - 1))

    def action_edge(self, way: int) -> None:
        self.cursor = self._nearest(0 if way < 0 else len(self.rows) - 1)
        if way > 0:
            self.scroll_end(animate=False, immediate=True)

    def action_open(self) -> None:
        if self.key:
            self.post_message(self.Opened(self, self.key))

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if not 0 <= index < len(self.rows) or not self.rows[index].selectable:
            return
        if index == self.cursor:
            self.action_open()
        self.cursor = index

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + self.scroll_offset.y
        if not 0 <= index < len(self.rows) or width <= 1:
            return Strip.blank(width, self.visual_style.rich_style)
        row, style = self.rows[index], self.visual_style
        if index == self.cursor:
            here = self.has_focus
            style += Style.parse("on $foreground 12%" if here else "on $foreground 6%")
            bar = Content.styled(glyph("cursor"), "$accent" if here else "$foreground-muted")
            return self._strip(bar, row, width, style)
        of = (row, width, style, self.app.theme)
        known = self._drawn.get(index)
        if known is None or known[0] != of:
            known = self._drawn[index] = of, self._strip(Content(" "), row, width, style)
        return known[1]

    def _strip(self, bar: Content, row: Row, width: int, style: Style) -> Strip:
        return strip_of(self, bar + cut(row.draw(width - 1), width - 1), width, style)
