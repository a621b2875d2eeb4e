"""What the person at this screen is doing: which row is selected, what is open, and so what pane 4 shows."""

from __future__ import annotations

from datetime import datetime

import msgspec

from runbook.conductor import Conductor
from runbook.incident import progress
from runbook.incident.state import SETTLED, Run
from runbook.logs.clean import clean
from runbook.model import Method, Remedy, Step
from runbook.providers.provider import Proof
from runbook.signals.criteria import describe
from runbook.steps.plan import Prepared
from runbook.units import command_of, next_unit, time_limit
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
from widgets.outline_view import OutlineRow
from widgets.words import glyph, in_words, mark_words, step_words

Key = tuple[str, str]

NOTICED = 2
"""Seconds of asking that are told: a platform's program may take six, and nothing would move meanwhile."""


class Desk:
    """A person's place in the room. Nothing here acts; the app does, through the conductor."""

    def __init__(self, conductor: Conductor) -> None:
        self.conductor = conductor
        self.row: OutlineRow | None = None
        self.opened: Key | None = None
        """A step without commands that the person opened: manual, message, wait."""
        self.prepared: Prepared | None = None
        self.overrides: tuple[str, ...] = ()
        self.refused: tuple[Prepared, str] | None = None
        """What was confirmed and did not start, and why: shown until the person looks again or goes back."""
        self.preparing: Key | None = None
        self._asked_at: datetime
        """When the world was asked last; set with each question."""
        self.starting: Prepared | None = None
        """What was confirmed and has not begun: the world is asked once more."""
        self._questions = 0
        self.choosing: object = None
        """The choice of a value for which the world is being asked; another one once the person has gone on."""
        self.result: Key | None = None
        """The step whose end is shown until the person moves on."""
        self.tail: tuple[str, ...] = ()
        self.silent_since: datetime | None = None
        self.note = ""

    # ── what is selected ──────────────────────────────────────────────────────────────────────────

    @property
    def selected(self) -> Key | None:
        row = self.row
        return (row.target[0], row.target[1]) if row is not None and row.kind == "step" else None

    def step_of(self, key: Key) -> tuple[Method, Step, int]:
        method = self.conductor.procedure(key[0])
        index = next(i for i, step in enumerate(method.steps) if step.id == key[1])
        return method, method.steps[index], index + 1

    def following(self, key: Key) -> Key | None:
        """The next step of the method that is left to do."""
        step = progress.next_step(self.conductor.procedure(key[0]), self.conductor.state, after=key[1])
        return (key[0], step.id) if step else None

    def open_words(self) -> tuple[str, ...]:
        """What was switched on and has to be switched off again: `maintenance mode is on → step 7 Off`."""
        found = progress.still_open(self.conductor.runbook.procedures(), self.conductor.state)
        return tuple(
            f"{with_values(one.title, self.conductor.state)} {glyph('arrow')} step {one.closing}" for one in found
        )

    def close(self) -> None:
        """Back to the selection: whatever was open is put away, nothing was run."""
        self.prepared, self.opened, self.result, self.preparing = None, None, None, None
        self.overrides, self.refused, self.choosing = (), None, None
        self._questions += 1

    def ask(self, key: Key) -> int:
        """The world is being asked about a step; returns the number of the question."""
        self.preparing, self.prepared, self.refused, self.overrides, self.choosing = key, None, None, (), None
        self._questions += 1
        self._asked_at = self.conductor.clock()
        return self._questions

    def answered(self, question: int, prepared: Prepared | None) -> bool:
        """Take an answer in; False where the person has gone on since the question."""
        if question != self._questions:
            return False
        self.prepared, self.preparing = prepared, None
        return True

    # ── what pane 4 shows ─────────────────────────────────────────────────────────────────────────

    def view(self, now: datetime) -> ActionView:
        return self._of_runs(now) or self._of_steps(now) or self._nothing()

    def _of_runs(self, now: datetime) -> ActionView | None:
        """What is under way, or has to be settled first, outranks everything."""
        blocking = self.conductor.state.blocking
        for run in blocking:
            if run.state == "unknown":
                return self._unknown(run)
        if blocking:
            return self._running(blocking[0], now)
        key = self.conductor.carrying
        last = self.conductor.state.runs.get(self.conductor.state.step(*key).last_run) if key else None
        if last is None or last.goes_beside:
            return None
        return self._running(msgspec.structs.replace(last, state="running"), now)  # between two commands of one key

    def _of_steps(self, now: datetime) -> ActionView | None:
        waiting = self.conductor.waiting
        ended = self.result and (self._follows(self.result, now) or self._finished(self.result))
        view: ActionView | None = None
        if self.starting is not None:
            view = self._begins(self.starting)
        elif self.prepared is not None:
            view = self._confirmation(self.prepared)
        elif self.preparing is not None:
            _, step, number = self.step_of(self.preparing)
            asked = int((now - self._asked_at).total_seconds())
            words = f"asking the world … {f'{asked} s' if asked >= NOTICED else ''}".rstrip()
            view = Looking(step.title, str(number), lines=(words,), enter="")
        elif self.refused is not None and self.selected in (None, _key_of(self.refused[0])):
            view = self._not_started(*self.refused)
        elif ended:  # before what is watched: from here a step is carried out once more
            view = ended
        elif waiting is not None and self.opened in (None, waiting[:2]):
            view = self._waiting(waiting[:2], now)
        elif self.opened is not None and self.step_of(self.opened)[1].kind in ("manual", "message"):
            view = self._opened(self.opened)
        elif self.opened is not None:
            view = self._looking(self.opened)
        elif self.selected is not None:
            view = self._follows(self.selected, now) or self._looking(self.selected)
        return view

    def _unknown(self, run: Run) -> UnknownOutcome:
        number = str(self.step_of((run.method, run.step))[2])
        again = "ask the world again first" if run.effect != "read" else "it only reads"
        leaning = {True: "it took effect", False: "it did not take effect", None: ""}[run.took_effect]
        return UnknownOutcome(run, number, run.why, run.evidence, leaning, again)

    def _running(self, run: Run, now: datetime) -> Running:
        _, step, number = self.step_of((run.method, run.step))
        began = run.started or run.confirmed
        silent = (now - self.silent_since).total_seconds() if self.silent_since else 0
        return Running(
            run,
            str(number),
            self.tail,
            elapsed=int((now - began).total_seconds()),
            estimate=step.estimate,
            limit=time_limit(step, command_of(run, step, self.conductor.state)) or 0,
            silent=int(silent) if silent >= step.quiet_after else 0,
            expects=self._expected(run, step),
        )

    def _follows(self, key: Key, now: datetime) -> Following | None:
        """A step whose command goes on beside the others, unless another of its commands ended after it began."""
        run = next(iter(self.conductor.state.follows_of(*key)), None)
        if run is None or run.id != self.conductor.state.step(*key).last_run:
            return None
        _, step, number = self.step_of(key)
        after = self.following(key)
        return Following(
            run,
            str(number),
            elapsed=int((now - (run.started or run.confirmed)).total_seconds()),
            last="".join(self.conductor.carrier.tail(run.id, 1)),
            next_step=self._named(after) if after else "",
            expects=self._expected(run, step),
        )

    def _expected(self, run: Run, step: Step) -> str:
        """What the runbook says should be seen of a run; of its undo or a way out it says nothing."""
        if run.undo or run.remedy:
            return ""
        words = [step.commands[index].expected for index in run.commands if index < len(step.commands)]
        return clean(self.conductor.carrier.fill_plain(" ".join(filter(None, words)), self.conductor.known_values()))

    def _confirmation(self, prepared: Prepared) -> Confirmation:
        _, step, number = self.step_of((prepared.method, prepared.step.id))
        total, shown = len(step.commands), len(prepared.commands)
        position = f"{prepared.commands[0] + 1} of {total}" if total > shown and prepared.role == "step" else ""
        params = self.params_of(prepared.step)
        return Confirmation(
            prepared,
            number=str(number),
            title=with_values(prepared.step.title, self.conductor.state),
            position=position,
            edit=_edit_words(params) or self._mend(prepared) if prepared.role == "step" else "",
            may_skip=prepared.role == "step",
            overrides=self.overrides,
            sources=self._sources(prepared),
        )

    def _mend(self, prepared: Prepared) -> str:
        """What `e` offers where a command cannot run as it is written and has no value that could be another one."""
        return "edit it, with a reason" if prepared.blocked and len(prepared.commands) == 1 else ""

    def _sources(self, prepared: Prepared) -> tuple[str, ...]:
        """The steps out of whose output the missing values are taken."""
        found = []
        for number, step in enumerate(self.conductor.procedure(prepared.method).steps, 1):
            taken = {capture.param for command in step.commands for capture in command.captures}
            if names := ", ".join(f"<{name}>" for name in prepared.missing if name in taken):
                found.append(f"{names}: step {number} {with_values(step.title, self.conductor.state)} finds it out")
        return tuple(found)

    def _not_started(self, prepared: Prepared, why: str) -> NotStarted:
        number = str(self.step_of(_key_of(prepared))[2])
        return NotStarted(prepared, why, number, with_values(prepared.step.title, self.conductor.state))

    def _begins(self, prepared: Prepared) -> Starting:
        number = str(self.step_of(_key_of(prepared))[2])
        return Starting(prepared, number, with_values(prepared.step.title, self.conductor.state))

    def params_of(self, step: Step) -> tuple[str, ...]:
        """The declared params that a step's commands leave open, in their order."""
        text = " ".join(command.text for command in step.commands)
        return tuple(param.id for param in self.conductor.runbook.params if f"<{param.id}>" in text)

    def _waiting(self, key: Key, now: datetime) -> WaitingFor:
        _, step, number = self.step_of(key)
        assert self.conductor.waiting is not None
        elapsed = int((now - self.conductor.waiting[2]).total_seconds())
        return WaitingFor(
            with_values(step.title, self.conductor.state),
            self.conductor.standings(*key),
            str(number),
            elapsed=elapsed,
            estimate=step.estimate,
            timeout=step.timeout,
            late=self._late(key, elapsed) if elapsed > step.timeout else (),
            lines=(step.note,) if step.note else (),
        )

    def _late(self, key: Key, elapsed: int) -> tuple[str, ...]:
        """What to do where what is waited for has not come in the time that the runbook gives it."""
        method, step, _ = self.step_of(key)
        other = next((m.title for m in self.conductor.runbook.methods if m.id == method.fallback), "")
        return (
            f"Not there within {in_words(step.timeout)}. See whether the deploy began and how it stands: its pipeline,"
            " the platform's own page. The room goes on looking.",
            "s leaves this step with a reason." + (f" Another method: {other} (m)." if other else ""),
        )

    def _finished(self, key: Key) -> Finished | None:
        """The end of a step: the last carrying-out of all its commands, as one."""
        state = self.conductor.state
        at = state.step(*key)
        last = state.runs.get(at.last_run)
        if last is None:
            return None
        alike = [r for r in self._runs_of(key) if (r.undo, r.remedy) == (last.undo, last.remedy)]
        latest: dict[int, Run] = {r.commands[0]: r for r in alike}
        whole_step = last.state == "done" and not last.remedy
        shown = (
            [latest[i] for i in sorted(latest)] if whole_step else [r for r in alike if r.confirmed >= last.confirmed]
        )
        whole = msgspec.structs.replace(
            last, text="\n".join(r.text for r in shown), duration=sum(r.duration for r in shown), why=""
        )
        _, step, number = self.step_of(key)
        after = self.following(key)
        return Finished(
            whole,
            str(number),
            tail=tuple(line for r in shown for line in r.last_lines),
            proof=Proof(None if last.unproven else last.state == "done", last.why) if last.why else None,
            part=self._part(last, step),
            next_step=self._named(after) if after and not last.remedy else "",
            may_retry=step.rerun != "never",
            undo=self.undo_words(key),
            remedy=self._way_out(last),
            edit=self._may_edit(last, step),
            lines=self._onwards(last),
            expects=" ".join(filter(None, (self._expected(r, step) for r in shown))),
        )

    def _part(self, last: Run, step: Step) -> str:
        at = self.conductor.state.step(last.method, last.step)
        whole = at.mark != "partly" or last.undo or last.remedy
        return "" if whole else f"{len(at.done_commands)} of {len(step.commands)} done"

    def _may_edit(self, last: Run, step: Step) -> str:
        """What `e` offers after an end: the step's own command, and never that of an undo or a way out."""
        if last.remedy:
            return _edit_words(self.params_of(step)) if last.state == "done" else ""
        return "" if last.undo else "edit"

    def undo_words(self, key: Key) -> str:
        """The step's way back in words: the runbook's, or the one that was offered after it ran; empty without."""
        undo, offered = self.step_of(key)[1].undo, self.conductor.state.way_back(*key)
        return (undo.note or undo.text) if undo else offered.title if offered else ""

    def _runs_of(self, key: Key) -> list[Run]:
        return [run for run in self.conductor.state.runs.values() if (run.method, run.step) == key]

    def _way_out(self, last: Run) -> Remedy | None:
        """What is offered after a failure; after a way out that failed, the same once more.

        A way out that led to a page for going on (a pull request) may offer what opens it.
        """
        if last.state == "done" and last.remedy and last.address:
            return last.offered
        if last.state == "done" or last.offered is not None or not last.remedy:
            return last.offered if last.state != "done" else None
        runs = self._runs_of((last.method, last.step))
        return next((run.offered for run in reversed(runs) if run.offered and run.offered.text == last.text), None)

    def _onwards(self, last: Run) -> tuple[str, ...]:
        """Once a way out is taken: what comes after it, and where else the method leads."""
        if not (last.remedy and last.state == "done"):
            return ()
        runs = self._runs_of((last.method, last.step))
        note = next((r.offered.note for r in reversed(runs) if r.offered and r.offered.text == last.text), "")
        method = self.conductor.procedure(last.method)
        other = next((m.title for m in self.conductor.runbook.methods if m.id == method.fallback), "")
        return tuple(filter(None, (note, f"Or by another method: {other} (m)." if other else "")))

    def _named(self, key: Key) -> str:
        """A step by its number and title; one in the middle with the command that is its turn."""
        method, step, number = self.step_of(key)
        words = f"{number} {with_values(step.title, self.conductor.state)}"
        begun = progress.is_begun(method, step, self.conductor.state)
        unit = next_unit(step, key, self.conductor.state, again=False) if begun else ()
        if not unit:
            return words
        index, command = unit[0]
        text = with_values(" ".join(command.text.split()), self.conductor.state)
        return f"{words}, {index + 1} of {len(step.commands)}: {text}"

    def _opened(self, key: Key) -> ActionView:
        _, step, number = self.step_of(key)
        lines = tuple(filter(None, (step.note,)))
        text = self.conductor.carrier.fill_plain(step.message, self.conductor.known_values())
        if step.kind == "message":
            return MessageStep(step.title, text, str(number), lines)
        return ManualStep(step.title, str(number), lines, text)

    def _looking(self, key: Key) -> ActionView:
        method, step, number = self.step_of(key)
        at = progress.stands(method, step, self.conductor.state)
        if at.mark in ("failed", "done") and at.last_run and (ended := self._finished(key)):
            return ended
        if at.mark in SETTLED and not at.last_run:
            return self._settled(key, mark_words(at.mark, at.reason))
        said = at.reason and mark_words(at.mark, at.reason)
        lines = tuple(filter(None, (self._not_needed(key), step.note, said)))
        enter = {"wait_for": "start to watch", "manual": "open", "message": "open"}.get(step.kind, "look")
        never = self.conductor.outlook.unmeasurable(step)
        if step.kind == "wait_for":
            known = self.conductor.outlook.monitor.signals
            asked = (describe(c, known[c.signal].unit if c.signal in known else None) for c in step.wait_for)
            lines = (*asked, *filter(None, (never,)), *lines)
        return Looking(
            with_values(step.title, self.conductor.state),
            str(number),
            with_values(step_words(step), self.conductor.state),
            step.effect,
            with_values("\n".join(command.text for command in step.commands), self.conductor.state),
            lines,
            enter="" if never else enter,
            may_skip=bool(never),
        )

    def _not_needed(self, key: Key) -> str:
        method, step, _ = self.step_of(key)
        instead = progress.taken_instead(method, step, self.conductor.state)
        return f"Not needed: “{instead.title}” was done in its place." if instead else ""

    def _settled(self, key: Key, how: str) -> ActionView:
        """A step of which nothing more is asked, and where to go from it."""
        _, step, number = self.step_of(key)
        after = self.following(key)
        if after is None:
            return Nothing(f"{number}  {step.title}", (how, "Every step of this method is settled."), _AFTERWARDS)
        enter = f"next: {self._named(after)}"
        title = with_values(step.title, self.conductor.state)
        return Looking(title, str(number), lines=(how,), enter=enter, again="open it again")

    def _nothing(self) -> ActionView:
        row, state = self.row, self.conductor.state
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
