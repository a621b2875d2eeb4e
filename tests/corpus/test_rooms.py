"""Every document of the corpus opens in the room, wide and small, and can be walked without running anything."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.corpus.truth import CORPUS
from tests.rooms import room_on

DOCUMENTS = sorted(CORPUS.glob("*.md"))
STEPS = 3
"""So many steps of the first method are looked at."""


async def until(pilot: Pilot[Any], holds: Any) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await pilot.pause()


@pytest.mark.skipif(not DOCUMENTS, reason="the corpus is not here (../shared/corpus, or name it with WARROOM_CORPUS)")
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name.split("_")[0])
async def test_a_document_opens_and_can_be_walked(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = room_on(str(document), tmp_path, monkeypatch)
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
