"""What a runbook's numbers can tell: conditions that are turned around, that nothing can fulfil, that nobody reads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from runbook.checking.findings import Finding, Rule, Severity
from runbook.checking.scene import Scene
from runbook.model import Criterion, Record, Signal
from runbook.signal_sources import Cdn, Health, Lighthouse, NoSource, Prometheus, Sentry, Smoke
from runbook.signals.criteria import describe_span
from runbook.signals.judge import MIN_SAMPLES, holds

For = Literal["trigger", "failure", "success", "wait"]
REASONS: frozenset[For] = frozenset({"trigger", "failure"})
"""What these say is bad news where it holds; of the others it is good news."""
ALIVE = (*map(float, range(200, 400)), 401.0, 403.0)
"""Statuses with which a health endpoint may say that all is well."""


class Use(Record, frozen=True):
    """A criterion in its place."""

    criterion: Criterion
    signal: Signal
    what: For
    line: int


def _uses(scene: Scene) -> Iterator[Use]:
    signals = {signal.id: signal for signal in scene.runbook.signals}

    def use(criterion: Criterion | None, what: For, line: int, text: str) -> Iterator[Use]:
        if criterion is not None and (signal := signals.get(criterion.signal)) is not None:
            yield Use(criterion, signal, what, line or scene.line_with(text))

    for trigger in scene.runbook.triggers:
        yield from use(trigger.criterion, "trigger", trigger.line, trigger.text)
    for outcome in scene.runbook.outcomes:
        if outcome.level != "partial":
            what: For = "failure" if outcome.level == "failed" else "success"
            yield from use(outcome.criterion, what, outcome.line, outcome.text)
    for procedure in scene.procedures:
        for step in procedure.method.steps:
            for criterion in step.wait_for:
                yield from use(criterion, "wait", step.line or procedure.method.line, step.title)


def _best(signal: Signal) -> tuple[float, ...]:
    """What a signal may say when all is well, the usual first; nothing where that is not sure."""
    match signal.source:
        case Health():
            return ALIVE
        case Cdn() | Lighthouse(measure="score"):
            return (100.0,)
        case Smoke() | Sentry() | Lighthouse():
            return (0.0,)
        case _:
            return (0.0,) if signal.kind in ("error_rate", "latency") else ()


def _range(signal: Signal) -> tuple[float, float]:
    """Between what a signal can lie: outside of that a reading is none."""
    match signal.source:
        case Health():
            return 100.0, 599.0
        case Cdn() | Lighthouse(measure="score"):
            return 0.0, 100.0
        case _:
            most = {"%": 100.0, "": 1.0}.get(signal.unit) if signal.kind == "error_rate" else None
            return 0.0, most or math.inf


def turned(scene: Scene) -> Iterator[Finding]:
    """A condition that is bad news where all is well, or good news only where it is not."""
    for use in _uses(scene):
        best = _best(use.signal)
        bad_news = use.what in REASONS
        fits = any(holds(use.criterion, value) for value in (best[:1] if bad_news else best))
        if not best or fits is not bad_news:
            continue
        name, at = use.signal.id, f"{best[0]:g}"
        said = {
            "trigger": f"asks for a rollback where {name} is {at}, which is as good as it gets; turn its sign around",
            "failure": f"calls it failed where {name} is {at}, which is as good as it gets; turn its sign around",
            "success": f"calls it a success where {name} is bad, and not where it is {at}; turn its sign around",
            "wait": f"waits until {name} is bad; where no page of maintenance is meant, turn its sign around",
        }[use.what]
        yield Finding(use.line, "warning" if use.what == "wait" else "problem", f"“{use.criterion.text}” {said}.")


def impossible(scene: Scene) -> Iterator[Finding]:
    """A condition that no value can fulfil, or that every value does."""
    for use in _uses(scene):
        wanted, (low, high) = use.criterion.value, _range(use.signal)
        if not isinstance(wanted, float | int):
            continue
        ends = [bool(holds(use.criterion, end)) for end in (low, min(high, 1e300))]
        inside = low <= wanted <= high
        if use.what in REASONS and not (any(ends) or (use.criterion.op in ("==", "!=") and inside)):
            yield Finding(use.line, "problem", f"“{use.criterion.text}” can never be: {_span(use.signal)}.")
        elif use.what not in REASONS and all(ends) and not (use.criterion.op == "!=" and inside):
            yield Finding(use.line, "problem", f"“{use.criterion.text}” always holds: {_span(use.signal)}.")
        elif high == 100 and 0 < wanted <= 1 and use.signal.kind != "error_rate":
            yield Finding(
                use.line, "warning", f"“{use.criterion.text}”: {_span(use.signal)}; write {wanted * 100:g} for it."
            )


def _span(signal: Signal) -> str:
    low, high = _range(signal)
    return f"{signal.id} lies between {low:g} and {high:g}{signal.unit and f' {signal.unit}'}"


def slow_to_tell(scene: Scene) -> Iterator[Finding]:
    """A time over which the signal gives fewer readings than a hold needs."""
    for use in _uses(scene):
        hold, needed = use.criterion.hold, (MIN_SAMPLES - 1) * use.signal.every
        if 0 < hold < needed:
            yield Finding(
                use.line,
                "warning",
                f"“{use.criterion.text}” takes {describe_span(needed)}, not {describe_span(hold)}: it needs "
                f"{MIN_SAMPLES} readings, and {use.signal.id} is asked every {describe_span(use.signal.every)}.",
            )


def share_of_one(scene: Scene) -> Iterator[Finding]:
    """A share between 0 and 1 that is called per cent: 5 % would be reached by five times all requests."""
    for signal in scene.runbook.signals:
        source = signal.source
        if not isinstance(source, Prometheus) or signal.kind != "error_rate" or signal.unit != "%":
            continue
        if source.scale == 1 and "/" in source.query and "100" not in source.query:
            yield Finding(
                scene.line_with(source.query),
                "warning",
                f"This query divides, so {signal.id} looks like a share between 0 and 1, and its unit is %: an outage "
                "would read as 1 %. Write scale: 100.",
            )


def unread(scene: Scene) -> Iterator[Finding]:
    """A condition on a number that nobody says where to read."""
    told: set[tuple[str, For]] = set()
    for use in _uses(scene):
        if not isinstance(use.signal.source, NoSource) or (use.signal.id, use.what) in told:
            continue
        told.add((use.signal.id, use.what))
        severity, said = _UNREAD[use.what]
        yield Finding(
            use.line,
            severity,
            f"“{use.criterion.text}”: the runbook does not say where to read {use.signal.id}, so {said}; "
            "give it a source.",
        )


_UNREAD: dict[For, tuple[Severity, str]] = {
    "trigger": ("note", "no machine sees it, and a person has to report it"),
    "failure": ("warning", "nobody is told that it failed"),
    "success": ("warning", "the room never says that it recovered"),
    "wait": ("problem", "this wait never ends"),
}


RULES: dict[str, Rule] = {
    "criterion-turned": turned,
    "criterion-impossible": impossible,
    "criterion-unread": unread,
    "slow-to-tell": slow_to_tell,
    "share-of-one": share_of_one,
}
