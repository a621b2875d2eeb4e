"""Ending an incident, leaving the room, and the reflexes that must do neither."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from runbook.opening import Opening, open_room
from tests.rooms import HEAD, ONE_STEP, entered, room, told
from tests.widgets.hosts import HandClock, screen_text, shown, until
from tui import app
from tui.app import WarRoom
from tui.dialogs import severity_of
from tui.leave import Leave
from widgets.confirm import Guarded

if TYPE_CHECKING:
    from runbook.conductor import Conductor
    from runbook.drill.drill import Drill

__all__ = ["room", "told"]


async def test_an_incident_is_closed_by_its_key_with_a_word_on_why(room: WarRoom, told: list[str]) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await pilot.press("E")
        await until(pilot, lambda: "Close the incident" in shown(room))
        await pilot.press(*"calm", "enter")
        await until(pilot, lambda: "closed" in screen_text(room)[0])
        assert "closed the incident" in conductor.state.timeline[-1].text
        assert "calm" in conductor.state.timeline[-1].text
        await pilot.press("E")
        await until(pilot, lambda: bool(told) and "closed already" in told[-1])


async def test_leaving_can_close_the_incident_and_says_which_it_did(room: WarRoom) -> None:
    async with room.run_test(size=(80, 24)) as pilot:
        conductor = await entered(pilot, room)
        await pilot.press("q")
        await until(pilot, lambda: "the incident stays open" in shown(room))
        assert "end the drill" not in shown(room)
        looked_at(room)
        await pilot.press("c")
        looked_at(room)
        await until(pilot, lambda: room.return_value is not None)
    assert conductor.state.closed
    assert "The incident is closed." in (room.return_value or "")


def looked_at(room: WarRoom) -> None:
    """Time passes before the open question, and after the key that answers it."""
    leave = room.screen
    assert isinstance(leave, Leave)
    if not isinstance(leave.clock, HandClock):
        leave.clock = HandClock()
        leave.guard = Guarded(keys=leave.guard.keys).painted(leave.clock.now)
    leave.clock.now += 10


async def test_a_word_that_begins_with_q_typed_into_no_field_closes_no_incident(room: WarRoom) -> None:
    async with room.run_test(size=(80, 24)) as pilot:
        conductor = await entered(pilot, room)
        await pilot.press(*"quick")
        await until(pilot, lambda: isinstance(room.screen, Leave) and "too quick" in shown(room))
        await pilot.press("escape")
        await until(pilot, lambda: room.screen is room.room_screen)
        assert conductor.state.closed is None


async def test_who_only_watches_takes_the_practice_production_from_nobody(room: WarRoom) -> None:
    async with room.run_test(size=(80, 24)) as pilot:
        conductor = await entered(pilot, room)
        room.drill = cast("Drill", SimpleNamespace())
        for driving in (True, False):
            conductor.driving = driving
            await pilot.press("q")
            await until(pilot, lambda: "Leave the room?" in shown(room))
            assert ("leave and end the drill" in shown(room)) is driving
            await pilot.press("escape")
            await until(pilot, lambda: "Leave the room?" not in shown(room))
        conductor.driving = True


async def test_a_practice_production_that_has_ended_is_no_outage_of_the_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(app, "KEEP_ALIVE", 0.01)
    book = tmp_path / "shop.yaml"
    book.write_text(HEAD + ONE_STEP)
    drill = SimpleNamespace(running=True, keep_alive=lambda: None)

    async def opener(room: WarRoom) -> tuple[Opening, Conductor]:
        room.drill = cast("Drill", drill)
        wanted = Opening(source=str(book), repository=None, drill="/drill", pace=15)
        return wanted, await open_room(wanted)

    room = WarRoom(opener)
    async with room.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: room.room_screen.desk is not None and "Go back" in shown(room))
        assert "has ended" not in shown(room)
        drill.running = False
        await until(pilot, lambda: "The practice production has ended; `warroom drill` makes" in shown(room))
        await pilot.press("q")
        await until(pilot, lambda: "Leave the room?" in shown(room))
        assert "practice production runs on" not in shown(room)


async def test_leaving_without_more_keeps_it_open_and_names_the_way_back_to_it(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await pilot.press("q")
        await until(pilot, lambda: "Leave the room?" in shown(room))
        await pilot.press("q")
        await until(pilot, lambda: room.return_value is not None)
    assert conductor.state.closed is None
    assert f"`warroom open --resume {conductor.folder.name}` goes on with it" in (room.return_value or "")


async def test_ctrl_c_ends_nothing_and_says_what_does(room: WarRoom, told: list[str]) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await entered(pilot, room)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: bool(told) and "x interrupts" in told[-1])
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "Leave the room?" in shown(room))


def _rule_has(room: WarRoom, words: str) -> bool:
    return words in screen_text(room)[2]


async def test_what_only_a_narrow_screen_shows_is_gone_on_a_wide_one(room: WarRoom) -> None:
    async with room.run_test(size=(80, 24)) as pilot:
        await entered(pilot, room)
        for key, tabs in (("1", "15 min  [1] 2 3 4"), ("2", "1 [2] 3 4"), ("3", "1 2 [3] 4"), ("4", "1 2 3 [4]")):
            await pilot.press(key)
            room.room_screen._second()
            await until(pilot, partial(_rule_has, room, tabs))
        await pilot.resize_terminal(160, 45)
        await until(pilot, lambda: "1 Signals" in shown(room))
        await until(pilot, lambda: "1 2 3 [4]" not in shown(room) and "1 2 [3] 4" not in shown(room))


async def test_how_bad_it_is_and_what_it_is_called_can_be_said_at_any_time(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await pilot.press("V")
        await until(pilot, lambda: "How bad it is" in shown(room))
        await pilot.press(*"sev1", "enter")
        await until(pilot, lambda: "SEV1  Shop" in screen_text(room)[0])
        await pilot.press("V")
        await until(pilot, lambda: "Now: SEV1 Shop" in shown(room))
        await pilot.press(*"checkout is down", "enter")
        await until(pilot, lambda: "SEV1  checkout is down" in screen_text(room)[0])
        told = [entry.text for entry in conductor.state.timeline[-2:]]
        assert told == ["declared SEV1", "named it: checkout is down"]
        await pilot.press("V")
        await until(pilot, lambda: "Now: SEV1 checkout is down" in shown(room))
        await pilot.press(*"SEV9", "enter")
        await until(pilot, lambda: "there is no SEV9: SEV0 to SEV5" in shown(room))
        await pilot.press("backspace", *"2: carts are empty", "enter")
        await until(pilot, lambda: "SEV2  carts are empty" in screen_text(room)[0])
        assert conductor.state.timeline[-1].text == "declared SEV2: carts are empty"


@pytest.mark.parametrize(
    ("typed", "severity", "title"),
    [
        ("sev1", "SEV1", ""),
        ("SEV-2", "SEV2", ""),
        ("sev 1 carts are empty", "SEV1", "carts are empty"),
        ("P1: carts are empty", "P1", "carts are empty"),
        ("SEV10", "SEV10", ""),
        ("p95 is 6 s", "", "p95 is 6 s"),
        ("several carts are empty", "", "several carts are empty"),
    ],
)
def test_a_severity_is_read_as_people_write_it(typed: str, severity: str, title: str) -> None:
    assert severity_of(typed) == (severity, title)
