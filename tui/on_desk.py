"""What pane 4 shows of what lies on the desk: a command under way, a step that is open, or the selected row."""

from __future__ import annotations

from datetime import datetime

import msgspec

from runbook.incident import progress
from runbook.incident.state import SETTLED, Run
from runbook.logs.clean import clean
from runbook.model import Remedy, Step
from runbook.providers.provider import Proof
from runbook.signals.criteria import describe
from runbook.steps.plan import Prepared
from runbook.units import command_of, next_unit, time_limit
from tui.desk import Desk, Key
from widgets.action_view import (
    ActionView,
    Confirmation,
    Finished,
    Following,
    Looking,
    ManualStep,
    MessageStep,
    Nothing,
    NotStarted,
    Running,
    Starting,
    UnknownOutcome,
    WaitingFor,
)
from widgets.footer import KeyHint
from widgets.outline import with_values
from widgets.words import in_words, mark_words, step_words

NOTICED = 2
"""Seconds of asking that are told: a platform's program may take six, and nothing would move meanwhile."""


def view(desk: Desk, now: datetime) -> ActionView:
    """What there is to see and to press, the most urgent first."""
    return _of_runs(desk, now) or _of_steps(desk, now) or _nothing(desk)


def _of_runs(desk: Desk, now: datetime) -> ActionView | None:
    """What is under way, or has to be settled first, outranks everything."""
    blocking = desk.conductor.state.blocking
    for run in blocking:
        if run.state == "unknown":
            return _unknown(desk, run)
    if blocking:
        return _running(desk, blocking[0], now)
    key = desk.conductor.carrying
    last = desk.conductor.state.runs.get(desk.conductor.state.step(*key).last_run) if key else None
    if last is None or last.goes_beside:
        return None
    return _running(desk, msgspec.structs.replace(last, state="running"), now)  # between two commands of one key


def _of_steps(desk: Desk, now: datetime) -> ActionView | None:
    waiting = desk.conductor.waiting
    ended = desk.result and (_follows(desk, desk.result, now) or _finished(desk, desk.result))
    shown: ActionView | None = None
    if desk.starting is not None:
        shown = _begins(desk, desk.starting)
    elif desk.prepared is not None:
        shown = _confirmation(desk, desk.prepared)
    elif desk.preparing is not None:
        _, step, number = desk.step_of(desk.preparing)
        asked = int((now - desk.asked_at).total_seconds())
        words = f"asking the world … {f'{asked} s' if asked >= NOTICED else ''}".rstrip()
        shown = Looking(step.title, str(number), lines=(words,), enter="", asking=True)
    elif desk.refused is not None and desk.selected in (None, _key_of(desk.refused[0])):
        shown = _not_started(desk, *desk.refused)
    elif ended:  # before what is watched: from here a step is carried out once more
        shown = ended
    elif waiting is not None and desk.opened in (None, waiting[:2]):
        shown = _waiting(desk, waiting[:2], now)
    elif desk.opened is not None and desk.step_of(desk.opened)[1].kind in ("manual", "message"):
        shown = _opened(desk, desk.opened)
    elif desk.opened is not None:
        shown = _looking(desk, desk.opened)
    elif desk.selected is not None:
        shown = _follows(desk, desk.selected, now) or _looking(desk, desk.selected)
    return shown


def _unknown(desk: Desk, run: Run) -> UnknownOutcome:
    number = str(desk.step_of((run.method, run.step))[2])
    again = "ask the world again first" if run.effect != "read" else "it only reads"
    leaning = {True: "it took effect", False: "it did not take effect", None: ""}[run.took_effect]
    return UnknownOutcome(run, number, run.why, run.evidence, leaning, again)


def _running(desk: Desk, run: Run, now: datetime) -> Running:
    _, step, number = desk.step_of((run.method, run.step))
    began = run.started or run.confirmed
    silent = (now - desk.silent_since).total_seconds() if desk.silent_since else 0
    return Running(
        run,
        str(number),
        desk.tail,
        elapsed=int((now - began).total_seconds()),
        estimate=step.estimate,
        limit=time_limit(step, command_of(run, step, desk.conductor.state)) or 0,
        silent=int(silent) if silent >= step.quiet_after else 0,
        expects=_expected(desk, run, step),
    )


def _follows(desk: Desk, key: Key, now: datetime) -> Following | None:
    """A step whose command goes on beside the others, unless another of its commands ended after it began."""
    run = next(iter(desk.conductor.state.follows_of(*key)), None)
    if run is None or run.id != desk.conductor.state.step(*key).last_run:
        return None
    _, step, number = desk.step_of(key)
    after = desk.following(key)
    return Following(
        run,
        str(number),
        elapsed=int((now - (run.started or run.confirmed)).total_seconds()),
        last="".join(desk.conductor.carrier.tail(run.id, 1)),
        next_step=_named(desk, after) if after else "",
        expects=_expected(desk, run, step),
    )


def _expected(desk: Desk, run: Run, step: Step) -> str:
    """What the runbook says should be seen of a run; of its undo or a way out it says nothing."""
    if run.undo or run.remedy:
        return ""
    words = [step.commands[index].expected for index in run.commands if index < len(step.commands)]
    return clean(desk.conductor.carrier.fill_plain(" ".join(filter(None, words)), desk.conductor.known_values()))


def _confirmation(desk: Desk, prepared: Prepared) -> Confirmation:
    _, step, number = desk.step_of((prepared.method, prepared.step.id))
    total, shown = len(step.commands), len(prepared.commands)
    position = f"{prepared.commands[0] + 1} of {total}" if total > shown and prepared.role == "step" else ""
    params = desk.params_of(prepared.step)
    return Confirmation(
        prepared,
        number=str(number),
        title=with_values(prepared.step.title, desk.conductor.state),
        position=position,
        edit=_edit_words(params) or _mend(desk, prepared) if prepared.role == "step" else "",
        may_skip=prepared.role == "step",
        overrides=desk.overrides,
        sources=_sources(desk, prepared) + (("asking what there is to choose from …",) if desk.choosing else ()),
    )


def _mend(desk: Desk, prepared: Prepared) -> str:
    """What `e` offers where a command cannot run as it is written and has no value that could be another one."""
    return "edit it, with a reason" if prepared.blocked and len(prepared.commands) == 1 else ""


def _sources(desk: Desk, prepared: Prepared) -> tuple[str, ...]:
    """The steps out of whose output the missing values are taken."""
    found = []
    for number, step in enumerate(desk.conductor.procedure(prepared.method).steps, 1):
        taken = {capture.param for command in step.commands for capture in command.captures}
        if names := ", ".join(f"<{name}>" for name in prepared.missing if name in taken):
            found.append(f"{names}: step {number} {with_values(step.title, desk.conductor.state)} finds it out")
    return tuple(found)


def _not_started(desk: Desk, prepared: Prepared, why: str) -> NotStarted:
    number = str(desk.step_of(_key_of(prepared))[2])
    return NotStarted(prepared, why, number, with_values(prepared.step.title, desk.conductor.state))


def _begins(desk: Desk, prepared: Prepared) -> Starting:
    number = str(desk.step_of(_key_of(prepared))[2])
    return Starting(prepared, number, with_values(prepared.step.title, desk.conductor.state))


def _waiting(desk: Desk, key: Key, now: datetime) -> WaitingFor:
    _, step, number = desk.step_of(key)
    assert desk.conductor.waiting is not None
    elapsed = int((now - desk.conductor.waiting[2]).total_seconds())
    return WaitingFor(
        with_values(step.title, desk.conductor.state),
        desk.conductor.standings(*key),
        str(number),
        elapsed=elapsed,
        estimate=step.estimate,
        timeout=step.timeout,
        late=_late(desk, key, elapsed) if elapsed > step.timeout else (),
        lines=(step.note,) if step.note else (),
    )


def _late(desk: Desk, key: Key, elapsed: int) -> tuple[str, ...]:
    """What to do where what is waited for has not come in the time that the runbook gives it."""
    method, step, _ = desk.step_of(key)
    other = next((m.title for m in desk.conductor.runbook.methods if m.id == method.fallback), "")
    return (
        f"Not there within {in_words(step.timeout)}. See whether the deploy began and how it stands: its pipeline,"
        " the platform's own page. The room goes on looking.",
        "s leaves this step with a reason." + (f" Another method: {other} (m)." if other else ""),
    )


def _finished(desk: Desk, key: Key) -> Finished | None:
    """The end of a step: the last carrying-out of all its commands, as one."""
    state = desk.conductor.state
    at = state.step(*key)
    last = state.runs.get(at.last_run)
    if last is None:
        return None
    alike = [r for r in _runs_of(desk, key) if (r.undo, r.remedy) == (last.undo, last.remedy)]
    latest: dict[int, Run] = {r.commands[0]: r for r in alike}
    whole_step = last.state == "done" and not last.remedy
    shown = [latest[i] for i in sorted(latest)] if whole_step else [r for r in alike if r.confirmed >= last.confirmed]
    whole = msgspec.structs.replace(
        last, text="\n".join(r.text for r in shown), duration=sum(r.duration for r in shown), why=""
    )
    _, step, number = desk.step_of(key)
    after = desk.following(key)
    return Finished(
        whole,
        str(number),
        tail=tuple(line for r in shown for line in r.last_lines),
        proof=Proof(None if last.unproven else last.state == "done", last.why) if last.why else None,
        part=_part(desk, last, step),
        next_step=_named(desk, after) if after and not last.remedy else "",
        may_retry=step.rerun != "never",
        undo=desk.undo_words(key),
        remedy=_way_out(desk, last),
        edit=_may_edit(desk, last, step),
        lines=_onwards(desk, last),
        expects=" ".join(filter(None, (_expected(desk, r, step) for r in shown))),
    )


def _part(desk: Desk, last: Run, step: Step) -> str:
    at = desk.conductor.state.step(last.method, last.step)
    whole = at.mark != "partly" or last.undo or last.remedy
    return "" if whole else f"{len(at.done_commands)} of {len(step.commands)} done"


def _may_edit(desk: Desk, last: Run, step: Step) -> str:
    """What `e` offers after an end: the step's own command, and never that of an undo or a way out."""
    if last.remedy:
        return _edit_words(desk.params_of(step)) if last.state == "done" else ""
    return "" if last.undo else "edit"


def _runs_of(desk: Desk, key: Key) -> list[Run]:
    return [run for run in desk.conductor.state.runs.values() if (run.method, run.step) == key]


def _way_out(desk: Desk, last: Run) -> Remedy | None:
    """What is offered after a failure; after a way out that failed, the same once more.

    A way out that led to a page for going on (a pull request) may offer what opens it.
    """
    if last.state == "done" and last.remedy and last.address:
        return last.offered
    if last.state == "done" or last.offered is not None or not last.remedy:
        return last.offered if last.state != "done" else None
    runs = _runs_of(desk, (last.method, last.step))
    return next((run.offered for run in reversed(runs) if run.offered and run.offered.text == last.text), None)


def _onwards(desk: Desk, last: Run) -> tuple[str, ...]:
    """Once a way out is taken: what comes after it, and where else the method leads."""
    if not (last.remedy and last.state == "done"):
        return ()
    runs = _runs_of(desk, (last.method, last.step))
    note = next((r.offered.note for r in reversed(runs) if r.offered and r.offered.text == last.text), "")
    method = desk.conductor.procedure(last.method)
    other = next((m.title for m in desk.conductor.runbook.methods if m.id == method.fallback), "")
    return tuple(filter(None, (note, f"Or by another method: {other} (m)." if other else "")))


def _named(desk: Desk, key: Key) -> str:
    """A step by its number and title; one in the middle with the command that is its turn."""
    method, step, number = desk.step_of(key)
    words = f"{number} {with_values(step.title, desk.conductor.state)}"
    begun = progress.is_begun(method, step, desk.conductor.state)
    unit = next_unit(step, key, desk.conductor.state, again=False) if begun else ()
    if not unit:
        return words
    index, command = unit[0]
    text = with_values(" ".join(command.text.split()), desk.conductor.state)
    return f"{words}, {index + 1} of {len(step.commands)}: {text}"


def _opened(desk: Desk, key: Key) -> ActionView:
    _, step, number = desk.step_of(key)
    lines = tuple(filter(None, (step.note,)))
    text = desk.conductor.carrier.fill_plain(step.message, desk.conductor.known_values())
    if step.kind == "message":
        return MessageStep(step.title, text, str(number), lines)
    return ManualStep(step.title, str(number), lines, text)


def _looking(desk: Desk, key: Key) -> ActionView:
    method, step, number = desk.step_of(key)
    at = progress.stands(method, step, desk.conductor.state)
    if at.mark in ("failed", "done") and at.last_run and (ended := _finished(desk, key)):
        return ended
    if at.mark in SETTLED and not at.last_run:
        return _settled(desk, key, mark_words(at.mark, at.reason))
    said = at.reason and mark_words(at.mark, at.reason)
    lines = tuple(filter(None, (_not_needed(desk, key), step.note, said)))
    enter = {"wait_for": "start to watch", "manual": "open", "message": "open"}.get(step.kind, "look")
    never = desk.conductor.outlook.unmeasurable(step)
    if step.kind == "wait_for":
        known = desk.conductor.outlook.monitor.signals
        asked = (describe(c, known[c.signal].unit if c.signal in known else None) for c in step.wait_for)
        lines = (*asked, *filter(None, (never,)), *lines)
    return Looking(
        with_values(step.title, desk.conductor.state),
        str(number),
        with_values(step_words(step), desk.conductor.state),
        step.effect,
        with_values("\n".join(command.text for command in step.commands), desk.conductor.state),
        lines,
        enter="" if never else enter,
        may_skip=bool(never),
    )


def _not_needed(desk: Desk, key: Key) -> str:
    method, step, _ = desk.step_of(key)
    instead = progress.taken_instead(method, step, desk.conductor.state)
    return f"Not needed: “{instead.title}” was done in its place." if instead else ""


def _settled(desk: Desk, key: Key, how: str) -> ActionView:
    """A step of which nothing more is asked, and where to go from it."""
    _, step, number = desk.step_of(key)
    after = desk.following(key)
    if after is None:
        return Nothing(f"{number}  {step.title}", (how, "Every step of this method is settled."), _AFTERWARDS)
    enter = f"next: {_named(desk, after)}"
    title = with_values(step.title, desk.conductor.state)
    return Looking(title, str(number), lines=(how,), enter=enter, again="open it again")


def _nothing(desk: Desk) -> ActionView:
    row, state = desk.row, desk.conductor.state
    if row is not None and row.kind in ("item", "outcome", "trigger"):
        words = {"item": "tick", "outcome": "tick", "trigger": "report it"}
        return Looking(row.text, words=row.right, enter=words[row.kind] if row.selectable else "")
    if not state.method:
        lines = ("Nothing runs before you have chosen a method and confirmed its command.",)
        return Nothing("Decide first", lines, (KeyHint("m", "choose a method"), KeyHint("c", "whom to call")))
    if state.recovered:
        lines = ("What comes next: the status page, the stakeholders, the follow-ups. R writes the report.",)
        return Nothing("Recovered", lines, (KeyHint("R", "report"), KeyHint("t", "timeline")))
    return Nothing("Go on in the runbook", ("Select a step in pane 3.",), (KeyHint("3", "runbook"),))


_AFTERWARDS = (KeyHint("R", "report"), KeyHint("t", "timeline"), KeyHint("m", "another method"))


def _key_of(prepared: Prepared) -> Key:
    return prepared.method, prepared.step.id


def _edit_words(params: tuple[str, ...]) -> str:
    if not params:
        return ""
    return f"set {params[0].replace('_', ' ')}" if len(params) == 1 else "set values"
