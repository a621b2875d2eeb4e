"""A power cut at any instant loses no acknowledged event.

A kill -9 cannot show this: the kernel writes out what a killed process left in its cache. So the writer's
system calls are recorded, and the files are rebuilt as a disk may hold them: everything before the last
fsync of a file, and of what came later any part, sector by sector. A new name counts once its folder was
fsynced.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runbook.incident.audit import verify
from runbook.incident.events import NoteAdded
from runbook.incident.journal import JournalTrouble, read_incident

SECTOR = 512
EVENTS = 500
"""Enough for a checkpoint (1,000 pages of WAL)."""
CUTS = 120
CALLS = "openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink,close"
WRITER = Path(__file__).with_name("power_cut_writer.py")


@dataclass(frozen=True)
class Step:
    """One thing that the writer did to a file, or (`ack`) said."""

    kind: str
    path: str = ""
    at: int = 0
    data: bytes = b""


def _text(quoted: str) -> bytes:
    return bytes.fromhex(quoted.replace("\\x", ""))


def recorded(trace: Path, folder: Path) -> Iterator[Step]:
    """The steps of a trace that concern the folder and everything in it."""
    names: dict[str, str] = {}
    known: set[str] = set()
    for line in trace.read_text().splitlines():
        call = re.match(r"\d+\s+(\w+)\((.*)\)\s+= (-?\d+)", line)
        if call is None or int(call[3]) < 0:
            continue
        name, args, result = call[1], call[2], call[3]
        quoted = re.search(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?', args)
        assert quoted is None or not quoted[2], "strace cut a string short"
        if name == "openat":
            assert quoted is not None
            path = names[result] = _text(quoted[1]).decode()
            if path.startswith(f"{folder}/") and "O_CREAT" in args and path not in known:
                known.add(path)
                yield Step("create", path)
            continue
        path = names.get(args.split(",")[0].strip(), "")
        if name == "write" and args.startswith("1,"):
            assert quoted is not None
            yield Step("ack", at=int(_text(quoted[1]).split()[1]))
        elif name == "unlink":
            assert quoted is not None
            if (gone := _text(quoted[1]).decode()).startswith(f"{folder}/"):
                known.discard(gone)
                yield Step("unlink", gone)
        elif name == "close":
            names.pop(args.strip(), None)
        elif path.startswith(str(folder)) and not path.endswith("-shm"):
            yield from _on_a_file(name, args, path, quoted[1] if quoted else "")


def _on_a_file(name: str, args: str, path: str, quoted: str) -> Iterator[Step]:
    if name in ("fsync", "fdatasync"):
        yield Step("sync", path)
    elif name == "pwrite64":
        yield Step("write", path, int(args.rsplit(", ", 1)[1]), _text(quoted))
    elif name == "ftruncate":
        yield Step("truncate", path, int(args.split(", ")[1]))


@dataclass
class Disk:
    """What is on the disk for certain, and what may be."""

    chance: random.Random
    sure: dict[str, bytearray] = field(default_factory=dict)
    unsure: dict[str, list[Step]] = field(default_factory=dict)
    unnamed: set[str] = field(default_factory=set)
    """Files whose names may be lost."""
    acknowledged: int = 0

    def take(self, step: Step) -> None:
        match step.kind:
            case "ack":
                self.acknowledged = step.at
            case "create":
                self.sure[step.path] = bytearray()
                self.unnamed.add(step.path)
            case "unlink":
                self.sure.pop(step.path, None)
                self.unsure.pop(step.path, None)
            case "sync":
                for late in self.unsure.pop(step.path, []):
                    _apply(self.sure.setdefault(step.path, bytearray()), late)
                self.unnamed = {path for path in self.unnamed if str(Path(path).parent) != step.path}
            case _:
                self.unsure.setdefault(step.path, []).append(step)

    def after_the_cut(self, luck: str) -> dict[str, bytearray]:
        """The files as they may be found: of what was not synced nothing, all, or any sectors."""
        files = {path: bytearray(data) for path, data in self.sure.items()}
        for path, steps in self.unsure.items():
            for step in steps:
                for part in _parts(step):
                    if luck == "all" or (luck == "some" and self.chance.random() < 0.5):
                        _apply(files.setdefault(path, bytearray()), part)
        lost = {path for path in self.unnamed if luck == "none" or (luck == "some" and self.chance.random() < 0.5)}
        return {path: data for path, data in files.items() if path not in lost}


def _parts(step: Step) -> Iterator[Step]:
    if step.kind == "truncate":
        yield step
    for start in range(0, len(step.data), SECTOR):
        yield Step("write", step.path, step.at + start, step.data[start : start + SECTOR])


def _apply(data: bytearray, step: Step) -> None:
    if step.kind == "truncate":
        del data[step.at :]
    data.extend(bytes(max(0, step.at - len(data))))
    if step.kind == "write":
        data[step.at : step.at + len(step.data)] = step.data


@dataclass
class Losses:
    """What the cuts did."""

    cuts: int = 0
    lost: int = 0
    unreadable: int = 0
    untrue: int = 0


def cut_the_power(folder: Path, synchronous: int) -> Losses:
    """Let the writer write, cut the power at `CUTS` instants, and look at what is left each time."""
    incident = folder / "incident"
    (incident / "journal").mkdir(parents=True)
    trace = folder / "trace"
    command = ["strace", "-f", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(trace)]
    command += [sys.executable, str(WRITER), str(incident), "kim-1", str(EVENTS), "--synchronous", str(synchronous)]
    traced = subprocess.run(
        command, capture_output=True, timeout=300, check=False, env={**os.environ, "PYTHONPATH": str(WRITER.parents[2])}
    )
    if b"ptrace" in traced.stderr:
        pytest.skip("strace may not trace here")
    assert traced.returncode == 0, traced.stderr.decode()
    steps = list(recorded(trace, incident / "journal"))
    assert sum(step.kind == "ack" for step in steps) == EVENTS
    in_the_database = sum(step.kind == "write" and step.path.endswith(".db") for step in steps)
    assert in_the_database > 200, "no checkpoint took place"
    chance = random.Random(3)
    losses = Losses()
    for cut in sorted(chance.choices(range(1, len(steps) + 1), k=CUTS)):
        disk = Disk(chance)
        for step in steps[:cut]:
            disk.take(step)
        _look(disk, chance.choice(["none", "some", "some", "all"]), folder / "found" / "incident", losses)
    return losses


def _look(disk: Disk, luck: str, found: Path, losses: Losses) -> None:
    shutil.rmtree(found, ignore_errors=True)
    (found / "journal").mkdir(parents=True)
    for path, data in disk.after_the_cut(luck).items():
        if path.endswith((".db", "-wal")):
            (found / "journal" / Path(path).name).write_bytes(data)
    losses.cuts += 1
    try:
        events = read_incident(found)
    except JournalTrouble:
        losses.unreadable += 1
        return
    if len(events) < disk.acknowledged:
        losses.lost += 1
    said = [event.body.text.split()[0] for event in events if isinstance(event.body, NoteAdded)]
    if said != [str(i) for i in range(1, len(events) + 1)] or verify(found):
        losses.untrue += 1


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@needs_strace
def test_no_power_cut_loses_an_acknowledged_event(tmp_path: Path) -> None:
    assert cut_the_power(tmp_path, synchronous=2) == Losses(cuts=CUTS)


@needs_strace
def test_the_test_sees_a_journal_that_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    losses = cut_the_power(tmp_path, synchronous=0)
    assert losses.lost + losses.unreadable + losses.untrue > CUTS // 4
