"""The door of this room: a runbook → its findings, in the order of the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import msgspec

from runbook.checking import destroying, expecting, git, hanging, logs, lying, platforms, whole
from runbook.checking.findings import SEVERITIES, Finding, Rule
from runbook.checking.scene import lay_out
from runbook.model import Runbook

RULES: Mapping[str, Rule] = {
    **hanging.RULES,
    **lying.RULES,
    **git.RULES,
    **platforms.RULES,
    **destroying.RULES,
    **expecting.RULES,
    **whole.RULES,
    **logs.RULES,
}
"""Every rule by its id."""


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
