"""What a paint costs: only what is seen of it is rendered.

Textual renders every widget in whole whose container the painted rows touch, also where others lie over all of it, and
then leaves out what is not seen. A widget that is painted thirty times a second, and over which nothing lies, hands
its rows to the terminal without being cut into pieces and put together again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from rich.console import Console
from textual import events
from textual._compositor import ChopsUpdate, Compositor, CompositorMap, CompositorUpdate, ReflowResult
from textual._styles_cache import StylesCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.messages import Update
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from widgets.plain_lines import PlainLines

Result = TypeVar("Result")


class RowWidget(Widget):
    """A widget that can write its rows as the terminal takes them."""

    def terminal_rows(self, crop: Region) -> list[str] | None:
        """The rows of a part of it, with the terminal's codes; None where only `render_lines` can draw it."""
        looks = self.styles
        framed = any(looks.gutter) or looks.tint.a or looks.text_opacity != 1.0 or self.opacity != 1.0
        if framed or crop.column_span != (0, self.size.width):
            return None
        return self.written(crop)

    def written(self, crop: Region) -> list[str]:
        """The rows of a part that is as wide as the widget, which has neither frame nor effects."""
        filters, (_, background) = self.get_line_filters(), self.background_colors
        strips = [self.render_line(y) for y in crop.line_range]
        for line_filter in filters:
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        return [strip.render(self.app.console) for strip in strips]


class RowsUpdate(CompositorUpdate):
    """Rows that are written where they stand, before what else there is to paint."""

    def __init__(self, rows: Sequence[str], others: ChopsUpdate | None) -> None:
        self.rows, self.others = rows, others

    def render_segments(self, console: Console) -> str:
        return "".join(self.rows) + (self.others.render_segments(console) if self.others else "")


class DirtyCompositor(Compositor):
    """A compositor that asks only the widgets under what changed, for those rows only, and none that is covered."""

    def __init__(self) -> None:
        super().__init__()
        self._painted: tuple[Region, ...] = ()
        """What is being painted in part."""
        self._laid_out: CompositorMap = {}
        """Where everything was at the last layout, and so on the terminal."""

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Textual compares with a map that it may have made anew since, when somebody asked where a widget is: what
        went away or moved before that would stay on the terminal."""
        self._full_map = self._laid_out
        changed = super().reflow(parent, size)
        self._laid_out = self._full_map
        return changed

    def render_partial_update(self) -> ChopsUpdate | RowsUpdate | None:  # type: ignore[override]  # both are updates
        rows: list[str] = []
        for region in tuple(self._dirty_regions):
            if written := self._written(region.intersection(self.size.region)):
                rows += written
                self._dirty_regions.discard(region)
        self._painted = tuple(self._dirty_regions)
        try:
            others = super().render_partial_update()
        finally:
            self._painted = ()
        return RowsUpdate(rows, others) if rows else others

    def _written(self, region: Region) -> list[str]:
        """The rows of a region that shows one widget alone, where that can write them; else none."""
        for widget, (at, clip) in self.visible_widgets.items():  # from the front to the back
            seen = at.intersection(clip)
            if not seen.overlaps(region):
                continue
            if not isinstance(widget, RowWidget) or not seen.contains_region(region):
                break
            written = widget.terminal_rows(region.translate(-at.offset)) or ()
            return [f"\x1b[{y + 1};{region.x + 1}H{row}" for y, row in zip(region.line_range, written, strict=False)]
        return []

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        dirty = self._painted or (crop or self.size.region,)
        free = [0] * self.size.height  # a bit for each cell that is to be painted and that nothing lies over yet
        for painted in dirty:
            for y in painted.line_range:
                free[y] |= ((1 << painted.width) - 1) << painted.x
        for widget, (region, clip) in self.visible_widgets.items():  # from the front to the back
            seen = region.intersection(clip)
            under = [painted for painted in dirty if painted.overlaps(seen)] if seen else []
            if not under:
                continue
            top = max(seen.y, min(painted.y for painted in under))
            bottom = min(seen.bottom, max(painted.bottom for painted in under))
            cells = ((1 << seen.width) - 1) << seen.x
            if any(free[y] & cells for y in range(top, bottom)):
                free[top:bottom] = [row & ~cells for row in free[top:bottom]]
                if type(widget._styles_cache) is StylesCache:
                    widget._styles_cache = PlainLines()
                rows = Region(seen.x, top, seen.width, bottom - top)
                yield region, rows, widget.render_lines(rows.translate(-region.offset))


class SparingScreen(Screen[Result]):
    """A screen that is styled and laid out once when it opens, and then when something changed."""

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self._compositor = DirtyCompositor()

    def post_message(self, message: Message) -> bool:
        """That a widget wants to be painted is noted at once: as a message it would wait its turn, and cost the most
        of a small change."""
        if not isinstance(message, Update):
            return super().post_message(message)
        if self in self._compositor:
            self._dirty_widgets.add(message.widget)
            self.check_idle()
        return True

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Its widgets got their styles when they were mounted, and get them anew with a class, a focus or a theme."""
        event.refresh_styles = False

    def _screen_resized(self, size: Size) -> None:
        """Textual tells a new screen its size three times: from the terminal, from itself, from its first layout."""
        if size != self._compositor.size:
            super()._screen_resized(size)


def lay_out_anew(widget: Widget) -> None:
    """Another text may have another height. Textual counts no layout while one is asked for already, and would keep
    the height of the text before."""
    widget._layout_updates += 1
    widget.refresh(layout=True)


def paint_at_once(widget: Widget) -> None:
    """Paints what the widget has asked for now, and not some turns of the loop later."""
    screen = widget.screen
    shown = screen.is_current and widget in screen._compositor.visible_widgets
    if widget._repaint_required and shown and not screen._layout_required:
        widget._repaint_required = False
        screen._dirty_widgets.add(widget)
        screen._on_timer_update()
