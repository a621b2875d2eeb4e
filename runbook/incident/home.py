"""Where incidents live on this machine, what their folders look like, and who drives one."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import os
import re
import secrets
import socket
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from runbook.incident.stream import JournalTrouble, sync_folder
from runbook.model import Record

SAMPLES = "samples"
ROOMS = ("journal", "runs", "files", "sessions", SAMPLES)
"""What every incident's folder holds from the start; `clean-room` is made by the provider that needs it."""

_NAME = re.compile(r"\d{4}-\d{2}-\d{2}-\d{4}-[a-z0-9-]+")
_wheels: dict[Path, int] = {}
"""Descriptors of the driver locks that this process holds; the system lets go of them if it dies."""


class Holder(Record, frozen=True):
    """Who drives an incident."""

    user: str
    host: str
    pid: int


def home() -> Path:
    """The folder of everything warroom keeps: `WARROOM_HOME`, else `warroom` in the XDG state directory.

    Raises JournalTrouble where neither leads anywhere: a user without a home.
    """
    state = os.environ.get("XDG_STATE_HOME", "")
    try:
        if named := os.environ.get("WARROOM_HOME"):
            return Path(named).expanduser().absolute()
        # the XDG specification: a relative path is to be ignored
        return (Path(state) if state.startswith("/") else Path.home() / ".local/state") / "warroom"
    except RuntimeError as trouble:
        raise JournalTrouble(
            "There is no place for the record: this user has no home directory. Name one with WARROOM_HOME."
        ) from trouble


def new_incident(service: str, now: datetime) -> Path:
    """A new incident's folder, readable by its owner alone. Raises JournalTrouble when it cannot be made."""
    kept = home() / "incidents"
    name = incident_id(service, now)
    try:
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept.mkdir(mode=0o700, exist_ok=True)
        folder = kept / name
        folder.mkdir(mode=0o700)
        for room in ROOMS:
            (folder / room).mkdir(mode=0o700)
        for changed in (folder, kept, kept.parent):
            sync_folder(changed)
    except OSError as trouble:
        raise JournalTrouble(
            f"No folder for the incident could be made in {kept}: {trouble.strerror}. "
            "Mend that, or name another place with WARROOM_HOME."
        ) from trouble
    return folder


def incident_id(service: str, now: datetime) -> str:
    """A name that sorts by time and can be said aloud: `2026-11-24-0314-shop-web-7f3a`."""
    slug = re.sub(r"[^a-z0-9]+", "-", service.lower()).strip("-")[:24].rstrip("-") or "incident"
    return f"{now.astimezone(UTC):%Y-%m-%d-%H%M}-{slug}-{secrets.token_hex(2)}"


def list_incidents() -> tuple[Path, ...]:
    """The folders of all incidents, newest first; what is in them is not looked at.

    Raises JournalTrouble when the place exists and cannot be read.
    """
    kept = home() / "incidents"
    try:
        with os.scandir(kept) as entries:
            names = [e.name for e in entries if _NAME.fullmatch(e.name) and e.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return ()
    except OSError as trouble:
        raise JournalTrouble(f"The incidents in {kept} cannot be listed: {trouble.strerror}.") from trouble
    return tuple(kept / name for name in sorted(names, reverse=True))


def find_incident(name: str) -> Path | None:
    """The incident of that name, or the only one whose name begins or ends with it."""
    found = _named(name)
    return found[0] if len(found) == 1 else None


def not_one(name: str) -> str:
    """Why `find_incident` found none, in a sentence."""
    found = _named(name)
    if not found:
        return f"There is no incident named {name!r}."
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"{name!r} fits {len(found)} incidents: {', '.join(folder.name for folder in found[:_NAMED])}{more}."


_NAMED = 3
"""So many incidents of the same beginning are named; more are counted."""


def _named(name: str) -> list[Path]:
    folders = list_incidents()
    exact = [folder for folder in folders if folder.name == name]
    close = [folder for folder in folders if name and (folder.name.startswith(name) or folder.name.endswith(name))]
    return exact or close


# ── who drives ────────────────────────────────────────────────────────────────────────────────────


def runbook_copy(folder: Path) -> Path:
    """The copy of the runbook that an incident keeps, in whichever form it was opened."""
    endings = (".yaml", ".md", ".markdown", ".mdx")
    copies = [folder / "files" / f"runbook{ending}" for ending in endings]
    return next((copy for copy in copies if copy.is_file()), copies[0])


def take_wheel(folder: Path) -> bool:
    """Become the one who drives this incident; False when another room does (then this one watches).

    Held until `leave_wheel` or the end of the process, however it ends. Raises JournalTrouble when
    the lock cannot be tried at all.
    """
    path = folder / "driver.lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
    except OSError as trouble:
        raise JournalTrouble(f"Who drives cannot be settled: {path}: {trouble.strerror}.") from trouble
    _wheels[folder] = lock
    # the lock counts, the words in it are for people: a full disk must not stop the driver here
    with contextlib.suppress(OSError):
        words = msgspec.json.encode(Holder(user=user_name(), host=socket.gethostname(), pid=os.getpid()))
        os.ftruncate(lock, 0)
        os.pwrite(lock, words, 0)
    return True


def leave_wheel(folder: Path) -> None:
    """Let another room drive; nothing happens when this process did not."""
    if (lock := _wheels.pop(folder, None)) is not None:
        os.close(lock)


def holder(folder: Path) -> Holder | None:
    """Who drives this incident on this machine; None when nobody does or it cannot be told."""
    try:
        lock = os.open(folder / "driver.lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        try:
            return msgspec.json.decode(os.pread(lock, 4096, 0), type=Holder)
        except msgspec.MsgspecError:
            return None
    except OSError:
        return None
    else:
        return None
    finally:
        os.close(lock)


def new_seat() -> str:
    """A name for a room of this process, that a file can have whatever the user is called."""
    user = re.sub(r"[^A-Za-z0-9._@+-]+", "_", user_name())[:64].lstrip(".@+-")
    return f"{user or 'user'}-{os.getpid()}-{secrets.token_hex(2)}"


def user_name() -> str:
    """The name of whoever runs this process; `uid1000` where the system has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid{os.getuid()}"
