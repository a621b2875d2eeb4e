"""What a key may need is imported once the room is open: no key waits for it, and none meets a newer warroom's file.

A room stays open for hours; whoever updates warroom meanwhile must not end it with the next dialog.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

PAUSE = 0.05
"""Seconds between two modules, in which keys are answered."""
_ROOMS = ("widgets", "tui", "runbook", "runbook/incident", "runbook/steps", "runbook/logs", "runbook/signals")
_NOT_IN_A_ROOM = frozenset(("tui.cli", "tui.convert", "tui.doctor", "tui.entry", "tui.railway", "tui.records"))
_BESIDE = frozenset(("runbook.logs.grep", "runbook.logs.merge", "runbook.logs.spooler", "runbook.steps.keeper"))
"""What a process of its own runs."""
_OF_THE_READERS = "runbook.reading.whereto"
"""What of them a confirmation asks."""
_WITH_A_SIGNAL = "runbook.signals.http_fetch"
"""Imported with the first address that is asked, with all of httpx."""


def modules() -> Iterator[str]:
    """All that a room may come to need, besides the readers of documents and the platforms, which opening has read."""
    root = Path(__file__).parents[1]
    for folder in _ROOMS:
        for file in sorted((root / folder).glob("[a-z]*.py")):
            name = f"{folder}/{file.stem}".replace("/", ".")
            if name not in _NOT_IN_A_ROOM | _BESIDE | {_WITH_A_SIGNAL}:
                yield name
    yield _OF_THE_READERS


async def import_beforehand(names: Iterable[str], pause: float = PAUSE) -> None:
    """Imports modules, one at a time; one that cannot be imported now is met again by whoever needs it."""
    for name in names:
        if name not in sys.modules:
            with suppress(Exception):  # whoever needs it says so, with its own words
                await asyncio.to_thread(import_module, name)
            await asyncio.sleep(pause)
