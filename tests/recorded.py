"""The record of a short incident, as a room writes it: a journal, its samples, a command's output."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runbook.incident import events as ev
from runbook.incident import home, snapshot
from runbook.incident.journal import Journal
from runbook.model import Effect
from runbook.signals.samples import SampleFile
from runbook.signals.series import Sample

START = datetime(2026, 11, 24, 3, 14, tzinfo=UTC)
MENDED, LAST = 200, 300
"""Seconds from the start: when the error rate falls, and the last event."""
RUNBOOK = """\
version: 1
id: shop
title: Shop
service: shop
environment: production
settle: 0s
signals:
  error_rate:
    {source: http_json, title: Error rate, kind: error_rate, url: "http://127.0.0.1:9/x", path: x, unit: "%", every: 5s}
triggers:
  - {id: high, urgency: conditional, group: Errors, text: Too many requests fail, criterion: error_rate > 5%}
methods:
  - id: back
    label: "1"
    title: Go back
    steps:
      - {id: push, title: Push the old release, run: git push origin old, effect: change}
      - {id: look, title: Look at it, run: curl -fsS http://127.0.0.1:9/health, effect: read}
outcomes:
  - {id: ok, level: success, text: Few requests fail, criterion: error_rate < 1%}
"""


async def _write(folder: Path) -> None:
    now = START

    def clock() -> datetime:
        return now

    journal = Journal.open(folder, folder.name, "ana-1", clock)
    copy = snapshot.store(folder, "files/runbook.yaml", RUNBOOK.encode())
    run = folder / "runs" / "r1"
    run.mkdir(parents=True)
    (run / "out.log").write_text("pushing\nproduction is old now\n")
    output = ev.File("runs/r1/out.log", "ab" * 32, 30)
    told: tuple[tuple[int, ev.Known], ...] = (
        (0, ev.IncidentOpened("Checkout fails", "shop", "production", "SEV1", copy)),
        (1, ev.RoomEntered("ana", "laptop", 7, driving=True)),
        (60, ev.DecisionMade("roll-back", "too many fail")),
        (60, ev.MethodChosen("back", "Go back")),
        (120, ev.StepConfirmed(
            "r1", "back", "push", "Push the old release", (0,), "git push origin old", Effect.CHANGE, "production"
        )),
        (121, ev.StepStarted("r1", 99)),
        (126, ev.StepFinished("r1", 0, ok=True, duration=5.2, output=output, last_lines=("production is old now",))),
        (240, ev.VerdictChanged("recovered", "recovered by the signals: error rate 0.2 %")),
        (250, ev.NoteAdded("customers say that it works")),
        (LAST, ev.RoomLeft("left")),
    )  # fmt: skip
    for seconds, body in told:
        now = START + timedelta(seconds=seconds)
        await journal.append(body)
    journal.close()
    (folder / home.SAMPLES).mkdir(exist_ok=True)
    samples = SampleFile(folder / home.SAMPLES / "ana-1.samples", lambda: 0.0)
    for seconds in range(0, LAST, 5):
        value = 20.0 if seconds < MENDED else 0.2
        samples.keep("error_rate", Sample(START.timestamp() + seconds, value))
    samples.flush()


def record(folder: Path) -> Path:
    """Write the incident into a folder, which is made; returns it."""
    folder.mkdir(parents=True)
    asyncio.run(_write(folder))
    return folder
