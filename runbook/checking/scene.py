"""A runbook laid out for the rules: every command with its programs, its step, and what stands around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from runbook.checking.calls import Call, calls
from runbook.model import Command, Effect, Method, Runbook, Step

Part = Literal["method", "verification", "monitoring", "other"]


@dataclass(frozen=True, eq=False)
class Spot:
    """One command in its place."""

    command: Command
    step: Step
    procedure: Procedure
    number: int
    calls: tuple[Call, ...]

    @property
    def line(self) -> int:
        return self.command.line or self.step.line or self.procedure.method.line

    @property
    def text(self) -> str:
        return self.command.text

    @property
    def earlier(self) -> list[Spot]:
        return self.procedure.spots[: self.number]

    @property
    def later(self) -> list[Spot]:
        return self.procedure.spots[self.number + 1 :]

    @property
    def judged(self) -> bool:
        """Whether a machine looks at what it prints, and not only at its exit code."""
        expect = self.command.expect
        return bool(expect.contains or expect.matches or expect.equals)

    @property
    def verifies(self) -> bool:
        """Whether somebody will believe what it says: a check, or a look after something was changed."""
        if self.procedure.part == "verification" or self.step.kind == "check" or self.command.expected:
            return True
        changed = any(spot.command.effect is not Effect.READ for spot in self.earlier)
        return self.procedure.part == "method" and changed and self.command.effect is Effect.READ


@dataclass(frozen=True, eq=False)
class Procedure:
    """A method, or another part of the runbook with steps."""

    method: Method
    part: Part
    spots: list[Spot] = field(default_factory=list)

    def calls(self) -> Iterator[Call]:
        for spot in self.spots:
            yield from spot.calls

    @property
    def changes(self) -> bool:
        return any(spot.command.effect is not Effect.READ for spot in self.spots)


@dataclass(frozen=True, eq=False)
class Scene:
    """A runbook, and what is known of the world that its rules may ask."""

    runbook: Runbook
    procedures: tuple[Procedure, ...]
    today: date
    is_installed: Callable[[str], bool]
    text: str = ""

    def spots(self) -> Iterator[Spot]:
        for procedure in self.procedures:
            yield from procedure.spots

    def methods(self) -> Iterator[Procedure]:
        return (procedure for procedure in self.procedures if procedure.part == "method")

    def line_with(self, words: str) -> int:
        """The first line of the source that holds these words; 0 where none does."""
        lines = self.text.splitlines() if words else []
        return next((number for number, line in enumerate(lines, 1) if words in line), 0)


def lay_out(runbook: Runbook, today: date, is_installed: Callable[[str], bool], text: str = "") -> Scene:
    methods = set(map(id, runbook.methods))
    others = set(map(id, runbook.others))
    made = []
    for method in runbook.procedures():
        part: Part = "method" if id(method) in methods else "other" if id(method) in others else "verification"
        if part == "verification" and method.id == "monitoring":
            part = "monitoring"
        procedure = Procedure(method, part)
        for step in method.steps:
            for command in step.commands:
                spot = Spot(command, step, procedure, len(procedure.spots), calls(command.text))
                procedure.spots.append(spot)
        made.append(procedure)
    return Scene(runbook, tuple(made), today, is_installed, text)
