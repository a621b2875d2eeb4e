"""The one door: a screen, a test or a script says here what the person wants; it writes the journal.

Nothing is drawn as happened before its event is committed. Nothing runs that was not confirmed on the
very text that was shown, and every change is asked of the world again just before it starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from runbook import carrying, company, units, waiting
from runbook.carrier import Carrier
from runbook.incident import events as ev
from runbook.incident import home, progress, report, snapshot
from runbook.incident.journal import Journal
from runbook.incident.others import OtherSeats
from runbook.incident.room import Room
from runbook.logs.clean import clean
from runbook.model import Command, Effect, Method, Remedy, Runbook, Step
from runbook.outlook import Outlook
from runbook.providers.provider import Target
from runbook.signals.samples import SampleFile, readings
from runbook.signals.standing import Standing
from runbook.steps import runs, values
from runbook.steps.plan import Choice, Prepared, Role, Trap


class Refused(Exception):
    """Something asked for and not done: why, and what to do."""


class Moved(Refused):
    """A confirmed command that did not start: the world is no longer what the screen had shown."""


class CalledOff(Refused):
    """A confirmed command that the person called off before it started."""


class Conductor:
    """One incident, from the seat of one person."""

    def __init__(
        self,
        folder: Path,
        runbook: Runbook,
        journal: Journal,
        room: Room,
        carrier: Carrier,
        outlook: Outlook,
        *,
        driving: bool,
        clock: Callable[[], datetime],
    ) -> None:
        self.folder = folder
        self.runbook = runbook
        self.journal = journal
        self.carrier = carrier
        self.outlook = outlook
        self.driving = driving
        self.trusted = True
        """Whether the runbook's commands may be run, those that only look included."""
        self.driven = True
        """Whether some room on this machine drives, as far as it was heard."""
        self.clock = clock
        self.state = room.state()
        self.waiting: tuple[str, str, datetime] | None = None
        """The wait in progress: method, step, since."""
        self.overdue: tuple[str, str, datetime] | None = None
        """The wait of which the record says already that it takes longer than its step allows."""
        self.carrying: tuple[str, str] | None = None
        """The step whose confirmed commands are being carried out, from the first to the last."""
        self.traps: Mapping[tuple[str, str, int], tuple[Trap, ...]] = {}
        """What is wrong with commands as the runbook writes them: by method, step and place in the step."""
        self.on_change: Callable[[], None] = lambda: None
        self.lend_terminal: Callable[[Prepared, Callable[[], None]], None] | None = None
        """Takes the screen away, calls what it was given, brings the screen back; None where there is no terminal."""
        self.others = OtherSeats(folder, journal.seat, room.heard())
        self.hearing = asyncio.Lock()
        self._room = room
        self._work: set[asyncio.Task[None]] = set()
        self._acting = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._called_off = False

    # ── the record ────────────────────────────────────────────────────────────────────────────────

    async def record(self, body: ev.Known) -> None:
        """Commit an event, then let it be true. Returns when it is on disk."""
        self.take_in(await self.journal.append(body, self.outlook.readings()))

    def take_in(self, *told: ev.Event) -> None:
        """Let be true what is on disk, from whichever room."""
        for event in told:
            self._room.apply(event)
        self.state = self._room.state()
        for body in (event.body for event in told):
            if isinstance(body, ev.ValueSet):
                self.outlook.monitor.values[body.param] = self.state.values[body.param].text
        self.on_change()

    async def note(self, text: str) -> None:
        if text := clean(text).strip():
            await self.record(ev.NoteAdded(text=text))

    async def tick(self, item: str, text: str, *, done: bool, note: str = "") -> None:
        await self.record(ev.ItemTicked(item=item, text=text, done=done, note=clean(note)))

    async def report_trigger(self, trigger: str, *, active: bool) -> None:
        """A person says that something no machine can see has happened."""
        self._must_drive()
        text = next(t.text for t in self.runbook.triggers if t.id == trigger)
        await self.record(ev.TriggerReported(trigger=trigger, text=text, active=active))

    async def decide(self, decision: Literal["roll-back", "wait", "no-rollback"], reason: str = "") -> None:
        self._must_drive()
        await self.record(ev.DecisionMade(decision=decision, reason=clean(reason)))

    async def declare(self, severity: str, title: str) -> None:
        """How bad it is, and what it is called; what is empty stays as it was."""
        self._must_drive()
        await self.record(ev.SeverityDeclared(severity=clean(severity), title=clean(title)))

    async def called(self, level: str, who: str) -> None:
        await self.record(ev.ContactCalled(level=level, who=who))

    # ── choosing ──────────────────────────────────────────────────────────────────────────────────

    async def choose_method(self, method: str, reason: str = "") -> None:
        self._must_drive()
        title = self.runbook.method(method).title
        self.waiting = None
        if self.state.decision != "roll-back":
            await self.decide("roll-back", reason)
        await self.record(ev.MethodChosen(method=method, title=title, reason=clean(reason)))

    async def set_value(
        self, param: str, value: str, source: Literal["typed", "picked", "captured", "preset"], shown: str = ""
    ) -> None:
        """Raises Refused when the value is not what its param says."""
        self._must_drive()
        declared = self.runbook.param(param)
        if declared is not None:
            why = values.check_kind(declared, value)
            for one in declared.each(value):
                why = why or await self.carrier.world.check_value(declared.kind, one, declared.on)
            if why:
                raise Refused(f"{declared.label or param}: {why}")
        await self.record(ev.ValueSet(param=param, value=value, source=source, shown=clean(shown)))

    async def targets(self, method: str, param: str) -> tuple[Target, ...]:
        """What a value can be picked from, by its kind or by the commands it stands in. Raises Unavailable, Refused."""
        self._must_be_trusted()
        return await self.carrier.targets(self.procedure(method), param, self.known_values())

    def known_values(self) -> dict[str, str]:
        """Every value that is set, defaults included."""
        defaults = {param.id: param.default for param in self.runbook.params if param.default}
        return defaults | {param: value.text for param, value in self.state.values.items()}

    def procedure(self, method: str) -> Method:
        """A method, with the steps of it that the record tells of: another version may read the runbook otherwise."""
        known = next((p for p in self.runbook.procedures() if p.id == method), None)
        return units.with_recorded(known or Method(method, "", method), self.state)

    def step(self, method: str, step: str) -> Step:
        return next(s for s in self.procedure(method).steps if s.id == step)

    # ── one step ──────────────────────────────────────────────────────────────────────────────────

    async def prepare(self, method: str, step: str, *, again: bool = False) -> Prepared:
        """The next unit of confirmation of a step; with `again`, all of it once more."""
        wanted = self.step(method, step)
        unit = units.next_unit(wanted, (method, step), self.state, again=again)
        if not unit and self.state.follows_of(method, step):
            raise Refused("It follows already: its output is in pane 2, x stops it there.")
        if not unit:
            raise Refused("Every command of this step is done. r runs it again.")
        return await self._prepare(method, wanted, unit)

    async def prepare_undo(self, method: str, step: str) -> Prepared:
        """The step's way back, as a command to be confirmed like any. Raises Refused when it has none."""
        back = units.undo_of(self.step(method, step), self.state.way_back(method, step))
        if back is None:
            raise Refused("This step has no undo in the runbook, and what it acts on offers none.")
        return await self._prepare(method, back, ((0, back.commands[0]),), "undo")

    async def prepare_remedy(self, method: str, step: str, remedy: Remedy) -> Prepared:
        """A way out that was offered for a step, as a command to be confirmed like any."""
        out = units.remedy_of(self.step(method, step), remedy)
        return await self._prepare(method, out, ((0, out.commands[0]),), "remedy")

    async def look_again(self, prepared: Prepared) -> Prepared:
        """The same commands, asked of the world anew."""
        unit = tuple((index, self.as_edited(prepared, index)) for index in prepared.commands)
        return await self._prepare(prepared.method, prepared.step, unit, prepared.role)

    async def _prepare(self, method: str, step: Step, unit: units.Unit, role: Role = "step") -> Prepared:
        self._must_be_trusted()
        edited = role == "step" and any((method, step.id, i) in self.state.edits for i, _ in unit)
        known = self.known_values()
        whole = self.procedure(method)
        prepared = await self.carrier.prepare(whole, step, unit, known, edited=edited, role=role)
        warnings = list(prepared.warnings)
        if role == "step":
            if instead := progress.taken_instead(whole, step, self.state):
                warnings.insert(0, f"“{instead.title}” was done in its place: one of them is enough.")
            if found := progress.found_before_a_change(whole, step, self.state):
                now = f"It would act on what “{found[0].title}” found out before “{found[1].title}” changed something."
                warnings.insert(0, f"{now} Carry the first out again before (r).")
            warnings += [trap.text for i, _ in unit for trap in self.traps_of(method, step.id, i)]
        return msgspec.structs.replace(prepared, warnings=tuple(dict.fromkeys(warnings)))

    def traps_of(self, method: str, step: str, index: int) -> tuple[Trap, ...]:
        """What is wrong with a command as it is written; nothing is said of what a person put in its place."""
        place = (method, step, index)
        return () if place in self.state.edits else self.traps.get(place, ())

    async def choose(self, prepared: Prepared, choice: Choice) -> None:
        """Write into the command what it lacks: a deviation from the runbook, for the reason that was shown."""
        for index in prepared.commands:
            was = self.as_edited(prepared, index).text
            if (now := self.carrier.world.chosen(was, choice.value)) != was:
                reason = f"{prepared.choosing}: {choice.value}" + (f", {choice.title}" if choice.title else "")
                await self.edit(prepared.method, prepared.step.id, index, now, reason)
                return
        raise Refused("Where the choice belongs in this command is not clear.")

    async def confirm(self, prepared: Prepared, *, typed: str = "", overrides: tuple[str, ...] = ()) -> None:
        """Carry out what was shown. Returns when the first command is under way or was refused.

        Raises Refused, with nothing started, when it may not run: somebody else drives, another
        command is under way, a check failed without override, the typed name is not the target's; and
        Moved when the world is no longer what the preview saw.
        """
        self._must_drive()
        if self._acting.locked() or self.carrying:
            raise Refused("Another confirmation is being carried out.")
        async with self._acting:
            if why := units.why_not(prepared, typed, overrides, self.state, self.journal.trouble):
                raise Refused(why)
            if prepared.mode == "interactive" and self.lend_terminal is None:
                raise Refused("This command wants a terminal of its own, and there is none here to give it.")
            self._called_off = False
            if prepared.effect is not Effect.READ:
                await self._ask_again(prepared, overrides)
            if self._called_off:
                await self._refuse(prepared, "called off before it started")
                raise CalledOff("Called off before it started: nothing ran.")
            self._wait_no_more_for(prepared)
            started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.spawn(carrying.carry_out(self, prepared, typed, overrides, started))
            try:
                await started
            except carrying.NotStarted as trouble:
                raise Refused(f"“{prepared.step.title}”: {trouble}. Nothing ran.") from trouble

    def _wait_no_more_for(self, prepared: Prepared) -> None:
        """A change that is made once more ends the wait behind it: that is for when it has been made."""
        if prepared.effect is Effect.READ or self.waiting is None or self.waiting[0] != prepared.method:
            return
        steps = [step.id for step in self.procedure(prepared.method).steps]
        if steps.index(prepared.step.id) < steps.index(self.waiting[1]):
            self.waiting = None

    async def _ask_again(self, prepared: Prepared, overrides: tuple[str, ...]) -> None:
        """Guard and expectations once more, at the last moment: the classic error is the wrong place."""
        why = await self.carrier.moved(prepared, self.procedure(prepared.method))
        if not why:
            method = self.procedure(prepared.method)
            guards = await self.carrier.guards(method, prepared.text, self.known_values())
            # an override answers for what the person saw fail, and for nothing else
            waved = {(check.title, check.ok) for check in prepared.failed_checks} if overrides else set()
            failed = (g for g in guards if g.stops and g.ok is not True and (g.title, g.ok) not in waved)
            why = next((f"{guard.title}: {guard.found}" for guard in failed), "")
        if why:
            await self._refuse(prepared, why)
            raise Moved(why)

    async def _refuse(self, prepared: Prepared, why: str) -> None:
        await self.record(ev.StepRefused(method=prepared.method, step=prepared.step.id, text=prepared.text, why=why))

    def call_off(self) -> None:
        """Whatever was confirmed shall not start; nothing happens where it has."""
        self._called_off = True

    async def stop(self, run: str, how: Literal["interrupt", "terminate", "kill"]) -> None:
        """Ask a running command to end; recorded before it is done."""
        self._must_drive()
        await self.record(ev.StopAsked(run=run, how=how))
        runs.stop(self.carrier.run_folder(run), how)

    async def resolve(self, run: str, outcome: Literal["done", "not-done"], reason: str = "") -> None:
        """The person's word on an outcome that nobody knows."""
        self._must_drive()
        await self.record(ev.StepResolved(run=run, outcome=outcome, reason=clean(reason)))

    async def mark(self, method: str, step: str, mark: Literal["done", "skipped", "already"], reason: str = "") -> None:
        self._must_drive()
        title = self.step(method, step).title
        await self.record(ev.StepMarked(method=method, step=step, title=title, mark=mark, reason=clean(reason)))

    async def edit(self, method: str, step: str, index: int, text: str, reason: str) -> None:
        """A deviation from the runbook: what it said stays in the record, beside what runs instead."""
        self._must_drive()
        was = self.step(method, step).commands[index]
        await self.record(
            ev.CommandEdited(
                method=method, step=step, command=index, was=was.text, now=text, reason=clean(reason), line=was.line
            )
        )

    # ── waiting ───────────────────────────────────────────────────────────────────────────────────

    async def wait_for(self, method: str, step: str) -> None:
        """Begin to watch a step's criteria; the step is done when all of them hold. Refused where that cannot be."""
        self._must_drive()
        if self.waiting is not None:
            if self.waiting[:2] == (method, step):
                return
            watched = self.step(*self.waiting[:2]).title
            raise Refused(f"“{watched}” is still being watched. When it holds, or is skipped there, this one can be.")
        if why := self.outlook.unmeasurable(self.step(method, step)):
            raise Refused(why)
        self.waiting = (method, step, self.clock())
        self.on_change()

    def stop_waiting(self, method: str, step: str) -> None:
        """This step is settled by another word; what another one waits for goes on being watched."""
        if self.waiting is not None and self.waiting[:2] == (method, step):
            self.waiting = None

    def standings(self, method: str, step: str) -> tuple[Standing, ...]:
        """How the criteria of a waiting step stand."""
        return waiting.standings(self, method, step)

    async def look(self) -> None:
        """Once a second: hear the other rooms, let the signals speak into the record, end a wait that is fulfilled."""
        if not self.hearing.locked():
            await company.hear(self)
        if not self.driving or self._looking.locked():
            return  # what a slow disk has not confirmed yet would be news a second time
        async with self._looking:
            for news in self.outlook.news(self.state, self.clock()):
                await self.record(news)
            await waiting.look(self)

    # ── coming and going ──────────────────────────────────────────────────────────────────────────

    async def recover(self) -> None:
        """Settle what an earlier room left open; never runs anything again."""
        await carrying.recover(self)

    async def write_report(self) -> Path:
        """Raises OSError when it cannot be written."""
        await company.hear(self)
        if self.outlook.monitor.samples is not None:
            self.outlook.monitor.samples.flush()
        read = await asyncio.to_thread(readings, self.folder / home.SAMPLES)
        text = report.render(self.state, self.runbook, self.clock(), read)
        path, digest = report.write(text, self.folder)
        await self.record(ev.ReportWritten(file=path.name, sha256=digest))
        return path

    async def save(self, files: dict[str, bytes], reason: str) -> tuple[ev.File, ...]:
        """Keep files (signals, logs, the screen) in the incident's folder, named by an event."""
        saved = snapshot.save(self.folder, f"{self.clock():%H%M%S}", files)
        await self.record(ev.SnapshotSaved(files=saved, reason=clean(reason)))
        return saved

    def unsettled(self) -> str:
        """The sentence that keeps an incident open: a command of it has no outcome yet. Empty where none is so."""
        blocking = self.state.blocking
        return f"“{blocking[0].title}” has no outcome yet. Settle it before the incident is closed." if blocking else ""

    async def close_incident(self, reason: str) -> None:
        """It is over. Raises Refused while nobody knows how a command ended."""
        self._must_drive()
        if why := self.unsettled():
            raise Refused(why)
        await self.record(ev.IncidentClosed(reason=clean(reason)))

    def keep_samples(self) -> None:
        """Every sample goes to the incident's folder from now on: whoever drives keeps them."""
        path = self.folder / home.SAMPLES / f"{self.journal.seat}.samples"
        self.outlook.monitor.samples = SampleFile(path)

    async def drive(self) -> None:
        """Become the driver of an incident that was only looked at. Raises Refused when another room drives it."""
        if self.driving:
            return
        if not home.take_wheel(self.folder):
            raise Refused("Another room on this machine drives this incident.")
        await company.take_over(self)

    async def leave(self, reason: str) -> None:
        """Say goodbye in the record, and go also where that cannot be written. What runs goes on under its keeper."""
        for task in tuple(self._work):
            task.cancel()
        try:
            await self.record(ev.RoomLeft(reason=reason))
        finally:
            self.journal.close()
            home.leave_wheel(self.folder)

    # ── inside ────────────────────────────────────────────────────────────────────────────────────

    def _must_drive(self) -> None:
        if not self.driving:
            who = "another room on this machine drives" if self.driven else "nobody drives"
            raise Refused(f"You are watching: {who}. Notes are welcome.")

    def _must_be_trusted(self) -> None:
        if not self.trusted:
            raise Refused("This runbook is not trusted yet: nothing of it is asked. T shows what it could run.")

    def as_edited(self, prepared: Prepared, index: int) -> Command:
        """A command of what was prepared, as it shall run."""
        command = prepared.step.commands[index]
        if prepared.role != "step":
            return command
        return units.as_edited(command, (prepared.method, prepared.step.id), index, self.state)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Let something go on beside the one who asked for it; leaving the room ends the waiting, not the command."""
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
