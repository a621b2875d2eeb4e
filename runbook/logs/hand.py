"""What a person does with the line at hand: opens it, marks it, chooses lines, jumps to a time."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runbook.logs.index import Chain, Line
from runbook.logs.moments import BadMoment, Place, last_moment, seek, typed_moment
from runbook.logs.rows import always, rows_of
from runbook.logs.traces import Folded

if TYPE_CHECKING:
    from runbook.logs.view import LogView

MOST = 10_000
"""Lines that are copied or kept at once."""


class Hand:
    """How the lines of one log are opened, marked and chosen. `wall`: seconds since 1970."""

    def __init__(self, view: LogView, wall: Callable[[], float] = time.time) -> None:
        self.view = view
        self.wall = wall
        self.as_written = False
        self.traces_open = False
        self.marks: list[int] = []
        self.place = ""
        """What is said of the last jump."""
        self._opened: set[int] = set()
        self._folded = Folded(view.chain)
        self._anchor = -1

    # ── how lines are shown ───────────────────────────────────────────────────────────────────────

    @property
    def reader(self) -> Chain | Folded:
        """The log in rows: its lines, or with traces folded."""
        return self.view.chain if self.traces_open else self._folded

    def written(self, position: int) -> bool:
        """Whether the line is shown as it is written."""
        return (position in self._opened) != self.as_written

    @property
    def shown(self) -> object:
        """What `written` tells of all lines, to see whether it is another."""
        return self.as_written, frozenset(self._opened)

    def entry(self, position: int) -> list[Line]:
        """One line with its trace."""
        return self.view.chain.lines(position, 1) if self.traces_open else self._folded.entry(position)

    def uncovers(self, position: int) -> bool:
        """Opens the trace that a line lies in; False where it lies in none that is folded."""
        if self.traces_open or (head := self._folded.head(position)) == position or head in self._folded.opened:
            return False
        self._folded.opened.add(head)
        return True

    def open(self, height: int) -> None:
        """Opens or folds the trace of the line at hand; without one, shows it as it is written, or short again."""
        position = self.take(height)
        if position < 0:
            return
        head = self._folded.head(position)
        if not self.traces_open and (head in self._folded.opened or self._folded.lines(head, 1)[0].under):
            self._folded.opened ^= {head}
            self.view.hold(head, height)
        else:
            self._opened ^= {position}

    def open_traces(self, height: int) -> None:
        """Opens all traces, or folds them, and stays where the reader is."""
        visible = self.view.visible(height)
        following = self.view.following
        self.traces_open = not self.traces_open
        self._folded.opened.clear()
        if visible and not following:
            at = self.view.at_hand if self.view.at_hand in {line.offset for line in visible} else visible[0].offset
            self.view.stand_near(at if self.traces_open else self._folded.head(at), height)

    # ── moving it ─────────────────────────────────────────────────────────────────────────────────

    def take(self, height: int) -> int:
        """The line at hand, where it is visible; else the last one at the tail, the first one elsewhere. -1: none."""
        visible = [line.offset for line in self.view.visible(height)]
        if visible and self.view.at_hand not in visible:
            self.view.hold(visible[-1 if self.view.following else 0], height)
        return self.view.at_hand if visible else -1

    def step(self, way: int, height: int) -> None:
        """The line below or above to hand, scrolling at the edges; without a line at hand, the view by one line."""
        self.place = ""
        visible = [line.offset for line in self.view.visible(height)]
        if self.view.at_hand not in visible:
            self.view.move(way, height)
            return
        at = visible.index(self.view.at_hand) + way
        if 0 <= at < len(visible):
            self.view.hold(visible[at], height)
            return
        self.view.move(way, height)
        if not self.view.following:
            self.view.hold(self.view.visible(height)[-1 if way > 0 else 0].offset, height)

    def let_go(self) -> None:
        """No line is at hand or chosen any more."""
        self._anchor, self.place = -1, ""

    # ── marks ─────────────────────────────────────────────────────────────────────────────────────

    def mark(self, height: int) -> None:
        """Marks the line at hand, or takes its mark away."""
        position = self.take(height)
        if position in self.marks:
            self.marks.remove(position)
        elif position >= 0:
            insort(self.marks, position)
        self.place = f"{len(self.marks)} marked" if self.marks else ""

    def to_mark(self, way: int, height: int) -> None:
        """To the next mark below (1) or above (-1), round about; marks of files that were let go are forgotten."""
        self.marks = [position for position in self.marks if position >= self.view.chain.start]
        if not self.marks:
            self.place = "nothing is marked: b marks the line at hand"
            return
        visible = self.view.visible(height)
        here = self.view.at_hand if self.view.at_hand >= 0 or not visible else visible[0].offset
        at = bisect_right(self.marks, here) if way > 0 else bisect_left(self.marks, here) - 1
        goal = self.marks[at % len(self.marks)]
        if self.view.stand_near(goal, height) == goal:
            self.place = f"mark {at % len(self.marks) + 1} of {len(self.marks)}"
        else:
            self.place = "the filter hides that mark"

    # ── lines to take along ───────────────────────────────────────────────────────────────────────

    def choose(self, height: int) -> None:
        """Begins to choose lines at the one at hand, or ends it."""
        self._anchor = -1 if self._anchor >= 0 else self.take(height)

    def range(self) -> tuple[int, int]:
        """The first and last line chosen; (-1, -1) when none are."""
        if self._anchor < 0 or self.view.at_hand < 0:
            return (-1, -1)
        return min(self._anchor, self.view.at_hand), max(self._anchor, self.view.at_hand)

    def taken(self, height: int) -> tuple[str, ...]:
        """The lines chosen, or the one at hand, or all that are visible; with their traces, as written and masked.

        Raises OSError.
        """
        first, last = self.range()
        if first >= 0:
            rows = self.view.between(first, last, MOST)
            more = bool(rows) and rows[-1].offset < last
        else:
            visible = self.view.visible(height)
            rows, more = [line for line in visible if line.offset == self.view.at_hand] or visible, False
        lines = self._whole(rows)
        texts = self._texts(lines[:MOST])
        return (*texts, "… more lines were chosen than are taken at once") if more or len(lines) > MOST else texts

    def seen(self, height: int) -> tuple[str, ...]:
        """What a pane of that height shows; with traces, as written and masked. Raises OSError."""
        return self._texts(self._whole(self.view.visible(height))[:MOST])

    def _whole(self, rows: list[Line]) -> list[Line]:
        lines: list[Line] = []
        for row in rows:
            lines += self.view.chain.lines(row.offset, row.under + 1) if row.under else [row]
        return lines

    def _texts(self, lines: list[Line]) -> tuple[str, ...]:
        shown = rows_of(lines, self.view.secrets, notes=self.view.chain.notes(), as_written=always)
        return tuple(row.text for row in shown)

    # ── times ─────────────────────────────────────────────────────────────────────────────────────

    def jump(self, typed: str, height: int) -> None:
        """To what a person typed as a time."""
        self.view.jump(self._to_typed(typed, height))

    def go_to(self, moment: float, height: int) -> None:
        """To a moment, in seconds since 1970."""
        self.view.jump(self._to(moment, height))

    async def _to_typed(self, typed: str, height: int) -> None:
        try:
            last = await asyncio.to_thread(last_moment, dict(self.view.chain.parts))
            moment = typed_moment(typed, self.wall(), last)
        except BadMoment as bad:
            self.place = f"@ {bad}"
            self.view.changed()
        else:
            await self._to(moment, height)

    async def _to(self, moment: float, height: int) -> None:
        found = await asyncio.to_thread(seek, dict(self.view.chain.parts), moment)
        if found is None:
            self.place = "@ no line says when it was written"
        elif self.view.stand_near(found.position, height) < 0:
            self.place = f"@ no line after {_said(moment)} passes the filter"
        else:
            self.place = _place(moment, found)
        self.view.changed()


def _place(moment: float, found: Place) -> str:
    if found.at < moment:
        return f"@ {_said(moment)} is after the last line, of {_said(found.at)}"
    if moment < found.first:
        return f"@ {_said(moment)} is before the first line, of {_said(found.first)}"
    late = found.at - moment
    return f"@ {_said(moment)}" + (f", next line {_said(found.at)}" if late >= 1 else "")


def _said(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%SZ}"
