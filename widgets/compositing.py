"""What a paint costs: only what is seen of it is rendered.

Textual renders every widget in whole whose container the painted rows touch, also where others lie over all of it, and
then leaves out what is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip


class DirtyCompositor(Compositor):
    """A compositor that asks only the widgets under what changed, for those rows only, and none that is covered."""

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
        dirty = self._painted or (crop or self.size.region,)
        free = [(1 << self.size.width) - 1] * self.size.height  # a bit for each cell that nothing lies over yet
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
                rows = Region(seen.x, top, seen.width, bottom - top)
                yield region, rows, widget.render_lines(rows.translate(-region.offset))
