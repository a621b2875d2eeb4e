"""The door of this room: a runbook → its findings, in the order of the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import msgspec

from runbook.checking import destroying, expecting, git, hanging, judging, logs, lying, platforms, whole
from runbook.checking.findings import SEVERITIES, Finding, Rule
from runbook.checking.scene import lay_out
from runbook.model import Runbook
from runbook.steps.plan import Trap

RULES: Mapping[str, Rule] = {
    **hanging.RULES,
    **lying.RULES,
    **git.RULES,
    **platforms.RULES,
    **destroying.RULES,
    **expecting.RULES,
    **whole.RULES,
    **judging.RULES,
    **logs.RULES,
}
"""Every rule by its id."""

IN_THE_ROOM = (
    *("window", "curl-fail", "head-request", "jq-null", "inspects-target", "swallowed", "one-pod", "rotation"),
    *("buffered", "deployments-mixed", "unfinished", "git-rewind-named-forward", "gone", "not-a-rollback"),
    *("resolve-undoes-nothing", "deploy-applies-again", "destroys-as-look", "opposite", "not-dry"),
    *("expects-refusal", "score-scale", "counter"),
)
"""The rules about single commands whose trap the room does not take away by itself, as it does with editors, pagers,
questions, bare forces and blind pushes."""
LYING = frozenset(
    ("curl-fail", "head-request", "jq-null", "inspects-target", "unfinished", "window", "expects-refusal", "swallowed")
)
"""Those of them after which an exit code of 0 proves nothing."""


def check(runbook: Runbook, *, today: date, is_installed: Callable[[str], bool], text: str = "") -> tuple[Finding, ...]:
    """What is wrong with a runbook, each finding once.

    `text` is its source, in which lines are found that the model does not keep.
    """
    scene = lay_out(runbook, today, is_installed, text)
    found = {
        msgspec.structs.replace(finding, rule=name, line=max(finding.line, 1)): None
        for name, rule in RULES.items()
        for finding in rule(scene)
    }
    return tuple(sorted(found, key=lambda finding: (finding.line, SEVERITIES.index(finding.severity), finding.rule)))


def traps(runbook: Runbook) -> dict[tuple[str, str, int], tuple[Trap, ...]]:
    """The traps in the commands as they are written, by method, step and the command's place in it."""
    scene = lay_out(runbook, date.min, lambda _: True)
    found: dict[tuple[str, str, int], tuple[Trap, ...]] = {}
    for spot in scene.spots():
        alone = replace(scene, only=spot)
        said = {
            Trap(text=finding.text, lies=name in LYING): None
            for name in IN_THE_ROOM
            for finding in RULES[name](alone)
            if finding.severity != "note"
        }
        if said:
            place = next(n for n, command in enumerate(spot.step.commands) if command is spot.command)
            found[spot.procedure.method.id, spot.step.id, place] = tuple(said)
    return found
