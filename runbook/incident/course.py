"""How the signals went over the incident, as a table of the report: the worst value of each stretch of time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from runbook.incident.markdown import plain
from runbook.model import Runbook, Seconds, Signal

ROWS = 30
_KINDS = ("error_rate", "latency", "health", "requests")
_STEPS: tuple[Seconds, ...] = (10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
Readings = Mapping[str, Sequence[tuple[float, float | str | None]]]
"""By signal: (Unix seconds, value or None for a hole), in the order of time."""


def course(readings: Readings, runbook: Runbook, begin: datetime, end: datetime) -> Iterator[str]:
    """A row for each stretch up to the last reading; where nothing was learned, a dash and never the value before."""
    shown = [signal for signal in runbook.signals if signal.kind in _KINDS and readings.get(signal.id)]
    # an incident that nobody closed goes on for weeks in the record, and was watched for an hour
    newest = max((readings[signal.id][-1][0] for signal in shown), default=0)
    end = min(end, datetime.fromtimestamp(newest + 1, UTC))
    span = (end - begin).total_seconds()
    if not shown or span <= 0:
        return
    step = next((step for step in _STEPS if span / step <= ROWS), _STEPS[-1])
    start = math.floor(begin.timestamp() / step) * step
    many = min(math.ceil((end.timestamp() - start) / step), 10 * ROWS)
    worst = [[*_stretches(readings[signal.id], signal, start, step, many)] for signal in shown]
    form = "%H:%M:%S" if step < 60 else "%H:%M"
    if begin.astimezone(UTC).date() != end.astimezone(UTC).date():
        form = f"%Y-%m-%d {form}"
    yield "| from, UTC | " + " | ".join(_title(signal) for signal in shown) + " |"
    yield "|---|" + "---:|" * len(shown)
    for number in range(many):
        at = datetime.fromtimestamp(start + number * step, UTC).strftime(form)
        yield f"| {at} | " + " | ".join(_said(column[number]) for column in worst) + " |"


def _stretches(
    points: Sequence[tuple[float, float | str | None]], signal: Signal, start: float, step: Seconds, many: int
) -> Iterator[float | None]:
    found: list[float | None] = [None] * many
    least = signal.kind == "requests"  # fewer of them is the worse
    for at, value in points:
        place = int((at - start) // step)
        if not 0 <= place < many or not isinstance(value, float | int):
            continue
        before = found[place]
        found[place] = value if before is None else min(before, value) if least else max(before, value)
    yield from found


def _title(signal: Signal) -> str:
    return plain(f"{signal.title or signal.id}, {signal.unit}" if signal.unit else signal.title or signal.id)


def _said(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
