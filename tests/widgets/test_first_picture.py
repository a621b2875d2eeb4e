"""The first picture of the room is whole; it and the first key wait for nothing of what opens the room."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any, NoReturn

import pytest
from rich.console import RenderableType
from textual._compositor import Compositor, CompositorUpdate

from tests.widgets.hosts import shown, until
from tui import app as tui_app

LATE = {
    "runbook.incident.events",
    "runbook.conductor",
    "runbook.opening",
    "runbook.outlook",
    "sqlite3",
    "httpx",
    "git",
    "yaml",
    "plotext",
}


def test_the_first_picture_needs_nothing_of_the_record_or_the_network() -> None:
    code = f"import sys, tui.app, tui.launch; print(*({LATE} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "\n"


FIRST_KEY = """
import asyncio
import sys

from tui import app as tui_app

async def main():
    tui_app.FIRST_KEYS = 3600
    room = tui_app.WarRoom(None)
    async with room.run_test(size=(160, 45)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        print(type(room.screen).__name__, *(LATE & set(sys.modules)))

asyncio.run(main())
"""


def test_a_key_pressed_at_the_first_picture_is_answered_before_the_record_is_imported() -> None:
    code = FIRST_KEY.replace("LATE", repr(LATE))
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said == "Help\n"


async def test_the_first_picture_of_the_room_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[str] = []
    paint = Compositor.render_update

    def noted(compositor: Compositor, **how: Any) -> RenderableType | None:
        drawn = paint(compositor, **how)
        if isinstance(drawn, CompositorUpdate):
            painted.append(re.sub(r"\x1b\[[0-9;]*[mH]", "", drawn.render_segments(room.console)))
        return drawn

    monkeypatch.setattr(Compositor, "render_update", noted)
    monkeypatch.setattr(tui_app, "FIRST_KEYS", 3600)
    room = tui_app.WarRoom(never)
    async with room.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: bool(painted))
        await pilot.press("question_mark")
    for words in ("1 Signals", "2 Logs", "3 Runbook", "4 Action", "Opening the room"):
        assert words in painted[0]


async def test_a_narrow_screen_says_too_that_the_room_is_being_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui_app, "FIRST_KEYS", 3600)
    room = tui_app.WarRoom(never)
    async with room.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Opening the room" in shown(room))
        room.room_screen.show_progress(("making commits", "starting the shop"))
        await until(pilot, lambda: "starting the shop" in shown(room) and "making commits" not in shown(room))


async def never(_: tui_app.WarRoom) -> NoReturn:
    raise AssertionError("nothing is opened here")
