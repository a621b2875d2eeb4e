"""Following a file: rotation, truncation, a late file, a switched link. Nothing is lost in between."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.logs.follow import BESIDE, MOST_OFTEN, Follower
from runbook.logs.index import SPAN
from runbook.logs.inotify import Inotify

WALL = 1_793_490_862.0  # 2026-10-31 23:54:22 UTC


def shown(follower: Follower) -> list[str]:
    return [line.head.decode() for line in follower.chain.lines(follower.chain.start, 1000)]


def follower_of(path: Path) -> Follower:
    return Follower(path, wall=lambda: WALL)


def test_rename_and_a_new_file_lose_nothing(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("one\n")
    follower = follower_of(log)
    assert follower.check()
    assert not follower.check()
    with log.open("a") as writer:
        writer.write("two, never looked at before the rename\n")
        writer.flush()
        log.rename(tmp_path / "app.log.1")
        follower.check()
        between: str = follower.state
        assert between == "rotated"
        writer.write("three, after the rename\n")
        writer.flush()
        log.write_text("four\n")
        assert follower.check()
        writer.write("five, late, into the old file\n")
    assert follower.check()
    assert follower.state == "following"
    assert shown(follower) == [
        "one",
        "two, never looked at before the rename",
        "three, after the rename",
        "five, late, into the old file",
        "── app.log rotated: a new file begins here · 23:54:22Z ──",
        "four",
    ]


def test_truncation_is_marked(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("one\ntwo\n")
    follower = follower_of(log)
    follower.check()
    os.truncate(log, 0)
    assert follower.check()
    log.write_text("three\n")
    follower.check()
    assert shown(follower) == ["── app.log truncated: 8 bytes are no longer in the file · 23:54:22Z ──", "three"]


def test_truncated_and_grown_again_between_two_looks(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("one\n")
    follower = follower_of(log)
    follower.check()
    with log.open("w") as writer:
        writer.write("another text, longer than the old one\n")
    follower.check()
    assert shown(follower)[1:] == ["another text, longer than the old one"]


def test_a_file_that_appears_later_has_no_mark(tmp_path: Path) -> None:
    log = tmp_path / "later" / "app.log"
    follower = follower_of(log)
    follower.check()
    assert follower.state == "missing"
    log.parent.mkdir()
    log.write_text("one\n")
    assert follower.check()
    assert (follower.state, shown(follower)) == ("following", ["one"])


def test_a_switched_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one\n")
    (tmp_path / "b").write_text("two\n")
    log = tmp_path / "current"
    log.symlink_to("a")
    follower = follower_of(log)
    follower.check()
    (tmp_path / "new").symlink_to("b")
    (tmp_path / "new").rename(log)
    follower.check()
    assert [line for line in shown(follower) if "──" not in line] == ["one", "two"]


def test_a_file_that_was_replaced_on_its_server_is_opened_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, other = tmp_path / "app.log", tmp_path / "other"
    log.write_text("one\n")
    follower = follower_of(log)
    follower.check()

    def fails(number: int) -> Callable[[], int]:
        def size() -> int:
            raise OSError(number, os.strerror(number))

        return size

    monkeypatch.setattr(follower._file, "size", fails(errno.EIO))
    assert follower.check()
    assert (follower.state, follower.why) == ("unreadable", "Input/output error")
    monkeypatch.setattr(follower._file, "size", fails(errno.ESTALE))
    other.write_text("two\n")
    other.rename(log)
    assert follower.check()
    assert follower.state == "following"
    lines = shown(follower)
    assert "was replaced on its server" in lines[0]
    assert lines[-1] == "two"


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    follower = follower_of(tmp_path)
    follower.check()
    assert (follower.state, follower.why) == ("unreadable", "it is not a file")
    os.mkfifo(tmp_path / "pipe")
    pipe = follower_of(tmp_path / "pipe")
    pipe.check()
    assert (pipe.state, pipe.why) == ("unreadable", "it is not a file")


class Told:
    """Counts what the follower says, and lets a test wait for it."""

    def __init__(self) -> None:
        self.times = 0
        self.event = asyncio.Event()

    def __call__(self) -> None:
        self.times += 1
        self.event.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await self.event.wait()
                self.event.clear()


@pytest.mark.parametrize("inotify", [Inotify.make, lambda: None], ids=["inotify", "polling"])
async def test_it_tells_of_growth_and_rotation(tmp_path: Path, inotify: Callable[[], Inotify | None]) -> None:
    log = tmp_path / "app.log"
    told = Told()
    follower = Follower(log, told, inotify=inotify)
    follower.start()
    try:
        log.write_text("one\n")
        await told.until(lambda: shown(follower) == ["one"])
        with log.open("a") as writer:
            writer.write("two\n")
        await told.until(lambda: shown(follower) == ["one", "two"])
        log.rename(tmp_path / "app.log.1")
        log.write_text("three\n")
        await told.until(lambda: shown(follower)[-1] == "three")
        assert shown(follower)[:2] == ["one", "two"]
    finally:
        follower.close()


async def test_a_flood_of_writes_is_told_a_few_times(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("")
    told = Told()
    follower = Follower(log, told)
    follower.start()
    try:
        with log.open("a", buffering=1) as writer:
            for number in range(2000):
                writer.write(f"{number}\n")
                if number % 20 == 0:
                    await asyncio.sleep(0)
        await told.until(lambda: follower.chain.end % SPAN == log.stat().st_size)
        assert told.times < 100
    finally:
        follower.close()


def noted_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every pause that is asked of the running loop from here on."""
    loop = asyncio.get_running_loop()
    pauses, later = list[float](), loop.call_later

    def call_later(delay: float, callback: Callable[..., object], *args: object) -> asyncio.TimerHandle:
        pauses.append(delay)
        return later(delay, callback, *args)

    monkeypatch.setattr(loop, "call_later", call_later)
    return pauses


@pytest.mark.parametrize(("beside", "pause"), [(False, MOST_OFTEN), (True, BESIDE)])
async def test_a_log_beside_other_work_is_looked_at_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: bool, pause: float
) -> None:
    log = tmp_path / "app.log"
    log.write_text("")
    told = Told()
    follower = Follower(log, told)
    pauses = noted_pauses(monkeypatch)
    follower.start()
    follower.beside = beside
    try:
        log.write_text("one\n")
        await told.until(lambda: bool({MOST_OFTEN, BESIDE}.intersection(pauses)))
        assert {MOST_OFTEN, BESIDE}.intersection(pauses) == {pause}
    finally:
        follower.close()


async def test_where_the_loop_is_behind_fresh_lines_come_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "app.log"
    log.write_text("")
    told = Told()
    follower = Follower(log, told)
    pauses = noted_pauses(monkeypatch)
    follower.start()
    try:
        log.write_text("one\n")
        await told.until(lambda: MOST_OFTEN in pauses)
        with log.open("a") as writer:
            writer.write("two\n")
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() < began + 0.08:
            pass  # the loop is busy with something else
        await told.until(lambda: any(MOST_OFTEN < pause <= BESIDE for pause in pauses))
    finally:
        follower.close()


async def test_closing_leaves_nothing_behind(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    log = tmp_path / "app.log"
    log.write_text("x\n")
    follower = Follower(log)
    follower.start()
    follower.close()
    del follower
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_link_switched_back_goes_on_where_it_was_left(tmp_path: Path) -> None:
    log, blue, green = tmp_path / "current", tmp_path / "blue", tmp_path / "green"
    blue.write_text("blue 1\n")
    green.write_text("green 1\n")
    log.symlink_to("blue")
    follower = follower_of(log)
    follower.check()
    for name, late in (("green", "blue 2, late\n"), ("blue", "green 2, late\n")):
        with (green if name == "blue" else blue).open("a") as writer:
            writer.write(late)
        (tmp_path / "new").symlink_to(name)
        (tmp_path / "new").rename(log)
        follower.check()
    with blue.open("a") as writer:
        writer.write("blue 3\n")
    follower.check()
    lines = [line for line in shown(follower) if "──" not in line]
    assert lines == ["blue 1", "blue 2, late", "green 1", "green 2, late", "blue 3"]
    os.truncate(blue, 0)
    blue.write_text("blue 4\n")
    follower.check()
    assert [line for line in shown(follower) if "──" not in line] == ["green 1", "green 2, late", "blue 4"]


def test_a_line_of_100_mb_is_there_once_in_pieces_and_what_follows_it_too(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    follower = follower_of(log)
    with log.open("wb") as writer:
        writer.write(b"before\n")
        for _ in range(100):
            writer.write(b"x" * 1_000_000)
            writer.flush()
            follower.check()
        writer.write(b"\nafter\n")
    follower.check()
    lines = follower.chain.lines(follower.chain.start, 1000)
    assert (lines[0].head, lines[-1].head) == (b"before", b"after")
    assert sum(line.size for line in lines[1:-1]) == 100_000_000
    assert [line.folded for line in lines[1:-1]] == [False, *[True] * (len(lines) - 3)]
    assert follower.chain.back(follower.chain.end, len(lines)) == follower.chain.start
