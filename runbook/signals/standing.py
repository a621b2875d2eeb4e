"""The answers of the signals: how a criterion stands, what is advised, whether it is over."""

from __future__ import annotations

from typing import Literal

from runbook.model import Criterion, Record, Seconds

State = Literal["met", "pending", "not-met", "unknown"]
"""`pending`: true at the last sample, but not yet for as long as `hold` asks."""


class Part(Record, frozen=True):
    """One of several looks that a signal's value sums up: a smoke test, what it should say and what it said."""

    name: str
    ok: bool | None
    """None where nobody answered at all: that may as well be the way from here to there."""
    expected: str
    got: str


class Standing(Record, frozen=True):
    """How a criterion stands now. `unknown` is never good and never a reason by itself; `why` tells."""

    criterion: Criterion
    state: State
    value: float | str | None = None
    covered: Seconds = 0
    """For how long it has been true, between real samples."""
    why: str = ""
    title: str = ""
    unit: str = ""
    broken: Literal["", "breach", "gap"] = ""
    """What the time in `covered` starts again after: a reading that breached it, or a time without readings."""
    parts: tuple[Part, ...] = ()
    """What the newest value sums up, where it does."""

    @property
    def remaining(self) -> Seconds:
        return max(0.0, self.criterion.hold - self.covered)


class Fired(Record, frozen=True):
    """A trigger that holds, or is on its way to."""

    trigger: str
    text: str
    urgency: str
    standing: Standing | None
    reported: bool = False


class Advice(Record, frozen=True):
    """Roll back or not, and why. The decision is the person's."""

    level: Literal["none", "watch", "roll-back"]
    why: str
    fired: tuple[Fired, ...] = ()
    methods: tuple[str, ...] = ()
    way: str = ""
    """The way back that is suggested first: `Git revert (~10 min)`."""
    blind: str = ""
    """What is not known."""

    @property
    def text(self) -> str:
        """All of it in one sentence, as it is recorded."""
        return f"{self.why}{f' → {self.way}' if self.way else ''}{f'; {self.blind}' if self.blind else ''}"


class Verdict(Record, frozen=True):
    """Did it work? Each line of the success criteria with its standing."""

    verdict: Literal["recovered", "partial", "failed", "unknown"]
    text: str
    lines: tuple[OutcomeStanding, ...] = ()


class OutcomeStanding(Record, frozen=True):
    """One line of the success criteria. `ok` is None where it is not known (yet)."""

    outcome: str
    text: str
    level: str
    ok: bool | None
    standing: Standing | None = None
    ticked: bool = False
