"""A room on a runbook that nobody trusted yet: what it says of itself, and which key comes next."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from tests.rooms import room_with
from tests.widgets.hosts import screen_text, shown, until
from tui.app import WarRoom

BOOK = """
signals: {health: {source: health, url: "http://127.0.0.1:9/health"}}
outcomes: [{id: up, text: It answers, level: success, criterion: health == 200}]
methods: [{id: back, title: Go back, where: repository, steps: [{id: say, title: Say it, run: echo it}]}]
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    made = room_with(BOOK, tmp_path, monkeypatch)
    opener = made._opener

    async def untrusted(app: WarRoom):  # type: ignore[no-untyped-def]
        opening, conductor = await opener(app)
        conductor.driving = False
        return structs.replace(opening, untrusted=True), conductor

    made._opener = untrusted
    return made


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_the_next_key_is_the_one_that_trusts_it(room: WarRoom, size: tuple[int, int]) -> None:
    async with room.run_test(size=size) as pilot:
        await until(pilot, lambda: len(room.screen_stack) == 2)
        await pilot.press("escape")
        await until(pilot, lambda: "T trust it" in screen_text(room)[-1])
        await pilot.press("4")
        await until(pilot, lambda: "Not trusted yet" in shown(room))
        assert "choose a method" not in shown(room)


async def test_what_is_not_asked_is_not_said_to_be_on_its_way(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: len(room.screen_stack) == 2)
        await pilot.press("escape")
        await until(pilot, lambda: "not asked before it is trusted" in shown(room))
        assert "no reading yet" not in "\n".join(screen_text(room)[2:])
