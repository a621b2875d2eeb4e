"""One seat's stream: a SQLite file of its events, each carrying the hash of the one before it.

One connection writes and checkpoints; everybody else reads without touching it (SQLite before 3.51.3 can
lose committed rows when two connections checkpoint).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from runbook.incident.events import Event, Reading, decode_body

FORMAT = 1
SYNCHRONOUS = 2
"""FULL: a commit is on the disk when it returns."""
FIRST = bytes(32)
"""What the first event of a stream carries as the hash before it."""

_TABLES = (
    "create table if not exists stream (incident text not null, seat text not null, format integer not null)",
    "create table if not exists event (seq integer primary key, at text not null, lamport integer not null,"
    " readings text not null, body text not null, hash blob not null)",
)
_COLUMNS = "select seq, at, lamport, readings, body, hash from event"
_readings = msgspec.json.Decoder(tuple[Reading, ...])


class JournalTrouble(Exception):
    """The record cannot be written or read: what, where, and what to do, as a sentence."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """An event as it is stored. `readings` and `body` are JSON, `hash` covers all and the row before."""

    seq: int
    at: str
    lamport: int
    readings: bytes
    body: bytes
    hash: bytes


class Tail(msgspec.Struct, frozen=True):
    """The end of a stream."""

    seq: int = 0
    hash: bytes = FIRST
    lamport: int = 0


def chain(before: bytes, incident: str, seat: str, row: Row) -> bytes:
    """The hash that the row must carry after a row with the hash `before` (SHA-256)."""
    parts = (
        incident,
        seat,
        row.seq,
        row.at,
        row.lamport,
        hashlib.sha256(row.readings).hexdigest(),
        hashlib.sha256(row.body).hexdigest(),
    )
    return hashlib.sha256(before + msgspec.json.encode(parts)).digest()


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def event_of(incident: str, seat: str, row: Row) -> Event:
    """Raises ValueError when the row does not hold an event."""
    try:
        at = datetime.fromisoformat(row.at).astimezone(UTC)
        readings = _readings.decode(row.readings) if row.readings != b"[]" else ()
    except (ValueError, TypeError, OverflowError, msgspec.MsgspecError) as trouble:
        raise ValueError(f"event {row.seq} is unreadable ({trouble})") from trouble
    return Event(
        incident=incident,
        seat=seat,
        seq=row.seq,
        at=at,
        lamport=row.lamport,
        body=decode_body(row.body),
        readings=readings,
    )


# ── writing ───────────────────────────────────────────────────────────────────────────────────────


class StreamWriter:
    """The only connection that writes a stream. Every method may raise sqlite3.Error."""

    def __init__(self, path: Path, incident: str, seat: str) -> None:
        """Open or make the file. Raises JournalTrouble when it is not what a stream must be."""
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
            sync_folder(path.parent)
        # isolation_level None: transactions are begun and ended here, in so many words
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        try:
            self._prepare(path, incident, seat)
        except BaseException:  # whatever it was: the caller gets no object it could close
            self.close()
            raise

    def _prepare(self, path: Path, incident: str, seat: str) -> None:
        self._db.text_factory = bytes
        mode = self._db.execute("pragma journal_mode = wal").fetchone()[0]
        self._db.execute(f"pragma synchronous = {SYNCHRONOUS}")
        if (mode, self._db.execute("pragma synchronous").fetchone()[0]) != (b"wal", SYNCHRONOUS):
            raise JournalTrouble(
                f"{path} lies on a file system that cannot keep a safe journal. "
                "Name a place on a local disk with WARROOM_HOME."
            )
        self._db.execute("begin immediate")
        for table in _TABLES:
            self._db.execute(table)
        if self._db.execute("select count(*) from stream").fetchone() == (0,):
            self._db.execute("insert into stream values (?, ?, ?)", (incident, seat, FORMAT))
        self._db.execute("commit")
        whose = self._db.execute("select incident, seat, format from stream").fetchall()
        if whose != [(incident.encode(), seat.encode(), FORMAT)]:
            raise JournalTrouble(f"{path} is not the stream of seat {seat} in {incident}. It was left as it is.")

    def tail(self) -> Tail:
        last = self._db.execute("select seq, hash, lamport from event order by seq desc limit 1").fetchone()
        return Tail(int(last[0]), bytes(last[1]), int(last[2])) if last else Tail()

    def append(self, row: Row) -> None:
        """One transaction; when it returns, the row is on the disk."""
        self._db.execute("begin immediate")
        self._db.execute(
            "insert into event values (?, ?, ?, ?, ?, ?)",
            (row.seq, row.at, row.lamport, row.readings.decode(), row.body.decode(), row.hash),
        )
        self._db.execute("commit")

    def close(self) -> None:
        # an error here tells nothing that the next open and its look at the tail would not
        with suppress(sqlite3.Error):
            self._db.close()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ── reading ───────────────────────────────────────────────────────────────────────────────────────


class Stream(msgspec.Struct, frozen=True):
    """What a stream's file says: whose it is, and its rows in order."""

    incident: str = ""
    seat: str = ""
    rows: tuple[Row, ...] = ()


def read_rows(path: Path, after: int = 0) -> Stream:
    """The rows with `seq` above `after`. Raises JournalTrouble when the file cannot be read."""
    try:
        with _reader(path) as db:
            tables = {str(name, "utf-8", "replace") for (name,) in db.execute("select name from sqlite_master")}
            if not tables:
                return Stream()  # made, and the power failed before its first transaction
            whose = db.execute("select incident, seat, format from stream").fetchone()
            if whose is None:
                raise sqlite3.DatabaseError("it does not say whose it is")
            incident, seat, written = whose
            if written != FORMAT:
                raise JournalTrouble(f"{path} was written by another version of warroom (format {written}).")
            found = db.execute(f"{_COLUMNS} where seq > ? order by seq", (after,)).fetchall()
        # SQLite columns hold any type: a changed file must not reach further than here
        rows = msgspec.convert([(s, str(at, "ascii", "replace"), *rest) for s, at, *rest in found], tuple[Row, ...])
    except (sqlite3.Error, OSError, msgspec.MsgspecError, TypeError, ValueError) as trouble:
        raise JournalTrouble(
            f"The record of seat {path.stem} cannot be read ({trouble}). It is kept as it is: {path}"
        ) from trouble
    return Stream(str(incident, "utf-8", "replace"), str(seat, "utf-8", "replace"), rows)


def read_stream(path: Path, after: int = 0) -> list[Event]:
    """The events of one seat with `seq` above `after`, in its order. Raises JournalTrouble."""
    stream = read_rows(path, after)
    try:
        return [event_of(stream.incident, stream.seat, row) for row in stream.rows]
    except ValueError as trouble:
        raise JournalTrouble(f"In the record of seat {path.stem}, {trouble}. It is kept as it is: {path}") from trouble


def last_lamport(path: Path) -> int:
    """The highest place in the order of the room that a stream holds; 0 when it cannot be told."""
    try:
        with _reader(path) as db:
            return int(db.execute("select coalesce(max(lamport), 0) from event").fetchone()[0])
    except (sqlite3.Error, OSError, TypeError, ValueError):
        return 0


@contextmanager
def _reader(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads; from a copy where SQLite cannot keep its index beside the file.

    That is so on a read-only mount, and on a full disk when no other room has the file open.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} is not there")
    try:
        if not os.access(path.parent, os.W_OK):
            raise sqlite3.OperationalError("the folder is read-only")
        db = _connected(path)
    except sqlite3.OperationalError:
        with tempfile.TemporaryDirectory(prefix="warroom-") as copies:
            for suffix in ("", "-wal"):
                original = path.with_name(path.name + suffix)
                if original.exists():
                    shutil.copyfile(original, Path(copies) / original.name)
            with closing(_connected(Path(copies) / path.name)) as db:
                yield db
    else:
        with closing(db):
            yield db


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, timeout=5)
    try:
        db.text_factory = bytes
        db.execute("pragma wal_autocheckpoint = 0")
        db.execute("select count(*) from sqlite_master").fetchone()
    except BaseException:  # the same: an open connection would hold the file
        db.close()
        raise
    return db
