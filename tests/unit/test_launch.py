"""Which open incident a start offers to go on with, and what it says of it."""

from __future__ import annotations

import argparse
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook import opening
from runbook.conductor import Conductor
from runbook.incident import home
from runbook.opening import Opening
from tests.rooms import room_on
from tests.widgets.hosts import until
from tui import cli, launch
from tui.entry import named_in, with_command

BOOK = "version: 1\nid: shop\ntitle: Shop\nservice: shop-web\nmethods: []\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    return tmp_path


async def recorded(place: Path, name: str, *, drill: str = "", closed: bool = False) -> Conductor:
    """An incident as a room leaves it."""
    book = place / name
    book.write_text(BOOK + f"# {name}\n")
    room = await opening.open_room(Opening(source=str(book), repository=None, title=f"{name} is down", drill=drill))
    if closed:
        await room.close_incident("")
    room.journal.close()
    home.leave_wheel(room.folder)
    return room


async def test_a_closed_incident_and_a_drill_that_has_ended_are_not_offered(place: Path) -> None:
    still = await recorded(place, "a.yaml")
    await recorded(place, "b.yaml", closed=True)
    await recorded(place, "c.yaml", drill=str(place / "ended"))
    assert [folder for folder, _ in launch.still_open()] == [still.folder]


async def test_an_incident_that_ended_before_anything_was_recorded_is_not_offered(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still = await recorded(place, "a.yaml")
    home.new_incident("shop-web", datetime.now(UTC) + timedelta(minutes=5))  # the disk was full, or it was killed there
    assert [folder for folder, _ in launch.still_open()] == [still.folder]
    assert cli.main(["incidents"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["empty", "open"]


async def test_the_newest_incident_is_not_passed_over_in_silence_where_its_record_is_damaged(place: Path) -> None:
    await recorded(place, "a.yaml")
    assert launch.damaged() == ""
    newest = (await recorded(place, "b.yaml")).folder
    for file in (newest / "journal").glob("*.db"):
        db = sqlite3.connect(file)
        with db:
            db.execute("update event set at = 'yesterday' where seq = 2")
        db.close()
    if home.list_incidents()[0] == newest:  # both may have begun within one minute
        assert "event 2 is unreadable" in launch.damaged() and f"warroom timeline {newest.name}" in launch.damaged()
    assert "event 2 is unreadable" in launch.damaged((place / "b.yaml").read_bytes())
    assert launch.damaged((place / "a.yaml").read_bytes()) == ""


async def test_a_copy_that_is_not_what_was_trusted_any_more_asks_again(place: Path) -> None:
    folder = (await recorded(place, "a.yaml")).folder
    assert launch._trusted("", folder)
    copy = home.runbook_copy(folder)
    copy.write_text(copy.read_text().replace("title: Shop", "title: Another"))
    assert not launch._trusted("", folder)


async def test_a_runbook_that_is_named_again_finds_its_own_open_incident_and_no_other(place: Path) -> None:
    first = await recorded(place, "a.yaml")
    await recorded(place, "b.yaml")
    assert [folder for folder, _ in launch.still_open((place / "a.yaml").read_bytes())] == [first.folder]


async def test_the_offer_says_what_it_is_and_how_old(place: Path) -> None:
    await recorded(place, "a.yaml")
    folder, state = next(launch.still_open())
    assert state.opened
    said = launch.offer(folder, state, state.opened + timedelta(days=3))
    assert "a.yaml is down (shop-web" in said
    assert "since 3 d ago" in said
    assert "drill" not in said
    assert folder.name in said


def test_a_practice_is_called_one() -> None:
    from runbook.incident.state import RoomState

    state = RoomState(incident="x", title="Slow", drill="/d", opened=datetime(2026, 1, 1, tzinfo=UTC))
    assert "a drill, Slow" in launch.offer(Path("/i/x"), state, datetime(2026, 1, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ([], []),
        (["--new"], ["open", "--new"]),
        (["--resume", "7f3a"], ["open", "--resume", "7f3a"]),
        (["docs/ROLLBACK.md"], ["open", "docs/ROLLBACK.md"]),
        (["--help"], ["--help"]),
        (["--version"], ["--version"]),
        (["incidents"], ["incidents"]),
    ],
)
def test_an_option_of_opening_opens_without_the_word(words: list[str], meant: list[str]) -> None:
    assert with_command(words) == meant


@pytest.mark.parametrize(
    ("words", "drawn"),
    [
        (["docs/ROLLBACK.md", "--new"], "docs/ROLLBACK.md"),
        (["--set", "token=s3cret", "docs/ROLLBACK.md"], "docs/ROLLBACK.md"),
        (["bad-migration", "--postgres", "postgresql://me:s3cret@db/"], "bad-migration"),
        (["--postgres", "postgresql://me:s3cret@db/"], ""),
    ],
)
def test_the_first_frame_draws_no_value_and_no_address(words: list[str], drawn: str) -> None:
    assert named_in(words) == drawn


def arguments(*words: str) -> argparse.Namespace:
    return cli.parser("open").parse_args(["open", *words])


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "no_terminal", lambda: "")
    monkeypatch.setattr(launch, "piped", lambda: -1)


@pytest.mark.usefixtures("terminal")
async def test_a_record_that_cannot_be_read_is_told_in_words_before_the_room(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    room = await recorded(place, "a.yaml")
    for journal in (room.folder / "journal").iterdir():
        journal.write_bytes(b"not a record" * 999)
    assert launch.open_room(arguments("--resume", room.folder.name)) == 2
    said = capsys.readouterr().err
    assert room.folder.name in said and "Traceback" not in said


def test_a_fault_of_the_program_itself_gives_the_terminal_back_and_keeps_the_details(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "open_room", lambda _: 1 // 0)
    assert cli.main(["open", "a.yaml"]) == 1
    said = capsys.readouterr().err
    assert "fault of its own (ZeroDivisionError)" in said and "Traceback" not in said
    assert list((place / "home" / "faults").glob("fault-*.txt"))


async def test_a_runbook_in_another_encoding_is_told_in_words(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = place / "old.yaml"
    book.write_bytes(BOOK.replace("Shop", "Käse").encode("latin-1"))
    room = room_on(str(book), place / "home", monkeypatch)
    async with room.run_test() as pilot:
        await until(pilot, lambda: room.return_code is not None)
    assert room.return_code == 2
    assert room.return_value is not None and room.return_value.startswith("The runbook is not UTF-8 text")
