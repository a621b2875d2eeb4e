"""What is decided in the room beside a command, and what the chooser learns while it is open."""

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
triggers: [{id: leak, urgency: immediate, group: Security, text: Data has leaked out, suggests: [back]}]
methods:
  - id: on
    label: "1"
    title: Go on by hand
    where: repository
    steps: [{id: try, title: Try it, run: "false", effect: read}]
  - id: back
    label: "2"
    title: Go back by hand
    where: repository
    steps: [{id: say, title: Say it, run: echo two, effect: read}]
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    book = tmp_path / "shop.yaml"
    book.write_text(BOOK)
    return room_on(str(book), tmp_path / "home", monkeypatch)


def shown(room: WarRoom) -> str:
    return "\n".join(screen_text(room))


@pytest.mark.parametrize(
    ("moves", "asked", "decided"),
    [((), "Why to wait", "decided: wait"), (("down",), "Why there is no rollback", "decided: no rollback")],
)
async def test_to_hold_is_decided_by_a_key_with_a_reason(
    room: WarRoom, moves: tuple[str, ...], asked: str, decided: str
) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: room.conductor is not None and "Go back by hand" in shown(room))
        await pilot.press("H")
        await until(pilot, lambda: "what is decided?" in shown(room))
        await pilot.press(*moves, "enter")
        await until(pilot, lambda: asked in shown(room))
        await pilot.press(*"calm", "enter")
        await until(pilot, lambda: decided in shown(room))
        assert room.conductor is not None
        assert room.conductor.state.decision_reason == "calm"
