"""Lines whose look is worked out once a paint.

Textual looks up some thirty styles for each line that it draws, borders and effects among them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual._segment_tools import line_pad
from textual._styles_cache import StylesCache
from textual.color import Color
from textual.css.styles import StylesBase
from textual.geometry import Size, Spacing
from textual.strip import Strip


class PlainLines(StylesCache):
    """Draws the lines of a widget that has neither frame nor effects, which is nearly every one, as they are."""

    def render(self, styles: StylesBase, *args: Any, **kwargs: Any) -> list[Strip]:
        padding = styles.padding
        self._plain = (
            kwargs["opacity"] == 1.0
            and styles.text_opacity == 1.0
            and not (padding.top or padding.bottom or styles.tint.a)
            and not any(edge for edge, _ in (*styles.border, *styles.outline))
            and not styles.has_rule("hatch")
        )
        return super().render(styles, *args, **kwargs)

    def render_line(
        self,
        styles: StylesBase,
        y: int,
        size: Size,
        content_size: Size,
        padding: Spacing,
        base_background: Color,
        background: Color,
        render_content_line: Callable[[int], Strip],
        *others: Any,
    ) -> Strip:
        if not self._plain or y >= content_size.height:
            return super().render_line(
                styles, y, size, content_size, padding, base_background, background, render_content_line, *others
            )
        style = self.get_inner_outer(base_background, background)[0].rich_style
        line = render_content_line(y).adjust_cell_length(content_size.width, style)
        if padding.left or padding.right:
            return Strip(line_pad(line, padding.left, padding.right, style), size.width)
        return line
