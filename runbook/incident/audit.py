"""Whether a record is still as it was written: its chains, the order of its seats, the files that it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from runbook.incident.events import Event, File, IncidentOpened, SnapshotSaved, StepConfirmed, StepFinished, Unknown
from runbook.incident.journal import emergency_files, read_or_say, salvage, streams
from runbook.incident.pen import read_emergency
from runbook.incident.stream import FIRST, Stream, chain


def verify(folder: Path) -> list[str]:
    """What in the record is not as it was written, a sentence each; empty when all is.

    A chain shows what was changed, taken out or put in; the order of the room, that a seat was cut off or taken away
    where another one went on after it; a command that ran, that the last events of all were cut off. Notes and ticks
    that were the very last leave no such trace.
    """
    events, unread = salvage(folder)
    problems = unread or [*_holes(events), *_untold(folder, events)]
    for path in streams(folder):
        stream = read_or_say(path, [])
        problems += _chain_problems(path, stream, folder.name)
    for path in emergency_files(folder):
        problems += _emergency_problems(path, folder)
    for event in events:
        problems += [f"Event {event.seq} of {event.seat}: {what}" for what in _file_problems(folder, event)]
    return problems


def _chain_problems(path: Path, stream: Stream, incident: str) -> list[str]:
    problems = []
    if stream.seat not in ("", path.stem):
        problems.append(f"{path.name} says it is the record of seat {stream.seat}.")
    if stream.incident not in ("", incident):
        problems.append(f"{path.name} belongs to incident {stream.incident}, and lies in {incident}.")
    before, expected = FIRST, 1
    for row in stream.rows:
        if row.seq != expected:
            gap = f"event {expected} is" if row.seq == expected + 1 else f"events {expected} to {row.seq - 1} are"
            problems.append(f"{path.stem}: {gap} missing.")
        elif row.hash != chain(before, stream.incident, stream.seat, row):
            problems.append(f"{path.stem}: event {row.seq} is not as it was written, or the one before it is not.")
        before, expected = row.hash, row.seq + 1
    return problems


def _holes(events: Iterable[Event]) -> list[str]:
    """Each event has the place after the highest that its seat knew of: a place that nobody has was somebody's."""
    places = sorted({0, *(event.lamport for event in events)})
    gaps = [(before + 1, after - 1) for before, after in pairwise(places) if after > before + 1]
    return [
        f"Event{f' {first} is' if first == last else f's {first} to {last} are'} missing in the order of all seats: "
        "the end of a seat's record was cut off, or its file was taken away."
        for first, last in gaps
    ]


def _untold(folder: Path, events: Sequence[Event]) -> list[str]:
    """An event is on the disk before its command starts: one that ran and is not told of was told of once."""
    if any(isinstance(event.body, Unknown) for event in events):
        return []  # a newer warroom may tell of it in another way
    told = {event.body.run for event in events if isinstance(event.body, StepConfirmed)}
    runs = folder / "runs"
    ran = sorted(path.name for path in runs.iterdir() if path.is_dir()) if runs.is_dir() else ()
    return [
        f"A command ran of which no event tells (runs/{run}): the end of a seat's record was cut off."
        for run in ran
        if run not in told
    ]


def _emergency_problems(path: Path, folder: Path) -> list[str]:
    seat = path.stem.removeprefix("emergency-")
    try:
        lines = read_emergency(path).lines
        rows = [line.row for line in lines]
    except (OSError, ValueError):
        return []  # said by salvage
    stream, unread = folder / "journal" / f"{seat}.db", list[str]()
    journal = {row.seq: row.hash for row in (read_or_say(stream, unread).rows if stream.exists() else ())}
    problems = []
    only = sum(row.seq not in journal for row in rows)
    if only:
        problems.append(f"{seat}: {only} event(s) are in {path.name} alone; the journal could not be written.")
    for line, row in zip(lines, rows, strict=True):
        before = FIRST if row.seq == 1 else journal.get(row.seq - 1)
        if row.seq in journal and journal[row.seq] != row.hash:
            problems.append(f"{seat}: event {row.seq} differs between {path.name} and the journal.")
        elif before is None and not unread:
            problems.append(f"{seat}: event {row.seq - 1} is missing, before the one in {path.name}.")
        elif before is not None and chain(before, line.incident, line.seat, row) != row.hash:
            problems.append(f"{seat}: event {row.seq} in {path.name} is not as it was written.")
        journal.setdefault(row.seq, row.hash)
    return problems


def _digest(content: BinaryIO, event: Event, file: File) -> str:
    """Of an output only what the command had written by its end: what it left behind may write on."""
    digest, left = hashlib.sha256(), file.size if isinstance(event.body, StepFinished) else None
    while left != 0 and (part := content.read(1 << 20 if left is None else min(left, 1 << 20))):
        digest.update(part)
        left = left and left - len(part)
    return digest.hexdigest()


def _file_problems(folder: Path, event: Event) -> list[str]:
    problems = []
    for file in _named_files(event):
        path = folder / file.path
        try:
            # a changed record may name anything: nothing outside the folder is opened, and no pipe
            there = path.resolve().is_relative_to(folder.resolve()) and path.is_file()
        except (OSError, ValueError):  # a name that no file can have
            there = False
        if not there:
            problems.append(f"its file {file.path} is not there any more.")
            continue
        try:
            with path.open("rb") as content:
                if _digest(content, event, file) != file.sha256:
                    problems.append(f"its file {file.path} is not as it was recorded.")
        except OSError as trouble:
            problems.append(f"its file {file.path} cannot be read: {trouble.strerror}.")
    return problems


def _named_files(event: Event) -> tuple[File, ...]:
    match event.body:
        case IncidentOpened(runbook=file) | StepFinished(output=file):
            return (file,) if file.path and file.sha256 else ()
        case SnapshotSaved(files=files):
            return files
        case _:
            return ()
