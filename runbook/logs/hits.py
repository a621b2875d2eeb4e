"""The lines that pass a filter: found backwards from where the filter began, and forwards as new ones come."""

from __future__ import annotations

from array import array
from bisect import bisect_left

MOST = 100_000
"""Positions kept each way; older hits are let go and the screen says so."""


class Hits:
    """A row of positions with a fixed zero: index -1 is the last hit before the filter began, 0 the first after."""

    def __init__(self) -> None:
        self.older = array("q")
        self.newer = array("q")
        self.lost = False

    @property
    def first(self) -> int:
        return -len(self.older)

    @property
    def end(self) -> int:
        return len(self.newer)

    @property
    def room(self) -> int:
        """How many more older ones are kept."""
        return MOST - len(self.older)

    def __len__(self) -> int:
        return len(self.older) + len(self.newer)

    def __getitem__(self, index: int) -> int:
        return self.newer[index] if index >= 0 else self.older[-index - 1]

    def found_before(self, ascending: array[int]) -> bool:
        """Adds the hits of a chunk that lies before all others; False when there is no more room."""
        room = MOST - len(self.older)
        has_late = bool(self.older and ascending and ascending[-1] > self.older[-1])
        self.older.extend(ascending[::-1][:room])
        if has_late:
            self.older = array("q", sorted(self.older, reverse=True))
        self.lost = self.lost or len(ascending) > room
        self._place_late()
        return len(self.older) < MOST

    def arrived(self, ascending: array[int]) -> int:
        """Adds hits of new lines, and returns by how much all indices moved down to make room."""
        if ascending and self.newer and ascending[0] <= self.newer[-1]:  # late, into a file that was rotated away
            fresh = [position for position in ascending if self.index_of(position) is None]
            self.newer = array("q", sorted((*self.newer, *fresh)))
        else:
            self.newer.extend(ascending)
        late = self._place_late()
        if len(self.newer) <= 2 * MOST:
            return late
        moved = len(self.newer) - MOST
        self.older = self.newer[:moved][::-1][:MOST]
        self.newer = self.newer[moved:]
        self.lost = True
        return late + moved

    def _place_late(self) -> int:
        """Puts what came late into a file older than the last of those found before among them; how many that were."""
        late = bisect_left(self.newer, self.older[0]) if self.older and self.newer else 0
        if late:
            self.older = array("q", sorted({*self.older, *self.newer[:late]}, reverse=True)[:MOST])
            self.newer = self.newer[late:]
        return late

    def index_of(self, position: int) -> int | None:
        """Where a position stands among the hits, or None."""
        at = bisect_left(self.newer, position)
        if at < len(self.newer) and self.newer[at] == position:
            return at
        at = bisect_left(self.older, -position, key=lambda older: -older)
        return -at - 1 if at < len(self.older) and self.older[at] == position else None
