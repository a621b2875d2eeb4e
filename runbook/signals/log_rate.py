"""Lines a minute in a log that match; a log that is not there, or that nobody writes any more, tells nothing."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import msgspec

from runbook.figures import clock
from runbook.model import Seconds
from runbook.signal_sources import LogRate
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.http_json import Counters

MOST = 4 << 20
"""Bytes between two looks; more are not counted on the event loop."""
HEAD = 256
"""Bytes by which a file is known again."""
LONGEST = 4096
"""Bytes of a line that are looked at."""


class Tail:
    """What was written to a file since the last look, through rotation and truncation."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._place: tuple[int, int] | None = None
        self._descriptor = -1
        self._offset = 0
        self._begun = self._head = b""
        """A line that has no end yet, and the first bytes of the file."""
        self._grown = 0.0
        self._missed = False
        self._uncounted = False
        """Whether lines went by that no answer held."""
        self._close: Callable[[], object] = lambda: None
        self._busy = False

    async def look(self, seen: float, deadline: Seconds) -> Reply:
        """The lines since the last look; none at the first, which only finds the end. Raises Unreadable."""
        if self._busy:
            raise Unreadable("the disk still gives no answer")
        self._busy = True
        looking = asyncio.ensure_future(asyncio.to_thread(self._look, seen))
        looking.add_done_callback(self._done)
        try:
            async with asyncio.timeout(deadline):
                reply = await asyncio.shield(looking)
        except TimeoutError:
            self._uncounted = True  # what it brings when it ends is nobody's
            raise Unreadable(f"the disk gave no answer within {deadline:g} s") from None

        gap, self._uncounted = self._uncounted, False
        return msgspec.structs.replace(reply, gap=gap)

    def _done(self, looking: asyncio.Future[Reply]) -> None:
        self._busy = False
        if not looking.cancelled():
            looking.exception()  # seen, also where nobody waits for it any more

    def _look(self, seen: float) -> Reply:
        lines = b""
        fresh, found = self._opened()
        place = found.st_dev, found.st_ino
        if self._place == place:
            os.close(fresh)
        else:
            if self._place is None:
                self._offset = 0 if self._missed else found.st_size
                self._grown = seen - max(0.0, time.time() - found.st_mtime)
            else:
                lines = self._rest()
                self._offset, self._begun, self._head = 0, b"", b""
            self._close()
            self._descriptor, self._place = fresh, place
            self._close = weakref.finalize(self, os.close, fresh)
        lines += self._rest()
        if lines:
            self._grown = seen
        whole, end, self._begun = (self._begun + lines).rpartition(b"\n")
        self._begun = self._begun[:LONGEST]
        return Reply(200, whole + end, quiet=max(0.0, seen - self._grown))

    def _opened(self) -> tuple[int, os.stat_result]:
        try:
            # a pipe's other end is not waited for
            descriptor = os.open(Path(self.path).expanduser(), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            self._missed = True
            raise Unreadable("there is no such file") from None
        except (OSError, ValueError, RuntimeError) as wrong:
            raise Unreadable(f"it cannot be read: {getattr(wrong, 'strerror', None) or 'no path'}") from None
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise Unreadable("it is no file")
        return descriptor, found

    def _rest(self) -> bytes:
        """What the open file holds from where it was left."""
        size = os.fstat(self._descriptor).st_size
        head = os.pread(self._descriptor, HEAD, 0)
        if size < self._offset or not head.startswith(self._head):  # truncated, and perhaps longer again by now
            self._offset, self._begun = 0, b""
        self._head = head
        if size - self._offset > MOST:
            self._offset, self._begun, self._uncounted = size, b"", True
            raise Unreadable(f"more than {MOST >> 20} MiB since the last look")
        data = os.pread(self._descriptor, size - self._offset, self._offset)
        self._offset += len(data)
        return data


class Lines:
    """The matching lines of the last while."""

    def __init__(self, window: Seconds) -> None:
        self.matching = 0
        self.counters = Counters(window)


def value_of(source: LogRate, reply: Reply, memory: Lines, seen: float) -> float:
    """Matching lines a minute over the window. Raises Hole, Unreadable."""
    pattern = re.compile(source.match)
    text = reply.body.decode("utf-8", "replace")
    if reply.gap:  # a rate over those seconds as well would take the lines that went by for none
        memory.counters = Counters(memory.counters.window)
    memory.matching += sum(bool(pattern.search(line[:LONGEST])) for line in text.split("\n"))
    memory.counters.add(seen, memory.matching)
    if source.silence and reply.quiet > source.silence:
        raise Unreadable(f"nothing was written to it for {clock(reply.quiet)}")
    return memory.counters.increase(60, 1)
