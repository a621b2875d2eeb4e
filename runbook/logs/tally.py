"""Errors per minute and new lines, counted on the raw bytes as they arrive."""

from __future__ import annotations

import math
from collections import deque

BUCKET = 10.0
BUCKETS = 12
MINUTE = 60.0
FIRST = 10.0
"""Seconds after its start in which a command may begin to tell what was before it."""
SILENCE = 1.0
"""Seconds without a word after which it tells what is new."""


class Tally:
    """Counts in buckets of ten seconds by a monotonic clock; remembers two minutes."""

    def __init__(self, now: float, *, retells: bool = False) -> None:
        """`retells`: it is a command, and what such a one says first, in one go, was written before it started."""
        self.began = now
        self._errors: deque[tuple[float, int]] = deque()
        self._old_until, self._heard = -math.inf, math.inf
        if retells:
            self.retells(now)

    def retells(self, now: float) -> None:
        """The command starts (again): `kubectl logs -f` and `docker logs -f` begin with all there is."""
        self._old_until, self._heard = now + FIRST, math.inf

    def _is_old(self, now: float) -> bool:
        if now > self._old_until or now - self._heard > SILENCE:
            self._old_until = -math.inf
            return False
        self._heard = now
        if not self._errors:
            self.began = now
        return True

    def add(self, errors: int, now: float) -> None:
        if self._is_old(now):
            return
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
