"""A program in a pseudo-terminal whose every paint carries the time at which its bytes came out.

A forked process does nothing but read the terminal and stamp each read, so that neither the parser's
speed nor a poll's rhythm enters a figure. Conditions are read off the screen.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import select
import signal
import struct
import termios
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench.screen import Screen

_HEADER = struct.Struct("<dI")
_DROPPED = ("COLUMNS", "LINES", "TMUX", "NO_COLOR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")


def _stamp(terminal: int, out: int) -> None:
    """Copy reads of the terminal as (time, length, bytes) frames; a slow reader never blocks the program."""
    os.set_blocking(out, False)
    queue: deque[bytes] = deque()
    poll = select.poll()
    poll.register(terminal, select.POLLIN)
    alive = True
    while alive or queue:
        if queue:
            poll.register(out, select.POLLOUT)
        for fd, event in poll.poll(2000):
            if fd == terminal and alive:
                at = time.monotonic()
                try:
                    data = os.read(terminal, 65536)
                except OSError:
                    data = b""
                queue.append(_HEADER.pack(at, len(data)) + data)
                if not data:
                    alive = False
                    poll.unregister(terminal)
            elif fd == out and event & select.POLLOUT:
                with contextlib.suppress(BlockingIOError):
                    while queue:
                        written = os.write(out, queue[0])
                        if written < len(queue[0]):
                            queue[0] = queue[0][written:]
                            break
                        queue.popleft()
            elif fd == out:
                return
        if not queue:
            with contextlib.suppress(KeyError):
                poll.unregister(out)


def _cpu_seconds(pid: int) -> float:
    """Of a process, of its children that ended, and of those that live with theirs; in the kernel's ticks (10 ms)."""
    process = Path(f"/proc/{pid}")
    try:
        ticks = map(int, (process / "stat").read_text().rpartition(")")[2].split()[11:15])
        threads = list((process / "task").iterdir())
    except OSError:
        return 0.0
    total = sum(ticks) / os.sysconf("SC_CLK_TCK")
    for thread in threads:
        with contextlib.suppress(OSError):
            total += sum(map(_cpu_seconds, map(int, (thread / "children").read_text().split())))
    return total


class Terminal:
    """One run of one program at a fixed size. `close()` ends only what it started."""

    def __init__(self, argv: Sequence[str], *, size: tuple[int, int], cwd: Path, env: Mapping[str, str]) -> None:
        columns, rows = size
        self.screen = Screen(columns, rows)
        self.closed = False
        self.bytes = 0
        self.last = 0.0
        self._buffer = bytearray()
        self.hooks: list[Callable[[float], None]] = []
        whole = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **env}
        for name in _DROPPED:
            whole.pop(name, None)
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._frames, frames_in = os.pipe()
        self._stamper = os.fork()
        if self._stamper == 0:
            try:
                os.close(slave)
                os.close(self._frames)
                gc.disable()
                _stamp(self._master, frames_in)
            finally:
                os._exit(0)
        os.close(frames_in)
        self.started = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self._master)
                os.close(self._frames)
                os.login_tty(slave)  # type: ignore[attr-defined,unused-ignore]
                os.chdir(cwd)
                os.execvpe(argv[0], list(argv), whole)
            finally:
                os._exit(127)
        os.close(slave)
        os.set_blocking(self._frames, False)

    def pump(self, seconds: float = 0.0) -> bool:
        """Apply what has come; False when nothing came in that time."""
        if not select.select([self._frames], [], [], max(0.0, seconds))[0]:
            return False
        chunk = os.read(self._frames, 1 << 20)
        if not chunk:
            self.closed = True
            return False
        self._buffer += chunk
        while len(self._buffer) >= _HEADER.size:
            at, length = _HEADER.unpack_from(self._buffer)
            if len(self._buffer) < _HEADER.size + length:
                break
            data = bytes(self._buffer[_HEADER.size : _HEADER.size + length])
            del self._buffer[: _HEADER.size + length]
            if not data:
                self.closed = True
                break
            self.last = at
            self.bytes += length
            self.screen.feed(data)
            for hook in tuple(self.hooks):
                hook(at)
        return True

    def text(self) -> str:
        return self.screen.text()

    def press(self, keys: str) -> float:
        """Write keys; returns when."""
        at = time.monotonic()
        os.write(self._master, keys.encode())
        return at

    def wait(self, holds: Callable[[str], bool], seconds: float, *, after: float = 0.0) -> float | None:
        """The time of the first paint (not before `after`) at which the screen's text passes; None if never."""
        seen: list[float] = []

        def look(at: float) -> None:
            if not seen and at >= after and holds(self.text()):
                seen.append(at)

        if not after and holds(self.text()):
            return self.last
        self.hooks.append(look)
        try:
            end = time.monotonic() + seconds
            while not seen and not self.closed and time.monotonic() < end:
                self.pump(0.05)
        finally:
            self.hooks.remove(look)
        return seen[0] if seen else None

    def run_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.closed and (left := end - time.monotonic()) > 0:
            self.pump(min(left, 0.1))

    def cpu_seconds(self) -> float:
        """User and system time of the program, all threads, and of every child it has or had (and theirs).

        What left for a session of its own (a drill's service) is no child of it.
        """
        return _cpu_seconds(self.pid)

    def close(self) -> None:
        for ending in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(OSError):
                os.kill(self.pid, ending)
            end = time.monotonic() + 3
            while time.monotonic() < end:
                self.pump(0.02)
                try:
                    if os.waitpid(self.pid, os.WNOHANG)[0]:
                        break
                except ChildProcessError:
                    break
            else:
                continue
            break
        with contextlib.suppress(OSError):
            os.kill(self._stamper, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.waitpid(self._stamper, 0)
        for fd in (self._master, self._frames):
            with contextlib.suppress(OSError):
                os.close(fd)
