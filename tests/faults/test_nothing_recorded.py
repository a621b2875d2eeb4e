"""A room whose journal and emergency file are both refused: it says so, once, and it can be left."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runbook.conductor import Conductor
from runbook.incident import events as ev
from runbook.incident import home
from runbook.incident.journal import JournalTrouble, read_incident
from runbook.incident.pen import Pen
from tests.rooms import entered, room, told
from tests.widgets.hosts import shown, until
from tui import answering, on_desk
from tui.app import WarRoom
from tui.terminal import ENDED_BY_SIGNAL
from widgets import action_asks as asks

__all__ = ["room", "told"]

NOTHING = "Nothing can be recorded: neither the journal nor the emergency file can be written."
REPOSITORY = Path(__file__).parents[2]


class Disk:
    """Refuses every event while it is full, with its sentence."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = ""
        write = Pen.write

        def refusing(pen: Pen, *row: object) -> object:
            if self.full:
                pen.trouble = self.full
                raise JournalTrouble(self.full)
            return write(pen, *row)  # type: ignore[arg-type]

        monkeypatch.setattr(Pen, "write", refusing)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


async def test_what_the_room_cannot_record_by_itself_is_said_once_and_a_key_is_always_answered(
    room: WarRoom, disk: Disk, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    async def look(conductor: Conductor) -> None:
        looks.append(disk.full)
        await conductor.decide("wait", "the signals say something new, and say it again each second")

    async with room.run_test(size=(160, 45)) as pilot:
        await entered(pilot, room)
        disk.full = NOTHING
        monkeypatch.setattr(Conductor, "look", look)
        await until(pilot, lambda: len(looks) > 3)
        assert told == [NOTHING]
        await pilot.press("a")
        await until(pilot, lambda: "Note for the timeline" in shown(room))
        await pilot.press(*"calm", "enter")
        await until(pilot, lambda: told == [NOTHING, NOTHING])
        monkeypatch.setattr("runbook.incident.report.write", _refused)
        await pilot.press("R")
        await until(pilot, lambda: "No space left on device" in told[-1])
        disk.full = "Nothing can be recorded, for another reason."
        await until(pilot, lambda: told[-1] == disk.full)
        assert not (home.home() / "faults").exists()
        disk.full = ""
        before = len(looks)
        await until(pilot, lambda: len(looks) > before + 1)
        disk.full = NOTHING
        await until(pilot, lambda: told[-1] == NOTHING)  # it went well meanwhile: this is news


def _refused(*_: object) -> None:
    raise OSError(28, "No space left on device")


async def test_a_command_that_cannot_be_recorded_is_not_run_and_its_confirmation_is_gone(
    room: WarRoom, disk: Disk, told: list[str]
) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await conductor.choose_method("back")
        room.room_screen.checklist.select("step:back:say")
        await until(pilot, lambda: "Say it" in shown(room))
        await pilot.press("enter")
        desk = room.room_screen.desk
        await until(pilot, lambda: desk is not None and desk.prepared is not None)
        assert desk is not None and desk.prepared is not None
        disk.full = NOTHING
        view = on_desk.view(desk, conductor.clock())
        answering.answer(room.room_screen, asks.Confirmed(view, desk.prepared, ""))
        await until(pilot, lambda: NOTHING in told)
        assert desk.prepared is None
        disk.full = ""
    assert not conductor.state.runs


async def test_a_room_is_left_by_its_key_where_that_cannot_be_recorded(room: WarRoom, disk: Disk) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        disk.full = NOTHING
        await pilot.press("q")
        await until(pilot, lambda: "Leave the room?" in shown(room))
        await pilot.press("q")
        await until(pilot, lambda: room.return_value is not None)
    *_, last = (room.return_value or "").splitlines()
    assert last == f"That this room was left could not be recorded. {NOTHING}"
    assert "goes on with it" in (room.return_value or "")
    assert conductor.journal.closed
    assert home.holder(conductor.folder) is None
    assert not any(isinstance(event.body, ev.RoomLeft) for event in read_incident(conductor.folder))


async def test_a_signal_ends_a_room_where_that_cannot_be_recorded(room: WarRoom, disk: Disk) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await entered(pilot, room)
        disk.full = NOTHING
        await room._end_by_signal("SIGTERM")
        await until(pilot, lambda: room.return_value is not None)
    assert room.return_code == ENDED_BY_SIGNAL
    assert "could not be recorded" in (room.return_value or "")


SCRIPT = """
import asyncio
from tui import terminal
terminal.GOODBYE, terminal.PATIENCE = {limits}

async def leave(name):
    {leave}

async def main():
    terminal.leave_on_signals(leave)
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("leave", "limits"), [("raise RuntimeError(name)", "60, 0.2"), ("await asyncio.sleep(60)", "0.2, 60")]
)
def test_a_signal_ends_the_process_whatever_becomes_of_its_goodbye(leave: str, limits: str) -> None:
    command = [sys.executable, "-c", SCRIPT.format(leave=leave, limits=limits)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=REPOSITORY
    ) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == ENDED_BY_SIGNAL
        finally:
            process.kill()
