"""Keeps files in the incident's folder: whole, never over another, never through a link."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from runbook.incident.events import File
from runbook.incident.stream import sync_folder

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,120}")


def save(folder: Path, name: str, files: Mapping[str, bytes]) -> tuple[File, ...]:
    """Keep several files together under `files/<name>/`; a taken name gets a number. Raises OSError, ValueError."""
    place, number = f"files/{name}", 1
    _checked(place)
    while os.path.lexists(folder / place):
        number += 1
        place = f"files/{name}-{number}"
    return tuple(store(folder, f"{place}/{file}", data) for file, data in files.items())


def store(folder: Path, relative: str, data: bytes) -> File:
    """Keep one file, readable by its owner alone; on the disk when this returns.

    Raises FileExistsError for a name that is taken, ValueError for one that leads out of the folder, and OSError.
    """
    path = folder.joinpath(*_checked(relative))
    _make_folders(folder, path.parent)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            with os.fdopen(file, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            # a rename replaces what has the name; this folder belongs to one user, and to one writer a name
            if os.path.lexists(path):
                raise FileExistsError(17, "A file of that name is kept already", str(path))
            part.rename(path)
        except BaseException:  # whatever ended it: half a file must not be taken for a kept one
            with suppress(OSError):
                part.unlink()
            raise
    finally:
        sync_folder(path.parent)
    return File(path=relative, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def _checked(relative: str) -> tuple[str, ...]:
    parts = PurePosixPath(relative).parts
    if not parts or not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f"{relative!r} cannot name a kept file: plain names below the incident's folder only")
    return parts


def _make_folders(folder: Path, wanted: Path) -> None:
    """Make what is missing between the two; refuse a link on the way."""
    here = folder
    for part in wanted.relative_to(folder).parts:
        here /= part
        if here.is_symlink():
            raise NotADirectoryError(20, "A link stands where a folder must be", str(here))
        if not here.exists():
            here.mkdir(mode=0o700)
            sync_folder(here.parent)
