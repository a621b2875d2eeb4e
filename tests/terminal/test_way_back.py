"""After a rollback was published, `u` leads back: looked at, confirmed, and production is as it was."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.terminal import walks
from tests.terminal.conftest import DrillRoom

Drill = Callable[..., DrillRoom]
BACK = "Bring production back to what it was"


def take_it_back(room: DrillRoom) -> str:
    """`u`, a look, and `y`; the screen with the confirmation."""
    room.tmux.wait(r"u +.*Bring production back|u +undo")
    room.tmux.keys("u")
    room.tmux.wait(rf"\d  {BACK}")
    screen = room.tmux.wait(walks.CONFIRM)
    walks.press_until_taken(room, "y", walks.CONFIRM)
    room.tmux.wait(rf"\d  {BACK}.*✓ done", 30)
    return screen


def test_a_tag_rollback_that_was_published_is_taken_back_by_u(drill: Drill) -> None:
    room = drill("bad-deploy", seed=5, size=(80, 24))
    walks.until_red(room)
    before, own = room.git("rev-parse", "production"), room.working_copy()
    tag = room.git("tag", "-l", "v*", "--sort=-version:refname").split()[1]
    walks.choose(room, "2")
    room.tmux.keys("Enter")
    walks.confirm(room, 1)
    walks.enter(room)
    walks.pick(room, tag)
    walks.confirm(room, 2)
    walks.enter(room)
    walks.confirm(room, 3)
    rolled = room.git("rev-parse", "production")
    take_it_back(room)
    assert room.git("rev-parse", "production^{tree}") == room.git("rev-parse", f"{before}^{{tree}}")
    assert room.git("rev-list", "--parents", "-1", "production").split()[1:] == [rolled]
    assert room.git("rev-parse", "production^^") == before
    assert room.working_copy() == own
    text = walks.report(room)
    assert f"Bring production back to {before[:7]}" in text


def test_a_revert_that_was_published_is_taken_back_by_u(drill: Drill) -> None:
    room = drill("bad-deploy", seed=3)
    walks.until_red(room)
    before = room.git("rev-parse", "production")
    bad = json.loads((room.drill / "world.json").read_text())["bad"]
    walks.revert_up_to_production(room, room.git("log", "-1", "--format=%s", bad))
    pushed = room.git("rev-parse", "production")
    take_it_back(room)
    assert room.git("rev-parse", "production^{tree}") == room.git("rev-parse", f"{before}^{{tree}}")
    assert room.git("rev-parse", "production^") == pushed
    assert f"This reverts commit {pushed}" in room.git("log", "-1", "--format=%B", "production")
    assert not room.git("log", "-1", "--format=%s", "production").startswith("Revert")
