"""What became of a log's earlier files: those that came and went between two looks, and copies before a truncation."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from runbook.logs.index import OpenFile

_PACKED = (".gz", ".zst", ".bz2", ".xz", ".lz4")
_COUNTED = 10_000
"""`app.log.2` is older than `app.log.1`; a larger number is a date, and a later one is younger."""

Identity = tuple[int, int]


class Sibling(NamedTuple):
    """A rotated file, open, with its name and what it is."""

    name: str
    identity: Identity
    file: OpenFile


class Siblings:
    """The rotated files beside a log, by the names that logrotate and its like give, also
    of the file that a link leads to; knows which of them are new."""

    def __init__(self, path: Path) -> None:
        real = Path(os.path.realpath(path))
        self._places = [(place, _names(place)) for place in dict.fromkeys((path.absolute(), real))]
        self._known = {identity for _, _, identity in self.there()}

    def new(self, current: Identity, *, older: bool) -> list[Sibling]:
        """Those never told before that stand before (or behind) the file `current`, oldest first.

        While `current` is at the log's own name, all are before it; when it was removed, all are behind it.
        """
        there = sorted(self.there())
        place = next((age for age, _, identity in there if identity == current), None)
        if place is None and older != (_identity(self._places[0][0]) == current):
            return []
        fresh = []
        for age, path, identity in there:
            if identity in self._known or identity == current or (place is not None and (age < place) != older):
                continue
            self._known.add(identity)
            if file := _opened(path, identity):
                fresh.append(Sibling(path.name, identity, file))
        return fresh

    def there(self, *, packed: bool = False) -> Iterator[tuple[tuple[int, int], Path, Identity]]:
        for place, names in self._places:
            with suppress(OSError), os.scandir(place.parent) as entries:
                for entry in entries:
                    is_packed = entry.name.endswith(_PACKED)
                    found = names.match(entry.name.rpartition(".")[0] if is_packed else entry.name)
                    if found and entry.name != place.name and (packed or not is_packed):
                        with suppress(OSError):
                            about = entry.stat()
                            number = int(found[1])
                            age = (-number, 0) if number < _COUNTED else (0, about.st_mtime_ns)
                            yield age, Path(entry.path), (about.st_dev, about.st_ino)


def rotated(path: Path) -> list[tuple[Path, Identity]]:
    """All rotated files of a log, packed ones too, oldest first."""
    found = {identity: place for _, place, identity in sorted(Siblings(path).there(packed=True))}
    return [(place, identity) for identity, place in found.items()]


def _identity(path: Path) -> Identity | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _names(path: Path) -> re.Pattern[str]:
    """What a rotated file is called: `app.log.1`, `app.log-20261126`, `app-2026-11-26.log`."""
    stem, suffix = re.escape(path.stem), re.escape(path.suffix)
    return re.compile(rf"(?:{re.escape(path.name)}[.-]|{stem}[._-](?=\d[\d._T-]*{suffix}$))(\d+)")


def _opened(path: Path, identity: Identity) -> OpenFile | None:
    try:
        file = OpenFile(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return None
    found = os.fstat(file.fd)
    return file if stat.S_ISREG(found.st_mode) and (found.st_dev, found.st_ino) == identity else None
