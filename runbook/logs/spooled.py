"""The room's side of a spool: starts the process that keeps a command's output, and follows what it keeps."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from runbook.logs import spooler
from runbook.logs.beside import Beside
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

    async def older(self) -> None:
        """What a spool let go is gone."""

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


_UP = {"running": "follows", "elsewhere": "run by another room"}


class Standing(Record, frozen=True):
    """How a command stands. `again` is when it starts again, in seconds since 1970."""

    state: str = "starting"
    exit: int = 0
    again: float = 0

    @property
    def is_up(self) -> bool:
        return self.state in _UP

    def words(self, now: float) -> str:
        """As a person says it."""
        if self.state != "ended":
            return _UP.get(self.state, self.state)
        if not self.again:
            return "the input ended"
        how = f"exit {self.exit}" if self.exit >= 0 else f"signal {-self.exit}"
        return f"ended, {how}, again in {max(0, round(self.again - now))} s"


class Spooling:
    """A spooler: it ends with `close`, and with this process."""

    def __init__(self, folder: Path, order: Order, changed: Callable[[], None] = lambda: None) -> None:
        self.folder, self.order, self.changed = folder, order, changed
        self.standing = Standing()
        self.beside = Beside(self._told, self._lost)

    async def start(self, **bounds: int) -> None:
        """Raises OSError where no process can be made."""
        order = {"folder": str(self.folder), "argv": self.order.argv, "cwd": self.order.cwd, "fd": self.order.fd}
        argv = (sys.executable, "-I", "-S", spooler.__file__)
        await self.beside.start(argv, self.order.env, (order | bounds,), self.order.fd)

    def _told(self, said: dict[str, Any]) -> None:
        self.standing = Standing(**said)
        self.changed()

    def _lost(self) -> None:
        self.standing = Standing("stopped: its keeper was killed; opening the room again starts it")
        self.changed()

    def close(self) -> None:
        """The command and its group end at once, without anybody waiting for it."""
        self.beside.close()

    def words(self) -> str:
        return self.standing.words(time.time())


def shell(text: str) -> Sequence[str]:
    """How a log's command is run: as every command of a runbook."""
    return ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text)
