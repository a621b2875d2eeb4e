"""The whole room without a terminal, on a runbook's file or a little one; no address in it is asked."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from runbook import opening
from runbook.conductor import Conductor
from runbook.opening import Opening, open_room
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.monitor import Monitor
from tests.widgets.hosts import shown, until
from tui.app import WarRoom

HEAD = "version: 1\nid: shop\ntitle: Shop\n"
ONE_STEP = "methods: [{id: back, title: Go back, where: repository, steps: [{id: say, title: Say it, run: echo it}]}]"


class Silent:
    """Nobody is asked: the addresses in other teams' documents are theirs."""

    async def open(self) -> None:
        pass

    async def get(self, url: str, deadline: float) -> Reply:
        raise Unreadable("not asked in a test")

    async def close(self) -> None:
        pass


def room_on(
    source: str, home: Path, monkeypatch: pytest.MonkeyPatch, *, present: bool = False, ascii_only: bool = False
) -> WarRoom:
    """The app as `warroom open SOURCE` makes it; its records go to `home`."""
    monkeypatch.setenv("WARROOM_HOME", str(home))
    monkeypatch.setattr(opening, "Monitor", partial(Monitor, fetch=Silent()))

    async def opener(_app: WarRoom) -> tuple[Opening, Conductor]:
        wanted = Opening(source=source, repository=None)
        return wanted, await open_room(wanted)

    return WarRoom(opener, present=present, ascii_only=ascii_only)


def room_with(
    text: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, present: bool = False, ascii_only: bool = False
) -> WarRoom:
    """The app on a little runbook, of which a test says only what it is about; it and its records lie in the folder."""
    book = folder / "shop.yaml"
    book.write_text(HEAD + text)
    return room_on(str(book), folder / "home", monkeypatch, present=present, ascii_only=ascii_only)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    """A room on a runbook of one method with one step."""
    return room_with(ONE_STEP, tmp_path, monkeypatch)


@pytest.fixture
def told(room: WarRoom, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sentences for the person; a test's app draws none of them."""
    said: list[str] = []
    monkeypatch.setattr(room.room_screen, "say", lambda text, good=False: said.append(text))
    return said


async def entered(pilot: Pilot[str], room: WarRoom) -> Conductor:
    """The conductor of a room, as soon as its way back stands on the screen."""
    await until(pilot, lambda: room.room_screen.desk is not None and "Go back" in shown(room))
    return room.room_screen.conductor
