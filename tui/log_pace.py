"""When pane 2 is painted while its log pours."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

KEY_FIRST = 0.02
"""Seconds after a key in which a log that moved waits: the time a key needs to its picture."""
BETWEEN = 0.5
"""Seconds after the clock's tick, so that a key waits for one picture at most."""


class LogPace:
    """Whoever reads the log sees each batch at once, after a key's picture; beside other work the clock is enough."""

    def __init__(
        self,
        paint: Callable[[], None],
        later: Callable[[float, Callable[[], None]], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`later` calls back once after so many seconds."""
        self._paint = paint
        self._later = later
        self._clock = clock
        self._pressed = float("-inf")
        self._waits = False
        self._begun = False
        """Whether pane 2 was painted once."""

    def key(self) -> None:
        """A key is given out."""
        self._pressed = self._clock()

    def moved(self, *, read: bool) -> None:
        """The log has more; `read` while somebody works in its pane."""
        if not read and self._begun:
            return  # the next tick shows it
        if self._clock() - self._pressed > KEY_FIRST:
            self._paint()
        elif not self._waits:
            self._waits = True
            self._later(KEY_FIRST, self._late)

    def _late(self) -> None:
        self._waits = False
        self._paint()

    def tick(self) -> None:
        """A second has passed; of a log to which nothing comes the title goes on telling of the last minute."""
        self._later(BETWEEN, self._paint)

    def painted(self) -> None:
        """Pane 2 shows all there is."""
        self._begun = True
