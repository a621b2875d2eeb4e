"""A widget of a line or two across the whole screen."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.strip import Strip

from widgets.compositing import RowWidget
from widgets.lines import strip_of

AIR = 1
"""Empty cells at both sides."""


class Bar(RowWidget):
    """Draws its lines itself: one of them has another text each second."""

    def lines(self, width: int) -> list[Content]:
        """What it shows, for a width."""
        raise NotImplementedError

    @property
    def room(self) -> int:
        """Cells for a line."""
        return max(0, self.size.width - 2 * AIR)

    def render(self) -> RenderResult:
        """Textual asks for it where it has to know how high the widget is."""
        return Content("\n").join(self.lines(self.room))

    def render_line(self, y: int) -> Strip:
        width, style = self.size.width, self.visual_style
        lines = self.lines(self.room)
        line = lines[y] if y < len(lines) else Content("")
        return strip_of(self, Content(" " * AIR) + line, width, style)
