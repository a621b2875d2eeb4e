"""The fold: whatever happened, in whatever order it is told, the room has one calm answer."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.incident import events as ev
from runbook.incident.room import UNCONFIRMED, Room, fold
from runbook.incident.state import Mark
from runbook.model import Effect, Remedy

START = datetime(2026, 11, 24, 3, 14, tzinfo=UTC)
OUTPUT = ev.File("runs/r/out.log", "ab" * 32, 10)


def told(*bodies: ev.Known | ev.Unknown, seat: str = "kim-1", start: int = 1) -> list[ev.Event]:
    """One seat's events, a second apart."""
    return [
        ev.Event(incident="i", seat=seat, seq=n, at=START + timedelta(seconds=n), lamport=n, body=body, readings=())
        for n, body in enumerate(bodies, start)
    ]


def at(n: int) -> datetime:
    return START + timedelta(seconds=n)


def confirmed(
    run: str = "r1",
    *commands: int,
    of: int = 1,
    undo: bool = False,
    remedy: bool = False,
    effect: Effect = Effect.CHANGE,
) -> ev.StepConfirmed:
    return ev.StepConfirmed(
        run=run,
        method="git-revert",
        step="push",
        title="Publish on production",
        commands=commands or (0,),
        text="git push origin production",
        effect=effect,
        target="production",
        of=of,
        undo=undo,
        remedy=remedy,
    )


def finished(
    run: str = "r1", *, ok: bool = True, already: bool = False, why: str = "", offered: Remedy | None = None
) -> ev.StepFinished:
    code = 0 if ok else 1
    return ev.StepFinished(run, code, ok, 6.4, OUTPUT, already=already, why=why, offered=offered)


BACK = Remedy("Bring production back", "git push origin old:production", Effect.CHANGE, "production", "")


def entered(user: str = "kim", *, driving: bool = True, host: str = "laptop") -> ev.RoomEntered:
    return ev.RoomEntered(user=user, host=host, pid=42, driving=driving)


OPENED = ev.IncidentOpened("Bad deploy", "shop", "production", "SEV2", OUTPUT, pace=10, drill="bad-deploy")


def mark(*bodies: ev.Known) -> Mark:
    return fold(told(*bodies)).step("git-revert", "push").mark


# ── steps ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ([], "todo"),
        ([confirmed()], "running"),
        ([confirmed(), ev.StepStarted("r1", 7)], "running"),
        ([confirmed(), ev.StepStarted("r1", 7), finished()], "done"),
        ([confirmed(), finished(ok=False)], "failed"),
        ([confirmed(), finished(already=True)], "already"),
        ([confirmed(), ev.StepUnknown("r1", "gone")], "unknown"),
        ([confirmed(), ev.StepUnknown("r1", "gone"), ev.StepResolved("r1", "done")], "done"),
        ([confirmed(), ev.StepUnknown("r1", "gone"), ev.StepResolved("r1", "not-done")], "todo"),
        ([confirmed(), finished(ok=False), confirmed("r2")], "running"),
        ([confirmed(), finished(ok=False), confirmed("r2"), finished("r2")], "done"),
        ([confirmed("r1", 0, of=2), finished()], "partly"),
        ([confirmed("r1", 0, 1, of=2), finished()], "done"),
        ([confirmed("r1", 0, of=2), finished(), confirmed("r2", 1, of=2), finished("r2")], "done"),
        ([confirmed("r1", 0, of=2), finished(), confirmed("r2", 1, of=2), finished("r2", ok=False)], "failed"),
        (
            [confirmed("r1", 0, of=2), finished(), confirmed("r2", 1, of=2), ev.StepResolved("r2", "not-done")],
            "partly",
        ),
        ([confirmed(), finished(), confirmed("r2"), ev.StepResolved("r2", "not-done")], "done"),
        ([confirmed(), finished(), confirmed("u", undo=True)], "running"),
        ([confirmed(), finished(), confirmed("u", undo=True), finished("u")], "todo"),
        ([confirmed(), finished(), confirmed("u", undo=True), finished("u", ok=False)], "failed"),
        ([confirmed(), finished(ok=False), confirmed("w", remedy=True)], "running"),
        ([confirmed(), finished(ok=False), confirmed("w", remedy=True), finished("w")], "failed"),
        ([confirmed(), finished(ok=False), confirmed("w", remedy=True), ev.StepUnknown("w", "gone")], "unknown"),
        ([confirmed("w", remedy=True), finished("w")], "todo"),
        ([confirmed("w", remedy=True), finished("w", ok=False)], "todo"),
        ([confirmed("r1", 0, of=2), finished(), confirmed("w", 1, remedy=True), finished("w")], "partly"),
        ([ev.StepMarked("git-revert", "push", "Push", "skipped", "not needed")], "skipped"),
        ([confirmed(), finished(ok=False), ev.StepMarked("git-revert", "push", "Push", "done")], "done"),
        ([ev.StepMarked("git-revert", "push", "Push", "skipped"), confirmed(), finished()], "done"),
        ([confirmed(), ev.StepRefused("git-revert", "push", "git push origin production", "moved")], "todo"),
        ([confirmed(), finished(), ev.StepUnknown("r1", "late"), ev.StepResolved("r1", "not-done")], "done"),
    ],
)
def test_a_step_stands_where_its_runs_left_it(bodies: list[ev.Known], expected: Mark) -> None:
    assert mark(*bodies) == expected


ALL_OF_TWO: list[ev.Known] = [
    confirmed("r1", 0, of=2),
    finished(),
    confirmed("r2", 1, of=2),
    finished("r2"),
    confirmed("r3", 0, of=2),
]


@pytest.mark.parametrize(
    ("bodies", "expected", "done"),
    [
        ([finished("r3")], "partly", {0}),
        ([finished("r3"), confirmed("r4", 1, of=2), finished("r4")], "done", {0, 1}),
        ([finished("r3", ok=False)], "failed", set()),
        ([ev.StepResolved("r3", "not-done")], "done", {0, 1}),
        ([finished("r3"), confirmed("r4", 1, of=2), ev.StepResolved("r4", "not-done")], "partly", {0}),
    ],
)
def test_a_step_of_several_commands_that_is_carried_out_once_more_begins_anew(
    bodies: list[ev.Known], expected: Mark, done: set[int]
) -> None:
    step = fold(told(*ALL_OF_TWO, *bodies)).step("git-revert", "push")
    assert step.mark == expected
    assert step.done_commands == frozenset(done)


def test_an_undone_step_says_so_and_starts_over() -> None:
    step = fold(told(confirmed("r1", of=2), finished(), confirmed("u", undo=True), finished("u"))).step(
        "git-revert", "push"
    )
    assert (step.reason, step.done_commands, step.last_run) == ("undone", frozenset(), "u")


@pytest.mark.parametrize(
    ("after", "offered"),
    [
        ([], True),
        ([confirmed("u", undo=True)], True),
        ([confirmed("u", undo=True), finished("u", ok=False)], True),
        ([confirmed("u", undo=True), finished("u")], False),
        ([confirmed("u", undo=True), finished("u"), confirmed("r2"), finished("r2", offered=BACK)], True),
        ([confirmed("r2"), finished("r2", ok=False)], False),
    ],
)
def test_a_way_back_is_offered_until_it_was_taken(after: list[ev.Known], offered: bool) -> None:
    state = fold(told(confirmed(), finished(offered=BACK), *after))
    assert state.way_back("git-revert", "push") == (BACK if offered else None)


def test_a_step_keeps_why_it_failed_while_its_way_out_is_taken() -> None:
    step = fold(
        told(confirmed(), finished(ok=False, why="a conflict"), confirmed("w", remedy=True), finished("w"))
    ).step("git-revert", "push")
    assert (step.mark, step.reason, step.last_run) == ("failed", "a conflict", "w")


def test_a_run_keeps_all_that_is_known_of_it() -> None:
    state = fold(
        told(
            entered(),
            confirmed(),
            ev.StepStarted("r1", 7),
            ev.StopAsked("r1", "interrupt"),
            finished(ok=False, why="x"),
        )
    )
    run = state.runs["r1"]
    assert (run.by, run.confirmed, run.started, run.ended) == ("kim", at(2), at(3), at(5))
    assert (run.state, run.pid, run.stop_asked, run.exit, run.why, run.output) == (
        "failed",
        7,
        "interrupt",
        1,
        "x",
        OUTPUT,
    )
    assert state.unsettled == ()


def test_an_outcome_without_its_intent_is_shown_calmly() -> None:
    state = fold(told(finished("lost"), ev.StepStarted("other", 9)))
    assert state.runs["lost"].title == UNCONFIRMED
    assert state.runs["lost"].state == "done"
    assert state.runs["other"].state == "running"
    assert not state.unsettled  # it names no step: nobody could settle it, and it must not hold the room up
    assert state.steps == {}
    assert len(state.timeline) == 2


def test_an_intent_that_comes_after_its_outcome_takes_it_over() -> None:
    state = fold(told(finished(), confirmed()))
    assert (state.runs["r1"].state, state.runs["r1"].title) == ("done", "Publish on production")
    assert state.step("git-revert", "push").mark == "done"


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ([confirmed(), finished()], 2),
        ([confirmed(), finished(ok=False)], None),
        ([confirmed(effect=Effect.READ), finished()], None),
        ([confirmed(effect=Effect.DESTROY), finished()], 2),
        ([confirmed(), ev.StepUnknown("r1", "gone")], 2),
        ([confirmed(), ev.StepUnknown("r1", "gone"), ev.StepResolved("r1", "not-done")], 2),
        ([confirmed(), ev.StepUnknown("r1", "gone"), ev.StepResolved("r1", "done")], 3),
        ([confirmed(), finished(), confirmed("u", undo=True), finished("u")], 4),
        ([confirmed(), finished(), confirmed("r", effect=Effect.READ), finished("r")], 2),
    ],
)
def test_what_is_judged_is_judged_from_the_last_change(bodies: list[ev.Known], expected: int | None) -> None:
    assert fold(told(*bodies)).last_change == (None if expected is None else at(expected))


# ── everything else ───────────────────────────────────────────────────────────────────────────────


def test_the_incident_is_what_was_opened_and_declared() -> None:
    state = fold(told(OPENED, entered(), ev.SeverityDeclared("SEV1", ""), ev.IncidentClosed("over")))
    assert (state.incident, state.title, state.service, state.severity) == ("i", "Bad deploy", "shop", "SEV1")
    assert (state.pace, state.drill, state.opened, state.closed) == (10, "bad-deploy", at(1), at(4))


def test_a_line_names_the_person_and_a_seat_that_said_nothing_of_itself_by_its_name() -> None:
    state = fold(told(OPENED, entered(), ev.NoteAdded("a")) + told(ev.NoteAdded("b"), seat="lee-2", start=9))
    assert [line.by for line in state.timeline] == ["kim", "kim", "kim", "lee-2"]


def test_a_second_driver_resumes_and_the_first_drives_no_more() -> None:
    events = told(entered()) + told(entered("lee", driving=False), seat="lee-2", start=2)
    events += told(entered("ana"), ev.RoomLeft("q"), seat="ana-3", start=3)
    state = fold(events)
    assert [(r.user, r.driving, r.left) for r in state.responders] == [
        ("kim", False, None),
        ("lee", False, None),
        ("ana", True, at(4)),
    ]
    assert "entered" in state.timeline[0].text
    assert "watching" in state.timeline[1].text
    assert "resumed" in state.timeline[2].text


def test_two_machines_may_both_drive_and_both_are_shown() -> None:
    state = fold(told(entered()) + told(entered("lee", host="desk"), seat="lee-2", start=2))
    assert [r.driving for r in state.responders] == [True, True]


def test_a_closed_incident_is_open_again_as_soon_as_a_command_of_it_is_confirmed() -> None:
    closed = (ev.IncidentClosed("over"), entered())
    assert fold(told(*closed)).closed == at(1)
    assert fold(told(*closed, confirmed("r1"))).closed is None
    assert fold(told(*closed, confirmed("r1"), ev.IncidentClosed("now it is"))).closed == at(4)


def test_recovery_relapse_and_recovery_again() -> None:
    state = fold(told(ev.VerdictChanged("recovered", "ok"), ev.IncidentClosed("over")))
    assert (state.recovered, state.relapses, state.closed) == (at(1), 0, at(2))
    relapse = ev.VerdictChanged("failed", "again", relapsed=True)
    state = fold(told(ev.VerdictChanged("recovered", "ok"), ev.IncidentClosed("over"), relapse))
    assert (state.recovered, state.relapses, state.closed) == (None, 1, None)
    state = fold(told(ev.VerdictChanged("recovered", "ok"), relapse, ev.VerdictChanged("recovered", "ok")))
    assert (state.recovered, state.relapses) == (at(3), 1)


def test_advice_holds_since_its_level_was_reached() -> None:
    state = fold(
        told(ev.AdviceChanged("watch", "a"), ev.AdviceChanged("roll-back", "b"), ev.AdviceChanged("roll-back", "c"))
    )
    assert state.advice is not None
    assert (state.advice.text, state.advice_since) == ("c", at(2))


def test_what_people_say_is_kept_and_can_be_taken_back() -> None:
    edit = ev.CommandEdited("m", "s", 0, "was", "now", "why")
    state = fold(
        told(
            ev.TriggerReported("a", "A", True),
            ev.TriggerReported("b", "B", True),
            ev.TriggerReported("a", "A", False),
            ev.ItemTicked("x", "X", True),
            ev.ItemTicked("x", "X", False, "no"),
            ev.ValueSet("tag", "v1", "typed"),
            ev.ValueSet("tag", "v2", "picked", "yesterday"),
            ev.ContactCalled("1", "On call"),
            ev.ContactCalled("1", "On call"),
            ev.DecisionMade("wait"),
            ev.DecisionMade("roll-back", "bad"),
            ev.DecisionMade("roll-back", "really"),
            ev.MethodChosen("tag", "Tag"),
            edit,
        )
    )
    assert state.reported == {"b"}
    assert (state.ticks["x"].done, state.ticks["x"].note, state.ticks["x"].at) == (False, "no", at(5))
    assert (state.values["tag"].text, state.values["tag"].shown) == ("v2", "yesterday")
    assert state.called == ("1: On call",)
    assert (state.decision, state.decision_reason, state.decided, state.method) == (
        "roll-back",
        "really",
        at(11),
        "tag",
    )
    assert state.edits == {("m", "s", 0): edit}


def test_an_unknown_kind_is_a_line_of_the_timeline() -> None:
    state = fold(told(ev.Unknown(kind="from-the-future", raw=b"{}")))
    assert "from-the-future" in state.timeline[0].text
    assert state.events == 1


def test_a_late_event_takes_its_place() -> None:
    room = Room()
    late, first = told(ev.NoteAdded("early")), told(ev.NoteAdded("a"), ev.NoteAdded("b"), seat="lee-2", start=5)
    for event in first:
        room.apply(event)
    before = room.state()
    room.apply(late[0])
    assert [line.text for line in room.state().timeline] == ["note: early", "note: a", "note: b"]
    assert [line.text for line in before.timeline] == ["note: a", "note: b"]  # a state never changes


def test_a_time_without_a_zone_is_taken_for_utc() -> None:
    naive, aware = told(confirmed(), finished())
    odd = ev.Event(incident="i", seat="s", seq=1, at=naive.at.replace(tzinfo=None), lamport=1, body=naive.body)
    assert fold([odd, aware]).runs["r1"].confirmed == at(1)


# ── any history at all ────────────────────────────────────────────────────────────────────────────

RUNS = st.sampled_from(["r1", "r2", "r3"])
TEXT = st.text(max_size=6)
NUMBERS = st.floats() | st.integers(-5, 10**9).map(float)

BODIES = st.one_of(
    st.builds(
        confirmed,
        RUNS,
        st.integers(0, 2),
        of=st.integers(-1, 3),
        undo=st.booleans(),
        remedy=st.booleans(),
        effect=st.sampled_from(list(Effect)),
    ),
    st.builds(ev.StepRefused, method=st.just("git-revert"), step=st.just("push"), text=TEXT, why=TEXT),
    st.builds(ev.StepStarted, run=RUNS, pid=st.integers()),
    st.builds(ev.StopAsked, run=RUNS, how=st.sampled_from(["interrupt", "kill"])),
    st.builds(
        ev.StepFinished,
        run=RUNS,
        exit=st.integers(),
        ok=st.booleans(),
        duration=NUMBERS,
        output=st.just(OUTPUT),
        already=st.booleans(),
    ),
    st.builds(ev.StepUnknown, run=RUNS, why=TEXT, evidence=st.just(("e",))),
    st.builds(ev.StepResolved, run=RUNS, outcome=st.sampled_from(["done", "not-done"])),
    st.builds(
        ev.StepMarked,
        method=st.just("git-revert"),
        step=st.just("push"),
        title=TEXT,
        mark=st.sampled_from(["done", "skipped", "already"]),
    ),
    st.builds(ev.VerdictChanged, st.sampled_from(["recovered", "failed"]), text=TEXT, relapsed=st.booleans()),
    st.builds(ev.AdviceChanged, st.sampled_from(["none", "roll-back"]), text=TEXT),
    st.builds(ev.ItemTicked, item=TEXT, text=TEXT, done=st.booleans()),
    st.builds(ev.TriggerReported, trigger=TEXT, text=TEXT, active=st.booleans()),
    st.builds(ev.ValueSet, param=TEXT, value=TEXT, source=st.just("typed")),
    st.builds(entered, TEXT, driving=st.booleans()),
    st.builds(ev.RoomLeft, reason=TEXT),
    st.builds(ev.DecisionMade, decision=st.sampled_from(["roll-back", "wait"])),
    st.builds(ev.NoteAdded, text=TEXT),
    st.builds(ev.Unknown, kind=TEXT, raw=st.binary(max_size=4)),
    st.just(OPENED),
)


@st.composite
def histories(draw: st.DrawFn) -> list[ev.Event]:
    """Streams of up to three seats, gap-free, with clocks that disagree, and some events told twice."""
    events = []
    for seat in ("a", "b", "c"):
        lamport = 0
        for seq, body in enumerate(draw(st.lists(BODIES, max_size=8)), 1):
            lamport += draw(st.integers(0, 3))
            when = START + timedelta(seconds=draw(st.integers(-100, 100)))
            readings = (ev.Reading("e", draw(NUMBERS)),)
            events.append(
                ev.Event(incident="i", seat=seat, seq=seq, at=when, lamport=lamport, body=body, readings=readings)
            )
    return events + (draw(st.lists(st.sampled_from(events), max_size=4)) if events else [])


@settings(max_examples=120, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_order_repetition_and_steps_on_the_way_do_not_matter(events: list[ev.Event], chance: random.Random) -> None:
    whole = repr(fold(events))
    shuffled = list(events)
    chance.shuffle(shuffled)
    assert repr(fold(shuffled)) == whole
    room = Room()
    for event in shuffled:
        room.apply(event)
        if chance.random() < 0.3:
            room.state()
    assert repr(room.state()) == whole


@settings(max_examples=120, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_subset_folds_and_every_event_has_its_line(events: list[ev.Event], chance: random.Random) -> None:
    some = [event for event in events if chance.random() < 0.6]
    state = fold(some)
    assert state.events == len(state.timeline) == len({(event.seat, event.seq) for event in some})
    for (method, step), stands in state.steps.items():
        assert state.step(method, step) == stands


@settings(max_examples=60, deadline=None)
@given(st.lists(BODIES, min_size=2, max_size=2), st.randoms(use_true_random=False))
def test_two_events_of_one_name_are_one_and_always_the_same_one(bodies: list[ev.Known], chance: random.Random) -> None:
    events = [ev.Event(incident="i", seat="a", seq=1, at=START, lamport=1, body=body) for body in bodies]
    expected = repr(fold(events))
    chance.shuffle(events)
    room = Room()
    for event in events:
        room.apply(event)
        room.state()
    assert repr(room.state()) == repr(fold(events)) == expected
    assert room.state().events == 1
