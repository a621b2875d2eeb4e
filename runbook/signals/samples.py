"""Every sample of an incident, on disk: a file for each room that drives, written in small packed blocks.

A block is its length (4 bytes) and its newest time in ms since the epoch (8 bytes), big-endian, then zlib over
MessagePack: `[[signal, [ms since the sample before …], [value …], {position: why}] …]`. A block that a lost machine
left half-written is passed over when the file is read.
"""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from runbook.model import Seconds
from runbook.signals.series import Sample

FLUSH_EVERY: Seconds = 10
"""What a lost machine costs at most."""
LARGEST_BLOCK = 1 << 20
_HEAD = struct.Struct(">IQ")
_Column = tuple[str, list[int], list[float | str | None], dict[int, str]]


class SampleFile:
    """Writes what is kept to one file. A disk that is full costs samples, never the room: see `trouble`."""

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self.trouble = ""
        self._monotonic = monotonic
        self._flushed = monotonic()
        self._waiting: dict[str, list[Sample]] = {}

    def keep(self, signal: str, sample: Sample) -> None:
        self._waiting.setdefault(signal, []).append(sample)
        if self._monotonic() - self._flushed >= FLUSH_EVERY:
            self.flush()

    def flush(self) -> None:
        """Write what waits, as one block; what cannot be written is let go of."""
        self._flushed = self._monotonic()
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        newest = max(0, *(round(sample.at * 1000) for found in waiting.values() for sample in found))
        packed = zlib.compress(msgspec.msgpack.encode([_packed(name, found) for name, found in waiting.items()]))
        try:
            with self.path.open("ab") as file:
                file.write(_HEAD.pack(len(packed), newest) + packed)
            self.trouble = ""
        except OSError as trouble:
            self.trouble = f"The samples cannot be kept in {self.path}: {trouble.strerror}."


def recorded(folder: Path, since: float = 0) -> dict[str, list[Sample]]:
    """The samples in a folder's files, by signal, in the order of time; blocks that ended before `since` are left."""
    found: dict[str, list[Sample]] = {}
    for path in sorted(folder.glob("*.samples")):
        for name, samples in _read(path, round(since * 1000)):
            found.setdefault(name, []).extend(samples)
    for samples in found.values():
        samples.sort(key=lambda sample: sample.at)
    return found


def _packed(name: str, samples: list[Sample]) -> _Column:
    times, before = list[int](), 0
    for sample in samples:
        at = round(sample.at * 1000)
        times.append(at - before)
        before = at
    whys = {place: sample.why for place, sample in enumerate(samples) if sample.why}
    return name, times, [sample.value for sample in samples], whys


def _read(path: Path, since: int) -> Iterator[tuple[str, list[Sample]]]:
    try:
        data = path.read_bytes()
    except OSError:
        return
    start = 0
    while start + _HEAD.size <= len(data):
        length, newest = _HEAD.unpack_from(data, start)
        start += _HEAD.size
        if length > LARGEST_BLOCK or start + length > len(data):
            return
        block, start = data[start : start + length], start + length
        if newest < since:
            continue
        try:
            plain = zlib.decompressobj().decompress(block, LARGEST_BLOCK * 8)
            columns = msgspec.msgpack.decode(plain, type=list[_Column])
        except (zlib.error, msgspec.MsgspecError):
            continue
        for name, times, values, whys in columns:
            yield name, list(_unpacked(times, values, whys))


def _unpacked(times: list[int], values: list[float | str | None], whys: dict[int, str]) -> Iterator[Sample]:
    at = 0
    for place, (step, value) in enumerate(zip(times, values, strict=False)):
        at += step
        yield Sample(at / 1000, value, whys.get(place, ""))


def readings(folder: Path) -> dict[str, list[tuple[float, float | str | None]]]:
    """What a report is told of the samples: by signal, (Unix seconds, value or None for a hole)."""
    return {name: [(sample.at, sample.value) for sample in samples] for name, samples in recorded(folder).items()}
