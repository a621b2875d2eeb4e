"""The variables that a runbook's commands name and that nobody has set: bash would put nothing in their place."""

from __future__ import annotations

from collections.abc import Mapping

from runbook.doctor.finding import Finding
from runbook.model import Effect, Runbook
from runbook.reading.placeholders import placeholders
from runbook.reading.variables import set_variables
from runbook.unset import SETS_UNSEEN


def look(runbook: Runbook, env: Mapping[str, str]) -> tuple[Finding, ...]:
    """Each variable of what changes something that is not set here and by no step, with the methods that name it."""
    methods = {method: [c for step in method.steps for c in step.commands] for method in runbook.procedures()}
    made = {name for commands in methods.values() for command in commands for name in set_variables(command.text)}
    known = frozenset(made | {name for name, value in env.items() if value})
    found: dict[str, dict[str, None]] = {}
    for method, commands in methods.items():
        if any(SETS_UNSEEN.search(command.text) for command in commands):
            continue
        for command in commands:
            for one in placeholders(command.text, known) if command.effect is not Effect.READ else ():
                if not one.sample and one.spelled[0].lstrip('"').startswith("$"):
                    found.setdefault(one.id, {})[method.label or method.title] = None
    mend = "Set and export it before warroom starts: a command that names it would run with nothing in its place."
    return tuple(
        Finding("variables", name, "amber", f"not set; used by {', '.join(who)}", mend) for name, who in found.items()
    )
