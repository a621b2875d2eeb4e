"""Looks through whole log files in a process of its own: `grep.main()`, a job as JSON on stdin, hits on stdout.

Standard library only, and nothing that takes long to import. Ends when its stdin does, so that it never outlives the
room. ripgrep does the work where it is installed and reads the expression as we do; else `re` does, block by block.
"""

from __future__ import annotations

import json
import os
import re
import select
import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress

if not __package__:  # beside the room, which puts this folder into the path
    from sieve import Sought, downwards, line_begin, unpacked  # type: ignore[import-not-found,unused-ignore]
else:
    from runbook.logs.sieve import Sought, downwards, line_begin, unpacked

FRAME = struct.Struct("<qqqq")
"""The part's base, bytes looked through in it, lines found since the last frame, offsets that follow (plus base)."""
BLOCK = 1024 * 1024
SEGMENTS = (8 << 20, 120 << 20)
"""Upwards the last bytes come first: what is looked for in an outage has just been. Then all the rest."""
MAPPED = 1 << 20
"""Bytes from which a file is mapped by ripgrep: half the time. One that is truncated meanwhile ends it; we look on."""
MEMORY = 1 << 30
CPU = 900
"""An expression that never ends is ended."""

Part = tuple[int, int, int, int, int]
"""Base of its positions, file descriptor, where the part begins in its file, the offsets [start, end) in it."""


class Ended(Exception):
    """The room is gone."""


def room_is_there() -> None:
    if select.select([0], [], [], 0)[0]:
        raise Ended


class Ripgrep:
    """ripgrep at work on a file from an offset on; it goes on by itself until nobody takes what it finds."""

    def __init__(self, command: list[str], fd: int, at: int, size: int) -> None:
        """Raises OSError."""
        self.at, self.mapped = at, at == 0 and size >= MAPPED
        if self.mapped:
            command = ["--mmap" if word == "--no-mmap" else word for word in command[:-1]]
            command += ["--no-filename", "/proc/self/fd/0"]
        self.source = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)  # its own offset
        os.lseek(self.source, at, os.SEEK_SET)
        self.out, into = os.pipe()
        actions = [(os.POSIX_SPAWN_DUP2, self.source, 0), (os.POSIX_SPAWN_DUP2, into, 1)]
        try:
            self.child = os.posix_spawn(command[0], command, dict(os.environ), file_actions=actions)
        finally:
            os.close(into)

    def position(self, most: int) -> int:
        """How far it has read the file that is its stdin; where that is mapped, what of it it has touched."""
        try:
            # pathlib takes 8 ms
            with open(f"/proc/{self.child}/{'statm' if self.mapped else 'fdinfo/0'}") as about:  # noqa: PTH123
                words = about.readline().split()
            reached = int(words[2]) * os.sysconf("SC_PAGE_SIZE") if self.mapped else int(words[1])
            return max(0, min(most, reached - self.at))
        except (OSError, ValueError, IndexError):
            return 0

    def end(self, *, kill: bool) -> int:
        """Its exit code."""
        os.close(self.out)
        os.close(self.source)
        if kill:
            os.kill(self.child, 9)
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])


class Job:
    """One search: `up` from the ends of the parts, else down from their starts; at most `limit` offsets, 0: a count."""

    def __init__(self, sought: Sought, *, up: bool, limit: int, command: list[str] | None) -> None:
        """`command` is ripgrep's for the same lines; None: by hand."""
        self.sought, self.up, self.left, self.counting = sought, up, limit, not limit
        self.command = command
        self.ahead: Ripgrep | None = None
        """At the last and largest segment already, beside the near ones."""

    def run(self, parts: list[Part]) -> None:
        try:
            self._run(parts)
        finally:
            self._forget()

    def _begin(self, command: list[str], fd: int, shift: int, low: int, high: int) -> None:
        self._forget()
        with suppress(OSError):  # then its turn comes later, or it is done by hand
            self.ahead = Ripgrep(command, fd, shift + low, high - low)

    def _forget(self) -> None:
        if self.ahead:
            self.ahead.end(kill=True)
        self.ahead = None

    def _run(self, parts: list[Part]) -> None:
        for base, fd, shift, start, end in parts:
            segments = self._segments(fd, shift, start, end)
            if self.command and self.up:
                segments = iter(more := list(segments))
                if len(more) > 1:
                    self._begin(self.command, fd, shift, *more[-1])
            for low, high in segments:
                before = end - high if self.up else low - start
                for done, count, found in self._look(fd, shift, low, high):
                    room_is_there()
                    kept = self._newest(found) if self.up else found[: self.left]
                    self.left -= len(kept)
                    sys.stdout.buffer.write(FRAME.pack(base, before + done, count, len(kept)))
                    sys.stdout.buffer.write((array("q", [base + at for at in kept]) if base else kept).tobytes())
                    sys.stdout.buffer.flush()
                    if not self.left and not self.counting:
                        return

    def _newest(self, found: array[int]) -> array[int]:
        return found[max(0, len(found) - self.left) :]

    def _segments(self, fd: int, shift: int, start: int, end: int) -> Iterator[tuple[int, int]]:
        if not self.up:
            yield start, end
            return

        def read(count: int, offset: int) -> bytes:
            return os.pread(fd, count, shift + offset)

        sizes = iter(SEGMENTS if self.command else ())
        while end > start:
            goal = max(start, end - next(sizes, end if self.command else 16 << 20))
            low = line_begin(read, goal, start)
            yield low, end
            end = low

    def _look(self, fd: int, shift: int, low: int, high: int) -> Iterator[tuple[int, int, array[int]]]:
        """(bytes done of the segment, lines found, their offsets); upwards the offsets come whole with the last."""
        known = low - 1
        if self.command:
            try:
                for frame in self._by_ripgrep(self.command, fd, shift, low, high):
                    known = frame[2][-1] if frame[2] else known
                    yield frame
            except OSError:
                self.command = None  # it would not, or could not within its memory: then by hand
            else:
                return
        whole, count = array("q"), 0

        def read(size: int, offset: int) -> bytes:
            return os.pread(fd, size, shift + offset)

        for reached, found in downwards(read, self.sought, low, high, block=BLOCK):
            fresh = found[bisect_right(found, known) :]
            if self.up:
                whole.extend(fresh)
                whole, count = self._trimmed(whole), count + len(fresh)
                yield reached - low, 0, array("q")
            else:
                yield reached - low, len(fresh), fresh
        if self.up:
            yield high - low, count, whole

    def _trimmed(self, found: array[int]) -> array[int]:
        return self._newest(found) if len(found) > 2 * self.left else found

    def _allowed(self, fd: int, shift: int, at: int, high: int) -> bool:
        """Whether a line that ripgrep found has the rest as well, looked for in its first block."""
        data, size = b"", 4096
        while b"\n" not in data and len(data) < min(BLOCK, high - at):
            data, size = os.pread(fd, min(size, high - at), shift + at), min(size * 16, BLOCK)
        return bool(self.sought.allows(data.partition(b"\n")[0]))

    def _by_ripgrep(
        self, command: list[str], fd: int, shift: int, low: int, high: int
    ) -> Iterator[tuple[int, int, array[int]]]:
        """Raises OSError when it failed."""
        if self.ahead and self.ahead.at == shift + low:
            ripgrep, self.ahead = self.ahead, None
        else:
            ripgrep = Ripgrep(command, fd, shift + low, high - low)
        out = ripgrep.out
        whole, count, rest, over = array("q"), 0, b"", False
        try:
            while not over:
                if not select.select([out, 0], [], [], 0.1)[0]:
                    yield ripgrep.position(high - low), 0, array("q")
                    continue
                room_is_there()
                data = os.read(out, 1 << 20)
                if not data:
                    break
                lines, _, rest = (rest + data).rpartition(b"\n")
                found = array("q", [low + at for at in map(int, _OFFSET.findall(lines)) if low + at < high])
                over = bool(lines) and len(found) < lines.count(b"\n") + 1  # it went on into what is known already
                if self.sought.also:
                    found = array("q", [at for at in found if self._allowed(fd, shift, at, high)])
                count += len(found)
                if self.up:
                    whole.extend(found)
                    whole = self._trimmed(whole)
                elif found:
                    yield found[-1] - low, len(found), found
        finally:
            code = ripgrep.end(kill=over or sys.exc_info()[0] is not None)
        if not over and code not in (0, 1):
            raise OSError(code, "ripgrep")
        yield high - low, count if self.up else 0, whole


_OFFSET = re.compile(rb"^(\d+):", re.MULTILINE)


def main() -> None:
    """Reads the job, looks, tells."""
    import resource  # noqa: PLC0415 - not where the room only imports the frame's form

    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))  # without what is mapped
    line = b""
    while not line.endswith(b"\n"):
        more = os.read(0, 65536)
        if not more:
            return
        line += more
    job = json.loads(line)
    try:
        Job(unpacked(job["sought"]), up=job["up"], limit=job["limit"], command=job["command"]).run(
            [tuple(part) for part in job["parts"]]
        )
    except (Ended, BrokenPipeError):
        os._exit(0)  # nobody listens; the buffer is of no use either
