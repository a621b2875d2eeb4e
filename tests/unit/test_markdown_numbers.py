"""Numbers in sentences: what is a criterion, and what is left to a person rather than read as less or the opposite."""

from __future__ import annotations

import pytest

from runbook.reading.document.thresholds import Numbers, health_signal
from runbook.signals.criteria import parse


def stated(said: str) -> str | None:
    found = Numbers(parse, health_signal("https://x.example/health")).criterion(said)
    return found.text if found else None


@pytest.mark.parametrize(
    ("said", "criterion"),
    [
        ("Error rate > 5% for 5+ minutes", "error_rate > 5 % for 5m"),
        ("Error rate exceeds 2 percent", "error_rate > 2 %"),
        ("Response time p95 > 800 ms", "p95 > 800 ms"),
        ("P95 latency (should be < 300ms)", "p95 < 300 ms"),
        ("Pager alerts (> 10/min)", "pager_alerts > 10/min"),
        ("Uploads failing > 20%", "uploads_failing > 20 %"),
        ("> 20% error rate on checkout", "error_rate > 20 %"),
        ("Health check returning 200 OK", "health == 200"),
        ("Health check fails for > 5 minutes", "health != 200 for 5m"),
        ("Health check failing", "health != 200"),
        ("Front page returning 502", "front_page_status == 502"),
        ("Error rate between (1-3%)", "error_rate >= 1 %"),
        ("Memory above 90% for 10 minutes", "memory > 90 % for 10m"),
        ("Latency is 50% above baseline", None),
        ("The queue does not move", None),
        ("Version 5 is bad", None),
        ("Error rate > 5% and p95 > 3s", None),
        ("Uploads lost: packet loss > 5%", "packet_loss > 5 %"),
        ("Homepage returns 404 Not Found", "homepage_status == 404"),
        ("Error rate improved, not ideal yet (1-3%)", "error_rate >= 1 %"),
        ("Performance and errors: error rate > 5%", "error_rate > 5 %"),
        ("Checkout down more than 5 minutes", "checkout_down > 5 min"),
    ],
)
def test_a_number_in_a_sentence_is_a_criterion(said: str, criterion: str | None) -> None:
    assert stated(said) == criterion


def test_one_measure_in_two_units_is_one_signal() -> None:
    numbers = Numbers(parse, None)
    assert numbers.criterion("p95 > 2s") and numbers.criterion("p95 < 500 ms")
    assert [(signal.id, signal.unit) for signal in numbers.signals.values()] == [("p95", "s")]


def test_failing_health_without_an_endpoint_is_left_to_a_person() -> None:
    assert Numbers(parse, None).criterion("Health check failing") is None


@pytest.mark.parametrize(
    ("said", "criterion"),
    [
        ("Health check does not return 200", "health != 200"),
        ("Health check is not returning 200", "health != 200"),
        ("Health check hasn't returned 200 for 5 minutes", "health != 200 for 5m"),
        ("/health no longer returns 200", "health != 200"),
        ("/health stops returning 200", "health != 200"),
        ("/health fails to return 200", "health != 200"),
        ("/health returns non-200", "health != 200"),
        ("Front page does not return 200", "front_page_status != 200"),
        ("Login not possible, /health returns 200", None),
        ("/health does not return 503", None),
        ("/health never returns 500", None),
        ("/health returns 500 or times out", None),
        ("Login page returns 200 or 302", None),
        ("Login page returns 500, 502", None),
        ("/health returns 200 and login works", None),
        ("/health returns 200 with no errors", None),
        ("Health check no longer failing", None),
        ("No health check failures", None),
        ("Health check errors are gone", None),
        ("Health check fails 3 times in a row", None),
        ("Health check not responding", "health != 200"),
        ("Service is 200 ms slower", None),
        ("The queue is 200 items", None),
        ("/health returns 200 in under 500ms", None),
    ],
)
def test_a_status_that_is_denied_or_one_of_several_is_not_read_as_that_status(said: str, criterion: str | None) -> None:
    assert stated(said) == criterion


@pytest.mark.parametrize(
    ("said", "criterion"),
    [
        ("Error rate does not exceed 1%", "error_rate <= 1 %"),
        ("Error rate no more than 1%", "error_rate <= 1 %"),
        ("Error rate is never above 1%", "error_rate <= 1 %"),
        ("p95 must not exceed 800ms", "p95 <= 800 ms"),
        ("p95 should not be above 800ms", "p95 <= 800 ms"),
        ("Error rate no higher than 1% for 10 minutes", "error_rate <= 1 % for 10m"),
        ("Availability not below 99.9%", "availability >= 99.9 %"),
        ("Availability at least 99.9%", "availability >= 99.9 %"),
        ("Error rate fails to stay below 1%", "error_rate >= 1 %"),
        ("No endpoint has an error rate above 5%", None),
        ("Conversion drops more than 20%", None),
        ("Conversion drops by more than 20%", None),
        ("Conversion drops > 20%", None),
        ("Orders down more than 30%", None),
        ("Error rate rises by more than 2 percent points", None),
        ("Error rate rises from 1% to 5%", None),
        ("Error rate rises above 5%", "error_rate > 5 %"),
        ("Error rate rises to more than 5%", "error_rate > 5 %"),
        ("CDN hit rate drops below 20%", "cdn_hit_rate < 20 %"),
    ],
)
def test_a_comparison_that_is_denied_is_turned_and_a_change_is_no_threshold(said: str, criterion: str | None) -> None:
    assert stated(said) == criterion


@pytest.mark.parametrize(
    ("said", "hold"),
    [
        ("for 5+ minutes", "5m"), ("for the next 30 minutes", "30m"), ("(15 min)", "15m"), ("over 15 minutes", "15m"),
        ("over the last 15 minutes", "15m"), ("during 15 minutes", "15m"), (", sustained 15 min", "15m"),
        ("(sustained 5 min)", "5m"), ("for half an hour", "30m"), ("for an hour", "1h"), ("for 1h30m", "1h30m"),
        ("for 1 hour 30 minutes", "1h30m"), ("for 5 consecutive minutes", "5m"), ("for more than 5 minutes", "5m"),
        ("for 5 minutes or more", "5m"), ("within 10 minutes", None), ("10 minutes after the deployment", None),
        ("for several minutes", None), ("for ten minutes", None), ("for 3 checks", None), ("for 9 hours", None),
        ("for 5 minutes, for 10 minutes at night", None), ("for 5 minutes and all pods running", None),
        ("and all pods running", None), ("or the queue is empty", None),
    ],
)  # fmt: skip
def test_a_time_that_a_sentence_states_is_held_or_the_sentence_is_left_to_a_person(said: str, hold: str | None) -> None:
    assert stated(f"Error rate < 1% {said}") == (f"error_rate < 1 % for {hold}" if hold else None)


@pytest.mark.parametrize(
    ("said", "criterion"),
    [
        ("Error rate < 1%, all pods running", None),
        ("All pods running, error rate < 1%", None),
        ("Health check returns 200, login works", None),
        ("Error rate < 1%; the queue is empty", None),
        ("Error rate < 1%. Nobody complains.", None),
        ("Error rate < 1%, sustained 15 min", "error_rate < 1 % for 15m"),
        ("Error rate < 1%, measured at the edge", "error_rate < 1 %"),
        ("After the rollback, error rate < 1%", "error_rate < 1 %"),
        ("Error rate < 1% (Grafana, checkout)", "error_rate < 1 %"),
        ("Error rate < 1%. See the dashboard", "error_rate < 1 %"),
        ("Response time (p95) < 800 ms", "p95 < 800 ms"),
        ("Error rate better, not good (1-3%)", "error_rate <= 3 %"),
    ],
)
def test_a_result_that_lists_more_than_its_number_is_ticked_by_a_person(said: str, criterion: str | None) -> None:
    found = Numbers(parse, health_signal("https://x.example/health")).criterion(said, "up to")
    assert (found.text if found else None) == criterion
    assert stated("Error rate > 5%, roll back") == "error_rate > 5 %"


def test_a_time_or_a_condition_before_the_number_counts_too() -> None:
    assert stated("For 15 minutes: error rate < 1%") == "error_rate < 1 % for 15m"
    assert stated("All pods run and error rate < 1%") is None
    assert stated("Error rate 5-10% for 10 minutes") == "error_rate >= 5 % for 10m"


@pytest.mark.parametrize(
    ("said", "criterion"),
    [
        ("Fehlerrate > 2,5 %", "error_rate > 2.5 %"),
        ("Fehlerrate unter 0,5 %", "error_rate < 0.5 %"),
        ("Error rate 1,5-3%", "error_rate >= 1.5 %"),
        ("p95 > 1,500 ms", "p95 > 1500 ms"),
        ("p95 > 1.500 ms", None),
        ("p95 > 1.5 s", "p95 > 1.5 s"),
        ("Availability < 99.999%", "availability < 99.999 %"),
        ("Queue depth > 1,200,000", "queue_depth > 1200000"),
        ("Queue depth > 10k", "queue_depth > 10000"),
        ("Queue depth > 1.5k messages", "queue_depth > 1500"),
        ("Queue depth > 500 messages", "queue_depth > 500"),
        ("Queue depth > 1.5M", None),
        ("Queue depth > 2 million", None),
        ("Lag > 5m", None),
        ("Lag > 2 days", None),
        ("Error spike (> 50 errors/minute)", "error > 50/min"),
        ("More than 20 errors", None),
        ("p95 > 800", None),
        ("p95 > 20%", None),
        ("Error rate under 1 in 1000", None),
    ],
)
def test_a_number_is_read_whole_with_its_unit_or_not_at_all(said: str, criterion: str | None) -> None:
    assert stated(said) == criterion


def test_a_bare_number_does_not_take_the_unit_of_an_earlier_one() -> None:
    numbers = Numbers(parse, None)
    assert numbers.criterion("Lag > 30s") and numbers.criterion("Lag > 45") is None
