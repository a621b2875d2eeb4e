"""What is there already, and what a lost command did, is told of all of its text or not at all."""

from __future__ import annotations

import pytest

from runbook.conductor import Conductor
from runbook.model import Command, Expect
from runbook.providers.platforms import PLATFORMS
from runbook.providers.together import Together
from runbook.wholly import hidden_behind
from tests.unit.git_world import World
from tests.unit.test_carrying import with_steps
from tests.unit.test_conductor import CHANGE, last_run, room, step, until

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


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("bash -c 'vercel rollback dpl_1'", "bash"),
        ("timeout 60 ssh host 'helm rollback web 2'", "timeout"),
        ("aws-vault exec live kubectl -n shop rollout undo deploy/web", "aws-vault"),
        ("docker compose exec -T db psql -c 'drop table orders'", "docker"),
        ("doppler run -- npx prisma migrate deploy", "doppler"),
        ("doppler run -- vercel rollback dpl_1", ""),
        ("ssh host 'psql -c \"select 1\"'", ""),
        ("ssh host uptime", ""),
        ("command -v psql && ./migrate.sh", ""),
        ("timeout 60 echo vercel rollback dpl_1", ""),
        ("vercel rollback dpl_1", ""),
        ("echo 'vercel rollback dpl_1", ""),
    ],
)
def test_an_order_that_something_hides_is_said_to_be_hidden(text: str, behind: str) -> None:
    assert hidden_behind(Together(PLATFORMS), text) == behind


async def test_what_nobody_looked_into_is_said_before_and_is_not_proven_after(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    with_steps(conductor, step("push", Command("bash -c 'true || vercel rollback dpl_1'", CHANGE)))
    conductor.carrier.world = Together(PLATFORMS)
    prepared = await conductor.prepare("revert", "push")
    assert any("Not looked into: the order stands behind `bash`" in line for line in prepared.warnings)
    await conductor.confirm(prepared)
    await until(lambda: not conductor.carrying)
    run = last_run(conductor)
    assert (run.state, run.unproven) == ("done", True)
    assert "nobody looked" in run.why


async def test_what_its_own_output_shows_to_have_worked_needs_nobody_to_look(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    text = "bash -c 'echo rolled back || vercel rollback dpl_1'"
    with_steps(conductor, step("push", Command(text, CHANGE, expect=Expect(contains="rolled back"))))
    conductor.carrier.world = Together(PLATFORMS)
    await conductor.confirm(await conductor.prepare("revert", "push"))
    await until(lambda: not conductor.carrying)
    assert (last_run(conductor).state, last_run(conductor).unproven) == ("done", False)
