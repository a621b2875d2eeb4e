"""One log file followed through rotation, truncation and a switched link, without a line lost in between."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from runbook.logs.clean import clean
from runbook.logs.index import Bytes, Chain, Note, OpenFile, whole_lines
from runbook.logs.inotify import Inotify
from runbook.logs.older import HEAD, Found, Older
from runbook.logs.rotated import Identity, Sibling, Siblings
from runbook.model import Seconds

FollowState = Literal["waiting", "missing", "following", "rotated", "unreadable"]
"""`rotated`: the file was moved away and its successor is not there yet; what it held stays on screen.
`waiting`: it is not looked for yet, a value is not set."""

MOST_OFTEN: Seconds = 1 / 30
"""Between two looks while there is news all the time: where somebody reads it, and beside other work."""
BESIDE: Seconds = 0.25
SAFETY = 1.0
"""Seconds between looks beside inotify: a link switched far up the path, a network file system."""
POLL = 0.2
BEFORE = 1000
"""Numbers left for the parts of files that are older than the log was when it was opened."""
QUIET: Seconds = 60
"""From when on it is said that nothing comes: whatever writes it may be dead."""
FINGERPRINT = 256


class Follower:
    """The chain of files behind a path. `changed` is called, at most 30 times a second, when there may be more.

    The old file stays open and is shown to its last byte, also what its writer adds after the rename.
    """

    def __init__(
        self,
        path: str | Path,
        changed: Callable[[], None] = lambda: None,
        *,
        wall: Callable[[], float] = time.time,
        inotify: Callable[[], Inotify | None] | None = None,
    ) -> None:
        self.path = Path(path)
        self.changed = changed
        self.chain = Chain(first=BEFORE)
        self.scratch: Path | None = None
        """Where older files are unpacked; the system's own place for temporary files by itself."""
        self._older: Older | None = None
        self._let_go = 0
        self.beside = False
        """Whether it goes on beside other work: then a few looks a second are enough."""
        self.state: FollowState = "missing"
        self.why = ""
        self._wall = wall
        self._make_inotify = inotify or Inotify.make
        self._inotify: Inotify | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pace: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._behind: Seconds = 0.0
        self._file: OpenFile | None = None
        self._number = -1
        self._identity: Identity = (0, 0)
        self._parts: dict[int, Identity] = {}
        self._siblings: Siblings | None = None
        self._reached = 0
        self._prints = (b"", b"")
        self._seen: tuple[int, ...] = ()

    # ── looking ───────────────────────────────────────────────────────────────────────────────────

    def check(self) -> bool:
        """Looks at the path now, and says whether anything is different: more bytes, another file, another state."""
        before = (self.state, self.why)
        if self._siblings is None:
            self._siblings = Siblings(self.path)
        trouble = self._trouble()
        try:
            now = self.path.stat()
        except OSError as error:
            self._absent(error)
        else:
            if trouble is not None and trouble.errno == errno.ESTALE:
                self._forget()
            if self._file is None or (now.st_dev, now.st_ino) != self._identity:
                self._open(now)
            elif trouble is not None:
                self.state, self.why = "unreadable", clean(trouble.strerror or str(trouble))
            else:
                self.state, self.why = "following", ""
        sizes = tuple(map(_size, self.chain.parts.values())) + tuple(self.chain.parts)
        different = sizes != self._seen or before != (self.state, self.why)
        self._seen = sizes
        return different

    async def older(self) -> Found | None:
        """The file that was this log before the first one shown; None when there is none."""
        if self._older and self._let_go != self.chain.let_go:
            self._older.close()
            self._older = None  # what was let go meanwhile is an older file by now
        if self._older is None:
            self._let_go = self.chain.let_go
            files = [part for part in self.chain.parts.values() if isinstance(part, OpenFile)]
            heads = [part.read(HEAD, 0) for part in files]
            known = {(about.st_dev, about.st_ino) for part in files if (about := os.fstat(part.fd))}
            self._older = await asyncio.to_thread(Older, self.path, known, heads)
        if self.chain.before < 2:
            return None
        return await self._older.next(self.scratch)

    def written(self) -> float | None:
        """When something was last written to it, in seconds since 1970; None where no file is open. Raises OSError."""
        newest = next((part for part in reversed(self.chain.parts.values()) if isinstance(part, OpenFile)), None)
        return os.fstat(newest.fd).st_mtime if newest else None

    def _trouble(self) -> OSError | None:
        """Looks whether the open file was truncated; what keeps it from being read, if something does."""
        if self._file is not None:
            try:
                self._watch_truncation()
            except OSError as error:
                return error
        return None

    def _forget(self) -> None:
        """The open file was replaced on its server, which gives nothing of it any more."""
        for number in [number for number, identity in self._parts.items() if identity == self._identity]:
            self.chain.drop(number)
            self._parts.pop(number)
        self._file, self._identity = None, (0, 0)
        self._note("was replaced on its server: what was in it is no longer there")

    def _absent(self, error: OSError) -> None:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            assert self._siblings
            self._between(self._siblings.new(self._identity, older=False))
            if self.chain.parts:
                self.state, self.why = "rotated", ""
            else:
                self.state, self.why = "missing", f"{clean(str(self.path))} is not there yet"
        else:
            self.state, self.why = "unreadable", clean(error.strerror or str(error))

    def _open(self, now: os.stat_result) -> None:
        if not stat.S_ISREG(now.st_mode):
            self.state, self.why = "unreadable", "it is not a file"
            return
        try:
            # never wait: between stat and open the path may have become a pipe
            fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            self._absent(error)
            return
        opened = OpenFile(fd)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            self.state, self.why = "unreadable", "it is not a file"
            return
        assert self._siblings
        self._between(self._siblings.new(self._identity, older=False), (found.st_dev, found.st_ino))
        if self.chain.parts:
            self._note("rotated: a new file begins here")
        self._take(self._continued(opened, found), found)
        self._siblings = Siblings(self.path)

    def _take(self, file: OpenFile, found: os.stat_result) -> None:
        self._file, self._identity = file, (found.st_dev, found.st_ino)
        self._number = self._add(file, self._identity)
        self._reached = file.size()
        self._prints = _prints(file, self._reached)
        self.state, self.why = "following", ""
        if self._inotify:
            self._inotify.watch_file(file.fd)

    def _add(self, file: OpenFile, identity: Identity) -> int:
        number = self.chain.append(file)
        self._parts = {part: known for part, known in self._parts.items() if part in self.chain.parts}
        self._parts[number] = identity
        return number

    def _between(self, came: Iterable[Sibling], current: Identity = (0, 0)) -> None:
        """Takes in files that came and were rotated away since the last look."""
        head, _ = self._prints
        for name, identity, file in came:
            copied = bool(head) and file.read(len(head), 0) == head
            if identity != current and identity not in self._parts.values() and not copied:
                self._note(f"rotated: a new file began here, now {clean(name)}")
                self._add(file, identity)

    def _continued(self, file: OpenFile, found: os.stat_result) -> OpenFile:
        """The file from where it was left, when the path comes back to one that is shown already: a link switched."""
        for number, identity in reversed(self._parts.items()):
            earlier = self.chain.parts.get(number)
            if identity == (found.st_dev, found.st_ino) and isinstance(earlier, OpenFile):
                at = earlier.begin + whole_lines(earlier)
                earlier.until = at
                file.begin = at
                break
        return file

    def _watch_truncation(self) -> None:
        """A shorter file, or other bytes where we have read, is another text in the same file: what was there is gone.

        Unless it was copied first, as logrotate's `copytruncate` does: then the copy takes its place.
        """
        assert self._file is not None and self._siblings
        file, size = self._file, self._file.size()
        same = size >= self._reached and _prints(file, self._reached) == self._prints and not file.cut_short
        if same:
            self._reached, before = size, self._reached
            self._prints = _prints(file, size)
            if before:
                return
        # of an empty file only a new copy of it tells that it was truncated
        copies = self._siblings.new(self._identity, older=True)
        if same and not copies:
            return
        copy = next((one for one in copies if self._is_copy(one.file)), None)
        for number in [number for number, identity in self._parts.items() if identity == self._identity]:
            earlier = self.chain.parts.get(number)
            if copy and isinstance(earlier, OpenFile):
                self.chain.parts[number] = copy.file.part(earlier.begin, earlier.until)
                self._parts[number] = copy.identity
            else:
                self.chain.drop(number)
                self._parts.pop(number)
        what = (
            f"truncated: what was in it is read from {clean(copy.name)}"
            if copy
            else f"truncated: {self._reached:,} bytes are no longer in the file"
        )
        if not same:
            self._note(what)
        self._between(one for one in copies if one is not copy)
        self._take(file.part(), os.fstat(file.fd))

    def _is_copy(self, file: OpenFile) -> bool:
        """Whether it holds what we read of the file that was truncated."""
        assert self._file is not None
        at = self._file.begin
        head, tail = self._prints
        return bool(head) and _prints(file.part(at), self._reached) == (head, tail)

    def _note(self, what: str) -> None:
        at = datetime.fromtimestamp(self._wall(), UTC).strftime("%H:%M:%S")
        self.chain.append(Note(f"── {clean(self.path.name)} {what} · {at}Z ──"))

    # ── being told ────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begins to follow, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._inotify = self._make_inotify()
        if self._inotify:
            self._inotify.watch_folder(self.path.parent)
            if self._file:
                self._inotify.watch_file(self._file.fd)
            self._loop.add_reader(self._inotify.fd, self._woken)
        self._look()

    @property
    def is_started(self) -> bool:
        return self._loop is not None

    def close(self) -> None:
        for timer in (self._timer, self._pace):
            if timer:
                timer.cancel()
        if self._older:
            self._older.close()
        if self._inotify:
            if self._loop:
                self._loop.remove_reader(self._inotify.fd)
            self._inotify.close()
        self._inotify = self._loop = None

    @property
    def _rest(self) -> Seconds:
        # where the loop is behind, on a machine that is busy elsewhere, keys come before fresh lines
        return BESIDE if self.beside else min(BESIDE, MOST_OFTEN + 2 * self._behind)

    def _woken(self) -> None:
        # Under load the kernel has news all the time: look, then listen again a moment later.
        assert self._loop and self._inotify
        self._loop.remove_reader(self._inotify.fd)
        self._inotify.drain()
        self._wait()
        self._look()

    def _wait(self) -> None:
        assert self._loop
        rest = self._rest
        self._due = self._loop.time() + rest
        self._pace = self._loop.call_later(rest, self._listen)

    def _listen(self) -> None:
        if not (self._loop and self._inotify):
            return
        self._behind = max(0.0, self._loop.time() - self._due - MOST_OFTEN / 3)
        if self._inotify.drain():
            self._look()
            self._wait()
        else:
            self._loop.add_reader(self._inotify.fd, self._woken)

    def _look(self) -> None:
        if self._timer:
            self._timer.cancel()
        with suppress(OSError):  # a file system that went away: the next look says so, or finds it back
            if self.check():
                self.changed()
        if not self._loop:
            return
        if self._inotify and self.state in ("missing", "rotated"):
            self._inotify.watch_folder(self.path.parent)
        self._timer = self._loop.call_later(SAFETY if self._inotify else POLL, self._look)


def _size(part: Bytes) -> int:
    try:
        return part.size()
    except OSError:
        return -1


def _prints(file: OpenFile, reached: int) -> tuple[bytes, bytes]:
    """The first and the last bytes of what was read: a file that was written anew has others."""
    return file.read(min(FINGERPRINT, reached), 0), file.read(FINGERPRINT, max(0, reached - FINGERPRINT))[:reached]
