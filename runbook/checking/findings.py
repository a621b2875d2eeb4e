"""A finding of a check: where, how bad, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from runbook.checking.calls import Call
from runbook.checking.scene import Scene, Spot
from runbook.model import Record

Severity = Literal["problem", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("problem", "warning", "note")
"""From "would fail, hang, lie or destroy tonight" to what is only good to know."""


class Finding(Record, frozen=True):
    """One thing to mend. `text` says what happens and what to write instead; `rule` is the id of who found it."""

    line: int
    severity: Severity
    text: str
    rule: str = ""


Rule = Callable[[Scene], Iterable[Finding]]
"""Looks at a whole runbook."""
Said = tuple[Severity, str] | None
"""What a rule has to say about one place; None is the usual answer."""


def on_calls(judge: Callable[[Call, Spot], Said]) -> Rule:
    """A rule made of a judgement about single program calls."""

    def rule(scene: Scene) -> Iterator[Finding]:
        for spot in scene.spots():
            for call in spot.calls:
                if said := judge(call, spot):
                    yield Finding(spot.line, *said)

    return rule


def on_commands(judge: Callable[[Spot], Said]) -> Rule:
    """A rule made of a judgement about single commands."""

    def rule(scene: Scene) -> Iterator[Finding]:
        for spot in scene.spots():
            if said := judge(spot):
                yield Finding(spot.line, *said)

    return rule
