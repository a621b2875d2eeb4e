"""What one confirmation covers (commands of a step, its undo, a way out), and what speaks against it."""

from __future__ import annotations

import re

from msgspec.structs import fields, replace

from runbook.incident.state import RoomState, Run, StepKey
from runbook.model import Command, Effect, Method, Remedy, Seconds, Step, worst_effect
from runbook.steps import effects
from runbook.steps.plan import Prepared

NO_LIMIT_OF_ITS_OWN = next(field.default for field in fields(Step) if field.name == "timeout")
"""The time limit of a step that names none."""
ANSWER: Seconds = 30
"""The time limit of one question to a server, where neither step nor command names any."""
_QUESTION = re.compile(r"\s*(?:\w+=\S+\s+)*(?:curl|https?|wget)\s(?:[^;&\n]|&(?![&\s]|$))*")
_OWN_LIMIT = re.compile(r"\s(?:-[A-Za-z]*[mT] ?\d|--max-time|--timeout|--retry)")

Unit = tuple[tuple[int, Command], ...]
"""Commands with their indexes in the step."""


def next_unit(step: Step, key: StepKey, state: RoomState, *, again: bool) -> Unit:
    """What the next key will run of a step: all that is left where one key covers it, else the next command."""
    done = frozenset() if again else state.step(*key).done_commands
    gone = done | {index for run in state.follows_of(*key) for index in run.commands}
    left = tuple((i, as_edited(command, key, i, state)) for i, command in enumerate(step.commands) if i not in gone)
    if not step.one_key:
        return left[:1]
    # where a person's words make a command worse than the runbook's, it is confirmed on its own
    worst = Effect.CHANGE if step.together else Effect.READ
    fits = [command.kind == "run" and command.effect.rank <= worst.rank for _, command in left]
    alone = next((n for n, fit in enumerate(fits) if not fit), len(left))
    return left[: max(1, alone)]


def as_edited(command: Command, key: StepKey, index: int, state: RoomState) -> Command:
    """A command as it shall run: the runbook's, or the person's deviation from it."""
    edit = state.edits.get((*key, index))
    if edit is None:
        return command
    effect = worst_effect((effects.infer(edit.now), command.effect))
    return replace(command, text=edit.now, effect=effect, kind=effects.kind(edit.now), as_written=edit.was)


def as_filled(command: Command, text: str) -> Command:
    """A command with the effect that its values give it: `--replicas=<n>` only changes, and destroys where n is 0."""
    filled, written = (effects.infer(effects.without_names(words)) for words in (text, command.text))
    worse = filled.rank > written.rank
    return replace(command, effect=worst_effect((command.effect, filled))) if worse else command


def time_limit(step: Step, command: Command) -> float | None:
    """After how long a clock may end a command: never one that changes, nor a follow whose step names no limit."""
    if command.effect is not Effect.READ or command.kind == "interactive":
        return None
    if step.timeout != NO_LIMIT_OF_ITS_OWN:
        return step.timeout
    if command.kind == "follow":
        return None
    # curl waits for ever for a server that accepts and says nothing
    asks = _QUESTION.fullmatch(command.text) and not _OWN_LIMIT.search(command.text)
    return ANSWER if asks else step.timeout


def undo_of(step: Step, offered: Remedy | None = None) -> Step | None:
    """The way back from a step, as a step of its own: the runbook's, else the one that was offered; None without."""
    if step.undo is None:
        return remedy_of(step, offered) if offered else None
    back = Command(text=step.undo.text, effect=step.undo.effect, target=step.undo.target, note=step.undo.note)
    return replace(step, title=f"Undo: {step.title}", commands=(back,), done_when=None)


def remedy_of(step: Step, remedy: Remedy) -> Step:
    """A way out that was offered for a step, as a step of its own."""
    out = Command(text=remedy.text, effect=remedy.effect, target=remedy.target, note=remedy.note)
    return replace(step, title=remedy.title, commands=(out,), note="", done_when=None, undo=None)


def with_recorded(method: Method, state: RoomState) -> Method:
    """The method; behind its steps, as they ran, those that are in the record and not in the runbook."""
    known = {step.id for step in method.steps}
    lost = {run.step: run for run in state.runs.values() if run.method == method.id and run.step not in known}
    if not lost:
        return method
    found = (Step(run.step, run.title, "run", (_as_it_ran(run),), rerun="never") for run in lost.values())
    return replace(method, steps=(*method.steps, *found))


def _as_it_ran(run: Run) -> Command:
    return Command(text=run.text, effect=run.effect, target=run.target)


def command_of(run: Run, step: Step, state: RoomState) -> Command:
    """The command that a run of an earlier room was; one that is not in the step expects and captures nothing."""
    if run.undo or run.remedy or run.commands[0] >= len(step.commands):
        return _as_it_ran(run)
    return as_edited(step.commands[run.commands[0]], (run.method, run.step), run.commands[0], state)


def why_not(prepared: Prepared, typed: str, overrides: tuple[str, ...], state: RoomState, trouble: str) -> str:
    """Why a confirmation is not taken, in a sentence; empty when it is. `trouble`: why the record cannot be written."""
    why = ""
    if state.blocking:
        run = state.blocking[0]
        why = f"“{run.title}” is still {run.state}. Settle it first."
    elif not prepared.may_confirm:
        why = prepared.blocked or f"No value yet for {', '.join(prepared.missing)}."
    elif prepared.typed and typed != prepared.typed:
        why = f"To run it, type its target: {prepared.typed}"
    elif prepared.effect is Effect.DESTROY and trouble:
        why = f"The record cannot be written ({trouble}). Nothing that destroys runs now."
    elif prepared.failed_checks and not overrides:
        failed = prepared.failed_checks[0]
        why = f"{failed.title}: {failed.found}. {failed.mend}".strip()
    return why
