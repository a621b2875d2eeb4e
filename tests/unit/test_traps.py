"""A team's commands as they are written: the trap in each is told before it runs, and no empty success is believed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from runbook.conductor import Conductor
from runbook.incident import home
from runbook.opening import Opening, make_ready, open_room
from runbook.steps.plan import Prepared
from tests.unit.git_world import World
from tests.unit.test_markdown import RECEIVED, SEED

READ, CHANGE, DESTROY = "read", "change", "destroy"
RUNS, FOLLOWS = "run", "follow"
CURL, FROM_TARGET = "a check that cannot fail", "not at what production serves"
REWINDS = "this rewinds the branch"
REPEATED = "while :; do date +%T; bash -o pipefail -c"
LOOKS = """# Bakery

## Rollback

### Method 1: Undo

```bash
# Undo
git revert <commit-sha>

# Verify
curl {url}/api/health

# Verify that it is on
curl {url}/api/flags | jq .oven
```
"""

AS_WRITTEN: list[tuple[int, str, str, tuple[str, ...]]] = [
    (52, READ, RUNS, ()),
    (55, CHANGE, RUNS, ('"New checkout flow"', "in the clean room")),
    (56, CHANGE, RUNS, ("Nothing to push",)),
    (62, CHANGE, RUNS, ("in the clean room; nothing else changes",)),
    (63, CHANGE, RUNS, ("nothing to merge",)),
    (64, CHANGE, RUNS, ("Nothing to push",)),
    (67, READ, FOLLOWS, (CURL, REPEATED)),
    (76, READ, RUNS, ()),
    (79, CHANGE, RUNS, ("in the clean room; nothing else changes",)),
    (82, CHANGE, RUNS, ("makes the branch rollback/v3.9.0", "in the clean room")),
    (83, CHANGE, RUNS, ("There is no branch rollback/v3.9.0 in the clean room",)),
    (86, CHANGE, RUNS, ("in the clean room; nothing else changes",)),
    (87, DESTROY, RUNS, (REWINDS, "2 commits back", "only the clean room changes")),
    (88, DESTROY, RUNS, (REWINDS, "--force-with-lease=refs/heads/production:")),
    (91, READ, RUNS, (CURL,)),
    (101, READ, RUNS, ("Previews and failed builds",)),
    (104, CHANGE, RUNS, ("is not linked to a Vercel project",)),
    (107, READ, RUNS, (FROM_TARGET,)),
    (113, READ, RUNS, ("lists nothing without a sub-command",)),
    (116, CHANGE, RUNS, ("There is no railway rollback", "warroom railway rollback")),
    (119, READ, FOLLOWS, ("hides the one failing now",)),
    (128, READ, RUNS, ()),
    (131, DESTROY, RUNS, ("This undoes nothing",)),
    (134, CHANGE, RUNS, ("applies the migration again",)),
    (137, CHANGE, FOLLOWS, ("verifies nothing",)),
    (172, READ, RUNS, (CURL,)),
    (191, READ, RUNS, ("may be refused (405)",)),
    (195, READ, RUNS, (CURL, "sign-in that is broken")),
    (199, READ, RUNS, (CURL, "jq prints null")),
    (212, READ, RUNS, ("opens a browser", "0 to 1")),
    (223, READ, FOLLOWS, (CURL, REPEATED)),
    (226, READ, FOLLOWS, (CURL, REPEATED)),
    (229, READ, FOLLOWS, (CURL, REPEATED)),
    (242, READ, FOLLOWS, ("falls silent", "holds lines back")),
    (245, READ, FOLLOWS, ("the log of one pod",)),
]
"""Line, effect, how it runs, and what the room says of it before: every command of the document that was received."""


@asynccontextmanager
async def room_on(source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> AsyncIterator[Conductor]:
    """A room on a document, in a repository whose tag v3.9.0 is two commits back."""
    monkeypatch.setenv("WARROOM_HOME", str(folder / "home-of-warroom"))
    world = World(folder)
    world.git("tag", "v3.9.0", world.cart)
    world.push("--tags")
    opening = Opening(source=str(source), repository=world.copy)
    conductor = await open_room(opening, environ=world.env | {"PATH": path})
    try:
        await make_ready(conductor, world.copy)
        await conductor.set_value("commit-sha", world.bad, "typed")
        yield conductor
    finally:
        conductor.journal.close()
        home.leave_wheel(conductor.folder)


def told(prepared: Prepared) -> str:
    """Everything that is on the screen before a command is confirmed."""
    checks = [f"{check.found} {check.mend}" for check in prepared.checks if check.ok is not True]
    said = (prepared.text, prepared.blocked, prepared.already, *prepared.lines, *prepared.warnings, *checks)
    return "\n".join(said)


@pytest.mark.parametrize("name", RECEIVED[:1])
async def test_the_traps_of_every_command_of_the_seed_are_told_before_it_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (SEED / name).is_file():
        pytest.skip(f"{name} is not here: it lies outside of the repository, in shared/seed")
    async with room_on(SEED / name, tmp_path, monkeypatch, "/usr/bin:/bin") as room:
        for param, value in (
            ("deployment-url", "shop-1.vercel.app"),
            ("deployment-id", "d-1"),
            ("migration-name", "m"),
        ):
            await room.set_value(param, value, "typed")
        seen: list[int] = []
        for method in room.runbook.procedures():
            for step in method.steps:
                for place, command in enumerate(step.commands):
                    alone = await room._prepare(method.id, step, ((place, command),))
                    line, effect, mode, said = AS_WRITTEN[len(seen)]
                    assert (command.line, alone.effect.value, alone.mode) == (line, effect, mode)
                    missing = [words for words in said if words not in told(alone)]
                    assert not missing, f"line {line}, {command.text}\n{told(alone)}"
                    assert bool(said) == bool(told(alone).removeprefix(alone.text).strip())
                    seen.append(line)
        assert len(seen) == len(AS_WRITTEN)


class Broken(BaseHTTPRequestHandler):
    """A service that is down behind a proxy that answers, and whose flags lost the one that is asked for."""

    def do_GET(self) -> None:
        health = self.path.endswith("health")
        body = b"Bad gateway" if health else b"{}"
        self.send_response(502 if health else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def broken() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.02)


async def looked(room: Conductor, prepared: Prepared) -> tuple[str, str]:
    """A look, confirmed: how it ended, and what is said about that."""
    await room.confirm(prepared)
    await until(lambda: not room.carrying)
    run = list(room.state.runs.values())[-1]
    return run.state, run.why


async def test_a_look_that_cannot_fail_is_done_and_says_that_this_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    document = tmp_path / "ROLLBACK.md"
    document.write_text(LOOKS.format(url=broken))
    async with room_on(document, tmp_path, monkeypatch, "/usr/bin:/bin") as room:
        state, why = await looked(room, await room.prepare("undo", "verify"))
        assert state == "done" and why.startswith("It ended well, which proves nothing: curl exits 0")
        assert list(room.state.runs.values())[-1].unproven  # so it is not shown with the sign of what is proven
        state, why = await looked(room, await room.prepare("undo", "verify-that-it-is-on"))
        assert state == "done" and "jq prints null" in why
        await room.edit("undo", "verify", 0, f"curl -fsS {broken}/api/health", "it must be able to fail")
        again = await room.prepare("undo", "verify", again=True)
        assert CURL not in told(again)
        assert (await looked(room, again))[0] == "failed"


async def test_a_look_waits_for_the_clean_room_that_is_still_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home-of-warroom"))
    (document := tmp_path / "ROLLBACK.md").write_text("# B\n\n## Rollback\n\n```bash\ngit checkout production\n```\n")
    world = World(tmp_path)
    conductor = await open_room(Opening(source=str(document), repository=world.copy), environ=world.env)
    (method,) = conductor.runbook.methods
    try:
        asked = asyncio.create_task(conductor.prepare(method.id, method.steps[0].id))
        await asyncio.sleep(0)
        await make_ready(conductor, world.copy)
        prepared = await asked
        assert prepared.blocked == "" and prepared.cwd.endswith("clean-room")
    finally:
        conductor.journal.close()
        home.leave_wheel(conductor.folder)
