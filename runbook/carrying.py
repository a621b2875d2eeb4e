"""From a confirmation to its outcome: each command with its own intent, under a keeper, until its end is recorded."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from runbook import outcome, units
from runbook.incident import events as ev
from runbook.incident.journal import JournalTrouble
from runbook.incident.state import Run
from runbook.logs.clean import clean
from runbook.model import Command, Effect, Method
from runbook.steps import runs
from runbook.steps.plan import Prepared

if TYPE_CHECKING:
    from runbook.conductor import Conductor

TRY_AGAIN = 1.0
"""Seconds after which what could not be recorded is tried again."""


class NotStarted(Exception):
    """A confirmed command that no keeper could be given: why."""


async def carry_out(
    room: Conductor, prepared: Prepared, typed: str, overrides: tuple[str, ...], started: asyncio.Future[None]
) -> None:
    """Run what was confirmed. `started` is set once the first intent is on disk, or says why it could not be."""
    room.carrying = (prepared.method, prepared.step.id)
    try:
        await _run_each(room, prepared, typed, overrides, started)
    except Exception as trouble:
        if started.done():
            raise
        started.set_exception(trouble)  # it is the confirmation that failed: nothing was started
    finally:
        room.carrying = None
        room.on_change()


async def _run_each(
    room: Conductor, prepared: Prepared, typed: str, overrides: tuple[str, ...], started: asyncio.Future[None]
) -> None:
    """Run the confirmed commands one after the other, each with its own intent; stop at a failure."""
    method, step = room.procedure(prepared.method), prepared.step
    for index, text in zip(prepared.commands, prepared.each_text, strict=True):
        command = units.as_filled(room.as_edited(prepared, index), text)
        run = f"{room.clock():%H%M%S}-{step.id}-{secrets.token_hex(3)}"
        await room.record(
            ev.StepConfirmed(
                run=run,
                method=method.id,
                step=step.id,
                title=step.title,
                commands=(index,),
                of=len(step.commands),
                text=text,
                effect=command.effect,
                target=room.carrier.fill_plain(command.target, room.known_values()),
                expected=prepared.expected,
                shown=prepared.lines,
                typed=typed,
                overrides=overrides,
                undo=prepared.role == "undo",
                remedy=prepared.role == "remedy",
                mode=command.kind,
            )
        )
        if command.kind == "interactive":
            if not started.done():
                started.set_result(None)
            await _with_terminal(room, run, method, text, prepared)
        else:
            limit = units.time_limit(step, command)
            try:
                pid = room.carrier.start(run, method, text, mode=command.kind, timeout=limit)
            except (OSError, ValueError) as trouble:  # a full disk, no process to be had
                why = await _never_started(room, run, trouble)
                if not started.done():
                    raise NotStarted(why) from trouble
                return
            if not started.done():
                started.set_result(None)
            await _tell(room, ev.StepStarted(run=run, pid=pid))
        if room.state.runs[run].goes_beside:
            room.spawn(_await_end(room, room.state.runs[run], command))
            return
        await _await_end(room, room.state.runs[run], command)
        if room.state.runs[run].state != "done":
            return


async def _never_started(room: Conductor, run: str, trouble: Exception) -> str:
    """A confirmed command that no keeper could be given: settled, so that it holds nothing up. Returns why."""
    why = f"it could not be started: {getattr(trouble, 'strerror', None) or trouble}"
    if isinstance(runs.look(room.carrier.run_folder(run)), runs.NotStarted):
        await _tell(room, ev.StepResolved(run=run, outcome="not-done", reason=clean(why)))
    return why


async def _tell(room: Conductor, body: ev.Known) -> None:
    """Record what has happened already: it is no less true where nothing can be written, so until it can be."""
    while True:
        try:
            return await room.record(body)
        except JournalTrouble:
            if room.journal.closed:
                raise
            room.on_change()
            await asyncio.sleep(TRY_AGAIN)


async def _with_terminal(room: Conductor, run: str, method: Method, text: str, prepared: Prepared) -> None:
    """Give the terminal to a command, and wait until it is back."""
    assert room.lend_terminal is not None
    try:
        console = room.carrier.open_console(run, method, text)
    except (OSError, ValueError) as trouble:
        await _never_started(room, run, trouble)
        return
    try:
        await room.record(ev.StepStarted(run=run, pid=console.pid))
        room.lend_terminal(prepared, console.attend)
    except Exception as trouble:  # the screen could not step back or come back: what ran is told by its own record
        await _tell(room, ev.NoteAdded(text=clean(f"The terminal changed hands badly: {trouble}")))
    finally:
        console.close()


async def _await_end(room: Conductor, run: Run, command: Command, *, recovered: bool = False) -> None:
    """Wait for a run's end and record its outcome, or that the outcome was lost."""
    ended = await runs.wait(room.carrier.run_folder(run.id))
    method = room.procedure(run.method)
    if isinstance(ended, runs.NotStarted):
        why = "its keeper died before the command began"
        await _tell(room, ev.StepResolved(run=run.id, outcome="not-done", reason=why))
        return
    if isinstance(ended, runs.Lost):
        evidence = await room.carrier.evidence(run.id, run.text, run.expected, method)
        took_effect = await room.carrier.took_effect(run.id, run.text, run.expected, method)
        await _tell(room, ev.StepUnknown(run=run.id, why=ended.why, evidence=evidence, took_effect=took_effect))
        return
    found = await outcome.judge(
        room.carrier,
        run.id,
        command,
        run.text,
        ended,
        run.expected,
        method,
        room.known_values(),
        stopped=bool(room.state.runs[run.id].stop_asked),
    )
    for param, value in found.captured.items():
        if value:
            await _tell(room, ev.ValueSet(param=param, value=value, source="captured", shown=run.title))
    # a person watched what a follow shows that only reads
    seen = found.why and not (command.kind == "follow" and command.effect is not Effect.READ)
    doubt = _doubt(room, run, found.why) if found.ok and not seen else ""
    await _tell(
        room,
        ev.StepFinished(
            run=run.id,
            exit=found.exit,
            ok=found.ok,
            why=doubt or found.why,
            duration=found.duration,
            output=ev.File(path=f"runs/{run.id}/out.log", sha256=found.sha256, size=found.size),
            last_lines=found.last_lines,
            recovered=recovered,
            offered=found.offered,
            address=found.address,
            unproven=found.unproven or bool(doubt),
        ),
    )


def _doubt(room: Conductor, run: Run, ended: str) -> str:
    """Why the success of a command that nobody proved is not to be believed; empty where there is no reason."""
    if run.undo or run.remedy:
        return ""
    traps = (trap for index in run.commands for trap in room.traps_of(run.method, run.step, index) if trap.lies)
    how = ended.capitalize() or "It ended well"
    return " ".join(f"{how}, which proves nothing: {trap.text}" for trap in traps)


async def recover(room: Conductor) -> None:
    """Settle what an earlier room left open: attach, learn the outcome, or say that nobody knows.

    Never runs anything again (the restart table).
    """
    for run in room.state.unsettled:
        if run.state == "unknown":
            continue
        command = units.command_of(run, room.step(run.method, run.step), room.state)
        # who proves what a command did may still be in the making: without it, an exit code would be believed
        await room.carrier.made(room.procedure(run.method))
        found = runs.look(room.carrier.run_folder(run.id))
        if isinstance(found, runs.NotStarted):
            await room.resolve(run.id, "not-done", "it was confirmed, but never started")
        elif isinstance(found, runs.Alive):
            if run.state == "confirmed":
                await _tell(room, ev.StepStarted(run=run.id, pid=found.pid))
            room.spawn(_await_end(room, room.state.runs[run.id], command, recovered=True))
        else:
            await _await_end(room, run, command, recovered=True)
