"""When the effect of a rollback is judged: not before all of it is done, nor before it has arrived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from runbook.incident.state import Mark, RoomState, StepState
from runbook.model import Command, Criterion, Effect, Method, Outcome, Runbook, Signal, Step
from runbook.outlook import Outlook
from runbook.signal_sources import NoSource
from runbook.signals.monitor import Monitor

T0 = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
LIVE = Criterion("live == abc", "live", "==", "abc")
BAD = Criterion("errors > 5", "errors", ">", 5)
RUNBOOK = Runbook(
    id="shop",
    title="Shop",
    signals=(
        Signal("live", "live", NoSource(), kind="version"),
        Signal("errors", "errors", NoSource(), kind="error_rate"),
    ),
    methods=(
        Method(
            "back",
            "1",
            "Back",
            steps=(
                Step("push", "Push", "run", commands=(Command(text="git push", effect=Effect.CHANGE),)),
                Step("live", "Wait until production runs it", "wait_for", wait_for=(LIVE,)),
            ),
        ),
    ),
    outcomes=(Outcome(id="bad", text="More than 5 % fail", level="failed", criterion=BAD),),
    settle=60,
)
OUTLOOK = Outlook(RUNBOOK, Monitor(()))


def after_the_push(wait: Mark = "todo", at: datetime | None = None) -> RoomState:
    steps = {("back", "push"): StepState(mark="done", at=T0), ("back", "live"): StepState(mark=wait, at=at)}
    return msgspec.structs.replace(RoomState(), method="back", last_change=T0, steps=steps)


@pytest.mark.parametrize("wait", ["todo", "running"])
def test_a_deploy_that_has_not_arrived_is_no_failure_of_the_rollback(wait: Mark) -> None:
    said = OUTLOOK.verdict(after_the_push(wait), T0 + timedelta(minutes=9))
    assert (said.verdict, said.text) == ("unknown", "not judged yet: it has not arrived: Wait until production runs it")


def test_the_time_to_settle_begins_when_it_has_arrived() -> None:
    arrived = T0 + timedelta(minutes=4)
    state = after_the_push("done", arrived)
    assert OUTLOOK.judged_from(state) == arrived + timedelta(seconds=60)
    assert "settling" in OUTLOOK.verdict(state, arrived + timedelta(seconds=30)).text


@pytest.mark.parametrize("wait", ["failed", "skipped"])
def test_a_wait_that_ended_without_arrival_holds_the_verdict_back_no_longer(wait: Mark) -> None:
    assert OUTLOOK.not_judged(after_the_push(wait, T0 + timedelta(minutes=5))) == ""


BY_HAND = msgspec.structs.replace(
    RUNBOOK,
    methods=(
        Method(
            "page",
            "1",
            "On the platform's page",
            steps=(
                Step("open", "Open the deployments", "manual"),
                Step("promote", "Promote the last green one", "manual"),
                Step("look", "Look", "run", commands=(Command(text="curl https://shop.example", effect=Effect.READ),)),
            ),
        ),
    ),
)


def by_hand(**marks: Mark) -> RoomState:
    at = {"open": T0, "promote": T0 + timedelta(minutes=1)}
    steps = {("page", name): StepState(mark=mark, at=at[name]) for name, mark in marks.items()}
    return msgspec.structs.replace(RoomState(), method="page", steps=steps)


def test_a_rollback_that_a_person_carries_out_is_judged_from_its_last_step_on() -> None:
    outlook = Outlook(BY_HAND, Monitor(()))
    assert outlook.judged_from(by_hand()) is None
    assert "1 more of the method's steps" in outlook.not_judged(by_hand(open="done"))
    state = by_hand(open="done", promote="done")
    assert outlook.not_judged(state) == ""
    assert outlook.judged_from(state) == T0 + timedelta(minutes=2)


def test_what_was_skipped_by_hand_changed_nothing() -> None:
    assert Outlook(BY_HAND, Monitor(())).judged_from(by_hand(open="skipped", promote="skipped")) is None
