"""Production on a host: the shipped method with the real `vercel` program, and what the host serves afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.clients.programs import need
from tests.terminal import walks
from tests.terminal.conftest import WARROOM, DrillRoom

Drill = Callable[..., DrillRoom]


def served(room: DrillRoom) -> str:
    """The commit that production's customers get."""
    address = json.loads((room.drill / "drill.json").read_text())["production_url"]
    with urllib.request.urlopen(f"{address}/api/health", timeout=5) as answer:
        return str(json.load(answer)["commit"])


def release_before(room: DrillRoom) -> str:
    tags = room.git("tag", "-l", "v*", "--sort=-version:refname").split()
    return room.git("rev-parse", f"{tags[1]}^{{commit}}")


def switches(room: DrillRoom, commit: str) -> int:
    """How often production was told to serve the commit."""
    return (room.drill / "logs" / "deploy.log").read_text().count(f"production: building {commit[:7]}")


def up_to_the_rollback(room: DrillRoom, commit: str) -> None:
    """Method 3a up to the open confirmation of its rollback."""
    walks.until_red(room)
    walks.choose(room, "3a")
    room.tmux.keys("Enter")
    walks.confirm(room, 1, seconds=60)
    walks.enter(room)
    walks.confirm(room, 2, seconds=60)
    walks.enter(room)
    walks.pick(room, commit[:7], seconds=60)
    room.tmux.wait(walks.CONFIRM, 60)
    room.tmux.wait("serves now")


def test_an_earlier_deployment_is_restored_proven_and_recovers_production(drill: Drill) -> None:
    program = need("vercel")
    room = drill("cloud", size=(160, 45), path=Path(program).parent)
    wanted = release_before(room) if room.tmux.wait(walks.READY, 60) else ""
    before = served(room)
    up_to_the_rollback(room, wanted)
    walks.confirm(room, 3, seconds=60)
    assert served(room) == wanted != before
    room.tmux.wait(r"enter +next")  # its footer is full: `u` goes forward again
    room.tmux.keys("Enter")
    walks.confirm(room, 4, seconds=60)
    walks.enter(room)
    room.tmux.wait("RECOVERED", 120)
    text = walks.report(room)
    assert f"dpl_{wanted[:20]}" in text
    assert switches(room, wanted) == 1
    assert walks.starts_of(room, "vercel rollback") == 1
    finished = [entry for entry in room.timeline() if entry["kind"] == "step-finished"]
    assert any(f"production on Vercel serves dpl_{wanted[:20]}" in json.dumps(entry) for entry in finished)


def test_a_room_that_is_killed_in_the_middle_of_the_switch_tells_truthfully_what_came_of_it(drill: Drill) -> None:
    program = need("vercel")
    room = drill("cloud", path=Path(program).parent, seed=8)
    wanted = release_before(room) if room.tmux.wait(walks.READY, 60) else ""
    up_to_the_rollback(room, wanted)
    walks.press_until_taken(room, "y", walks.CONFIRM)
    room.tmux.wait(lambda _: switches(room, wanted) == 1, 30)
    os.kill(room.pid(), signal.SIGKILL)
    room.tmux.wait(lambda _: room.pid() == 0)
    room.tmux.wait(lambda _: served(room) == wanted, 30)
    room.tmux.run("reset")
    # The dead room's picture could be taken for the new one's.
    room.tmux.wait(lambda screen: re.search(walks.READY, screen) is None)
    room.tmux.run(f"{WARROOM} open --resume")
    room.tmux.wait(walks.READY, 60)
    room.tmux.keys("4")
    room.tmux.wait(r"✓ 3 Point production|3  Point production.*✓ done", 60)
    assert switches(room, wanted) == 1
    assert walks.starts_of(room, "vercel rollback") == 1
    assert "every record is as it was written" in room.warroom("incidents", "--verify")
