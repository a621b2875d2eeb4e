"""Several logs as one text, in the order of their times: what is merged, and the process that does it.

Each line begins with its source's short name. A line stands where its time says, never before an earlier line of its
own source; without a time it stands right behind the line before it. What was written once stays where it is: a line
that comes late stands where it came, with its own time to be read.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import shutil
import stat
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from glob import glob
from pathlib import Path
from typing import NamedTuple

from runbook.logs.follow import QUIET, Follower
from runbook.logs.index import Chain, Note, OpenFile, chunks_down, line_begin
from runbook.logs.moments import moment_of
from runbook.logs.spooled import SpoolFollower
from runbook.logs.spooler import Spool
from runbook.model import Record

BACKLOG = 2 << 20
"""Bytes of each source that are merged on opening; the rest is read in the source alone."""
TURN = 1 << 20
"""Bytes read of one source before the others have their turn."""
CHUNK = 256 << 10
HOLD = 0.1
"""Seconds that a line waits for an earlier one of another source."""
LAG = 2.0
"""Seconds that a line waits at most for a source of which there is more to read."""
IDLE = 2.0
"""Seconds after which a line without its end counts as one."""
LONGEST = 1 << 20
MOST = 64
"""Files of one pattern that are followed, the newest."""
NAME = 14
GONE = 60.0
AHEAD = 86400.0
"""Seconds that a log's own clock, or its zone, may be ahead."""
_UNWANTED = re.compile(r".*(?:\.(?:\d+|old|bak|tmp|swp|gz|zst|bz2|xz|lz4|zip)|~)")


class Origin(Record, frozen=True):
    """Where lines come from: a file, a spool's folder, or a pattern that names files. With none, a name kept free."""

    name: str
    path: str = ""
    spool: str = ""
    pattern: str = ""


class Item(NamedTuple):
    key: float
    arrived: float
    line: bytes


class Stream:
    """One source read from where it was opened on, line by line, each once."""

    def __init__(self, origin: Origin, follower: Follower, *, whole: bool) -> None:
        self.origin, self.follower = origin, follower
        self.pending: deque[Item] = deque()
        self.more = False
        """Whether there was more to read than a turn takes."""
        self.key = -math.inf
        self._whole = whole
        self._opened = False
        self._number = -1
        self._at: dict[int, int] = {}
        self._long = b""
        """The beginning of a line that is longer than a chunk."""
        self.gone_since = math.inf
        self._stuck: dict[int, tuple[int, float]] = {}
        """Of each file that ends without a line's end: its size, and since when."""

    def read(self, now: float, wall: float) -> int:
        """Takes in what came, up to a turn; returns its bytes. Raises OSError."""
        self.follower.check()
        chain = self.follower.chain
        if not self._opened and chain.parts:
            self._open(chain)
        taken, self.more = 0, False
        for number in sorted(chain.parts):
            part = chain.parts[number]
            if number < self._number and number not in self._at:
                continue  # what a spool lets go, said again with another number
            if isinstance(part, Note):
                if number > self._number:
                    self._number = number
                    self._add(part.data.rstrip(b"\n"), now, wall)
                continue
            self._number = max(self._number, number)
            for start, data in chunks_down(part, self._at.setdefault(number, 0), CHUNK):
                if taken >= TURN:
                    self.more = True
                    return taken
                self._at[number] = start + len(data)
                taken += len(data)
                *lines, rest = data.split(b"\n")
                for line in lines:
                    self._add(self._long + line.removesuffix(b"\r"), now, wall)
                    self._long = b""
                self._long = (self._long + rest)[:LONGEST]
            taken += self._without_end(number, part, now, wall)
        self._at = {number: at for number, at in self._at.items() if number in chain.parts}
        return taken

    def quiet_since(self, wall: float) -> float | None:
        """When it was last written to, where that is a minute ago; else 0, and None where nobody knows."""
        try:
            written = self.follower.written()
        except OSError:
            return None
        return written and (written if wall - written >= QUIET else 0.0)

    def _open(self, chain: Chain) -> None:
        self._opened = True
        if self._whole:
            return
        left = BACKLOG
        for number in sorted(chain.parts, reverse=True):
            part = chain.parts[number]
            size = part.size()
            self._at[number] = line_begin(part, size - left) if size > left else 0
            left = max(0, left - size)
            if not left:
                self._number = number
                return

    def _without_end(self, number: int, part: object, now: float, wall: float) -> int:
        """A last line that nobody ended for a while."""
        assert isinstance(part, OpenFile)
        at, size = self._at[number], part.size()
        if size <= at:
            return 0
        known, since = self._stuck.get(number, (-1, now))
        if known != size:
            self._stuck[number] = size, now
        elif now - since >= IDLE:
            data = part.read(min(size - at, LONGEST), at)
            self._at[number] = at + len(data)
            self._add(self._long + data, now, wall)
            self._long = b""
            return len(data)
        return 0

    def _add(self, line: bytes, now: float, wall: float) -> None:
        moment = moment_of(line, wall)
        # a time to come is spoken of in the line, and would hold up all that follow
        if moment is not None and self.key < moment <= wall + AHEAD:
            self.key = moment
        self.pending.append(Item(self.key, now, line[:LONGEST]))


def short_name(name: str, taken: Iterable[str]) -> str:
    """A name of few letters that no other log has, by which its lines are told apart."""
    others = set(taken)
    return next(short for short in _shortened(name) if short not in others)


def _shortened(name: str) -> Iterator[str]:
    if len(name) <= NAME:
        yield name
    else:
        yield from (f"{name[:begin]}..{name[begin + 2 - NAME :]}" for begin in range(5, NAME - 2))
    yield from (f"{name[: NAME - 3]}.{number}" for number in range(2, 100))


def in_order(streams: Iterable[Stream], old: float) -> Iterator[tuple[Stream, bytes]]:
    """Takes out, in order, all lines up to the last that arrived by `old`.

    A source that lags is not overtaken by what is later, for a while: its clock may be another.
    """
    streams = list(streams)
    limit = min((s.key for s in streams if s.more and s.key > -math.inf), default=math.inf)
    aged = sum(sum(item.arrived <= old for item in stream.pending) for stream in streams)
    while aged:
        first = min((s for s in streams if s.pending), key=lambda stream: stream.pending[0].key)
        if first.pending[0].key > limit and first.pending[0].arrived > old - LAG:
            return
        item = first.pending.popleft()
        aged -= item.arrived <= old
        yield first, item.line


class Merger:
    """The sources of a pane, written as one text to a spool."""

    def __init__(self, spool: Spool, say: Callable[[dict[str, object]], None] = lambda _: None) -> None:
        self.spool, self.say = spool, say
        self.streams: dict[str, Stream] = {}
        self.patterns: list[Origin] = []
        self._short: dict[str, str] = {}
        """What the lines of each begin with."""
        self._taken: set[str] = set()
        self._named: set[str] = set()
        self._begun = False
        self._caught_up = False
        """Whether what was there on opening is written."""
        self._unwritten = b""
        self._again = -math.inf
        self._trouble = ""
        self._left_out = 0
        self._said: dict[str, object] = {}
        self._looked = -math.inf

    def add(self, origin: Origin, *, whole: bool = False) -> None:
        """Another source; of a `whole` one all lines are merged, not only the last."""
        self._taken.add(origin.name)
        if origin.pattern:
            self.patterns.append(origin)
            self._looked = -math.inf
        if not (origin.path or origin.spool):
            return
        self._short[origin.name] = short_name(origin.name, self._short.values())
        follower = SpoolFollower(Path(origin.spool)) if origin.spool else Follower(origin.path)
        self.streams[origin.name] = Stream(origin, follower, whole=whole)

    def turn(self, now: float, wall: float) -> bool:
        """Reads and writes what has come; whether there is more already."""
        if self._unwritten and not self._write(now):
            self._tell(wall)
            return False  # the files keep what comes meanwhile
        if now - self._looked >= 1:
            self._looked = now
            for pattern in self.patterns:
                with suppress(OSError):
                    self._look_for(pattern)
        for stream in self.streams.values():
            with suppress(OSError):  # a file system that went away: its state says so
                stream.read(now, wall)
        more = any(stream.more for stream in self.streams.values())
        width = max((len(self._short[name]) for name in self.streams), default=0)
        heads = {name: f"{self._short[name]:{width}} | ".encode() for name in self.streams}
        # at first everything is there at once; later a line waits a moment for the others
        old = now - HOLD if self._begun else now
        text = b"".join(heads[s.origin.name] + line + b"\n" for s, line in in_order(self.streams.values(), old))
        self._begun = self._begun or bool(text)
        self._unwritten = text
        if text:
            self._write(now)
        self._caught_up = self._caught_up or bool(self.streams and not more)
        self._tell(wall)
        return more

    def _write(self, now: float) -> bool:
        """Writes what waits for it, at most once a second where the disk does not take it."""
        if now < self._again:
            return False
        for _ in range(2):
            try:
                self.spool.write(self._unwritten)
            except OSError as error:
                self._trouble = f"{error.strerror}: goes on when there is room"
                self.spool.make_room()
            else:
                self._unwritten, self._trouble = b"", ""
                return True
        self._again = now + 1
        return False

    def _look_for(self, pattern: Origin) -> None:
        held = {
            (about.st_dev, about.st_ino)
            for stream in self.streams.values()
            for part in stream.follower.chain.parts.values()
            if isinstance(part, OpenFile) and (about := os.fstat(part.fd))
        }
        self._forget()
        paths = {stream.origin.path for stream in self.streams.values()}
        found = []
        for path in glob(pattern.pattern, recursive=True):  # noqa: PTH207 - a pattern as a person writes it
            if path in paths or _UNWANTED.fullmatch(path):
                continue
            with suppress(OSError):
                about = Path(path).stat()
                if stat.S_ISREG(about.st_mode) and (about.st_dev, about.st_ino) not in held:
                    held.add((about.st_dev, about.st_ino))
                    found.append((about.st_mtime, path))
        room = max(0, MOST - len(self.streams))
        self._left_out = max(0, len(found) - room)
        for _, path in sorted(found, reverse=True)[:room]:
            name = self._free_name(Path(path))
            self.add(Origin(name, path), whole=self._begun)
            self._named.add(name)

    def _forget(self) -> None:
        """Lets go of files that a pattern named and that are gone for a minute."""
        for name in list(self._named):
            stream = self.streams[name]
            gone = stream.follower.state in ("missing", "rotated") and not stream.pending
            stream.gone_since = min(stream.gone_since, self._looked) if gone else math.inf
            if self._looked - stream.gone_since > GONE:
                stream.follower.close()
                del self.streams[name], self._short[name]
                self._named.remove(name)
                self._taken.remove(name)

    def _free_name(self, path: Path) -> str:
        stem, whole = (re.sub(r"[^\w./-]", "_", name, flags=re.ASCII) for name in (path.stem, path.name))
        names = (stem, whole, *(f"{stem}.{number}" for number in range(2, len(self._taken) + 3)))
        return next(name for name in names if name not in self._taken)

    def _tell(self, wall: float) -> None:
        left_out = f"{self._left_out} files beyond the newest {MOST} are not followed" if self._left_out else ""
        said: dict[str, object] = {
            "logs": {
                name: [stream.follower.state, stream.origin.path, stream.quiet_since(wall), self._short[name]]
                for name, stream in self.streams.items()
            },
            "caught_up": self._caught_up,
            "trouble": self._trouble or left_out,
        }
        if said != self._said:
            self._said = said
            self.say(said)


# ── the process ───────────────────────────────────────────────────────────────────────────────────


async def _run(folder: Path) -> None:
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()
    merger = Merger(Spool(str(folder)), _say)
    heard = b""
    over = False

    def hear() -> None:
        nonlocal heard, over
        data = os.read(0, 65536)
        over = over or not data
        *whole, heard = (heard + data).split(b"\n")
        for line in whole:
            origin = Origin(**json.loads(line))
            merger.add(origin)
        woken.set()

    loop.add_reader(0, hear)
    started: set[str] = set()
    while not over:
        more = merger.turn(time.monotonic(), time.time())
        for name in merger.streams.keys() - started:
            started.add(name)
            follower = merger.streams[name].follower
            follower.changed = woken.set
            follower.start()
        pending = any(stream.pending for stream in merger.streams.values())
        if not more:
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), HOLD / 2 if pending else 1.0)
        woken.clear()
        await asyncio.sleep(0)


def _say(said: dict[str, object]) -> None:
    with suppress(OSError):
        os.write(1, json.dumps(said).encode() + b"\n")


def main() -> None:
    """Merges into the folder named, until the life line on stdin ends; the text goes with it."""
    folder = Path(sys.argv[1])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for other in folder.parent.glob(f"{folder.name.rpartition('-')[0]}-*"):
        _sweep(other)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    flock(lock, LOCK_EX | LOCK_NB)
    try:
        asyncio.run(_run(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """What a killed room left: nobody holds its lock."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    with suppress(OSError):
        flock(lock, LOCK_EX | LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
