"""Whatever a writer and a rotator do, in whatever order: every line is there once, in the order it was written.

The oracle is a plain list of what was written into each text. A text begins with a new file, or with a truncation.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from runbook.logs import follow, index
from runbook.logs.follow import Follower
from runbook.logs.index import Chain

ODD = [b"", b"plain", b"\x00", b"\xff\xfe", b"\x1b[31m", "é漢".encode(), b"\r", b"x" * 70]
ENDS = [b"\n", b"\n", b"\r\n", b""]
PIECES = st.lists(st.tuples(st.sampled_from(ODD), st.sampled_from(ENDS)), min_size=1, max_size=4)


def lines_of(text: bytes) -> list[bytes]:
    """The oracle: a text's lines without their ends."""
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix(b"\r") for line in lines]


def shown(chain: Chain) -> list[bytes]:
    notes = chain.notes()
    return [line.head for line in chain.lines(chain.start, 100_000) if line.offset not in notes]


def shown_upwards(chain: Chain) -> list[bytes]:
    """The same, read from the end line by line."""
    found: list[bytes] = []
    notes, at = chain.notes(), chain.end
    while (before := chain.back(at, 1)) != at:
        if before not in notes:
            found.extend(line.head for line in chain.lines(before, 1))
        at = before
    return found[::-1]


class Rotation(RuleBasedStateMachine):
    """A log's folder, its writer, its rotator and its reader."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(index, "BLOCK", 64)
        self.patch.setattr(index, "KEPT", 1000)
        self.patch.setattr(follow, "FINGERPRINT", 32)
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "app.log"
        self.serial = 0
        self.story: list[bytearray] = []
        self.text: dict[int, bytearray] = {}
        """What was written, by inode."""
        self.writers: list[BinaryIO] = []
        self.follower = Follower(self.path, wall=lambda: 0.0)
        self.follower.check()

    def teardown(self) -> None:
        for writer in self.writers:
            writer.close()
        self.follower.close()
        self.patch.undo()
        shutil.rmtree(self.folder)

    def _there(self) -> bool:
        return self.path.exists()

    def _shift(self) -> None:
        for number in range(len(list(self.folder.iterdir())), 0, -1):
            for suffix in ("", ".gz"):
                old = self.folder / f"app.log.{number}{suffix}"
                if old.exists():
                    old.rename(self.folder / f"app.log.{number + 1}{suffix}")

    @rule()
    def open_by_name(self) -> None:
        """The writer opens the log by its name, and makes it where it is not."""
        new = not self._there()
        writer = self.path.open("ab", buffering=0)
        self.writers.append(writer)
        if new:
            inode = os.fstat(writer.fileno()).st_ino
            self.text[inode] = bytearray()
            self.story.append(self.text[inode])

    @precondition(lambda self: self.writers)
    @rule(pieces=PIECES, whom=st.sampled_from([-1, -1, -1, -2]))
    def write(self, pieces: list[tuple[bytes, bytes]], whom: int) -> None:
        """Into the newest file, or late into the one before, whatever their names are now."""
        writer = self.writers[max(whom, -len(self.writers))]
        for odd, end in pieces:
            data = b"%08d " % self.serial + odd + end
            self.serial += 1
            writer.write(data)
            self.text[os.fstat(writer.fileno()).st_ino].extend(data)

    @precondition(lambda self: self._there())
    @rule()
    def rename(self) -> None:
        self._shift()
        self.path.rename(self.folder / "app.log.1")

    @precondition(lambda self: self._there())
    @rule()
    def copy_and_truncate(self) -> None:
        self._shift()
        shutil.copyfile(self.path, self.folder / "app.log.1")
        os.truncate(self.path, 0)
        inode = self.path.stat().st_ino
        self.text[inode] = bytearray()
        self.story.append(self.text[inode])

    @precondition(lambda self: self._there())
    @rule()
    def truncate(self) -> None:
        """What was in it is gone, also from the screen."""
        self.look()  # before the first look it is any file
        os.truncate(self.path, 0)
        inode = self.path.stat().st_ino
        gone = self.text[inode]
        if gone:
            self.story = [text for text in self.story if text is not gone]
            self.text[inode] = bytearray()
            self.story.append(self.text[inode])

    @precondition(lambda self: self._there())
    @rule()
    def remove(self) -> None:
        self.look()  # what came and went between two looks nobody has seen
        self.path.unlink()

    @rule()
    def compress(self) -> None:
        self.look()
        names = sorted(path for path in self.folder.iterdir() if path.suffix[1:].isdigit())
        if names:
            with gzip.open(f"{names[-1]}.gz", "wb") as packed:
                packed.write(names[-1].read_bytes())
            names[-1].unlink()

    @rule()
    def switch(self) -> None:
        """The name becomes a link to another file, in one step."""
        self.look()
        target = self.folder / f"release-{self.serial}.txt"
        self.serial += 1
        writer = target.open("ab", buffering=0)
        self.writers.append(writer)
        inode = os.fstat(writer.fileno()).st_ino
        self.text[inode] = bytearray()
        self.story.append(self.text[inode])
        (self.folder / "link").symlink_to(target.name)
        (self.folder / "link").rename(self.path)
        self.look()

    @rule()
    def look(self) -> None:
        self.follower.check()

    @invariant()
    def every_line_once_and_in_order(self) -> None:
        self.follower.check()
        written = [line for text in self.story for line in lines_of(bytes(text))]
        assert shown(self.follower.chain) == written
        assert shown_upwards(self.follower.chain) == written


class SeldomLooking(Rotation):
    """The same with a reader who looks only now and then: all may happen between two looks."""

    every_line_once_and_in_order = None  # type: ignore[assignment]

    def teardown(self) -> None:
        Rotation.every_line_once_and_in_order(self)
        super().teardown()


OFTEN = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
TestRotation = Rotation.TestCase
TestRotation.settings = OFTEN
TestSeldomLooking = SeldomLooking.TestCase
TestSeldomLooking.settings = OFTEN
