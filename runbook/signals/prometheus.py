"""A number from a Prometheus server, by its HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/).

Values come as text, an expression may give many series or none, and a number may be NaN: only one finite number of
one series is a value. A series whose target is gone ends at once, because the server marks it stale; that targets
are missing altogether shows by `targets`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from runbook.logs.clean import clean
from runbook.model import Seconds, Signal
from runbook.signal_sources import Prometheus
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.http_json import Hole, number, share
from runbook.signals.series import Sample

NO_DATA = "no data for the query"
HISTORY: Seconds = 1800
"""So much of the past is read when an incident is opened."""
FINEST_STEP: Seconds = 5
ENOUGH_TARGETS = 0.9
_PART = "warroom_part"
_SAFE = "<>"
"""Left as they are in an address: what stands between them is a value to be put in."""


class Targets:
    """How many targets were up at most since the incident was opened."""

    def __init__(self) -> None:
        self.most = 0.0


def address(source: Prometheus) -> str:
    """Where the value of now is asked; `<param>`s are still open."""
    return f"{source.url.rstrip('/')}/api/v1/query?query={quote(_asked(source), safe=_SAFE)}"


def history_address(source: Prometheus, now: float, every: Seconds) -> str:
    """Where the last half hour is asked, and how many targets were up in it."""
    step = max(every, FINEST_STEP)
    span = f"start={now - HISTORY:.3f}&end={now:.3f}&step={step:g}"
    return f"{source.url.rstrip('/')}/api/v1/query_range?query={quote(_asked(source), safe=_SAFE)}&{span}"


def value_of(signal: Signal, source: Prometheus, reply: Reply, targets: Targets) -> float:
    """The one number of the answer. Raises Hole where there is no data, Unreadable for what is no such answer."""
    kind, result = _result(reply)
    if kind == "scalar":
        return _finite(signal, source, result)
    if kind != "vector" or not isinstance(result, list):
        raise Unreadable(f"the query gives a {clean(str(kind), 20)}, not a number")
    up = next((one for one in result if _label(one) == "up"), None)
    if up is not None:
        _enough(number(_text(up.get("value")), "up"), targets)
    series = [one for one in result if _label(one) != "up"]
    if not series:
        raise Hole(NO_DATA)
    if len(series) > 1:
        raise Unreadable(f"the query gives {len(series)} series: make it one, with sum() or max()")
    return _finite(signal, source, series[0].get("value"))


def history_of(signal: Signal, source: Prometheus, reply: Reply, wall: float, mono: float) -> tuple[Sample, ...]:
    """The samples of the past, oldest first; a step of the range that has no number is a hole. Raises Unreadable.

    With `targets`, what was measured while some of them were missing is a hole as well, as it is now.
    """
    kind, result = _result(reply)
    if kind != "matrix" or not isinstance(result, list):
        raise Unreadable("the query has no single series in the past")
    up = next((dict(_pairs(one)) for one in result if _label(one) == "up"), {})
    series = [one for one in result if _label(one) != "up"]
    if len(series) != 1:
        raise Unreadable("the query has no single series in the past")
    found, targets = list[Sample](), Targets()
    step = max(signal.every, FINEST_STEP)
    for at, pair in _pairs(series[0]):
        if not wall - HISTORY - step <= at <= wall + step:
            continue  # it was not asked about
        while found and at - found[-1].at > 1.5 * step:
            found.append(_past(found[-1].at + step, None, NO_DATA, wall, mono))
        try:
            if source.targets:
                _enough(number(_text(up.get(at)), "up"), targets)
            found.append(_past(at, _finite(signal, source, pair), "", wall, mono))
        except Unreadable as wrong:
            found.append(_past(at, None, str(wrong), wall, mono))
    return tuple(found)


def _pairs(series: dict[str, Any]) -> Iterator[tuple[float, object]]:
    """What a series of the past said, by Unix seconds; a pair without a time is passed over."""
    for pair in series.get("values", ()):
        try:
            yield float(pair[0]), pair
        except (TypeError, ValueError, LookupError):
            continue


def _past(at: float, value: float | None, why: str, wall: float, mono: float) -> Sample:
    return Sample(at, value, why, mono - (wall - at))


def _asked(source: Prometheus) -> str:
    """The expression; with `targets`, the number of those that are up comes in the same answer."""
    if not source.targets:
        return source.query
    up = f"count({source.targets} == 1) or vector(0)"
    return (
        f'label_replace(({source.query}), "{_PART}", "value", "", "") or label_replace(({up}), "{_PART}", "up", "", "")'
    )


def _enough(up: float, targets: Targets) -> None:
    targets.most = max(targets.most, up)
    if not up:
        raise Unreadable("no target is up")
    if up < ENOUGH_TARGETS * targets.most:
        raise Unreadable(f"partial: {up:.0f} of {targets.most:.0f} targets are up")


def _result(reply: Reply) -> tuple[Any, Any]:
    try:
        said = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise Unreadable(f"{reply.status}, not an answer of Prometheus") from None
    if not isinstance(said, dict) or said.get("status") != "success":
        why = clean(str(said.get("error", "")), 120) if isinstance(said, dict) else ""
        raise Unreadable(f"{reply.status}: {why}" if why else f"{reply.status}, not an answer of Prometheus")
    partial = [text for text in said.get("warnings") or () if not str(text).startswith("PromQL")]
    if partial:  # as Thanos and its like say that a store did not answer: the number lacks what is in there
        raise Unreadable(f"partial: {clean(str(partial[0]), 120)}")
    data = said.get("data")
    return (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)


def _finite(signal: Signal, source: Prometheus, pair: object) -> float:
    said = _text(pair)
    try:
        value = number(float(said), "the result", signal.unit, source.scale)
    except ValueError:
        raise Unreadable(f"the result is {clean(said, 30)}") from None
    return share(signal, value, "the result")


def _text(pair: object) -> str:
    if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], str):
        return pair[1]
    raise Unreadable("not an answer of Prometheus")


def _label(one: object) -> str:
    labels = one.get("metric") if isinstance(one, dict) else None
    if not isinstance(labels, dict):
        raise Unreadable("not an answer of Prometheus")
    return str(labels.get(_PART, ""))
