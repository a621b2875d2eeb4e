"""A runbook laid out for the rules: every command with its programs, its step, and what stands around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
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
    def is_last(self) -> bool:
        return self.number == len(self.procedure.spots) - 1

    def before(self, pattern: str, *, or_here: bool = False) -> list[Call]:
        """The calls that begin like this in earlier commands of the same procedure."""
        return [call for number, call in self.procedure.that_say(pattern) if number < self.number + or_here]

    def after(self, pattern: str, *, or_here: bool = False) -> list[tuple[int, Call]]:
        """The calls that begin like this in later commands of the same procedure."""
        return [found for found in self.procedure.that_say(pattern) if found[0] > self.number - or_here]

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
        changed = self.procedure.first_change < self.number
        return self.procedure.part == "method" and changed and self.command.effect is Effect.READ


@dataclass(frozen=True, eq=False)
class Procedure:
    """A method, or another part of the runbook with steps."""

    method: Method
    part: Part
    spots: list[Spot] = field(default_factory=list)
    verified_by: list[Procedure] = field(default_factory=list)
    """What the runbook says to look at after any of its methods."""
    _known: dict[str, list[tuple[int, Call]]] = field(default_factory=dict)

    def that_say(self, pattern: str) -> list[tuple[int, Call]]:
        """The calls that begin like this, each with the number of its spot; looked for once, asked for often."""
        if pattern not in self._known:
            self._known[pattern] = [
                (spot.number, call) for spot in self.spots for call in spot.calls if call.says(pattern)
            ]
        return self._known[pattern]

    def steps(self) -> Iterator[tuple[Step, list[Call]]]:
        """Each step, also one without a command, with all that it calls."""
        calls_of: dict[int, list[Call]] = {}
        for spot in self.spots:
            calls_of.setdefault(id(spot.step), []).extend(spot.calls)
        return ((step, calls_of.get(id(step), [])) for step in self.method.steps)

    @cached_property
    def first_change(self) -> int:
        """The number of the first spot that changes anything; past the end where none does."""
        changes = (spot.number for spot in self.spots if spot.command.effect is not Effect.READ)
        return next(changes, len(self.spots))

    @cached_property
    def last_judged(self) -> int:
        """The number of the last spot whose output a machine looks at; -1 where none is."""
        return max((spot.number for spot in self.spots if spot.judged), default=-1)

    @property
    def changes(self) -> bool:
        return self.first_change < len(self.spots)


@dataclass(frozen=True, eq=False)
class Scene:
    """A runbook, and what is known of the world that its rules may ask."""

    runbook: Runbook
    procedures: tuple[Procedure, ...]
    today: date
    is_installed: Callable[[str], bool]
    text: str = ""
    only: Spot | None = None
    """The one command that is asked about; None for all of them."""

    def spots(self) -> Iterator[Spot]:
        if self.only is not None:
            yield self.only
            return
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
    for procedure in made:
        procedure.verified_by.extend(one for one in made if one.part == "verification")
    return Scene(runbook, tuple(made), today, is_installed, text)
