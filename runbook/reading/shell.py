"""What one piece of shell text is, by the grammar of bash: programs, variables, here-documents, pipelines."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from runbook.model import Record
from runbook.reading.once import once
from runbook.reading.programs import words_of

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

LONGEST = 20_000
DEEPEST = 100
MOST = {"|": 100, "<<": 20}
"""More characters, open brackets, pipes and here-documents than a person would run in one piece: the grammar takes
time in the square of them, so such text is not looked into."""


class Shell(Record, frozen=True):
    """What a piece of shell text holds. Names are in the order of their first mention."""

    programs: tuple[str, ...] = ()
    assigned: tuple[str, ...] = ()
    """Variables that get a value here: by `=`, a loop, `read`, `export`."""
    used: tuple[str, ...] = ()
    """Variables whose value the shell would put in."""
    functions: tuple[str, ...] = ()
    statements: int = 0
    pipeline: bool = False
    compound: bool = False
    heredoc: bool = False
    broken: bool = False
    """Whether the grammar does not accept it as a whole."""


_COMPOUND = words_of(
    "for_statement c_style_for_statement while_statement if_statement case_statement function_definition "
    "compound_statement subshell"
)


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_BRACKET = re.compile(r"[(){}]")
_MENTIONS = words_of("command_name variable_name word")
_READERS = (b"read", b"mapfile", b"readarray")


@functools.cache
def _parser() -> Parser:
    import tree_sitter_bash  # noqa: PLC0415 - only a Markdown document needs the grammar; no start pays for it
    from tree_sitter import Language, Parser  # noqa: PLC0415

    return Parser(Language(tree_sitter_bash.language()))


@once
def shell(text: str) -> Shell:
    """What a piece of shell text holds; its placeholders must be masked already."""
    if len(text) > LONGEST or "\0" in text or _depth(text) > DEEPEST or any(text.count(c) > n for c, n in MOST.items()):
        return Shell(broken=True)
    # The grammar's scanner asks C's isdigit() about each character after a brace, which ends the process on one
    # beyond Latin-1. It gets ASCII only, character for character; names are read from the text itself.
    root = _parser().parse((text if text.isascii() else _BEYOND_ASCII.sub("x", text)).encode()).root_node
    found: dict[str, dict[str, None]] = {"programs": {}, "assigned": {}, "used": {}, "functions": {}}
    types: set[str] = set()
    broken = root.has_error
    for node, parent in _nodes(root):
        type_ = node.type
        types.add(type_)
        broken = broken or (type_ == "subshell" and parent is not None and parent.type == "command")
        if type_ in _MENTIONS and (kind := _mention(node, parent)):
            found[kind].setdefault(text[node.start_byte : node.end_byte])
    return Shell(
        **{kind: tuple(names) for kind, names in found.items()},
        statements=sum(child.is_named and child.type != "comment" for child in root.children),
        pipeline="pipeline" in types,
        compound=bool(types & _COMPOUND),
        heredoc="heredoc_redirect" in types,
        broken=broken,
    )


def _depth(text: str) -> int:
    """How many brackets are open at most, quoted or not."""
    if text.count("(") + text.count("{") <= DEEPEST:
        return 0
    depth = deepest = 0
    for bracket in _BRACKET.finditer(text):
        depth = max(0, depth + (1 if bracket[0] in "({" else -1))
        deepest = max(deepest, depth)
    return deepest


def _mention(node: Node, parent: Node | None) -> str:
    """As what a node is mentioned; nothing where it names nothing."""
    around = parent.type if parent else ""
    kind = ""
    if node.type == "command_name":
        kind = "programs"
    elif node.type == "variable_name" and around in ("simple_expansion", "expansion"):
        kind = "" if (node.text or b"0")[:1].isdigit() else "used"
    elif node.type == "variable_name" and around in ("variable_assignment", "for_statement", "declaration_command"):
        kind = "assigned"
    elif node.type == "word" and around == "function_definition":
        kind = "functions"
    elif node.type == "word" and around == "command" and parent is not None:
        first = parent.child_by_field_name("name")
        if first is not None and first.text in _READERS and not (node.text or b"-").startswith(b"-"):
            kind = "assigned"
    return kind


def _nodes(root: Node) -> Iterator[tuple[Node, Node | None]]:
    """Every node with its parent, in the order of the text; without recursion, however deep the text nests."""
    cursor = root.walk()
    above: list[Node] = []
    while True:
        node = cursor.node
        if node is not None:
            yield node, above[-1] if above else None
        if cursor.goto_first_child():
            above += [node] if node is not None else []
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            above.pop()
