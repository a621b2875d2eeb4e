"""A room in ASCII has no other letter on its screens, but for what a runbook itself says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.scrollbar import ScrollBarRender

from tests.rooms import ONE_STEP, entered, room_with
from tests.widgets.hosts import shown, until
from tui.app import WarRoom
from widgets.words import use_glyphs


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WarRoom]:
    monkeypatch.setattr(ScrollBarRender, "VERTICAL_BARS", ScrollBarRender.VERTICAL_BARS)
    room = room_with(ONE_STEP, tmp_path, monkeypatch, ascii_only=True)
    yield room
    use_glyphs(ascii_only=False)


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
@pytest.mark.parametrize("key", ["question_mark", "t", "c", "m", "a", "q", "D"])
async def test_no_sign_of_a_room_in_ascii_is_anything_else(room: WarRoom, size: tuple[int, int], key: str) -> None:
    async with room.run_test(size=size) as pilot:
        await entered(pilot, room)
        assert shown(room).isascii()
        await pilot.press(key)
        await until(pilot, lambda: len(room.screen_stack) == 2)
        await pilot.pause()
        assert shown(room).isascii()
