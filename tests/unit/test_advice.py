"""The advice names what fired, what is on its way, and what is not known."""

from __future__ import annotations

from runbook.figures import amount, clock
from runbook.model import Criterion, Method, Trigger
from runbook.signals.advice import advise
from runbook.signals.standing import Advice, Standing, State

DOWN = Criterion("health == 503", "health", "==", 503.0)
ERRORS = Criterion("error_rate > 5 % for 5m", "error_rate", ">", 5.0, 300)
LATENCY = Criterion("p95 > 5 s", "p95", ">", 5.0)
TRIGGERS = (
    Trigger("errors", "High error rate", "Errors", "conditional", ERRORS, ("revert", "tag")),
    Trigger("latency", "Slow", "Performance", "conditional", LATENCY, ("tag",)),
    Trigger("outage", "Complete outage", "Outage", "immediate", DOWN, ("vercel", "revert")),
    Trigger("corrupt", "Data corruption", "Data", "immediate", None, ("database",)),
)
METHODS = (
    Method("vercel", "3", "Vercel rollback", estimate=120),
    Method("revert", "1", "Git revert"),
    Method("tag", "2", "Tagged release"),
    Method("database", "4", "Database"),
)


def standing(criterion: Criterion, state: State, value: float | None, covered: float = 0, why: str = "") -> Standing:
    titles = {"error_rate": ("Error rate", "%"), "p95": ("p95", "s"), "health": ("Health", "")}
    title, unit = titles[criterion.signal]
    return Standing(criterion, state, value, covered, why, title, unit)


QUIET = {
    "errors": standing(ERRORS, "not-met", 0.2),
    "latency": standing(LATENCY, "not-met", 0.3),
    "outage": standing(DOWN, "not-met", 200),
}


def advice(*reported: str, **changed: Standing) -> Advice:
    return advise(TRIGGERS, {**QUIET, **changed}, frozenset(reported), METHODS)


def test_nothing_to_do() -> None:
    assert advice() == Advice("none", "no reason to roll back")


def test_an_outage_is_called_one_and_comes_first() -> None:
    found = advice(outage=standing(DOWN, "met", 503), errors=standing(ERRORS, "met", 98.0, 310))
    assert found.level == "roll-back"
    assert found.text == (
        "roll back now: complete outage (health 503) · error rate 98 % > 5 % for 5:10 → Vercel rollback (~2 min)"
    )
    assert [fired.trigger for fired in found.fired] == ["outage", "errors"]
    assert found.methods == ("vercel", "revert", "tag")


def test_a_way_that_cannot_be_taken_here_is_not_named() -> None:
    found = advise(TRIGGERS, {**QUIET, "outage": standing(DOWN, "met", 503)}, frozenset(), METHODS[1:])
    assert found.text == "roll back now: complete outage (health 503) → Git revert"
    assert found.methods == ("revert",)


def test_a_conditional_one_on_its_way_is_watched() -> None:
    found = advice(errors=standing(ERRORS, "pending", 24.8, 190))
    assert (found.level, found.text) == ("watch", "watch: error rate 24.8 % > 5 % for 3:10 of 5:00")
    assert found.methods == ("revert", "tag")


def test_what_a_person_reports_counts_without_a_signal() -> None:
    found = advice("corrupt", errors=standing(ERRORS, "pending", 24.8, 190))
    assert (found.level, found.text) == ("roll-back", "roll back now: data corruption (reported) → Database")
    assert [fired.reported for fired in found.fired] == [True, False]
    assert advice("outage").text == "roll back now: complete outage (reported) → Vercel rollback (~2 min)"


def test_what_is_not_known_is_named_and_is_no_reason() -> None:
    blind = standing(LATENCY, "unknown", None, why="timed out after 5 s")
    found = advice(latency=blind)
    assert (found.level, found.fired) == ("none", ())
    assert found.text == "no reason to roll back in what is known; not known: p95 (timed out after 5 s)"
    assert advice(latency=blind, errors=standing(ERRORS, "met", 9, 300)).text == (
        "roll back now: error rate 9 % > 5 % for 5:00 → Git revert; not known: p95 (timed out after 5 s)"
    )


def test_numbers_are_short_and_never_read_like_the_threshold_they_are_not() -> None:
    assert [amount(v, "%") for v in (24.812, 0.2, 100.0, 0.0)] == ["24.8 %", "0.2 %", "100 %", "0 %"]
    assert amount(503.0) == "503" and amount(12345.6, "/min") == "12346/min"
    assert amount(1.0004, "%", 1.0) == "1.0004 %"
    assert amount(1.0, "%", 1.0) == "1 %"
    assert [amount(v, "s", 0.05) for v in (0.0036, 0.05, 0.0500001, 0.4)] == ["3.6 ms", "50 ms", "50.0001 ms", "0.4 s"]
    assert amount("9f3c2e1") == "9f3c2e1" and amount(None) == "?"
    assert [clock(s) for s in (0, 59.9, 190, 3723)] == ["0:00", "0:59", "3:10", "1:02:03"]
