"""What `?` shows in a room, and does."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import SearchIcon

from tests.rooms import entered, room_with
from tests.widgets.hosts import shown, until
from tui import actions
from tui.app import WarRoom
from tui.panes import PANES
from widgets.help import Help

BOOK = """
methods: [{id: back, title: Go back, where: repository, steps: [{id: try, title: Try it, run: "false", effect: read}]}]
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    return room_with(BOOK, tmp_path, monkeypatch)


async def test_each_pane_has_its_own_help_above_the_keys(room: WarRoom) -> None:
    begins = ("Every signal with its value", "The logs as one", "The runbook as one outline", "What the selected step")
    async with room.run_test(size=(100, 30)) as pilot:
        await entered(pilot, room)
        for key, pane, words in zip("1234", PANES, begins, strict=True):
            await pilot.press(key)
            await until(pilot, lambda pane=pane: room.room_screen.current == pane)  # type: ignore[misc]
            await pilot.press("question_mark")
            await until(pilot, lambda words=words: words in shown(room))  # type: ignore[misc]
            await pilot.press("escape")
            await until(pilot, lambda: len(room.screen_stack) == 1)


async def test_enter_does_the_action_that_is_selected_and_promises_nothing_of_a_panes_own_key(room: WarRoom) -> None:
    async with room.run_test(size=(100, 30)) as pilot:
        await entered(pilot, room)
        await pilot.press("question_mark")
        await until(pilot, lambda: "enter do it" in shown(room).replace("  ", " "))
        assert isinstance(room.screen, Help)
        room.screen.list.select("move")
        await until(pilot, lambda: "do it" not in shown(room))
        await pilot.press("enter")
        assert isinstance(room.screen, Help)
        room.screen.list.select("note")
        await pilot.press("enter")
        await until(pilot, lambda: "Note for the timeline" in shown(room))


async def test_a_command_that_failed_can_be_edited_and_the_help_says_so(room: WarRoom) -> None:
    async with room.run_test(size=(100, 30)) as pilot:
        conductor = await entered(pilot, room)
        await conductor.choose_method("back")
        await until(pilot, lambda: "Try it" in shown(room))
        room.room_screen.checklist.select("step:back:try")

        def why_not() -> str:
            return actions.BY_ID["step.value"].why_not(room.room_screen.situation())

        await until(pilot, lambda: "no value to set" in why_not())
        await conductor.confirm(await conductor.prepare("back", "try"))
        await until(pilot, lambda: why_not() == "")
        await pilot.press("question_mark")
        assert isinstance(room.screen, Help)
        room.screen.list.select("step.value")
        await until(pilot, lambda: "enter do it" in shown(room).replace("  ", " "))


async def test_the_palette_has_no_sign_of_two_cells(room: WarRoom) -> None:
    async with room.run_test(size=(100, 30)) as pilot:
        await entered(pilot, room)
        await pilot.press("colon")
        await until(pilot, lambda: "Add a note to the timeline" in shown(room))
        assert "Search for commands" in shown(room)
        assert not room.screen.query_one(SearchIcon).display
