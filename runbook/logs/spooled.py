"""The room's side of a spool: starts the process that keeps a command's output, and follows what it keeps."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from runbook.logs import spooler
from runbook.logs.follow import Follower
from runbook.logs.index import Note, OpenFile
from runbook.logs.inotify import Inotify
from runbook.model import Record


class Order(Record, frozen=True):
    """What is kept: a command, or what comes in on a descriptor."""

    argv: tuple[str, ...] = ()
    cwd: str = "/"
    env: dict[str, str] = {}
    fd: int = -1


class SpoolFollower(Follower):
    """A folder of numbered files, followed as one text. The numbers are those of the chain's parts."""

    def __init__(
        self,
        folder: Path,
        changed: Callable[[], None] = lambda: None,
        *,
        inotify: Callable[[], Inotify | None] | None = None,
    ) -> None:
        super().__init__(folder / "lock", changed, inotify=inotify)
        self._folder = folder

    def check(self) -> bool:
        try:
            names = sorted(filter(spooler.NAME.fullmatch, os.listdir(self._folder)))  # noqa: PTH208
        except OSError:
            names = []
        parts = self.chain.parts
        wanted = {int(name[:8]): name for name in names}
        changed = False
        for number in [number for number in parts if number not in wanted]:
            del parts[number]
            changed = True
        for number, name in wanted.items():
            known = parts.get(number)
            if known is None or isinstance(known, Note) != name.endswith(".note") or name.endswith(".note"):
                changed = self._take_in(number, self._folder / name) or changed
        if changed:
            there = sorted(parts.items())
            parts.clear()
            parts.update(there)
        self.state = "following" if parts else "missing"
        sizes = tuple(part.size() for part in parts.values()) + tuple(parts)
        different = sizes != self._seen or changed
        self._seen = sizes
        return different

    def _take_in(self, number: int, path: Path) -> bool:
        try:
            if path.suffix == ".note":
                text = path.read_bytes()
                known = self.chain.parts.get(number)
                if isinstance(known, Note) and known.data == text:
                    return False
                note = Note("")
                note.data = text
                self.chain.parts[number] = note
                return True
            opened = OpenFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW))
        except OSError:
            return False  # let go in this moment
        self.chain.parts[number] = self._file = opened
        if self._inotify:
            self._inotify.watch_file(opened.fd)
        return True


class Standing(Record, frozen=True):
    """How a command stands. `again` is when it starts again, in seconds since 1970."""

    state: str = "starting"
    exit: int = 0
    again: float = 0

    def words(self, now: float) -> str:
        """As a person says it."""
        if self.state != "ended":
            return {"running": "follows", "elsewhere": "run by another room"}.get(self.state, self.state)
        if not self.again:
            return "the input ended"
        how = f"exit {self.exit}" if self.exit >= 0 else f"signal {-self.exit}"
        return f"ended, {how}, again in {max(0, round(self.again - now))} s"


class Spooling:
    """A spooler and its life line: it ends with `close`, and with this process."""

    def __init__(self, folder: Path, order: Order, changed: Callable[[], None] = lambda: None) -> None:
        self.folder, self.order, self.changed = folder, order, changed
        self.standing = Standing()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._said = b""

    async def start(self, **bounds: int) -> None:
        """Starts it beside the loop. Raises OSError where no process can be made."""
        process = await asyncio.to_thread(self._spawn, bounds)
        if self._closed:
            _end(process)
            return
        self._process = process
        assert process.stdout
        asyncio.get_running_loop().add_reader(process.stdout.fileno(), self._heard)

    def _spawn(self, bounds: Mapping[str, int]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            (sys.executable, "-I", "-S", spooler.__file__),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=self.order.env,
            start_new_session=True,
            pass_fds=(self.order.fd,) if self.order.fd >= 0 else (),
        )
        order = {"folder": str(self.folder), "argv": self.order.argv, "cwd": self.order.cwd, "fd": self.order.fd}
        assert process.stdin
        process.stdin.write(json.dumps(order | dict(bounds)).encode() + b"\n")
        process.stdin.flush()
        return process

    def _heard(self) -> None:
        assert self._process and self._process.stdout
        data = os.read(self._process.stdout.fileno(), 65536)
        *whole, self._said = (self._said + data).split(b"\n")
        for line in whole:
            self.standing = Standing(**json.loads(line))
        if not data:
            self._deaf()
            self.standing = Standing("stopped: its keeper was killed")
        self.changed()

    def _deaf(self) -> None:
        assert self._process and self._process.stdout
        asyncio.get_running_loop().remove_reader(self._process.stdout.fileno())

    def close(self) -> None:
        """Lets the life line go: the command and its group end at once, without anybody waiting for it."""
        self._closed = True
        if self._process is not None:
            self._deaf()
            _end(self._process)
            self._process = None

    def words(self) -> str:
        return self.standing.words(time.time())


_ending: list[subprocess.Popen[bytes]] = []
"""Spoolers whose life line was let go; the dead among them are reaped when the next one is."""


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin and process.stdout
    process.stdin.close()
    process.stdout.close()
    _ending.append(process)
    _ending[:] = [one for one in _ending if one.poll() is None]


def shell(text: str) -> Sequence[str]:
    """How a log's command is run: as every command of a runbook."""
    return ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text)
