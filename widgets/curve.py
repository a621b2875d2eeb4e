"""A chart's curve, as rows of characters: plotext draws it, block by block, and what was drawn is remembered."""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from runbook.model import Record, Seconds

BLOCK = 8
"""Cells that plotext draws together. Cells stand at fixed times: while time goes on, a block stays as it is."""
SEVERAL = 3
"""So many blocks that are not known are drawn at once."""
KEPT = 256
"""So many blocks are remembered."""
Dot = tuple[int, int]


@cache
def _plotext() -> Any:
    import plotext  # noqa: PLC0415 - 75 ms of import, and only who sees a chart needs it

    plotext.limit_size(False, False)  # else it is clipped to the terminal that the process was started in
    plotext.theme("clear")
    plotext.frame(False)
    plotext.xaxes(False, False)
    plotext.yaxes(False, False)
    plotext.xfrequency(0)
    plotext.yfrequency(0)
    return plotext


class Curve(Record, frozen=True):
    """How points become dots: seconds a cell, the value at the top, the size in cells, and what is drawn with."""

    per_cell: Seconds
    top: float
    across: int
    down: int
    marker: str

    @property
    def grid(self) -> tuple[int, int]:
        """Dots in a cell, across and down."""
        return (2, 4) if self.marker == "braille" else (1, 1)

    def drawn(self, lines: list[list[Dot]], first: int) -> list[str]:
        """The rows of the cells from `first` on, which are counted from the beginning of time."""
        blocks = range(first // BLOCK * BLOCK, first + self.across, BLOCK)
        self._fill_in(lines, blocks)
        columns = [self._block(lines, cell) for cell in blocks]
        hidden = first - blocks.start
        return ["".join(parts)[hidden : hidden + self.across] for parts in zip(*columns, strict=True)]

    def dots(self, stretch: list[tuple[float, float]]) -> list[Dot]:
        """The lowest and the highest point of each cell: peaks stay, and plotext has less to draw."""
        wide, high = self.grid
        cells: dict[int, list[tuple[float, float]]] = {}
        for point in stretch:
            cells.setdefault(math.floor(point[0] / self.per_cell), []).append(point)
        tallest = self.down * high - 1
        return [
            (math.floor(at / self.per_cell * wide), round(max(0.0, min(1.0, value / self.top)) * tallest))
            for inside in cells.values()
            for at, value in sorted({min(inside, key=itemgetter(1)), max(inside, key=itemgetter(1))})
        ]

    def _fill_in(self, lines: list[list[Dot]], blocks: range) -> None:
        """Draws all blocks at once where several are not known: most of what plotext costs, it costs once a drawing."""
        asked = [(cell, self._asked(lines, cell, 1)) for cell in blocks]
        if sum(one.lines != () and one not in _DRAWN for _, one in asked) < SEVERAL:
            return
        whole = self._asked(lines, blocks.start, len(blocks))
        rows = _canvas(whole)
        for cell, one in asked:
            end = whole.hidden + cell - blocks.start + BLOCK
            begin = end - BLOCK - one.hidden
            if begin >= 0:
                _keep(one, tuple(row[begin:end] for row in rows))

    def _block(self, lines: list[list[Dot]], cell: int) -> tuple[str, ...]:
        """The rows of the block that begins at a cell."""
        asked = self._asked(lines, cell, 1)
        rows = _DRAWN.get(asked)
        if rows is None:
            rows = _keep(asked, _canvas(asked))
        return tuple(row[asked.hidden :] for row in rows)

    def _asked(self, lines: list[list[Dot]], cell: int, blocks: int) -> _Canvas:
        """What stands in the blocks from a cell on."""
        wide, _ = self.grid
        begin, end = cell * wide, (cell + blocks * BLOCK) * wide
        parts = []
        for line in lines:
            left, right = bisect_left(line, (begin, 0)), bisect_left(line, (end, 0))
            # with the neighbours, from and to which a line is drawn
            if left < right or 0 < left < len(line):
                parts.append(line[max(0, left - 1) : right + 1])
        start = min((cell, *(part[0][0] // wide for part in parts)))
        moved = tuple(tuple((x - start * wide, y) for x, y in part) for part in parts)
        return _Canvas(moved, cell - start, cell - start + blocks * BLOCK, self.down, self.marker, self.grid)


class _Canvas(NamedTuple):
    """Lines between dots, and the size in cells that they are drawn on; the first `hidden` are not shown."""

    lines: tuple[tuple[Dot, ...], ...]
    hidden: int
    across: int
    down: int
    marker: str
    grid: tuple[int, int]


_DRAWN: dict[_Canvas, tuple[str, ...]] = {}


def _keep(asked: _Canvas, rows: tuple[str, ...]) -> tuple[str, ...]:
    while len(_DRAWN) >= KEPT:
        del _DRAWN[next(iter(_DRAWN))]
    _DRAWN[asked] = rows
    return rows


def _canvas(asked: _Canvas) -> tuple[str, ...]:
    """The lines as plotext draws them; what lies beyond the size is cut off."""
    lines, _, across, down, marker, grid = asked
    blank = " " * across
    if not lines:
        return (blank,) * down
    plt = _plotext()
    plt.clear_data()
    plt.plot_size(across, down)
    plt.xlim(0, across * grid[0] - 1)
    plt.ylim(0, down * grid[1] - 1)
    for line in lines:
        plt.plot([x for x, _ in line], [y for _, y in line], marker=marker)
    rows = plt.uncolorize(plt.build()).split("\n")
    return tuple(row[:across].ljust(across) for row in (rows + [blank] * down)[:down])
