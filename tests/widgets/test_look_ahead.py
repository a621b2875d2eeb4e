"""The advice names a way back that can be taken here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rooms import room_with
from tests.widgets.hosts import screen_text, until

BOOK = """
triggers:
  - {id: leak, urgency: immediate, group: Security, text: Data has leaked out, suggests: [platform, back]}
methods:
  - id: platform
    label: "1"
    title: Restore the deployment
    requires: [{id: tool, title: its tool is here, tool: no-such-tool-here, hint: get it}]
    steps: [{id: say, title: Say it, run: echo one, effect: change}]
  - id: back
    label: "2"
    title: Go back by hand
    where: repository
    steps: [{id: say, title: Say it, run: echo two, effect: change}]
  - id: perhaps
    label: "3"
    title: Go back by what may be here
    where: repository
    requires: [{id: tool, title: its tool is here, tool: no-such-tool-here, on_fail: warn}]
    steps: [{id: say, title: Say it, run: echo three, effect: change}]
"""


async def test_advice_goes_on_to_a_way_whose_tool_is_here_and_no_way_without_its_tool_is_called_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = room_with(BOOK, tmp_path, monkeypatch)
    async with room.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: room.room_screen.desk is not None)
        await room.room_screen.conductor.report_trigger("leak", active=True)
        await until(pilot, lambda: "→ Go back by hand" in "\n".join(screen_text(room)[:3]))
        await pilot.press("m")
        await until(pilot, lambda: any("▌2 Go back by hand" in line for line in screen_text(room)))
        await until(pilot, lambda: any("? no-such-tool-here is not on PATH" in line for line in screen_text(room)))
