"""Boxes to tick: each row of task items under one heading or bold line is a checklist."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from runbook.model import Checklist, Item
from runbook.reading.document.blocks import Block
from runbook.reading.document.leaves import Leaf, leaves
from runbook.reading.document.phrases import Names, bare, plain
from runbook.reading.document.sections import Section
from runbook.reading.document.words import AFTER, BEFORE, CHECKLIST, NEEDED

Phase = Literal["before", "during", "after"]


def checklists(
    found: Iterable[Section], lists: Names, items: Names, told: Collection[int] = ()
) -> tuple[Checklist, ...]:
    """The checklists of these sections, in order; what has to be there is a step where its section is in `told`."""
    made = []
    for section in found:
        rows: dict[str, list[Leaf]] = {}
        for leaf in sorted(_tasks(section, id(section) in told), key=lambda leaf: leaf.line):
            rows.setdefault(leaf.under, []).append(leaf)
        for under, tasks in rows.items():
            title = f"{section.title}: {under}" if under and section.title else under or section.title or "Checklist"
            made.append(
                Checklist(
                    id=lists.new(title, "checklist"),
                    title=title,
                    phase=_phase(section, under),
                    items=tuple(
                        Item(
                            id=items.new(bare(task.text), "item"),
                            text=plain(task.text) if task.task else bare(task.text),
                            note=task.note,
                        )
                        for task in tasks
                    ),
                )
            )
    return tuple(made)


def _tasks(section: Section, told: bool) -> Iterable[Leaf]:
    """The items with a box; all of them, where the heading says that they are a checklist or what has to be there."""
    found = list(leaves(section))
    boxed = any(leaf.task for leaf in found)
    if not boxed and found:
        if CHECKLIST.search(section.heading):
            yield from found
        elif not told and section.role == "before" and NEEDED.search(section.heading):
            yield from (leaf for leaf in found if not leaf.ordered)
    yield from (leaf for leaf in found if leaf.task)
    yield from _boxed_parents(section.blocks)


def _boxed_parents(blocks: list[Block]) -> Iterable[Leaf]:
    """Items with a box that have items of their own; those without a box are its notes."""
    open_boxes: list[tuple[Block, list[Block]]] = []
    done: list[tuple[Block, list[Block]]] = []
    for block in (block for block in blocks if block.kind == "item"):
        while open_boxes and open_boxes[-1][0].depth >= block.depth:
            done.append(open_boxes.pop())
        if open_boxes:
            open_boxes[-1][1].append(block)
        open_boxes.append((block, []))
    for box, below in (*done, *open_boxes):
        if box.task and below:
            notes = "\n".join(bare(inner.text) for inner in below if not inner.task)
            yield Leaf(text=box.text, line=box.line, task=True, note=notes)


def _phase(section: Section, under: str) -> Phase:
    """When its boxes are ticked, from the nearest words that tell."""
    for said in (under, section.heading, *(above.heading for above in section.above())):
        if BEFORE.search(said) and not AFTER.search(said):
            return "before"
        if AFTER.search(said):
            return "after"
    roles = {section.role, *(above.role for above in section.above())}
    if roles & {"before"}:
        return "before"
    return "after" if roles & {"after", "verify", "monitor"} else "during"
