"""kill -9 at the worst moments: nothing acknowledged is lost, nothing runs twice, nobody reverts the revert."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Callable

from tests.terminal import walks
from tests.terminal.conftest import WARROOM, DrillRoom
from tests.terminal.test_walks import culprit

Drill = Callable[..., DrillRoom]
KILLS = 30
LIMIT = 420.0


def kill(room: DrillRoom) -> None:
    pid = room.pid()
    if pid:
        os.kill(pid, signal.SIGKILL)
    room.tmux.wait(lambda _: room.pid() == 0)


def come_back(room: DrillRoom) -> None:
    """A shell after a kill has a terminal in disorder; then the same command as a person's."""
    room.tmux.run("reset")
    # The dead room's picture could be taken for the new one's.
    room.tmux.wait(lambda screen: re.search(walks.READY, screen) is None)
    room.tmux.run(f"{WARROOM} open --resume")
    room.tmux.wait(walks.READY, 40)


def reach(room: DrillRoom, seconds: float) -> None:
    """A moment so many seconds from now: where the kill falls must differ from time to time."""
    moment = time.monotonic() + seconds
    room.tmux.wait(lambda _: time.monotonic() >= moment)


def next_key(screen: str) -> str:
    """What a person would press on this screen to get on with the rollback; empty to wait."""
    if re.search(r"d  it is done", screen):
        return "d" if "took effect" in screen or "contains" in screen else "r"
    if re.search(r"y  run it a second time", screen):
        return "s"  # it is there already: skip
    if re.search(walks.CONFIRM, screen):
        return "y"
    if re.search(r"enter  (next|look|start to watch)", screen):
        return "Enter"
    return ""


def test_thirty_kills_during_a_rollback_lose_nothing_and_run_nothing_twice(drill: Drill) -> None:
    room = drill("bad-deploy", seed=6)
    dice = random.Random(6)
    walks.until_red(room)
    before = room.git("rev-parse", "production")
    bad, subject = culprit(room)
    walks.choose(room, "1")
    room.tmux.keys("Enter")
    walks.confirm(room, 1)
    room.tmux.keys("Enter")
    walks.pick(room, subject)
    room.tmux.wait(walks.CONFIRM)
    kills, end = 0, time.monotonic() + LIMIT
    while "RECOVERED" not in (screen := room.tmux.screen()):
        assert time.monotonic() < end, f"{kills} kills\n{screen}"
        key = next_key(screen)
        if key == "y":
            reach(room, 0.6)  # armed only once it could be read
        if key:
            room.tmux.keys(key)
        if kills < KILLS and key in ("y", "d", "r", ""):
            # after a key that counts: before the intent, at the start, in the middle of the push, just after it
            reach(room, 0.12 + dice.random() * 0.6)
            kill(room)
            kills += 1
            come_back(room)
            room.tmux.keys("4")
        else:
            room.tmux.wait(lambda now, screen=screen: now != screen, 30)  # type: ignore[misc]

    assert kills == KILLS
    log = room.git("log", "--format=%s", "production") + "\n" + room.git("log", "--format=%s", "main")
    assert 'Revert "Revert' not in log
    for branch in ("main", "production"):
        bodies = room.git("log", "--format=%B", branch)
        assert bodies.count(f"This reverts commit {bad}") == 1
    assert room.git("rev-parse", f"refs/warroom/backup/production-{before}") == before
    assert "every record is as it was written" in room.warroom("incidents", "--verify")
    # one push of the rollback, and before it one of the backup ref: neither of them twice
    assert walks.starts_of(room, ":refs/heads/production") <= 1
