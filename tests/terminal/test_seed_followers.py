"""What never ends by itself, as steps of a team's document: a tail, a watch, a server that accepts and says nothing.

The room stays usable beside them, says what they are, and ends them by a key or by a clock.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.steps import runs
from tests.terminal import walks
from tests.terminal.conftest import WARROOM
from tests.terminal.tmux import Tmux

DOCUMENT = """# Bakery: going back

## Ways back

### Method 1: Look

```bash
# 1. Production log
tail -f app.log | grep ERROR

# 2. Error rate
watch -n 1 'cat errors | jq ".custom.http_errors"'

# 3. Health
curl http://127.0.0.1:{port}/api/health
```
"""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Tmux]:
    for program in ("curl", "jq"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    (place := tmp_path / "place").mkdir()
    (place / "app.log").write_text("ERROR the oven is cold\n")
    (place / "errors").write_text('{"custom": {"http_errors": 7041}}')
    env = {"WARROOM_HOME": str(tmp_path / "kept"), "HOME": str(tmp_path), "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        (place / "ROLLBACK.md").write_text(DOCUMENT.format(port=silent.getsockname()[1]))
        tmux = Tmux(f"{WARROOM} ROLLBACK.md --new", size=(160, 45), cwd=place, env=os.environ | env)
        try:
            yield tmux
        finally:
            for folder in (tmp_path / "kept").glob("incidents/*/runs/*"):
                runs.stop(folder, "kill")
            tmux.close()


class Seat(walks.Room):
    """A person at the room."""

    def __init__(self, tmux: Tmux) -> None:
        self._tmux = tmux

    @property
    def tmux(self) -> Tmux:
        return self._tmux

    def take(self, verb: str, shown: str) -> str:
        self.tmux.wait(rf"y  {verb} it")
        walks.press_until_taken(self, "y", rf"y  {verb} it")
        return self.tmux.wait(shown)

    def stop(self, step: str) -> None:
        """`x` in the log pane; bash may miss an interrupt between two commands: pressed again, as a person would."""
        for _ in range(8):
            self.tmux.keys("x")
            try:
                self.tmux.wait(rf"✓ {step} ", 5)
            except AssertionError:
                continue
            return
        raise AssertionError(self.tmux.screen())


def test_a_tail_a_watch_and_a_server_that_never_answers_hold_nothing_up(room: Tmux, tmp_path: Path) -> None:
    seat = Seat(room)
    walks.trust(seat)
    walks.choose(seat, "1")
    room.keys("Enter")
    room.wait("does not end by itself: its output goes to pane 2, x stops it")
    seat.take("follow", "● follows")
    for _ in range(60):  # grep holds 4 KiB back, as the confirmation said
        with (tmp_path / "place" / "app.log").open("a") as log:
            log.write("ERROR the oven is on fire\n" * 400)
        try:
            room.wait("the oven is on fire", 1)
        except AssertionError:
            continue
        break
    room.wait("the oven is on fire")
    room.keys("Enter")
    seat.take("follow", "7041")

    room.keys("Enter")
    seat.take("run", "● running")
    room.wait("it goes on if this window closes; its time limit is 0:30")
    room.keys("a")
    room.wait("Note for the timeline")
    room.type("still nothing")
    room.keys("Enter")
    room.keys("t")
    room.wait("still nothing")
    room.keys("Escape")
    screen = room.wait(r"✗ failed  0:3\d", 90)
    assert "stopped at its time limit: no end within 30 s" in screen
    assert not re.search(r"␍|\^M", screen)  # curl's meter writes over itself

    room.keys("2")
    room.wait(r"▸ 2 Logs ━ while .*follows, x stops")
    seat.stop("2")
    room.keys("l")
    room.wait(r"▸ 2 Logs ━ tail -f .*follows, x stops")
    seat.stop("1")
