"""Which runbooks may run commands: those that a person trusted, by place and by content, and the shipped ones."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from runbook import books

FILE = "trusted.jsonl"
TEXTS = "trusted"


class TrustError(Exception):
    """The trust could not be written: what happened, where, what to do."""


def is_trusted(path: Path | str, sha256: str, home: Path) -> bool:
    """Whether this very content at this very place was trusted; a shipped book always is, unchanged."""
    if str(path).startswith(books.PREFIX):
        return _is_shipped(str(path), sha256)
    return (_place(path), sha256) in _entries(home / FILE)


def digest(source: str) -> str:
    """What a runbook's content is known by: the SHA-256 of its bytes. Raises OSError, KeyError for an unknown book."""
    raw = books.text(source).encode() if source.startswith(books.PREFIX) else Path(source).read_bytes()
    return hashlib.sha256(raw).hexdigest()


def trusted_before(path: Path | str, home: Path) -> str | None:
    """The content that was trusted last at this place, to be compared; None when there was none or it was not kept."""
    place = _place(path)
    known = [sha256 for name, sha256 in _entries(home / FILE) if name == place]
    for sha256 in reversed(known):
        with contextlib.suppress(OSError):
            return (home / TEXTS / sha256).read_text(encoding="utf-8", errors="replace")
    return None


def trust(path: Path | str, sha256: str, home: Path, text: str = "") -> None:
    """Let this content at this place run commands; `text` is kept for the day it changes. Raises TrustError."""
    if is_trusted(path, sha256, home):
        return
    if text:
        _keep_text(home / TEXTS, sha256, text)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    line = json.dumps({"path": _place(path), "sha256": sha256, "at": at}) + "\n"
    file = home / FILE
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(handle, 0o600)
            # A line that was cut off by a full disk must not swallow this one.
            end = os.fstat(handle).st_size
            torn = end and os.pread(handle, 1, end - 1) != b"\n"
            _write_all(handle, ("\n" + line if torn else line).encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise TrustError(
            f"{file} cannot be written: {error.strerror}. Nothing is trusted that was not before."
        ) from None


def _keep_text(folder: Path, sha256: str, text: str) -> None:
    """Beside the trust, not a part of it: without it a change is asked about all the same, but not shown."""
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / sha256, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "replace"))


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _place(path: Path | str) -> str:
    """The absolute path with links resolved, so that a link turned elsewhere is another place."""
    return str(Path(path).expanduser().resolve())


def _is_shipped(name: str, sha256: str) -> bool:
    try:
        return hashlib.sha256(books.text(name).encode()).hexdigest() == sha256
    except KeyError:
        return False


def _entries(file: Path) -> tuple[tuple[str, str], ...]:
    """What the file says; nothing when it is missing, or when anybody else could have written it."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return ()
    with os.fdopen(handle, "rb") as opened:
        status = os.fstat(opened.fileno())
        ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
        if not ours or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return ()
        return tuple(entry for line in opened if (entry := _entry(line)))


def _entry(line: bytes) -> tuple[str, str] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    path, sha256 = said.get("path"), said.get("sha256")
    return (path, sha256) if isinstance(path, str) and isinstance(sha256, str) else None
