"""A log as a person reads it: where they stand, what is searched, filtered and counted. Work per tick is bounded."""

from __future__ import annotations

import asyncio
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from pathlib import Path

from runbook.logs.clean import clean
from runbook.logs.follow import Follower
from runbook.logs.hand import Hand
from runbook.logs.hits import Hits
from runbook.logs.index import SPAN, Bytes, Chain, Line, Note, OpenFile, chunks_down, whole_lines
from runbook.logs.rows import always, rows_of
from runbook.logs.scan import BadQuery, Counted, Filter, Query, parse
from runbook.logs.searching import Part, look
from runbook.logs.sieve import Sought, downwards
from runbook.logs.tally import Tally
from runbook.logs.traces import Folded
from runbook.logs.window import LogWindow

CHUNK = 256 * 1024
"""Bytes looked through in one go; a millisecond or two, between which keys are answered."""
AT_ONCE = 2
"""Chunks of new lines counted before the loop has its turn again."""
PAUSE = 0.005
"""Seconds until the next ones: beside keys and charts, counting takes what is left."""
TELL = 0.1
REACH = 2000
"""Matches looked at for a full screen of rows."""
AMONG = 100_000
"""Matches looked at for one that a filter shows too."""


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
        self.follower.changed = self._arrived
        self.chain = self.follower.chain
        self.name = clean(name or Path(path).name)
        self.secrets = tuple(secrets)
        self.changed = changed
        self.following = True
        self.new = 0
        self._clock = monotonic
        self._told = 0.0
        self._tally = Tally(monotonic())
        self._counts = counted or Counted()
        self._counted: dict[int, int] = {}
        self._top = 0
        self._filter: Filter | None = None
        self._filter_note = ""
        self._hits = Hits()
        self._sifted: dict[int, int] = {}
        self._at = 0
        self._search: Query | None = None
        self._search_note = ""
        self._total = ""
        self._backwards = False
        self._match = -1
        self.hand = Hand(self)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._reaching = asyncio.Lock()
        self._later: asyncio.TimerHandle | None = None
        self._last = LogWindow()

    # ── life ──────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begins to follow, in the running loop. What is in the file already is shown but not counted."""
        self.begin()
        self.follower.start()

    def begin(self) -> None:
        """Takes the file as it is now as the beginning of the counts."""
        self.follower.check()
        for number, part in self.chain.parts.items():
            self._counted[number] = whole_lines(part)

    def close(self) -> None:
        self.follower.close()
        for task in self._tasks.values():
            task.cancel()
        if self._later:
            self._later.cancel()

    async def settled(self) -> None:
        """Waits until no search or filter is at work."""
        while running := [task for task in self._tasks.values() if not task.done()]:
            await asyncio.wait(running)

    # ── new lines ─────────────────────────────────────────────────────────────────────────────────

    def _arrived(self) -> None:
        if not self._later:
            self._turn()
        self.changed()

    def _count_on(self) -> None:
        """The next turn of counting. It changes no line on the screen, so the pane is not painted for each."""
        self._later = None
        self._turn()
        if not self._later or self._clock() - self._told > TELL:
            self._told = self._clock()
            self.changed()

    def _turn(self) -> None:
        if self.advance():
            self._later = asyncio.get_running_loop().call_later(PAUSE, self._count_on)

    def advance(self) -> bool:
        """Counts (and filters) what has come since; True when there is more than fits into one turn."""
        turns = AT_ONCE
        now = self._clock()
        newest = next(reversed(self.chain.parts), 0)
        for number, part in self.chain.parts.items():
            if isinstance(part, Note):
                continue
            for start, data in chunks_down(part, self._counted.setdefault(number, 0), CHUNK):
                if not turns:
                    return True
                turns -= 1
                self._counted[number] = start + len(data)
                self._tally.add(self._counts.count(data), now)
                came = data.count(b"\n")
                if self._filter:
                    came = self._sift(number, part, start, data) if came else 0
                self.new = 0 if self.following else self.new + came
            if self._filter and number != newest and self._counted[number] < part.size():
                self._sift_end(number, part)
        return False

    def _sift(self, number: int, part: Bytes, start: int, data: bytes) -> int:
        """Takes in the lines of new bytes that pass the filter; how many."""
        assert self._filter
        sought, begin, end = self._filter.sought, self._sifted.get(number, start), start + len(data)
        if begin == start:
            hits = sought.lines(data, None, number * SPAN + start)
        else:  # a line longer than a chunk is over now
            hits = _hits(part, sought, number, begin, end, last=False)
        self._sifted[number] = end
        self._at -= self._hits.arrived(hits)
        return len(hits)

    def _sift_end(self, number: int, part: Bytes) -> None:
        """The last line of a file that was rotated away: it may never get its end."""
        assert self._filter
        begin = self._sifted.get(number, self._counted[number])
        hits = _hits(part, self._filter.sought, number, begin, part.size(), last=True)
        self._hits.arrived(array("q", [position for position in hits if self._hits.index_of(position) is None]))

    # ── where the reader stands ───────────────────────────────────────────────────────────────────

    def move(self, lines: int, height: int) -> None:
        """Down by so many lines, up when negative. Going up leaves the tail, arriving at the end follows again."""
        self.hand.place = ""
        if self._filter:
            at = self._filter_top(height)
            goal = max(self._hits.first, at + lines)
            if goal >= self._hits.end - height and lines > 0:
                self.to_end()
            elif goal != at:
                self.following, self._at = False, goal
            return
        top = self._text_top(height)
        if lines < 0:
            goal = self._reader.back(top, -lines)
            if goal != top:
                self.following, self._top = False, goal
            elif self.follower.is_started and ("older" not in self._tasks or self._tasks["older"].done()):
                self._run("older", self._go_back())
        elif not self.following:
            goal = self._reader.after(top, lines)
            if goal >= self._reader.back(self.chain.end, height):
                self.to_end()
            else:
                self._top = goal

    def page(self, pages: int, height: int) -> None:
        self.move(pages * max(1, height - 1), height)

    def to_top(self) -> None:
        self.following, self._top, self._at = False, self.chain.start, self._hits.first

    def to_end(self) -> None:
        """Follows the end again."""
        self.following, self.new = True, 0
        self.let_go()

    def _text_top(self, height: int) -> int:
        return self._reader.back(self.chain.end, height) if self.following else max(self._top, self.chain.start)

    @property
    def _reader(self) -> Chain | Folded:
        return self.hand.reader

    def _filter_top(self, height: int) -> int:
        at = self._hits.end - height if self.following else self._at
        return max(self._hits.first, min(at, self._hits.end - 1))

    # ── filter ────────────────────────────────────────────────────────────────────────────────────

    def add_filter(self, typed: str) -> None:
        """Shows only lines that have this too: text, `~expression`, `level:warn` (or worse), each without by `!`."""
        try:
            query = parse(typed, may_negate=True)
        except BadQuery as error:
            self._filter_note = str(error)
            self.changed()
            return
        before = self._filter.queries if self._filter else ()
        self._let_through((*(known for known in before if known != query), query))

    def drop_filter(self) -> None:
        """Takes the last filter away."""
        self._filter_note = ""
        self._let_through(self._filter.queries[:-1] if self._filter else ())

    def clear_filter(self) -> None:
        """Shows all lines again."""
        self._let_through(())

    def _let_through(self, queries: tuple[Query, ...]) -> None:
        self._stop("filter")
        if not queries:
            self._clear_filter()
            self.changed()
            return
        self._filter, self._hits, self._filter_note = Filter(queries), Hits(), ""
        self._sifted = {}
        self.to_end()
        self._run("filter", self._filter_backwards(self._filter.sought, self._hits))

    def _clear_filter(self) -> None:
        """Back to the whole text, standing on the line where the filtered one stood."""
        if self._filter and not self.following and self._hits:
            self._top = self._hits[max(self._hits.first, min(self._at, self._hits.end - 1))]
        self._filter, self._filter_note, self._hits = None, "", Hits()

    async def _filter_backwards(self, sought: Sought, hits: Hits) -> None:
        begin = self.chain.before + 1
        await self._filter_files(sought, hits, self._files())
        while not hits.lost and await self._reach_back():
            begin, before = self.chain.before + 1, begin
            await self._filter_files(sought, hits, [file for file in self._files() if file[0] < before])

    async def _filter_files(self, sought: Sought, hits: Hits, files: list[tuple[int, OpenFile]]) -> None:
        parts = [Part(number * SPAN, part, 0, self._counted.get(number, 0)) for number, part in files]
        total, told = sum(part.end for part in parts) or 1, self._clock()
        async with aclosing(look(sought, parts, up=True, limit=hits.room)) as frames:
            async for found in frames:
                if not hits.found_before(found.positions) or found.total > len(found.positions):
                    hits.lost = hits.lost or found.total > len(found.positions) or found.done < total
                    break
                if self._clock() - told > TELL or found.positions:
                    told = self._clock()
                    self._filter_note = f"looking back, {min(99, 100 * found.done // total)} %"
                    self.changed()
        self._filter_note = f"the last {len(hits):,} lines with it" if hits.lost else ""
        self.changed()

    def _files(self) -> list[tuple[int, OpenFile]]:
        return [(number, part) for number, part in self.chain.parts.items() if isinstance(part, OpenFile)]

    # ── search ────────────────────────────────────────────────────────────────────────────────────

    def search(self, typed: str, *, backwards: bool, height: int) -> None:
        """Goes to the next line with the text, from what is visible; nothing ends the search."""
        self._stop("search")
        self._stop("count")
        self._total = ""
        if not typed:
            self._search, self._search_note = None, ""
            self.let_go()
            self.changed()
            return
        try:
            self._search = parse(typed)
        except BadQuery as error:
            self._search_note = str(error)
            self.changed()
            return
        self._backwards, self._match = backwards, -1
        self.search_next(height)

    def search_next(self, height: int, *, reverse: bool = False) -> None:
        """The next match in the direction of the search, or against it."""
        if not self._search:
            return
        self._stop("search")
        up = self._backwards != reverse
        rows = self._lines(height)
        if self._match >= 0:
            start = self._match if up else self.chain.after(self._match, 1)
        elif up:
            start = self._reader.after(rows[-1].offset, 1) if rows else self.chain.end
        else:
            start = rows[0].offset if rows else self.chain.start
        self._search_note = "searching"
        self._run("search", self._look_for(self._search, start, up, height))

    async def _look_for(self, query: Query, start: int, up: bool, height: int) -> None:
        first, at = divmod(start, SPAN)
        parts = []
        for number, file in self._files():
            size = file.size()
            low = 0 if up or number > first else at if number == first else size
            high = size if not up or number < first else min(at, size) if number == first else 0
            if low < high:
                parts.append(Part(number * SPAN, file, low, high))
        total, told = sum(part.end - part.start for part in parts) or 1, self._clock()
        async with aclosing(look(query.sought, parts, up=up, limit=AMONG if self._filter else 1)) as frames:
            async for found in frames:
                for position in reversed(found.positions) if up else found.positions:
                    if self._stand_on(position, height):
                        if not self._total:
                            self._run("count", self._count(query))
                        return
                if self._clock() - told > TELL:
                    told = self._clock()
                    self._search_note = f"searching, {min(99, 100 * found.done // total)} %"
                    self.changed()
        if up and (begin := self.chain.start) and await self._reach_back():
            self._search_note = "searching the file before"
            await self._look_for(query, begin, up, height)
            return
        self._search_note = "no match above" if up else "no match below"
        self.changed()

    async def _reach_back(self) -> bool:
        """Takes in the file that was this log before the first one shown; False when there is none."""
        async with self._reaching:
            found = await self.follower.older()
            if found is None:
                return False
            parts: list[Bytes] = [Note(f"── {found.about} ──"), *([found.file] if found.file else [])]
            for part in parts:
                self._counted[self.chain.before] = part.size()  # nothing in it is new
                self.chain.prepend(part)
        self.changed()
        return True

    async def _go_back(self) -> None:
        await self._reach_back()

    async def _count(self, query: Query) -> None:
        """How many lines of all there are now have it."""
        parts = [Part(number * SPAN, file, 0, file.size()) for number, file in self._files()]
        total, count, told = sum(part.end for part in parts) or 1, 0, self._clock()
        async with aclosing(look(query.sought, parts, up=False, limit=0)) as frames:
            async for found in frames:
                count += found.total
                if self._clock() - told > TELL:
                    told = self._clock()
                    self._total = f"{count:,}+ lines, {min(99, 100 * found.done // total)} %"
                    self._search_note = self._search_note and self._total
                    self.changed()
        self._total = f"{count:,} line{'s' * (count != 1)}"
        self._search_note = self._total
        self.changed()

    def _stand_on(self, position: int, height: int) -> bool:
        """Shows the line a third down the pane; False when the filter hides it."""
        lead = height // 3
        if self._filter:
            index, top = self._hits.index_of(position), self._filter_top(height)
            if index is None:
                return False
            visible = top <= index < top + height
            self._at = top if visible else min(max(self._hits.first, index - lead), self._hits.end - height)
        elif self.hand.uncovers(position):
            self._top = self._reader.back(position, lead)
        elif position in {line.offset for line in self._lines(height)}:
            self._top = self._text_top(height)
        else:
            self._top = min(self._reader.back(position, lead), self._reader.back(self.chain.end, height))
        self.following, self._match, self._search_note = False, position, self._total
        self.changed()
        return True

    # ── the line at hand ──────────────────────────────────────────────────────────────────────────

    @property
    def at_hand(self) -> int:
        """Position of the line that keys work on, where a search or a person put it; -1: none."""
        return self._match

    @property
    def filter_text(self) -> str:
        return self._filter.text if self._filter else ""

    def visible(self, height: int) -> list[Line]:
        """The lines that a pane of that height shows. Raises OSError."""
        return self._lines(height)

    def hold(self, position: int, height: int) -> None:
        """Takes a visible line in hand; the view stays where it is."""
        if self.following:
            self._top, self._at, self.following = self._text_top(height), self._filter_top(height), False
        self._match = position

    def let_go(self) -> None:
        """No line is at hand any more; the view stays where it is."""
        self._match = -1
        self.hand.let_go()

    def between(self, first: int, last: int, most: int) -> list[Line]:
        """The lines from one to another as they are shown, at most so many. Raises OSError."""
        if not self._filter:
            rows = self._reader.lines(first, most)
            return [line for line in rows if first <= line.offset <= last]
        indices = range(self._hits.first, self._hits.end)
        begin, end = (
            bisect(indices, at, key=self._hits.__getitem__)
            for bisect, at in ((bisect_left, first), (bisect_right, last))
        )
        return [
            line for index in indices[begin : min(end, begin + most)] for line in self.hand.entry(self._hits[index])
        ]

    def stand_near(self, position: int, height: int) -> int:
        """Shows the line, or the next one that passes the filter, and takes it in hand; -1 when there is none."""
        if self._filter:
            at = bisect_left(range(self._hits.first, self._hits.end), position, key=self._hits.__getitem__)
            if self._hits.first + at >= self._hits.end:
                return -1
            position = self._hits[self._hits.first + at]
        self._stand_on(position, height)
        return position

    def jump(self, work: Coroutine[None, None, None]) -> None:
        """Goes somewhere in the background, instead of what is searched."""
        self._stop("search")
        self._run("search", work)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────────

    def _lines(self, height: int) -> list[Line]:
        if not self._filter:
            return self._reader.lines(self._text_top(height), height)
        at = self._filter_top(height)
        found = self._passing(at, height)
        if self.following:  # where lines of one trace pass, they take less than a row each
            reach = height
            while len(found) < height and at > self._hits.first and reach < REACH:
                reach *= 4
                at = max(self._hits.first, self._hits.end - reach)
                found = self._passing(at, reach)
            return found[-height:]
        return found[:height]

    def _passing(self, at: int, height: int) -> list[Line]:
        """About so many lines that pass the filter, from the one of that index on, each with its trace."""
        found: list[Line] = []
        until = -1
        for index in range(at, self._hits.end):
            position = self._hits[index]
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
        now = self._clock()
        state, why = self.follower.state, self.follower.why
        try:
            rows = rows_of(self._lines(height), self.secrets, self._search, self.chain.notes(), self.hand.written)
        except OSError as error:  # a network file system that went away in the middle
            rows, state, why = (), "unreadable", clean(error.strerror or str(error))
        window = LogWindow(
            name=self.name,
            rows=rows,
            following=self.following,
            new=self.new,
            state=state,
            why=why,
            counted=self._counts.words,
            errors_per_minute=self._tally.in_last_minute(now),
            watched=float(int(self._tally.watched(now))),
            spark=self._tally.series(now),
            filter_text=clean(self._filter.text) if self._filter else "",
            filter_note=clean(self._filter_note),
            search_text=clean(self._search.text) if self._search else "",
            search_note=clean(self._search_note),
            match=self._match,
            place=self.hand.place,
            marks=tuple(row.offset for row in rows if row.offset in self.hand.marks),
            chosen=self.hand.range(),
        )
        if window != self._last:
            self._last = window
        return self._last

    def last_lines(self, count: int) -> tuple[str, ...]:
        """The end of the log as text, cleaned and masked, for a snapshot. Raises OSError."""
        lines = self.chain.lines(self.chain.back(self.chain.end, count), count)
        return tuple(row.text for row in rows_of(lines, self.secrets, as_written=always))

    # ── work beside the loop ──────────────────────────────────────────────────────────────────────

    def _run(self, name: str, work: Coroutine[None, None, None]) -> None:
        task = self._tasks[name] = asyncio.get_running_loop().create_task(self._saying_failures(work))
        task.add_done_callback(lambda _: work.close())  # where it was stopped before it began
        self.changed()

    async def _saying_failures(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except OSError as error:
            self._search_note = self._filter_note = f"The log cannot be read: {error.strerror or error}"
            self.changed()

    def _stop(self, name: str) -> None:
        if task := self._tasks.pop(name, None):
            task.cancel()


def _hits(part: Bytes, sought: Sought, number: int, begin: int, end: int, *, last: bool) -> array[int]:
    found = array("q")
    for _, offsets in downwards(part.read, sought, begin, end, block=CHUNK, last=last):
        found.extend([number * SPAN + offset for offset in offsets])
    return found
