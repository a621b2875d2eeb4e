"""What the signals mean for this incident now: advice before, verdict after."""

from __future__ import annotations

from datetime import datetime, timedelta

from runbook.incident.events import AdviceChanged, Reading, VerdictChanged
from runbook.incident.progress import asks_nothing
from runbook.incident.state import RoomState
from runbook.model import Criterion, Effect, Runbook
from runbook.signals import advice, verdict
from runbook.signals.monitor import Monitor
from runbook.signals.standing import Advice, Standing, Verdict


class Outlook:
    """Joins the runbook's triggers and criteria with the monitor's series."""

    def __init__(self, runbook: Runbook, monitor: Monitor) -> None:
        self.runbook = runbook
        self.monitor = monitor
        self._last: Verdict | None = None

    def readings(self) -> tuple[Reading, ...]:
        """What every signal says this second, for the record."""
        return tuple(Reading(signal, value, why) for signal, value, why in self.monitor.readings())

    def standing(self, criterion: Criterion, since: datetime | None = None, *, danger: bool = False) -> Standing:
        return self.monitor.standing(criterion, since.timestamp() if since else 0.0, danger=danger)

    def judged_from(self, state: RoomState) -> datetime | None:
        """From when on the effect of the last change is judged."""
        return state.last_change + timedelta(seconds=self.runbook.settle) if state.last_change else None

    def advice(self, state: RoomState) -> Advice:
        standings = {
            trigger.id: self.standing(trigger.criterion, danger=True)
            for trigger in self.runbook.triggers
            if trigger.criterion
        }
        return advice.advise(self.runbook.triggers, standings, state.reported, self.runbook.methods)

    def changes_left(self, state: RoomState) -> int:
        """How many steps of the chosen method still have something to change: before that, nothing is judged."""
        chosen = next((method for method in self.runbook.methods if method.id == state.method), None)
        steps = chosen.steps if chosen else ()
        return sum(
            step.effect is not Effect.READ and chosen is not None and not asks_nothing(chosen, step, state)
            for step in steps
        )

    def verdict(self, state: RoomState, now: datetime) -> Verdict:
        since = self.judged_from(state)
        standings = {
            outcome.id: self.standing(outcome.criterion, since, danger=outcome.level == "failed")
            for outcome in self.runbook.outcomes
            if outcome.criterion
        }
        ticks = {item: tick.done for item, tick in state.ticks.items()}
        judged = verdict.decide(self.runbook.outcomes, standings, ticks, judged_from=since, now=now)
        if since is not None and (left := self.changes_left(state)):
            text = f"not judged yet: {left} more of the method's steps change{'s' if left == 1 else ''} something"
            return Verdict("unknown", text, judged.lines)
        return judged

    def news(self, state: RoomState, now: datetime) -> list[AdviceChanged | VerdictChanged]:
        """What of it is new to the record: a change of level, of reason, or of verdict."""
        found: list[AdviceChanged | VerdictChanged] = []
        current = self.advice(state)
        before = state.advice
        fired = tuple(f.trigger for f in current.fired if f.reported or (f.standing and f.standing.state == "met"))
        if (before.level, before.triggers) != (current.level, fired) if before else current.level != "none":
            found.append(AdviceChanged(level=current.level, text=current.text, triggers=fired, methods=current.methods))
        judged = self.verdict(state, now)
        if state.verdict.verdict != judged.verdict if state.verdict else judged.verdict != "unknown":
            relapsed = verdict.relapsed(self._last, judged)
            found.append(VerdictChanged(verdict=judged.verdict, text=judged.text, relapsed=relapsed))
        self._last = judged
        return found
