"""Deaths at named moments: right after the revert's commit, in the middle of the push, the window, the keeper."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.faults.test_keeper import until
from tests.terminal import walks
from tests.terminal.conftest import WARROOM, DrillRoom
from tests.terminal.test_killed import come_back, kill
from tests.terminal.test_walks import culprit
from tests.terminal.tmux import Tmux

Drill = Callable[..., DrillRoom]

HELD = """\
#!/bin/sh
[ -e {gate}/open ] || {{
  touch {gate}/reached
  turns=0
  until [ -e {gate}/open ] || [ $turns -gt 1200 ]; do sleep 0.05; turns=$((turns + 1)); done
}}
"""


class Gate:
    """A place at which something stops until it is let through, so that a test can act at exactly that moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def hold(self, script: Path, then: str = "") -> None:
        script.write_text(HELD.format(gate=self.folder) + then)
        script.chmod(0o755)

    def hold_pushes_to(self, room: DrillRoom) -> None:
        """In the middle of a push: the objects are there, the branch has not moved."""
        hooks = room.drill / "remote.git" / "hooks"
        hooks.mkdir(exist_ok=True)
        self.hold(hooks / "pre-receive")

    def wait(self, room: DrillRoom) -> None:
        room.tmux.wait(lambda _: (self.folder / "reached").exists(), 30)

    def open(self) -> None:
        (self.folder / "open").touch()


def at_the_revert(room: DrillRoom) -> str:
    """Everything up to the open confirmation of the revert; the commit to be reverted."""
    walks.until_red(room)
    bad, subject = culprit(room)
    walks.choose(room, "1")
    room.tmux.keys("Enter")
    walks.confirm(room, 1)
    walks.enter(room)
    walks.pick(room, subject)
    room.tmux.wait(walks.CONFIRM, 30)
    return bad


def held_push(room: DrillRoom, gate: Gate) -> str:
    """Step 3's push under way and held by the remote; the commit that was reverted."""
    bad = at_the_revert(room)
    walks.confirm(room, 2)
    gate.hold_pushes_to(room)
    walks.enter(room)
    room.tmux.wait(walks.CONFIRM, 30)
    walks.press_until_taken(room, "y", walks.CONFIRM)
    gate.wait(room)
    return bad


def pushed_once(room: DrillRoom, bad: str) -> None:
    """The remote's main holds the revert once, the room started one push, and the record is whole."""
    assert room.git("log", "--format=%B", "main").count(f"This reverts commit {bad}") == 1
    assert 'Revert "Revert' not in room.git("log", "--format=%s", "main")
    assert walks.starts_of(room, "git push") == 1
    assert "every record is as it was written" in room.warroom("incidents", "--verify")


def keeper_of(room: DrillRoom) -> int:
    found = subprocess.run(
        ["pgrep", "-f", rf"keeper\.py {room.home}"], capture_output=True, text=True, check=False
    ).stdout.split()
    return int(found[0])


def test_a_kill_right_after_the_reverts_commit_reverts_nothing_twice(drill: Drill, tmp_path: Path) -> None:
    gate, real = Gate(tmp_path / "gate"), shutil.which("git")
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin" / "git"
    gate.hold(stub)
    stub.write_text(
        f'#!/bin/sh\n[ "$1" = revert ] || exec {real} "$@"\n{real} "$@"; code=$?\n'
        + HELD.format(gate=gate.folder).removeprefix("#!/bin/sh\n")
        + "exit $code\n"
    )
    room = drill("bad-deploy", seed=6, path=tmp_path / "bin")
    bad = at_the_revert(room)
    walks.press_until_taken(room, "y", walks.CONFIRM)
    gate.wait(room)
    kill(room)
    come_back(room)
    room.tmux.wait("● running")  # found again, not begun again
    gate.open()
    room.tmux.wait("partly done: ", 30)  # the world was asked: what is there already, what is left
    room.tmux.keys("Enter")
    assert "git revert" not in room.tmux.wait(walks.CONFIRM).split("4 Action")[1]
    walks.confirm(room, 2)
    walks.enter(room)
    walks.confirm(room, 3)
    pushed_once(room, bad)


def test_a_kill_in_the_middle_of_the_push_finds_it_running_again(drill: Drill, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    room = drill("bad-deploy", seed=6)
    bad = held_push(room, gate)
    kill(room)
    come_back(room)
    room.tmux.keys("4")
    room.tmux.wait("● running")
    gate.open()
    room.tmux.wait(r"✓ 3 Publish|3  .*✓ done", 30)
    pushed_once(room, bad)


def test_a_closed_window_leaves_the_push_running_and_a_new_room_learns_its_end(drill: Drill, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    room = drill("bad-deploy", seed=6)
    bad = held_push(room, gate)
    room.tmux.close()
    room.tmux = Tmux(f"{WARROOM} open --resume", size=(160, 45), cwd=tmp_path, env=room.env)
    room.tmux.wait(walks.READY, 40)
    room.tmux.keys("4")
    room.tmux.wait("● running")
    assert "room-left" in [entry["kind"] for entry in room.timeline()]  # SIGHUP is a goodbye, not a crash
    gate.open()
    room.tmux.wait(r"✓ 3 Publish|3  .*✓ done", 30)
    pushed_once(room, bad)


def test_a_room_whose_terminal_is_gone_leaves_also_where_a_wrapper_keeps_the_hangup_to_itself(tmp_path: Path) -> None:
    document, ended, env = tmp_path / "ROLLBACK.md", tmp_path / "ended", {"WARROOM_HOME": str(tmp_path / "home")}
    document.write_text("# Roll the ferry back\n\n```bash\nferryctl halt\n```\n")
    room = f"timeout -s KILL --foreground 50 {WARROOM} open {document} --new"
    tmux = Tmux(f"exec bash -c 'trap : HUP; {room}; touch {ended}'", size=(160, 45), cwd=tmp_path, env=env)
    tmux.wait("May this runbook run commands", 40)
    tmux.close()
    until(ended.exists, "the end of the room")
    (incident,) = (tmp_path / "home" / "incidents").iterdir()
    asked = [str(WARROOM), "timeline", incident.name, "--json"]
    told = subprocess.run(asked, env=os.environ | env, capture_output=True, text=True, check=True, timeout=60).stdout
    assert '"room-left"' in told


def test_a_dead_keeper_makes_the_outcome_unknown_until_a_person_settles_it(drill: Drill, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    room = drill("bad-deploy", seed=6)
    bad = held_push(room, gate)
    before = room.git("rev-parse", "main")
    os.kill(keeper_of(room), signal.SIGKILL)
    subprocess.run(["pkill", "-KILL", "-f", str(room.home)], check=False)  # the push and what it started
    subprocess.run(["pkill", "-KILL", "-f", f"{room.drill}/remote.git"], check=False)
    kill(room)
    come_back(room)
    screen = room.tmux.wait("unknown", 30)
    assert "it is done" in screen and "it is not" in screen
    assert room.git("rev-parse", "main") == before
    kill(room)
    come_back(room)
    room.tmux.wait("unknown", 30)  # asked again: nobody answered yet
    room.tmux.keys("4")
    walks.press_until_taken(room, "n", "it is not")
    gate.open()
    kinds = [entry["kind"] for entry in room.timeline()]
    assert "step-unknown" in kinds and "step-resolved" in kinds
    room.tmux.keys("3")
    room.tmux.keys("Enter")
    walks.confirm(room, 3)
    assert room.git("log", "--format=%B", "main").count(f"This reverts commit {bad}") == 1
    assert "every record is as it was written" in room.warroom("incidents", "--verify")
