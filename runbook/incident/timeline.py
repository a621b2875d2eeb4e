"""The timeline: every event as one calm line, for the screen, for `warroom timeline` and for the report."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from runbook.figures import amount, name
from runbook.incident import events as ev
from runbook.incident.state import Entry, RoomState, Run
from runbook.logs.clean import clean, redact
from runbook.model import Signal

Tone = Literal["plain", "act", "good", "bad", "warn"]
_SHA = re.compile(r"^([0-9a-f]{7})[0-9a-f]{33,57}$")
Signals = Mapping[str, Signal]
NO_SIGNALS: Signals = {}
LONGEST_NAME = 16
"""Characters of a person's name beside a line."""


class Words(NamedTuple):
    """What an event says, before it has its place and its author."""

    text: str
    tone: Tone = "plain"
    details: tuple[str, ...] = ()


def entry(event: ev.Event, at: datetime, by: str, run: Run | None, *, back: bool = False) -> Entry:
    """The line of one event. `run` is the run it belongs to; `back` says that somebody drove before."""
    words = _words(event.body, run, back)
    return Entry(
        at=at,
        by=by,
        kind=ev.kind_of(event.body),
        text=words.text,
        tone=words.tone,
        readings=event.readings,
        details=words.details,
    )


def clock(seconds: float) -> str:
    """A duration as people read it aloud: `0:06`, `12:30`, `1:02:03`."""
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def by_id(signals: Iterable[Signal]) -> Signals:
    """The runbook's signals by the names that the record has for them."""
    return {signal.id: signal for signal in signals}


def reading_text(reading: ev.Reading, signals: Signals = NO_SIGNALS) -> str:
    """`error rate 25.1 %` where the runbook has the signal, else `error_rate 25.1`; or `p95 no data (timed out)`."""
    of = signals.get(reading.signal)
    called = _named(reading.signal, signals)
    if reading.value is None:
        return f"{called} no data" + (f" ({reading.why})" if reading.why else "")
    if isinstance(reading.value, float):
        return f"{called} {amount(reading.value, of.unit) if of else f'{reading.value:.4g}'}"
    return f"{called} " + _SHA.sub(r"\1", str(reading.value))


def _named(signal: str, signals: Signals) -> str:
    of = signals.get(signal)
    return name(of.title) if of and of.title else signal


def readings_text(readings: Sequence[ev.Reading], signals: Signals = NO_SIGNALS) -> str:
    """What all signals said at one second; those that are silent for the same reason are named together."""
    said = [reading_text(reading, signals) for reading in readings if reading.value is not None]
    silent = [reading for reading in readings if reading.value is None]
    for why in dict.fromkeys(reading.why for reading in silent):
        names = [_named(reading.signal, signals) for reading in silent if reading.why == why]
        if len(names) == 1:
            said += [reading_text(reading, signals) for reading in silent if reading.why == why]
        else:
            of = "any signal" if len(names) == len(readings) else ", ".join(names)
            said.append(f"no data from {of}" + (f" ({why})" if why else ""))
    return " · ".join(said)


def shown(text: str) -> str:
    """Text of the record as it may leave it: nothing that acts on a terminal, no secret."""
    return redact(clean(text))


def render_text(state: RoomState, signals: Signals = NO_SIGNALS) -> str:
    """The whole timeline as plain lines, UTC, with what the signals said under each, where that is news."""
    title = shown(f"{state.incident}  {state.title}".strip()) or "No incident"
    width = min(LONGEST_NAME, max((len(shown(line.by)) for line in state.timeline), default=0))
    lines = [title, ""]
    day = told = ""
    for line in state.timeline:
        at = line.at.astimezone(UTC)
        if (today := f"{at:%Y-%m-%d}") != day:
            day = today
            lines.append(f"{day} (UTC)")
        lines.append(f"  {at:%H:%M:%S}  {shown(line.by)[:width]:{width}}  {shown(line.text)}")
        if line.readings and told != (told := shown(readings_text(line.readings, signals))):
            lines.append(f"  {'':8}  {'':{width}}    {told}")
    return "\n".join(lines)


def to_json(state: RoomState) -> list[dict[str, Any]]:
    """The timeline as plain data, one object a line, times in UTC."""
    return [
        {
            "at": line.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "by": shown(line.by),
            "kind": shown(line.kind),
            "text": shown(line.text),
            "tone": line.tone,
            "readings": [
                {
                    "signal": shown(reading.signal),
                    "value": shown(reading.value) if isinstance(reading.value, str) else reading.value,
                    "why": shown(reading.why),
                }
                for reading in line.readings
            ],
            "details": [shown(detail) for detail in line.details],
        }
        for line in state.timeline
    ]


# ── the words ─────────────────────────────────────────────────────────────────────────────────────


def _words(body: ev.Known | ev.Unknown, run: Run | None, back: bool) -> Words:
    if isinstance(body, ev.RoomEntered):
        return _entered(body, back)
    if isinstance(body, _OF_A_RUN):
        return _of_a_run(body, run)
    if (say := _SAY.get(type(body))) is not None:
        return say(body)
    kind = ev.kind_of(body)
    return Words(f"an event of a kind that this version does not know: {kind}", "warn")


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _first_line(text: str) -> str:
    lines = text.strip().splitlines() or [""]
    return lines[0] if len(lines) == 1 else f"{lines[0]} (+{len(lines) - 1} more)"


def _opened(body: ev.IncidentOpened) -> Words:
    where = " ".join(filter(None, (body.severity, body.service, body.environment)))
    practice = f"; practice in {body.drill}" if body.drill else ""
    return Words(f"opened the incident: {body.title} ({where}{practice})", "act")


def _entered(body: ev.RoomEntered, back: bool) -> Words:
    if not body.driving:
        return Words(f"entered on {body.host}, watching")
    return Words(f"resumed on {body.host}, driving" if back else f"entered on {body.host}, driving")


def _confirmed(body: ev.StepConfirmed) -> Words:
    target = f" {body.target}" if body.target else ""
    expected = tuple(f"expected {ref}: {value}" for ref, value in body.expected.items())
    overrides = tuple(f"in spite of: {what}" for what in body.overrides)
    whole = tuple(body.text.splitlines()) if "\n" in body.text.strip() else ()
    aside = "undo " if body.undo else "way out " if body.remedy else ""
    mode = {"follow": ", follows", "interactive": ", with the terminal"}.get(body.mode, "")
    return Words(
        f"{aside}confirmed: {_first_line(body.text)} ({body.effect}{target}{mode})",
        "warn" if body.overrides else "act",
        whole + body.shown + expected + overrides,
    )


def _finished(body: ev.StepFinished, name: str) -> Words:
    if body.already:
        return Words(f"nothing to do{_because(body.why or name)}", "good", body.last_lines)
    found = ", learned afterwards" if body.recovered else ""
    end = f"in {clock(body.duration)}, exit {body.exit}{found}"
    about = f" · {name}" if name else ""
    if body.ok:
        go_on = (f"go on at {body.address}",) if body.address else ()
        tone: Tone = "warn" if body.unproven else "good"
        return Words(f"done {end}{about}{_because(body.why)}", tone, body.last_lines + go_on)
    offered = (f"offered: {body.offered.text}",) if body.offered else ()
    return Words(f"failed {end}{about}{_because(body.why)}", "bad", body.last_lines + offered)


_TOOK_EFFECT: dict[bool | None, tuple[str, ...]] = {
    True: ("it took effect",),
    False: ("it did not take effect",),
    None: (),
}
_OF_A_RUN = (ev.StepStarted, ev.StopAsked, ev.StepFinished, ev.StepUnknown, ev.StepResolved)


def _of_a_run(body: ev.Known | ev.Unknown, run: Run | None) -> Words:
    name = run.title if run is not None else ""
    about = f" · {name}" if name else ""
    match body:
        case ev.StepStarted(pid=pid):
            return Words(f"started, process {pid}{about}")
        case ev.StopAsked(how=how):
            return Words(f"asked to stop ({how}){about}", "warn")
        case ev.StepFinished():
            return _finished(body, name)
        case ev.StepUnknown(why=why, evidence=evidence, took_effect=took_effect):
            return Words(f"unknown: {why}{about}", "bad", (*evidence, *_TOOK_EFFECT[took_effect]))
        case ev.StepResolved(outcome=outcome, reason=reason):
            said = "settled as done" if outcome == "done" else "settled as not done"
            return Words(f"{said}{about}{_because(reason)}", "act")
        case _:
            return Words(ev.kind_of(body))


def _declared(body: ev.SeverityDeclared) -> Words:
    return Words(
        f"declared {body.severity}{_because(body.title)}" if body.severity else f"named it: {body.title}", "act"
    )


def _ticked(body: ev.ItemTicked) -> Words:
    note = f" ({body.note})" if body.note else ""
    return Words(f"{'ticked' if body.done else 'unticked'}: {body.text}{note}")


def _reported(body: ev.TriggerReported) -> Words:
    return Words(f"{'reported' if body.active else 'took back'}: {body.text}", "warn" if body.active else "plain")


def _decided(body: ev.DecisionMade) -> Words:
    said = {"roll-back": "decided to roll back", "wait": "decided to wait", "no-rollback": "decided not to roll back"}
    return Words(said.get(body.decision, body.decision) + _because(body.reason), "act")


def _value(body: ev.ValueSet) -> Words:
    beside = f" ({body.shown})" if body.shown else ""
    return Words(f"{body.param} = {body.value}{beside}, {body.source}")


def _marked(body: ev.StepMarked) -> Words:
    said = {"done": "done", "skipped": "skipped", "already": "already there"}.get(body.mark, body.mark)
    return Words(f"{said}: {body.title}{_because(body.reason)}", "warn" if body.mark == "skipped" else "good")


def _overdue(body: ev.WaitOverdue) -> Words:
    return Words(f"not there within {clock(body.waited)}: {body.title}", "bad", body.missing)


def _edited(body: ev.CommandEdited) -> Words:
    where = f" (line {body.line})" if body.line else ""
    return Words(
        f"changed a command of step {body.step}: {_first_line(body.now)}{_because(body.reason)}",
        "warn",
        (f"the runbook says{where}: {body.was}", f"instead: {body.now}"),
    )


def _advised(body: ev.AdviceChanged) -> Words:
    tone: Tone = "bad" if body.level == "roll-back" else "warn" if body.level == "watch" else "plain"
    return Words(f"advice: {body.text or body.level}", tone)


def _judged(body: ev.VerdictChanged) -> Words:
    tones: dict[str, Tone] = {"recovered": "good", "partial": "warn", "failed": "bad"}
    if body.relapsed:
        return Words(f"relapsed, now {body.word}{_because(body.why)}", "bad")
    said = body.why if body.why.startswith(body.word) else f"{body.word}{_because(body.why)}"
    return Words(f"verdict: {said}", tones.get(body.verdict, "plain"))


def _saved(body: ev.SnapshotSaved) -> Words:
    count = f"{len(body.files)} file" + ("s" if len(body.files) != 1 else "")
    return Words(f"saved a snapshot ({count}){_because(body.reason)}", "plain", tuple(f.path for f in body.files))


_SAY: dict[type, Callable[[Any], Words]] = {
    ev.IncidentOpened: _opened,
    ev.RoomLeft: lambda body: Words("left" + _because(body.reason.removeprefix("left"))),
    ev.SeverityDeclared: _declared,
    ev.IncidentClosed: lambda body: Words(f"closed the incident{_because(body.reason)}", "act"),
    ev.NoteAdded: lambda body: Words(f"note: {body.text}"),
    ev.ItemTicked: _ticked,
    ev.TriggerReported: _reported,
    ev.DecisionMade: _decided,
    ev.MethodChosen: lambda body: Words(f"chose {body.title}{_because(body.reason)}", "act"),
    ev.ValueSet: _value,
    ev.ContactCalled: lambda body: Words(f"called {body.who} (level {body.level})", "act"),
    ev.StepConfirmed: _confirmed,
    ev.StepRefused: lambda body: Words(f"not started: {_first_line(body.text)}{_because(body.why)}", "bad"),
    ev.StepMarked: _marked,
    ev.WaitOverdue: _overdue,
    ev.CommandEdited: _edited,
    ev.AdviceChanged: _advised,
    ev.VerdictChanged: _judged,
    ev.SnapshotSaved: _saved,
    ev.ReportWritten: lambda body: Words(f"wrote the report: {body.file}"),
}
