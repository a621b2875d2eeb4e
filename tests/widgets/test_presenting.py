"""What people at a shared screen see, and what they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rooms import room_on
from tests.widgets.hosts import screen_text, until
from tui.app import WarRoom

BOOK = """
version: 1
id: shop
title: Shop
params: [{id: secret_word, label: A word, kind: text}]
methods:
  - id: back
    label: "1"
    title: Go back
    where: repository
    params: [secret_word]
    steps: [{id: say, title: Say it, run: "echo <secret_word>", effect: change}]
contacts: [{level: "1", who: Ana, how: "555 0100"}]
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    book = tmp_path / "shop.yaml"
    book.write_text(BOOK)
    return room_on(str(book), tmp_path / "home", monkeypatch, present=True)


def foot(room: WarRoom) -> str:
    return screen_text(room)[-1]


async def test_a_pressed_key_is_named_at_the_foot_and_what_is_typed_into_a_field_is_not(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: room.room_screen.desk is not None and "Go back" in "\n".join(screen_text(room)))
        await pilot.press("2")
        await until(pilot, lambda: "2  go to the logs" in foot(room))
        await pilot.press("3", "j")
        await until(pilot, lambda: "j  move" in foot(room))
        await pilot.press("a")
        await until(pilot, lambda: len(room.screen_stack) == 2)
        await pilot.press("x", "y")
        assert room.room_screen.key_named == ""


async def test_the_column_that_is_worked_in_is_the_wider_one(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: room.room_screen.desk is not None)
        left, right = room.room_screen.query_one("#left"), room.room_screen.query_one("#right")
        await pilot.press("1")
        await until(pilot, lambda: left.size.width > right.size.width + 20)
        await pilot.press("4")
        await until(pilot, lambda: right.size.width > left.size.width + 20)
        await pilot.press("P")
        await until(pilot, lambda: abs(right.size.width - left.size.width) < 3)
        assert "presenting" not in screen_text(room)[0]


async def test_numbers_to_call_are_hidden_while_presenting(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: "presenting" in screen_text(room)[0])
        await pilot.press("c")
        await until(pilot, lambda: "Ana" in "\n".join(screen_text(room)))
        assert "555 0100" not in "\n".join(screen_text(room))
