"""A runbook as the one JSON object that other programs read: `warroom check --json`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from runbook.checking.findings import Finding
from runbook.model import Command, Method, Runbook, Step
from runbook.steps.values import placeholders

Json = dict[str, Any]
CONTINUED = re.compile(r"[ \t]*\\\r?\n[ \t]*")


def summary(runbook: Runbook, findings: Iterable[Finding]) -> Json:
    """The contract of `check --json`: every command of the document exactly once, with its line."""
    known = open_values(runbook)
    others = runbook.procedures()[len(runbook.methods) + bool(runbook.verification) :]
    return {
        "title": runbook.title,
        "version": runbook.version,
        "methods": [_method(method, known) for method in runbook.methods],
        "triggers": [
            {
                "text": trigger.text,
                "class": trigger.urgency,
                "criterion": trigger.criterion.text if trigger.criterion else None,
            }
            for trigger in runbook.triggers
        ],
        "checklists": [
            {"title": checklist.title, "items": [item.text for item in checklist.items]}
            for checklist in runbook.checklists
        ],
        "verification": [_step(step, known) for step in runbook.verification],
        "success": [
            {
                "text": outcome.text,
                "level": outcome.level,
                "criterion": outcome.criterion.text if outcome.criterion else None,
            }
            for outcome in runbook.outcomes
        ],
        "contacts": [{"level": contact.level, "who": contact.who, "how": contact.how} for contact in runbook.contacts],
        "followups": [{"when": item.group or _span(item.due_in), "text": item.text} for item in runbook.follow_ups],
        "lessons": [{"cause": lesson.cause, "answer": lesson.answer} for lesson in runbook.lessons],
        "report_template": runbook.report_template or None,
        "procedures": [_method(method, known) for method in others],
        "problems": [
            {"line": finding.line, "severity": finding.severity, "text": finding.text} for finding in findings
        ],
    }


def open_values(runbook: Runbook) -> frozenset[str]:
    """Every name that stands for a value in this runbook: asked for, or taken from an output."""
    captured = (
        capture.param
        for procedure in runbook.procedures()
        for step in procedure.steps
        for command in step.commands
        for capture in command.captures
    )
    return frozenset((*(param.id for param in runbook.params), *captured))


def joined(text: str) -> str:
    """A command's text, its continued lines joined by one space."""
    return CONTINUED.sub(" ", text).strip()


def _method(method: Method, known: frozenset[str]) -> Json:
    return {
        "id": method.id,
        "title": method.title,
        "duration": method.estimate or None,
        "risk": method.risk,
        "params": list(method.params),
        "steps": [_step(step, known) for step in method.steps],
    }


def _step(step: Step, known: frozenset[str]) -> Json:
    return {
        "title": step.title,
        "kind": step.kind,
        "commands": [_command(command, known) for command in step.commands],
    }


def _command(command: Command, known: frozenset[str]) -> Json:
    return {
        "text": joined(command.as_written or command.text),
        "line": command.line,
        "effect": command.effect.value,
        "kind": command.kind,
        "params": list(placeholders(command.text, known)),
    }


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
