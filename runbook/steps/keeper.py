"""The process that owns a command: it outlives the room, keeps the output and writes the exit record.

Started as `python -I -S keeper.py RUN_FOLDER [LOCK_FD [GO_FD]]` in a session of its own, with the command's
whole environment. It stands alone (nothing of this package is imported) and starts in a few milliseconds.
In the run's folder it reads `intent.json` {argv, cwd, timeout, terminal} and leaves, in this order, each
durable before the next: `spawning` → `child.json` → (the command runs, `out.log`) → `exit.json`.

With `terminal` it stays in the room's own session, waits for a byte on GO_FD (the screen has stepped back),
and stands between the terminal and the command: what the command writes goes to both, terminal and `out.log`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import sys
import termios
import time
import tty
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

PATIENCE = 5.0
"""Seconds between the ever firmer signals to a command that overran its time."""
ROOM_FOR_EXIT = 512
"""Bytes set aside on disk before the command starts, so that its end can be written on a full disk."""
PR_SET_CHILD_SUBREAPER = 36


class Process(NamedTuple):
    """One line of the process table."""

    pid: int
    parent: int
    group: int
    session: int
    dead: bool
    start: str


# ── who is who ────────────────────────────────────────────────────────────────────────────────────


def boot_id() -> str:
    """Names this boot of the machine; a process of another boot is certainly gone."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:  # noqa: PTH123  (pathlib costs 8 ms of start)
            return file.read().strip()
    except OSError:
        return os.popen("sysctl -n kern.boottime 2>/dev/null").read().strip()  # noqa: S605


def process(pid: int) -> Process | None:
    """What runs under this pid now. With the boot id, (pid, start) is never given out twice."""
    if not os.path.exists("/proc/self/stat"):  # noqa: PTH110
        return next((p for p in processes() if p.pid == pid), None)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    state, parent, group, session = fields[0], int(fields[1]), int(fields[2]), int(fields[3])
    return Process(pid, parent, group, session, state in (b"Z", b"X"), fields[19].decode())


def processes() -> list[Process]:
    """The whole process table."""
    if os.path.exists("/proc/self/stat"):  # noqa: PTH110
        return [found for name in os.listdir("/proc") if name.isdigit() and (found := process(int(name)))]  # noqa: PTH208
    table = []
    for line in os.popen("ps -axo pid=,ppid=,pgid=,stat=,lstart=").read().splitlines():  # noqa: S605
        pid, parent, group, state, start = line.split(None, 4)
        table.append(Process(int(pid), int(parent), int(group), 0, state.startswith("Z"), start.strip()))
    return table


def family(leader: int, keeper: int = 0) -> list[int]:
    """The living processes of a command: its group, its session and all descendants.

    Those that called `setsid` and whose parents died were handed to the keeper, the subreaper, and
    are found there.
    """
    table = [p for p in processes() if not p.dead]
    found = {p.pid for p in table if leader in (p.pid, p.group, p.session)}
    grown = True
    while grown:
        more = {p.pid for p in table if p.parent in found or (keeper and p.parent == keeper)} - found
        grown = bool(more)
        found |= more
    return sorted(found - {keeper, os.getpid()})


def stop(leader: int, how: signal.Signals, keeper: int = 0) -> bool:
    """Signal a command's group; with SIGKILL every process of its family. False when nothing was there."""
    if how is not signal.SIGKILL:
        return _sent(os.killpg, leader, how)
    reached = False
    for _ in range(20):  # again while there is somebody: they may have forked in between
        if not sum(_sent(os.kill, pid, how) for pid in family(leader, keeper)):
            break
        reached = True
        time.sleep(0.01)
    return reached


def _sent(send: Callable[[int, int], None], pid: int, how: signal.Signals) -> bool:
    try:
        send(pid, how)
    except (ProcessLookupError, PermissionError):
        return False
    return True


# ── records ───────────────────────────────────────────────────────────────────────────────────────


def put(folder: str, name: str, record: dict[str, object], room: int = 0) -> None:
    """Write a record so that it is there whole or not at all, also after a power cut. Raises OSError."""
    part = f"{folder}/.{name}.part"
    reserve(part, json.dumps(record).encode().ljust(room))
    os.replace(part, f"{folder}/{name}")  # noqa: PTH105
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def reserve(path: str, content: bytes) -> None:
    """Fill a file in place (its blocks are kept when it was there already) and wait for the disk."""
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.write(handle, content)
        os.ftruncate(handle, len(content))
        os.fsync(handle)
    finally:
        os.close(handle)


def sync(output: int) -> None:
    """Wait for the disk; what it refuses of the output, it must not take from the exit code."""
    with contextlib.suppress(OSError):
        os.fsync(output)


def put_exit(folder: str, record: dict[str, object]) -> None:
    """Write the exit record, and keep trying for a minute where the disk refuses."""
    for _ in range(60):
        try:
            return put(folder, "exit.json", record, ROOM_FOR_EXIT)
        except FileNotFoundError:
            return None  # the folder itself is gone: there is nothing to write to
        except OSError:
            time.sleep(1)
    return None


# ── the command ───────────────────────────────────────────────────────────────────────────────────


def become(intent: dict[str, object], output: int, go: int, *, inner: bool = False) -> NoReturn:
    """In the child: wait until the keeper has recorded us, then turn into the command.

    `inner`: the output is a terminal of the command's own.
    """
    try:
        if not os.read(go, 1):
            os._exit(127)  # the keeper died before it could record this process: nothing has run
        for number in (n for n in signal.valid_signals() if signal.getsignal(n) is signal.SIG_IGN):
            signal.signal(number, signal.SIG_DFL)
        for target, source in ((0, output if inner else os.open(os.devnull, os.O_RDONLY)), (1, output), (2, output)):
            os.dup2(source, target)
        if inner:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        argv = [str(word) for word in intent["argv"]]  # type: ignore[attr-defined]
        os.chdir(str(intent["cwd"]))
        os.execvp(argv[0], argv)  # noqa: S606
    except OSError as error:
        os.write(output, f"warroom: the command could not be started: {error}\n".encode())
    finally:
        os._exit(127)


def keep(folder: str, lock: int, asked: int = -1) -> int:
    """Own one command from start to exit record. Returns the keeper's own exit code."""
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.set_inheritable(lock, False)  # the lock says that the keeper lives, not that the command does
    with open(f"{folder}/intent.json") as file:  # noqa: PTH123
        intent = json.load(file)
    if os.path.exists(f"{folder}/spawning"):  # noqa: PTH110
        return 3  # this run had its start already; whatever became of it, it does not get a second one
    for ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    terminal = bool(intent.get("terminal"))
    if terminal and (asked < 0 or not os.read(asked, 1)):
        return 4  # the room never stepped back from the terminal: nothing has run
    if terminal:
        os.close(asked)
    adopt_orphans()
    boot, me = boot_id(), process(os.getpid())
    reserve(f"{folder}/.exit.json.part", b" " * ROOM_FOR_EXIT)
    keeper = {"keeper": os.getpid(), "start": me.start if me else "", "boot": boot, "at": time.time()}
    put(folder, "spawning", keeper)

    output = os.open(f"{folder}/out.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    outer, inner = os.openpty() if terminal else (-1, output)
    held, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go)
        os.setsid()
        become(intent, inner, held, inner=terminal)
    os.close(held)
    if terminal:
        os.close(inner)
        resize(outer)
    born = process(child)
    begun, at = time.monotonic(), time.time()
    put(folder, "child.json", {**keeper, "pid": child, "start": born.start if born else "", "at": at})
    os.write(go, b"!")
    os.close(go)

    firmer = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]
    overran = False

    def lose_patience(_number: int, _frame: FrameType | None) -> None:
        nonlocal overran
        overran = True
        stop(child, firmer.pop(0), os.getpid())
        if firmer:
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    signal.signal(signal.SIGALRM, lose_patience)
    signal.setitimer(signal.ITIMER_REAL, float(intent.get("timeout") or 0))
    if terminal:
        stand_between(child, outer, output)
    code = wait_for(child)
    signal.setitimer(signal.ITIMER_REAL, 0)
    sync(output)
    ended = {"exit": 128 - code if code < 0 else code, "signal": max(0, -code), "timed_out": overran}
    put_exit(folder, {**ended, "duration": time.monotonic() - begun, "at": time.time()})
    return 0


# ── a command with the terminal ───────────────────────────────────────────────────────────────────


def stand_between(child: int, outer: int, output: int) -> None:
    """Carry keys to the command and its words to the terminal and the record, until it is over.

    A terminal that went away hangs the command up, as a terminal does.
    """
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    signal.signal(signal.SIGWINCH, lambda _number, _frame: resize(outer))
    try:
        before = termios.tcgetattr(0)
        tty.setraw(0)
    except termios.error:
        before = None
    try:
        relay(child, outer, output)
    finally:
        os.close(outer)
        if before is not None:
            with contextlib.suppress(termios.error):
                termios.tcflush(0, termios.TCIFLUSH)  # keys meant for the command must not reach the room
                termios.tcsetattr(0, termios.TCSANOW, before)


def relay(child: int, outer: int, output: int) -> None:
    """Every byte once to each side, until either is gone; what the command left in the background does not count.

    A disk that takes no more of the record ends nothing: the command has the terminal all the same.
    """
    unkept = 0
    while True:
        ready = select.select([0, outer], [], [], 0.1)[0]
        if not ready and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        try:
            if outer in ready:
                words = os.read(outer, 65_536)
                if not words:
                    return
                unkept = put_words(output, words, unkept)
                write_all(1, words)
            if 0 in ready:
                keys = os.read(0, 4096)
                if not keys:
                    return
                write_all(outer, keys)
        except OSError:
            return  # the command's side is closed, or the terminal went away


def put_words(output: int, words: bytes, unkept: int) -> int:
    """Add to the record, after a word about what it lacks; returns how many bytes could not be kept by now."""
    hole = b"\n[warroom: %d bytes of output could not be kept]\n" % unkept if unkept else b""
    try:
        write_all(output, hole + words)
    except OSError:
        return unkept + len(words)
    return 0


def write_all(to: int, content: bytes) -> None:
    while content:
        content = content[os.write(to, content) :]


def resize(outer: int) -> None:
    """The command's terminal is as large as the person's."""
    with contextlib.suppress(OSError):
        fcntl.ioctl(outer, termios.TIOCSWINSZ, fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8))


def wait_for(child: int) -> int:
    """Reap the command (and the orphans that were handed to us); a negative code is a signal's number."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent died, where the system can do that (Linux)."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


if __name__ == "__main__":
    _folder = sys.argv[1]
    _lock = int(sys.argv[2]) if len(sys.argv) > 2 else os.open(f"{_folder}/lock", os.O_CREAT | os.O_RDWR, 0o600)
    sys.exit(keep(_folder, _lock, int(sys.argv[3]) if len(sys.argv) > 3 else -1))
