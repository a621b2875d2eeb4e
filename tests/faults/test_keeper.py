"""The keeper under real kills: whatever dies, a command's outcome is recovered, alive or honestly unknown."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import pty
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runbook.steps import keeper, runs, session
from runbook.steps.runs import Alive, Exited, Lost, NotStarted, RunSpec

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds after which a test gives up on a condition; never a measure of anything."""


def until(condition: Callable[[], bool], what: str = "the condition") -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"gave up waiting for {what}"
        time.sleep(0.01)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder for runs; whatever still runs in it afterwards is killed."""
    yield tmp_path
    for record in tmp_path.rglob("child.json"):
        runs.stop(record.parent, "kill")
    for record in tmp_path.rglob("intent.json"):
        until(lambda record=record: not isinstance(runs.look(record.parent), Alive), "the end of what the test started")  # type: ignore[misc]


def spec(place: Path, text: str, name: str = "run", timeout: float | None = None) -> RunSpec:
    env = session.environment(os.environ, (), {})
    return RunSpec(folder=place / name, text=text, session=place / "session", cwd=place, env=env, timeout=timeout)


def output(folder: Path) -> bytes:
    return runs.read_output(folder, 0, 1 << 24)[0]


async def ended(run: RunSpec) -> runs.Ended:
    return await asyncio.wait_for(runs.wait(run.folder), PATIENCE)


async def carry_out(run: RunSpec) -> runs.Ended:
    runs.start(run)
    return await ended(run)


def child_of(folder: Path) -> int:
    until((folder / "child.json").exists, "the child's record")
    return int(json.loads((folder / "child.json").read_text())["pid"])


def says(folder: Path, word: bytes) -> None:
    until(lambda: word in output(folder), f"{word!r} in the output")


# ── one run ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_run_is_recorded_whole(place: Path) -> None:
    run = spec(place, "echo out; echo err >&2; exit 7")
    outcome = await carry_out(run)
    assert isinstance(outcome, Exited)
    assert (outcome.exit, outcome.signal, outcome.timed_out) == (7, 0, False)
    assert outcome.duration >= 0
    assert output(run.folder) == b"out\nerr\n"
    assert runs.output_digest(run.folder) == (8, hashlib.sha256(b"out\nerr\n").hexdigest())
    assert runs.last_lines(run.folder, 1) == [b"err"]
    for path in run.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


async def test_the_output_is_complete_and_read_in_parts(place: Path) -> None:
    run = spec(place, "seq 1 200000")
    assert isinstance(await carry_out(run), Exited)
    whole = "".join(f"{number}\n" for number in range(1, 200_001)).encode()
    assert runs.output_digest(run.folder) == (len(whole), hashlib.sha256(whole).hexdigest())
    content, offset = b"", 0
    while part := runs.read_output(run.folder, offset, 100_000):
        if not part[0]:
            break
        content, offset = content + part[0], part[1]
    assert content == whole
    assert runs.last_lines(run.folder, 2) == [b"199999", b"200000"]


async def test_the_session_carries_over_through_the_keeper(place: Path) -> None:
    assert isinstance(await carry_out(spec(place, "mkdir sub; cd sub; X=$(echo 'a b')", "one")), Exited)
    second = spec(place, 'echo "$X in ${PWD##*/}"', "two")
    assert isinstance(await carry_out(second), Exited)
    assert output(second.folder) == b"a b in sub\n"


async def test_nothing_of_the_environment_reaches_the_disk_or_the_process_table(place: Path) -> None:
    run = spec(place, 'test -n "$TOKEN" && echo has it; cat /proc/$PPID/cmdline | tr "\\0" " "')
    run = RunSpec(
        folder=run.folder, text=run.text, session=run.session, cwd=run.cwd, env={**run.env, "TOKEN": "s3cr3t-91"}
    )
    assert isinstance(await carry_out(run), Exited)
    assert b"has it" in output(run.folder)
    assert not [path for path in place.rglob("*") if path.is_file() and b"s3cr3t-91" in path.read_bytes()]


async def test_the_command_has_default_signals_no_terminal_and_an_empty_stdin(place: Path) -> None:
    run = spec(
        place, "cat; grep SigIgn /proc/self/status; (: </dev/tty) 2>/dev/null || echo no tty; ls /proc/self/fd | wc -l"
    )
    assert isinstance(await carry_out(run), Exited)
    lines = output(run.folder).split(b"\n")
    ignored = int(lines[0].split()[1], 16)
    assert ignored & 0x7FFFFFFF == 0  # above are the C library's own two, which make leaves ignored
    assert lines[1:3] == [b"no tty", b"4"]  # 0, 1, 2 and the folder that ls reads: nothing leaks in


async def test_a_run_never_starts_twice(place: Path) -> None:
    run = spec(place, "echo once >> count")
    await carry_out(run)
    with pytest.raises(FileExistsError):
        runs.start(run)
    again = subprocess.run([sys.executable, "-I", "-S", keeper.__file__, str(run.folder)], env=run.env, check=False)
    assert again.returncode != 0
    assert (place / "count").read_text() == "once\n"


async def test_a_missing_shell_is_told(place: Path) -> None:
    run = spec(place, "echo hi")
    run = RunSpec(folder=run.folder, text=run.text, session=run.session, cwd=run.cwd, env={"PATH": "/nowhere"})
    outcome = await carry_out(run)
    assert isinstance(outcome, Exited) and outcome.exit == 127
    assert b"could not be started" in output(run.folder)


def test_a_folder_without_an_intent_was_not_started(place: Path) -> None:
    assert runs.look(place / "nothing") == NotStarted()
    assert runs.read_output(place / "nothing", 0) == (b"", 0)
    assert runs.last_lines(place / "nothing", 3) == []


# ── time limits and stopping ──────────────────────────────────────────────────────────────────────


async def test_a_read_that_overruns_is_interrupted(place: Path) -> None:
    outcome = await carry_out(spec(place, "sleep 600", timeout=0.2))
    assert isinstance(outcome, Exited)
    assert outcome.timed_out and outcome.exit != 0


async def test_a_read_that_ignores_every_request_is_killed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = place / "keeper.py"
    quick.write_text(Path(keeper.__file__).read_text().replace("PATIENCE = 5.0", "PATIENCE = 0.1"))
    monkeypatch.setattr(keeper, "__file__", str(quick))
    run = spec(place, "trap '' INT TERM; echo deaf; while :; do sleep 600; done", timeout=1)
    outcome = await carry_out(run)
    assert isinstance(outcome, Exited)
    assert (outcome.timed_out, outcome.signal, outcome.exit) == (True, signal.SIGKILL, 128 + signal.SIGKILL)


@pytest.mark.parametrize(("how", "code"), [("interrupt", 130), ("terminate", 143), ("kill", 137)])
async def test_stop_reaches_the_command(place: Path, how: runs.How, code: int) -> None:
    # The child says that it is up: bash loses an interrupt that comes in the middle of its fork.
    run = spec(place, "sh -c 'echo up; exec sleep 600'")
    runs.start(run)
    says(run.folder, b"up")
    assert runs.stop(run.folder, how)
    outcome = await ended(run)
    assert isinstance(outcome, Exited)
    assert outcome.exit == code and not outcome.timed_out
    assert not runs.stop(run.folder, how)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
async def test_kill_finds_a_grandchild_that_left_the_session(place: Path) -> None:
    run = spec(
        place,
        "(setsid sh -c 'echo $$ > far; exec sleep 600' &) ; until [ -s far ]; do sleep 0.05; done; echo up; sleep 600",
    )
    runs.start(run)
    says(run.folder, b"up")
    far = int((place / "far").read_text())
    found = keeper.process(far)
    assert found and found.session == far, "the grandchild should lead a session of its own"
    assert runs.stop(run.folder, "kill")
    assert isinstance(await ended(run), Exited)
    until(lambda: (now := keeper.process(far)) is None or now.dead or now.start != found.start, "the grandchild's end")


# ── the keeper dies ───────────────────────────────────────────────────────────────────────────────


async def test_a_killed_keeper_leaves_the_command_alive_then_lost(place: Path) -> None:
    run = spec(place, "echo up; until [ -e go ]; do sleep 0.05; done; echo over > done")
    pid = runs.start(run)
    says(run.folder, b"up")
    os.kill(pid, signal.SIGKILL)
    until(lambda: runs._is_locked(run.folder) is False, "the keeper's end")
    outcome = runs.look(run.folder)
    assert isinstance(outcome, Alive) and outcome.pid == child_of(run.folder)
    (place / "go").touch()
    lost = await ended(run)
    assert isinstance(lost, Lost) and "exit code was lost" in lost.why
    assert (place / "done").read_text() == "over\n"


async def test_without_its_keeper_a_command_can_still_be_stopped(place: Path) -> None:
    run = spec(place, "echo up; sleep 600")
    pid = runs.start(run)
    says(run.folder, b"up")
    os.kill(pid, signal.SIGKILL)
    until(lambda: runs._is_locked(run.folder) is False, "the keeper's end")
    assert runs.stop(run.folder, "kill")
    assert isinstance(await ended(run), Lost)


async def test_a_keeper_killed_while_starting_never_leaves_a_silent_run(place: Path) -> None:
    """Whatever the instant of the kill: not started means no effect, and an effect is never `not started`."""
    seen: set[str] = set()
    for number in range(20):
        run = spec(place, f"echo ran >> effect{number}", f"run{number}")
        pid = runs.start(run)
        time.sleep(number * 0.006)
        os.kill(pid, signal.SIGKILL)
        outcome = await ended(run)
        seen.add(type(outcome).__name__)
        effect = (place / f"effect{number}").read_text() if (place / f"effect{number}").exists() else ""
        assert effect in ("", "ran\n")
        if isinstance(outcome, NotStarted):
            assert effect == ""
        if isinstance(outcome, Exited):
            assert (outcome.exit, effect) == (0, "ran\n")
    assert "NotStarted" in seen


async def test_polite_signals_do_not_stop_the_keeper(place: Path) -> None:
    run = spec(place, "echo up; until [ -e go ]; do sleep 0.05; done; exit 9")
    pid = runs.start(run)
    says(run.folder, b"up")
    for polite in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        os.kill(pid, polite)
    (place / "go").touch()
    outcome = await ended(run)
    assert isinstance(outcome, Exited) and outcome.exit == 9


async def test_a_pid_given_to_another_process_is_not_the_command(place: Path) -> None:
    run = spec(place, "echo up; sleep 600")
    pid = runs.start(run)
    says(run.folder, b"up")
    os.kill(pid, signal.SIGKILL)
    until(lambda: runs._is_locked(run.folder) is False, "the keeper's end")
    record = json.loads((run.folder / "child.json").read_text())
    for stranger in ({"start": "1"}, {"boot": "another"}):
        (run.folder / "child.json").write_text(json.dumps(record | stranger))
        assert isinstance(runs.look(run.folder), Lost)
        assert not runs.stop(run.folder, "kill")
    (run.folder / "child.json").write_text(json.dumps(record))
    assert isinstance(runs.look(run.folder), Alive)


def test_a_restart_of_the_machine_is_told(place: Path) -> None:
    (place / "run").mkdir()
    for name in ("intent.json", "spawning", "child.json"):
        (place / "run" / name).write_text(json.dumps({"keeper": 1, "pid": 1, "start": "0", "boot": "old", "at": 1.0}))
    (place / "run/lock").touch()
    outcome = runs.look(place / "run")
    assert isinstance(outcome, Lost) and "restarted" in outcome.why


# ── the room dies ─────────────────────────────────────────────────────────────────────────────────

ROOM = """
import os, sys
from pathlib import Path
from runbook.steps import runs, session
folder = Path(sys.argv[1])
text = "echo ran >> effect; sleep 0.2; echo over; exit 5"
env = session.environment(os.environ, (), {})
run = runs.RunSpec(folder=folder / "run", text=text, session=folder / "session", cwd=folder, env=env)
print("ready", flush=True)
runs.start(run)
print("started", flush=True)
sys.stdin.read()
"""


def room(folder: Path, **given: object) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", ROOM, str(folder)],
        **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": env, **given},
    )


async def test_a_room_killed_at_any_moment_loses_nothing(place: Path) -> None:
    dice = random.Random(7)
    recovered = 0
    for number in range(24):
        folder = place / str(number)
        process = room(folder)
        assert process.stdin and process.stdout
        assert process.stdout.readline() == b"ready\n"
        time.sleep(dice.uniform(0, 0.12) if number % 2 else dice.uniform(0, 0.01))  # the moment of the kill, not a wait
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
        outcome = await asyncio.wait_for(runs.wait(folder / "run"), PATIENCE)
        effect = (folder / "effect").read_text() if (folder / "effect").exists() else ""
        if isinstance(outcome, NotStarted):
            assert effect == "", "it ran, and it is said not to have"
        else:
            assert isinstance(outcome, Exited), outcome
            assert (outcome.exit, effect, output(folder / "run")) == (5, "ran\n", b"over\n")
            recovered += 1
    assert recovered, "no kill came after the start; nothing was tested"


async def test_closing_the_terminal_does_not_end_the_command(place: Path) -> None:
    ours, theirs = pty.openpty()
    script = f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n{ROOM}"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(place)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=env,
        start_new_session=True,
    )
    os.close(theirs)
    until((place / "effect").exists, "the command's first effect")
    os.close(ours)  # the terminal is gone: its session gets SIGHUP
    process.wait(PATIENCE)
    outcome = await asyncio.wait_for(runs.wait(place / "run"), PATIENCE)
    assert isinstance(outcome, Exited) and outcome.exit == 5
    assert output(place / "run") == b"over\n"


# ── the disk ──────────────────────────────────────────────────────────────────────────────────────


def test_room_for_the_exit_record_is_set_aside_and_used_in_place(tmp_path: Path) -> None:
    part = tmp_path / ".exit.json.part"
    keeper.reserve(str(part), b" " * keeper.ROOM_FOR_EXIT)
    before = part.stat().st_ino
    record = {"exit": 0, "signal": 0, "timed_out": False, "duration": 1.5, "at": 1e9}
    keeper.put(str(tmp_path), "exit.json", dict(record), keeper.ROOM_FOR_EXIT)
    after = (tmp_path / "exit.json").stat()
    assert (after.st_ino, after.st_size) == (before, keeper.ROOM_FOR_EXIT)
    assert isinstance(runs.look(tmp_path), Exited)


async def test_a_disk_that_refuses_the_output_does_not_take_the_exit_code(place: Path) -> None:
    run = spec(place, "exit 3")
    run.folder.mkdir()
    (run.folder / "out.log").symlink_to("/dev/full")  # neither takes bytes nor can be waited for
    outcome = await carry_out(run)
    assert isinstance(outcome, Exited) and outcome.exit == 3


def test_a_hole_in_a_recorded_terminal_is_told_once_the_disk_takes_bytes_again(tmp_path: Path) -> None:
    full, kept = os.open("/dev/full", os.O_WRONLY), os.open(tmp_path / "out.log", os.O_WRONLY | os.O_CREAT)
    unkept = keeper.put_words(full, b"lost", keeper.put_words(full, b"also ", 0))
    assert unkept == 9
    assert keeper.put_words(kept, b"seen\n", unkept) == 0
    assert (tmp_path / "out.log").read_bytes() == b"\n[warroom: 9 bytes of output could not be kept]\nseen\n"
