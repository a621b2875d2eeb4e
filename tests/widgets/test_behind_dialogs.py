"""A command that waits behind a dialog: no key that was meant for the dialog confirms it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.providers.provider import Target
from tests.rooms import room_with
from tests.widgets.hosts import HandClock, shown, until
from tui.app import WarRoom
from tui.stepping import open_step
from widgets.picker import Picker

BOOK = """
methods:
  - id: back
    title: Go back
    where: repository
    steps: [{id: say, title: Say it, effect: read, run: echo hello}]
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    return room_with(BOOK, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "keys",
    [("a", *"note", "enter"), ("a", "escape"), ("ctrl+p", "escape"), ("t", "escape"), ("m", "escape"), ("q", "n")],
)
async def test_a_y_that_comes_as_a_dialog_closes_counts_only_after_another_look(
    room: WarRoom, keys: tuple[str, ...]
) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: room.room_screen.desk is not None)
        conductor, panel, clock = room.room_screen.conductor, room.room_screen.panel, HandClock()
        panel._clock = clock
        await conductor.choose_method("back")
        open_step(room.room_screen, ("back", "say"))
        await until(pilot, lambda: "y  run it" in shown(room) and panel.guard.armed_at <= clock.now + 1)
        clock.now += 10
        for key in keys:
            await pilot.press(key)
        await until(pilot, lambda: room.screen is room.room_screen and panel.guard.armed_at > clock.now)
        await pilot.press("y")
        await until(pilot, lambda: "too quick" in panel.notice)
        assert not panel.guard.waiting
        clock.now += 10
        await pilot.press("y")
        clock.now += 10
        await until(pilot, lambda: bool(conductor.state.runs))


async def test_what_the_room_says_lies_over_no_entry_to_choose_from(room: WarRoom) -> None:
    said = "The report is written: report-1.md. To read it: warroom report 7f3a"
    values = tuple(Target(value=f"v{n}.0", title=f"Release {n} of the shop, which has a long title") for n in range(9))
    async with room.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: room.room_screen.desk is not None)
        room.room_screen.say(said)
        room.push_screen(Picker("Release", values))
        await until(pilot, lambda: "The report is written" in shown(room) and "filter:" in shown(room))
        for one in values:
            assert one.title in shown(room)
