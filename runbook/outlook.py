"""What the signals mean for this incident now: advice before, verdict after."""

from __future__ import annotations

from datetime import datetime, timedelta

from runbook.incident import progress
from runbook.incident.events import AdviceChanged, Reading, VerdictChanged, WaitOverdue
from runbook.incident.state import RoomState
from runbook.logs.clean import clean
from runbook.model import Criterion, Method, Runbook, Step
from runbook.signal_sources import looks_back
from runbook.signals import advice, verdict
from runbook.signals.monitor import Monitor
from runbook.signals.standing import Advice, Standing, Verdict


def overdue(key: tuple[str, str], step: Step, standings: tuple[Standing, ...], waited: timedelta) -> WaitOverdue:
    """That what a step waits for has not come within its time limit, and what is there instead."""
    missing = [
        f"{one.criterion.text}: {one.why or 'not known' if one.state == 'unknown' else f'is {one.value}'}"
        for one in standings
        if one.state != "met"
    ]
    return WaitOverdue(
        method=key[0], step=key[1], title=step.title, waited=waited.total_seconds(), missing=tuple(map(clean, missing))
    )


class Outlook:
    """Joins the runbook's triggers and criteria with the monitor's series."""

    def __init__(self, runbook: Runbook, monitor: Monitor) -> None:
        self.runbook = runbook
        self.monitor = monitor
        self._unable: set[str] = set()

    def learn(self, method: str, able: bool | None) -> None:
        """Whether a way back can be taken here, as the last look at it said; None where nobody can tell."""
        (self._unable.add if able is False else self._unable.discard)(method)

    def readings(self) -> tuple[Reading, ...]:
        """What every signal says this second, for the record."""
        return tuple(Reading(signal, value, why) for signal, value, why in self.monitor.readings())

    def standing(self, criterion: Criterion, since: datetime | None = None, *, danger: bool = False) -> Standing:
        return self.monitor.standing(criterion, since.timestamp() if since else 0.0, danger=danger)

    def judged_from(self, state: RoomState) -> datetime | None:
        """From when on the effect of the last change is judged: where the method waits for its arrival, from there."""
        changed = self.last_change(state)
        if changed is None:
            return None
        arrived = (state.step(state.method, step.id).at for step in self._arrivals(state))
        return self._past(max((changed, *filter(None, arrived)))) + timedelta(seconds=self.runbook.settle)

    def watched_from(self, criterion: Criterion, state: RoomState) -> datetime | None:
        """From when on readings tell of the effect: those before it count what happened before the change as well."""
        settled, signal = self.judged_from(state), self.monitor.signals.get(criterion.signal)
        window = looks_back(signal.source, signal.every) if signal else 0
        if settled is None or signal is None or not window:
            return settled
        # a counter's first interval may have begun before the window did
        return settled + timedelta(seconds=max(0.0, window + signal.every - self.runbook.settle))

    def last_change(self, state: RoomState) -> datetime | None:
        """When something was changed last: by a command, by a person, or, where it was found done, elsewhere."""
        chosen = self._chosen(state)
        marks = {"done", "already"} if chosen and progress.by_hand(chosen) else {"already"}
        steps = (state.step(state.method, step.id) for step in (progress.acting(chosen) if chosen else ()))
        found = max(filter(None, (state.last_change, *(at.at for at in steps if at.mark in marks))), default=None)
        return self._past(found) if found is not None else None

    def _past(self, at: datetime) -> datetime:
        """A moment of the record by this machine's clock, which may have been set back since."""
        return datetime.fromtimestamp(self.monitor.past(at.timestamp()), at.tzinfo)

    def left_out(self) -> dict[str, str]:
        """The optional signals that nobody set up, by id with their titles: no machine sees what is said of them."""
        return {name: self.monitor.signals[name].title or name for name in self.monitor.not_set_up()}

    def unmeasurable(self, step: Step) -> str:
        """Why a wait could never end here, and what to do; empty where it can: every signal it waits for is asked."""
        missing = self.monitor.not_set_up()
        waited = dict.fromkeys(one.signal for one in step.wait_for if one.signal in missing)
        if not waited:
            return ""
        titles = " and ".join(self.monitor.signals[name].title or name for name in waited)
        needs = " and ".join(dict.fromkeys(need for name in waited for need in missing[name]))
        return (
            f"{titles} cannot be measured here: {needs} {'are' if ' and ' in needs else 'is'} not set. Look for"
            " yourself, then s leaves this step with what you saw. To have it measured, set it before warroom starts"
            " (a <value> by --set NAME=VALUE)."
        )

    def advice(self, state: RoomState) -> Advice:
        left_out = self.left_out()
        standings = {
            trigger.id: self.standing(trigger.criterion, danger=True)
            for trigger in self.runbook.triggers
            if trigger.criterion and trigger.criterion.signal not in left_out
        }
        spent = self.spent(state)
        able = [method for method in self.runbook.methods if method.id not in self._unable | spent]
        chosen = self._chosen(state)
        instead = chosen.fallback if chosen and chosen.id in spent else ""
        return advice.advise(self.runbook.triggers, standings, state.reported, able, instead)

    def spent(self, state: RoomState) -> set[str]:
        """The methods that were carried out to their end and did not help: to advise one again would mislead.

        One that was left for another did not help either; the chosen one is given the time to be judged.
        """
        missed = state.verdict is not None and state.verdict.verdict in ("failed", "partial")
        return {
            method.id
            for method in self.runbook.methods
            if _is_carried_out(method, state) and (missed or method.id != state.method)
        }

    def not_judged(self, state: RoomState) -> str:
        """Why the effect is not judged yet; empty when it is. What was never changed has none.

        Until the method has changed all it changes, and until that has arrived, the signals tell of before.
        """
        chosen = self._chosen(state)
        if chosen is None or self.last_change(state) is None:
            return ""
        if left := self.changes_left(state):
            return f"{left} more of the method's steps change{'s' if left == 1 else ''} something"
        on_its_way = next((step for step in self._arrivals(state) if not self._waited(chosen, step, state)), None)
        return f"it has not arrived: {on_its_way.title}" if on_its_way else ""

    def changes_left(self, state: RoomState) -> int:
        """How many steps of the chosen method still have something to change."""
        chosen = self._chosen(state)
        return progress.changes_left(chosen, state) if chosen else 0

    def _chosen(self, state: RoomState) -> Method | None:
        return next((method for method in self.runbook.methods if method.id == state.method), None)

    def _arrivals(self, state: RoomState) -> tuple[Step, ...]:
        """The chosen method's waits for a version to be live."""
        chosen = self._chosen(state)
        versions = {signal.id for signal in self.runbook.signals if signal.kind == "version"}
        steps = chosen.steps if chosen else ()
        return tuple(step for step in steps if any(waited.signal in versions for waited in step.wait_for))

    def _waited(self, method: Method, step: Step, state: RoomState) -> bool:
        """Whether the wait is over: also one that ended without what it waited for."""
        return progress.asks_nothing(method, step, state) or state.step(method.id, step.id).mark == "failed"

    def verdict(self, state: RoomState, now: datetime, advised: Advice | None = None) -> Verdict:
        """Whether it worked; `advised` is what `advice` says of the same state now, where that is known already."""
        found, early = self.measured(state, now, advised), self.not_judged(state)
        return Verdict("unknown", f"not judged yet: {early}", found.lines) if early else found

    def measured(self, state: RoomState, now: datetime, advised: Advice | None = None) -> Verdict:
        """What the criteria say, whether or not all of the method is done and has arrived."""
        since, left_out = self.judged_from(state), self.left_out()
        standings = {
            outcome.id: self.standing(
                outcome.criterion, self.watched_from(outcome.criterion, state), danger=outcome.level == "failed"
            )
            for outcome in self.runbook.outcomes
            if outcome.criterion and outcome.criterion.signal not in left_out
        }
        ticks = {item: tick.done for item, tick in state.ticks.items()}
        firing = [fired.standing for fired in (advised or self.advice(state)).fired if fired.standing]
        return verdict.decide(
            self.runbook.outcomes,
            standings,
            ticks,
            judged_from=since,
            now=now,
            firing=firing,
            left_out=left_out,
        )

    def news(self, state: RoomState, now: datetime) -> list[AdviceChanged | VerdictChanged]:
        """What of it is new to the record: a change of level, of reason, or of verdict.

        What is closed is watched for a relapse as long as the runbook says; whoever opens it later only looks at it.
        """
        if state.closed is not None and (now - state.closed).total_seconds() > self.runbook.relapse_watch:
            return []
        found: list[AdviceChanged | VerdictChanged] = []
        current = self.advice(state)
        before = state.advice
        fired = tuple(f.trigger for f in current.fired if f.reported or (f.standing and f.standing.state == "met"))
        if (before.level, before.triggers) != (current.level, fired) if before else current.level != "none":
            found.append(AdviceChanged(level=current.level, text=current.text, triggers=fired, methods=current.methods))
        judged = self.verdict(state, now, current)
        if state.recovered is not None and judged.verdict == "unknown":
            # a step that is undone or done once more is not judged; that what was good is bad again is a fact
            measured = self.measured(state, now, current)
            judged = measured if verdict.ends_recovery(measured) else judged
        # the record knows that it had recovered, whatever was not known since and whoever looks now
        relapsed = state.recovered is not None and verdict.ends_recovery(judged)
        if relapsed or (state.verdict.verdict != judged.verdict if state.verdict else judged.verdict != "unknown"):
            found.append(VerdictChanged(verdict=judged.verdict, text=judged.text, relapsed=relapsed))
        return found


def _is_carried_out(method: Method, state: RoomState) -> bool:
    """Whether all that changes something is settled, and some of it was done."""
    done = any(state.step(method.id, step.id).mark == "done" for step in progress.acting(method))
    return done and not progress.changes_left(method, state)
