"""A log as a person reads it: where they stand, what is searched, filtered and counted. Work per tick is bounded."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path

from runbook.logs.clean import clean
from runbook.logs.counting import Counting
from runbook.logs.finder import Finder
from runbook.logs.follow import QUIET, Follower
from runbook.logs.hand import Hand
from runbook.logs.index import SPAN, Bytes, Chain, Line, Note, OpenFile
from runbook.logs.rows import LogRow, rows_of
from runbook.logs.scan import Counted
from runbook.logs.traces import Folded
from runbook.logs.window import LogWindow

REACH = 2000
"""Matches looked at for a full screen of rows."""


class LogView:
    """One followed log. Moves take the pane's height; `changed` is called when `window` may tell something new."""

    def __init__(
        self,
        path: str | Path,
        name: str = "",
        *,
        secrets: Sequence[str] = (),
        changed: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
        follower: Follower | None = None,
        counted: Counted | None = None,
    ) -> None:
        self.follower = follower or Follower(path)
        self.chain = self.follower.chain
        self.name = clean(name or Path(path).name)
        self.secrets = tuple(secrets)
        self.changed = changed
        self._following = True
        self.new = 0
        self.clock = monotonic
        self.written = self.follower.written
        self.counting = Counting(self, counted or Counted())
        self.follower.changed = self.counting.arrived
        self.counted, self.advance = self.counting.reached, self.counting.advance
        self._top = 0
        self._at = 0
        self.at_hand = -1
        """Position of the line that keys work on, where a search or a person put it; -1: none."""
        self.hand = Hand(self)
        self.finder = Finder(self)
        self.search, self.search_next = self.finder.search, self.finder.search_next
        self.add_filter, self.drop_filter = self.finder.add_filter, self.finder.drop_filter
        self.clear_filter = self.finder.clear_filter
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._reaching = asyncio.Lock()
        self._last = LogWindow()
        self._rows_asked: tuple[object, ...] = ()
        self._rows_told: tuple[LogRow, ...] = ()

    # ── life ──────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begins to follow, in the running loop. What is in the file already is shown but not counted."""
        self.begin()
        self.follower.start()

    def begin(self) -> None:
        """Takes the file as it is now as the beginning of the counts."""
        self.follower.check()
        self.counting.begin()

    def close(self) -> None:
        self.follower.close()
        self.counting.close()
        for task in self._tasks.values():
            task.cancel()

    async def settled(self) -> None:
        """Waits until no search or filter is at work."""
        while running := [task for task in self._tasks.values() if not task.done()]:
            await asyncio.wait(running)

    # ── where the reader stands ───────────────────────────────────────────────────────────────────

    @property
    def following(self) -> bool:
        """Whether the end is shown, wherever it is."""
        return self._following

    @following.setter
    def following(self, follows: bool) -> None:
        if self._following and not follows:
            self.counting.left = self.chain.end
        self._following = follows

    def move(self, lines: int, height: int) -> None:
        """Down by so many lines, up when negative. Going up leaves the tail, arriving at the end follows again."""
        self.hand.place = ""
        if self.finder.filter:
            at = self._filter_top(height)
            goal = max(self.finder.hits.first, at + lines)
            if goal >= self.finder.hits.end - height and lines > 0:
                self.to_end()
            elif goal != at:
                self.following, self._at = False, goal
            return
        top = self._text_top(height)
        if lines < 0:
            goal = self.reader.back(top, -lines)
            if goal != top:
                self.following, self._top = False, goal
            elif self.follower.is_started and not self.is_busy("older"):
                self.run("older", self._go_back())
        elif not self.following:
            goal = self.reader.after(top, lines)
            if goal >= self.reader.back(self.chain.end, height):
                self.to_end()
            else:
                self._top = goal

    def page(self, pages: int, height: int) -> None:
        self.move(pages * max(1, height - 1), height)

    def to_top(self) -> None:
        self.following, self._top, self._at = False, self.chain.start, self.finder.hits.first

    def to_end(self) -> None:
        """Follows the end again."""
        self.following, self.new = True, 0
        self.let_go()

    def _text_top(self, height: int) -> int:
        return self.reader.back(self.chain.end, height) if self.following else max(self._top, self.chain.start)

    @property
    def reader(self) -> Chain | Folded:
        """The log in rows."""
        return self.hand.reader

    def _filter_top(self, height: int) -> int:
        at = self.finder.hits.end - height if self.following else self._at
        return max(self.finder.hits.first, min(at, self.finder.hits.end - 1))

    def leave_filter(self) -> None:
        """The whole text is shown again, from the line on where the filtered one stood."""
        hits = self.finder.hits
        if not self.following and hits:
            self._top = hits[max(hits.first, min(self._at, hits.end - 1))]

    def filter_moved(self, lines: int) -> None:
        """All lines that pass the filter have an index less by so many."""
        self._at -= lines

    def files(self) -> list[tuple[int, OpenFile]]:
        """The files that have been behind the name, by number."""
        return [(number, part) for number, part in self.chain.parts.items() if isinstance(part, OpenFile)]

    async def reach_back(self) -> bool:
        """Takes in the file that was this log before the first one shown; False when there is none."""
        async with self._reaching:
            found = await self.follower.older()
            if found is None:
                return False
            parts: list[Bytes] = [Note(f"── {found.about} ──"), *([found.file] if found.file else [])]
            for part in parts:
                self.counted[self.chain.before] = part.size()  # nothing in it is new
                self.chain.prepend(part)
        self.finder.went_back()
        self.changed()
        return True

    async def _go_back(self) -> None:
        await self.reach_back()

    def stand_on(self, position: int, height: int) -> bool:
        """Shows the line a third down the pane; False when the filter hides it."""
        lead = height // 3
        if self.finder.filter:
            index, top = self.finder.hits.index_of(position), self._filter_top(height)
            if index is None:
                return False
            visible = top <= index < top + height
            self._at = top if visible else min(max(self.finder.hits.first, index - lead), self.finder.hits.end - height)
        elif self.hand.uncovers(position):
            self._top = self.reader.back(position, lead)
        elif position in {line.offset for line in self.visible(height)}:
            self._top = self._text_top(height)
        else:
            self._top = min(self.reader.back(position, lead), self.reader.back(self.chain.end, height))
        self.following, self.at_hand, self.finder.search_note = False, position, self.finder.total
        self.changed()
        return True

    # ── the line at hand ──────────────────────────────────────────────────────────────────────────

    @property
    def filter_text(self) -> str:
        return self.finder.filter.text if self.finder.filter else ""

    def hold(self, position: int, height: int) -> None:
        """Takes a visible line in hand; the view stays where it is."""
        if self.following:
            self._top, self._at, self.following = self._text_top(height), self._filter_top(height), False
        self.at_hand = position

    def let_go(self) -> None:
        """No line is at hand any more; the view stays where it is."""
        self.at_hand = -1
        self.hand.let_go()

    def between(self, first: int, last: int, most: int) -> list[Line]:
        """The lines from one to another as they are shown, at most so many. Raises OSError."""
        if not self.finder.filter:
            rows = self.reader.lines(first, most)
            return [line for line in rows if first <= line.offset <= last]
        indices = range(self.finder.hits.first, self.finder.hits.end)
        begin, end = (
            bisect(indices, at, key=self.finder.hits.__getitem__)
            for bisect, at in ((bisect_left, first), (bisect_right, last))
        )
        return [
            line
            for index in indices[begin : min(end, begin + most)]
            for line in self.hand.entry(self.finder.hits[index])
        ]

    def stand_near(self, position: int, height: int) -> int:
        """Shows the line, or the next one that passes the filter, and takes it in hand; -1 when there is none."""
        if self.finder.filter:
            at = bisect_left(
                range(self.finder.hits.first, self.finder.hits.end), position, key=self.finder.hits.__getitem__
            )
            if self.finder.hits.first + at >= self.finder.hits.end:
                return -1
            position = self.finder.hits[self.finder.hits.first + at]
        self.stand_on(position, height)
        return position

    def jump(self, work: Coroutine[None, None, None]) -> None:
        """Goes somewhere in the background, instead of what is searched."""
        self.stop("search")
        self.run("search", work)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────────

    def visible(self, height: int) -> list[Line]:
        """The lines that a pane of that height shows. Raises OSError."""
        if not self.finder.filter:
            reader = self.reader
            return reader.tail(height) if self.following else reader.lines(self._text_top(height), height)
        at = self._filter_top(height)
        found = self._passing(at, height)
        if self.following:  # where lines of one trace pass, they take less than a row each
            reach = height
            while len(found) < height and at > self.finder.hits.first and reach < REACH:
                reach *= 4
                at = max(self.finder.hits.first, self.finder.hits.end - reach)
                found = self._passing(at, reach)
            return found[-height:]
        return found[:height]

    def _passing(self, at: int, height: int) -> list[Line]:
        """About so many lines that pass the filter, from the one of that index on, each with its trace."""
        found: list[Line] = []
        until = -1
        for index in range(at, self.finder.hits.end):
            position = self.finder.hits[index]
            if position // SPAN not in self.chain.parts or position < until:
                continue
            if len(found) >= height and not self.following:
                break
            entry = self.hand.entry(position)
            found += entry
            if len(entry) > 1 or (entry and entry[0].under):
                until = self.chain.after(position, sum(1 + line.under for line in entry))
        return found

    def window(self, height: int) -> LogWindow:
        """The rows for a pane of that height, and everything its title says."""
        now = self.clock()
        counted, course = self.counting.sums(now)
        state, why, written = self.follower.state, self.follower.why, None
        try:
            rows, written = self._rows(self.visible(height)), self.written()
        except OSError as error:  # a network file system that went away in the middle
            rows, state, why = (), "unreadable", clean(error.strerror or str(error))
        quiet = 0.0 if written is None else self.hand.wall() - written
        window = LogWindow(
            name=self.name,
            rows=rows,
            following=self.following,
            new=self.new,
            state=state,
            why=why,
            counted=self.counting.counts.words,
            errors_per_minute=counted,
            watched=float(int(self.counting.tally.watched(now))),
            quiet=float(int(quiet)) if quiet >= QUIET else 0.0,
            spark=course,
            filter_text=clean(self.finder.filter.text) if self.finder.filter else "",
            filter_note=clean(self.finder.filter_note),
            search_text=clean(self.finder.query.text) if self.finder.query else "",
            search_note=clean(self.finder.search_note),
            match=self.at_hand,
            place=self.hand.place,
            marks=tuple(row.offset for row in rows if row.offset in self.hand.marks),
            chosen=self.hand.range(),
        )
        if window != self._last:
            self._last = window
        return self._last

    def _rows(self, lines: list[Line]) -> tuple[LogRow, ...]:
        """The lines as they are shown; those of the last question where nothing is different."""
        query, notes = self.finder.query, self.chain.notes()
        today = f"{datetime.fromtimestamp(self.hand.wall(), UTC):%Y-%m-%d}"
        asked = (lines, self.secrets, query, notes, self.hand.shown, today)
        if asked != self._rows_asked:
            self._rows_told = rows_of(lines, self.secrets, query, notes, self.hand.written, today)
            self._rows_asked = asked
        return self._rows_told

    # ── work beside the loop ──────────────────────────────────────────────────────────────────────

    def run(self, name: str, work: Coroutine[None, None, None]) -> None:
        """Work in the background under a name, by which it is stopped."""
        task = self._tasks[name] = asyncio.get_running_loop().create_task(self._saying_failures(work))
        task.add_done_callback(lambda _: work.close())  # where it was stopped before it began
        self.changed()

    async def _saying_failures(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except OSError as error:
            self.finder.search_note = self.finder.filter_note = f"The log cannot be read: {error.strerror or error}"
            self.changed()

    def is_busy(self, name: str) -> bool:
        """Whether the work of that name is still at it."""
        task = self._tasks.get(name)
        return task is not None and not task.done()

    def stop(self, name: str) -> None:
        """Ends the work of that name, if it is still at it."""
        if task := self._tasks.pop(name, None):
            task.cancel()
