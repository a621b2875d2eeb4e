"""Lighthouse as a slow source: a score or a time out of its report, or a hole with its reason."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook.command_signals import runner
from runbook.model import Effect, Runbook, Signal
from runbook.reading import yaml
from runbook.reading.problems import ReadingError
from runbook.signal_sources import CommandOutput, Lighthouse
from runbook.signals import criteria
from runbook.signals.monitor import Monitor
from tui.trusting import offered

Report = dict[str, object]


def report(age: timedelta = timedelta(), **changed: object) -> Report:
    made = (datetime.now(UTC) - age).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    audits = {
        "largest-contentful-paint": {"numericValue": 2345.6, "numericUnit": "millisecond"},
        "cumulative-layout-shift": {"numericValue": 0.12, "numericUnit": "unitless"},
    }
    categories = {"performance": {"score": 0.83}}
    return {"lighthouseVersion": "12.8.2", "fetchTime": made, "categories": categories, "audits": audits, **changed}


async def told(tmp_path: Path, text: str, unit: str = "", every: float = 60, **source: object) -> object:
    """The value, or why there is none."""
    (tmp_path / "report.json").write_text(text)
    given = Lighthouse(file="report.json", **source)  # type: ignore[arg-type]
    monitor = Monitor((Signal("x", "X", given, unit=unit, every=every),), run=runner(tmp_path, dict(os.environ), ()))
    await monitor.look()
    ((_, value, why),) = monitor.readings()
    return why if value is None else value


@pytest.mark.parametrize(
    ("measure", "unit", "value"), [("score", "", 83), ("lcp", "s", 2.3456), ("lcp", "ms", 2345.6), ("cls", "", 0.12)]
)
async def test_a_measure_is_read_in_its_unit(tmp_path: Path, measure: str, unit: str, value: float) -> None:
    assert await told(tmp_path, json.dumps(report()), unit, measure=measure) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (lambda: "", "not JSON (no content type)"),
        (lambda: "<html>", "not JSON (no content type)"),
        (lambda: "{}", "no report of lighthouse"),
        (lambda: "[]", "no report of lighthouse"),
        (
            lambda: json.dumps(report(categories={"performance": {"score": None}})),
            "categories.performance.score is null",
        ),
        (lambda: json.dumps(report(categories={})), "categories.performance.score is not there"),
        (lambda: json.dumps(report(runtimeError={"code": "NO_FCP"})), "lighthouse could not judge the page: NO_FCP"),
        (lambda: json.dumps(report(fetchTime=None)), "its report does not say when it was made"),
    ],
)
async def test_what_tells_nothing_is_a_hole_with_its_reason(tmp_path: Path, text: Callable[[], str], why: str) -> None:
    assert await told(tmp_path, text()) == why  # made now: a report of some minutes ago is a hole for that


async def test_a_report_of_another_time_is_a_hole(tmp_path: Path) -> None:
    assert str(await told(tmp_path, json.dumps(report(timedelta(hours=1))))).startswith("its report is from 1:00:0")
    ahead = str(await told(tmp_path, json.dumps(report(timedelta(hours=-2)))))
    assert ahead.startswith("its report is from 1:59:5") and ahead.endswith("ahead")


async def test_a_report_counts_until_its_next_ones_are_overdue(tmp_path: Path) -> None:
    assert await told(tmp_path, json.dumps(report(timedelta(minutes=25))), every=600) == 83


async def test_a_report_tells_of_when_it_was_made_and_not_of_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(report(timedelta(minutes=2))))
    score = Signal("score", "Score", Lighthouse(file="report.json"), every=60)
    monitor = Monitor((score,), run=runner(tmp_path, dict(os.environ), ()))
    await monitor.look()
    good = criteria.parse("score > 80", {"score": score})
    assert monitor.standing(good).state == "met"
    changed = datetime.now(UTC) - timedelta(minutes=1)
    assert monitor.standing(good, changed.timestamp()).state == "unknown"


async def test_a_slow_source_has_a_deadline_of_its_own_and_is_ended_at_it(tmp_path: Path) -> None:
    program = tmp_path / "slow"
    program.write_text("#!/bin/sh\nsleep 60\n")
    program.chmod(0o755)
    source = Lighthouse(url="http://127.0.0.1/", program=str(program), deadline=0.3)
    quick = CommandOutput("sleep 60", deadline=0.2)
    signals = (Signal("x", "X", source, every=600), Signal("y", "Y", quick, every=600))
    monitor = Monitor(signals, run=runner(tmp_path, dict(os.environ), ()))
    await monitor.look()
    assert [why for _, _, why in monitor.readings()] == [
        "its command gave nothing within 0.3 s",
        "its command gave nothing within 0.2 s",
    ]


async def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    source = Lighthouse(url="http://127.0.0.1/", program="no-such-lighthouse")
    monitor = Monitor((Signal("x", "X", source, every=600),), run=runner(tmp_path, dict(os.environ), ()))
    await monitor.look()
    ((_, _, why),) = monitor.readings()
    assert "its command ended with 127" in why and "no-such-lighthouse" in why


BOOK = """
version: 1
id: book
title: Book
params: [{id: site, label: Site, kind: url}]
signals:
  lcp: {source: lighthouse, title: LCP, url: <site>/it's, measure: lcp, chrome_flags: --headless=new --no-sandbox}
methods: [{id: m, title: M, steps: [{id: s, title: S, manual: Do it.}]}]
"""


def whole(text: str) -> Runbook:
    return yaml.loads(text, "x.yaml", infer=lambda _: Effect.READ, parse_criterion=criteria.parse)


def test_the_form_is_read_and_its_command_is_seen_before_it_is_trusted() -> None:
    book = whole(BOOK)
    (signal,) = book.signals
    assert (signal.unit, signal.every) == ("s", 600)
    (shown,) = [one.text for one in offered(book) if one.text.startswith("lighthouse ")]
    assert "'<site>/it'\"'\"'s' --quiet" in shown and "--chrome-flags='--headless=new --no-sandbox'" in shown


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("measure: lcp", "measure: lcp, file: report.json", "either a `url`, or a report"),
        ("url: <site>/it's, ", "", "either a `url`, or a report"),
        ("measure: lcp", "measure: lcp, deadline: 1h", "10 minutes at most"),
        ("measure: lcp", "measure: speed", "speed"),
    ],
)
def test_a_form_that_cannot_be_meant_is_told(before: str, after: str, told: str) -> None:
    with pytest.raises(ReadingError, match=told):
        whole(BOOK.replace(before, after))
