"""What comes into a followed log, counted and filtered in turns that no key waits for."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from runbook.logs.finder import CHUNK
from runbook.logs.flood import Flood
from runbook.logs.index import SPAN, Note, OpenFile, chunks_down, whole_lines
from runbook.logs.scan import Counted
from runbook.logs.tally import Tally

if TYPE_CHECKING:
    from runbook.logs.view import LogView

AT_ONCE = 2
"""Chunks of new lines counted before the loop has its turn again."""
PAUSE = 0.005
"""Seconds until the next ones: beside keys and charts, counting takes what is left."""
TELL = 0.1
SUM = 0.25
"""Seconds after which the counts in the title are told anew while lines pour in."""


class Counting:
    """The counts of one view, which it tells when there is something to say."""

    def __init__(self, view: LogView, counted: Counted) -> None:
        self.view = view
        self.counts = counted
        self.reached: dict[int, int] = {}
        """How far each file was counted and filtered."""
        self.left = 0
        """Where the log ended when the reader left its end: what is new begins there."""
        self.retells = False
        """Whether a command, started anew, says again what it said before."""
        self.tally = Tally(view.clock())
        self._flood = Flood(counted)
        self._beside: asyncio.Task[None] | None = None
        self._told = 0.0
        self._later: asyncio.TimerHandle | None = None
        self._is_behind = self._untold = False
        self._summed_at = 0.0
        self._sum: tuple[int, tuple[int, ...]] = (0, ())

    def begin(self) -> None:
        """Takes the files as they are now as the beginning."""
        if self._beside:
            self._beside.cancel()
        self.tally = Tally(self.view.clock(), retells=self.retells)
        for number, part in self.view.chain.parts.items():
            self.reached[number] = whole_lines(part)

    def close(self) -> None:
        if self._beside:
            self._beside.cancel()
        if self._later:
            self._later.cancel()

    def sums(self, now: float) -> tuple[int, tuple[int, ...]]:
        """What was counted in the last minute, and its course."""
        if not self._later or now - self._summed_at > SUM:
            self._summed_at, self._sum = now, (self.tally.in_last_minute(now), self.tally.series(now))
        return self._sum

    def arrived(self) -> None:
        """The follower has more."""
        view, now = self.view, self.view.clock()
        if view.finder.filter:  # only the count tells which of the lines are shown
            self._turn()
        if view.following or view.finder.filter or not 0 <= now - self._told < TELL:
            self._told = now
            view.changed()
        else:
            self._untold = True
        if not view.finder.filter:
            self._turn()

    def _turn(self) -> None:
        """Counts what one turn takes; the pane's title tells of it with the next lines, or a moment later."""
        if self._beside:
            return
        if self._later:
            if self._is_behind:
                return  # it goes on by itself
            self._later.cancel()
            self._later = None
        number, pending = self._pending()
        wait = self._flood.wait(pending, self.view.clock())
        if wait == 0:
            part = self.view.chain.parts[number]
            assert isinstance(part, OpenFile)
            self._beside = asyncio.get_running_loop().create_task(self._count_beside(number, part))
            return
        self._is_behind = wait is not None or self.advance()
        if self._is_behind or self._untold:
            pause = wait or (PAUSE if self._is_behind else TELL)
            self._later = asyncio.get_running_loop().call_later(pause, self._go_on)

    def _go_on(self) -> None:
        self._later = None
        if self._is_behind:
            self._turn()
        if self._beside:
            return
        if not self._later or self.view.finder.filter or self.view.clock() - self._told > TELL:
            self._told, self._untold = self.view.clock(), False
            self.view.changed()

    def _pending(self) -> tuple[int, int]:
        """The newest file, and what of it is to be counted, where that may be done beside the loop."""
        number, part = next(reversed(self.view.chain.parts.items()), (0, None))
        if not self._may_count_beside() or not isinstance(part, OpenFile):
            return number, 0
        return number, part.size() - self.reached.get(number, 0)

    def _may_count_beside(self) -> bool:
        """Whoever filters, or reads elsewhere, needs each of the lines: then the loop goes through them."""
        return self.view.following and not self.view.finder.filter

    async def _count_beside(self, number: int, part: OpenFile) -> None:
        start, found, end = self.reached.setdefault(number, 0), None, 0
        try:
            with suppress(OSError):  # a file system that went away: the loop's own look says so
                end = whole_lines(part)
                found = await self._flood.count(part, start, end)
            if found is None:
                self._flood.give_up()
            elif self._may_count_beside() and number in self.reached:
                self.reached[number] = end
                self.tally.add(found, self.view.clock())
        finally:
            self._beside, self._is_behind = None, True
        self._go_on()

    def advance(self) -> bool:
        """Counts (and filters) what has come since; True when there is more than fits into one turn."""
        view, turns = self.view, AT_ONCE
        now = view.clock()
        newest = next(reversed(view.chain.parts), 0)
        for number, part in view.chain.parts.items():
            if isinstance(part, Note):
                if self.retells and number not in self.reached:  # it ended, or started again
                    self.tally.retells(now)
                self.reached.setdefault(number, 0)
                continue
            end = part.size()  # of what comes meanwhile the follower tells again
            for start, data in chunks_down(part, self.reached.setdefault(number, 0), CHUNK):
                if start >= end:
                    break
                if not turns:
                    return True
                turns -= 1
                self.reached[number] = start + len(data)
                errors = self.counts.count(data)
                self.tally.add(errors, now)
                came = 0
                if view.finder.filter:
                    came = view.finder.sift(number, part, start, data) if b"\n" in data else 0
                elif not view.following:
                    came = data.count(b"\n", max(0, self.left - (number * SPAN + start)))
                view.new = 0 if view.following else view.new + came
                self._untold = self._untold or bool(errors or came)
            if view.finder.filter and number != newest and self.reached[number] < part.size():
                view.finder.sift_end(number, part)
        return False
