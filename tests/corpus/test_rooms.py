"""Every document of the corpus opens in the room, wide and small, and can be walked without running anything."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from runbook import opening
from runbook.conductor import Conductor
from runbook.opening import Opening, open_room
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.monitor import Monitor
from tests.corpus.truth import CORPUS
from tui.app import WarRoom

DOCUMENTS = sorted(CORPUS.glob("*.md"))
STEPS = 3
"""So many steps of the first method are looked at."""


class Silent:
    """Nobody is asked: the addresses in other teams' documents are theirs."""

    async def open(self) -> None:
        pass

    async def get(self, url: str, deadline: float) -> Reply:
        raise Unreadable("not asked in a test")

    async def close(self) -> None:
        pass


async def until(pilot: Pilot[Any], holds: Any) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await pilot.pause()


@pytest.mark.skipif(not DOCUMENTS, reason="the corpus is not here (../shared/corpus, or name it with WARROOM_CORPUS)")
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name.split("_")[0])
async def test_a_document_opens_and_can_be_walked(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path))
    monkeypatch.setattr(opening, "Monitor", partial(Monitor, fetch=Silent()))

    async def opener(_app: WarRoom) -> tuple[Opening, Conductor]:
        wanted = Opening(source=str(document), repository=None)
        return wanted, await open_room(wanted)

    app = WarRoom(opener)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.room_screen.desk is not None)
        conductor = app.room_screen.conductor
        await pilot.press("m", "escape")
        await pilot.resize_terminal(80, 24)
        await pilot.press("1", "2", "4", "3", "c", "escape", "m", "escape")
        for method in conductor.runbook.procedures()[:1]:
            if method in conductor.runbook.methods:
                await conductor.choose_method(method.id)
            for step in method.steps[:STEPS]:
                app.room_screen.checklist.select(f"step:{method.id}:{step.id}")
                await pilot.press("enter")
                await until(pilot, lambda: app.room_screen.desk and app.room_screen.desk.preparing is None)
                await pilot.press("escape")
        assert not conductor.state.runs  # nothing was run
        await until(pilot, lambda: app.screen is app.room_screen)
