"""What comes after: follow-ups with their deadlines, lessons, practices, and the report to write."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runbook.model import FollowUp, Lesson, Seconds
from runbook.reading.document.leaves import leaves, outermost
from runbook.reading.document.phrases import bare, plain
from runbook.reading.document.sections import Section
from runbook.reading.document.spans import deadline

_DAY = 86400.0
_ARROW = re.compile(r"\s*(?:→|->|=>|⇒|➡️?)\s*")
_ANSWER = re.compile(
    r"^(?:solution|fix|mitigation|prevention|answer|action|solución|lösung|soluzione)\s*[:：]\s*", re.I
)
_PAIR = re.compile(r"^(?P<cause>[^:：→]{3,80}?)\s*(?:[:：]|\s[-–—]\s)\s*(?P<answer>.+)$")
_NO_REPORT = re.compile(r"^(?:bash|sh|shell|console|sql|ya?ml|json|python|js|javascript)\b", re.I)


def follow_ups(found: Iterable[Section]) -> tuple[FollowUp, ...]:
    """What is to be done after the incident; what has no deadline is due within a day."""
    made = []
    for section in found:
        due = due_in(section)
        for leaf in outermost(section):
            words = plain(leaf.text) if leaf.task else bare(leaf.text)
            own = deadline(leaf.under)
            if words and (own or due or not leaf.task):
                group = leaf.under if own or not section.title else section.title
                made.append(FollowUp(text=words, due_in=own or due or _DAY, group=group))
    return tuple(made)


def due_in(section: Section) -> Seconds:
    """The deadline that a section or one around it names; 0 where none does."""
    return next((seconds for part in (section, *section.above()) if (seconds := deadline(part.heading))), 0.0)


def lessons(found: Iterable[Section]) -> tuple[Lesson, ...]:
    """Causes with their answers, from lists and tables."""
    made = []
    for section in found:
        for leaf in leaves(section):
            words = plain(leaf.text)
            parts = _ARROW.split(words, maxsplit=1)
            pair = _PAIR.match(words)
            if len(parts) == 2:
                made.append(Lesson(cause=bare(parts[0]), answer=_ANSWER.sub("", parts[1].strip())))
            elif pair:
                made.append(Lesson(cause=bare(pair["cause"]), answer=_ANSWER.sub("", pair["answer"])))
        for block in section.blocks:
            if block.kind == "table" and block.rows and len(block.rows[0]) > 1:
                made += [
                    Lesson(cause=plain(row[0]), answer=" · ".join(plain(cell) for cell in row[1:] if cell))
                    for row in block.rows[1:]
                    if row and row[0]
                ]
    return tuple(made)


def practices(found: Iterable[Section]) -> tuple[str, ...]:
    """Habits that the document recommends."""
    return tuple(words for section in found for leaf in leaves(section) if (words := bare(leaf.text)))


def report_template(found: Iterable[Section]) -> str:
    """The report to be written: the longest text in a fence under such a heading."""
    texts = [
        "\n".join(block.lines)
        for section in found
        for block in section.blocks
        if block.kind == "fence" and not _NO_REPORT.match(block.info)
    ]
    return max(texts, key=len, default="")
