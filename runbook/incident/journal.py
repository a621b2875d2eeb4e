"""The journal: what happened, on the disk before anybody is told that it happened.

One thread writes, one event is one transaction, and `append` returns after the commit.
"""

from __future__ import annotations

import asyncio
import math
import queue
import re
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from runbook.incident.events import (
    Event,
    Known,
    Reading,
    Unknown,
    encode_body,
)
from runbook.incident.pen import Pen, read_emergency
from runbook.incident.stream import (
    JournalTrouble,
    Stream,
    event_of,
    last_lamport,
    read_rows,
    read_stream,
    stamp,
)

__all__ = ["Journal", "JournalTrouble", "read_incident", "read_stream", "salvage"]

TRY_AGAIN = 5.0
"""Seconds after which a journal in trouble is tried again without being asked."""
_SEAT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,120}")
_WHOLE = range(-(2**63), 2**63)


class _Task(msgspec.Struct, frozen=True):
    """An event on its way to the disk."""

    at: datetime
    body: Known
    readings: tuple[Reading, ...]
    written: Future[Event]


def _now() -> datetime:
    return datetime.now(UTC)


class Journal:
    """One seat's stream of one incident, open for writing."""

    def __init__(self, pen: Pen, incident: str, seat: str, clock: Callable[[], datetime], lamport: int) -> None:
        self._pen = pen
        self._incident = incident
        self.seat = seat
        self._clock = clock
        self._lamport = lamport
        self._seen = threading.Lock()
        self._gate = threading.Lock()
        self._closed = False
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, folder: Path, incident: str, seat: str, clock: Callable[[], datetime] = _now) -> Journal:
        """Open or make the seat's stream in the incident's folder, after everything recorded there so far.

        `clock` gives aware datetimes. Raises JournalTrouble, and ValueError for a seat that cannot name a file.
        """
        if not _SEAT.fullmatch(seat):
            raise ValueError(f"{seat!r} cannot name a seat: letters, digits and ._@+- only")
        pen = Pen(folder, incident, seat)
        seen = [pen.tail.lamport, *map(last_lamport, streams(folder))]
        for path in emergency_files(folder):
            with suppress(OSError):  # said by everybody who reads the incident
                seen += [line.lamport for line in read_emergency(path).lines]
        return cls(pen, incident, seat, clock, max(seen))

    @property
    def trouble(self) -> str:
        """What is wrong with the record, as a sentence with the mend; empty when all is well."""
        return self._pen.trouble

    @property
    def closed(self) -> bool:
        """Whether the room is left: nothing is recorded from here any more."""
        return self._closed

    def observe(self, lamport: int) -> None:
        """Take note of another seat's event: what is written from now on comes after it."""
        with self._seen:
            self._lamport = max(self._lamport, lamport)

    async def append(self, body: Known, readings: Iterable[Reading] = ()) -> Event:
        """Record an event; returns when it is on the disk. Order of calls is order of events.

        Written even when the caller is cancelled meanwhile. Raises ValueError, with nothing written, for
        what JSON cannot keep; JournalTrouble when neither journal nor emergency file can be written.
        """
        return await asyncio.wrap_future(self._put(body, readings))

    def append_now(self, body: Known, readings: Iterable[Reading] = ()) -> Event:
        """Like `append`, for where no loop runs; blocks until the event is on the disk."""
        return self._put(body, readings).result()

    def close(self) -> None:
        """Write what is queued, then end. Twice is once."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _put(self, body: Known, readings: Iterable[Reading]) -> Future[Event]:
        task = _Task(self._clock(), storable(body), tuple(map(_storable_reading, readings)), Future())
        task.written.set_running_or_notify_cancel()  # from here on nobody can take it back
        with self._gate:
            if self._closed:
                raise JournalTrouble("The journal is closed; nothing more can be recorded from this room.")
            self._queue.put(task)
        return task.written

    # ── the writer thread ─────────────────────────────────────────────────────────────────────────

    def _write_all(self) -> None:
        while True:
            try:
                task = self._queue.get(timeout=TRY_AGAIN if self._pen.mending else None)
            except queue.Empty:
                self._pen.mend()
                continue
            if task is None:
                self._pen.close()
                return
            try:
                event = self._write(task)
            # whatever goes wrong with one event is told to whoever asked for it; the thread must live on
            except Exception as trouble:
                task.written.set_exception(trouble)
            else:
                task.written.set_result(event)

    def _write(self, task: _Task) -> Event:
        with self._seen:
            lamport = self._lamport + 1
        row = self._pen.write(stamp(task.at), lamport, msgspec.json.encode(task.readings), encode_body(task.body))
        self.observe(lamport)
        return Event(
            incident=self._incident,
            seat=self.seat,
            seq=row.seq,
            at=task.at.astimezone(UTC),
            lamport=lamport,
            body=task.body,
            readings=task.readings,
        )


# ── what can be stored ────────────────────────────────────────────────────────────────────────────


def storable(body: Known) -> Known:
    """The body as it will be read back: lone surrogates replaced. Raises ValueError for what JSON cannot keep."""
    if isinstance(body, Unknown):
        raise ValueError(f"a room writes only what it knows, not {body.kind!r}")  # noqa: TRY004
    try:
        return msgspec.convert(_plain(msgspec.to_builtins(body)), type(body))
    except msgspec.ValidationError as trouble:
        raise ValueError(f"{type(body).__name__}: {trouble}") from trouble


def _storable_reading(reading: Reading) -> Reading:
    """A reading that is no number is a hole: it must not stop the event it stands beside."""
    value = reading.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            return Reading(_whole_text(reading.signal), None, _whole_text(reading.why) or "not a number")
    elif isinstance(value, str):
        value = _whole_text(value)
    return Reading(_whole_text(reading.signal), value, _whole_text(reading.why))


def _plain(value: object) -> object:
    if isinstance(value, str):
        return _whole_text(value)
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, int) and value not in _WHOLE:
        raise ValueError(f"{str(value)[:24]}… does not fit in 64 bit")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a number that a record can keep")
    return value


def _whole_text(text: str) -> str:
    """Text that UTF-8 can hold: halves of a surrogate pair are joined, lone ones become U+FFFD."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# ── reading ───────────────────────────────────────────────────────────────────────────────────────


def read_incident(folder: Path) -> list[Event]:
    """Every event of every seat in the order of the room, emergency lines included; empty for a new folder.

    Raises JournalTrouble when any of it cannot be read; `salvage` gives what can.
    """
    events, troubles = salvage(folder)
    if troubles:
        raise JournalTrouble(" ".join(troubles))
    return events


def salvage(folder: Path) -> tuple[list[Event], list[str]]:
    """All events that can be read, in the order of the room, and a sentence for each thing that cannot."""
    if not folder.is_dir():
        return [], [f"There is no incident in {folder}."]
    found: list[Event] = []
    troubles: list[str] = []
    in_emergency: set[tuple[str, int]] = set()
    for path in emergency_files(folder):
        try:
            kept = read_emergency(path)
            if kept.damaged:
                troubles.append(
                    f"A part of {path} cannot be read: events between others are lost. It is kept as it is."
                )
            found += [event_of(line.incident, line.seat, line.row) for line in kept.lines]
            in_emergency.update((line.seat, line.seq) for line in kept.lines)
        except (OSError, ValueError) as trouble:
            troubles.append(f"{path} cannot be read in full: {trouble}.")
    for path in streams(folder):
        stream = read_or_say(path, troubles)
        for row in stream.rows:
            if (stream.seat, row.seq) in in_emergency:
                continue  # the same event; or one that nobody was told of, in whose place the other was
            try:
                found.append(event_of(stream.incident, stream.seat, row))
            except ValueError as trouble:
                troubles.append(f"In the record of seat {path.stem}, {trouble}. It is kept as it is: {path}")
    found.sort(key=lambda event: event.order)
    return found, troubles


def streams(folder: Path) -> list[Path]:
    """The files of the seats' records."""
    return sorted((folder / "journal").glob("*.db"))


def emergency_files(folder: Path) -> list[Path]:
    """Where seats wrote on while their journal took nothing."""
    return sorted(folder.glob("emergency-*.jsonl"))


def read_or_say(path: Path, troubles: list[str]) -> Stream:
    """The rows of a seat's record; one that cannot be read is empty, and a sentence is added to the troubles."""
    try:
        return read_rows(path)
    except JournalTrouble as trouble:
        troubles.append(str(trouble))
        return Stream()
