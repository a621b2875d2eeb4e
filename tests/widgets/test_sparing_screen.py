"""A screen is styled and laid out where something changed, and then it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from textual.color import Color
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

from tests.rooms import ONE_STEP, entered, room_with
from tests.widgets.hosts import until
from tui.app import WarRoom
from tui.themes import LIGHT
from widgets.pane import Ruled


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    return room_with(ONE_STEP, tmp_path, monkeypatch)


async def dialog_opens(pilot: Pilot[str], room: WarRoom) -> None:
    await pilot.press("question_mark")
    await until(pilot, lambda: len(room.screen_stack) == 2 and room.screen.is_mounted)


async def dialog_closes(pilot: Pilot[str], room: WarRoom) -> None:
    await pilot.press("escape")
    await until(pilot, lambda: len(room.screen_stack) == 1)
    await pilot.pause()


async def test_a_new_screen_works_out_the_style_of_each_widget_once(
    room: WarRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    styled = Counter[int]()
    apply = Stylesheet.apply

    def noted(sheet: Stylesheet, node: Any, **how: Any) -> None:
        styled[id(node)] += 1
        apply(sheet, node, **how)

    async with room.run_test(size=(160, 45)) as pilot:
        await entered(pilot, room)
        monkeypatch.setattr(Stylesheet, "apply", noted)
        await dialog_opens(pilot, room)
        await pilot.pause()
        frame = room.screen.query_one(Ruled)
        assert styled[id(frame)] == 1


async def test_a_theme_chosen_while_a_dialog_is_open_is_the_rooms_too(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await entered(pilot, room)
        await dialog_opens(pilot, room)
        room.theme = LIGHT.name
        await pilot.pause()
        await dialog_closes(pilot, room)
        assert room.room_screen.styles.background == Color.parse(LIGHT.background or "")
        assert room.room_screen.checklist.background_colors[1] == Color.parse(LIGHT.background or "")


async def test_a_terminal_made_smaller_finds_the_room_laid_out_for_it(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await entered(pilot, room)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: room.room_screen.footer.region.bottom == 24)
        assert not room.room_screen.signals.is_on_screen
