"""A widget of a line or two across the whole screen."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from widgets.lines import strip_of


class Bar(Widget):
    """Draws its lines itself: one of them has another text each second."""

    def lines(self, width: int) -> list[Content]:
        """What it shows, for a width."""
        raise NotImplementedError

    def render(self) -> RenderResult:
        """Textual asks for it where it has to know how high the widget is."""
        return Content("\n").join(self.lines(self.content_size.width))

    def render_line(self, y: int) -> Strip:
        width, style = self.content_size.width, self.visual_style
        lines = self.lines(width)
        return strip_of(self, lines[y], width, style) if y < len(lines) else Strip.blank(width, style.rich_style)
