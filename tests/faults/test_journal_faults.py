"""The journal under a killed writer, a full disk, a disk that fails, and a folder mounted read-only."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runbook.incident import events as ev
from runbook.incident import home, journal, pen
from runbook.incident.audit import verify
from runbook.incident.events import NoteAdded
from runbook.incident.journal import Journal, JournalTrouble, read_incident, salvage
from runbook.incident.stream import StreamWriter

NAME = "2026-11-24-0314-shop-7f3a"
WRITER = Path(__file__).with_name("power_cut_writer.py")
FINISHED = ev.StepFinished(run="r", exit=0, ok=True, duration=6, output=ev.File("", "", 0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / NAME
    made.mkdir()
    return made


def note(text: str = "a") -> NoteAdded:
    return NoteAdded(text=text)


def seqs(folder: Path) -> list[int]:
    return [event.seq for event in read_incident(folder)]


def until(said: Callable[[], bool]) -> None:
    """Let the journal's thread do what it does when nothing else happens."""
    for _ in range(200):
        if said():
            return
        _pause.wait(0.05)
    raise AssertionError("it did not happen")


_pause = threading.Event()


# ── killed ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("after", [1, 7, 40, 150])
def test_a_killed_writer_leaves_every_acknowledged_event(folder: Path, after: int) -> None:
    command = [sys.executable, str(WRITER), str(folder), "kim-1", "100000"]
    environment = {**os.environ, "PYTHONPATH": str(WRITER.parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as writer:
        assert writer.stdout is not None
        try:
            acknowledged = 0
            for line in writer.stdout:
                acknowledged = int(line.split()[1])
                if acknowledged == after:
                    break
        finally:
            writer.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line.split()[1]) for line in writer.stdout if line.endswith("\n"))])
    assert len(seqs(folder)) >= acknowledged >= after
    assert verify(folder) == []
    again = Journal.open(folder, NAME, "lee-2")
    assert again.append_now(note()).lamport == len(seqs(folder))
    again.close()


def test_a_killed_driver_lets_go_of_the_wheel(folder: Path) -> None:
    script = "import sys; from pathlib import Path; from runbook.incident import home;"
    script += "print(home.take_wheel(Path(sys.argv[1])), flush=True); sys.stdin.read()"
    environment = {**os.environ, "PYTHONPATH": str(WRITER.parents[2])}
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as driver:
        assert driver.stdout is not None
        try:
            assert driver.stdout.readline() == "True\n"
            assert not home.take_wheel(folder)
            held = home.holder(folder)
            assert held is not None
            assert held.pid == driver.pid
        finally:
            driver.kill()
        driver.wait()
    assert home.holder(folder) is None
    assert home.take_wheel(folder)
    home.leave_wheel(folder)


# ── a full disk ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """An incident's folder on a file system of 6 MiB."""
    mounted = tmp_path / "small"
    mounted.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(mounted)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("mounting a small disk needs root")
    folder = mounted / NAME
    folder.mkdir()
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(mounted)], check=True)


def fill(folder: Path) -> Path:
    """Take every free byte of the disk."""
    filler = folder.parent / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def test_on_a_full_disk_the_outcome_is_still_recorded_and_the_reserve_returns_with_the_space(small_disk: Path) -> None:
    writer = Journal.open(small_disk, NAME, "kim-1")
    reserve = small_disk / "journal/kim-1.reserve"
    assert reserve.stat().st_blocks * 512 >= pen.RESERVE
    assert writer.append_now(note()).seq == 1
    assert writer.trouble == ""
    filler = fill(small_disk)

    for _ in range(3):
        writer.append_now(note("x" * 5000))
    assert writer.append_now(FINISHED).seq == 5
    assert "no reserve" in writer.trouble
    assert not reserve.exists()
    assert seqs(small_disk) == [1, 2, 3, 4, 5]
    assert not pen.emergency_file(small_disk, "kim-1").exists()

    filler.unlink()
    assert writer.append_now(note()).seq == 6
    assert writer.trouble == ""
    assert reserve.exists()
    writer.close()
    assert not reserve.exists()
    assert verify(small_disk) == []


def test_when_not_a_byte_is_left_it_is_said_and_nothing_is_acknowledged(small_disk: Path) -> None:
    writer = Journal.open(small_disk, NAME, "kim-1")
    writer.append_now(note())
    filler = fill(small_disk)
    acknowledged = 1
    with pytest.raises(JournalTrouble, match="Nothing can be recorded"):
        for _ in range(500):
            writer.append_now(note("x" * 5000))
            acknowledged += 1
            filler = fill(small_disk)
    assert "Nothing can be recorded" in writer.trouble
    assert acknowledged > 1
    with pytest.raises(JournalTrouble):
        writer.append_now(note("x" * 5000))

    filler.unlink()
    assert writer.append_now(note()).seq == acknowledged + 1
    assert writer.trouble == ""
    writer.close()
    assert seqs(small_disk) == list(range(1, acknowledged + 2))
    assert verify(small_disk) == []


def test_on_a_full_disk_the_record_of_a_dead_room_is_read(small_disk: Path) -> None:
    writer = Journal.open(small_disk, NAME, "kim-1")
    for _ in range(3):
        writer.append_now(note())
    dead = small_disk.parent / "2026-11-24-0315-shop-0000" / "journal"
    dead.mkdir(parents=True)
    for name in ("kim-1.db", "kim-1.db-wal"):
        shutil.copyfile(small_disk / "journal" / name, dead / name)
    fill(small_disk)
    assert seqs(dead.parent) == [1, 2, 3]
    writer.close()


def test_a_full_disk_at_the_start_is_a_sentence(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(JournalTrouble, match="WARROOM_HOME"):
        Journal.open(small_disk, NAME, "kim-1")


# ── a journal that cannot grow ────────────────────────────────────────────────────────────────────


@pytest.fixture
def file_limit() -> Iterator[Callable[[int], None]]:
    """Sets how long any file of this process may become: beyond it the system refuses to write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size if size else soft, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


def test_a_journal_that_cannot_be_written_goes_on_in_the_emergency_file_and_comes_back(
    folder: Path, file_limit: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "TRY_AGAIN", 0.02)
    writer = Journal.open(folder, NAME, "kim-1")
    for _ in range(50):
        writer.append_now(note("x" * 500))
    emergency = pen.emergency_file(folder, "kim-1")

    file_limit(4096)
    for i in range(3):
        writer.append_now(note(f"emergency {i}"))
    assert "emergency-kim-1.jsonl" in writer.trouble
    assert len(emergency.read_bytes().splitlines()) == 3
    assert emergency.stat().st_mode & 0o777 == 0o600

    file_limit(0)
    until(lambda: writer.trouble == "")
    assert not emergency.exists()
    assert writer.append_now(note()).seq == 54
    writer.close()
    assert seqs(folder) == list(range(1, 55))
    assert verify(folder) == []


def test_a_seat_that_died_in_an_emergency_is_read_in_full(folder: Path, file_limit: Callable[[int], None]) -> None:
    writer = Journal.open(folder, NAME, "kim-1")
    writer.append_now(note())
    file_limit(4096)
    writer.append_now(FINISHED)
    # as after kill -9: nothing more is written by this seat, and another one opens
    file_limit(0)
    assert [event.body for event in read_incident(folder)] == [note(), FINISHED]
    other = Journal.open(folder, NAME, "lee-2")
    assert other.append_now(note()).lamport == 3
    other.close()
    writer.close()


# ── a commit that fails ───────────────────────────────────────────────────────────────────────────


class Failing:
    """Makes the next `times` commits report an error, before or after they reached the disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
        self.times = 0
        self.reopened = 0
        append, opened = StreamWriter.append, StreamWriter.__init__

        def failing(writer: StreamWriter, row: object) -> None:
            if self.times > 0:
                self.times -= 1
                if after:
                    append(writer, row)  # type: ignore[arg-type]
                raise sqlite3.OperationalError("disk I/O error")
            append(writer, row)  # type: ignore[arg-type]

        def counted(writer: StreamWriter, *args: object) -> None:
            self.reopened += 1
            opened(writer, *args)  # type: ignore[arg-type]

        monkeypatch.setattr(StreamWriter, "append", failing)
        monkeypatch.setattr(StreamWriter, "__init__", counted)


@pytest.mark.parametrize("after", [False, True])
def test_after_a_failed_commit_the_journal_is_opened_again_and_nothing_is_twice(
    folder: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    failing = Failing(monkeypatch, after=after)
    writer = Journal.open(folder, NAME, "kim-1")
    writer.append_now(note("one"))
    failing.times = 1
    assert writer.append_now(note("two")).seq == 2
    assert failing.reopened == 2
    assert writer.trouble == ""
    assert writer.append_now(note("three")).seq == 3
    writer.close()
    assert seqs(folder) == [1, 2, 3]
    assert verify(folder) == []


@pytest.mark.parametrize("after", [False, True])
def test_commits_that_go_on_failing_are_in_the_record_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    failing = Failing(monkeypatch, after=after)
    writer = Journal.open(folder, NAME, "kim-1")
    writer.append_now(note())
    failing.times = 4
    for _ in range(5):
        writer.append_now(note())
    assert seqs(folder) == list(range(1, 7))
    writer.append_now(note())
    assert writer.trouble == ""
    writer.close()
    assert seqs(folder) == list(range(1, 8))
    assert verify(folder) == []


def test_a_journal_that_ends_otherwise_than_it_was_written_is_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(monkeypatch, after=False)
    writer = Journal.open(folder, NAME, "kim-1")
    for text in ("one", "two"):
        writer.append_now(note(text))
    other = sqlite3.connect(folder / "journal/kim-1.db")
    with other:
        other.execute("update event set hash = zeroblob(32) where seq = 2")
    other.close()
    failing.times = 1
    assert writer.append_now(note("three")).seq == 3
    assert "does not end with what was written" in writer.trouble
    assert writer.append_now(note("four")).seq == 4
    writer.close()
    events, troubles = salvage(folder)
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert troubles == []
    assert any("event 2 is not as it was written" in problem for problem in verify(folder))


# ── a folder that cannot be written ───────────────────────────────────────────────────────────────


def test_a_record_on_a_read_only_mount_is_read_with_what_is_in_its_wal(small_disk: Path) -> None:
    writer = Journal.open(small_disk, NAME, "kim-1")
    for _ in range(3):
        writer.append_now(note())
    assert (small_disk / "journal/kim-1.db-wal").stat().st_size > 0
    frozen = small_disk.parent.parent / "frozen"
    frozen.mkdir()
    subprocess.run(["mount", "--bind", str(small_disk.parent), str(frozen)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(frozen)], check=True)
        assert seqs(frozen / NAME) == [1, 2, 3]
        assert verify(frozen / NAME) == []
        with pytest.raises(JournalTrouble):
            Journal.open(frozen / NAME, NAME, "lee-2")
    finally:
        subprocess.run(["umount", "-l", str(frozen)], check=True)
    writer.close()
