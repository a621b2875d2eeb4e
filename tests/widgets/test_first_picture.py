"""What the first picture of the room waits for, and the first key: nothing of what opens the room."""

from __future__ import annotations

import subprocess
import sys

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
