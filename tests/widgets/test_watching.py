"""A room that watches: it shows what the driver does, and drives when nobody does."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from runbook.conductor import Conductor
from runbook.opening import Opening, open_room
from tests.rooms import room_with, told
from tests.widgets.hosts import screen_text, shown, until
from tui.app import WarRoom
from widgets.checklist import ChecklistPane

__all__ = ["told"]

BOOK = """
triggers: [{id: breach, text: A breach, urgency: immediate}]
methods:
  - id: back
    title: Go back
    steps: [{id: say, title: Say it, manual: Say it aloud}, {id: do, title: Do it, run: echo it}]
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    return room_with(BOOK, tmp_path, monkeypatch)


async def test_a_watcher_sees_a_step_done_and_takes_the_wheel_when_it_is_left(room: WarRoom, told: list[str]) -> None:
    opening, driver = await room._opener(room)

    async def beside(_app: WarRoom) -> tuple[Opening, Conductor]:
        wanted = structs.replace(opening, folder=driver.folder)
        return wanted, await open_room(wanted)

    room._opener = beside
    async with room.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: room.conductor is not None and "watching, " in shown(room))
        assert room.conductor is not None and not room.conductor.driving
        await driver.choose_method("back")
        await driver.mark("back", "say", "done")
        await until(pilot, lambda: "✓ 1 Say it" in shown(room))
        room.room_screen.checklist.post_message(ChecklistPane.TriggerToggled("breach", "A breach"))
        await until(pilot, lambda: bool(told) and "another room drives" in told[-1])
        await pilot.press("I")
        await until(pilot, lambda: "take the wheel, when nobody drives: another room drives" in told[-1])

        await driver.leave("left")
        await until(pilot, lambda: "watching, nobody drives" in shown(room) and "I drive" in screen_text(room)[-1])
        assert room.conductor.state.reported == frozenset()
        await pilot.press("I")
        await until(pilot, lambda: "you drive" in shown(room) and told[-1] == "You drive.")
        assert "I drive" not in screen_text(room)[-1]
        await room.conductor.mark("back", "do", "done")
        await until(pilot, lambda: "✓ 2 Do it" in shown(room))


async def test_a_room_that_watches_offers_no_key_that_it_would_refuse(room: WarRoom) -> None:
    opening, driver = await room._opener(room)

    async def beside(_app: WarRoom) -> tuple[Opening, Conductor]:
        wanted = structs.replace(opening, folder=driver.folder)
        return wanted, await open_room(wanted)

    room._opener = beside
    await driver.choose_method("back")
    async with room.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "watching" in screen_text(room)[0] and "1 Say it" in shown(room))
        await until(pilot, lambda: room.room_screen.checklist.key == "step:back:say")
        assert "enter open" not in shown(room)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "echo it" in shown(room) and "[4]" in shown(room))
        await until(pilot, lambda: "esc  back" in shown(room))
        assert "run it" not in shown(room) and "skip" not in shown(room) and "confirm" not in shown(room)
        await pilot.press("y")
        await driver.leave("left")
        await until(pilot, lambda: "nobody drives" in screen_text(room)[0])
        await pilot.press("I")
        await until(pilot, lambda: "y  run it" in shown(room))
    assert not driver.state.runs
