"""The verdict is never better than what is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from runbook.model import Criterion, Outcome
from runbook.signals.standing import Standing, State, Verdict
from runbook.signals.verdict import decide, ends_recovery

NOW = datetime(2026, 11, 24, 3, 20, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=6)
ERRORS = Criterion("error_rate < 1 % for 5m", "error_rate", "<", 1.0, 300)
LATENCY = Criterion("p95 < 1 s", "p95", "<", 1.0)
BURNING = Criterion("error_rate > 5 %", "error_rate", ">", 5.0)
OUTCOMES = (
    Outcome("errors", "Error rate < 1% for 5+ minutes", "success", ERRORS),
    Outcome("latency", "p95 < 1s", "success", LATENCY),
    Outcome("core", "Core features work", "success"),
    Outcome("reports", "User reports stopped.", "success"),
    Outcome("burning", "Error rate > 5%", "failed", BURNING),
    Outcome("critical", "New critical errors", "failed"),
    Outcome("better", "Improved, not ideal", "partial"),
)


def standing(
    criterion: Criterion,
    state: State,
    value: float | None = None,
    covered: float = 0,
    why: str = "",
    broken: Literal["", "breach", "gap"] = "",
) -> Standing:
    unit = "%" if criterion.signal == "error_rate" else "s"
    title = "Error rate" if criterion.signal == "error_rate" else "p95"
    return Standing(criterion, state, value, covered, why, title, unit, broken)


GOOD = {
    "errors": standing(ERRORS, "met", 0.2, 300),
    "latency": standing(LATENCY, "met", 0.31),
    "burning": standing(BURNING, "not-met", 0.2),
}


def verdict(ticks: dict[str, bool] | None = None, judged_from: datetime | None = SINCE, **changed: Standing) -> Verdict:
    return decide(OUTCOMES, {**GOOD, **changed}, ticks or {}, judged_from=judged_from, now=NOW)


def test_recovered_by_the_signals_names_what_a_person_still_confirms() -> None:
    found = verdict()
    assert found.verdict == "recovered"
    assert found.text == (
        "recovered by the signals: error rate 0.2 % < 1 % for 5:00 · p95 0.31 s < 1 s; "
        "2 for a person to confirm: Core features work · User reports stopped"
    )
    assert verdict({"core": True, "reports": True}).text.endswith("p95 0.31 s < 1 s")


def test_a_no_from_a_person_is_no_recovery() -> None:
    found = verdict({"core": False})
    assert (found.verdict, found.text) == ("partial", "partial: “Core features work” was answered no")


def test_a_person_who_says_that_it_is_only_partly_good_is_believed() -> None:
    found = verdict({"better": True, "core": True})
    assert (found.verdict, found.text) == ("partial", "partial: Improved, not ideal")
    assert verdict({"better": False}).verdict == "recovered"
    assert verdict({"better": True}, burning=standing(BURNING, "met", 9)).verdict == "failed"
    assert verdict({"better": True}, latency=standing(LATENCY, "unknown", why="timed out")).verdict == "unknown"


def test_nothing_is_judged_before_a_change_or_while_it_settles() -> None:
    assert (verdict(judged_from=None).verdict, verdict(judged_from=None).text) == ("unknown", "nothing was changed yet")
    settling = verdict(judged_from=NOW + timedelta(seconds=41.2))
    assert (settling.verdict, settling.text) == ("unknown", "not known yet: settling, 0:42 more")


def test_a_runbook_that_names_only_what_failure_is_never_ends_in_recovered() -> None:
    only_failures = tuple(outcome for outcome in OUTCOMES if outcome.level == "failed")
    found = decide(only_failures, GOOD, {"critical": False}, judged_from=SINCE, now=NOW)
    assert (found.verdict, found.text) == ("unknown", "not known yet: the runbook has no success criteria")


def test_failed_by_a_signal_or_by_a_person() -> None:
    found = verdict(burning=standing(BURNING, "met", 24.8, 40), errors=standing(ERRORS, "not-met", 24.8))
    assert (found.verdict, found.text) == ("failed", "failed: error rate 24.8 % > 5 % for 0:40; escalate")
    assert verdict({"critical": True}).text == "failed: New critical errors; escalate"
    assert verdict({"critical": False}).verdict == "recovered"


def test_failure_outranks_ignorance_and_ignorance_outranks_the_rest() -> None:
    blind = standing(LATENCY, "unknown", why="timed out after 5 s")
    assert verdict(latency=blind, burning=standing(BURNING, "met", 9)).verdict == "failed"
    found = verdict(latency=blind, errors=standing(ERRORS, "not-met", 3.0))
    assert (found.verdict, found.text) == ("unknown", "not known yet: p95 (timed out after 5 s)")


def test_the_bands_between_good_and_failed_are_partial() -> None:
    found = verdict(errors=standing(ERRORS, "not-met", 4.0))
    assert (found.verdict, found.text) == ("partial", "partial: error rate 4 %, not < 1 %")


def test_what_is_worse_than_the_band_of_partial_success_has_failed() -> None:
    band = Criterion("p95 <= 5 s", "p95", "<=", 5.0)
    outcomes = (*OUTCOMES, Outcome("faster", "Faster, not optimal", "partial", band))

    def judged(value: float, state: State) -> Verdict:
        found = {**GOOD, "latency": standing(LATENCY, "not-met", value), "faster": standing(band, state, value)}
        return decide(outcomes, found, {}, judged_from=SINCE, now=NOW)

    assert (judged(2, "met").verdict, judged(2, "unknown").verdict) == ("partial", "partial")
    assert judged(6.02, "not-met").text == "failed: p95 6.02 s, not <= 5 s; escalate"


def test_nothing_is_recovered_while_a_reason_to_roll_back_holds() -> None:
    misses = Criterion("cdn_hit < 20 %", "cdn_hit", "<", 20.0)

    def judged(state: State) -> Verdict:
        firing = [Standing(misses, state, 3.0, title="CDN hits", unit="%")]
        return decide(OUTCOMES, GOOD, {}, judged_from=SINCE, now=NOW, firing=firing)

    assert judged("met").text == "partial: still a reason to roll back: CDN hits 3 % < 20 %"
    assert judged("not-met").verdict == judged("unknown").verdict == "recovered"


def test_a_hold_that_runs_is_not_known_yet() -> None:
    found = verdict(errors=standing(ERRORS, "pending", 0.2, 200))
    assert (found.verdict, found.text) == (
        "unknown",
        "not known yet: holding: error rate 0.2 % < 1 % for 3:20 of 5:00",
    )


def test_lines_tell_good_from_bad_news() -> None:
    lines = {line.outcome: line for line in verdict({"core": True, "critical": True}).lines}
    assert [lines[i].ok for i in ("errors", "burning", "core", "reports", "critical", "better")] == [
        True,
        True,
        True,
        None,
        False,
        None,
    ]
    assert lines["core"].ticked and not lines["reports"].ticked


def test_without_any_signal_people_decide() -> None:
    manual = tuple(outcome for outcome in OUTCOMES if outcome.criterion is None)

    def said(ticks: dict[str, bool]) -> Verdict:
        return decide(manual, {}, ticks, judged_from=SINCE, now=NOW)

    assert said({"core": True}).verdict == "unknown"
    assert said({"core": True, "reports": True}).text == "recovered: confirmed by a person"
    assert decide((), {}, {}, judged_from=SINCE, now=NOW).verdict == "unknown"


def test_a_criterion_nobody_asked_about_is_unknown() -> None:
    assert decide(OUTCOMES, {}, {}, judged_from=SINCE, now=NOW).text.startswith("not known yet: error rate (not read")


STATES = st.sampled_from(["met", "pending", "not-met", "unknown"])


@given(STATES, STATES, STATES, st.dictionaries(st.sampled_from(["core", "reports", "critical"]), st.booleans()))
def test_recovered_means_every_criterion_is_met(
    errors: State, latency: State, burning: State, ticks: dict[str, bool]
) -> None:
    found = verdict(
        ticks,
        errors=standing(ERRORS, errors),
        latency=standing(LATENCY, latency),
        burning=standing(BURNING, burning),
    )
    good = errors == latency == "met" and burning in ("not-met", "pending")
    answers = ticks.get("core", True) and ticks.get("reports", True) and not ticks.get("critical", False)
    assert (found.verdict == "recovered") == (good and answers)
    assert (found.verdict == "failed") == (burning == "met" or ticks.get("critical", False))


def test_a_recovery_is_ended_by_something_bad_that_is_known() -> None:
    assert ends_recovery(verdict(errors=standing(ERRORS, "not-met", 3.0)))
    assert ends_recovery(verdict(burning=standing(BURNING, "met", 9)))
    assert ends_recovery(verdict(errors=standing(ERRORS, "pending", 0.2, 5, broken="breach")))
    assert not ends_recovery(verdict(errors=standing(ERRORS, "pending", 0.2, 5, broken="gap")))
    assert not ends_recovery(verdict(errors=standing(ERRORS, "unknown", why="timed out")))
    assert not ends_recovery(verdict())
