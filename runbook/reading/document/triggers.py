"""When to roll back, and when not: every leaf of the lists and every row of the tables under such a heading."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from runbook.model import Trigger
from runbook.reading.document.blocks import Block
from runbook.reading.document.leaves import leaves
from runbook.reading.document.phrases import Names, bare, plain
from runbook.reading.document.sections import Section
from runbook.reading.document.thresholds import Numbers
from runbook.reading.document.words import CONDITIONAL, IMMEDIATE

Urgency = Literal["immediate", "conditional"]

_NEGATIVE = re.compile(
    r"\b(?:do not|don.?t|never|not) (?:roll|revert|trigger|use)|\bfix forward\b|^not a reason|no rollback|^wait\b", re.I
)
_NUMBERED = re.compile(r"^\d+[.)]\s*")
_LIMIT = re.compile(r"\s*(?:[<>≥≤]=?\s*\d|\d[\d.]*\s*%?\s*[-–]\s*\d[\d.]*\s*(?:%|ms|s))\s*\S{0,12}\s*$")
"""A cell that holds a limit for what stands in the first one; how long a way takes is none."""
_ACTION_COLUMN = re.compile(r"action|method|response|procedure|what to do|decision|rollback\?|strategy", re.I)


def triggers(found: Iterable[Section], numbers: Numbers, names: Names) -> tuple[Trigger, ...]:
    """A trigger for each leaf, in the order of the document."""
    made: list[Trigger] = []
    for section in found:
        for text, under, line, task, stated in _reasons(section):
            if _NEGATIVE.search(under):
                continue
            words = plain(text) if task else bare(text)
            if not words:
                continue
            made.append(
                Trigger(
                    id=names.new(words, "trigger"),
                    text=words,
                    group=_NUMBERED.sub("", under) or section.title,
                    urgency=_urgency(section, under, words),
                    criterion=numbers.criterion(stated),
                    line=line,
                )
            )
    return tuple(made)


def reasons_against(found: Iterable[Section]) -> tuple[str, ...]:
    """What is no reason to roll back, each as a note that says so."""
    notes = []
    for section in found:
        whole = section.role == "never"
        for text, under, *_ in _reasons(section):
            if whole or _NEGATIVE.search(under):
                head = under if _NEGATIVE.search(under) else section.heading
                notes.append(f"{head}: {bare(text)}")
    return tuple(notes)


def _reasons(section: Section) -> Iterable[tuple[str, str, int, bool, str]]:
    for leaf in leaves(section):
        if leaf.text and not _only_link(leaf.text):
            yield leaf.text, leaf.under, leaf.line, leaf.task, leaf.text
    for block in section.blocks:
        if block.kind == "table":
            yield from _rows(block)


def _rows(table: Block) -> Iterable[tuple[str, str, int, bool, str]]:
    """A table's rows in words: the first cell, and the others that say something."""
    head = table.rows[0] if table.rows else ()
    for cells, line in zip(table.rows[1:], table.row_lines[1:], strict=False):
        said = [plain(cell) for cell in cells]
        if said and said[0]:
            rest = [
                f"{plain(head[number])}: {cell}" if number < len(head) and _ACTION_COLUMN.search(head[number]) else cell
                for number, cell in enumerate(said)
                if number and cell
            ]
            limit = next((cell for cell in said[1:2] if _LIMIT.match(cell)), "")
            yield " · ".join([said[0], *rest]), "", line, False, f"{said[0]} {limit}"


def _urgency(section: Section, under: str, words: str) -> Urgency:
    """How urgent the nearest heading says it is; in doubt somebody assesses first."""
    for said in (under, section.heading, *(above.heading for above in section.above() if above.role == section.role)):
        if IMMEDIATE.search(said) and not re.match(r"(?:high|medium)\b", said, re.I):
            return "immediate"
        if CONDITIONAL.search(said):
            return "conditional"
    return "immediate" if " · " in words and IMMEDIATE.search(words) else "conditional"


def _only_link(text: str) -> bool:
    return re.fullmatch(r"\[[^\]]*\]\([^)]*\)", text.strip()) is not None
