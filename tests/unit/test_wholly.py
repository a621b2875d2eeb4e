"""What is there already, and what a lost command did, is told of all of its text or not at all."""

from __future__ import annotations

import pytest

from runbook.conductor import Conductor
from runbook.model import Command
from tests.unit.git_world import World
from tests.unit.test_carrying import with_steps
from tests.unit.test_conductor import CHANGE, room, step

__all__ = ["room"]

PUSH = "git push origin main"


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (PUSH, True),
        (f"{PUSH} && echo pushed", True),
        (f"cd . && {PUSH} 2>&1 | tee push.log", True),
        (f"git fetch origin && {PUSH}", True),
        (f"{PUSH} && ./deploy.sh", False),
        (f"./migrate.sh && {PUSH}", False),
        (f"{PUSH} && kubectl rollout restart deployment/web", False),
    ],
)
async def test_nothing_is_said_of_a_part_that_nobody_looks_at(
    room: tuple[Conductor, World], text: str, whole: bool
) -> None:
    conductor, _ = room
    with_steps(conductor, step("push", Command(text, CHANGE)))
    prepared = await conductor.prepare("revert", "push")
    assert ("Nothing to push" in prepared.already) is whole
    assert any(warning.startswith("in part it is there: Nothing to push") for warning in prepared.warnings) is not whole
    method = conductor.procedure("revert")
    told = await conductor.carrier.took_effect("", text, prepared.expected, method)
    assert told is (True if whole else None)
