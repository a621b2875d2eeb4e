"""A screen of few lines: what a key would do is seen, or the key does nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.screen import ModalScreen

from tests.rooms import room_with
from tests.widgets.hosts import screen_text, shown, until
from tests.widgets.test_dialogs import Dialogs
from tui.app import WarRoom
from tui.leave import Leave
from tui.stepping import open_step
from widgets.prompt import Prompt

BOOK = """
methods:
  - id: back
    title: Go back
    where: repository
    steps: [{id: say, title: Say it, effect: read, run: "echo 1; echo 2; echo 3; echo 4; echo 5"}]
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    return room_with(BOOK, tmp_path, monkeypatch)


@pytest.mark.parametrize("size", [(40, 12), (60, 14), (160, 15), (160, 20)])
async def test_the_keys_of_a_confirmation_are_seen_however_low_the_screen_is(
    room: WarRoom, size: tuple[int, int]
) -> None:
    async with room.run_test(size=size) as pilot:
        await until(pilot, lambda: room.room_screen.desk is not None)
        await room.room_screen.conductor.choose_method("back")
        open_step(room.room_screen, ("back", "say"))
        await until(pilot, lambda: "confirm: y or esc" in screen_text(room)[-1])
        await until(pilot, lambda: re.search(r"y +run it", shown(room)) is not None)
        assert room.room_screen.panel.region.bottom < size[1], "why a key did not count is said above its keys"
        await pilot.press("1")
        await until(pilot, lambda: screen_text(room)[-1].endswith("4 to confirm"))
        await pilot.press("4")
        await until(pilot, lambda: screen_text(room)[-1].endswith("confirm: y or esc"))


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_a_notice_hides_neither_the_command_of_pane_4_nor_its_keys(room: WarRoom, size: tuple[int, int]) -> None:
    async with room.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: room.room_screen.desk is not None)
        await room.room_screen.conductor.choose_method("back")
        open_step(room.room_screen, ("back", "say"))
        await until(pilot, lambda: "y  run it" in shown(room))
        room.room_screen.say("a word")
        await until(pilot, lambda: "a word" in shown(room))
        assert "echo 1; echo 2; echo 3; echo 4; echo 5" in shown(room)
        assert "y  run it      s  skip, with a reason      esc  back" in shown(room)


async def test_a_notice_is_read_whole_on_a_narrow_screen(room: WarRoom) -> None:
    async with room.run_test(size=(40, 20), notifications=True) as pilot:
        await until(pilot, lambda: room.room_screen.desk is not None)
        await pilot.press("ctrl+c")
        wanted = "ctrl+c stops nothing here. x interrupts the command that runs; q leaves the room."
        await until(pilot, lambda: wanted in " ".join(shown(room).replace("▌", " ").split()))


async def test_the_list_of_all_commands_opens_over_no_dialog(room: WarRoom) -> None:
    async with room.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: room.room_screen.desk is not None)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(room.screen, Prompt))
        await pilot.press("ctrl+p", *"late")
        await until(pilot, lambda: isinstance(room.screen, Prompt) and room.screen.field.value == "late")
        await pilot.press("escape")
        await until(pilot, lambda: room.screen is room.room_screen)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(room.screen, CommandPalette))


@pytest.mark.parametrize(
    ("dialog", "seen"),
    [
        (Prompt("How bad it is", about="word " * 40, enter="declare"), ("▸ How bad it is", " abd", "esc back")),
        (Leave((), drill=True, still_open=("maintenance is on",), may_close=True), ("Leave the room?", "esc  stay")),
    ],
    ids=["prompt", "leave"],
)
async def test_a_dialog_shows_what_is_typed_and_its_answers_on_a_low_screen(
    dialog: ModalScreen[object], seen: tuple[str, ...]
) -> None:
    app = Dialogs()
    async with app.run_test(size=(40, 12)) as pilot:
        app.ask(dialog)
        await until(pilot, lambda: app.screen is dialog and dialog.size.height > 0)
        await pilot.press(*"abd")
        await until(pilot, lambda: all(words in shown(app) for words in seen))
