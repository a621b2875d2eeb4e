"""A drill that was carried out, played back in a real tmux afterwards: each moment as it was, and nothing touched."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from tests.terminal import walks
from tests.terminal.conftest import WARROOM, DrillRoom

Drill = Callable[..., DrillRoom]


def digest(folder: Path) -> str:
    """Every byte of a record; SQLite's own index of whoever reads is none of it."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "clean-room" not in path.parts):
        if not path.name.endswith(("-shm", "-wal")):
            whole.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def test_a_drill_is_played_back_moment_by_moment_and_its_record_is_not_touched(drill: Drill) -> None:
    room = drill("bad-deploy", seed=8)
    walks.until_red(room)
    walks.choose(room, "1")
    room.tmux.keys("Enter")
    walks.confirm(room, 1)
    room.tmux.keys("q")
    room.tmux.wait("leave and end the drill")
    walks.press_until_taken(room, "x", "leave and end the drill")
    room.tmux.wait("The drill is ended", 60)
    incident = room.incident()
    folder = room.home / "incidents" / incident
    before, production = digest(folder), room.git("rev-parse", "production")

    room.tmux.run(f"{WARROOM} replay {incident} --speed 1")
    assert "you drive" not in room.tmux.wait(r"REPLAY .*read-only", 60)
    room.tmux.wait("event 1 of|last: ", 60)
    room.tmux.keys("p")
    room.tmux.wait("paused")
    go_to(room, "+1h")
    room.tmux.wait("the end")
    ended = room.tmux.wait("exit 0 after")
    assert re.search(r"error rate +\d", ended) and "✓ 1 Bring main" in ended
    go_to(room, "T+0:00")
    room.tmux.gone("exit 0 after")  # what came later is not known yet
    room.tmux.wait("event [1-5] of")
    room.tmux.keys(">", "3", "Enter", "y", "m", "a", "R", "1")
    room.tmux.wait("nothing runs")
    room.tmux.resize(80, 24)
    room.tmux.wait(r"REPLAY .*read-only")
    room.tmux.keys("q")
    room.tmux.wait("Nothing of the record was changed")
    assert digest(folder) == before and room.git("rev-parse", "production") == production


def go_to(room: DrillRoom, when: str) -> None:
    room.tmux.keys("J")
    room.tmux.wait("Go to a time of the incident")
    room.tmux.type(when)
    room.tmux.wait(when.replace("+", r"\+"))
    room.tmux.keys("Enter")
    room.tmux.gone("Go to a time of the incident")
