"""The whole room without a terminal, on a runbook's file; no address in it is asked."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from runbook import opening
from runbook.conductor import Conductor
from runbook.opening import Opening, open_room
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.monitor import Monitor
from tui.app import WarRoom


class Silent:
    """Nobody is asked: the addresses in other teams' documents are theirs."""

    async def open(self) -> None:
        pass

    async def get(self, url: str, deadline: float) -> Reply:
        raise Unreadable("not asked in a test")

    async def close(self) -> None:
        pass


def room_on(source: str, home: Path, monkeypatch: pytest.MonkeyPatch, *, present: bool = False) -> WarRoom:
    """The app as `warroom open SOURCE` makes it; its records go to `home`."""
    monkeypatch.setenv("WARROOM_HOME", str(home))
    monkeypatch.setattr(opening, "Monitor", partial(Monitor, fetch=Silent()))

    async def opener(_app: WarRoom) -> tuple[Opening, Conductor]:
        wanted = Opening(source=source, repository=None)
        return wanted, await open_room(wanted)

    return WarRoom(opener, present=present)
