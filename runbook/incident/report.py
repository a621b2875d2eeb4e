"""The incident report, in Markdown, made from the fold of the record alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from runbook.incident import account, snapshot
from runbook.incident.account import MISSING
from runbook.incident.course import Readings, course
from runbook.incident.markdown import plain, utc
from runbook.incident.state import RoomState
from runbook.logs.clean import clean
from runbook.model import Runbook

OUR_TEMPLATE = """\
# Incident report: {{date}} - {{title}}

## Timeline
- **Detection**: {{detection}}
- **Rollback decision**: {{decision}}
- **Rollback started**: {{rollback_started}}
- **Rollback completed**: {{rollback_completed}}
- **Service restored**: {{restored}}

## Impact
- **Duration**: {{duration}}
- **Affected users**: {{affected_users}}
- **Affected features**: {{affected_features}}
- **Data loss**: {{data_loss}}

## Root cause
{{root_cause}}

## Resolution
{{resolution}}

## Prevention
{{prevention}}

## Action items
{{action_items}}
- [ ] Schedule the post-mortem
"""

NOTHING_READ: Readings = {}
_NAMED = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_PROMPT = re.compile(r"(?<!\])\[([^\[\]\n]{2,})\](?![(\[:])")
"""`[Time]`, `[X minutes/hours]`: what a template leaves for a person to fill in; no box, no link."""
_LABEL = re.compile(r"^\s*(?:[-*+]\s+)?\**([A-Za-z][A-Za-z /-]*?)\**\s*:")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")

_CALLED: Mapping[str, str] = {
    "detection": "detection",
    "detected": "detection",
    "rollback decision": "decision",
    "decision": "decision",
    "rollback started": "rollback_started",
    "rollback completed": "rollback_completed",
    "service restored": "restored",
    "duration": "duration",
    "data loss": "data_loss",
    "resolution": "resolution",
    "action items": "action_items",
    "date": "date",
    "title": "title",
    "brief description": "title",
    "severity": "severity",
    "service": "service",
    "environment": "environment",
}
"""What templates call the facts that the record can know."""


def render(
    state: RoomState, runbook: Runbook, now: datetime, readings: Readings = NOTHING_READ, *, unreadable: str = ""
) -> str:
    """The report as Markdown: the runbook's own form filled in, then everything that the record holds.

    `unreadable` is what of the record could not be read.
    """
    end = min(now, state.closed or now)
    went = course(readings, runbook, state.opened, end) if state.opened else ()
    known = account.facts(state, runbook, now)
    lines = list(_filled(runbook.report_template or OUR_TEMPLATE, known))
    if unreadable:
        lines[1:1] = ["", f"**Not all of the record is in this report.** {plain(unreadable)}"]
    if state.drill:
        lines[1:1] = ["", "**A drill: practised on a practice production, not a real incident.**"]
    for title, told in (
        ("Overview", account.overview(state, runbook)),
        ("Responders", account.responders(state)),
        ("Decisions, and what the signals said", account.decisions(state, runbook)),
        ("The signals, worst of each stretch", went),
        ("Verdict, by criterion", account.criteria(state, runbook)),
        ("Commands", account.commands(state, runbook)),
        ("Deviations from the runbook", account.deviations(state, runbook)),
        ("What went well", [MISSING]),
        ("What went wrong", [MISSING]),
        ("Where we were lucky", [MISSING]),
        ("Follow-ups", account.follow_ups(state, runbook)),
        ("Full timeline", account.full_timeline(state, runbook)),
    ):
        lines += ["", f"## {title}", "", *_or_none(told)]
    written = f"Written {utc(now)} by warroom from {state.events} recorded events of {plain(state.incident)}."
    return "\n".join([*lines, "", "---", written, ""])


def write(text: str, folder: Path) -> tuple[Path, str]:
    """Keep a report as `report-N.md` in the incident's folder; returns its path and SHA-256. Raises OSError."""
    number = 1
    while os.path.lexists(folder / f"report-{number}.md"):
        number += 1
    kept = snapshot.store(folder, f"report-{number}.md", text.encode())
    return folder / kept.path, kept.sha256


def _or_none(lines: Iterable[str]) -> list[str]:
    return list(lines) or ["None recorded."]


def _filled(template: str, known: Mapping[str, str]) -> Iterable[str]:
    """The template's lines with `{{name}}` and `[prompts]` filled from what is known, in one pass."""
    heading = ""
    used: set[str] = set()
    for raw in template.rstrip().splitlines():
        line = clean(raw)
        if title := _HEADING.match(line):
            heading = title[1]
        if _NAMED.search(line):
            yield _NAMED.sub(lambda name: known.get(name[1], MISSING), line)
            continue
        label = _LABEL.match(line)
        about = label[1] if label else heading
        listed = _CALLED.get(about.strip().lower(), "")
        if listed == "action_items" and _PROMPT.search(line) and listed in known:
            # a list of prompts for one list of facts: the facts stand there once
            if listed not in used:
                yield known[listed]
            used.add(listed)
            continue
        yield _PROMPT.sub(lambda prompt: _answer(prompt[1], about, known), line)  # noqa: B023


def _answer(prompt: str, about: str, known: Mapping[str, str]) -> str:
    for called in (prompt, about):
        name = _CALLED.get(called.strip().lower(), "")
        if name in known:
            return known[name]
    return f"{MISSING} ({plain(prompt)})"
