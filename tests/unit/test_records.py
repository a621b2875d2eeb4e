"""The commands about the record, on records that are damaged, misplaced or hold what a terminal would obey."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from runbook.incident import events as ev
from runbook.incident import home
from runbook.incident.journal import Journal
from tui.cli import main
from tui.exit_codes import NOT_OK, OK, USAGE

NAME = "2026-11-24-0314-shop-web-7f3a"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An incident of three notes."""
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path))
    made = tmp_path / "incidents" / NAME
    for room in home.ROOMS:
        (made / room).mkdir(parents=True)
    (made / "files/runbook.yaml").write_text("version: 1\nid: shop\ntitle: Shop\nmethods: []\n")
    journal = Journal.open(made, NAME, "kim-1")
    journal.append_now(ev.IncidentOpened("Down \x1b]0;owned\x07", "shop", "production", "SEV2", ev.File("", "", 0)))
    for text in "ab":
        journal.append_now(ev.NoteAdded(text))
    journal.close()
    return made


def damage(folder: Path) -> None:
    db = sqlite3.connect(folder / "journal/kim-1.db")
    with db:
        db.execute("update event set at = 'yesterday' where seq = 2")
    db.close()


def test_of_a_damaged_record_all_is_told_that_can_be_read_and_that_it_is_not_all(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(folder)
    for command in ("timeline", "report"):
        assert main([command, NAME]) == NOT_OK
        told = capsys.readouterr()
        assert "note: b" in told.out and "note: a" not in told.out
        assert "event 2 is unreadable" in told.err
    assert main(["report", NAME, "-o", str(folder / "report.md")]) == NOT_OK
    assert "**Not all of the record is in this report.**" in (folder / "report.md").read_text()
    capsys.readouterr()
    assert main(["incidents", "--json"]) == NOT_OK
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert row["events"] == 2 and "event 2 is unreadable" in row["trouble"]


def test_without_a_readable_runbook_the_report_tells_what_the_record_holds(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "files/runbook.yaml").write_text("version: 9\n")
    assert main(["report", NAME]) == NOT_OK
    told = capsys.readouterr()
    assert "note: a" in told.out and "Not all of the record is in this report" in told.out
    assert "knows version 1 of the form, not 9" in told.err


def test_an_incident_that_is_not_found_is_told_from_one_of_several(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = NAME.replace("7f3a", "8e2b")
    (folder.parent / other).mkdir()
    for asked in (["timeline"], ["report"], ["replay"], ["open", "--resume"]):
        assert main([*asked, "2026-12"]) == USAGE
        assert "There is no incident named '2026-12'. `warroom incidents`" in capsys.readouterr().err
        assert main([*asked, "2026-11"]) == USAGE
        assert f"'2026-11' fits 2 incidents: {other}, {NAME}. `warroom incidents`" in capsys.readouterr().err


def test_that_nothing_was_recorded_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path))
    assert main(["incidents"]) == OK
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"No incident is recorded in {tmp_path}.\n")


def test_of_a_whole_record_nothing_is_said_to_be_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (main(["timeline", NAME]), main(["report", NAME]), main(["incidents", "--verify"])) == (OK, OK, OK)
    told = capsys.readouterr()
    assert told.err == "" and "Not all of the record" not in told.out
    assert "\x1b" not in told.out and "\x07" not in told.out


def test_a_report_is_never_written_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.md").write_text("mine")
    assert main(["report", NAME, "-o", str(folder / "mine.md")]) == NOT_OK
    assert "is there already" in capsys.readouterr().err and (folder / "mine.md").read_text() == "mine"


@pytest.mark.parametrize("command", ["incidents", "timeline x", "report x", "replay x"])
def test_a_place_that_cannot_be_listed_is_a_sentence_and_no_fault(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "incidents").write_text("no folder")
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path))
    assert main(command.split()) in (NOT_OK, USAGE)
    assert capsys.readouterr().err == f"The incidents in {tmp_path}/incidents cannot be listed: Not a directory.\n"


def test_what_is_not_trusted_is_said_without_the_words_of_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "book:nope"]) == USAGE
    assert capsys.readouterr().err.startswith('book:nope was not trusted. There is no book "nope".')
