"""A step that is left out, and one that is carried out before an earlier one: what enter leads to is what is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.rooms import entered, room_with
from tests.widgets.hosts import shown, until
from tui.app import WarRoom

BOOK = """
methods:
  - id: back
    title: Go back
    where: repository
    steps:
      - {id: one, title: First, run: echo one}
      - {id: two, title: Second, run: [{run: echo two, effect: change, capture: {found: "(two)"}}]}
      - {id: three, title: Third, run: echo <found>}
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    return room_with(BOOK, tmp_path, monkeypatch)


async def opened(pilot: Pilot[str], room: WarRoom, step: str, selected: str, asked: str) -> None:
    """A step of the method, selected and entered; each shows its words."""
    await room.room_screen.conductor.choose_method("back")
    await pilot.pause()
    room.room_screen.checklist.select(f"step:back:{step}")
    await until(pilot, lambda: selected in shown(room))
    await pilot.press("3", "enter")
    await until(pilot, lambda: asked in shown(room))


async def test_enter_on_a_step_that_was_left_out_never_opens_it_behind_the_name_of_the_next(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await conductor.choose_method("back")
        await conductor.mark("back", "one", "skipped", "by mistake")
        await pilot.pause()
        room.room_screen.checklist.select("step:back:one")
        await until(pilot, lambda: "next: 2 Second" in shown(room) and "open it again" in shown(room))
        await pilot.press("3", "enter")
        await until(pilot, lambda: room.room_screen.panel.has_focus)
        assert "next: 2 Second" in shown(room) and room.room_screen.desk is not None
        assert room.room_screen.desk.prepared is None
        await pilot.press("r")
        await until(pilot, lambda: "echo one" in shown(room) and "run it" in shown(room))
        await pilot.press("escape")
        await until(pilot, lambda: "open it again" in shown(room))
        await pilot.press("4", "enter")
        await until(pilot, lambda: "echo two" in shown(room) and "run it" in shown(room))


async def test_the_end_of_a_step_is_seen_also_where_an_earlier_one_is_left(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await opened(pilot, room, "two", "echo two", "run it")
        assert room.room_screen.desk is not None
        room.room_screen.desk.close()
        room.room_screen.desk.result = ("back", "two")
        await conductor.confirm(await conductor.prepare("back", "two"))
        await until(pilot, lambda: room.room_screen.checklist.key == "step:back:three")
        await until(pilot, lambda: "done" in shown(room) and "next: 3 Third" in shown(room))


async def test_a_value_that_no_person_gives_names_the_step_that_finds_it_out(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await entered(pilot, room)
        await opened(pilot, room, "three", "echo <found>", "needs a value first: <found>")
        assert "<found>: step 2 Second finds it out" in shown(room)


async def test_a_key_that_pane_4_offers_leads_there_from_another_pane_and_does_nothing_before(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await opened(pilot, room, "one", "echo one", "run it")
        for key in ("y", "s"):
            await pilot.press("3", key)
            await until(pilot, lambda: room.room_screen.panel.has_focus)
            assert len(room.screen_stack) == 1 and not conductor.state.runs
        await pilot.press("s")
        await until(pilot, lambda: len(room.screen_stack) == 2)
