"""Criteria read as people write them, and say what is wrong where they cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runbook.model import Criterion, Signal
from runbook.signal_sources import Health, HttpJson
from runbook.signals.criteria import CriterionError, convert, describe, parse, span

SOURCE = HttpJson(url="http://127.0.0.1/m", path="x")
SIGNALS = {
    signal.id: signal
    for signal in (
        Signal("error_rate", "Error rate", SOURCE, unit="%", kind="error_rate"),
        Signal("p95", "Latency p95", SOURCE, unit="s", kind="latency"),
        Signal("p50_ms", "Latency p50", SOURCE, unit="ms", kind="latency"),
        Signal("health", "Health", Health(url="http://127.0.0.1/h"), kind="health"),
        Signal("sentry_critical", "Sentry", SOURCE, unit="/min"),
        Signal("cdn_hit", "CDN hits", SOURCE, unit="%"),
        Signal("uptime", "Uptime", SOURCE, unit="s"),
        Signal("staging_commit", "Staging", SOURCE, kind="version"),
        Signal("queue", "Queue", SOURCE, unit="jobs"),
    )
}


@pytest.mark.parametrize(
    ("text", "signal", "op", "value", "hold"),
    [
        ("error_rate > 5% for 5m", "error_rate", ">", 5.0, 300),
        ("error_rate<1 %for 5 minutes", "error_rate", "<", None, None),
        ("p95 > 5s", "p95", ">", 5.0, 0),
        ("p95 < 800 ms", "p95", "<", 0.8, 0),
        ("p50_ms < 1s", "p50_ms", "<", 1000.0, 0),
        ("p95 < 2", "p95", "<", 2.0, 0),
        ("health == 200", "health", "==", 200.0, 0),
        ("health != 200 for 1h30m", "health", "!=", 200.0, 5400),
        ("sentry_critical > 10/min", "sentry_critical", ">", 10.0, 0),
        ("sentry_critical > 1 /s", "sentry_critical", ">", 60.0, 0),
        ("cdn_hit < 20%", "cdn_hit", "<", 20.0, 0),
        ("error_rate < 1% for 90 s", "error_rate", "<", 1.0, 90),
        ("staging_commit == <revert_commit>", "staging_commit", "==", "<revert_commit>", 0),
        ("staging_commit != 'v4.1.3' for 20s", "staging_commit", "!=", "v4.1.3", 20),
        ("staging_commit == 1.10", "staging_commit", "==", "1.10", 0),
        ("uptime >= 0", "uptime", ">=", 0.0, 0),
        ("uptime > 5m", "uptime", ">", 300.0, 0),
        ("queue < 7 jobs", "queue", "<", 7.0, 0),
    ],
)
def test_reads_what_people_write(
    text: str, signal: str, op: str, value: float | str | None, hold: float | None
) -> None:
    if value is None:
        with pytest.raises(CriterionError):
            parse(text, SIGNALS)
        return
    criterion = parse(text, SIGNALS)
    assert (criterion.signal, criterion.op, criterion.value, criterion.hold) == (signal, op, value, hold)


def test_the_text_is_canonical() -> None:
    assert parse("error_rate>5%  for 300s", SIGNALS).text == "error_rate > 5 % for 5m"
    assert parse("sentry_critical > 10 /min", SIGNALS).text == "sentry_critical > 10/min"
    assert parse("p95 < 800ms", SIGNALS).text == "p95 < 0.8 s"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("eror_rate > 5%", "did you mean “error_rate”"),
        ("zzz > 5", "the runbook has: cdn_hit"),
        ("error_rate = 5", "did you mean “==”"),
        ("error_rate >> 5", "not a comparison"),
        ("error_rate > ", "no value after >"),
        ("error_rate", "is not a condition"),
        ("", "is not a condition"),
        ("error_rate > lots", "only a signal of kind `version`"),
        ("error_rate > 1e999", "not a number"),
        ("error_rate > nan", "not a number"),
        ("error_rate > 1,5", "cannot be turned into"),
        ("error_rate > 5s", "error_rate is measured in %, which s cannot be turned into"),
        ("health == 200 %", "health has no unit"),
        ("p95 < 1e308 min", "cannot be turned into"),
        ("error_rate > 5% for ", "not a span of time"),
        ("error_rate > 5% for ever", "not a span of time"),
        ("error_rate > 5% for 5", "not a span of time"),
        ("error_rate > 5% for 5h", "longer than the room remembers"),
        ("error_rate > 5% for " + "9" * 400 + "s", "longer than the room remembers"),
        ("staging_commit > abc", "can be == or !="),
        ("staging_commit == two words", "not one word"),
        ('staging_commit != """"', "not one word"),
    ],
)
def test_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(CriterionError) as wrong:
        parse(text, SIGNALS)
    assert says in str(wrong.value)


NUMBERS = st.floats(0, 1e12).map(lambda x: round(x, 6)) | st.floats(0, 1) | st.integers(0, 10**9).map(float)
HOLDS = st.just(0.0) | st.integers(1, 14400).map(float) | st.floats(1e-3, 14400)


@settings(max_examples=200)
@given(
    st.sampled_from([s for s in SIGNALS.values() if s.kind != "version"]),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    NUMBERS,
    HOLDS,
)
@example(SIGNALS["p95"], "<", 1e-07, 20 / 15)
def test_describe_is_read_back(signal: Signal, op: str, value: float, hold: float) -> None:
    made = Criterion(text="", signal=signal.id, op=op, value=value, hold=hold)  # type: ignore[arg-type]
    criterion = parse(describe(made), SIGNALS)
    assert (criterion.op, criterion.value, criterion.hold) == (op, value, hold)
    assert parse(describe(criterion), SIGNALS) == criterion
    assert parse(describe(criterion, signal.unit), SIGNALS) == criterion
    assert parse(criterion.text, SIGNALS) == criterion


@given(st.text(max_size=40))
def test_no_text_makes_it_stumble(text: str) -> None:
    for written in (text, f"error_rate > {text}", f"error_rate > 5% for {text}", f"staging_commit == {text}"):
        try:
            criterion = parse(written, SIGNALS)
        except CriterionError:
            continue
        assert parse(describe(criterion), SIGNALS) == criterion


def test_conversions_are_exact() -> None:
    assert convert(800, "ms", "s") == 0.8
    assert convert(0.1, "s", "ms") == 100.0
    assert convert(5, "%", "s") is None
    assert span("1h 30m 5 sec") == 5405
