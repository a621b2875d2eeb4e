"""The machine itself: terminal, tmux, git, SQLite, and the place where the record is kept."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from runbook.doctor.finding import Finding

LEAST_SIZE = (80, 24)
LEAST_FREE = 64 * 1024 * 1024
SLOW_FSYNC = 0.25
"""Seconds for one small durable write, above which every confirmation is felt."""
FIXED_SQLITE = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
"""Releases, each on its own line of development, without the WAL-reset bug (sqlite.org/wal.html)."""
LIMIT = 5


def terminal(environ: Mapping[str, str], size: tuple[int, int] | None) -> Iterator[Finding]:
    """`size` is columns and rows, None where standard output is no terminal."""
    if size is None:
        yield Finding("terminal", "a terminal", "amber", "the output goes elsewhere", "The room needs a terminal.")
    else:
        fits = size[0] >= LEAST_SIZE[0] and size[1] >= LEAST_SIZE[1]
        mend = "" if fits else f"Make it at least {LEAST_SIZE[0]}×{LEAST_SIZE[1]}."
        yield Finding("terminal", "size", "green" if fits else "red", f"{size[0]}×{size[1]}", mend)
    kind = environ.get("TERM", "")
    if kind in ("", "dumb"):
        yield Finding(
            "terminal", "kind", "red", f"TERM is {kind or 'not set'}", "Set TERM, for example xterm-256color."
        )
    else:
        full = environ.get("COLORTERM") in ("truecolor", "24bit")
        colours = "16 million" if full else "256" if "256" in kind else "few"
        yield Finding("terminal", "colours", "green", f"{colours} ({kind})")
    language = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if not re.search(r"utf-?8", language, re.I):
        said = f"the locale is {language or 'not set'}"
        yield Finding("terminal", "characters", "amber", said, "Set LC_ALL=C.UTF-8, or open the room with --ascii.")
    if shutil.which("tmux") is None:
        mend = "Install tmux: a dropped connection then leaves the room open."
        yield Finding("terminal", "tmux", "amber", "not installed", mend)
    elif not environ.get("TMUX"):
        mend = "Start the room inside tmux, so that it can be shared and survives a dropped connection."
        yield Finding("terminal", "tmux", "amber", "installed, but this is not inside it", mend)
    else:
        yield Finding("terminal", "tmux", "green", "inside it; copying goes to its buffer")


def programs() -> Iterator[Finding]:
    """What the room itself stands on."""
    if shutil.which("git") is None:
        yield Finding("machine", "git", "red", "not installed", "Install git.")
    else:
        asked = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False, timeout=LIMIT)
        yield Finding("machine", "git", "green", asked.stdout.strip().removeprefix("git version "))
    if shutil.which("bash") is None:
        yield Finding("machine", "bash", "red", "not installed", "Install bash: every command runs in it.")
    version = sqlite3.sqlite_version_info
    if has_wal_reset_bug(version):
        said = f"{sqlite3.sqlite_version}, with the WAL-reset bug; the record keeps clear of it (one writer a file)"
        yield Finding("machine", "SQLite", "green", said)
    else:
        yield Finding("machine", "SQLite", "green", sqlite3.sqlite_version)


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Whether two connections can lose a committed row while one of them resets the log."""
    if version < (3, 7, 0):
        return False
    return not any(version[:2] == fixed[:2] and version >= fixed for fixed in FIXED_SQLITE) and version < (3, 51, 3)


def record(home: Path) -> Iterator[Finding]:
    """Whether the journal can be kept there, and how fast."""
    place = next((folder for folder in (home, *home.parents) if folder.exists()), Path("/"))
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=place) as folder:
            began = time.monotonic()
            with (Path(folder) / "probe").open("wb") as file:
                file.write(b"probe")
                file.flush()
                os.fsync(file.fileno())
            took = time.monotonic() - began
    except OSError as trouble:
        mend = "Make it writable, or name another place with WARROOM_HOME."
        yield Finding("record", "its place", "red", f"{home} cannot be written: {trouble.strerror}", mend)
        return
    yield Finding("record", "its place", "green", str(home))
    slow = took > SLOW_FSYNC
    mend = "Each confirmation waits for one such write; a local disk is faster than a network one." if slow else ""
    yield Finding("record", "a durable write", "amber" if slow else "green", f"{took * 1000:.0f} ms", mend)
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE:
        yield Finding("record", "free space", "red", f"{free // 1024:,} KiB", "Free some: outputs are kept whole.")
    if _ends_at_logout():
        mend = "`loginctl enable-linger` keeps them; inside tmux on such a system nothing else does."
        yield Finding("record", "at logout", "amber", "systemd ends everything you started (KillUserProcesses)", mend)


def _ends_at_logout() -> bool:
    try:
        text = Path("/etc/systemd/logind.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return re.search(r"^\s*KillUserProcesses\s*=\s*(yes|true|1|on)\b", text, re.I | re.M) is not None
