"""Numbers from a metrics page in Prometheus' text form: gauges, counters, quantiles of a histogram.

The form: https://prometheus.io/docs/instrumenting/exposition_formats/. A quantile is interpolated as PromQL's
histogram_quantile() does, over the increase of the buckets within the window.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

import msgspec

from runbook.logs.clean import clean
from runbook.model import Seconds, Signal
from runbook.signal_sources import Exposition
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.http_json import Counters, Hole, number, share

Matches = Callable[[str], bool]
_SELECTOR = re.compile(r"\s*([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s*\Z", re.DOTALL)
_LABEL = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|\Z)')
_MOST_SERIES = 50_000


class Page(msgspec.Struct, frozen=True):
    """The samples of one metrics page: name, labels, value."""

    samples: tuple[tuple[str, dict[str, str], float], ...]

    def total(self, selector: str) -> float:
        """The sum of the series that a selector picks. Raises Unreadable for none, ValueError for no selector."""
        picked = [value for _, value in self.picked(selector)]
        if not picked:
            raise Unreadable(f"{clean(selector, 60)} is not there")
        return number(math.fsum(picked), clean(selector, 60))

    def picked(self, selector: str) -> Iterable[tuple[dict[str, str], float]]:
        """Labels and value of each series that a selector picks. Raises ValueError for a selector that is none."""
        name, wanted = parse_selector(selector)
        for found, labels, value in self.samples:
            if found == name and all(test(labels.get(label, "")) for label, test in wanted):
                yield labels, value


class Buckets:
    """The recent increases of a histogram's buckets, by the local monotonic clock. A fall of one begins anew."""

    def __init__(self, window: Seconds) -> None:
        self.window = window
        self._seen: deque[tuple[float, dict[float, float]]] = deque()

    def add(self, seen: float, buckets: Mapping[float, float]) -> None:
        before, last = self._seen[-1] if self._seen else (seen, {})
        began_anew = set(last) != set(buckets) or any(buckets[bound] < count for bound, count in last.items())
        if began_anew or seen - before > self.window:  # an increase over longer than that would tell of the past
            self._seen.clear()
        self._seen.append((seen, dict(buckets)))
        while len(self._seen) > 2 and self._seen[1][0] <= seen - self.window:
            self._seen.popleft()

    def quantile(self, share: float, least: float) -> float:
        """The value below which this share of the window's observations lies. Raises Hole."""
        if len(self._seen) < 2:
            raise Hole("first reading; a quantile over time needs two")
        (_, before), (_, now) = self._seen[0], self._seen[-1]
        bounds = sorted(now)
        counts = [now[bound] - before[bound] for bound in bounds]
        total = counts[-1]
        if total <= 0:
            raise Hole("no traffic")
        if total < least:
            raise Hole(f"low traffic ({total:.0f} of {least:.0f} requests)")
        rank = share * total
        place = next(index for index, count in enumerate(counts) if count >= rank)
        if math.isinf(bounds[place]):
            highest = bounds[place - 1] if place else 0.0
            raise Hole(f"above {highest:g}, the highest bucket: how far is not known")
        lower, below = (bounds[place - 1], counts[place - 1]) if place else (min(0.0, bounds[0]), 0.0)
        inside = counts[place] - below
        return bounds[place] if inside <= 0 else lower + (bounds[place] - lower) * (rank - below) / inside


Memory = Counters | Buckets


@lru_cache(maxsize=2)
def page_of(reply: Reply) -> Page:
    """The metrics page of an answer, read once for all signals that live on it. Raises Unreadable."""
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - late: 25 ms

    if reply.status >= 400:
        raise Unreadable(f"{reply.status}, no metrics")
    if reply.may_be_cut:
        raise Unreadable("the page may be cut off: it has no length, and its last line does not end")
    found: list[tuple[str, dict[str, str], float]] = []
    try:
        for family in text_string_to_metric_families(reply.body.decode("utf-8")):
            found += ((sample.name, sample.labels, sample.value) for sample in family.samples)
            if len(found) > _MOST_SERIES:
                raise Unreadable(f"more than {_MOST_SERIES} series")
    except Unreadable:
        raise
    except Exception:  # the parser raises whatever it trips over
        raise Unreadable(f"not a metrics page ({reply.content_type or 'no content type'})") from None
    if not found:
        raise Unreadable("a metrics page without one metric")
    return Page(tuple(found))


def value_of(signal: Signal, source: Exposition, page: Page, memory: Memory, seen: float) -> float:
    """What the page says about a signal. Raises Hole, Unreadable."""
    try:
        if source.histogram:
            return _quantile(source, page, memory, seen)
        if source.numerator:
            assert isinstance(memory, Counters)
            if not source.denominator:
                memory.add(seen, page.total(source.numerator))
                return memory.increase(source.per, source.scale)
            below = page.total(source.denominator)
            memory.add(seen, _above(page, source.numerator, memory), below)
            return memory.ratio(source.min_requests, source.scale)
        where = clean(source.metric, 60)
        several = sum(1 for _ in page.picked(source.metric)) if signal.kind in ("latency", "error_rate") else 1
        if several > 1:
            raise Unreadable(f"{where} picks {several} series, which have no sum as a {signal.kind.replace('_', ' ')}")
        return share(signal, number(page.total(source.metric), where, signal.unit, source.scale), where)
    except ValueError as wrong:
        raise Unreadable(str(wrong)) from None


def _above(page: Page, selector: str, memory: Counters) -> float:
    """What a ratio's upper counter stands at: 0 where it was there and is not any more, while the lower one is.

    A process that was started anew shows a series with its first event: no failed request, none that is counted.
    """
    try:
        counted = page.total(selector)
    except Unreadable:
        if not memory.was_there:
            raise
        return 0.0
    memory.was_there = True
    return counted


def _quantile(source: Exposition, page: Page, memory: Memory, seen: float) -> float:
    assert isinstance(memory, Buckets)
    name, brace, rest = source.histogram.partition("{")
    selector = f"{name.strip().removesuffix('_bucket')}_bucket{brace}{rest}"
    buckets: dict[float, float] = {}
    for labels, value in page.picked(selector):
        bound = float(labels.get("le", "nan"))
        buckets[bound] = buckets.get(bound, 0.0) + value
    if not buckets:
        raise Unreadable(f"{clean(selector, 60)} is not there")
    if any(map(math.isnan, (*buckets, *buckets.values()))) or not math.isinf(max(buckets)):
        raise Unreadable(f"{clean(selector, 60)} is no histogram: its buckets have no +Inf")
    memory.add(seen, buckets)
    return memory.quantile(source.quantile, source.min_requests) * source.scale


def parse_selector(selector: str) -> tuple[str, tuple[tuple[str, Matches], ...]]:
    """The name and the label tests of `name{label="value",other=~"regex"}`. Raises ValueError with a sentence."""
    found = _SELECTOR.match(selector)
    if found is None:
        raise ValueError(f'{clean(selector, 60)} is no selector such as name{{label="value"}}')
    tests: list[tuple[str, Matches]] = []
    inside, at = (found[2] or "").strip(), 0
    while at < len(inside):
        label = _LABEL.match(inside, at)
        if label is None:
            raise ValueError(f"{clean(selector, 60)}: {clean(inside[at:], 40)} is no label test")
        tests.append((label[1], _test(label[2], re.sub(r"\\(.)", r"\1", label[3]), selector)))
        at = label.end()
    return found[1], tuple(tests)


def _test(operator: str, value: str, selector: str) -> Matches:
    if operator in ("=", "!="):
        return lambda said: (said == value) == (operator == "=")
    try:
        pattern = re.compile(value)
    except re.error as wrong:
        raise ValueError(f"{clean(selector, 60)}: {wrong}") from None
    return lambda said: bool(pattern.fullmatch(said)) == (operator == "=~")
