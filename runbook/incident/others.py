"""What the other seats of an incident go on recording, read from their files without touching them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from runbook.incident.events import Event
from runbook.incident.pen import emergency_file, read_emergency
from runbook.incident.stream import JournalTrouble, event_of, read_stream

SETTLED = 1.0
"""Seconds after which two writes to one file cannot bear the same time any more."""

_Stamp = tuple[tuple[int, int], ...]


class OtherSeats:
    """Every stream of an incident's folder but one's own, each read on from where it was read last."""

    def __init__(
        self, folder: Path, seat: str, heard: Mapping[str, int], clock: Callable[[], float] = time.time
    ) -> None:
        """`heard` is the last event of each seat that is known already; `clock` tells the time that files bear."""
        self.trouble = ""
        """What of them cannot be read just now, as a sentence; empty when all can."""
        self._folder = folder
        self._seat = seat
        self._heard = dict(heard)
        self._clock = clock
        self._stamps: dict[str, _Stamp] = {}

    def news(self) -> list[Event]:
        """What they recorded since the last time, in the order of the room. Blocks; a file that rests is not opened."""
        found: list[Event] = []
        troubles: list[str] = []
        for seat in self._seats():
            files = self._files(seat)
            stamp = tuple(map(_stamp, files))
            if self._stamps.pop(seat, None) != stamp:
                try:
                    found += self._read(seat, *files[:2])
                except (JournalTrouble, OSError, ValueError) as trouble:
                    troubles.append(str(trouble))
                    continue
            if self._clock() - max(stamp)[0] / 1e9 > SETTLED:
                self._stamps[seat] = stamp
        self.trouble = " ".join(troubles)
        return sorted(found, key=lambda event: event.order)

    def _seats(self) -> list[str]:
        streams = {path.stem for path in (self._folder / "journal").glob("*.db")}
        emergencies = {path.stem.removeprefix("emergency-") for path in self._folder.glob("emergency-*.jsonl")}
        return sorted((streams | emergencies) - {self._seat})

    def _files(self, seat: str) -> tuple[Path, Path, Path]:
        stream = self._folder / "journal" / f"{seat}.db"
        return emergency_file(self._folder, seat), stream, stream.with_name(f"{seat}.db-wal")

    def _read(self, seat: str, emergency: Path, stream: Path) -> list[Event]:
        after = self._heard.get(seat, 0)
        # the emergency file first: what leaves it meanwhile is found in the journal, and nothing falls between
        lines = read_emergency(emergency).lines
        found = {line.seq: event_of(line.incident, line.seat, line.row) for line in lines if line.seq > after}
        if stream.exists():
            found |= {event.seq: event for event in read_stream(stream, after)}
        self._heard[seat] = max(found, default=after)
        return list(found.values())


def _stamp(path: Path) -> tuple[int, int]:
    """When a file was last written, and how long it is; a file that is not there has none of it."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
