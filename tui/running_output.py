"""The output of the command that runs, as far as pane 4 shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.timer import Timer

if TYPE_CHECKING:
    from runbook.incident.state import Run
    from tui.desk import Desk

EVERY = 0.1
LINES = 12


class RunningOutput:
    """Looks while a command runs, reads only what is new: a room at rest is not woken ten times a second."""

    def __init__(
        self, desk: Desk, timer: Callable[[float, Callable[[], None]], Timer], draw: Callable[[], None]
    ) -> None:
        """`timer` calls again and again after so many seconds; `draw` paints pane 4."""
        self._desk = desk
        self._draw = draw
        self._read = -1
        self._timer = timer(EVERY, self._look)
        self._timer.pause()

    def wake(self) -> None:
        """Look again where a command runs by now."""
        if self._running() is not None:
            self._timer.resume()

    def _running(self) -> Run | None:
        return next((run for run in self._desk.conductor.state.blocking if run.state == "running"), None)

    def _look(self) -> None:
        run, conductor = self._running(), self._desk.conductor
        if run is None:
            self._read = -1
            self._timer.pause()
            return
        size = conductor.carrier.output_size(run.id)
        if size != self._read:
            self._read = size
            self._desk.silent_since = conductor.clock()
            self._desk.tail = conductor.carrier.tail(run.id, LINES)
            self._draw()
