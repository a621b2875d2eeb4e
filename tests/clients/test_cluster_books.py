"""The shipped books on a cluster: every command of theirs through the room, its keepers and the real clients."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
import pytest

from runbook import opening
from runbook.conductor import Conductor, Moved, Refused
from runbook.incident import home
from runbook.incident.state import Run
from runbook.opening import Opening
from runbook.providers.provider import Place
from tests.clients.cluster import Cluster
from tests.clients.clusters import running
from tests.clients.programs import need
from tests.clients.releases import deployed, revisions

VALUES = {"base_url": "http://127.0.0.1:9", "context": "production", "namespace": "shop", "deployment": "web"}
World = tuple[Cluster, Place, Conductor]


class Shop:
    """A cluster, and the rooms that are opened on one incident of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cluster: AbstractContextManager[tuple[Cluster, Place]] = running(folder)
        self.cluster, self.at = self._cluster.__enter__()
        self.rooms: list[Conductor] = []

    async def room(self, book: str, **values: str) -> Conductor:
        where = Opening(source=f"book:{book}", repository=None, values=VALUES | values)
        return await self._open(where)

    async def come_back(self, room: Conductor) -> Conductor:
        """Another room on the same incident, as after a kill: everything it knows is on the disk."""
        home.leave_wheel(room.folder)
        room.driving = False
        return await self._open(Opening(source="", repository=None, folder=room.folder))

    async def _open(self, where: Opening) -> Conductor:
        room = await opening.open_room(where, environ=self.at.env)
        self.rooms.append(room)
        await opening.make_ready(room, None)
        assert room.driving
        return room

    async def close(self) -> None:
        self.cluster.may_answer.set()
        for room in self.rooms:
            await room.leave("over")
        self._cluster.__exit__(None, None, None)


@pytest.fixture
async def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    need("kubectl")
    need("helm")
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    made = Shop(tmp_path)
    yield made
    await made.close()


async def until(condition: Callable[[], bool], limit: float = 60) -> None:
    async with asyncio.timeout(limit):
        while not condition():
            await asyncio.sleep(0.02)  # the pace of asking


def last_run(room: Conductor) -> Run:
    return list(room.state.runs.values())[-1]


async def carry_out(room: Conductor, method: str, name: str) -> Run:
    """One step, looked at, confirmed and awaited."""
    prepared = await room.prepare(method, name)
    assert not prepared.failed_checks and not prepared.blocked, (name, prepared.failed_checks, prepared.blocked)
    await room.confirm(prepared)
    await until(lambda: not room.carrying)
    return last_run(room)


async def walk(room: Conductor, method: str, *names: str) -> None:
    for name in names:
        run = await carry_out(room, method, name)
        assert run.state == "done", (name, run.why, run.last_lines)


async def test_the_kubernetes_book_goes_back_proves_it_and_goes_forward_again(shop: Shop) -> None:
    for version in ("1.0", "1.1", "1.2"):
        shop.cluster.deploy(version)
    room = await shop.room("kubernetes")
    offered = await room.targets("undo", "revision")
    assert [(one.value, one.current) for one in offered] == [("3", True), ("2", False), ("1", False)]
    await room.choose_method("undo")
    await room.set_value("revision", "2", "picked")
    await walk(room, "undo", "history", "chosen", "now")
    assert room.known_values()["revision_before"] == "3"
    assert shop.cluster.patches() == 0
    prepared = await room.prepare("undo", "undo")
    assert any(line.startswith("afterwards: 2 (registry.example/web:1.1)") for line in prepared.lines)
    assert not prepared.already
    undone = await carry_out(room, "undo", "undo")
    assert undone.why == "deployment/web in shop on production serves 4 (registry.example/web:1.1)."
    await walk(room, "undo", "rolled", "proof", "images")
    assert shop.cluster.image().endswith(":1.1") and shop.cluster.patches() == 1
    assert (await room.prepare("undo", "undo", again=True)).already

    back = await room.prepare_undo("undo", "undo")
    assert "--to-revision=3" in back.text and any("afterwards: 3" in line for line in back.lines)
    await room.confirm(back)
    await until(lambda: not room.carrying)
    assert last_run(room).state == "done"
    assert shop.cluster.image().endswith(":1.2") and shop.cluster.patches() == 2


async def test_the_kubernetes_book_does_not_take_a_stuck_rollout_for_proof(shop: Shop) -> None:
    for version in ("1.0", "1.1", "1.2"):
        shop.cluster.deploy(version)
    room = await shop.room("kubernetes", revision="2")
    await walk(room, "undo", "chosen", "now")
    shop.cluster.rolls = "late"
    undone = await carry_out(room, "undo", "undo")
    assert "under way: 1 of 3 pods are made anew; it is stuck" in undone.why
    assert (await carry_out(room, "undo", "rolled")).state == "failed"
    assert (await carry_out(room, "undo", "proof")).state == "failed"


async def test_the_helm_book_goes_back_proves_it_and_goes_forward_again(shop: Shop) -> None:
    for version in ("1.0", "1.1", "1.2"):
        deployed(shop.cluster, version)
    room = await shop.room("helm", release="web")
    offered = await room.targets("rollback", "revision")
    assert [(one.value, one.current) for one in offered] == [("3", True), ("2", False), ("1", False)]
    await room.choose_method("rollback")
    await room.set_value("revision", "2", "picked")
    await walk(room, "rollback", "history", "chosen", "now")
    assert room.known_values()["revision_before"] == "3"
    assert not (await room.prepare("rollback", "rollback")).already
    gone_back = await carry_out(room, "rollback", "rollback")
    assert gone_back.why == "release web in shop on production serves 4 (web-1.1)."
    await walk(room, "rollback", "deployed", "rolled", "proof")
    assert shop.cluster.image().endswith(":1.1") and shop.cluster.patches() == 1
    assert (await room.prepare("rollback", "rollback", again=True)).already

    await room.confirm(await room.prepare_undo("rollback", "rollback"))
    await until(lambda: not room.carrying)
    assert last_run(room).state == "done"
    assert shop.cluster.image().endswith(":1.2")
    assert revisions(shop.cluster)[5]["info"]["description"] == "Rollback to 3"


async def test_a_deploy_between_the_look_and_the_key_stops_the_book(shop: Shop) -> None:
    for version in ("1.0", "1.1", "1.2"):
        shop.cluster.deploy(version)
    room = await shop.room("kubernetes", revision="2")
    prepared = await room.prepare("undo", "undo")
    shop.cluster.deploy("1.3")
    with pytest.raises(Moved, match=r"has moved: 4 \(registry.example/web:1.3\) serves now"):
        await room.confirm(prepared)
    assert shop.cluster.patches() == 0


@pytest.mark.parametrize(("holds", "took_effect"), [("after", True), ("before", False)])
async def test_a_rollback_that_was_killed_in_the_middle_is_told_from_the_cluster_and_not_run_again(
    shop: Shop, holds: str, took_effect: bool
) -> None:
    for version in ("1.0", "1.1", "1.2"):
        shop.cluster.deploy(version)
    room = await shop.room("kubernetes", revision="2")
    await walk(room, "undo", "chosen", "now")
    shop.cluster.holds = holds
    shop.cluster.may_answer.clear()
    await room.confirm(await room.prepare("undo", "undo"))
    await until(shop.cluster.arrived.is_set)
    run = last_run(room)
    child = msgspec.json.decode((room.carrier.run_folder(run.id) / "child.json").read_bytes())["pid"]
    os.kill(run.pid, signal.SIGKILL)
    os.killpg(child, signal.SIGKILL)

    again = await shop.come_back(room)
    await until(lambda: again.state.runs[run.id].state == "unknown")
    lost = again.state.runs[run.id]
    assert lost.took_effect is took_effect
    serves = "4 (registry.example/web:1.1)." if took_effect else "3 (registry.example/web:1.2), as before"
    assert serves in " ".join(lost.evidence)
    with pytest.raises(Refused, match="unknown"):
        await again.confirm(await again.prepare("undo", "undo"))
    assert shop.cluster.patches() == 1

    await again.resolve(run.id, "done" if took_effect else "not-done", "looked")
    if took_effect:
        assert (await again.prepare("undo", "undo", again=True)).already
        await walk(again, "undo", "rolled", "proof")
        assert shop.cluster.patches() == 1


async def test_a_room_that_was_killed_alone_hears_the_end_of_its_rollback(shop: Shop) -> None:
    for version in ("1.0", "1.1", "1.2"):
        shop.cluster.deploy(version)
    room = await shop.room("kubernetes", revision="2")
    shop.cluster.may_answer.clear()
    await room.confirm(await room.prepare("undo", "undo"))
    await until(shop.cluster.arrived.is_set)
    run = last_run(room)
    again = await shop.come_back(room)
    assert again.state.runs[run.id].state == "running"
    shop.cluster.may_answer.set()
    await until(lambda: again.state.runs[run.id].state == "done")
    assert again.state.runs[run.id].recovered
    assert again.state.runs[run.id].why.endswith("serves 4 (registry.example/web:1.1).")
    assert shop.cluster.patches() == 1


async def test_a_helm_rollback_that_was_killed_in_the_middle_is_unknown_and_only_an_override_goes_over_it(
    shop: Shop,
) -> None:
    for version in ("1.0", "1.1", "1.2"):
        deployed(shop.cluster, version)
    room = await shop.room("helm", release="web", revision="2")
    shop.cluster.may_answer.clear()
    await room.confirm(await room.prepare("rollback", "rollback"))
    await until(shop.cluster.arrived.is_set)
    run = last_run(room)
    child = msgspec.json.decode((room.carrier.run_folder(run.id) / "child.json").read_bytes())["pid"]
    os.kill(run.pid, signal.SIGKILL)
    os.killpg(child, signal.SIGKILL)
    shop.cluster.may_answer.set()

    again = await shop.come_back(room)
    await until(lambda: again.state.runs[run.id].state == "unknown")
    lost = again.state.runs[run.id]
    assert lost.took_effect is None  # its objects are changed, its record is not
    assert "revision 4 is pending-rollback: parts of it may serve" in lost.evidence[0]
    await again.resolve(run.id, "not-done", "looked")
    anew = await again.prepare("rollback", "rollback")
    with pytest.raises(Refused, match="another operation is in progress, or it died"):
        await again.confirm(anew)
    assert shop.cluster.patches() == 1
    await again.confirm(anew, overrides=("nobody else deploys",))
    await until(lambda: not again.carrying)
    assert last_run(again).why == "release web in shop on production serves 5 (web-1.1)."
