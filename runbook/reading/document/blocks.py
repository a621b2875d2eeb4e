"""The document's blocks in order, from the parser's line maps: headings, paragraphs, items, fences, tables.

The tree of a Markdown list is not kept: an unindented fence breaks it, and the next item restarts it. What belongs
together is told by nearness and by `depth`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from runbook.model import Record
from runbook.reading.document.wrapping import without_tags

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_TICK = re.compile(r"^(?:\[(?P<mark>[ xX])\]|(?P<box>[☐☑☒□]))\s*")
_BOLD_LINE = re.compile(r"^(?:\*\*|__)(?P<said>(?:(?!\*\*|__).)+)(?:\*\*|__)\s*(?P<end>:?)\s*$")


class Block(Record, frozen=True):
    """One block. `line` and `last_line` count from 1; `text` is its source without list marks and indentation."""

    kind: Literal["heading", "bold", "paragraph", "item", "fence", "table"]
    line: int
    last_line: int
    text: str = ""
    level: int = 0
    """Of a heading, 1 to 6."""
    depth: int = 0
    """The number of lists around it, an item's own included."""
    number: str = ""
    """An ordered item's written number; empty in a bulleted list."""
    task: bool = False
    quoted: bool = False
    info: str = ""
    """A fence's words after its mark."""
    lines: tuple[str, ...] = ()
    """A fence's content."""
    first_line: int = 0
    """The line of the file where a fence's content begins."""
    rows: tuple[tuple[str, ...], ...] = ()
    """A table's cells, its head first."""
    row_lines: tuple[int, ...] = ()

    @property
    def ordered(self) -> bool:
        return bool(self.number)


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 (20 ms that a YAML runbook need not pay)

    # HTML blocks would swallow what stands under `<details>`, and `<REVISION>` at the start of a line.
    return MarkdownIt("commonmark").enable("table").disable(["html_block", "reference"])


def blocks(lines: Sequence[str]) -> list[Block]:
    """Every block of the document, in order."""
    return list(_Walk(_block_tokens("\n".join(lines))).found())


def _block_tokens(text: str) -> list[Token]:
    """The block tokens alone: nothing here looks at rendered text, and the inline rules eat `<REVISION>`."""
    from markdown_it.rules_core import StateCore  # noqa: PLC0415

    parser = _parser()
    state = StateCore(text, parser, {})
    for rule in parser.core.ruler.getRules(""):
        if rule.__name__ in ("normalize", "block"):
            rule(state)
    return state.tokens


class _Walk:
    """Turns the nested tokens into a flat row of blocks."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.lists = 0
        self.quotes = 0
        self.item: Token | None = None
        """An item whose first text is still to come."""
        self.heading = 0

    def found(self) -> Iterator[Block]:
        table: list[Token] = []
        for token in self.tokens:
            if token.type == "table_open" or table:
                table.append(token)
                if token.type == "table_close":
                    yield self._table(table)
                    table = []
            elif token.type == "inline":
                yield self._text(token)
            elif token.type in ("fence", "code_block"):
                yield from self._empty_item()
                yield self._fence(token)
            elif token.type == "list_item_close":
                yield from self._empty_item()
            else:
                self._enter_or_leave(token)

    def _empty_item(self) -> Iterator[Block]:
        """An item that begins with a fence, or has nothing in it."""
        if self.item is not None:
            yield self._item("", self.item)
            self.item = None

    def _enter_or_leave(self, token: Token) -> None:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            self.lists += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self.lists -= 1
        elif token.type in ("blockquote_open", "blockquote_close"):
            self.quotes += token.nesting
        elif token.type == "list_item_open":
            self.item = token
        elif token.type == "heading_open":
            self.heading = int(token.tag[1])
        elif token.type == "heading_close":
            self.heading = 0

    def _item(self, text: str, opened: Token, last: int | None = None) -> Block:
        ticked = _TICK.match(text)
        line = (opened.map or [0, 1])[0] + 1
        return Block(
            kind="item",
            line=line,
            last_line=last or line,
            text=without_tags(text[ticked.end() :] if ticked else text).strip(),
            depth=self.lists,
            number=opened.info,
            task=ticked is not None,
            quoted=self.quotes > 0,
        )

    def _text(self, token: Token) -> Block:
        first, last = token.map or [0, 1]
        if self.item is not None:
            opened, self.item = self.item, None
            return self._item(token.content, opened, last)
        if self.heading and not self.lists:
            return Block(
                kind="heading", line=first + 1, last_line=last, text=without_tags(token.content), level=self.heading
            )
        text = without_tags(token.content).strip()
        bold = _BOLD_LINE.match(text)
        if self.heading or (bold and "\n" not in text):
            said = bold["said"] + bold["end"] if bold else text
            return Block(
                kind="bold", line=first + 1, last_line=last, text=said, depth=self.lists, quoted=self.quotes > 0
            )
        return Block(
            kind="paragraph", line=first + 1, last_line=last, text=text, depth=self.lists, quoted=self.quotes > 0
        )

    def _fence(self, token: Token) -> Block:
        first, last = token.map or [0, 1]
        content = token.content.split("\n")
        if content and not content[-1]:
            content.pop()
        return Block(
            kind="fence",
            line=first + 1,
            last_line=last,
            depth=self.lists,
            quoted=self.quotes > 0,
            info=token.info.strip(),
            lines=tuple(content),
            first_line=first + (2 if token.type == "fence" else 1),
        )

    def _table(self, tokens: list[Token]) -> Block:
        rows: list[list[str]] = []
        lines: list[int] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
                lines.append((token.map or [0, 1])[0] + 1)
            elif token.type == "inline" and rows:
                rows[-1].append(without_tags(token.content).strip())
        first, last = tokens[0].map or [0, 1]
        return Block(
            kind="table",
            line=first + 1,
            last_line=last,
            depth=self.lists,
            rows=tuple(tuple(row) for row in rows),
            row_lines=tuple(lines),
        )
