"""Prisma's commands as teams write them, in the real room with the real prisma: nothing hangs, no success is invented.

One room, one database whose second migration is broken; the document's steps in their order.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import test_prisma_history
from tests.clients.postgres import Server
from tests.terminal import walks
from tests.terminal.conftest import WARROOM
from tests.terminal.tmux import Tmux

DOCUMENT = """# Bakery: going back

## Ways back

### Method 4: Database (if needed)

```bash
# 1. Which migration
npx prisma migrate status

# 2. Take it back
npx prisma migrate resolve --rolled-back <migration-name>

# 3. Apply it again if needed
npx prisma migrate deploy

# 4. See that the data is whole
npx prisma studio
```
"""
SLOW = 120


class Room:
    """A room on the document, in a project whose prisma reaches a real server."""

    def __init__(self, tmux: Tmux, server: Server) -> None:
        self.tmux, self.server = tmux, server

    def pane(self) -> str:
        """What the right half says, in one line."""
        return " ".join(" ".join(line[80:].split()) for line in self.tmux.screen().splitlines())

    def says(self, wanted: str, seconds: float = SLOW) -> str:
        self.tmux.wait(lambda _: re.search(wanted, self.pane()) is not None, seconds)
        return self.pane()

    def leave(self) -> None:
        """Skip the step that did not go well, with a reason, and go on to the next."""
        self.tmux.keys("s")
        self.tmux.wait("Why this step is skipped")
        self.tmux.type("seen")
        self.tmux.wait(r"seen")
        self.tmux.keys("Enter")
        self.says("»")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    (place := tmp_path / "place").mkdir()
    with test_prisma_history.at_work(place) as (server, at):
        (place / "ROLLBACK.md").write_text(DOCUMENT)
        more = {"WARROOM_HOME": str(tmp_path / "kept"), "GIT_CEILING_DIRECTORIES": str(tmp_path), "BROWSER": "none"}
        words = ["bash", "-c", test_prisma_history.DEPLOY]
        subprocess.run(words, cwd=place, env=at.env, capture_output=True, timeout=300, check=False)  # 2_note fails
        tmux = Tmux(f"{WARROOM} ROLLBACK.md --new", size=(160, 45), cwd=place, env=at.env | more)
        try:
            yield Room(tmux, server)
        finally:
            tmux.close()


def test_marking_is_never_called_a_rollback_and_a_page_in_a_browser_never_a_check(room: Room) -> None:
    columns = "select count(*) from information_schema.columns where column_name = 'note'"
    walks.trust(room)
    walks.choose(room, "4")
    room.tmux.keys("Enter")
    # what is failed or pending makes it end with 1: that is its answer, not its failure
    room.says("npx prisma migrate status.*y run it")
    walks.press_until_taken(room, "y", walks.CONFIRM)
    assert "2_note" in room.says("✓ done .*exit 1")
    walks.enter(room)
    walks.pick(room, "2_note", seconds=SLOW)
    said = room.says("type 2_note to run it")
    assert "This undoes nothing" in said and "2_note (failed)" in said
    walks.type_name(room, "2_note", seconds=SLOW)
    assert "2_note is marked as rolled back in the history; the database is as it was" in room.says("✓ done ")
    assert room.server.sql(columns, "shop") == "0"
    walks.enter(room)
    assert "Applied once more: 2_note" in room.says("y run it")
    walks.press_until_taken(room, "y", walks.CONFIRM)
    assert "2_note broke off half-way" in room.says("✗ failed ")
    room.leave()
    walks.enter(room)
    said = room.says("y follow it")
    assert "never ends and verifies nothing" in said and "nothing else runs until x stops it" in said
    walks.press_until_taken(room, "y", "y +follow it")
    room.says("Prisma Studio is up")
    walks.press_until_taken(room, "x", r"x +interrupt")
    said = room.says("which proves nothing")
    assert "? Followed until it was stopped" in said
    assert room.server.sql(columns, "shop") == "0"
