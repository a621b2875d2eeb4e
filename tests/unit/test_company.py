"""Several rooms on one incident: each hears what the others record, and one drives at a time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from runbook.conductor import Conductor, Refused
from runbook.incident import events as ev
from runbook.incident import home, others, pen
from runbook.incident.journal import Journal, read_incident
from runbook.incident.others import SETTLED, OtherSeats
from runbook.incident.room import Room, fold
from runbook.incident.stream import read_rows, read_stream
from runbook.model import Trigger
from tests.unit.git_world import World
from tests.unit.test_conductor import carry_out, last_run, reopened, room, until

__all__ = ["room"]


@pytest.fixture
def watcher(room: tuple[Conductor, World]) -> Conductor:
    """A second room on the incident of the first, which has the wheel."""
    driver, world = room
    assert home.take_wheel(driver.folder)
    made = reopened(driver.folder, world, "second")
    made.driving = False
    return made


def notes(conductor: Conductor) -> list[str]:
    bodies = (event.body for event in read_incident(conductor.folder))
    return [body.text for body in bodies if isinstance(body, ev.NoteAdded)]


async def test_each_of_two_rooms_sees_what_the_other_does_and_notes(
    room: tuple[Conductor, World], watcher: Conductor
) -> None:
    driver, _ = room
    drawn: list[str] = []
    watcher.on_change = lambda: drawn.append("again")
    await driver.choose_method("revert")
    await driver.confirm(await driver.prepare("revert", "fails"))
    await watcher.look()
    assert drawn and watcher.state.method == "revert" and watcher.state.runs
    await until(lambda: not driver.carrying)
    await watcher.look()
    assert last_run(watcher).state == "failed"
    await watcher.note("the queue is growing")
    await driver.look()
    assert driver.state == watcher.state == fold(read_incident(driver.folder))
    assert "the queue is growing" in driver.state.timeline[-1].text
    assert "the queue is growing" in (await driver.write_report()).read_text()

    drawn.clear()
    await watcher.look()  # the report
    drawn.clear()
    await watcher.look()
    assert drawn == []


async def test_a_note_comes_after_what_its_room_had_heard(room: tuple[Conductor, World], watcher: Conductor) -> None:
    driver, _ = room
    for text in ("one", "two", "three"):
        await driver.note(text)
    await watcher.look()
    await watcher.note("four")
    await driver.look()
    await driver.note("five")
    assert notes(driver) == ["one", "two", "three", "four", "five"]


async def test_what_was_written_at_the_same_time_stands_in_one_order_in_all_rooms(
    room: tuple[Conductor, World], watcher: Conductor
) -> None:
    driver, _ = room
    for n in range(3):
        await watcher.note(f"watcher {n}")
        await driver.note(f"driver {n}")
    await watcher.look()
    await driver.look()
    assert watcher.state == driver.state == fold(read_incident(driver.folder))
    assert "watcher 2" in driver.state.timeline[-1].text


async def test_a_value_that_the_driver_sets_is_a_value_of_the_watchers_signals_too(
    room: tuple[Conductor, World], watcher: Conductor
) -> None:
    driver, world = room
    await driver.set_value("bad", world.bad, "picked")
    await watcher.look()
    assert watcher.outlook.monitor.values["bad"] == world.bad


async def test_a_watcher_settles_nothing_of_what_runs(room: tuple[Conductor, World], watcher: Conductor) -> None:
    driver, _ = room
    await driver.confirm(await driver.prepare("revert", "slow"))
    await until(lambda: last_run(driver).state == "running")
    await watcher.look()
    assert last_run(watcher).state == "running"
    await until((driver.carrier.run_folder(last_run(driver).id) / "child.json").exists)
    await driver.stop(last_run(driver).id, "kill")
    await until(lambda: not driver.carrying)
    await watcher.look()
    assert last_run(watcher) == last_run(driver)
    assert not any(event.seat == "second" for event in read_incident(driver.folder))


async def test_a_watcher_ticks_and_notes_and_reports_no_trigger(
    room: tuple[Conductor, World], watcher: Conductor
) -> None:
    breach = Trigger("breach", "A breach", "", "immediate")
    watcher.runbook = msgspec.structs.replace(watcher.runbook, triggers=(breach,))
    await watcher.tick("open", "It opens", done=True)
    with pytest.raises(Refused, match="another room"):
        await watcher.report_trigger("breach", active=True)
    assert watcher.state.ticks["open"].done and not watcher.state.reported


async def test_the_wheel_is_taken_when_it_is_free_and_what_runs_is_attached_again(
    room: tuple[Conductor, World], watcher: Conductor
) -> None:
    driver, _ = room
    await watcher.look()
    assert watcher.driven
    with pytest.raises(Refused, match="Another room"):
        await watcher.drive()

    await driver.confirm(await driver.prepare("revert", "slow"))
    run = last_run(driver).id
    await until((driver.carrier.run_folder(run) / "child.json").exists)
    await driver.leave("left")  # while its command goes on, and before the watcher has heard of it
    await watcher.look()
    assert not watcher.driven
    await watcher.drive()
    assert watcher.driving and home.holder(watcher.folder) is not None
    assert [one.seat for one in watcher.state.responders if one.driving and one.left is None] == ["second"]
    await watcher.stop(run, "kill")
    await until(lambda: watcher.state.runs[run].ended is not None)
    driver.state = watcher.state
    await carry_out(watcher, "fails")
    assert last_run(watcher).state == "failed"
    await watcher.leave("left")


async def test_who_cannot_say_that_it_drives_does_not_hold_the_wheel(
    room: tuple[Conductor, World], watcher: Conductor
) -> None:
    home.leave_wheel(watcher.folder)
    watcher.journal.close()
    with pytest.raises(Exception, match="closed"):
        await watcher.drive()
    assert not watcher.driving and home.holder(watcher.folder) is None


# ── reading their files ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "2026-11-24-0314-shop-7f3a"
    made.mkdir()
    return made


def test_a_file_that_rests_is_not_opened_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Journal.open(folder, folder.name, "kim-1")
    writer.append_now(ev.NoteAdded(text="one"))
    opened: list[Path] = []

    def counted(path: Path, after: int) -> list[ev.Event]:
        opened.append(path)
        return read_stream(path, after)

    monkeypatch.setattr(others, "read_stream", counted)
    later = time.time() + 2 * SETTLED
    seats = OtherSeats(folder, "lee-2", {}, clock=lambda: later)
    assert [event.seq for event in seats.news()] == [1]
    assert seats.news() == seats.news() == []
    assert len(opened) == 1
    writer.append_now(ev.NoteAdded(text="two"))
    assert [event.seq for event in seats.news()] == [2]
    writer.close()


def test_a_file_that_was_written_this_second_is_looked_at_once_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(others, "_stamp", lambda _: (0, 4096))  # two writes can bear one time and one length
    writer = Journal.open(folder, folder.name, "kim-1")
    seats = OtherSeats(folder, "lee-2", {}, clock=lambda: SETTLED / 2)
    for seq in (1, 2, 3):
        writer.append_now(ev.NoteAdded(text="same"))
        assert [event.seq for event in seats.news()] == [seq]
    writer.close()


def test_what_stands_in_an_emergency_file_is_heard_once(folder: Path) -> None:
    writer = Journal.open(folder, folder.name, "kim-1")
    for text in ("one", "two", "three"):
        writer.append_now(ev.NoteAdded(text=text))
    writer.close()
    rows = read_rows(folder / "journal/kim-1.db").rows
    lines = [
        pen.EmergencyLine(
            folder.name, "lee-2", r.seq, r.at, r.lamport, msgspec.Raw(r.readings), msgspec.Raw(r.body), r.hash.hex()
        )
        for r in rows
    ]
    file = pen.emergency_file(folder, "lee-2")
    file.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines[:2]))
    seats = OtherSeats(folder, "mia-3", {"kim-1": len(rows)})
    assert [(event.seat, event.seq) for event in seats.news()] == [("lee-2", 1), ("lee-2", 2)]
    file.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    assert [(event.seat, event.seq) for event in seats.news()] == [("lee-2", 3)]
    assert seats.trouble == ""


def test_what_cannot_be_read_is_said_until_it_can_and_the_rest_is_heard(folder: Path) -> None:
    writer = Journal.open(folder, folder.name, "kim-1")
    writer.append_now(ev.NoteAdded(text="one"))
    broken = folder / "journal/lee-2.db"
    broken.write_bytes(b"no journal " * 500)
    seats = OtherSeats(folder, "mia-3", {})
    assert [event.seat for event in seats.news()] == ["kim-1"]
    assert "lee-2 cannot be read" in seats.trouble
    assert seats.news() == [] and "lee-2 cannot be read" in seats.trouble
    broken.unlink()
    assert seats.news() == [] and seats.trouble == ""
    writer.close()


def test_a_room_knows_how_far_it_has_heard_each_seat() -> None:
    made = Room()
    for seat, seq in (("a", 1), ("b", 1), ("a", 2)):
        at = datetime(2026, 11, 24, tzinfo=UTC)
        made.apply(ev.Event(incident="i", seat=seat, seq=seq, at=at, lamport=seq, body=ev.NoteAdded(text="x")))
    assert made.heard() == {"a": 2, "b": 1}
