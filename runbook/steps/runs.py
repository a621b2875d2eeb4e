"""The room's side of a run: start its keeper, look how it stands, read its output, stop it.

Everything is asked of the run's folder and the process table, never remembered: a room that was killed
and started again sees the same.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from runbook.model import Record, Seconds
from runbook.steps import keeper, session

How = Literal["interrupt", "terminate", "kill"]
SIGNALS: dict[How, signal.Signals] = {
    "interrupt": signal.SIGINT,
    "terminate": signal.SIGTERM,
    "kill": signal.SIGKILL,
}


class RunSpec(Record, frozen=True):
    """One run: what bash gets, where, and in which environment (complete; nothing else is inherited)."""

    folder: Path
    text: str
    session: Path
    cwd: Path
    env: Mapping[str, str]
    timeout: Seconds | None = None
    """Only for reads: a change is never stopped by a clock."""
    terminal: bool = False
    """It gets the room's own terminal, once the screen has stepped back: see `Console`."""


class NotStarted(Record, frozen=True, tag=True):
    """The command certainly never ran."""


class Alive(Record, frozen=True, tag=True):
    """It runs. `pid` leads its process group; it is 0 in the instant before the command has one."""

    pid: int
    started: datetime


class Exited(Record, frozen=True, tag=True):
    """It ended, and its keeper wrote down how. After a signal, `exit` is 128 + its number."""

    exit: int
    duration: Seconds
    at: datetime
    timed_out: bool = False
    signal: int = 0


class Lost(Record, frozen=True, tag=True):
    """It was started, and how it ended cannot be known: a person must look and say."""

    why: str


Outcome = NotStarted | Alive | Exited | Lost
Ended = NotStarted | Exited | Lost


class _Intent(Record, frozen=True):
    argv: list[str]
    cwd: str
    timeout: float | None
    terminal: bool = False


class _Child(msgspec.Struct, frozen=True):
    keeper: int
    boot: str
    at: float
    start: str = ""
    pid: int = 0


class _Exit(msgspec.Struct, frozen=True):
    exit: int
    signal: int
    timed_out: bool
    duration: float
    at: float


_keepers: list[subprocess.Popen[bytes]] = []
"""Keepers that this process started: kept only to be reaped, never asked."""


class Console:
    """A keeper that waits to be given the terminal."""

    def __init__(self, process: subprocess.Popen[bytes], go: int) -> None:
        self.pid = process.pid
        self._process, self._go = process, go

    def attend(self) -> None:
        """Let the command have the terminal; comes back when it is over. Only with the screen out of the way."""
        os.write(self._go, b"!")
        while self._process.returncode is None:
            with suppress(KeyboardInterrupt):  # meant for the command, in the instant before its keeper had the keys
                self._process.wait()

    def close(self) -> None:
        """Without `attend` before it, nothing ever runs."""
        os.close(self._go)


def open_console(run: RunSpec) -> Console:
    """Start a keeper that waits for the terminal. Raises as `start` does."""
    held, go = os.pipe()
    try:
        return Console(_start(run, held), go)
    except BaseException:  # whatever ended it: no Console holds the pipe, so nothing else would close it
        os.close(go)
        raise
    finally:
        os.close(held)


def start(run: RunSpec) -> int:
    """Start a run's keeper and return its pid. Raises FileExistsError when the run was started before, OSError."""
    return _start(run).pid


def _start(run: RunSpec, asked: int | None = None) -> subprocess.Popen[bytes]:
    """Start a run's keeper; `asked` is where it waits for the word to begin.

    The run's lock is taken here and handed on, so that there is no instant in which a started run looks
    as if it had not been. Raises FileExistsError when the run was started before, ValueError, OSError.
    """
    _reap()
    run.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(run.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if (run.folder / "intent.json").exists():
            raise FileExistsError(f"The run in {run.folder} was started before; it is not started a second time.")
        argv = session.prepare(run.folder, run.text, run.session, run.cwd)
        intent = _Intent(argv=argv, cwd=str(run.folder.absolute()), timeout=run.timeout, terminal=run.terminal)
        keeper.put(str(run.folder), "intent.json", msgspec.to_builtins(intent))
        handed = (lock,) if asked is None else (lock, asked)
        quiet = None if run.terminal else subprocess.DEVNULL
        process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", str(Path(keeper.__file__).absolute()), str(run.folder.absolute())),
                *map(str, handed),
            ],
            env=dict(run.env),
            stdin=quiet,
            stdout=quiet,
            stderr=subprocess.DEVNULL,
            pass_fds=handed,
            start_new_session=not run.terminal,
        )
    except BlockingIOError:
        raise FileExistsError(f"The run in {run.folder} has a keeper already.") from None
    finally:
        os.close(lock)
    _keepers.append(process)
    return process


def look(folder: Path) -> Outcome:
    """How a run stands, by its keeper's records, its lock and the process table."""
    _reap()
    if ended := _exited(folder):
        return ended
    if not (folder / "intent.json").exists():
        return NotStarted()
    child = _read(folder / "child.json")
    known = child or _read(folder / "spawning")
    if (child and _lives(child)) or _is_locked(folder):
        began = known.at if known else (folder / "intent.json").stat().st_mtime
        return Alive(pid=known.pid if known else 0, started=_time(began))
    if not (folder / "spawning").exists():
        return NotStarted()
    return _exited(folder) or Lost(_why_lost(known))  # it may have ended while we were looking


def _why_lost(known: _Child | None) -> str:
    if known and known.boot != keeper.boot_id():
        return "The machine was restarted while the command ran; its exit code was lost."
    if known and known.pid:
        return "The command is over, but its keeper was killed before it; the exit code was lost."
    return "The keeper was killed while it was starting the command; whether it ran was not recorded."


async def wait(folder: Path, first: Seconds = 0.03, longest: Seconds = 0.2) -> Ended:
    """Wait until a run is over. `NotStarted` when its keeper died before the command began."""
    pause = first
    while isinstance(outcome := look(folder), Alive):
        await asyncio.sleep(pause)
        pause = min(longest, pause * 1.25)
    return outcome


def stop(folder: Path, how: How) -> bool:
    """Ask a command to stop: its process group gets the signal, `kill` reaches every descendant.

    False when there was nobody (any more) to stop.
    """
    child = _read(folder / "child.json")
    if child is None or child.boot != keeper.boot_id():
        return False
    holder = child.keeper if _is_locked(folder) else 0
    if not holder and not _lives(child):
        return False
    return keeper.stop(child.pid, SIGNALS[how], holder)


# ── output ────────────────────────────────────────────────────────────────────────────────────────


def read_output(folder: Path, offset: int, limit: int = 65_536) -> tuple[bytes, int]:
    """Raw output from `offset` (bytes), and the offset to go on from. Empty while there is no more."""
    try:
        handle = os.open(folder / "out.log", os.O_RDONLY)
    except FileNotFoundError:
        return b"", offset
    try:
        content = os.pread(handle, limit, offset)
    finally:
        os.close(handle)
    return content, offset + len(content)


def output_digest(folder: Path) -> tuple[int, str]:
    """Size and SHA-256 of the whole output; of nothing, when the command never had one.

    What something that the command left behind writes meanwhile is not waited for: that has no end.
    """
    digest, offset = hashlib.sha256(), 0
    with suppress(FileNotFoundError):
        size = (folder / "out.log").stat().st_size
        while offset < size and (part := read_output(folder, offset, min(1 << 20, size - offset)))[0]:
            digest.update(part[0])
            offset = part[1]
    return offset, digest.hexdigest()


def last_lines(folder: Path, count: int, limit: int = 65_536) -> list[bytes]:
    """The last lines of the output, raw, out of at most its last `limit` bytes."""
    try:
        size = (folder / "out.log").stat().st_size
    except FileNotFoundError:
        return []
    lines = read_output(folder, max(0, size - limit), limit)[0].split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return lines[-count:] if count > 0 else []


# ── records and processes ─────────────────────────────────────────────────────────────────────────


def _exited(folder: Path) -> Exited | None:
    try:
        found = msgspec.json.decode((folder / "exit.json").read_bytes(), type=_Exit)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
    return Exited(
        exit=found.exit,
        duration=found.duration,
        at=_time(found.at),
        timed_out=found.timed_out,
        signal=found.signal,
    )


def _read(path: Path) -> _Child | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Child)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _lives(child: _Child) -> bool:
    """Whether this very process lives: its number may have been given to another one since."""
    found = keeper.process(child.pid)
    return bool(found and not found.dead and found.start == child.start and child.boot == keeper.boot_id())


def _is_locked(folder: Path) -> bool:
    """Whether a keeper (or a room about to start one) holds the run."""
    try:
        handle = os.open(folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _reap() -> None:
    _keepers[:] = [process for process in _keepers if process.poll() is None]


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
