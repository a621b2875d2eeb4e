"""The timeline over a room in which things go on happening."""

from __future__ import annotations

from tests.rooms import entered, room
from tests.widgets.hosts import shown, until
from tui.app import WarRoom

__all__ = ["room"]


async def test_what_happens_while_the_timeline_is_open_is_added_to_it(room: WarRoom) -> None:
    async with room.run_test(size=(100, 30)) as pilot:
        conductor = await entered(pilot, room)
        await pilot.press("t")
        await until(pilot, lambda: "enter details" in shown(room))
        await conductor.note("the cache was cleared")
        await until(pilot, lambda: "the cache was cleared" in shown(room))
        await pilot.press("escape", "t")
        await until(pilot, lambda: "the cache was cleared" in shown(room) and "enter details" in shown(room))
