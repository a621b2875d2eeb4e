"""What the room knows: the frozen state that every screen, report and replay is made from."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from runbook.incident.events import AdviceChanged, CommandEdited, File, Reading, VerdictChanged
from runbook.model import Effect, Remedy

StepKey = tuple[str, str]
"""(method id, step id)."""

RunState = Literal["confirmed", "running", "done", "failed", "unknown", "not-done"]
Mark = Literal["todo", "running", "partly", "done", "failed", "unknown", "skipped", "already"]


class Responder(msgspec.Struct, frozen=True):
    """A seat: one running room, and whether it is still there."""

    seat: str
    user: str
    host: str
    pid: int
    driving: bool
    entered: datetime
    left: datetime | None = None


class Run(msgspec.Struct, frozen=True):
    """One confirmed command (or one-key group of them), from intent to outcome."""

    id: str
    method: str
    step: str
    title: str
    commands: tuple[int, ...]
    text: str
    effect: Effect
    target: str
    expected: dict[str, str]
    by: str
    confirmed: datetime
    state: RunState = "confirmed"
    started: datetime | None = None
    pid: int = 0
    stop_asked: str = ""
    exit: int | None = None
    why: str = ""
    duration: float = 0
    output: File | None = None
    last_lines: tuple[str, ...] = ()
    recovered: bool = False
    already: bool = False
    evidence: tuple[str, ...] = ()
    of: int = 1
    """How many commands the step has in all."""
    undo: bool = False
    remedy: bool = False
    """A ready step that was offered, not the step: where the step stands is not changed by it."""
    offered: Remedy | None = None
    """The way out of its failure."""
    address: str = ""
    unproven: bool = False
    took_effect: bool | None = None
    mode: Literal["run", "follow", "interactive"] = "run"
    edited: CommandEdited | None = None
    """The person's deviation from the runbook that was in force when it was confirmed."""
    ended: datetime | None = None
    """When its outcome was recorded, be it known or unknown."""
    told: int = 0
    """The how-manieth event of the incident told of it last: an order that no clock can turn round."""

    @property
    def goes_beside(self) -> bool:
        """Whether other commands may run meanwhile: it follows something, and changes nothing."""
        return self.mode == "follow" and self.effect is Effect.READ and self.state in ("confirmed", "running")


class StepState(msgspec.Struct, frozen=True):
    """Where one step stands: the sum of its runs and of what people said about it."""

    mark: Mark = "todo"
    done_commands: frozenset[int] = frozenset()
    last_run: str = ""
    reason: str = ""
    at: datetime | None = None
    by: str = ""
    told: int = 0
    """The how-manieth event of the incident brought it here."""


class Value(msgspec.Struct, frozen=True):
    """A value that is set, where it came from and what was shown beside it."""

    text: str
    source: str
    shown: str = ""


class Tick(msgspec.Struct, frozen=True):
    done: bool
    at: datetime
    by: str
    note: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A line of the timeline."""

    at: datetime
    by: str
    kind: str
    text: str
    tone: Literal["plain", "act", "good", "bad", "warn"] = "plain"
    readings: tuple[Reading, ...] = ()
    details: tuple[str, ...] = ()


class RoomState(msgspec.Struct, frozen=True):
    """One incident, as the merge of all its streams tells it. Never changed in place."""

    incident: str = ""
    title: str = ""
    service: str = ""
    environment: str = ""
    severity: str = ""
    runbook: File | None = None
    pace: float = 1
    drill: str = ""
    opened: datetime | None = None
    closed: datetime | None = None
    responders: tuple[Responder, ...] = ()
    method: str = ""
    method_reason: str = ""
    decision: str = ""
    decision_reason: str = ""
    decided: datetime | None = None
    """When the first decision to roll back was made."""
    values: dict[str, Value] = {}
    runs: dict[str, Run] = {}
    steps: dict[StepKey, StepState] = {}
    edits: dict[tuple[str, str, int], CommandEdited] = {}
    """The deviation in force for (method, step, command index)."""
    ticks: dict[str, Tick] = {}
    reported: frozenset[str] = frozenset()
    """Triggers that a person reported and did not take back."""
    called: tuple[str, ...] = ()
    advice: AdviceChanged | None = None
    advice_since: datetime | None = None
    verdict: VerdictChanged | None = None
    verdict_since: datetime | None = None
    last_change: datetime | None = None
    """When the last command that changes something ended: what is judged, is judged from there."""
    recovered: datetime | None = None
    relapses: int = 0
    timeline: tuple[Entry, ...] = ()
    events: int = 0

    def step(self, method: str, step: str) -> StepState:
        return self.steps.get((method, step), StepState())

    def way_back(self, method: str, step: str) -> Remedy | None:
        """The way back that was offered after the step's last command took effect; None once it was taken."""
        mine = (run for run in reversed(self.runs.values()) if (run.method, run.step) == (method, step))
        last = next((run for run in mine if not run.remedy and (not run.undo or run.state == "done")), None)
        return last.offered if last is not None and not last.undo and last.state == "done" else None

    @property
    def unsettled(self) -> tuple[Run, ...]:
        """Runs whose outcome is still open: confirmed, running, or unknown.

        Where the record lost what was confirmed, nothing can be asked and nobody could settle it.
        """
        return tuple(r for r in self.runs.values() if r.step and r.state in ("confirmed", "running", "unknown"))

    @property
    def follows(self) -> tuple[Run, ...]:
        """Runs that only read and go on beside the others, until somebody stops them."""
        return tuple(run for run in self.unsettled if run.goes_beside)

    def follows_of(self, method: str, step: str) -> tuple[Run, ...]:
        return tuple(run for run in self.follows if (run.method, run.step) == (method, step))

    @property
    def blocking(self) -> tuple[Run, ...]:
        """Runs that must be settled before another command may begin."""
        return tuple(run for run in self.unsettled if not run.goes_beside)


SETTLED: frozenset[Mark] = frozenset({"done", "skipped", "already"})
"""Marks after which a step asks nothing more."""
