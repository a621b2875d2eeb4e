"""A team's own document: looked at before it may run anything, trusted by a typed word, run to the letter."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal import walks
from tests.terminal.conftest import WARROOM
from tests.terminal.tmux import Tmux

STUB = """#!/bin/sh
printf '%s' "$0" | sed 's|.*/||' >> "{calls}"
for word in "$@"; do printf ' [%s]' "$word" >> "{calls}"; done
echo >> "{calls}"
echo done
"""
CHEAT_SHEET = """# ferry cheat sheet

## Rollback

```console
$ ferryctl history --limit 5
  12  good
  13  bad
$ ferryctl undo 13 --reason "it's broken"
```
"""
NUMBERED = """Rolling back the ferry
======================

1. Look at what is live:

   ```sh
   ferryctl status --json
   ```

2. Tell the crew.

3. Put the last good one back:

   ```sh
   ferryctl promote --to=12
   ```
"""
OPTIONS = """# Ferry runbook

## Option A: undo one release

**Duration**: ~3 minutes

```bash
# Undo it
ferryctl undo <release-number>
```

## Option B: stop everything

```bash
ferryctl halt --all
```
"""


class Desk:
    """A room on one document, with a program of ours in front of everything on PATH."""

    def __init__(self, folder: Path, text: str, size: tuple[int, int]) -> None:
        self.calls, self.document = folder / "calls", folder / "ROLLBACK.md"
        (folder / "bin").mkdir()
        stub = folder / "bin" / "ferryctl"
        stub.write_text(STUB.format(calls=self.calls))
        stub.chmod(0o755)
        self.document.write_text(text)
        self.env = {
            "WARROOM_HOME": str(folder / "home"),
            "HOME": str(folder),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "GIT_CEILING_DIRECTORIES": str(folder),
        }
        self.tmux = Tmux(f"{WARROOM} open {self.document} --new", size=size, cwd=folder, env=self.env)

    def run(self) -> None:
        self.tmux.wait(walks.CONFIRM.replace("  ", " +"))
        walks.press_until_taken(self, "y", walks.CONFIRM.replace("  ", " +"))
        self.tmux.wait(r"✓ (\d of \d )?done")

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def warroom(self, *args: str) -> str:
        done = subprocess.run(
            [str(WARROOM), *args], capture_output=True, text=True, check=False, env=os.environ | self.env
        )
        return done.stdout + done.stderr

    def events(self) -> list[dict[str, object]]:
        incident = json.loads(self.warroom("incidents", "--json").splitlines()[0])["id"]
        return [json.loads(line) for line in self.warroom("timeline", incident, "--json").splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    opened: list[Desk] = []

    def start(text: str, size: tuple[int, int] = (160, 45)) -> Desk:
        opened.append(Desk(tmp_path, text, size))
        return opened[-1]

    yield start
    for one in opened:
        one.tmux.close()


def begin(desk: Desk, label: str = "1") -> None:
    walks.choose(desk, label)
    desk.tmux.keys("Enter")


def test_a_cheat_sheet_runs_its_commands_to_the_letter_and_never_its_output(desk: Callable[..., Desk]) -> None:
    room = desk(CHEAT_SHEET)
    walks.trust(room)
    begin(room)
    room.run()
    walks.enter(room)
    room.run()
    assert room.called() == ["ferryctl [history] [--limit] [5]", "ferryctl [undo] [13] [--reason] [it's broken]"]
    texts = [str(event["text"]) for event in room.events() if event["kind"] == "step-confirmed"]
    assert texts[1].startswith('confirmed: ferryctl undo 13 --reason "it\'s broken"')


def test_a_numbered_list_is_walked_with_its_steps_by_hand_on_a_small_screen(desk: Callable[..., Desk]) -> None:
    room = desk(NUMBERED, (80, 24))
    walks.trust(room)
    begin(room)
    room.run()
    room.tmux.keys("4")
    room.tmux.keys("Enter")
    room.tmux.wait("Tell the crew")
    assert room.called() == ["ferryctl [status] [--json]"]
    room.tmux.keys("D")
    room.tmux.wait("The runbook as written")
    room.tmux.keys("/")
    room.tmux.type("promote")
    room.tmux.keys("Enter")
    room.tmux.wait(r"▌.*ferryctl promote --to=12")


def test_outside_a_repository_commands_begin_where_the_room_was_opened(desk: Callable[..., Desk]) -> None:
    room = desk(OPTIONS.replace("ferryctl undo <release-number>", "./undo.sh"))
    undo = room.document.with_name("undo.sh")
    undo.write_text(f"#!/bin/sh\necho 'the ferry is back'; touch {undo.parent}/undone\n")
    undo.chmod(0o755)
    walks.trust(room)
    begin(room, "A")
    room.run()
    assert (undo.parent / "undone").exists()


def test_an_option_asks_for_its_value_and_puts_it_in_as_typed(desk: Callable[..., Desk]) -> None:
    room = desk(OPTIONS)
    walks.trust(room)
    begin(room, "A")
    room.tmux.wait("enter take it")
    room.tmux.type("13")
    room.tmux.wait("use 13 as typed|13")
    room.tmux.keys("Enter")
    room.run()
    assert room.called() == ["ferryctl [undo] [13]"]


def test_nothing_runs_before_trust_and_a_changed_document_asks_again_with_the_difference(
    desk: Callable[..., Desk],
) -> None:
    room = desk(OPTIONS)
    room.tmux.wait("May this runbook run commands", 40)
    room.tmux.keys("Escape")
    room.tmux.gone("May this runbook")
    room.tmux.keys("m")
    room.tmux.wait("not trusted yet")
    assert "It holds 2 commands" in room.warroom("trust", str(room.document))
    room.document.write_text(OPTIONS.replace("halt --all", "destroy --all"))
    room.tmux.close()
    again = Tmux(f"{WARROOM} open {room.document} --new", size=(160, 45), cwd=room.document.parent, env=room.env)
    try:
        again.wait("changed since you trusted it", 40)
        again.wait(r"-ferryctl halt --all\b[\s\S]*\+ferryctl destroy --all")
        assert room.called() == []
    finally:
        again.close()


def test_a_room_that_only_watches_asks_nothing_of_an_unknown_runbook_and_does_not_drive_when_it_is_trusted(
    desk: Callable[..., Desk],
) -> None:
    signal = "{source: command, title: Load, run: ferryctl load, reads: true}"
    book = f"version: 1\nid: ferry\ntitle: Ferry\nsignals: {{load: {signal}}}\n"
    room = desk(OPTIONS)
    (folder := room.document.parent).joinpath("book.yaml").write_text(book)
    watching = Tmux(f"{WARROOM} open book.yaml --read-only --new", size=(80, 24), cwd=folder, env=room.env)
    try:
        watching.wait("May this runbook run commands", 40)
        watching.wait("ferryctl load")
        watching.keys("T")
        watching.wait("Type trust")
        assert room.called() == []
        watching.type("trust")
        watching.keys("Enter")
        watching.wait("This room watches")
        watching.wait(lambda _: "ferryctl [load]" in room.called())
    finally:
        watching.close()
