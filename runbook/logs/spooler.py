"""The process that keeps what a log command (or a pipe) says: bounded on disk, started again when it ends.

Started as `python -I -S spooler.py` in a session of its own; it stands alone (nothing of this package is imported).
The first line on its stdin is the order: {folder, argv, cwd}, and its environment is the command's; with `fd`
instead of `argv` it reads that descriptor. The stdin is its life line: when the room is gone, however it went,
the line ends and the command's processes are ended with it. On stdout it says how the command stands, a JSON a line.

The folder holds numbered files: `00000007.log` is text, cut at line ends, `00000008.note` one sentence of ours.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque

SEGMENT = 16 << 20
KEPT = 64 << 20
"""Bytes of text that are kept; what is older is let go, and the first line says how much that was."""
FILES = 200
AHEAD = 16 << 20
"""Bytes that wait for the disk; what comes while they do is counted and skipped."""
CHUNK = 256 << 10
LONGEST = 1 << 20
"""Bytes of a line without its end that are waited for."""
PATIENCE = (1, 2, 4, 8, 15, 30)
"""Seconds before a command is started again; from the beginning when it ran for a minute."""
RAN_WELL = 60
GRACE = 0.5
"""Seconds between the kind and the unkind end."""
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
NAME = re.compile(r"(\d{8})\.(log|note)")


class Spool:
    """Numbered files in a folder of one's own. One writer."""

    def __init__(self, folder: str, segment: int = SEGMENT, kept: int = KEPT) -> None:
        self.folder, self.segment, self.kept = folder, segment, kept
        os.makedirs(folder, 0o700, exist_ok=True)  # noqa: PTH103 - this file starts without pathlib
        self.gone = 0
        self.files: dict[str, tuple[int, int]] = {}
        for name in sorted(filter(NAME.fullmatch, os.listdir(folder))):  # noqa: PTH208
            with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123
                size = lines = 0
                while data := file.read(CHUNK):
                    size, lines = size + len(data), lines + data.count(b"\n")
                if name.endswith(".note"):
                    file.seek(0)
                    text = file.read(CHUNK).decode("utf-8", "replace")
                    lines = _skipped_in(text)
                    if _EARLIER in text:
                        self.gone, lines = lines, 0
            self.files[name] = (size, lines)
        self._number = max((int(name[:8]) for name in self.files), default=0)
        self._fd = -1
        self._open = ""

    def write(self, text: bytes) -> None:
        """Adds whole lines. Raises OSError, and then none of them is there."""
        if self._fd < 0 or (self.files[self._open][0] and self.files[self._open][0] + len(text) > self.segment):
            self._roll()
        size, lines = self.files[self._open]
        try:
            at = 0
            while at < len(text):
                at += os.write(self._fd, text[at:])
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, size)
            raise
        self.files[self._open] = (size + len(text), lines + text.count(b"\n"))
        self._let_go(self.kept)

    def note(self, text: str) -> None:
        """Adds a sentence of ours, after all that was written. Raises OSError."""
        self.close()
        self._number += 1
        self._put(f"{self._number:08}.note", text)
        self._let_go(self.kept)

    def make_room(self) -> None:
        """Lets the older half go, for a disk that is full."""
        self._let_go(sum(size for size, _ in self.files.values()) // 2)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._open = -1, ""

    def _roll(self) -> None:
        self.close()
        name = f"{self._number + 1:08}.log"
        self._fd = os.open(
            f"{self.folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW, 0o600
        )
        self._number += 1
        self._open, self.files[name] = name, (0, 0)

    def _put(self, name: str, text: str) -> None:
        said = _sentence(text)
        part = f"{self.folder}/.{name}.part"
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(fd, said)
        finally:
            os.close(fd)
        os.replace(part, f"{self.folder}/{name}")  # noqa: PTH105
        self.files[name] = (len(said), 0 if _EARLIER in text else _skipped_in(text))

    def _let_go(self, kept: int) -> None:
        total = sum(size for size, _ in self.files.values())
        last = ""
        while len(self.files) > 2 and (total > kept or len(self.files) > FILES):
            name = next(iter(self.files))
            if name == self._open:
                break
            size, lines = self.files.pop(name)
            total -= size
            self.gone += lines
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self.folder}/{name}")  # noqa: PTH108
            last = name
        if last and self.gone:
            with contextlib.suppress(OSError):  # a full disk: the lines are gone all the same, and said later
                self._put(f"{last[:8]}.note", f"skipped {self.gone:,}{_EARLIER}: they are not kept any more")
                self.files = dict(sorted(self.files.items()))


def _sentence(text: str) -> bytes:
    return f"── {text} ──\n".encode()


_EARLIER = " earlier lines"


def _skipped_in(note: str) -> int:
    """How many lines a note says were skipped: they stay counted when the note itself is let go."""
    found = re.search(r"skipped ([\d,]+)", note)
    return int(found[1].replace(",", "")) if found else 0


class Writer:
    """Writes beside the reading, so that a slow disk never stops the command; what does not fit is counted."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self._todo: deque[bytes | str] = deque()
        self._waiting = 0
        self._skipped = 0
        """Lines that came while too many waited for the disk."""
        self._refused = 0
        """Lines that the disk refused."""
        self._more = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def write(self, text: bytes) -> None:
        """Takes whole lines, or counts and skips them."""
        with self._more:
            if self._waiting + len(text) > AHEAD:
                self._skipped += text.count(b"\n")
                return
            self._say_skipped()
            self._todo.append(text)
            self._waiting += len(text)
            self._more.notify()

    def note(self, text: str) -> None:
        with self._more:
            self._say_skipped()
            self._todo.append(text)
            self._more.notify()

    def close(self) -> None:
        """Writes what is left, and ends."""
        with self._more:
            self._say_skipped()
            self._over = True
            self._more.notify()
        self._thread.join()

    def _say_skipped(self) -> None:
        if self._skipped:
            self._todo.append(f"skipped {self._skipped:,} lines: they came faster than the disk takes them")
            self._skipped = 0

    def _work(self) -> None:
        while True:
            with self._more:
                while not self._todo and not self._over:
                    self._more.wait()
                if not self._todo:
                    return
                item = self._todo.popleft()
            self._keep(item)
            if isinstance(item, bytes):
                with self._more:
                    self._waiting -= len(item)

    def _keep(self, item: bytes | str) -> None:
        for again in (True, False):
            try:
                if self._refused:
                    self.spool.note(f"skipped {self._refused:,} lines: the disk did not take them")
                    self._refused = 0
                self.spool.note(item) if isinstance(item, str) else self.spool.write(item)
            except OSError:
                if again:
                    self.spool.make_room()
            else:
                return
        self._refused += item.count(b"\n") if isinstance(item, bytes) else 0


class Spooler:
    """Runs the command again and again until the life line ends."""

    def __init__(self, order: dict[str, object]) -> None:
        self.argv = [str(word) for word in order.get("argv") or ()]  # type: ignore[attr-defined]
        self.cwd = str(order.get("cwd") or "/")
        self.fd = int(str(order.get("fd", -1)))
        self.folder = str(order["folder"])
        self.bounds = int(str(order.get("segment", SEGMENT))), int(str(order.get("kept", KEPT)))
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        if not self._have_folder():
            return
        writer = Writer(Spool(self.folder, *self.bounds))
        try:
            if self.fd >= 0:
                self._say(state="running")
                if self._read(self.fd, writer):
                    writer.note(f"the input ended · {_now()}")
                    self._say(state="ended", exit=0)
                    self._wait(None)
            else:
                self._again_and_again(writer)
        finally:
            if self._child:
                end(self._child)
            writer.close()

    def _have_folder(self) -> bool:
        """One writer a folder: a second room on the same incident reads what the first one's command says."""
        os.makedirs(self.folder, 0o700, exist_ok=True)  # noqa: PTH103
        lock = os.open(f"{self.folder}/lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if not told:
                    self._say(state="elsewhere")
                told = True
                if not self._wait(1):
                    return False
            else:
                return True

    def _again_and_again(self, writer: Writer) -> None:
        failures = 0
        if writer.spool.files:
            writer.note(f"started again · {_now()}")
        while True:
            begun = time.monotonic()
            try:
                self._child = child = self._start()
            except OSError as error:
                code, said = 127, f"could not be started: {error.strerror}"
            else:
                assert child.stdout
                self._say(state="running")
                with child.stdout:
                    if not self._read(child.stdout.fileno(), writer):
                        return
                code = self._reap(child)
                said = f"ended, exit {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"
            failures = 0 if time.monotonic() - begun >= RAN_WELL else failures
            pause = PATIENCE[min(failures, len(PATIENCE) - 1)]
            failures += 1
            said = f"{said} · {_now()} · starts again in {pause} s"
            # of a command that fails all night only the first time is a file: they would push out what was before
            writer.note(said) if failures == 1 else writer.write(_sentence(said))
            self._say(state="ended", exit=code, again=time.time() + pause)
            if not self._wait(pause):
                return

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.argv,
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # only a call that is resolved already: between fork and exec there is one thread
            preexec_fn=_die_with_parent if _prctl else None,  # noqa: PLW1509
        )

    def _reap(self, child: subprocess.Popen[bytes]) -> int:
        """Its exit code; what goes on without an output is ended."""
        until = time.monotonic() + GRACE
        while not _exited(child.pid) and time.monotonic() < until:
            time.sleep(0.01)
        end(child)
        self._child = None
        return child.wait()

    def _read(self, fd: int, writer: Writer) -> bool:
        """Whole lines, until the end (True) or the life line's (False)."""
        begun = b""
        while True:
            ready, _, _ = select.select([fd, 0], [], [])
            if 0 in ready and not os.read(0, 4096):
                return False
            if fd not in ready:
                continue
            try:
                data = os.read(fd, CHUNK)
            except OSError:  # a terminal that was hung up
                data = b""
            if not data:
                if begun:
                    writer.write(begun + b"\n")
                return True
            whole, newline, rest = data.rpartition(b"\n")
            if newline:
                writer.write(begun + whole + newline)
                begun = rest
            else:
                begun += rest
            if len(begun) > LONGEST:
                # a line's first part is kept as a line of its own, so that nothing waits for an end that never comes
                writer.write(begun + b"\n")
                begun = b""

    def _wait(self, seconds: float | None) -> bool:
        """Waits; False when the life line ended meanwhile."""
        until = None if seconds is None else time.monotonic() + seconds
        while until is None or time.monotonic() < until:
            left = None if until is None else max(0.0, until - time.monotonic())
            if select.select([0], [], [], left)[0] and not os.read(0, 4096):
                return False
        return True

    def _say(self, **how: object) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more: the life line's end comes next
            os.write(1, json.dumps(how).encode() + b"\n")


_prctl = getattr(ctypes.CDLL(None), "prctl", None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    assert _prctl
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def end(child: subprocess.Popen[bytes]) -> None:
    """Ends the command's group and whatever of its descendants came to us when their parents died."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        # not reaped before its group is gone: until then nobody else can have its number
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, how)
        until = time.monotonic() + GRACE
        while not (_exited(child.pid) and not _orphans(child.pid)) and time.monotonic() < until:
            time.sleep(0.01)
    for pid in _orphans(child.pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    child.wait()


def _exited(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _orphans(known: int) -> list[int]:
    """Our other children; the dead among them are reaped."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
            found = [int(pid) for pid in file.read().split() if int(pid) != known]
    except OSError:
        return []
    living = []
    for pid in found:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                living.append(pid)
    return living


def _now() -> str:
    return time.strftime("%H:%M:%SZ", time.gmtime())


def main() -> None:
    line = b""
    while not line.endswith(b"\n"):
        data = os.read(0, 1 << 16)
        if not data:
            return
        line += data
    for ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        # a handler, not SIG_IGN: that the command would inherit
        signal.signal(ignored, lambda *_: None)
    if _prctl:
        _prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    Spooler(json.loads(line)).run()


if __name__ == "__main__":
    main()
