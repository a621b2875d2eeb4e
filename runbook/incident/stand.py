"""Where one step stands after its runs and what people said about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from runbook.incident.state import Mark, Run, RunState, StepState

_OPEN: tuple[RunState, ...] = ("confirmed", "running", "unknown")


class Said(msgspec.Struct, frozen=True):
    """A person's word on a step."""

    mark: Mark
    reason: str
    at: datetime
    by: str
    told: int = 0


def stand(history: Iterable[Run | Said]) -> StepState:
    """Where a step stands after its runs and what people said about it, in their order."""
    mark: Mark = "todo"
    done: set[int] = set()
    of = 1
    step = StepState()
    for told in history:
        if isinstance(told, Said):
            mark = told.mark
            step = replace(step, reason=told.reason, at=told.at, by=told.by, told=told.told)
            continue
        at = told.ended or told.started or told.confirmed
        if told.remedy and told.state not in _OPEN:
            step = replace(step, last_run=told.id, at=at, by=told.by)
            continue
        reason = told.why
        if not told.undo and not told.remedy:
            of = max(of, told.of)
            done = _done_after(told, done, of)
        whole = done.issuperset(range(of))
        match told.state:
            case "confirmed" | "running":
                mark = "running"
            case "failed" | "unknown" as bad:
                mark = bad
                reason = f"its undo: {reason}" if told.undo else reason
            case "done" if told.undo:
                mark, done, reason = "todo", set(), "undone"
            case _:
                mark = ("already" if told.already else "done") if whole else "partly" if done else "todo"
        step = replace(step, last_run=told.id, reason=reason, at=at, by=told.by, told=told.told)
    return replace(step, mark=mark, done_commands=frozenset(done))


def _done_after(run: Run, done: set[int], of: int) -> set[int]:
    if of > 1 and done.issuperset(range(of)) and run.state != "not-done":
        done = set()  # all of it was done, and is carried out once more from its first command
    if run.state == "done":
        return done | set(run.commands)
    return done - set(run.commands) if run.state == "failed" else done
