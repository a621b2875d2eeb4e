"""Numbers over time: samples in the order of their source times, with the failed readings kept as holes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from runbook.model import Record, Seconds


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
        self._samples: list[Sample] = []
        self._times: list[float] = []
        self._points: list[tuple[float, float | None]] = []
        """What a chart draws of each: made once, for all of them are drawn every second."""

    def append(self, sample: Sample) -> bool:
        """Takes a sample in; False when the same one is there already: of that, the later sight is kept."""
        start = bisect_left(self._times, sample.at)
        end = bisect_right(self._times, sample.at)
        for place in range(start, end):
            if self._samples[place].value == sample.value:
                if sample.seen > self._samples[place].seen:
                    self._samples[place] = sample
                return False
        self._samples.insert(end, sample)
        self._times.insert(end, sample.at)
        self._points.insert(end, (sample.at, sample.value if isinstance(sample.value, float | int) else None))
        if len(self._samples) > self.capacity:
            del self._samples[0], self._times[0], self._points[0]
        self.version += 1
        return True

    def __len__(self) -> int:
        return len(self._samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._samples)

    @property
    def holes(self) -> int:
        """How many of the samples held here are holes."""
        return sum(sample.value is None for sample in self._samples)

    def since(self, at: float) -> tuple[Sample, ...]:
        """The samples from `at` on, oldest first."""
        return tuple(self._samples[bisect_left(self._times, at) :])

    def points_since(self, at: float) -> tuple[tuple[float, float | None], ...]:
        """The times and values from `at` on, oldest first; None where there is no number."""
        return tuple(self._points[bisect_left(self._times, at) :])

    def newest_first(self, since: float, until: float) -> Iterator[Sample]:
        """The samples of `[since, until]`, newest first, without copying them."""
        first = bisect_left(self._times, since)
        for index in range(bisect_right(self._times, until) - 1, first - 1, -1):
            yield self._samples[index]

    def after(self, at: float) -> int:
        """How many samples lie after `at`: more than 0 for now means that a clock is wrong."""
        return len(self._times) - bisect_right(self._times, at)

    def latest(self) -> Sample | None:
        """The newest sample, which may be a hole."""
        return self._samples[-1] if self._samples else None

    def latest_value(self) -> Sample | None:
        """The newest sample that is not a hole."""
        return next((sample for sample in reversed(self._samples) if sample.value is not None), None)

    def points(self, window: Seconds, now: float) -> tuple[tuple[Seconds, float | None], ...]:
        """For a chart: (age in seconds, value) of the last `window` seconds, oldest first.

        Holes and texts are None, so that a line breaks there; samples from the future are left out.
        """
        first, end = bisect_left(self._times, now - window), bisect_right(self._times, now)
        return tuple(
            (now - sample.at, None if isinstance(sample.value, str) else sample.value)
            for sample in self._samples[first:end]
        )
