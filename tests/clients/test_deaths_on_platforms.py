"""On a platform: a room and its keeper killed in the middle of a rollback, and `u` after one that went well.

A program stands in front of the real client and stops at its order, just before it is given or just after it was
carried out. The next room says what is true, and nothing is ordered twice.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
import yaml

from runbook import opening
from runbook.conductor import Conductor, Refused
from runbook.incident import home
from runbook.incident.state import Run
from runbook.opening import Opening
from runbook.providers import child, platform
from tests.clients import grounds
from tests.clients.grounds import Ground

LIMIT = 240.0
PATIENCE = 120.0
"""For one question to a platform, s: on a busy machine a client takes more than the room grants it."""
HELD = """#!/bin/bash
real() {{ PATH={path} exec {real} "$@"; }}
[[ " $* " =~ {order} ]] || real "$@"
wait() {{ touch {gate}/reached; for n in {{1..2400}}; do [ -e {gate}/open ] && return; sleep 0.05; done; }}
[ {when} = after ] && (real "$@")
code=$?
[ -e {gate}/open ] || wait
[ {when} = after ] && exit $code
real "$@"
"""

UNDONE = (grounds.kubernetes, grounds.helm, grounds.ecs, grounds.aws_lambda, grounds.railway, grounds.declared)
KILLED = (
    grounds.heroku,
    grounds.cloudflare,
    grounds.cloud_run,
    grounds.ecs,
    grounds.aws_lambda,
    grounds.railway,
    grounds.declared,
    grounds.compose,
    grounds.prisma_mark,
    grounds.prisma_deploy,
    grounds.down_script,
)


class Night:
    """An incident on one platform, and the rooms that are opened on it one after the other."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.ground, self.gate, self.orders = ground, folder / "gate", folder / "orders"
        self.gate.mkdir()
        (folder / "front").mkdir()
        self.front = folder / "front" / ground.program
        self.rooms: list[Conductor] = []
        book = {"version": 1, "id": "back", "title": "Back"}
        step: dict[str, object] = {"id": "go", "title": "Go back", "run": ground.text, "target": ground.target}
        step |= {"done_when": {"title": "it is done", "run": ground.done_when}} if ground.done_when else {}
        method = {"id": "back", "label": "1", "title": "Go back", "where": "repository", "steps": [step]}
        platforms = f"platforms:{ground.platforms}" if ground.platforms else ""
        self.book = folder / "book.yaml"
        self.book.write_text(f"{yaml.safe_dump(book | {'methods': [method]}, sort_keys=False)}{platforms}")
        self.env = ground.at.env | {"PATH": f"{self.front.parent}:{ground.at.env['PATH']}"}

    def hold(self, when: str) -> None:
        """Stop the client at its order, `before` it is given or `after` it was carried out."""
        real = shutil.which(self.ground.program, path=self.ground.at.env["PATH"])
        path = shlex.quote(self.ground.at.env["PATH"])
        text = HELD.format(real=real, path=path, order=self.ground.order, gate=self.gate, when=when)
        self.front.write_text(text)
        self.front.chmod(0o755)

    async def open(self) -> Conductor:
        folder = self.rooms[-1].folder if self.rooms else None
        for room in self.rooms:
            for task in tuple(room._work):  # it is dead: it neither learns nor records anything any more
                task.cancel()
            home.leave_wheel(room.folder)
            room.driving = False
        where = Opening(source=str(self.book), repository=None, folder=folder)
        room = await opening.open_room(where, environ=self.env)
        self.rooms.append(room)
        await opening.make_ready(room, None)
        assert room.driving
        return room

    def last(self) -> Run:
        return list(self.rooms[-1].state.runs.values())[-1]

    async def go(self, **how: object) -> Run:
        room = self.rooms[-1]
        prepared = await room.prepare("back", "go", again=bool(how.get("again")))
        assert not prepared.failed_checks and not prepared.blocked, (prepared.failed_checks, prepared.blocked)
        await room.confirm(prepared, typed=prepared.step.commands[0].target)
        await until(lambda: not room.carrying)
        return self.last()

    async def close(self) -> None:
        (self.gate / "open").touch()
        for room in self.rooms:
            await room.leave("over")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0.05)  # the pace of asking


@pytest.fixture
def ground(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(
        platform, "bounded", lambda argv, cwd, env, _, cap: child.bounded(argv, cwd, env, PATIENCE, cap=cap)
    )
    (tmp_path / "place").mkdir()
    with ExitStack() as stack:
        yield stack.enter_context(request.param(tmp_path / "place"))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("ground", KILLED, ids=lambda made: made.__name__, indirect=True)
async def test_a_rollback_killed_in_the_middle_is_told_truthfully_and_never_ordered_twice(
    ground: Ground, when: str, tmp_path: Path
) -> None:
    night = Night(ground, tmp_path)
    bad = ground.live()
    night.hold(when)
    room = await night.open()
    try:
        prepared = await room.prepare("back", "go")
        assert not prepared.failed_checks and not prepared.blocked, (prepared.failed_checks, prepared.blocked)
        await room.confirm(prepared, typed=prepared.step.commands[0].target)
        await until((night.gate / "reached").exists)
        run = night.last()
        child = msgspec.json.decode((room.carrier.run_folder(run.id) / "child.json").read_bytes())["pid"]
        os.kill(run.pid, signal.SIGKILL)
        os.killpg(child, signal.SIGKILL)
        arrived = ground.live()
        assert (arrived != bad) is (when == "after")

        again = await night.open()
        await until(lambda: again.state.runs[run.id].state == "unknown")
        lost = again.state.runs[run.id]
        took_effect, words = ground.done if when == "after" else ground.not_done
        assert lost.took_effect is took_effect, lost.evidence
        assert lost.evidence and words in lost.evidence[0]
        assert ("as before" in lost.evidence[0]) <= (when == "before")
        with pytest.raises(Refused, match="unknown"):
            await again.confirm(await again.prepare("back", "go", again=True))
        assert ground.live() == arrived
        ground.settle()
        (night.gate / "open").touch()
        if when == "after":
            await again.resolve(run.id, "done", "looked")
            told = await again.prepare("back", "go", again=True)
            # Railway does not tell whether another deployment of the commit has the same variables
            assert told.already or any("has the same code" in line for line in told.warnings)
            return
        await again.resolve(run.id, "not-done", "looked")
        assert (await night.go()).state == "done"
        assert ground.live() != bad
    finally:
        await night.close()


@pytest.mark.parametrize("ground", UNDONE, ids=lambda made: made.__name__, indirect=True)
async def test_after_a_rollback_its_way_back_is_a_ready_step_that_leads_to_what_was(
    ground: Ground, tmp_path: Path
) -> None:
    night = Night(ground, tmp_path)
    bad = ground.live()
    room = await night.open()
    try:
        run = await night.go()
        assert run.state == "done", (run.why, run.last_lines)
        good = ground.live()
        assert good != bad
        ground.settle()
        back = await room.prepare_undo("back", "go")
        assert back.role == "undo" and back.lines and not back.already, back
        assert not back.blocked and not back.failed_checks, (back.blocked, back.failed_checks)
        assert ground.live() == good
        await room.confirm(back)
        await until(lambda: not room.carrying)
        assert night.last().state == "done", (night.last().why, night.last().last_lines)
        assert ground.live() != good
    finally:
        await night.close()
