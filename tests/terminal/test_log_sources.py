"""Logs in a real tmux: what commands say, several at once, a pipe. They end with the room."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal.conftest import WARROOM
from tests.terminal.tmux import Tmux

BOOK = """\
version: 1
id: kiosk
title: Kiosk
params: [{id: till, label: the till, default: two}]
logs:
  - id: till
    title: the till
    run: echo till <till>; echo $$ > FOLDER/till.pid; exec tail -F FOLDER/till.log
    reads: true
methods:
  - id: swap
    title: Swap
    steps: [{id: look, title: Look, run: cat kiosk.txt}]
"""


class Place:
    """A folder with a runbook, trusted, and a room on it."""

    def __init__(self, folder: Path, book: str, command: str = "{warroom} open kiosk.yaml") -> None:
        self.folder = folder / "kiosk"
        self.folder.mkdir()
        (self.folder / "kiosk.yaml").write_text(book.replace("FOLDER", str(self.folder)))
        self.env = {"WARROOM_HOME": str(folder / "home"), "HOME": str(folder), "GIT_CONFIG_GLOBAL": os.devnull}
        self.trust()
        self.tmux = Tmux(command.format(warroom=WARROOM), size=(160, 45), cwd=self.folder, env=self.env)

    def trust(self) -> None:
        env = {**os.environ, **self.env}
        subprocess.run([WARROOM, "trust", "kiosk.yaml"], cwd=self.folder, env=env, check=True, timeout=60)

    def write(self, name: str, *lines: str) -> None:
        with (self.folder / name).open("a") as log:
            log.write("".join(f"{line}\n" for line in lines))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    made: list[Place] = []

    def make(book: str, command: str = "{warroom} open kiosk.yaml") -> Place:
        made.append(Place(tmp_path, book, command))
        return made[-1]

    yield make
    for one in made:
        one.tmux.close()


def wait_until_gone(pid: int) -> None:
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until, f"{pid} is still there"
        time.sleep(0.05)


def test_a_command_is_a_log_and_ends_with_the_room(place: Callable[..., Place]) -> None:
    kiosk = place(BOOK)
    kiosk.tmux.wait(r"2 Logs ─ the till .* follows", 40)
    kiosk.tmux.wait("till two")
    kiosk.write("till.log", "the drawer is stuck")
    kiosk.tmux.wait("the drawer is stuck")
    pid = int((kiosk.folder / "till.pid").read_text())
    os.kill(pid, 9)
    kiosk.tmux.wait(r"ended by SIGKILL · .* starts again in 1 s")
    kiosk.write("till.log", "and open again")
    kiosk.tmux.wait("and open again")
    pid = int((kiosk.folder / "till.pid").read_text())
    kiosk.tmux.keys("q")
    kiosk.tmux.wait("Leave the room")
    kiosk.tmux.keys("q")
    wait_until_gone(pid)
