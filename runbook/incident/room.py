"""The room: a fold of the journal. Pure and total: any subset, order or repetition of events gives a state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from runbook.incident import events as ev
from runbook.incident.stand import Said, stand
from runbook.incident.state import (
    Entry,
    Responder,
    RoomState,
    Run,
    RunState,
    StepKey,
    StepState,
    Tick,
    Value,
)
from runbook.incident.timeline import entry
from runbook.model import Effect

UNCONFIRMED = "a run whose confirmation is not in the record"

_Key = tuple[str, str, int]
_Place = tuple[int, str, int, str]


def fold(events: Iterable[ev.Event]) -> RoomState:
    """What all these events say together, whatever their order; the same event twice counts once."""
    room = Room()
    for event in sorted(events, key=_place):
        room.apply(event)
    return room.state()


class Room:
    """Builds the state event by event. An event that belongs before others is put in its place."""

    _state: RoomState | None

    def __init__(self) -> None:
        self._events: dict[_Key, ev.Event] = {}
        self._begin()

    def apply(self, event: ev.Event) -> None:
        """Take an event in. The same one again changes nothing."""
        key = (event.incident, event.seat, event.seq)
        held = self._events.get(key)
        if held is not None and (held == event or _rank(held) <= _rank(event)):
            return
        self._events[key] = event
        self._state = None
        if held is not None or _place(event) <= self._last:
            self._out_of_order = True
        elif not self._out_of_order:
            self._take(event)

    def state(self) -> RoomState:
        """The state after everything taken in so far."""
        if self._out_of_order:
            events = sorted(self._events.values(), key=_place)
            self._begin()
            for event in events:
                self._take(event)
        if self._state is None:
            self._state = self._frozen()
        return self._state

    def _begin(self) -> None:
        self._out_of_order = False
        self._last: _Place = (-(2**80), "", 0, "")
        self._state = None
        self._base = RoomState()
        self._count = 0
        self._responders: dict[str, Responder] = {}
        self._values: dict[str, Value] = {}
        self._runs: dict[str, Run] = {}
        self._steps: dict[StepKey, StepState] = {}
        self._told: dict[StepKey, list[str | Said]] = {}
        """What happened to each step, in order: ids of runs, and what people said."""
        self._touched: set[StepKey] = set()
        self._edits: dict[tuple[str, str, int], ev.CommandEdited] = {}
        self._ticks: dict[str, Tick] = {}
        self._reported: set[str] = set()
        self._called: dict[str, None] = {}
        self._timeline: list[Entry] = []
        self._nameless: set[str] = set()
        """Seats that recorded something before saying who sits there."""

    def _frozen(self) -> RoomState:
        for key in self._touched:
            history = [self._runs[told] if isinstance(told, str) else told for told in self._told[key]]
            self._steps[key] = stand(history)
        self._touched.clear()
        return replace(
            self._base,
            responders=tuple(self._responders.values()),
            values=dict(self._values),
            runs=dict(self._runs),
            steps=dict(self._steps),
            edits=dict(self._edits),
            ticks=dict(self._ticks),
            reported=frozenset(self._reported),
            called=tuple(self._called),
            timeline=tuple(self._timeline),
            events=self._count,
        )

    def heard(self) -> dict[str, int]:
        """The last event of each seat that was taken in."""
        last: dict[str, int] = {}
        for _, seat, seq in self._events:
            last[seat] = max(seq, last.get(seat, 0))
        return last

    # ── one event ─────────────────────────────────────────────────────────────────────────────────

    def _take(self, event: ev.Event) -> None:
        self._last = _place(event)
        self._count += 1
        at = event.at if event.at.tzinfo is not None else event.at.replace(tzinfo=UTC)
        body = event.body
        back = any(responder.driving for responder in self._responders.values())
        if not self._base.incident:
            self._base = replace(self._base, incident=event.incident)
        by = self._name(event.seat, body)
        if (take := _TAKE.get(type(body))) is not None:
            take(self, body, at, by, event.seat)
        run = self._runs.get(getattr(body, "run", ""))
        self._timeline.append(entry(event, at, by, run, back=back))

    def _name(self, seat: str, body: ev.Known | ev.Unknown) -> str:
        if isinstance(body, ev.RoomEntered):
            return body.user
        if seat not in self._responders:
            self._nameless.add(seat)
            return seat
        return self._responders[seat].user

    def _set(self, **changes: Any) -> None:
        self._base = replace(self._base, **changes)

    # ── the incident and its people ───────────────────────────────────────────────────────────────

    def _incident_opened(self, body: ev.IncidentOpened, at: datetime, by: str, seat: str) -> None:
        if self._base.opened is None:
            self._set(
                title=self._base.title or body.title,
                service=body.service,
                environment=body.environment,
                severity=self._base.severity or body.severity,
                runbook=body.runbook,
                pace=body.pace,
                drill=body.drill,
                opened=at,
            )

    def _room_entered(self, body: ev.RoomEntered, at: datetime, by: str, seat: str) -> None:
        if body.driving:
            # one lock a machine: whoever drove there before is gone, even where nobody could say so
            for other, there in self._responders.items():
                if there.driving and there.host == body.host:
                    self._responders[other] = replace(there, driving=False)
        if seat in self._nameless:
            self._nameless.discard(seat)
            self._timeline = [replace(line, by=by) if line.by == seat else line for line in self._timeline]
        self._responders[seat] = Responder(
            seat=seat, user=body.user, host=body.host, pid=body.pid, driving=body.driving, entered=at
        )

    def _room_left(self, body: ev.RoomLeft, at: datetime, by: str, seat: str) -> None:
        if seat in self._responders:
            self._responders[seat] = replace(self._responders[seat], left=at)

    def _severity_declared(self, body: ev.SeverityDeclared, at: datetime, by: str, seat: str) -> None:
        self._set(severity=body.severity or self._base.severity, title=body.title or self._base.title)

    def _incident_closed(self, body: ev.IncidentClosed, at: datetime, by: str, seat: str) -> None:
        self._set(closed=at)

    # ── what people say and decide ────────────────────────────────────────────────────────────────

    def _item_ticked(self, body: ev.ItemTicked, at: datetime, by: str, seat: str) -> None:
        self._ticks[body.item] = Tick(done=body.done, at=at, by=by, note=body.note)

    def _trigger_reported(self, body: ev.TriggerReported, at: datetime, by: str, seat: str) -> None:
        (self._reported.add if body.active else self._reported.discard)(body.trigger)

    def _decision_made(self, body: ev.DecisionMade, at: datetime, by: str, seat: str) -> None:
        first = at if body.decision == "roll-back" else None
        self._set(decision=body.decision, decision_reason=body.reason, decided=self._base.decided or first)

    def _method_chosen(self, body: ev.MethodChosen, at: datetime, by: str, seat: str) -> None:
        self._set(method=body.method, method_reason=body.reason)

    def _value_set(self, body: ev.ValueSet, at: datetime, by: str, seat: str) -> None:
        self._values[body.param] = Value(text=body.value, source=body.source, shown=body.shown)

    def _contact_called(self, body: ev.ContactCalled, at: datetime, by: str, seat: str) -> None:
        self._called[f"{body.level}: {body.who}"] = None

    def _command_edited(self, body: ev.CommandEdited, at: datetime, by: str, seat: str) -> None:
        self._edits[body.method, body.step, body.command] = body

    # ── steps ─────────────────────────────────────────────────────────────────────────────────────

    def _step_confirmed(self, body: ev.StepConfirmed, at: datetime, by: str, seat: str) -> None:
        seen = self._runs.get(body.run)
        if seen is not None and seen.title != UNCONFIRMED:
            return  # a run has one intent
        if self._base.closed is not None:
            self._set(closed=None)  # it is not over while somebody acts on it
        intent = Run(
            id=body.run,
            method=body.method,
            step=body.step,
            title=body.title,
            commands=body.commands,
            text=body.text,
            effect=body.effect,
            target=body.target,
            expected=body.expected,
            by=by,
            confirmed=at,
            of=body.of,
            undo=body.undo,
            remedy=body.remedy,
            mode=body.mode,
            told=self._count,
            edited=None if body.undo or body.remedy else self._edit_of(body),
        )
        if seen is not None:
            # its outcome stood before its intent in the merge: keep both
            about = {name: getattr(seen, name) for name in _OUTCOME}
            intent = replace(intent, **about)
        self._runs[body.run] = intent
        self._told.setdefault((body.method, body.step), []).append(body.run)
        self._touched.add((body.method, body.step))

    def _edit_of(self, body: ev.StepConfirmed) -> ev.CommandEdited | None:
        edits = (self._edits.get((body.method, body.step, index)) for index in body.commands)
        return next(filter(None, edits), None)

    def _step_refused(self, body: ev.StepRefused, at: datetime, by: str, seat: str) -> None:
        for told in self._told.get((body.method, body.step), ()):
            run = self._runs[told] if isinstance(told, str) else None
            if run is not None and run.state == "confirmed" and run.text == body.text:
                self._change(run.id, at, state="not-done", why=body.why, ended=at)

    def _step_started(self, body: ev.StepStarted, at: datetime, by: str, seat: str) -> None:
        run = self._run(body.run, at, by)
        state: RunState = "running" if run.state == "confirmed" else run.state
        self._change(body.run, at, state=state, started=run.started or at, pid=body.pid)

    def _stop_asked(self, body: ev.StopAsked, at: datetime, by: str, seat: str) -> None:
        self._run(body.run, at, by)
        self._change(body.run, at, stop_asked=body.how)

    def _step_finished(self, body: ev.StepFinished, at: datetime, by: str, seat: str) -> None:
        self._run(body.run, at, by)
        self._change(
            body.run,
            at,
            state="done" if body.ok else "failed",
            exit=body.exit,
            why=body.why,
            duration=body.duration,
            output=body.output,
            last_lines=body.last_lines,
            recovered=body.recovered,
            already=body.already,
            offered=body.offered,
            address=body.address,
            unproven=body.unproven,
            ended=at,
        )
        if body.ok:
            self._may_have_changed(body.run, at)

    def _step_unknown(self, body: ev.StepUnknown, at: datetime, by: str, seat: str) -> None:
        run = self._run(body.run, at, by)
        if run.exit is None and run.state != "not-done":  # an exit record outweighs not knowing
            self._change(
                body.run,
                at,
                state="unknown",
                why=body.why,
                evidence=body.evidence,
                took_effect=body.took_effect,
                ended=at,
            )
            self._may_have_changed(body.run, at)

    def _step_resolved(self, body: ev.StepResolved, at: datetime, by: str, seat: str) -> None:
        run = self._run(body.run, at, by)
        if run.exit is None:
            self._change(body.run, at, state=body.outcome, why=body.reason, ended=at)
            if body.outcome == "done":
                self._may_have_changed(body.run, at)

    def _step_marked(self, body: ev.StepMarked, at: datetime, by: str, seat: str) -> None:
        key = body.method, body.step
        self._told.setdefault(key, []).append(Said(mark=body.mark, reason=body.reason, at=at, by=by, told=self._count))
        self._touched.add(key)

    def _run(self, run: str, at: datetime, by: str) -> Run:
        if run not in self._runs:
            self._runs[run] = Run(
                id=run,
                method="",
                step="",
                title=UNCONFIRMED,
                commands=(),
                text="",
                effect=Effect.CHANGE,  # in doubt, the worse
                target="",
                expected={},
                by=by,
                confirmed=at,
            )
        return self._runs[run]

    def _change(self, run: str, at: datetime, **changes: Any) -> None:
        now = self._runs[run] = replace(self._runs[run], told=self._count, **changes)
        if (now.method, now.step) in self._told:
            self._touched.add((now.method, now.step))

    def _may_have_changed(self, run: str, at: datetime) -> None:
        if self._runs[run].effect is not Effect.READ:
            self._set(last_change=max(at, self._base.last_change or at))

    # ── what the signals said ─────────────────────────────────────────────────────────────────────

    def _advice_changed(self, body: ev.AdviceChanged, at: datetime, by: str, seat: str) -> None:
        same = self._base.advice is not None and self._base.advice.level == body.level
        self._set(advice=body, advice_since=self._base.advice_since if same else at)

    def _verdict_changed(self, body: ev.VerdictChanged, at: datetime, by: str, seat: str) -> None:
        same = self._base.verdict is not None and self._base.verdict.verdict == body.verdict
        self._set(verdict=body, verdict_since=self._base.verdict_since if same else at)
        if body.relapsed:
            self._set(relapses=self._base.relapses + 1, recovered=None, closed=None)
        elif body.verdict == "recovered":
            self._set(recovered=self._base.recovered or at)


_OUTCOME = (
    *("state", "started", "pid", "stop_asked", "exit", "why", "duration", "output"),
    *("last_lines", "recovered", "already", "evidence", "took_effect", "offered", "address", "unproven", "ended"),
)

# each kind is taken by the method named for its tag; one that changes nothing but the timeline has none
_TAKE: dict[type, Callable[[Room, Any, datetime, str, str], None]] = {
    kind: getattr(Room, "_" + str(kind.__struct_config__.tag).replace("-", "_"))
    for kind in ev.Known.__args__
    if hasattr(Room, "_" + str(kind.__struct_config__.tag).replace("-", "_"))
}


def _place(event: ev.Event) -> _Place:
    return *event.order, event.incident


def _rank(event: ev.Event) -> tuple[_Place, str]:
    """Which of two different events with one name counts: the same one in every order of arrival."""
    return _place(event), repr(event)
