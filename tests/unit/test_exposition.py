"""Numbers out of a metrics page, against the text form's own rules."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model import Signal
from runbook.signal_sources import Exposition
from runbook.signals.exposition import Buckets, parse_selector
from runbook.signals.fetch import Reply
from runbook.signals.http_json import Hole
from runbook.signals.sources import Memory, memory_for, read

PAGE = """
# TYPE requests_total counter
requests_total{status="200",path="/a"} 90
requests_total{status="500",path="/a"} 7
requests_total{status="503",path="/b \\"x\\""} 3
# TYPE temperature gauge
temperature 21.5
broken NaN
endless +Inf
"""


def signal(**source: object) -> Signal:
    return Signal("x", "X", Exposition("http://127.0.0.1/metrics", **source), unit="%", every=5)  # type: ignore[arg-type]


def told(of: Signal, page: str | bytes, memory: Memory | None = None, at: float = 0) -> float | str | None:
    """The value, or the reason for the hole."""
    body = page if isinstance(page, bytes) else page.encode()
    reply = Reply(200, body, "text/plain")
    sample = read(of, reply, memory or memory_for(of), 1000 + at, at, max_skew=45).sample
    return sample.value if sample.value is not None else sample.why


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("temperature", 21.5),
        ("requests_total", 100),
        ('requests_total{status="500"}', 7),
        ('requests_total{status=~"5.."}', 10),
        ('requests_total{status!~"5..", path="/a"}', 90),
        ('requests_total{status!="200",}', 10),
        ('requests_total{path="/b \\"x\\""}', 3),
        ('requests_total{gone=""}', 100),
    ],
)
def test_a_selector_sums_what_it_picks(selector: str, value: float) -> None:
    assert told(signal(metric=selector), PAGE) == value


@pytest.mark.parametrize(
    ("selector", "why"),
    [
        ("missing", "missing is not there"),
        ('requests_total{status="404"}', 'requests_total{status="404"} is not there'),
        ("broken", "broken is not finite"),
        ("endless", "endless is not finite"),
        ("requests_total{status}", "requests_total{status}: status is no label test"),
        ("a b", 'a b is no selector such as name{label="value"}'),
    ],
)
def test_what_is_not_clearly_a_number_is_a_hole(selector: str, why: str) -> None:
    assert told(signal(metric=selector), PAGE) == why


@pytest.mark.parametrize("page", ["", "<html>oops</html>", b"\xff\xfe", "x{ 1", "# only a comment\n"])
def test_what_is_no_metrics_page_is_a_hole(page: str | bytes) -> None:
    assert "metric" in str(told(signal(metric="temperature"), page))


def test_a_ratio_of_two_counters_is_taken_over_the_window() -> None:
    of = signal(numerator='r{s=~"5.."}', denominator="r", scale=100)
    memory = memory_for(of)
    assert told(of, 'r{s="200"} 1000\nr{s="500"} 10\n', memory) == "first reading; a rate needs two"
    assert told(of, 'r{s="200"} 1150\nr{s="500"} 60\n', memory, 5) == 25
    assert told(of, 'r{s="200"} 20\nr{s="500"} 80\n', memory, 10) == pytest.approx(100 * 70 / 300)


def test_a_process_that_was_started_anew_and_has_no_error_yet_has_none() -> None:
    of = signal(numerator='r{s=~"5.."}', denominator="r", scale=100)
    memory = memory_for(of)
    never = 'r{s=~"5.."} is not there'
    assert told(of, 'r{s="200"} 1000\n', memory) == never, "a selector that picks nothing is a wrong one, perhaps"
    told(of, 'r{s="200"} 1000\nr{s="500"} 10\n', memory, 5)
    assert told(of, 'r{s="200"} 1150\nr{s="500"} 60\n', memory, 10) == 25
    assert told(of, 'r{s="200"} 200\n', memory, 15) == 12.5
    assert told(of, 'other{s="200"} 200\n', memory, 20) == "r is not there"


def histogram(*counts: float) -> str:
    bounds = ("0.1", "0.5", "1", "+Inf")
    return "".join(f'd_bucket{{le="{le}"}} {count}\n' for le, count in zip(bounds, counts, strict=True))


def test_a_quantile_is_interpolated_over_what_came_in_within_the_window() -> None:
    of = signal(histogram="d", quantile=0.5, min_requests=10)
    memory = memory_for(of)
    assert told(of, histogram(1000, 1000, 1000, 1000), memory) == "first reading; a quantile over time needs two"
    assert told(of, histogram(1040, 1080, 1100, 1100), memory, 5) == pytest.approx(0.1 + 0.4 * 10 / 40)


def test_a_quantile_above_the_highest_bucket_is_not_known() -> None:
    of = signal(histogram="d_bucket", quantile=0.95, min_requests=10)
    memory = memory_for(of)
    told(of, histogram(0, 0, 0, 0), memory)
    assert told(of, histogram(10, 20, 50, 100), memory, 5) == "above 1, the highest bucket: how far is not known"


def test_a_histogram_that_began_anew_or_has_no_traffic_is_a_hole() -> None:
    of = signal(histogram="d", min_requests=10)
    memory = memory_for(of)
    told(of, histogram(100, 100, 100, 100), memory)
    assert told(of, histogram(3, 3, 3, 3), memory, 5) == "first reading; a quantile over time needs two"
    assert told(of, histogram(3, 3, 3, 3), memory, 10) == "no traffic"
    assert told(of, histogram(4, 8, 8, 8), memory, 15) == "low traffic (5 of 10 requests)"
    assert told(signal(histogram="d"), 'd_bucket{le="1"} 4\n') == "d_bucket is no histogram: its buckets have no +Inf"


@given(counts=st.lists(st.integers(0, 50), min_size=4, max_size=4), share=st.floats(0.01, 0.99))
def test_a_quantile_lies_within_the_bucket_that_holds_its_rank(counts: list[int], share: float) -> None:
    bounds = [0.1, 0.5, 1.0, math.inf]
    grown = [float(sum(counts[: n + 1])) for n in range(4)]
    memory = Buckets(60)
    memory.add(0, dict.fromkeys(bounds, 0.0))
    memory.add(5, dict(zip(bounds, grown, strict=True)))
    try:
        value = memory.quantile(share, 1)
    except Hole:
        assert grown[-1] == 0 or grown[2] < share * grown[-1]
        return
    place = next(n for n, count in enumerate(grown) if count >= share * grown[-1])
    assert (bounds[place - 1] if place else 0) - 1e-9 <= value <= bounds[place] + 1e-9


def test_a_selector_without_labels_has_no_tests() -> None:
    assert parse_selector(" up ") == ("up", ())


def test_a_quantile_never_spans_a_time_longer_than_its_window_in_which_nobody_looked() -> None:
    buckets, quick = Buckets(60), {0.1: 0.0, 5.0: 0.0, math.inf: 0.0}
    buckets.add(0, quick)
    buckets.add(5, dict.fromkeys(quick, 500.0))
    buckets.add(600, dict.fromkeys(quick, 12000.0))
    with pytest.raises(Hole, match="first reading"):
        buckets.quantile(0.95, 0)
    buckets.add(605, {0.1: 12_000.0, 5.0: 12_100.0, math.inf: 12_100.0})
    assert buckets.quantile(0.95, 0) > 1


def test_a_gauge_of_an_error_rate_that_is_more_than_all_is_a_hole() -> None:
    rate = Signal("x", "X", Exposition("http://127.0.0.1/metrics", metric="x"), unit="%", kind="error_rate")
    assert told(rate, "x 250\n") == "x is 250, more than all requests"


@pytest.mark.parametrize("kind", ["latency", "error_rate"])
def test_latencies_and_error_rates_of_several_servers_have_no_sum(kind: Literal["latency", "error_rate"]) -> None:
    page = 'p95{pod="a"} 0.4\np95{pod="b"} 0.4\n'
    of = Signal("x", "X", Exposition("http://127.0.0.1/metrics", metric="p95"), kind=kind)
    assert told(of, page) == f"p95 picks 2 series, which have no sum as a {kind.replace('_', ' ')}"
    assert told(msgspec.structs.replace(of, source=Exposition("http://h", metric='p95{pod="a"}')), page) == 0.4
    assert told(msgspec.structs.replace(of, kind="other"), page) == 0.8
