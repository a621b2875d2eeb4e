"""Carries commands out: makes a step ready to be confirmed, starts it under a keeper, learns its outcome.

It decides nothing and records nothing; the conductor does both.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from runbook.logs.clean import clean, last_state, redact_lines
from runbook.model import (
    Check,
    Command,
    Effect,
    Method,
    Param,
    Runbook,
    Seconds,
    Step,
    Where,
    worst_effect,
)
from runbook.providers import needs
from runbook.providers.needs import CheckLine
from runbook.providers.provider import Place, Preview, Standing, Target
from runbook.providers.together import Together
from runbook.reading.placeholder_kinds import kind_of
from runbook.steps import runs, session, values
from runbook.steps.checks import filled
from runbook.steps.plan import CheckResult, Choice, Mode, Prepared, Role
from runbook.steps.repeating import as_lines
from runbook.units import as_filled
from runbook.wholly import hidden_behind, told_wholly

MAKING: Seconds = 20
"""For how long a look waits for the clean room; git's own limits end the making."""


_HIDDEN = (
    "Not looked into: the order stands behind `{}`. What it would change is not shown, and only its exit code will "
    "tell how it ended."
)
_STAND_INS = {"number": "970299970299", "url": "https://warroom-stand-in.invalid"}
"""By kind, what stands for a value that is not chosen yet, where a platform is asked what it could be."""
_STAND_IN = "warroom-stand-in"


class Carrier:
    """The hands of one incident: its folders, its providers, its environment."""

    def __init__(
        self,
        folder: Path,
        runbook: Runbook,
        here: Path | None,
        environ: Mapping[str, str],
        *,
        world: Together | None = None,
        no_clean_room: str = "",
    ) -> None:
        self.folder = folder
        self.runbook = runbook
        self.here = here
        self.environ = environ
        self.world = world or Together(())
        self.no_clean_room = no_clean_room
        """Why git commands cannot run: a sentence with the mend; empty once the clean room is there."""
        self.in_the_making: asyncio.Event | None = None
        """Set once it is known whether there is a clean room; None where nobody makes one."""
        self.being_read: asyncio.Event | None = None
        """Set once the rules of the check were asked about the runbook; None where nobody asks them."""
        self._learned: dict[str, None] = {}
        """What sessions were seen to hold that is secret by its name."""

    async def made(self, method: Method) -> None:
        """Wait, within bounds, for what is still being made while the room opens."""
        with suppress(TimeoutError):
            async with asyncio.timeout(MAKING):
                if self.being_read is not None:
                    await self.being_read.wait()
                if method.where is Where.CLEAN_ROOM and self.in_the_making is not None:
                    await self.in_the_making.wait()

    # ── before ────────────────────────────────────────────────────────────────────────────────────

    def directory(self, method: Method) -> Path:
        """Where the method's session begins, and where providers ask about it."""
        if method.where is Where.CLEAN_ROOM and not self.no_clean_room:
            return self.folder / "clean-room"
        return self.here or self.folder

    async def prepare(
        self,
        method: Method,
        step: Step,
        commands: tuple[tuple[int, Command], ...],
        known: Mapping[str, str],
        *,
        edited: bool = False,
        role: Role = "step",
    ) -> Prepared:
        """Make commands of one step ready to be shown: values, preview, checks. Changes nothing.

        `commands` are those that one key will run, with their indexes; `known` maps params to values.
        """
        await self.made(method)
        template = "\n".join(command.text for _, command in commands)
        missing = values.missing(template, known, self.param_ids)
        effect = worst_effect(tuple(command.effect for _, command in commands))
        cwd = self.directory(method)
        blocked, text, pinned = "", template, ""
        texts = tuple(command.text for _, command in commands)
        if not missing:
            try:
                texts = tuple(self.fill(command.text, known) for _, command in commands)
                filled = (as_filled(command, made) for (_, command), made in zip(commands, texts, strict=True))
                effect = worst_effect(tuple(command.effect for command in filled))
            except values.ValueRefused as refused:
                blocked = f"{refused.param}: {refused.reason}"
            text = "\n".join(texts)
        if not blocked and method.where is Where.CLEAN_ROOM and self.no_clean_room:
            blocked = self.no_clean_room
        preview = Preview()
        checks: tuple[CheckResult, ...] = ()
        already = ""
        warned: tuple[str, ...] = ()
        if role == "step" and effect is not Effect.READ:
            from runbook.reading.whereto import stays_here  # noqa: PLC0415 (a start needs no reader's patterns)

            warned = stays_here(method, step)
        if not blocked and not missing:
            at = await self.place(method, text)
            cwd = at.cwd
            preview = await self.world.preview(text, at)
            checks = await self.guards(method, text, known)
            checks += await self.look(method.requires, method, text, known)
            checks += tuple(_result(line) for line in preview.checks)
            if effect is not Effect.READ and "$" in text:
                from runbook.unset import without_value  # noqa: PLC0415 (a start needs no reader's patterns)

                checks += without_value(text, effect, at, self.runbook, method, step)
            made = [self.world.safer(one, preview.expected) for one in texts]
            if commands[0][1].kind == "follow":
                made = [(one, why) if why else as_lines(one) for one, why in made]
            texts, pinned = tuple(one for one, _ in made), " ".join(why for _, why in made if why)
            text = "\n".join(texts)
            whole = not preview.already or await told_wholly(self.world, text, at)
            already = (preview.already if whole else "") or await self._already(step, method, known)
            warned += (_HIDDEN.format(behind),) if (behind := hidden_behind(self.world, text)) else ()
            warned += () if whole else (f"in part it is there: {preview.already}",)
        return Prepared(
            method=method.id,
            step=step,
            commands=tuple(index for index, _ in commands),
            text=text,
            effect=effect,
            target=self.fill_plain(_target(commands), known),
            cwd=str(cwd),
            texts=texts,
            as_written="\n".join(c.as_written for _, c in commands if c.as_written) or (template if pinned else ""),
            note=" ".join(filter(None, (pinned, step.note, *(c.note for _, c in commands)))),
            edited=edited,
            missing=missing,
            lines=preview.lines,
            warnings=(*warned, *preview.warnings),
            expected=preview.expected,
            checks=checks,
            blocked=blocked or preview.blocked,
            already=already,
            way_back=preview.way_back or (step.undo.note or step.undo.text if step.undo else ""),
            role=role,
            choices=tuple(Choice(value=c.value, title=c.title, detail=c.detail) for c in preview.choices),
            choosing=preview.choosing,
            remedy=preview.remedy,
            mode=commands[0][1].kind,
            expects=clean(" ".join(self.fill_plain(c.expected, known) for _, c in commands if c.expected)),
            typed_inside=self.fill_plain("\n".join(c.typed_inside for _, c in commands if c.typed_inside), known),
            guesses=tuple(dict.fromkeys(filter(None, (step.guess, *(c.guess for _, c in commands))))),
        )

    async def look(
        self, checks: tuple[Check, ...], method: Method, text: str, known: Mapping[str, str], *, there: bool = False
    ) -> tuple[CheckResult, ...]:
        """Ask checks, with the values known so far, of the world as it is now, with the variables of the session.

        They are asked where the method begins, or with `there` where the session stands by now.
        """
        if not checks:
            return ()
        at = await self.place(method, " ".join((text, *(check.run for check in checks))))
        ready = filled(checks, known, self.params)
        found = await needs.look(ready, at.cwd if there else self.directory(method), at.env)
        return tuple(_result(line) for line in found)

    async def guards(self, method: Method, text: str, known: Mapping[str, str]) -> tuple[CheckResult, ...]:
        """The guard, asked where the command would run: an earlier step may have led elsewhere."""
        return await self.look(self.runbook.guard, method, text, known, there=True)

    async def moved(self, prepared: Prepared, method: Method) -> str:
        """What is no longer as the preview saw it, as a sentence; empty when all is."""
        at = await self.place(method, prepared.text)
        return await self.world.moved(prepared.text, prepared.expected, at)

    async def place(self, method: Method, text: str, run: str = "") -> Place:
        """Where a command of the method's session would run now, or where this run was started."""
        env = self._environment(text, method)
        folder = self.run_folder(run) / "before" if run else self._session(method)
        left = await session.remembered(folder, env)
        self._learn(left)
        exported = {name: value for name, value in left.exported.items() if value is not None}
        kept = {name: value for name, value in env.items() if left.exported.get(name, "") is not None}
        return Place(cwd=Path(left.cwd or self.directory(method)), env=kept | exported, variables=left.variables)

    async def targets(self, method: Method, param: str, known: Mapping[str, str]) -> tuple[Target, ...]:
        """What could be put in for a value: by its kind, else by the commands it stands in. Raises Unavailable."""
        declared = next((known for known in self.params if known.id == param), Param(param))
        if found := await self.world.targets(declared.kind, declared.on):
            return found
        others = {name: value for name, value in known.items() if name != param}
        stand_in = self._stand_in(param)
        for command in (command for step in method.steps for command in step.commands):
            holes = values.missing(command.text, others, self.param_ids)
            if holes != (param,) or not self.world.concerned(command.text):
                continue
            try:
                text = self.fill(command.text, others | {param: stand_in})
            except values.ValueRefused:
                continue
            if found := await self.world.targets_of(text, stand_in, await self.place(method, text)):
                return found
        return ()

    async def standing(self, method: Method, known: Mapping[str, str]) -> Standing | None:
        """How a method stands in the eyes of what its commands act on; None where nobody has a say in it."""
        absent: Standing | None = None
        for command in (command for step in method.steps for command in step.commands):
            if command.effect is Effect.READ:
                continue
            holes = values.missing(command.text, known, self.param_ids)
            try:
                text = self.fill(command.text, {**known, **{name: self._stand_in(name) for name in holes}})
            except values.ValueRefused:
                continue
            if not self.world.concerned(text):
                continue
            found = await self.world.standing(text, await self.place(method, text))
            if found is not None and not found.absent:
                return found
            absent = absent or found
        return absent

    # ── during ────────────────────────────────────────────────────────────────────────────────────

    def start(self, run: str, method: Method, text: str, *, mode: Mode, timeout: float | None) -> int:
        """Hand a command to a keeper of its own; returns the keeper's pid."""
        return runs.start(self._spec(run, method, text, mode, timeout))

    def open_console(self, run: str, method: Method, text: str) -> runs.Console:
        """A keeper that waits for the terminal, which its command is to have."""
        return runs.open_console(self._spec(run, method, text, "interactive", None))

    def _spec(self, run: str, method: Method, text: str, mode: Mode, timeout: float | None) -> runs.RunSpec:
        folder, own = self.run_folder(run), self._session(method)
        session.branch(own, folder / "before")
        return runs.RunSpec(
            folder=folder,
            text=text,
            session=session.branch(own, folder / "session") if mode == "follow" else own,
            cwd=self.directory(method),
            env=self._environment(text, method, terminal=mode == "interactive"),
            timeout=timeout,
            terminal=mode == "interactive",
        )

    def run_folder(self, run: str) -> Path:
        return self.folder / "runs" / run

    def output_size(self, run: str) -> int:
        """How much output a command has given so far, in bytes."""
        try:
            return (self.run_folder(run) / "out.log").stat().st_size
        except FileNotFoundError:
            return 0

    def tail(self, run: str, lines: int) -> tuple[str, ...]:
        """The last lines of a command's output, clean and without secrets."""
        read = runs.last_lines(self.run_folder(run), lines)
        return redact_lines(map(last_state, read), self.secrets)

    # ── after ─────────────────────────────────────────────────────────────────────────────────────

    async def evidence(self, run: str, text: str, expected: dict[str, str], method: Method) -> tuple[str, ...]:
        """What the world says about a command whose outcome was lost."""
        return await self.world.evidence(text, expected, await self.place(method, text, run))

    async def took_effect(self, run: str, text: str, expected: dict[str, str], method: Method) -> bool | None:
        """Whether a command whose outcome was lost happened, all of it or none; None where that is not sure."""
        at = await self.place(method, text, run)
        return await self.world.took_effect(text, expected, at) if await told_wholly(self.world, text, at) else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the room and its sessions hold that is secret by its name: no line that is shown or recorded has it."""
        return tuple(self._own | self._learned)

    @cached_property
    def _own(self) -> dict[str, None]:
        return dict.fromkeys(self._secret_of(self.environ))

    async def learn(self, method: Method) -> None:
        """Knows from now on what is secret of what the method's session holds by now."""
        self._learn(await session.remembered(self._session(method), self._environment("", method)))

    def _learn(self, left: session.Remembered) -> None:
        self._learned |= dict.fromkeys(self._secret_of(left.exported | left.variables))

    def _secret_of(self, values: Mapping[str, str | None]) -> Iterator[str]:
        asked = {param.id for param in self.params if param.kind == "secret"}
        for name, value in values.items():
            named = name in asked or (kind_of(name, "") == "secret" and name != "PWD")
            # a word alone, or a directory, would blind lines that mean no secret
            if value and named and not (value.isalpha() or _is_a_place(value)):
                yield value

    # ── inside ────────────────────────────────────────────────────────────────────────────────────

    @property
    def params(self) -> tuple[Param, ...]:
        """Everything that may stand in `<…>`: what is declared, and what some command captures."""
        captured = {
            capture.param
            for method in self.runbook.procedures()
            for step in method.steps
            for command in step.commands
            for capture in command.captures
        }
        declared = {param.id for param in self.runbook.params}
        return self.runbook.params + tuple(Param(id=name) for name in sorted(captured - declared))

    @property
    def param_ids(self) -> frozenset[str]:
        return frozenset(param.id for param in self.params)

    def _stand_in(self, param: str) -> str:
        return next((_STAND_INS.get(known.kind, _STAND_IN) for known in self.params if known.id == param), _STAND_IN)

    def fill_plain(self, text: str, known: Mapping[str, str]) -> str:
        """Values put where no shell will read them: a target's name, a criterion's value, an address."""
        for param, value in known.items():
            text = text.replace(f"<{param}>", value)
        return text

    def fill(self, text: str, known: Mapping[str, str]) -> str:
        """Raises ValueRefused where a value cannot stand safely."""
        return values.fill(text, known, self.params)

    def _session(self, method: Method) -> Path:
        return self.folder / "sessions" / method.id

    def _environment(self, text: str, method: Method, *, terminal: bool = False) -> dict[str, str]:
        named = (*(check.env for check in method.requires if check.env), *session.names_in(text))
        return session.environment(self.environ, named, {"WARROOM_DIR": str(self.folder)}, terminal=terminal)

    async def _already(self, step: Step, method: Method, known: Mapping[str, str]) -> str:
        if step.done_when is None or values.missing(step.done_when.run, known, self.param_ids):
            return ""
        check = step.done_when
        found = await self.look((check,), method, "", known, there=True)
        return f"{check.title or check.id}: {found[0].found}" if found[0].ok else ""


def _is_a_place(value: str) -> bool:
    """A file that a variable leads to is no secret; like a mere word, it would blind lines that mean none."""
    return value.startswith("/") and os.path.exists(value)  # noqa: PTH110 (a Path of a long value would raise)


def _result(line: CheckLine) -> CheckResult:
    return CheckResult(title=line.title, ok=line.ok, found=line.found, mend=line.mend, stops=line.stops)


def _target(commands: tuple[tuple[int, Command], ...]) -> str:
    """What the most dangerous of the commands acts on."""
    worst = max((command for _, command in commands), key=lambda c: (c.effect.rank, bool(c.target)))
    return worst.target
