"""The leaves of a section's lists, each with the words it stands under."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.model import Record
from runbook.reading.document.blocks import Block
from runbook.reading.document.phrases import bare, plain, unlisted
from runbook.reading.document.sections import Section

_MARKED = re.compile(r"^(?:[✅❌⚠✓✔✗✘☑☐•🔴🟡🟢🟠⛔🚫ℹ➡▪]|\[[ xX]\])\ufe0f?\s*\S")
_LEAD = re.compile(r"[:：]\s*$")


class Leaf(Record, frozen=True):
    """One item without items of its own."""

    text: str
    line: int
    under: str = ""
    """The item, bold line or lead-in above it; empty directly under the heading."""
    task: bool = False
    ordered: bool = False
    note: str = ""
    """Its own items, where only the outermost ones count as leaves."""
    block: Block | None = None


def leaves(section: Section) -> Iterator[Leaf]:
    """The items that have no items of their own, in order, under the item or lead-in that holds them."""
    lead = ""
    above: list[Block] = []
    for block, following in _with_next_item(section.blocks):
        if block.kind in ("bold", "paragraph"):
            marked = _marked_lines(block)
            if marked:
                yield from (Leaf(text=text, line=line, under=lead) for text, line in marked)
            elif block.depth == 0:
                lead = _lead(block)
                above = []
            continue
        if block.kind != "item":
            continue
        while above and above[-1].depth >= block.depth:
            above.pop()
        nests = following is not None and following.depth > block.depth
        if not nests and block.text:
            under = bare(above[-1].text).rstrip(":：") if above else lead
            yield Leaf(
                text=block.text, line=block.line, under=under, task=block.task, ordered=block.ordered, block=block
            )
        above.append(block)


def _with_next_item(blocks: list[Block]) -> list[tuple[Block, Block | None]]:
    """Each block with the item that comes next after it."""
    following: Block | None = None
    paired = []
    for block in reversed(blocks):
        paired.append((block, following))
        if block.kind == "item":
            following = block
    return paired[::-1]


def outermost(section: Section) -> Iterator[Leaf]:
    """The items of the first depth, with their own items as a note."""
    lead = ""
    open_item: Block | None = None
    below: list[str] = []
    for block in section.blocks:
        if block.kind == "item" and open_item is not None and block.depth > open_item.depth:
            below.append(plain(block.text))
            continue
        if block.kind in ("bold", "paragraph", "item") and block.depth <= 1:
            if open_item is not None and (block.kind == "item" or block.depth == 0):
                yield _outer(open_item, lead, below)
                open_item, below = None, []
            if block.kind == "item":
                open_item = block
            elif block.depth == 0:
                marked = _marked_lines(block)
                yield from (Leaf(text=text, line=line, under=lead) for text, line in marked)
                lead = lead if marked else _lead(block)
    if open_item is not None:
        yield _outer(open_item, lead, below)


def _outer(block: Block, lead: str, below: list[str]) -> Leaf:
    return Leaf(
        text=block.text, line=block.line, under=lead, task=block.task, ordered=block.ordered, note="\n".join(below),
        block=block,
    )  # fmt: skip


def _lead(block: Block) -> str:
    """A bold line, or a paragraph that ends in a colon, names what follows."""
    last = block.text.rpartition("\n")[2]
    return bare(last).rstrip(" :：") if block.kind == "bold" or _LEAD.search(plain(last)) else ""


def _marked_lines(block: Block) -> list[tuple[str, int]]:
    """Lines of a paragraph that each begin with a mark such as ✅, which is how some lists are written."""
    lines = [(line, block.line + number) for number, line in enumerate(block.text.split("\n"))]
    marked = [(unlisted(line), at) for line, at in lines if _MARKED.match(line)]
    return marked if len(marked) * 2 > len(lines) else []
