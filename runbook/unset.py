"""Variables of a command that have no value where it would run: `rm -r /srv/$RELEASE` would act on all of /srv."""

from __future__ import annotations

import re

from runbook.model import Effect, Method, Runbook, Step
from runbook.providers.provider import Place
from runbook.reading.placeholders import placeholders
from runbook.reading.variables import set_variables
from runbook.steps.plan import CheckResult

SETS_UNSEEN = re.compile(r"(?:^|[;&|({\s])(?:source|eval|\.)\s")
"""Words that set variables which the text does not name."""


def without_value(
    text: str, effect: Effect, at: Place, runbook: Runbook, method: Method, step: Step
) -> tuple[CheckResult, ...]:
    """A check that failed for each variable of `text` that is empty or not set at this place.

    It stops what destroys; for what only changes it is a warning, since a program may do without.
    """
    if SETS_UNSEEN.search(text):
        return ()
    known = frozenset(name for name, value in {**at.env, **at.variables}.items() if value)
    found = [
        one.id for one in placeholders(text, known) if not one.sample and one.spelled[0].lstrip('"').startswith("$")
    ]
    return tuple(
        CheckResult(
            title=f"${name} has a value",
            ok=False,
            found="it is empty here, or nothing set it",
            mend=_mend(name, runbook, method, step),
            stops=effect is Effect.DESTROY,
        )
        for name in found
    )


def _mend(name: str, runbook: Runbook, method: Method, step: Step) -> str:
    """What gives the variable a value: an earlier step of the method, or the value itself."""
    for other in method.steps:
        if other.id == step.id:
            break
        if _sets(name, other):
            return f"Run “{other.title}” first, which sets it."
    elsewhere = (other for procedure in runbook.procedures() for other in procedure.steps if _sets(name, other))
    title = next((other.title for other in elsewhere), "")
    where = f"“{title}” sets it, but not for the steps here. " if title else ""
    return f"{where}Leave with q, and come back with {name} set and exported in your shell."


def _sets(name: str, step: Step) -> bool:
    return any(name in set_variables(command.text) for command in step.commands)
