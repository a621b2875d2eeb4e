"""The timeline over a room in which things go on happening."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rooms import room_on
from tests.widgets.hosts import screen_text, until

BOOK = """
version: 1
id: shop
title: Shop
methods: [{id: back, title: Go back, where: repository, steps: [{id: say, title: Say it, run: echo it}]}]
"""


async def test_what_happens_while_the_timeline_is_open_is_added_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = tmp_path / "shop.yaml"
    book.write_text(BOOK)
    room = room_on(str(book), tmp_path / "home", monkeypatch)

    def shown() -> str:
        return "\n".join(screen_text(room))

    async with room.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: room.conductor is not None and "Go back" in shown())
        await pilot.press("t")
        await until(pilot, lambda: "enter details" in shown())
        assert room.conductor is not None
        await room.conductor.note("the cache was cleared")
        await until(pilot, lambda: "the cache was cleared" in shown())
        await pilot.press("escape", "t")
        await until(pilot, lambda: "the cache was cleared" in shown() and "enter details" in shown())
