"""What one changed line costs: only what lies under it is rendered.

Textual renders every widget in whole whose container the painted rows touch, and then leaves out the other rows.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip


class DirtyCompositor(Compositor):
    """A compositor whose partial paints ask only the widgets under what changed, and for those rows only."""

    def __init__(self) -> None:
        super().__init__()
        self._painted: tuple[Region, ...] = ()
        """What is being painted in part."""

    def render_partial_update(self) -> ChopsUpdate | None:
        self._painted = tuple(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._painted = ()

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if not self._painted:
            yield from super()._get_renders(crop)
            return
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            under = [painted for painted in self._painted if painted.overlaps(seen)] if seen else []
            if under:
                top = max(seen.y, min(painted.y for painted in under))
                bottom = min(seen.bottom, max(painted.bottom for painted in under))
                rows = Region(seen.x, top, seen.width, bottom - top)
                yield region, rows, widget.render_lines(rows.translate(-region.offset))
