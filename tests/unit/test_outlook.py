"""When the effect of a rollback is judged: not before all of it is done, nor before it has arrived."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import msgspec
import pytest

from runbook import waiting
from runbook.incident import events as ev
from runbook.incident import progress
from runbook.incident.events import VerdictChanged
from runbook.incident.room import fold
from runbook.incident.state import Mark, RoomState, StepState
from runbook.model import Capture, Command, Criterion, Effect, Method, Outcome, Runbook, Signal, Step, Trigger
from runbook.outlook import Outlook
from runbook.signal_sources import Exposition, HttpJson, NoSource, Prometheus, SignalSource
from runbook.signals.monitor import Monitor
from runbook.signals.series import Sample
from runbook.signals.standing import Verdict
from tests.unit.test_monitor import HandClock

if TYPE_CHECKING:
    from runbook.conductor import Conductor

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


def folded(*bodies: ev.Known) -> RoomState:
    """The clock goes back an hour with every event: only their order tells."""
    return fold(
        ev.Event(incident="i", seat="s", seq=n, lamport=n, at=T0 - timedelta(hours=n), body=body)
        for n, body in enumerate(bodies, 1)
    )


def pushed(run: str, *, ok: bool = True) -> tuple[ev.Known, ...]:
    intent = ev.StepConfirmed(run, "back", "push", "Push", (0,), "git push", Effect.CHANGE)
    return intent, ev.StepFinished(run, int(not ok), ok, 1, ev.File("", "", 0))


def test_a_change_that_is_carried_out_once_more_has_to_arrive_once_more() -> None:
    chosen, waited = ev.MethodChosen("back", "Back"), ev.StepMarked("back", "live", "Wait", "done")
    method = RUNBOOK.methods[0]
    once = folded(chosen, *pushed("r1"), waited)
    assert OUTLOOK.not_judged(once) == "" and progress.next_step(method, once) is None
    twice = folded(chosen, *pushed("r1"), waited, *pushed("r2"))
    assert "it has not arrived: Wait until production runs it" in OUTLOOK.verdict(twice, T0 + timedelta(days=1)).text
    assert progress.next_step(method, twice, after="push") is method.steps[1]
    again = folded(chosen, *pushed("r1"), waited, *pushed("r2"), waited)
    assert OUTLOOK.not_judged(again) == "" and progress.next_step(method, again) is None
    skipped = folded(chosen, *pushed("r1"), ev.StepMarked("back", "live", "Wait", "skipped"), *pushed("r2"))
    assert OUTLOOK.not_judged(skipped) == "", "who left the wait out is not made to wait"


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


def test_what_was_found_done_already_is_judged_from_then_on() -> None:
    elsewhere = StepState(mark="already", at=T0)
    state = msgspec.structs.replace(RoomState(), method="back", steps={("back", "push"): elsewhere})
    assert OUTLOOK.last_change(state) == T0


RECOVERED = msgspec.structs.replace(
    RoomState(), method="back", recovered=T0, verdict=VerdictChanged("unknown", "silent")
)


def news(state: RoomState, now: datetime, verdict: Verdict, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether it is called a relapse, for each verdict that is new to the record."""
    outlook = Outlook(RUNBOOK, Monitor(()))
    monkeypatch.setattr(outlook, "verdict", lambda *_: verdict)
    return [found.relapsed for found in outlook.news(state, now) if isinstance(found, VerdictChanged)]


def test_a_relapse_is_one_whatever_was_not_known_in_between_and_in_a_new_room(monkeypatch: pytest.MonkeyPatch) -> None:
    later, failed = T0 + timedelta(minutes=9), Verdict("failed", "failed: errors 9 > 5; escalate")
    assert news(RECOVERED, later, failed, monkeypatch) == [True]
    assert news(msgspec.structs.replace(RECOVERED, closed=T0), later, failed, monkeypatch) == [True]
    assert news(RECOVERED, later, Verdict("unknown", "not known yet"), monkeypatch) == []
    assert news(msgspec.structs.replace(RECOVERED, recovered=None), later, failed, monkeypatch) == [False]


def test_a_step_that_is_undone_after_the_recovery_ends_it_where_that_is_seen() -> None:
    monitor = Monitor((Signal("errors", "errors", HttpJson("http://h/", path="e"), kind="error_rate", every=5),))
    outlook, now, mono = Outlook(RUNBOOK, monitor), time.time(), time.monotonic()
    at = datetime.fromtimestamp(now - 100, UTC)
    undone = {("back", "push"): StepState(mark="todo", at=at)}
    state = msgspec.structs.replace(RoomState(), last_change=at, method="back", steps=undone, recovered=at)
    assert outlook.news(state, datetime.now(UTC)) == []
    monitor.replay("errors", Sample(now - 1, 20.0, seen=mono - 1))
    assert "not judged yet: 1 more" in outlook.verdict(state, datetime.now(UTC)).text
    (found,) = outlook.news(state, datetime.now(UTC))
    assert isinstance(found, VerdictChanged) and (found.verdict, found.relapsed) == ("failed", True)


def test_what_was_closed_is_not_opened_again_by_another_days_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    over = msgspec.structs.replace(RECOVERED, closed=T0 + timedelta(minutes=5))
    for judged in (Verdict("failed", "failed: errors 9 > 5"), Verdict("recovered", "recovered by the signals")):
        assert news(over, T0 + timedelta(days=2), judged, monkeypatch) == []
        assert len(news(over, T0 + timedelta(minutes=20), judged, monkeypatch)) == 1


def test_a_wait_is_not_ended_by_what_was_read_before_the_change() -> None:
    monitor = Monitor(
        msgspec.structs.replace(signal, source=HttpJson("http://h/", path="e")) for signal in RUNBOOK.signals
    )
    calm = Step("calm", "Wait", "wait_for", wait_for=(Criterion("errors == 0", "errors", "==", 0),))
    now, mono = time.time(), time.monotonic()
    changed = msgspec.structs.replace(RoomState(), last_change=datetime.fromtimestamp(now - 5, UTC))
    room = SimpleNamespace(
        outlook=Outlook(RUNBOOK, monitor), state=changed, known_values=dict[str, str], step=lambda *_: calm
    )
    monitor.replay("errors", Sample(now - 10, 0.0, seen=mono - 10))
    assert [standing.state for standing in waiting.standings(cast("Conductor", room), "back", "calm")] == ["unknown"]
    monitor.replay("errors", Sample(now - 1, 0.0, seen=mono - 1))
    assert [standing.state for standing in waiting.standings(cast("Conductor", room), "back", "calm")] == ["met"]


def test_what_a_step_finds_out_anew_is_used_by_those_behind_it_once_more() -> None:
    def ran(run: str, step: str, text: str) -> tuple[ev.Known, ...]:
        intent = ev.StepConfirmed(run, "back", step, step, (0,), text, Effect.CHANGE)
        return intent, ev.StepFinished(run, 0, True, 1, ev.File("", "", 0))

    build = Command("git commit-tree <tag>", Effect.CHANGE, captures=(Capture("made"),))
    look = Command("git fetch", Effect.READ, captures=(Capture("made"),))
    push, tell = Command("git push origin <made>:main", Effect.CHANGE), Command("echo <tag>", Effect.READ)
    commands = {"build": build, "push": push, "tell": tell}
    method = Method("back", "1", "Back", steps=tuple(Step(name, name, "run", (c,)) for name, c in commands.items()))
    first = (
        ev.ValueSet("made", "aaa", "captured"),
        *ran("r1", "build", "git commit-tree v1"),
        *ran("r2", "push", "git push origin aaa:main"),
        *ran("r3", "tell", "echo v1"),
    )
    assert progress.next_step(method, folded(*first)) is None
    assert progress.next_step(method, folded(*first, *ran("r4", "build", "git commit-tree v1"))) is None, (
        "the same again"
    )
    anew = (*first, ev.ValueSet("made", "bbb", "captured"), *ran("r4", "build", "git commit-tree v2"))
    assert progress.next_step(method, folded(*anew), after="build") is method.steps[1]
    assert progress.changes_left(method, folded(*anew)) == 1
    done = folded(*anew, *ran("r5", "push", "git push origin bbb:main"))
    looked = folded(*anew[:-2], *ran("r6", "look", "git fetch"))
    before = msgspec.structs.replace(method, steps=(Step("look", "look", "run", (look,)), *method.steps))
    assert progress.next_step(before, looked, after="look") is method.steps[1], "it has found out another one"
    assert (progress.next_step(before, looked), progress.changes_left(before, looked)) == (None, 0), "a look alone"
    on = Step("on", "on", "run", (push,))
    assert progress.next_step(msgspec.structs.replace(before, steps=(*before.steps, on)), looked) is method.steps[1]
    assert (progress.next_step(method, done), progress.changes_left(method, done)) == (None, 0)


@pytest.mark.parametrize(
    ("source", "later"),
    [
        (HttpJson("http://h/", numerator="e", denominator="r", window=300), 305 - 60),
        (HttpJson("http://h/", numerator="e", denominator="r", window=30), 0),
        (HttpJson("http://h/", path="e"), 0),
        (Exposition("http://h/", metric="e"), 0),
        (Exposition("http://h/", histogram="e", window=120), 125 - 60),
        (Prometheus("http://p", 'sum(rate(bad{path!~"[9m]"}[5m])) / sum(rate(all[1m30s]))'), 305 - 60),
        (Prometheus("http://p", "max_over_time(rate(bad[5m])[10m:30s] offset 1h)"), 4505 - 60),
        (Prometheus("http://p", "rate(bad[5m]) / rate(bad[5m] offset 1w)"), 305 - 60),
        (Prometheus("http://p", "bad"), 0),
    ],
)
def test_what_a_reading_counts_from_before_the_change_is_no_failure_of_it(source: SignalSource, later: float) -> None:
    signal = Signal("errors", "errors", source, kind="error_rate", every=5)
    outlook = Outlook(RUNBOOK, Monitor((signal,)))
    state = after_the_push("done", T0 + timedelta(minutes=4))
    settled = outlook.judged_from(state)
    assert settled is not None
    assert outlook.watched_from(BAD, state) == settled + timedelta(seconds=later)
    assert outlook.watched_from(BAD, RoomState()) is None


def test_a_window_that_is_longer_for_a_slow_signal_is_waited_for_as_it_is_counted() -> None:
    counted = HttpJson("http://h/", numerator="e", denominator="r", window=60)
    outlook = Outlook(RUNBOOK, Monitor((Signal("errors", "errors", counted, kind="error_rate", every=60),)))
    state = after_the_push("done", T0 + timedelta(minutes=4))
    # at every minute's poll the last three are counted, and the first of them began a minute before
    assert outlook.watched_from(BAD, state) == T0 + timedelta(minutes=4 + 3 + 1)


@pytest.mark.parametrize(
    "counted",
    [
        HttpJson("http://h/", numerator="e", denominator="r", window=300),
        Prometheus("http://p", "sum(rate(bad[5m])) / sum(rate(all[5m]))"),
    ],
)
def test_errors_of_before_the_change_that_are_still_counted_are_called_no_failure(counted: SignalSource) -> None:
    monitor = Monitor((Signal("errors", "errors", counted, kind="error_rate", every=5),))
    now, mono = time.time(), time.monotonic()
    monitor.replay("errors", Sample(now - 1, 20.0, seen=mono - 1))
    at = datetime.fromtimestamp(now - 100, UTC)
    said = Outlook(RUNBOOK, monitor).verdict(
        msgspec.structs.replace(RoomState(), last_change=at, method="back", steps=arrived_at(at)), datetime.now(UTC)
    )
    assert (said.verdict, "settling" in said.text) == ("unknown", True), said.text


@pytest.mark.parametrize("opened", ["before", "after"])
def test_a_clock_that_is_set_back_after_a_change_puts_its_verdict_off_by_the_time_to_settle_and_no_more(
    opened: str,
) -> None:
    clock, changed = HandClock(), datetime.fromtimestamp(1_000_000, UTC)
    if opened == "after":
        clock.now -= 3600
    monitor = Monitor(
        (Signal("errors", "errors", HttpJson("http://h/", path="e"), kind="error_rate", every=5),), clock=clock
    )
    outlook = Outlook(RUNBOOK, monitor)
    state = msgspec.structs.replace(RoomState(), last_change=changed, method="back", steps=arrived_at(changed))
    if opened == "before":
        clock.now -= 3600
    begun = clock.now
    for seconds in range(0, 90, 5):
        clock.now, clock.ticks = begun + seconds, clock.ticks + 5
        monitor.replay("errors", Sample(clock.now, 20.0, seen=clock.ticks))
        said = outlook.verdict(state, datetime.fromtimestamp(clock.now, UTC))
        assert said.verdict == ("failed" if seconds >= 60 else "unknown"), (seconds, said.text)


def arrived_at(at: datetime) -> dict[tuple[str, str], StepState]:
    return {("back", step): StepState(mark="done", at=at) for step in ("push", "live")}


TWO_WAYS = msgspec.structs.replace(
    RUNBOOK,
    triggers=(Trigger("bad", "Most pages fail", "", "immediate", suggests=("back",)),),
    methods=(
        msgspec.structs.replace(RUNBOOK.methods[0], fallback="tag"),
        msgspec.structs.replace(RUNBOOK.methods[0], id="other", label="2", title="Other"),
        msgspec.structs.replace(RUNBOOK.methods[0], id="tag", label="3", title="Tag"),
    ),
)
FAILED = VerdictChanged(verdict="failed", text="failed: errors 25 > 5; escalate")


def advised(state: RoomState) -> str:
    return Outlook(TWO_WAYS, Monitor(())).advice(msgspec.structs.replace(state, reported=frozenset({"bad"}))).way


def test_a_method_that_was_carried_out_and_did_not_help_is_not_advised_again() -> None:
    arrived = after_the_push("done", T0 + timedelta(minutes=4))
    assert advised(arrived) == "Back"  # it has not been judged
    failed = msgspec.structs.replace(arrived, verdict=FAILED)
    assert advised(failed) == "Tag"
    assert advised(msgspec.structs.replace(arrived, method="other")) == ""
    assert Outlook(TWO_WAYS, Monitor(())).spent(failed) == {"back"}


def test_a_method_that_was_only_begun_is_advised_still() -> None:
    skipped = {("back", "push"): StepState(mark="skipped", at=T0)}
    assert advised(msgspec.structs.replace(RoomState(), method="back", steps=skipped, verdict=FAILED)) == "Back"
