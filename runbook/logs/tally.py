"""Errors per minute and new lines, counted on the raw bytes as they arrive."""

from __future__ import annotations

from collections import deque

BUCKET = 10.0
BUCKETS = 12
MINUTE = 60.0


class Tally:
    """Counts in buckets of ten seconds by a monotonic clock; remembers two minutes."""

    def __init__(self, now: float) -> None:
        self.began = now
        self._errors: deque[tuple[float, int]] = deque()

    def add(self, errors: int, now: float) -> None:
        if errors:
            second = float(int(now))
            if self._errors and self._errors[-1][0] == second:
                errors += self._errors.pop()[1]
            self._errors.append((second, errors))
        while self._errors and self._errors[0][0] < now - BUCKET * (BUCKETS + 1):
            self._errors.popleft()

    def in_last_minute(self, now: float) -> int:
        return sum(count for at, count in self._errors if at > now - MINUTE)

    def watched(self, now: float) -> float:
        """Seconds that the count covers: a minute, or less when the room has just opened."""
        return min(MINUTE, now - self.began)

    def series(self, now: float) -> tuple[int, ...]:
        """Errors in each full bucket, oldest first; the one that is still filling is left out: it would always dip."""
        current = int(now // BUCKET)
        first = max(current - BUCKETS, int(self.began // BUCKET))
        counts = dict.fromkeys(range(first, current), 0)
        for at, count in self._errors:
            bucket = int(at // BUCKET)
            if bucket in counts:
                counts[bucket] += count
        return tuple(counts.values())
