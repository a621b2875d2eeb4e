"""A drill ends with everything it started, however it ends; and outlives the room that started it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from runbook.drill import drill as drills
from runbook.drill.drill import Drill
from runbook.drill.story import shop_files
from runbook.drill.world import DrillError

PATIENCE = 20.0
SHOP = shop_files()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    where = drills.default_folder(tmp_path, "bad-deploy", 4)
    yield where
    if (running := drills.attach(where)) is not None:
        running.stop()


def begin(folder: Path, **more: Any) -> Drill:
    return drills.start("bad-deploy", 4, folder, build_seconds=0.2, rate=20, **more)


def is_open(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def left_over(drill: Drill) -> list[str]:
    """The drill's processes, by its folder or its address in their command line."""
    listed = subprocess.run(
        ["ps", "-wweo", "stat=,args="], capture_output=True, text=True, timeout=10, check=True
    ).stdout
    lines = [line for line in listed.splitlines() if not line.startswith("Z")]
    return [line for line in lines if "drill/" in line and (str(drill.folder) in line or drill.production_url in line)]


def everything_ended(drill: Drill) -> bool:
    return not left_over(drill) and not is_open(drill.production_url) and not is_open(drill.staging_url)


def test_stop_ends_everything(folder: Path) -> None:
    drill = begin(folder)
    assert len(left_over(drill)) == 4
    assert is_open(drill.production_url)
    drill.stop()
    assert drills.wait_until(lambda: everything_ended(drill), PATIENCE), left_over(drill)
    assert not drill.running
    assert drills.attach(folder) is None
    drill.stop()  # once more does no harm


def test_kill_9_of_the_supervisor_ends_everything(folder: Path) -> None:
    drill = begin(folder)
    os.kill(drill.pid, signal.SIGKILL)
    assert drills.wait_until(lambda: everything_ended(drill), PATIENCE), left_over(drill)
    assert drills.attach(folder) is None


def test_kill_9_of_the_room_leaves_the_drill_to_be_found_again(folder: Path, tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from typing import Any
from runbook.drill.drill import start
start("bad-deploy", 4, Path({str(folder)!r}), build_seconds=0.2, rate=20)
os.kill(os.getpid(), signal.SIGKILL)
"""
    room = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], timeout=60, start_new_session=True, check=False
    )
    assert room.returncode == -signal.SIGKILL
    found = drills.attach(folder)
    assert found is not None
    assert (found.folder, found.scenario.name, found.seed) == (folder, "bad-deploy", 4)
    with urllib.request.urlopen(found.production_url + "/api/health", timeout=10) as answer:
        assert answer.status == 200


def test_without_a_room_it_ends_by_itself(folder: Path) -> None:
    drill = begin(folder, idle_limit=0.5)
    assert drills.wait_until(lambda: everything_ended(drill), PATIENCE), left_over(drill)


def test_with_its_folder_it_ends(folder: Path) -> None:
    drill = begin(folder)

    def thrown_away() -> bool:
        shutil.rmtree(folder, ignore_errors=True)  # once more where something was written into it meanwhile
        return everything_ended(drill)

    assert drills.wait_until(thrown_away, PATIENCE), left_over(drill)


def test_a_room_keeps_it_alive_until_the_hard_limit(folder: Path) -> None:
    drill = begin(folder, idle_limit=2, hard_limit=4)

    def stay() -> bool:
        drill.keep_alive()
        return not drill.running

    assert drills.wait_until(stay, PATIENCE)
    log = drill.log.stat()
    assert log.st_mtime - drill.started > 3, "it outlived the idle limit"


def test_a_second_drill_does_not_push_out_the_first(folder: Path) -> None:
    drill = begin(folder)
    with pytest.raises(DrillError, match=r"running in .* already"):
        begin(folder)
    assert drill.running


def test_of_several_that_are_started_at_once_one_runs_and_the_others_say_so(folder: Path) -> None:
    together = threading.Barrier(3)
    running, said = [], []

    def room() -> None:
        together.wait()
        try:
            running.append(begin(folder))
        except DrillError as trouble:
            said.append(str(trouble))

    rooms = [threading.Thread(target=room) for _ in range(3)]
    for each in rooms:
        each.start()
    for each in rooms:
        each.join()
    assert [drill.pid for drill in running] == [drills.attach(folder).pid]  # type: ignore[union-attr]
    assert said == [f"A drill is running in {folder} already. Go back into it, or stop it first."] * 2


def test_a_drill_that_is_being_made_is_not_taken_for_the_one_before_it(folder: Path) -> None:
    first = begin(folder)
    first.stop()
    seen = []
    second = begin(folder, progress=lambda line: seen.append((drills.is_running(folder), drills.attach(folder))))
    assert seen[0] == (True, None), "its facts are those of a process that is gone"
    assert second.running


def test_an_ended_drill_makes_room_for_the_next(folder: Path) -> None:
    first = begin(folder)
    opened = datetime.fromtimestamp(first.started + 0.001, UTC)
    assert drills.of_incident(folder, opened) is not None
    first.stop()
    second = begin(folder)
    assert second.running
    assert second.pid != first.pid
    assert drills.of_incident(folder, opened) is None, "an incident of the first is none of the second"
    assert not first.running
    first.stop()
    assert second.running, "whoever ends the first does nothing to the second"


def test_a_drill_that_cannot_start_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runbook.drill.story.shop_files", broken_shop)
    with pytest.raises(DrillError, match=r"did not start.*deploy\.log"):
        begin(folder)
    assert "failed: the build stopped" in (folder / "logs" / "deploy.log").read_text()
    assert drills.wait_until(lambda: not drills.is_running(folder), PATIENCE)


def broken_shop() -> dict[str, str]:
    tree = dict(SHOP)
    tree["app/routes.py"] += "\nthis is no Python\n"
    return tree
