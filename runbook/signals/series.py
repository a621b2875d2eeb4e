"""Numbers over time: samples in the order of their source times, with the failed readings kept as holes."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import cast

from runbook.model import Record


class Sample(Record, frozen=True, gc=False):
    """One reading. `value` None is a hole: nothing was learned, and `why` tells.

    `at` is Unix seconds at the source; `seen` is the local monotonic clock, which no time server moves.
    """

    at: float
    value: float | str | None
    why: str = ""
    seen: float = 0.0


class Series:
    """The last `capacity` samples of one signal, sorted by `at` whatever order they came in.

    The same reading of the same instant is one sample. Two that disagree are both kept: which of them
    is the worse depends on the question (`judge`).
    """

    def __init__(self, capacity: int = 3600) -> None:
        self.capacity = capacity
        self.version = 0
        """Counts what was appended: a chart draws again only when it moved."""
        # in columns: as objects they would be most of what an open room grows by
        self._times, self._seen = array("d"), array("d")
        self._values: list[float | str | None] = []
        self._whys: list[str] = []
        self._has_texts = False

    def append(self, sample: Sample) -> bool:
        """Takes a sample in; False when the same one is there already: of that, the later sight is kept."""
        start = bisect_left(self._times, sample.at)
        end = bisect_right(self._times, sample.at)
        for place in range(start, end):
            if self._values[place] == sample.value:
                if sample.seen > self._seen[place]:
                    self._seen[place], self._whys[place] = sample.seen, sample.why
                return False
        self._times.insert(end, sample.at)
        self._seen.insert(end, sample.seen)
        self._values.insert(end, sample.value)
        self._whys.insert(end, sample.why)
        self._has_texts = self._has_texts or isinstance(sample.value, str)
        if len(self._times) > self.capacity:
            del self._times[0], self._seen[0], self._values[0], self._whys[0]
        self.version += 1
        return True

    def _sample(self, place: int) -> Sample:
        return Sample(self._times[place], self._values[place], self._whys[place], self._seen[place])

    def __len__(self) -> int:
        return len(self._times)

    def __iter__(self) -> Iterator[Sample]:
        return map(self._sample, range(len(self._times)))

    @property
    def holes(self) -> int:
        """How many of the samples held here are holes."""
        return self._values.count(None)

    def since(self, at: float) -> tuple[Sample, ...]:
        """The samples from `at` on, oldest first."""
        return tuple(map(self._sample, range(bisect_left(self._times, at), len(self._times))))

    def points_since(self, at: float) -> tuple[tuple[float, float | None], ...]:
        """The times and values from `at` on, oldest first; None where there is no number."""
        first = bisect_left(self._times, at)
        values = self._values[first:]
        if self._has_texts:
            values = [None if isinstance(value, str) else value for value in values]
        return tuple(zip(self._times[first:], cast("list[float | None]", values), strict=True))

    def newest_first(self, since: float, until: float) -> Iterator[Sample]:
        """The samples of `[since, until]`, newest first, without copying them."""
        first = bisect_left(self._times, since)
        for index in range(bisect_right(self._times, until) - 1, first - 1, -1):
            yield self._sample(index)

    def after(self, at: float) -> int:
        """How many samples lie after `at`: more than 0 for now means that a clock is wrong."""
        return len(self._times) - bisect_right(self._times, at)

    def latest(self) -> Sample | None:
        """The newest sample, which may be a hole."""
        return self._sample(len(self._times) - 1) if self._times else None
