"""The drill's pace: the same runbook with every window shortened, and nothing else changed."""

from __future__ import annotations

import math

from msgspec.structs import replace

from runbook.model import Criterion, Method, Outcome, Record, Runbook, Seconds, Signal, Step, Trigger
from runbook.signal_sources import Cdn, Exposition, HttpJson, LogRate, Smoke
from runbook.signals.criteria import describe
from runbook.signals.judge import STALE_FLOOR

DRILL_PACE: float = 15
"""Five minutes become twenty seconds."""
_QUICKEST: Seconds = 1
_QUICKEST_OF_SEVERAL: Seconds = 3
"""For what asks several addresses each time."""
_SHORTEST_WINDOW: Seconds = 5
_FEWEST_REQUESTS = 20


class Pace(Record, frozen=True):
    """By how much time is shortened; 1 is a real incident."""

    factor: float = 1

    @property
    def stale_floor(self) -> Seconds:
        """The age below which a reading is still current."""
        return STALE_FLOOR if self.factor == 1 else max(5.0, STALE_FLOOR / self.factor)


def shorten(runbook: Runbook, factor: float) -> Runbook:
    """The runbook with holds, settle time, relapse watch, polling and counting windows divided by `factor`.

    Raises ValueError for a factor below 1. Words that people wrote stay; a criterion's own text tells its new hold.
    """
    if not (math.isfinite(factor) and factor >= 1):
        raise ValueError(f"The pace must be 1 or more, not {factor}.")
    if factor == 1:
        return runbook
    units = {signal.id: signal.unit for signal in runbook.signals}

    def criterion(given: Criterion) -> Criterion:
        quicker = replace(given, hold=given.hold / factor)
        return replace(quicker, text=describe(quicker, units.get(given.signal, ""))) if given.hold else given

    def judged(given: Trigger | Outcome) -> Criterion | None:
        return criterion(given.criterion) if given.criterion else None

    def steps(given: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(replace(step, wait_for=tuple(map(criterion, step.wait_for))) for step in given)

    def method(given: Method) -> Method:
        return replace(given, steps=steps(given.steps))

    return replace(
        runbook,
        signals=tuple(_signal(signal, factor) for signal in runbook.signals),
        triggers=tuple(replace(trigger, criterion=judged(trigger)) for trigger in runbook.triggers),
        outcomes=tuple(replace(outcome, criterion=judged(outcome)) for outcome in runbook.outcomes),
        methods=tuple(map(method, runbook.methods)),
        verification=steps(runbook.verification),
        monitoring=steps(runbook.monitoring),
        settle=runbook.settle / factor,
        relapse_watch=runbook.relapse_watch / factor,
    )


def _signal(signal: Signal, factor: float) -> Signal:
    source = signal.source
    if isinstance(source, HttpJson | Exposition):
        source = replace(
            source,
            window=_divided(source.window, factor, _SHORTEST_WINDOW),
            min_requests=math.ceil(_divided(source.min_requests, factor, _FEWEST_REQUESTS)),
        )
    elif isinstance(source, LogRate):
        source = replace(
            source,
            window=_divided(source.window, factor, _SHORTEST_WINDOW),
            silence=_divided(source.silence, factor, _SHORTEST_WINDOW),
        )
    elif isinstance(source, Cdn):
        source = replace(source, window=_divided(source.window, factor, _SHORTEST_WINDOW))
    quickest = _QUICKEST_OF_SEVERAL if isinstance(source, Smoke) else _QUICKEST
    return replace(signal, source=source, every=_divided(signal.every, factor, quickest))


def _divided(value: float, factor: float, least: float) -> float:
    """Divided, not below `least`, and never longer than it was."""
    return min(value, max(value / factor, least))
