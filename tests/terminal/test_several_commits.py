"""Two commits at once, straight to production and then to main, as a person does it who cannot wait for staging."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.terminal import walks
from tests.terminal.conftest import DrillRoom

Drill = Callable[..., DrillRoom]


def mark(room: DrillRoom, words: str, count: str) -> None:
    """Mark the first entry of the open picker that fits."""
    room.tmux.keys("C-u")
    room.tmux.type(words)
    room.tmux.wait(rf"filter: {words}")
    room.tmux.keys("Tab")
    room.tmux.wait(f"{count} marked")


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
def test_two_commits_are_marked_reverted_and_carried_from_production_to_main(
    drill: Drill, size: tuple[int, int]
) -> None:
    room = drill("wrong-diagnosis", seed=4, size=size)
    walks.until_red(room)
    before, main, own = room.git("rev-parse", "production"), room.git("rev-parse", "main"), room.working_copy()
    bad = str(json.loads((room.drill / "world.json").read_text())["bad"])
    guilty = room.git("log", "-1", "--format=%s", bad)
    walks.choose(room, "1b")
    room.tmux.keys("Enter")
    walks.confirm(room, 1)
    walks.enter(room)
    room.tmux.wait(r"filter: ")
    mark(room, "New checkout flow", "1 commit")
    mark(room, guilty, "2 commits")
    room.tmux.keys("Enter")
    room.tmux.gone("filter: ")
    walks.confirm(room, 2)
    for step in (3, 4, 5):
        walks.enter(room)
        walks.confirm(room, step)
    subjects = room.git("log", "--format=%s", f"{before}..production").splitlines()
    assert sorted(subjects) == sorted((f'Revert "{guilty}"', 'Revert "New checkout flow"'))
    assert sorted(room.git("log", "--format=%s", f"{main}..main").splitlines()) == sorted(subjects)
    assert room.git("rev-parse", f"refs/warroom/backup/production-{before}") == before
    assert room.working_copy() == own
    walks.enter(room)
    room.tmux.wait(r"7  Wait until the success", 60)
