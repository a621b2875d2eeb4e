"""What a log command says, kept: bounded, every line counted, ended with the room, started again when it ends."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from runbook.logs import spooled, spooler
from runbook.logs.spooled import Order, SpoolFollower, Spooling

Until = Callable[[Callable[[], object]], Awaitable[None]]

ENV = {"PATH": os.environ["PATH"]}


def shown(folder: Path) -> list[str]:
    follower = SpoolFollower(folder)
    follower.check()
    return [line.head.decode() for line in follower.chain.lines(follower.chain.start, 1_000_000)]


def told(lines: list[str]) -> list[str]:
    """The room's own lines, without their times."""
    return [re.sub(r" · \d\d:\d\d:\d\dZ", "", line).strip("─ ") for line in lines if line.startswith("──")]


@asynccontextmanager
async def running(folder: Path, text: str, **bounds: int) -> AsyncIterator[tuple[Spooling, Until]]:
    """A command that is spooled, and a wait for something to be so."""
    spooling = Spooling(folder, Order(tuple(spooled.shell(text)), str(folder.parent), ENV))

    async def until(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.02)

    await spooling.start(**bounds)
    process = spooling.beside.process
    try:
        yield spooling, until
    finally:
        spooling.close()
        assert process
        await asyncio.to_thread(process.wait, 10)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


async def test_output_and_errors_are_kept_in_order_and_only_for_the_owner(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    async with running(folder, "echo one; echo two >&2; echo three; exec sleep 60") as (spooling, until):
        await until(lambda: len(shown(folder)) == 3)
        assert shown(folder) == ["one", "two", "three"]
        assert spooling.words() == "follows"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


async def test_an_end_is_told_with_its_exit_code_and_it_starts_again(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    async with running(folder, "echo here; exit 3") as (spooling, until):
        await until(lambda: shown(folder).count("here") == 2)
        assert told(shown(folder))[0] == "ended, exit 3 · starts again in 1 s"
        await until(lambda: spooling.standing.state == "ended")
        assert spooling.words().startswith("ended, exit 3, again in ")
        await until(lambda: len(told(shown(folder))) == 2)
        assert told(shown(folder))[1] == "ended, exit 3 · starts again in 2 s"


async def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    async with running(folder, "no-such-program-at-all") as (_, until):
        await until(lambda: told(shown(folder)))
        assert "no-such-program-at-all: command not found" in shown(folder)[0]
        assert told(shown(folder)) == ["ended, exit 127 · starts again in 1 s"]


@pytest.mark.parametrize("stubborn", ["", "trap '' TERM INT HUP; "])
async def test_it_ends_with_the_room_and_so_does_all_that_it_started(tmp_path: Path, stubborn: str) -> None:
    folder, pids = tmp_path / "spool", tmp_path / "pids"
    text = f"{stubborn}sleep 600 & echo $! >> {pids}; setsid bash -c 'echo $$ >> {pids}; exec sleep 600' & wait"
    async with running(folder, text) as (spooling, until):
        await until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    assert spooling.beside.process is None
    found = [int(pid) for pid in pids.read_text().split()]
    await until(lambda: all(map(gone, found)))


async def test_it_does_not_survive_a_room_that_was_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    room = f"""
import asyncio, sys
from pathlib import Path
from runbook.logs.spooled import Order, Spooling, shell
async def main():
    order = Order(tuple(shell("echo $$ > {pids}.part; mv {pids}.part {pids}; sleep 600; true")), "/", {ENV!r})
    await Spooling(Path({str(tmp_path / "spool")!r}), order).start()
    await asyncio.sleep(600)
asyncio.run(main())
"""
    process = subprocess.Popen((sys.executable, "-c", room), cwd=Path(__file__).parents[2])
    async with asyncio.timeout(20):
        while not pids.exists():
            await asyncio.sleep(0.02)
        process.kill()
        process.wait()
        while not gone(int(pids.read_text())):
            await asyncio.sleep(0.02)


async def test_what_is_not_kept_any_more_is_counted_to_the_line(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    async with running(folder, "seq 1 200000; exec sleep 60", segment=100_000, kept=300_000) as (_, until):
        await until(lambda: shown(folder)[-1:] == ["200000"])
        first, *lines = shown(folder)
        skipped = int(re.findall(r"skipped ([\d,]+) earlier lines", first)[0].replace(",", ""))
        assert lines == [str(number) for number in range(skipped + 1, 200_001)]
        assert sum(file.stat().st_size for file in folder.iterdir()) < 900_000
    # and goes on counting where the next room takes over
    again = spooler.Spool(str(folder), 100_000, 300_000)
    assert again.gone == skipped


async def test_a_second_room_reads_what_the_first_ones_command_says(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    text = f"echo x >> {tmp_path}/starts; exec sleep 60"
    async with running(folder, text) as (_, until):
        await until((tmp_path / "starts").exists)
        async with running(folder, text) as (second, _):
            await until(lambda: second.words() == "run by another room")
            assert (tmp_path / "starts").read_text() == "x\n"


class BadDisk(spooler.Spool):
    """A disk that refuses while `full`, or holds every write back until `ready`."""

    full = False

    def write(self, text: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().write(text)

    def note(self, text: str) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().note(text)


def test_lines_that_the_disk_refused_are_counted_where_they_are_missing(tmp_path: Path) -> None:
    spool = BadDisk(str(tmp_path / "spool"))
    writer = spooler.Writer(spool)
    writer.write(b"one\n")
    while writer._waiting:
        pass
    spool.full = True
    writer.write(b"two\nthree\n")
    while writer._waiting:
        pass
    spool.full = False
    writer.write(b"four\n")
    writer.close()
    lines = shown(tmp_path / "spool")
    assert lines == ["one", "── skipped 2 lines: the disk did not take them ──", "four"]


def test_lines_that_come_faster_than_the_disk_takes_them_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooler, "AHEAD", 10)
    writer = spooler.Writer(spooler.Spool(str(tmp_path / "spool")))
    with writer._more:  # the writing thread waits, as for a slow disk
        writer.write(b"one two\n")
        writer.write(b"three\nfour\n")
        writer.write(b"five\n")
    while writer._waiting:
        pass
    writer.write(b"six\n")
    writer.close()
    assert shown(tmp_path / "spool") == [
        "one two",
        "── skipped 3 lines: they came faster than the disk takes them ──",
        "six",
    ]


class Failing(spooler.Spooler):
    """Runs a command that fails at once, so many times, and waits for nothing."""

    times = 20

    def _read(self, _fd: int, writer: spooler.Writer) -> bool:
        writer.write(b"connection refused\n")
        return True

    def _wait(self, _seconds: float | None) -> bool:
        self.times -= 1
        return self.times > 0

    def _say(self, **_how: object) -> None:
        """Nobody listens."""


def test_a_command_that_fails_again_and_again_pushes_out_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooler, "FILES", 8)
    folder = tmp_path / "spool"
    writer = spooler.Writer(spooler.Spool(str(folder)))
    writer.write(b"before the outage\n")
    Failing({"folder": str(folder), "argv": ["false"]})._again_and_again(writer)
    writer.close()
    lines = shown(folder)
    assert lines[0] == "before the outage"
    assert lines.count("connection refused") == 20
    assert [line for line in told(lines) if line.startswith("ended, exit 1")][::19] == [
        "ended, exit 1 · starts again in 1 s",
        "ended, exit 1 · starts again in 30 s",
    ]


async def test_the_follower_sees_every_line_once_while_old_ones_are_let_go(tmp_path: Path) -> None:
    spool = spooler.Spool(str(tmp_path / "spool"), 1000, 3000)
    follower = SpoolFollower(tmp_path / "spool")
    seen: list[str] = []
    for number in range(3000):
        spool.write(f"line {number}\n".encode())
        if number % 50 == 0:
            follower.check()
            seen += [line.head.decode() for line in follower.chain.lines(follower.chain.start, 10_000)]
    kept = [line for line in dict.fromkeys(seen) if not line.startswith("──")]
    assert kept == [f"line {number}" for number in range(2951)]
    assert len(follower.chain.parts) <= 6
