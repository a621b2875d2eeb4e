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
        self.folder.mkdir(exist_ok=True)
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


SEVERAL = """\
version: 1
id: kiosk
title: Kiosk
logs:
  - {id: till, title: the till, run: tail -F FOLDER/till.txt}
  - {id: web, title: the web shop, path: FOLDER/web.txt}
  - {id: app, title: the others, path: FOLDER/app/*.log}
methods:
  - id: swap
    title: Swap
    steps: [{id: look, title: Look, run: cat kiosk.txt}]
"""


def test_several_logs_are_one_by_their_times_and_each_alone(place: Callable[..., Place], tmp_path: Path) -> None:
    (tmp_path / "kiosk" / "app").mkdir(parents=True)
    kiosk = place(SEVERAL)
    kiosk.write("till.txt", "2026-11-26 10:00:02 till first", "  and its second line")
    kiosk.tmux.wait(r"2 Logs ─ all logs .* web missing", 40)
    kiosk.tmux.wait(r"till *\| 2026-11-26 10:00:02 till first +↳ 1 line")
    kiosk.write("web.txt", "2026-11-26 10:00:03 web first")
    kiosk.write("app/cellar.log", "2026-11-26 10:00:04 cellar first")
    screen = kiosk.tmux.wait("cellar first")
    assert "web first" in screen
    kiosk.tmux.wait(r"2 Logs ─ all logs .* 3 logs")
    kiosk.tmux.keys("L")
    kiosk.tmux.wait(r"Which log\?[\s\S]*all logs[\s\S]*the till +follows[\s\S]*the web shop +following[\s\S]*cellar")
    kiosk.tmux.keys("w", "e", "b", "Enter")
    screen = kiosk.tmux.wait(r"2 Logs ━ the web shop")
    assert "web first" in screen
    assert "till first" not in screen


PLAIN = """\
version: 1
id: kiosk
title: Kiosk
methods:
  - id: swap
    title: Swap
    steps: [{id: look, title: Look, run: cat kiosk.txt}]
"""


def test_what_is_piped_in_is_a_log_and_the_keys_still_work(place: Callable[..., Place], tmp_path: Path) -> None:
    writer = (
        "sh -c 'echo $$ > writer.pid; echo from the pipe; while read -r line; do echo \"$line\"; done < fifo; echo bye'"
    )
    (tmp_path / "kiosk").mkdir()
    os.mkfifo(tmp_path / "kiosk" / "fifo")
    kiosk = place(PLAIN, f"{writer} | {{warroom}} open kiosk.yaml")
    kiosk.tmux.wait(r"2 Logs ─ standard input .* follows[\s\S]*from the pipe", 40)
    with (kiosk.folder / "fifo").open("w") as fifo:
        fifo.write("and more\n")
        fifo.flush()
        kiosk.tmux.wait("and more")
        kiosk.tmux.keys("2")
        kiosk.tmux.wait(r"▸ 2 Logs ━")
        kiosk.tmux.keys("a")
        kiosk.tmux.wait("Note for the timeline")
        kiosk.tmux.keys("Escape")
        kiosk.tmux.wait(lambda screen: "Note for the timeline" not in screen)
    kiosk.tmux.wait(r"bye\s+── the input ended · ")
    kiosk.tmux.keys("q")
    kiosk.tmux.wait("Leave the room")
    kiosk.tmux.keys("q")
    kiosk.tmux.wait("The incident stays open")


def test_a_writer_without_an_end_ends_when_the_room_is_left(place: Callable[..., Place]) -> None:
    kiosk = place(PLAIN, "sh -c 'echo $$ > writer.pid; exec yes flood' | {warroom} open kiosk.yaml")
    kiosk.tmux.wait(r"standard input .* follows[\s\S]*flood", 40)
    pid = int((kiosk.folder / "writer.pid").read_text())
    kiosk.tmux.keys("q")
    kiosk.tmux.wait("Leave the room")
    kiosk.tmux.keys("q")
    wait_until_gone(pid)
