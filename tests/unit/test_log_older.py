"""What a log was before it was opened: rotated files, packed or not, each line once and in order."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.logs import older
from runbook.logs.index import KEPT
from runbook.logs.view import LogView


def lines(age: int, count: int = 300) -> bytes:
    return b"".join(b"file %d line %04d\n" % (age, number) for number in range(count))


class Desk:
    def __init__(self, path: Path) -> None:
        self.view = LogView(path)
        self.view.begin()

    def shown(self) -> list[str]:
        chain = self.view.chain
        return [line.head.decode() for line in chain.lines(chain.start, 1_000_000)]

    async def look_back(self) -> list[str]:
        """Everything, after a search for what is nowhere."""
        self.view.search("nowhere at all", backwards=True, height=5)
        await self.view.settled()
        assert self.view.window(5).search_note == "no match above, N looks below"
        return self.shown()


def packed(how: str, data: bytes, path: Path) -> None:
    if how == "zst":
        subprocess.run(["zstd", "-q", "-o", str(path)], input=data, check=True)
    else:
        pack: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
        path.write_bytes(pack[how](data))


@pytest.mark.parametrize("how", ["gz", "zst", "bz2", "xz"])
async def test_a_search_goes_on_in_older_files_packed_or_not(tmp_path: Path, how: str) -> None:
    if how == "zst" and not shutil.which("zstd"):
        pytest.skip("zstd is not installed (apt-get install zstd)")
    (tmp_path / "app.log").write_bytes(lines(0))
    (tmp_path / "app.log.1").write_bytes(lines(1))
    packed(how, lines(2), tmp_path / f"app.log.2.{how}")
    packed(how, lines(10), tmp_path / f"app.log.10.{how}")
    desk = Desk(tmp_path / "app.log")
    desk.view.search("file 10 line 0123", backwards=True, height=5)
    await desk.view.settled()
    window = desk.view.window(5)
    assert next(row.text for row in window.rows if row.offset == window.match) == "file 10 line 0123"
    told = [line for line in desk.shown() if line.startswith("──")]
    assert told == [f"── app.log.{name} ends here ──" for name in (f"10.{how}", f"2.{how}", "1")]
    assert "\n".join(line for line in desk.shown() if line not in told).encode() + b"\n" == b"".join(
        lines(age) for age in (10, 2, 1, 0)
    )
    assert (desk.view.new, window.errors_per_minute) == (0, 0)


async def test_a_filter_shows_what_older_files_hold(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(lines(0))
    packed("gz", lines(1), tmp_path / "app.log.1.gz")
    desk = Desk(tmp_path / "app.log")
    desk.view.add_filter("line 0042")
    await desk.view.settled()
    assert [row.text for row in desk.view.window(9).rows] == ["file 1 line 0042", "file 0 line 0042"]


async def test_going_up_at_the_begin_goes_on_in_the_file_before(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(lines(0, 5))
    packed("gz", lines(1), tmp_path / "app-20261125.log.gz")
    desk = Desk(tmp_path / "app.log")
    desk.view.start()
    desk.view.to_top()
    desk.view.move(-1, 3)
    await desk.view.settled()
    desk.view.move(-2, 3)
    desk.view.close()
    assert [row.text for row in desk.view.window(3).rows] == [
        "file 1 line 0299",
        "── app-20261125.log.gz ends here ──",
        "file 0 line 0000",
    ]


async def test_a_file_is_read_once_under_whatever_names(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(lines(1))
    desk = Desk(tmp_path / "app.log")
    (tmp_path / "app.log").rename(tmp_path / "app.log.1")
    (tmp_path / "app.log").write_bytes(lines(0))
    desk.view.follower.check()
    packed("gz", lines(1), tmp_path / "app.log.1.gz")
    packed("gz", lines(2), tmp_path / "app.log.2.gz")
    found = [line for line in await desk.look_back() if not line.startswith("──")]
    assert "\n".join(found).encode() + b"\n" == b"".join(lines(age) for age in (2, 1, 0))


async def test_a_damaged_file_gives_what_it_holds_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(lines(0, 3))
    whole = gzip.compress(os.urandom(40_000).hex().encode() + b"\n")
    (tmp_path / "app.log.1.gz").write_bytes(whole[:-20_000])
    found = await Desk(tmp_path / "app.log").look_back()
    assert found[-4].startswith("── app.log.1.gz ends here, damaged: ")
    assert len(found) == 5


async def test_what_cannot_be_unpacked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.log").write_bytes(lines(0, 3))
    packed("gz", lines(1), tmp_path / "app.log.1.gz")
    (tmp_path / "app.log.2.lz4").write_bytes(b"x")
    monkeypatch.setattr(older, "SPARE", 1 << 60)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert (await Desk(tmp_path / "app.log").look_back())[:2] == [
        "── app.log.2.lz4 is not read: lz4 is not installed ──",
        "── app.log.1.gz is not read: the disk is too full to unpack it ──",
    ]


async def test_a_search_that_was_called_off_loses_no_older_file(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(lines(0))
    for age in (1, 2, 3):
        packed("gz", lines(age, 20_000), tmp_path / f"app.log.{age}.gz")
    desk = Desk(tmp_path / "app.log")
    for _ in range(3):
        desk.view.search("nowhere", backwards=True, height=5)
        desk.view.search("", backwards=True, height=5)
    found = [line for line in await desk.look_back() if not line.startswith("──")]
    assert len(found) == 60_300
    assert found == sorted(found, key=lambda line: (-int(line.split()[1]), int(line.split()[3])))


async def test_what_was_let_go_after_many_rotations_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(lines(9, 3))
    desk = Desk(path)
    await desk.look_back()  # there is none yet
    for age in range(8, 0, -1):
        for number in range(9, 0, -1):
            older_file = tmp_path / f"app.log.{number}"
            if older_file.exists():
                older_file.rename(tmp_path / f"app.log.{number + 1}")
        path.rename(tmp_path / "app.log.1")
        path.write_bytes(lines(age, 3))
        desk.view.follower.check()
    assert len(desk.view.chain.parts) == KEPT
    found = [line for line in await desk.look_back() if not line.startswith("──")]
    assert "\n".join(found).encode() + b"\n" == b"".join(lines(age, 3) for age in range(9, 0, -1))
