"""How standings are said on screen and in the record."""

from __future__ import annotations

from runbook.figures import amount, clock, name
from runbook.signals.standing import Standing


def label(standing: Standing) -> str:
    """What a standing is about, in a person's words."""
    return name(standing.title or standing.criterion.signal.replace("_", " "))


def phrase(standing: Standing) -> str:
    """A standing in words: `error rate 24.8 % > 5 % for 3:10 of 5:00`, `not known: p95 (timed out after 5 s)`."""
    criterion = standing.criterion
    if standing.state == "unknown":
        return f"{label(standing)} ({standing.why or 'not known'})"
    value = amount(standing.value, standing.unit, criterion.value)
    wanted = amount(criterion.value, standing.unit)
    if standing.state == "not-met":
        return f"{label(standing)} {value}, not {criterion.op} {wanted}"
    said = f"{label(standing)} {value}"
    if criterion.op != "==" or standing.value != criterion.value:
        said += f" {criterion.op} {wanted}"
    if standing.state == "pending" and standing.why and not standing.remaining:
        return f"{said} for {clock(standing.covered)}, {standing.why}"
    if standing.state == "pending":
        return f"{said} for {clock(standing.covered)} of {clock(criterion.hold)}"
    return f"{said} for {clock(standing.covered)}" if standing.covered >= 1 else said
