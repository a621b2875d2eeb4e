"""What a check found, as a page that someone can work from: what was understood, then what to mend."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from runbook.checking.findings import SEVERITIES, Finding
from runbook.checking.summary import joined
from runbook.logs.clean import clean
from runbook.model import Command, Effect, Method, Record, Runbook, Step
from runbook.steps.values import placeholders

NARROWEST = 40
MARKS = {Effect.READ: " ", Effect.CHANGE: "~", Effect.DESTROY: "!"}
HEADINGS = {
    "problem": ("Problem", "would fail, hang, lie or destroy tonight"),
    "warning": ("Warning", "may surprise somebody"),
    "note": ("Note", "good to know"),
}


class Page(Record, frozen=True):
    """How wide the page is, and what the file is called on it."""

    name: str
    width: int = 80


def lines(runbook: Runbook, findings: Sequence[Finding], page: Page) -> Iterator[str]:
    """The page, line by line, without anything that a terminal would act on."""
    width = max(page.width, NARROWEST)
    yield from _wrapped(runbook.title or page.name, width)
    yield from _wrapped(" · ".join(filter(None, _about(runbook, page))), width)
    yield ""
    for method in runbook.methods:
        yield from _method(runbook, method, width)
    if not runbook.methods:
        yield "No method to roll back was found."
        yield ""
    for method in runbook.procedures()[len(runbook.methods) :]:
        yield from _method(runbook, method, width)
    yield from _around(runbook, width)
    yield ""
    for severity in SEVERITIES:
        yield from _findings([f for f in findings if f.severity == severity], severity, page.name, width)
    yield verdict(findings)


def verdict(findings: Iterable[Finding]) -> str:
    """The last line: how many of each, in words."""
    count = Counter(finding.severity for finding in findings)
    said = ", ".join(_many(count[severity], severity) for severity in SEVERITIES if count[severity])
    return f"{said}." if said else "Nothing to mend was found."


def _about(runbook: Runbook, page: Page) -> tuple[str, ...]:
    commands = [command for step in _steps(runbook) for command in step.commands]
    effects = Counter(command.effect for command in commands)
    told = ", ".join(f"{effects[effect]} {effect.value}" for effect in Effect if effects[effect])
    guesses = sum(bool(command.guess) for command in commands)
    return (
        page.name,
        f"version {runbook.version}" if runbook.version else "",
        _many(len(runbook.methods), "method"),
        _many(len(commands), "command") + (f" ({told})" if told else ""),
        f"{guesses} of them in part guessed" if guesses else "",
    )


def _steps(runbook: Runbook) -> Iterator[Step]:
    for procedure in runbook.procedures():
        yield from procedure.steps


def _method(runbook: Runbook, method: Method, width: int) -> Iterator[str]:
    facts = [f"{method.estimate / 60:g} min" if method.estimate else "", f"risk {method.risk}", _at(method.line)]
    label = f"{method.label}  " if method.label else ""
    yield from _wrapped(f"{label}{method.title}  ({', '.join(filter(None, facts))})", width)
    open_values = list(dict.fromkeys((*method.params, *_left_open(runbook, method.steps))))
    if open_values:
        yield from _wrapped("to fill in: " + ", ".join(open_values), width, "    ")
    either = ""
    for step in method.steps:
        if step.either and step.either != either:
            yield "    one of these:"
        either = step.either
        yield from _step(step, width, "      " if step.either else "    ")
    yield ""


def _left_open(runbook: Runbook, steps: Iterable[Step]) -> Iterator[str]:
    known = frozenset(param.id for param in runbook.params if not param.default)
    captured = {capture.param for step in steps for command in step.commands for capture in command.captures}
    for step in steps:
        for command in step.commands:
            yield from (name for name in placeholders(command.text, known) if name not in captured)


def _step(step: Step, width: int, indent: str) -> Iterator[str]:
    mark = {"manual": "☐ ", "wait_for": "… ", "message": "✉ "}.get(step.kind, "")
    yield from _wrapped(f"{mark}{step.title}{'' if step.commands else f'  ({_at(step.line)})'}", width, indent)
    for command in step.commands:
        yield from _command(command, width, indent)


def _command(command: Command, width: int, indent: str) -> Iterator[str]:
    where = f"{command.line:>5} " if command.line else "      "
    kind = "" if command.kind == "run" else f"  [{command.kind}]"
    first, *more = joined(command.text).splitlines() or [""]
    lead = f"{indent}{where}{MARKS[command.effect]} "
    yield from _wrapped(first + ("" if more else kind), width, lead, " " * len(lead))
    for number, line in enumerate(more):
        yield from _wrapped(line + (kind if number == len(more) - 1 else ""), width, " " * len(lead))


def _around(runbook: Runbook, width: int) -> Iterator[str]:
    """The rest, in counts."""
    urgent = Counter(trigger.urgency for trigger in runbook.triggers)
    levels = Counter(outcome.level for outcome in runbook.outcomes)
    measured = sum(trigger.criterion is not None for trigger in runbook.triggers)
    judged = sum(outcome.criterion is not None for outcome in runbook.outcomes)
    ticks = ", ".join(f"{len(listed.items)} {listed.title}" for listed in runbook.checklists)
    calls = Counter(contact.level for contact in runbook.contacts)
    rows = (
        ("triggers", _parts(urgent) + (f"; {measured} with a number that is watched" if measured else "")),
        ("checklists", ticks),
        ("success", _parts(levels) + (f"; {judged} with a number that is watched" if judged else "")),
        ("contacts", ", ".join(f"{number} on {level}" for level, number in calls.items() if level) or _parts(calls)),
        ("follow-ups", str(len(runbook.follow_ups) or "")),
        ("lessons", str(len(runbook.lessons) or "")),
        ("report", "has a template" if runbook.report_template else ""),
    )
    for name, said in rows:
        yield from _wrapped(said or "none", width, f"{name:<11}", " " * 11)
    marks = "marks: ~ changes something, ! destroys something; the number is the line"
    yield from _wrapped(marks, width)


def _parts(count: Mapping[Any, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in count.items())


def _findings(found: Sequence[Finding], severity: str, name: str, width: int) -> Iterator[str]:
    """One paragraph for each thing to mend, under the places that have it."""
    if not found:
        return
    title, meaning = HEADINGS[severity]
    yield f"{title}{'s' if len(found) > 1 else ''}: {meaning}"
    same: dict[str, list[int]] = {}
    for finding in found:
        same.setdefault(finding.text, []).append(finding.line)
    for text, places in same.items():
        first, *rest = dict.fromkeys(places)
        also = f" (also {', '.join(map(str, rest))})" if rest else ""
        yield from _wrapped(f"{name}:{first}{also}" if first else name, width, "  ")
        yield from _wrapped(text, width, "      ")
    yield ""


def _at(line: int) -> str:
    return f"line {line}" if line else ""


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _wrapped(text: str, width: int, lead: str = "", indent: str = "") -> Iterator[str]:
    """The text in lines of at most `width` columns, broken between words where that is possible."""
    line, rest = lead, clean(text).replace("\t", " ").rstrip()
    while True:
        room = max(width - columns(line), 8)
        taken = _fitting(rest, room)
        yield (line + rest[:taken]).rstrip()
        rest = rest[taken:].lstrip()
        if not rest:
            return
        line = indent or lead


def _fitting(text: str, room: int) -> int:
    """How many characters of a text fit into so many columns, up to the end of a word if one ends there."""
    taken = used = 0
    while taken < len(text) and (used := used + columns(text[taken])) <= room:
        taken += 1
    if taken == len(text):
        return taken
    broken = text.rfind(" ", 0, taken + 1)
    return broken if text[:broken].strip() and broken > 0 else max(taken, 1)


def columns(text: str) -> int:
    """How many columns a terminal gives a text."""
    return sum(0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF") for char in text)
