"""The log in a real terminal: filtered while it pours, left for a time, and taken along."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.terminal import walks
from tests.terminal.conftest import DrillRoom

Drill = Callable[..., DrillRoom]


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
def test_errors_alone_at_a_time_are_copied_and_kept_with_the_incident(drill: Drill, size: tuple[int, int]) -> None:
    room = drill("bad-deploy", size=size)
    walks.until_red(room)
    room.tmux.keys("2")
    room.tmux.wait(r"↳ \d+ lines")
    room.tmux.type("&ERROR")
    room.tmux.keys("Enter")
    room.tmux.wait(lambda screen: "& ERROR" in screen and " INFO " not in screen)
    room.tmux.type("@-3s")
    room.tmux.keys("Enter")
    screen = room.tmux.wait(r"@ \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")
    (held,) = [line for line in screen.splitlines() if re.match(r"▌\d\d:\d\d:\d\d ERROR", line)]
    room.tmux.keys("C")
    room.tmux.wait("Copied to tmux's buffer")
    copied = room.tmux.buffer()
    assert f"T{held[1:9]}" in copied.split()[0], "the line at hand and no other, as it is written"
    assert " ERROR " in copied.splitlines()[0]
    room.tmux.keys("W")
    room.tmux.wait("Kept .* with the incident")
    (kept,) = [event for event in room.timeline() if event["kind"] == "snapshot-saved"]
    (found,) = (room.home).glob("**/files/*/log.txt")
    assert kept["details"] == [str(found.relative_to(found.parents[2]))]
    assert str(kept["text"]).endswith(", filtered by ERROR")
    assert found.read_text().splitlines()[1:] == copied.splitlines()
    room.tmux.keys("Escape", "Escape", "f")
    room.tmux.wait(lambda screen: "& ERROR" not in screen and " INFO " in screen)
