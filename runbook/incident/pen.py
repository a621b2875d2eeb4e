"""Writes one seat's events where they can be written: the journal, or an emergency file until it works again.

Belongs to one thread. Nothing here is acknowledged before it is on the disk.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import msgspec

from runbook.incident.stream import JournalTrouble, Row, StreamWriter, Tail, chain, sync_folder

RESERVE = 1 << 20
"""Bytes kept aside, to be given up when the disk is full: room for some 200 events."""
ROOMY = 4 * RESERVE
"""Free bytes above which the reserve is put aside again; less would only take back what it gave."""


class EmergencyLine(msgspec.Struct, frozen=True):
    """A row as a line of JSON, in `emergency-<seat>.jsonl` in the incident's folder."""

    incident: str
    seat: str
    seq: int
    at: str
    lamport: int
    readings: msgspec.Raw
    body: msgspec.Raw
    hash: str

    @property
    def row(self) -> Row:
        """Raises ValueError when the hash is none."""
        return Row(self.seq, self.at, self.lamport, bytes(self.readings), bytes(self.body), bytes.fromhex(self.hash))


class Emergency(msgspec.Struct, frozen=True):
    """What an emergency file holds."""

    lines: tuple[EmergencyLine, ...] = ()
    size: int = 0
    """Bytes up to the end of the last whole line; what follows was never acknowledged."""
    damaged: bool = False
    """Whether something before that end cannot be read: it was acknowledged, and is lost."""


_line = msgspec.json.Decoder(EmergencyLine)


def emergency_file(folder: Path, seat: str) -> Path:
    return folder / f"emergency-{seat}.jsonl"


def read_emergency(path: Path) -> Emergency:
    """Raises OSError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Emergency()
    lines: list[EmergencyLine] = []
    at = end = read = 0
    for raw in data.splitlines(keepends=True):
        at += len(raw)
        try:
            line = _line.decode(raw)
            bytes.fromhex(line.hash)
        except (msgspec.MsgspecError, ValueError):
            continue
        if raw.endswith(b"\n"):
            lines.append(line)
            end, read = at, read + len(raw)
    return Emergency(tuple(lines), end, damaged=read < end)


class Pen:
    """The end of one seat's stream, and the ways to make it longer."""

    def __init__(self, folder: Path, incident: str, seat: str) -> None:
        """Raises JournalTrouble when there is no writing here at all."""
        self.trouble = ""
        """What is wrong with writing, as a sentence; empty when all is well."""
        self._folder = folder
        self._incident = incident
        self._seat = seat
        self._path = folder / "journal" / f"{seat}.db"
        self._reserve = folder / "journal" / f"{seat}.reserve"
        self._emergency = emergency_file(folder, seat)
        self._waiting: list[Row] = []
        """Rows that are in the emergency file and not in the journal."""
        self._in_doubt: Row | None = None
        """A row that was refused although its commit may have reached the disk after all."""
        self._forked = False
        try:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._stream: StreamWriter | None = StreamWriter(self._path, incident, seat)
            self.tail = self._stream.tail()
            found = read_emergency(self._emergency)
        except (sqlite3.Error, OSError) as trouble:
            raise JournalTrouble(
                f"The journal {self._path} cannot be opened: {trouble}. "
                "Mend that (a full disk, rights), or name another place with WARROOM_HOME."
            ) from trouble
        self._emergency_size = found.size
        self._keep_reserve(least=RESERVE)
        if found.lines:
            self._waiting = [line.row for line in found.lines]
            self.tail = _tail_of(self._waiting[-1])
            self.mend()

    @property
    def mending(self) -> bool:
        """Whether there is something to try again when nothing else happens."""
        return bool(self.trouble) and not self._forked

    def write(self, at: str, lamport: int, readings: bytes, body: bytes) -> Row:
        """Put one event on the disk. Raises JournalTrouble, with nothing acknowledged, when nothing can be written."""
        if self.trouble:
            self.mend()
        row = Row(self.tail.seq + 1, at, lamport, readings, body, b"")
        row = msgspec.structs.replace(row, hash=chain(self.tail.hash, self._incident, self._seat, row))
        if self._waiting or not self._commit(row):
            self._write_emergency(row)
        self.tail = _tail_of(row)
        return row

    # ── the journal ───────────────────────────────────────────────────────────────────────────────

    def _commit(self, row: Row) -> bool:
        """Whether the row is in the journal. After a failure: close, open again, read the tail, compare, once more."""
        if self._stream is None:
            return False
        try:
            self._stream.append(row)
        except sqlite3.Error:
            self._drop_stream()
            self._give_up_reserve()
        else:
            return True
        try:
            self._stream = StreamWriter(self._path, self._incident, self._seat)
            tail = self._stream.tail()
            if tail.hash not in (row.hash, self.tail.hash):
                self._fork(tail)
                return False
            if tail.hash == self.tail.hash:
                self._stream.append(row)
        except (sqlite3.Error, OSError, JournalTrouble) as trouble:
            self._drop_stream()
            self._in_emergency(str(trouble))
            return False
        self._keep_reserve(least=ROOMY)
        return True

    def _drop_stream(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = None

    def _fork(self, tail: Tail) -> None:
        self._forked = True
        self._drop_stream()
        self.trouble = (
            f"The journal does not end with what was written to it ({self._path.name}: event {tail.seq}). "
            f"It is left as it is; the record goes on in {self._emergency.name}."
        )

    # ── the emergency file ────────────────────────────────────────────────────────────────────────

    def _in_emergency(self, why: str) -> None:
        self.trouble = (
            f"The journal cannot be written ({why}). The record goes on in {self._emergency.name}; "
            f"free space or mend {self._path.parent}."
        )

    def _write_emergency(self, row: Row) -> None:
        line = EmergencyLine(
            self._incident,
            self._seat,
            row.seq,
            row.at,
            row.lamport,
            msgspec.Raw(row.readings),
            msgspec.Raw(row.body),
            row.hash.hex(),
        )
        data = msgspec.json.encode(line) + b"\n"
        try:
            file = os.open(self._emergency, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                # a line that failed half-way is overwritten, never followed
                os.ftruncate(file, self._emergency_size)
                if os.pwrite(file, data, self._emergency_size) != len(data):
                    raise OSError("only a part of the event could be written")
                os.fsync(file)
            finally:
                os.close(file)
            if not self._emergency_size:
                sync_folder(self._folder)
        except OSError as trouble:
            self._in_doubt = row if not self._waiting else None
            self.trouble = (
                f"Nothing can be recorded: neither the journal nor {self._emergency.name} can be written "
                f"({trouble.strerror or trouble}). Free space in {self._folder}."
            )
            raise JournalTrouble(self.trouble) from trouble
        self._emergency_size += len(data)
        self._waiting.append(row)

    def mend(self) -> None:
        """Try to bring everything back into the journal, in order; says in `trouble` how that went."""
        if self._forked:
            return
        try:
            if self._stream is None:
                self._stream = StreamWriter(self._path, self._incident, self._seat)
            tail = self._stream.tail()
            missing = self._missing(tail)
            if missing is None:
                self._fork(tail)
                return
            for row in missing:
                self._stream.append(row)
            if self._waiting or self._emergency_size:
                self._emergency.unlink(missing_ok=True)
                sync_folder(self._folder)
        except (sqlite3.Error, OSError, JournalTrouble) as trouble:
            self._drop_stream()
            self._in_emergency(str(trouble))
            return
        self._waiting, self._emergency_size, self._in_doubt = [], 0, None
        if self._keep_reserve(least=ROOMY):
            self.trouble = ""

    def _missing(self, tail: Tail) -> list[Row] | None:
        """The waiting rows that a journal ending with `tail` lacks; None when they do not belong after it."""
        if not self._waiting:
            if self._in_doubt is not None and tail.hash == self._in_doubt.hash:
                self.tail = tail  # refused, and on the disk all the same: the record keeps it
            return [] if tail.hash == self.tail.hash else None
        for place, row in enumerate(self._waiting):
            if row.hash == tail.hash:
                return self._waiting[place + 1 :]
        first = self._waiting[0]
        follows = first.seq == tail.seq + 1 and chain(tail.hash, self._incident, self._seat, first) == first.hash
        return self._waiting if follows else None

    # ── the reserve ───────────────────────────────────────────────────────────────────────────────

    def _give_up_reserve(self) -> None:
        with suppress(OSError):
            self._reserve.unlink(missing_ok=True)

    def _keep_reserve(self, least: int) -> bool:
        """Put bytes aside for a full disk when `least` are free. Says in `trouble` when there are none to spare."""
        try:
            if self._reserve.exists() and self._reserve.stat().st_size == RESERVE:
                return True
            room = os.statvfs(self._path.parent)
            if room.f_bavail * room.f_frsize < least:
                raise OSError("no space to put aside")
            file = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(file, 0, RESERVE)
            finally:
                os.close(file)
        except OSError as trouble:
            self._give_up_reserve()
            self.trouble = (
                f"The record is written, with no reserve for a full disk ({trouble.strerror or trouble}). "
                f"Free space in {self._folder}."
            )
            return False
        return True

    def close(self) -> None:
        self._drop_stream()
        self._give_up_reserve()


def _tail_of(row: Row) -> Tail:
    return Tail(row.seq, row.hash, row.lamport)
