"""What is looked for in a log that is read: a search through all of it, and a filter that goes on with new lines."""

from __future__ import annotations

from array import array
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from runbook.logs.hits import Hits
from runbook.logs.index import SPAN, Bytes
from runbook.logs.scan import COLOUR, BadQuery, Filter, Query, parse
from runbook.logs.searching import Part, look
from runbook.logs.sieve import Sought, downwards

if TYPE_CHECKING:
    from runbook.logs.view import LogView

CHUNK = 256 * 1024
"""Bytes looked through in one go; a millisecond or two, between which keys are answered."""
TELL = 0.1
LOOKED_AT = 100
"""Last lines by which it is told whether a log is coloured."""
AMONG = 100_000
"""Matches looked at for one that a filter shows too."""


class Finder:
    """The search and the filter of one view. Their work beside the loop is the view's, which can stop it."""

    def __init__(self, view: LogView) -> None:
        self.view = view
        self.filter: Filter | None = None
        self.filter_note = ""
        self.hits = Hits()
        """Positions of the lines that pass the filter."""
        self.query: Query | None = None
        """What is searched."""
        self.search_note = ""
        self.total = ""
        """How many lines have what is searched, once that is known."""
        self._sifted: dict[int, int] = {}
        self._from = 0
        """Where that begins which the filter has looked at."""
        self._backwards = False

    # ── filter ────────────────────────────────────────────────────────────────────────────────────

    def add_filter(self, typed: str) -> None:
        """Shows only lines that have this too: text, `~expression`, `level:warn` (or worse), each without by `!`."""
        try:
            query = parse(typed, may_negate=True, coloured=self._is_coloured())
        except BadQuery as error:
            self.filter_note = str(error)
            self.view.changed()
            return
        before = self.filter.queries if self.filter else ()
        self._let_through((*(known for known in before if known != query), query))

    def drop_filter(self) -> None:
        """Takes the last filter away."""
        self.filter_note = ""
        self._let_through(self.filter.queries[:-1] if self.filter else ())

    def clear_filter(self) -> None:
        """Shows all lines again."""
        self._let_through(())

    def _let_through(self, queries: tuple[Query, ...]) -> None:
        self.view.stop("filter")
        if not queries:
            self._clear_filter()
            self.view.changed()
            return
        self.filter, self.hits, self.filter_note = Filter(queries), Hits(), "looking back"
        self._sifted = {}
        self.view.to_end()
        self.view.run("filter", self._filter_backwards(self.filter.sought, self.hits, self._counted()))

    def _clear_filter(self) -> None:
        if self.filter:
            self.view.leave_filter()
        self.filter, self.filter_note, self.hits = None, "", Hits()

    def _counted(self) -> list[Part]:
        """Each file up to where it is counted: what comes from there on is sifted as it comes."""
        return [Part(number * SPAN, part, 0, self.view.counted.get(number, 0)) for number, part in self.view.files()]

    async def _filter_backwards(self, sought: Sought, hits: Hits, counted: list[Part]) -> None:
        parts, more = counted, True
        while (parts or more) and not hits.lost:
            self._from = parts[0].base if parts else (self.view.chain.before + 1) * SPAN
            await self._filter_files(sought, hits, parts)
            more = not hits.lost and await self.view.reach_back()
            parts = self._before()  # also what a search went back to meanwhile

    def _before(self) -> list[Part]:
        """What lies before all that the filter has looked at."""
        return [part for part in self._counted() if part.base < self._from]

    def went_back(self) -> None:
        """An older file was taken in: the filter goes on in it, where it is not at it itself."""
        if self.filter and not self.hits.lost and not self.view.is_busy("filter") and (parts := self._before()):
            self.view.run("filter", self._filter_backwards(self.filter.sought, self.hits, parts))

    async def _filter_files(self, sought: Sought, hits: Hits, parts: list[Part]) -> None:
        total, told = sum(part.end for part in parts) or 1, self.view.clock()
        async with aclosing(look(sought, parts, up=True, limit=hits.room)) as frames:
            async for found in frames:
                if not hits.found_before(found.positions) or found.total > len(found.positions):
                    hits.lost = hits.lost or found.total > len(found.positions) or found.done < total
                    break
                if self.view.clock() - told > TELL or found.positions:
                    told = self.view.clock()
                    self.filter_note = f"looking back, {min(99, 100 * found.done // total)} %"
                    self.view.changed()
        self.filter_note = f"the last {len(hits):,} lines with it" if hits.lost else ""
        self.view.changed()

    # ── search ────────────────────────────────────────────────────────────────────────────────────

    def search(self, typed: str, *, backwards: bool, height: int) -> None:
        """Goes to the next line with the text, from what is visible; nothing ends the search."""
        self.view.stop("search")
        self.view.stop("count")
        self.total = ""
        if not typed:
            self.query, self.search_note = None, ""
            self.view.let_go()
            self.view.changed()
            return
        try:
            self.query = parse(typed, coloured=self._is_coloured())
        except BadQuery as error:
            self.search_note = str(error)
            self.view.changed()
            return
        self._backwards, self.view.at_hand = backwards, -1
        self.search_next(height)

    def search_next(self, height: int, *, reverse: bool = False) -> None:
        """The next match in the direction of the search, or against it."""
        if not self.query:
            self.search_note = "nothing is searched yet: / does"
            self.view.changed()
            return
        self.view.stop("search")
        up = self._backwards != reverse
        rows = self.view.visible(height)
        if self.view.at_hand >= 0:
            start = self.view.at_hand if up else self.view.chain.after(self.view.at_hand, 1)
        elif up:
            start = self.view.reader.after(rows[-1].offset, 1) if rows else self.view.chain.end
        else:
            start = rows[0].offset if rows else self.view.chain.start
        self.search_note = "searching"
        self.view.run("search", self._look_for(self.query, start, up, height))

    async def _look_for(self, query: Query, start: int, up: bool, height: int) -> None:
        first, at = divmod(start, SPAN)
        parts = []
        for number, file in self.view.files():
            size = file.size()
            low = 0 if up or number > first else at if number == first else size
            high = size if not up or number < first else min(at, size) if number == first else 0
            if low < high:
                parts.append(Part(number * SPAN, file, low, high))
        total, told = sum(part.end - part.start for part in parts) or 1, self.view.clock()
        async with aclosing(look(self._sought(query), parts, up=up, limit=AMONG if self.filter else 1)) as frames:
            async for found in frames:
                for position in reversed(found.positions) if up else found.positions:
                    if self.view.stand_on(position, height):
                        if not self.total:
                            self.view.run("count", self._count(query))
                        return
                if self.view.clock() - told > TELL:
                    told = self.view.clock()
                    self.search_note = f"searching, {min(99, 100 * found.done // total)} %"
                    self.view.changed()
        if up and (begin := self.view.chain.start) and await self.view.reach_back():
            self.search_note = "searching the file before"
            await self._look_for(query, begin, up, height)
            return
        key = "N" if up == self._backwards else "n"
        self.search_note = f"no match {'above' if up else 'below'}, {key} looks {'below' if up else 'above'}"
        self.view.changed()

    async def _count(self, query: Query) -> None:
        """How many lines of all that are shown have it now."""
        parts = [Part(number * SPAN, file, 0, file.size()) for number, file in self.view.files()]
        total, count, told = sum(part.end for part in parts) or 1, 0, self.view.clock()
        async with aclosing(look(self._sought(query), parts, up=False, limit=0)) as frames:
            async for found in frames:
                count += found.total
                if self.view.clock() - told > TELL:
                    told = self.view.clock()
                    self.total = f"{count:,}+ lines, {min(99, 100 * found.done // total)} %"
                    self.search_note = self.search_note and self.total
                    self.view.changed()
        self.total = f"{count:,} line{'s' * (count != 1)}"
        self.search_note = self.total
        self.view.changed()

    def _is_coloured(self) -> bool:
        """Whether its lines have the colours of the program that writes them: they stand between the words seen."""
        with suppress(OSError):
            return any(COLOUR in line.head for line in self.view.chain.tail(LOOKED_AT))
        return False

    def _sought(self, query: Query) -> Sought:
        """What is searched, among the lines that are shown."""
        sought = query.sought
        return sought._replace(also=self.filter.sought.all) if self.filter else sought

    # ── new lines ─────────────────────────────────────────────────────────────────────────────────

    def sift(self, number: int, part: Bytes, start: int, data: bytes) -> int:
        """Takes in the lines of new bytes that pass the filter; how many."""
        assert self.filter
        sought, begin, end = self.filter.sought, self._sifted.get(number, start), start + len(data)
        if begin == start:
            hits = sought.lines(data, None, number * SPAN + start)
        else:  # a line longer than a chunk is over now
            hits = _hits(part, sought, number, begin, end, last=False)
        self._sifted[number] = end
        self.view.filter_moved(self.hits.arrived(hits))
        return len(hits)

    def sift_end(self, number: int, part: Bytes) -> None:
        """The last line of a file that was rotated away: it may never get its end."""
        assert self.filter
        begin = self._sifted.get(number, self.view.counted[number])
        hits = _hits(part, self.filter.sought, number, begin, part.size(), last=True)
        self.hits.arrived(array("q", [position for position in hits if self.hits.index_of(position) is None]))


def _hits(part: Bytes, sought: Sought, number: int, begin: int, end: int, *, last: bool) -> array[int]:
    found = array("q")
    for _, offsets in downwards(part.read, sought, begin, end, block=CHUNK, last=last):
        found.extend([number * SPAN + offset for offset in offsets])
    return found
