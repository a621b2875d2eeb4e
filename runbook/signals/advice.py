"""Roll back or not: what the triggers say, in one calm line. The decision is the person's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from runbook.model import Method, Trigger
from runbook.signals.standing import Advice, Fired, Standing
from runbook.signals.words import phrase

ROLL_BACK = "roll back now"
BETWEEN = " · "
SAID = 3
"""So many reasons are spelled out; more are counted."""


def advise(
    triggers: Sequence[Trigger],
    standings: Mapping[str, Standing],
    reported: Collection[str],
    methods: Sequence[Method] = (),
    instead: str = "",
) -> Advice:
    """What the triggers advise, by the standing of each (by trigger id) and what people reported.

    Roll back when one fired or was reported, watch when one is on its way. What is not known is named, and is
    never a reason. `methods` are those that can be taken; one of them that a trigger suggests is named, else the one
    that the runbook turns to `instead` of a method that did not help.
    """
    fired: list[Fired] = []
    pending: list[Fired] = []
    unknown: dict[str, Standing] = {}
    for trigger in triggers:
        standing = standings.get(trigger.id)
        state = standing.state if standing else ""
        is_reported = trigger.id in reported
        found = Fired(trigger.id, trigger.text, trigger.urgency, standing, is_reported)
        if is_reported or state == "met":
            fired.append(found)
        elif state == "pending":
            pending.append(found)
        elif standing is not None and state == "unknown":
            unknown.setdefault(standing.criterion.signal, standing)
    blind = f"not known: {_listed([phrase(standing) for standing in unknown.values()])}" if unknown else ""
    # what asks for no assessment comes first; the runbook's own order otherwise
    fired.sort(key=lambda found: found.urgency != "immediate")
    level: Literal["watch", "roll-back"] = "roll-back" if fired else "watch"
    if not fired and not pending:
        return Advice("none", "no reason to roll back" + (" in what is known" if blind else ""), blind=blind)
    told = fired or pending
    best = _suggested(triggers, told, methods) or tuple(method.id for method in methods if method.id == instead)
    why = f"{ROLL_BACK if fired else 'watch'}: {_listed([_reason(found) for found in told])}"
    way = _way(best, methods) if fired else ""
    return Advice(level, why, (*fired, *pending), best, way, blind)


def _reason(found: Fired) -> str:
    """An immediate trigger is named in the runbook's words, a conditional one by its number."""
    words = found.text.strip().rstrip(".:")
    words = words[:1].lower() + words[1:] if words[1:2].islower() else words
    standing = found.standing
    if standing is None or standing.state not in ("met", "pending"):
        return f"{words} (reported)"
    if found.urgency == "immediate":
        return f"{words} ({phrase(standing)})"
    return phrase(standing)


def _suggested(triggers: Sequence[Trigger], fired: Sequence[Fired], methods: Sequence[Method]) -> tuple[str, ...]:
    suggests = {trigger.id: trigger.suggests for trigger in triggers}
    known = {method.id for method in methods}
    named = dict.fromkeys(method for found in fired for method in suggests[found.trigger])
    return tuple(method for method in named if method in known)


def _way(best: Sequence[str], methods: Sequence[Method]) -> str:
    method = next((method for wanted in best for method in methods if method.id == wanted), None)
    if method is None:
        return ""
    return f"{method.title} (~{max(1, round(method.estimate / 60))} min)" if method.estimate else method.title


def _listed(reasons: Sequence[str]) -> str:
    more = len(reasons) - SAID
    return BETWEEN.join((*reasons[:SAID], *([f"{more} more"] if more > 0 else [])))
