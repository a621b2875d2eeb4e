"""A team's document for one platform, with its real client: an earlier release is put back, proven, and `u` leads back.

The document names no release: the room's picker offers what the platform still has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from runbook.model import Record
from tests.clients import grounds, test_cloudflare
from tests.clients.grounds import Ground
from tests.terminal import walks
from tests.terminal.conftest import WARROOM
from tests.terminal.tmux import Tmux

DOCUMENT = """# Bakery: going back

## Ways back

### Method 1: The platform

```bash
# 1. Put an earlier one back
{command}
```
"""
SLOW = 120
"""Seconds that a platform's client may take on a busy machine, asked several times for one look."""


class Way(Record, frozen=True):
    """How one platform is walked: what is picked, what the proof says, and what leads forward again."""

    made: Callable[[Path], AbstractContextManager[Ground]]
    value: str
    written: str
    """The value's place in the document."""
    proof: str
    forward: str
    """The command of the way back."""
    again: object
    """What serves at the end."""


ONE_REVISION = [{"revisionName": "web-3", "percent": 100}]
WAYS = (
    Way(grounds.railway, "two", "<deployment-id>", "again-3 (twotwotw", "warroom railway rollback three", "three" * 8),
    Way(
        grounds.cloudflare,
        test_cloudflare.TWO,
        "<version-id>",
        "(v3.9.2)",
        f"wrangler rollback {test_cloudflare.THREE}",
        {test_cloudflare.THREE: 100},
    ),
    Way(grounds.aws_lambda, "2", "<version>", "2", "update-alias", "3"),
    Way(grounds.cloud_run, "web-2", "<revision>", "web-2 (web:2)", "gcloud run services update-traffic", ONE_REVISION),
)


class Room:
    """A room on a document with one command, where the platform's client works."""

    def __init__(self, folder: Path, way: Way, ground: Ground) -> None:
        self.way, self.ground = way, ground
        command = re.sub(rf"(?<![\w-]){re.escape(way.value)}(?![\w-])", way.written, ground.text)
        assert command.count(way.written) == 1
        document = ground.at.cwd / "ROLLBACK.md"
        document.write_text(DOCUMENT.format(command=command))
        env = ground.at.env | {"WARROOM_HOME": str(folder / "kept"), "GIT_CEILING_DIRECTORIES": str(folder)}
        self.tmux = Tmux(f"{WARROOM} {document.name} --new", size=(160, 45), cwd=ground.at.cwd, env=env)

    def take(self, command: str) -> str:
        """The confirmation that shows the command, by `y`; what its pane says when it is done."""
        self.tmux.wait(lambda screen: bool(re.search(walks.CONFIRM, screen)) and command in screen, SLOW)
        walks.press_until_taken(self, "y", walks.CONFIRM)
        screen = self.tmux.wait("✓ done  ", SLOW)
        return " ".join(" ".join(line[80:].split()) for line in screen.splitlines())


@pytest.fixture
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    way: Way = request.param
    (place := tmp_path / "place").mkdir()
    with ExitStack() as stack:
        made = Room(tmp_path, way, stack.enter_context(way.made(place)))
        stack.callback(made.tmux.close)
        yield made


@pytest.mark.parametrize("room", WAYS, ids=lambda way: way.made.__name__, indirect=True)
def test_a_release_is_picked_put_back_and_proven_and_u_brings_the_one_before_back(room: Room) -> None:
    way, live = room.way, room.ground.live
    before = live()
    walks.trust(room)
    walks.choose(room, "1")
    room.tmux.keys("Enter")
    walks.pick(room, way.value, seconds=SLOW)
    room.tmux.wait("serves now", SLOW)
    assert live() == before
    screen = room.take(way.value)
    assert way.proof in screen and live() != before
    room.tmux.keys("u")
    room.tmux.wait(r"Go forward again(?s:.*)serves now", SLOW)
    room.take(way.forward)
    assert live() == way.again
    assert not re.search(r"\bu  ", room.tmux.screen())  # back where it was: nothing is left to take back
