"""What was run in an incident and what it said, as lines in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC
from pathlib import Path

from runbook.incident import events as ev
from runbook.model import Record
from runbook.steps import runs

LINES = 400
"""Of one command's output, the last: the whole of it stays in the incident's folder."""


class Line(Record, frozen=True):
    """One line, and when it was known (Unix seconds): a command's output when its end was recorded."""

    at: float
    text: str


def transcript(folder: Path, events: Iterable[ev.Event]) -> tuple[Line, ...]:
    """The lines of an incident's folder, in the order of its events; an output that is gone leaves its last lines."""
    return tuple(
        Line(event.at.timestamp(), text)
        for event in events
        for text in _told(folder, f"{event.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", event.body)
    )


def _told(folder: Path, stamp: str, body: ev.Known | ev.Unknown) -> Iterator[str]:
    match body:
        case ev.StepConfirmed():
            yield from f"{stamp} $ {body.text}".splitlines()
        case ev.StepFinished():
            yield from _output(folder, body)
            ended = "was there already" if body.already else f"exit {body.exit} after {body.duration:.1f} s"
            yield f"{stamp} {'done' if body.ok else 'FAILED'}: {ended}{_because(body.why)}"
        case ev.StepUnknown():
            yield f"{stamp} UNKNOWN, how it ended{_because(body.why)}"
        case ev.StepResolved():
            yield f"{stamp} a person says: {body.outcome.replace('-', ' ')}{_because(body.reason)}"
        case ev.StepRefused():
            yield f"{stamp} not started: {body.why}"
        case ev.StopAsked():
            yield f"{stamp} asked to end: {body.how}"
        case ev.StepMarked():
            yield f"{stamp} {body.title}: {body.mark}{_because(body.reason)}"


def _output(folder: Path, body: ev.StepFinished) -> Iterator[str]:
    try:
        raw = runs.last_lines(folder / "runs" / body.run, LINES + 1)
    except OSError:
        raw = []
    if not raw:
        yield from body.last_lines
        return
    if len(raw) > LINES:
        yield f"… the last {LINES} lines of {body.output.size:,} bytes, kept in {body.output.path}"
    yield from (line.decode(errors="replace").rstrip("\r") for line in raw[-LINES:])


def _because(why: str) -> str:
    return f": {why}" if why else ""
