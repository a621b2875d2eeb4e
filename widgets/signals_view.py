"""What the signals pane is given: plain frozen rows, ready to be shown."""

from __future__ import annotations

from runbook.model import Record, Seconds
from runbook.signals.standing import State
from widgets.chart import Mark, Threshold

TREND_OVER: Seconds = 60
WINDOWS: tuple[Seconds, ...] = (300, 900, 3600)
"""How much time the charts can show."""
USUAL_WINDOW: Seconds = 900


class HealthCheck(Record, frozen=True):
    """One part of a health answer; `ok` is None where it does not say."""

    name: str
    ok: bool | None


class SignalRow(Record, frozen=True):
    """One signal: its value as text (`24.8 %`), what it should be, how that stands, and its course."""

    id: str
    title: str
    value: str = ""
    criterion: str = ""
    state: State | None = None
    """None where nothing is asked of it."""
    why: str = ""
    """Why the state is unknown."""
    trend: float | None = None
    """Change over the last minute, in the signal's unit."""
    points: tuple[tuple[float, float | None], ...] = ()
    """(seconds since the epoch, value or None for a hole); empty for what is not drawn."""
    thresholds: tuple[Threshold, ...] = ()
    checks: tuple[HealthCheck, ...] = ()
    no_data_for: Seconds = 0
    """Above 0: the last value is so old that it must not be taken for now."""
    chart: bool = True
    """Whether it is worth a chart when there is room."""
    unit: str = ""
    """The unit of `points`, for a value that is read in the chart."""


class SourceDown(Record, frozen=True):
    """A source that does not answer any more."""

    source: str
    why: str
    since: Seconds = 0
    """Seconds ago; 0 when not known."""


class SignalsView(Record, frozen=True):
    """The whole pane at one moment."""

    rows: tuple[SignalRow, ...] = ()
    marks: tuple[Mark, ...] = ()
    down: tuple[SourceDown, ...] = ()
    waiting: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The signals that nobody set up, by title, each with what to set; they take no part."""
    window: Seconds = 900
    now: float = 0
    note: str = ""
    """A word for the rule: `drill: 10x pace`."""


def trend_of(points: tuple[tuple[float, float | None], ...], now: float, over: Seconds = TREND_OVER) -> float | None:
    """How much the value changed in the last minute; None where the last value or the one before is not known."""
    if not points or points[-1][1] is None:
        return None
    before = [value for at, value in points if at <= now - over]
    return points[-1][1] - before[-1] if before and before[-1] is not None else None
