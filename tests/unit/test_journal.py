"""The journal: what was acknowledged is there, in order, as it was said; a changed record shows."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from runbook.incident import events as ev
from runbook.incident import home, pen, stream
from runbook.incident.audit import verify
from runbook.incident.journal import Journal, JournalTrouble, read_incident, read_stream, salvage
from runbook.model import Effect, Remedy

NAME = "2026-11-24-0314-shop-web-7f3a"
START = datetime(2026, 11, 24, 3, 14, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / NAME
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    opened = Journal.open(folder, NAME, "kim-1", ticking())
    yield opened
    opened.close()


class ticking:
    """A clock that goes on by a second each time it is asked."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def note(text: str) -> ev.NoteAdded:
    return ev.NoteAdded(text=text)


def texts(events: list[ev.Event]) -> list[str]:
    return [event.body.text if isinstance(event.body, ev.NoteAdded) else "?" for event in events]


def change(path: Path, sql: str) -> None:
    db = sqlite3.connect(path)
    with db:
        db.execute(sql)
    db.close()


# ── writing and reading back ──────────────────────────────────────────────────────────────────────


async def test_an_event_is_read_back_as_it_was_returned(folder: Path, journal: Journal) -> None:
    body = ev.StepConfirmed(
        run="r1",
        method="git-revert",
        step="push",
        title="Push",
        commands=(0, 2),
        text="git push\n\torigin 'é' \x00",
        effect=Effect.CHANGE,
        expected={"refs/heads/production": "9f3c"},
        of=3,
        undo=True,
    )
    said = await journal.append(body, (ev.Reading("errors", 25.5), ev.Reading("p95", None, "timed out")))
    assert said.body == body
    assert (said.seq, said.lamport, said.at) == (1, 1, START + timedelta(seconds=1))
    assert read_incident(folder) == [said]


async def test_a_way_out_that_was_offered_is_read_back(folder: Path, journal: Journal) -> None:
    offered = Remedy("Leave it", "git reset --merge", Effect.CHANGE, "the clean room", "nothing is published")
    body = ev.StepFinished("r1", 1, False, 0.5, ev.File("runs/r1/out.log", "", 0), offered=offered, address="https://x")
    said = await journal.append(body)
    assert read_incident(folder) == [said] and said.body == body


def test_events_of_an_earlier_version_are_read_and_those_of_a_later_one_understood() -> None:
    earlier = (
        b'{"kind":"step-finished","run":"r1","exit":1,"ok":false,"duration":0.5,'
        b'"output":{"path":"","sha256":"","size":0}}'
    )
    body = ev.decode_body(earlier)
    assert isinstance(body, ev.StepFinished)
    assert (body.offered, body.address) == (None, "")
    unknown = ev.decode_body(b'{"kind":"step-unknown","run":"r1","why":"gone"}')
    assert isinstance(unknown, ev.StepUnknown) and unknown.took_effect is None
    offered = b'"offered":{"title":"t","text":"x","effect":"read","a field of tomorrow":1}'
    later = ev.decode_body(earlier.removesuffix(b"}") + b"," + offered + b"}")
    assert isinstance(later, ev.StepFinished) and later.offered == Remedy("t", "x", Effect.READ)


async def test_a_hundred_at_once_keep_the_order_of_the_calls(folder: Path, journal: Journal) -> None:
    events = await asyncio.gather(*(journal.append(note(str(i))) for i in range(100)))
    assert [event.seq for event in events] == list(range(1, 101))
    assert texts(read_incident(folder)) == [str(i) for i in range(100)]
    assert verify(folder) == []


async def test_a_cancelled_caller_does_not_take_the_event_with_it(folder: Path, journal: Journal) -> None:
    task = asyncio.ensure_future(journal.append(note("said")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await journal.append(note("next"))
    assert texts(read_incident(folder)) == ["said", "next"]


async def test_the_loop_goes_on_while_the_disk_is_slow(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    write = pen.Pen.write

    def slow(self: pen.Pen, *args: object) -> stream.Row:
        assert go.wait(10)
        return write(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(pen.Pen, "write", slow)
    waiting = asyncio.ensure_future(journal.append(note("slow")))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not waiting.done()
    go.set()
    assert (await waiting).seq == 1


def test_it_goes_on_where_an_earlier_room_of_the_seat_ended(folder: Path) -> None:
    for text in ("one", "two"):
        journal = Journal.open(folder, NAME, "kim-1")
        journal.append_now(note(text))
        journal.close()
    assert [event.seq for event in read_incident(folder)] == [1, 2]
    assert verify(folder) == []


def test_a_new_seat_comes_after_everything_recorded_so_far(folder: Path, journal: Journal) -> None:
    for i in range(5):
        journal.append_now(note(str(i)))
    other = Journal.open(folder, NAME, "lee-2")
    assert other.append_now(note("later")).lamport == 6
    other.close()
    assert texts(read_incident(folder))[-1] == "later"


def test_what_is_observed_comes_before_what_is_written_next(journal: Journal) -> None:
    journal.observe(41)
    assert journal.append_now(note("a")).lamport == 42
    journal.observe(7)
    assert journal.append_now(note("b")).lamport == 43


def test_a_closed_journal_says_so(journal: Journal) -> None:
    journal.close()
    journal.close()
    with pytest.raises(JournalTrouble, match="closed"):
        journal.append_now(note("late"))


def test_files_are_for_their_owner_alone_and_commits_are_full(folder: Path, journal: Journal) -> None:
    journal.append_now(note("a"))
    assert stat.S_IMODE((folder / "journal").stat().st_mode) == 0o700
    for path in (folder / "journal").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_disk_that_does_not_promise_full_commits_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SYNCHRONOUS", 7)  # SQLite takes 7 for something else: read back, it differs
    with pytest.raises(JournalTrouble, match="safe journal"):
        Journal.open(folder, NAME, "kim-1")


def test_another_seats_file_is_not_taken_over(folder: Path, journal: Journal) -> None:
    journal.append_now(note("a"))
    journal.close()
    (folder / "journal/kim-1.db").rename(folder / "journal/lee-2.db")
    with pytest.raises(JournalTrouble, match="not the stream of seat lee-2"):
        Journal.open(folder, NAME, "lee-2")


@pytest.mark.parametrize("seat", ["", "../x", "a/b", ".hidden", "a\x00", "é"])
def test_a_seat_must_name_a_file(folder: Path, seat: str) -> None:
    with pytest.raises(ValueError, match="cannot name a seat"):
        Journal.open(folder, NAME, seat)


# ── what JSON cannot keep ─────────────────────────────────────────────────────────────────────────


def test_lone_surrogates_are_replaced_and_pairs_joined(folder: Path, journal: Journal) -> None:
    said = journal.append_now(note("a\ud800b \ud83d\ude00"), (ev.Reading("x\udfff", "\ud800"),))
    assert said.body == note("a\ufffdb \U0001f600")
    assert said.readings == (ev.Reading("x\ufffd", "\ufffd"),)
    assert read_incident(folder) == [said]


@pytest.mark.parametrize(
    "body",
    [
        ev.StepStarted(run="r", pid=2**63),
        ev.StepStarted(run="r", pid=2**70),
        ev.StepStarted(run="r", pid=-(2**63) - 1),
        ev.StepFinished(run="r", exit=0, ok=True, duration=float("nan"), output=ev.File("", "", 0)),
        ev.StepFinished(run="r", exit=0, ok=True, duration=float("inf"), output=ev.File("", "", 0)),
        ev.NoteAdded(text=None),  # type: ignore[arg-type]
        ev.Unknown(kind="x", raw=b"{}"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_nothing_written(folder: Path, journal: Journal, body: ev.Known) -> None:
    with pytest.raises(ValueError):
        journal.append_now(body)
    assert journal.append_now(note("after")).seq == 1
    assert len(read_incident(folder)) == 1


def test_a_reading_that_is_no_number_is_a_hole_and_stops_nothing(folder: Path, journal: Journal) -> None:
    odd = (float("nan"), float("inf"), 10**400)
    said = journal.append_now(note("a"), [ev.Reading("e", value) for value in odd])
    assert [(reading.value, reading.why) for reading in said.readings] == [(None, "not a number")] * 3
    assert read_incident(folder) == [said]


# ── reading ───────────────────────────────────────────────────────────────────────────────────────


def test_a_new_folder_holds_nothing_and_no_folder_is_said(folder: Path) -> None:
    assert read_incident(folder) == []
    with pytest.raises(JournalTrouble, match="no incident"):
        read_incident(folder / "none")


def test_streams_merge_by_lamport_then_seat(folder: Path) -> None:
    first, second = (Journal.open(folder, NAME, seat) for seat in ("lee-2", "kim-1"))
    for text in ("a", "b"):
        first.append_now(note(f"lee {text}"))
        second.append_now(note(f"kim {text}"))
    first.close()
    second.close()
    assert texts(read_incident(folder)) == ["kim a", "lee a", "kim b", "lee b"]


def test_only_what_is_new_can_be_read(folder: Path, journal: Journal) -> None:
    for i in range(4):
        journal.append_now(note(str(i)))
    assert texts(read_stream(folder / "journal/kim-1.db", after=2)) == ["2", "3"]


@pytest.mark.parametrize("damage", ["garbage", "empty", "half", "no table", "wrong types", "newer"])
def test_a_broken_stream_is_a_sentence_and_the_others_are_read(folder: Path, damage: str) -> None:
    for seat in ("kim-1", "lee-2"):
        journal = Journal.open(folder, NAME, seat)
        for i in range(30):
            journal.append_now(note(f"{seat} {i} " + "x" * 500))
        journal.close()
    broken = folder / "journal/kim-1.db"
    match damage:
        case "garbage":
            broken.write_bytes(b"not a database, " * 500)
        case "empty":
            broken.write_bytes(b"")
        case "half":
            broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2 + 100])
        case "no table":
            change(broken, "drop table event")
        case "wrong types":
            change(broken, "update event set lamport = 'soon', at = x'ff', body = 7 where seq = 3")
        case _:
            change(broken, "update stream set format = 99")
    events, troubles = salvage(folder)
    assert len([event for event in events if event.seat == "lee-2"]) == 30
    if damage == "empty":
        assert troubles == []  # made, and the power failed before it was written to
    else:
        assert "kim-1" in troubles[0]
        with pytest.raises(JournalTrouble):
            read_incident(folder)
        assert verify(folder)


def test_an_unknown_kind_and_an_unreadable_body_are_kept_as_such(folder: Path, journal: Journal) -> None:
    journal.append_now(note("a"))
    journal.append_now(note("b"))
    journal.close()
    change(folder / "journal/kim-1.db", """update event set body = '{"kind":"from-the-future","x":1}' where seq = 1""")
    change(folder / "journal/kim-1.db", "update event set body = '{not json' where seq = 2")
    kinds = [event.body.kind for event in read_incident(folder) if isinstance(event.body, ev.Unknown)]
    assert kinds == ["from-the-future", "unreadable"]


def test_a_folder_that_cannot_be_written_is_read_from_a_copy(
    folder: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append_now(note("in the wal"))
    before = sorted(path.name for path in (folder / "journal").iterdir())
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
    assert texts(read_incident(folder)) == ["in the wal"]
    assert sorted(path.name for path in (folder / "journal").iterdir()) == before


# ── is it as it was written? ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("""update event set body = '{"kind":"note-added","text":"nobody"}' where seq = 2""", "event 2 is not as it"),
        ("update event set at = '2020-01-01T00:00:00.000000Z' where seq = 3", "event 3 is not as it"),
        ("update event set lamport = 9 where seq = 1", "event 1 is not as it"),
        ("""update event set readings = '[{"signal":"e","value":0,"why":""}]' where seq = 1""", "event 1 is not as"),
        ("update event set hash = zeroblob(32) where seq = 4", "event 4 is not as it"),
        ("delete from event where seq = 2", "event 2 is missing"),
        ("delete from event where seq < 3", "events 1 to 2 are missing"),
        ("update stream set seat = 'lee-2'", "seat lee-2"),
        ("update stream set incident = 'other'", "belongs to incident other"),
    ],
)
def test_a_changed_record_shows(folder: Path, journal: Journal, sql: str, said: str) -> None:
    for text in "abcd":
        journal.append_now(note(text))
    journal.close()
    assert verify(folder) == []
    change(folder / "journal/kim-1.db", sql)
    assert any(said in problem for problem in verify(folder)), verify(folder)


def test_the_very_end_that_was_cut_off_shows_by_a_command_that_ran(folder: Path, journal: Journal) -> None:
    journal.append_now(note("before"))
    for run in ("r1", "r2"):
        confirmed = ev.StepConfirmed(run, "back", "push", "Push", (0,), "git push origin old", Effect.CHANGE)
        journal.append_now(confirmed)
        (folder / "runs" / run).mkdir(parents=True)
    journal.close()
    assert verify(folder) == []
    change(folder / "journal/kim-1.db", "delete from event where seq > 2")
    assert verify(folder) == [
        "A command ran of which no event tells (runs/r2): the end of a seat's record was cut off."
    ]


def test_the_end_of_a_seat_that_was_cut_off_shows_where_another_went_on_after_it(folder: Path) -> None:
    for seat, said in (("kim-1", "abc"), ("lee-2", "de"), ("kim-3", "f")):
        journal = Journal.open(folder, NAME, seat, ticking())
        for text in said:
            journal.append_now(note(text))
        journal.close()
    assert verify(folder) == []
    change(folder / "journal/lee-2.db", "delete from event where seq = 2")
    assert verify(folder) == [
        "Event 5 is missing in the order of all seats: the end of a seat's record was cut off, "
        "or its file was taken away."
    ]
    (folder / "journal/lee-2.db").unlink()
    assert "Events 4 to 5 are missing in the order of all seats" in verify(folder)[0]
    (folder / "journal/kim-3.db").write_bytes(b"no database")
    assert all("missing" not in problem for problem in verify(folder)), "what cannot be read is not said to be gone"


def test_a_changed_or_missing_file_shows(folder: Path, journal: Journal) -> None:
    (folder / "files").mkdir()
    (folder / "files/a").write_bytes(b"as it was")
    digest = "5d3ac1bea1b0a51fa3f3f8e3a0ba2b8f"
    kept = ev.File("files/a", digest, 9)
    journal.append_now(ev.SnapshotSaved(files=(kept, ev.File("files/none", digest, 1))))
    journal.append_now(ev.SnapshotSaved(files=(ev.File("../../etc/passwd", digest, 1),)))
    problems = verify(folder)
    assert "files/a is not as it was recorded" in problems[0]
    assert "files/none is not there" in problems[1]
    assert "passwd is not there" in problems[2]


# ── emergency lines ───────────────────────────────────────────────────────────────────────────────


def test_emergency_lines_are_part_of_the_record_and_come_home(folder: Path) -> None:
    """As a seat leaves them that died before its journal could be written again."""
    journal = Journal.open(folder, NAME, "kim-1", ticking())
    said = [journal.append_now(note(str(i))) for i in range(6)]
    journal.close()
    path = folder / "journal/kim-1.db"
    rows = stream.read_rows(path).rows
    change(path, "delete from event where seq > 3")
    emergency = pen.emergency_file(folder, "kim-1")
    for row in rows[2:]:  # the third is in both: brought back, and the power went before the file was removed
        line = pen.EmergencyLine(
            NAME,
            "kim-1",
            row.seq,
            row.at,
            row.lamport,
            msgspec.Raw(row.readings),
            msgspec.Raw(row.body),
            row.hash.hex(),
        )
        with emergency.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
    with emergency.open("ab") as file:
        file.write(b'{"incident":"half a li')
    assert read_incident(folder) == said
    assert verify(folder) == ["kim-1: 3 event(s) are in emergency-kim-1.jsonl alone; the journal could not be written."]

    again = Journal.open(folder, NAME, "kim-1", ticking())
    assert again.trouble == ""
    assert again.append_now(note("6")).seq == 7
    again.close()
    assert not emergency.exists()
    assert texts(read_incident(folder)) == [str(i) for i in range(7)]
    assert verify(folder) == []


def test_a_line_that_was_written_in_half_is_written_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = pen.Pen(folder, NAME, "kim-1")

    def failing(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(stream.StreamWriter, "append", failing)
        at = stream.stamp(START)
        writer.write(at, 1, b"[]", b'{"kind":"note-added","text":"a"}')
        with pen.emergency_file(folder, "kim-1").open("ab") as file:
            file.write(b'{"incident":"half a line, longer than the next one will be' + b"x" * 500)
        writer.write(at, 2, b"[]", b'{"kind":"note-added","text":"b"}')
        assert len(pen.emergency_file(folder, "kim-1").read_bytes().splitlines()) == 2
        assert texts(read_incident(folder)) == ["a", "b"]
    writer.mend()
    writer.close()
    assert texts(read_incident(folder)) == ["a", "b"]
    assert verify(folder) == []


def test_a_changed_emergency_line_shows(folder: Path) -> None:
    journal = Journal.open(folder, NAME, "kim-1", ticking())
    journal.append_now(note("a"))
    journal.append_now(note("b"))
    journal.close()
    path = folder / "journal/kim-1.db"
    row = stream.read_rows(path).rows[1]
    change(path, "delete from event where seq > 1")
    body = msgspec.Raw(row.body.replace(b'"b"', b'"c"'))
    line = pen.EmergencyLine(
        NAME, "kim-1", row.seq, row.at, row.lamport, msgspec.Raw(row.readings), body, row.hash.hex()
    )
    pen.emergency_file(folder, "kim-1").write_bytes(msgspec.json.encode(line) + b"\n")
    assert any("event 2 in emergency-kim-1.jsonl is not as it was written" in problem for problem in verify(folder))


def test_an_event_that_reached_the_disk_unsaid_gives_way_to_the_one_that_was_acknowledged_in_its_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.open(folder, NAME, "kim-1", ticking())
    journal.append_now(note("a"))
    with monkeypatch.context() as broken:
        broken.setattr(stream.StreamWriter, "append", refuse)
        journal.append_now(note("b"))
    journal.close()
    path = folder / "journal/kim-1.db"
    writer = stream.StreamWriter(path, NAME, "kim-1")
    tail = writer.tail()
    unsaid = stream.Row(2, stream.stamp(START), 2, b"[]", b'{"kind":"note-added","text":"x"}', b"")
    writer.append(msgspec.structs.replace(unsaid, hash=stream.chain(tail.hash, NAME, "kim-1", unsaid)))
    writer.close()
    assert texts(read_incident(folder)) == ["a", "b"]
    assert "kim-1: event 2 differs between emergency-kim-1.jsonl and the journal." in verify(folder)


def test_an_emergency_line_that_was_taken_out_shows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.open(folder, NAME, "kim-1", ticking())
    journal.append_now(note("a"))
    monkeypatch.setattr(stream.StreamWriter, "append", refuse)
    for text in "bcd":
        journal.append_now(note(text))
    journal.close()
    path = pen.emergency_file(folder, "kim-1")
    first, middle, last = path.read_bytes().splitlines(keepends=True)
    for left, gone in ((first + last, 3), (middle + last, 2), (last, 3)):
        path.write_bytes(left)
        said = f"kim-1: event {gone} is missing, before the one in emergency-kim-1.jsonl."
        assert said in verify(folder), verify(folder)
    path.write_bytes(first + middle + last)
    assert len(verify(folder)) == 1, "only that they are not in the journal"


def test_a_damaged_emergency_line_hides_none_of_those_after_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.open(folder, NAME, "kim-1", ticking())
    monkeypatch.setattr(stream.StreamWriter, "append", refuse)
    for text in "abc":
        journal.append_now(note(text))
    journal.close()
    path = pen.emergency_file(folder, "kim-1")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"b"', b'"b\n', 1) + b'{"incident":"half a line, which nobody was told of')
    events, troubles = salvage(folder)
    assert texts(events) == ["a", "c"] and any(f"A part of {path} cannot be read" in trouble for trouble in troubles)
    assert set(troubles) < set(verify(folder))
    path.write_bytes(whole + b'{"incident":"half a line')
    assert salvage(folder)[1] == [] and texts(salvage(folder)[0]) == ["a", "b", "c"]


def refuse(*_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_a_file_whose_name_no_file_can_have_is_not_there(folder: Path, journal: Journal) -> None:
    for name in ("files/" + "x" * 300, "files/a\0b"):
        journal.append_now(ev.SnapshotSaved(files=(ev.File(name, "ab" * 32, 1),)))
    assert [problem.endswith("is not there any more.") for problem in verify(folder)] == [True, True]


# ── where incidents live ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_home_follows_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARROOM_HOME", "/a/b")
    assert home.home() == Path("/a/b")
    monkeypatch.delenv("WARROOM_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert home.home() == Path("/state/warroom")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert home.home() == Path.home() / ".local/state/warroom"


@pytest.mark.parametrize("named", ["~nobody-of-that-name/x", ""])
def test_a_user_without_a_home_is_told_how_to_name_one(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setenv("WARROOM_HOME", named)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    with pytest.raises(JournalTrouble, match=r"no home directory\. Name one with WARROOM_HOME"):
        home.home()


@pytest.mark.parametrize("user", ["CORP\\ana", "josé", "Ana Maria", "x" * 300, "-rf", "../up", "é"])
def test_a_seat_can_be_opened_whatever_its_user_is_called(
    user: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", user)
    assert home.user_name() == user, "the record tells the name as it is"
    seats = {home.new_seat(), home.new_seat()}
    assert len(seats) == 2
    for seat in seats:
        Journal.open(folder, NAME, seat, ticking()).close()
        assert (folder / "journal" / f"{seat}.db").parent == folder / "journal"


def test_ids_sort_by_time_and_can_be_said() -> None:
    early, late = (home.incident_id("Shop / Web!", START + timedelta(minutes=m)) for m in (0, 1))
    assert early.startswith("2026-11-24-0314-shop-web-")
    assert early < late
    assert home.incident_id("../..", START).startswith("2026-11-24-0314-incident-")
    assert len(home.incident_id("x" * 300, START)) < 50


@pytest.mark.usefixtures("own_home")
def test_incidents_are_listed_newest_first_and_found_by_a_part_of_the_name() -> None:
    assert home.list_incidents() == ()
    old, new = (home.new_incident("shop", START + timedelta(minutes=m)) for m in (0, 1))
    (new.parent / "stray file").write_text("")
    (new.parent / "2026-11-24-0316-shop-link").symlink_to(old)
    (new.parent / "not-an-incident").mkdir()
    assert home.list_incidents() == (new, old)
    assert home.find_incident(old.name) == old
    assert home.find_incident(new.name[-4:]) == new
    assert home.find_incident("2026-11-24") is None
    assert home.find_incident("") is None
    assert home.find_incident("../" + old.name) is None
    assert [stat.S_IMODE(each.stat().st_mode) for each in (old, old.parent, old.parent.parent)] == [0o700] * 3
    assert sorted(path.name for path in old.iterdir()) == sorted(home.ROOMS)


def test_a_home_that_cannot_be_made_is_a_sentence(own_home: Path) -> None:
    own_home.write_text("a file")
    with pytest.raises(JournalTrouble, match="WARROOM_HOME"):
        home.new_incident("shop", START)
    with pytest.raises(JournalTrouble, match="cannot be listed"):
        home.list_incidents()


def test_one_drives_and_the_next_watches(folder: Path) -> None:
    assert home.holder(folder) is None
    assert home.take_wheel(folder)
    assert not home.take_wheel(folder)
    held = home.holder(folder)
    assert held is not None
    assert (held.pid, held.user) == (os.getpid(), home.user_name())
    home.leave_wheel(folder)
    home.leave_wheel(folder)
    assert home.holder(folder) is None
    assert home.take_wheel(folder)
    home.leave_wheel(folder)
