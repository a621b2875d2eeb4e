"""A runbook → text of its YAML form, as a person likes to edit it; `yaml.loads` makes the same runbook of it.

Written by hand and not by a YAML library, because what matters here is how it reads: block style, the keys in
the form's order, what goes without saying left out, commands of several lines as they stand.
"""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import PurePath
from typing import TypeVar

import msgspec
import msgspec.inspect as shape
import yaml

from runbook.model import Record, Runbook, Seconds
from runbook.reading.problems import shortened
from runbook.reading.tree import UNSEEN
from runbook.reading.write_form import form_of

RecordT = TypeVar("RecordT", bound=Record)

REPLACED = "\N{REPLACEMENT CHARACTER}"

_WIDTH = 110
_PROSE = frozenset(
    (
        *("note", "caution", "use_when", "avoid_when", "guess", "hint", "manual", "text", "data_loss"),
        *("answer", "cause", "next_when_failed", "notes", "practices"),
    )
)
"""Keys whose longer texts are folded into lines; a command's line is never broken."""
_APART = frozenset(("methods", "procedures", "steps", "checklists", "verification", "monitoring"))
"""Lists whose items stand apart by an empty line."""
_PLAIN = re.compile(r"[\w/.$(<;^+][^\t\n]*", re.ASCII)
_AMBIGUOUS = re.compile(r": | #|:$|\s$")
_NUMERIC = re.compile(r"[-+.\d][\d_.,:eExXoOa-fA-F+-]*|y|n", re.I)
_HEAD = """\
# {title}
# Written by `warroom convert`{source}.
#
# Every `guess:` is something that was inferred: look at it, correct what is wrong, and take the key out.
# `warroom check` says what is still unclear; `warroom schema` prints a JSON Schema with which an editor helps.
"""


class _Bare(str):
    """A scalar that is YAML already: a number, a length of time, a word out of a closed set."""

    __slots__ = ()


_Node = str | list["_Node"] | dict[str, "_Node"]


def dumps(book: Runbook) -> str:
    """The YAML text. Characters that cannot be seen are replaced, and the text's head says so."""
    clean, count = visible(book)
    name = shortened(visible_text(PurePath(book.path).name)[0])
    head = _HEAD.format(title=shortened(clean.title, 100), source=f" from {name}" if name else "")
    if count:
        head += f"# {count} characters that cannot be seen were replaced by {REPLACED}.\n"
    tree = _tree(form_of(clean))
    assert isinstance(tree, dict)
    parts, before = [], False
    for key, child in tree.items():
        large = not isinstance(child, str)
        parts.append("\n" * (large or before) + "\n".join(_keyed(key, child, 0)) + "\n")
        before = large
    return head + "".join(parts)


def placeless(record: RecordT) -> RecordT:
    """The same data without where it stood: no lines, and for a runbook neither path nor digest."""
    changed = {name: _placeless(getattr(record, name)) for name in record.__struct_fields__}
    if "line" in changed:
        changed["line"] = 0
    if isinstance(record, Runbook):
        changed |= {"path": "", "sha256": ""}
    return msgspec.structs.replace(record, **changed)


def _placeless(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(_placeless(item) for item in value)
    return placeless(value) if isinstance(value, Record) else value


def visible(record: RecordT) -> tuple[RecordT, int]:
    """The same data with every unseen character replaced, and how many those were."""
    count = 0

    def seen(value: object) -> object:
        nonlocal count
        if isinstance(value, str) and type(value) is str:
            text, replaced = visible_text(value)
            count += replaced
            return text
        if isinstance(value, tuple):
            return tuple(seen(item) for item in value)
        if isinstance(value, Record):
            return msgspec.structs.replace(value, **{n: seen(getattr(value, n)) for n in value.__struct_fields__})
        return value

    made = seen(record)
    assert isinstance(made, type(record))
    return made, count


def visible_text(text: str) -> tuple[str, int]:
    """The text with line ends as `\\n` and unseen characters replaced, and how many those were."""
    joined = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWRITABLE.subn(REPLACED, joined)


_UNWRITABLE = re.compile(f"{UNSEEN.pattern}|[\ufffe\uffff]")


def duration(seconds: Seconds) -> str:
    """A length of time as a person writes it: `5m`, `1h30m`, `0.25s`."""
    if seconds != int(seconds):
        return f"{seconds:.9f}".rstrip("0") + "s"
    parts, rest = [], int(seconds)
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        number, rest = divmod(rest, size)
        parts.append(f"{number}{unit}" if number else "")
    return "".join(parts) or "0"


# ── the form as a tree ────────────────────────────────────────────────────────────────────────────


def _tree(struct: msgspec.Struct) -> dict[str, _Node]:
    """What a form says beyond its defaults, in the form's order."""
    kind = shape.type_info(type(struct))
    assert isinstance(kind, shape.StructType)
    tree: dict[str, _Node] = {kind.tag_field: _Bare(kind.tag)} if kind.tag_field else {}
    for field in kind.fields:
        value = getattr(struct, field.name)
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        if field.required or value != default:
            tree[field.encode_name] = _node(value, field.type)
    return tree


def _node(value: object, kind: shape.Type) -> _Node:
    if isinstance(value, (int, float)):
        return _Bare(duration(value)) if _is_duration(kind) else _number(value)
    if isinstance(value, (tuple, dict)):
        anything = shape.AnyType()
        if isinstance(value, tuple):
            return [_node(item, anything) for item in value]
        return {scalar(name): _node(item, anything) for name, item in value.items()}
    if isinstance(value, msgspec.Struct):
        return dict(_tree(value))
    return str(getattr(value, "value", value))


def _is_duration(kind: shape.Type) -> bool:
    if isinstance(kind, shape.UnionType):
        return any(_is_duration(member) for member in kind.types)
    return isinstance(kind, shape.Metadata) and (kind.extra or {}).get("form") == "duration"


def _number(value: float) -> _Bare:
    if isinstance(value, bool):
        return _Bare(str(value).lower())
    return _Bare(str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value))


# ── the tree as text ──────────────────────────────────────────────────────────────────────────────


def _keyed(key: str, node: _Node, column: int) -> list[str]:
    """The lines of a key and what it holds; the key stands at `column`."""
    start = " " * column + key + ":"
    if isinstance(node, str):
        return [f"{start} {_scalar(node, column, prose=key in _PROSE)}"]
    if not node:
        return [f"{start} {'[]' if isinstance(node, list) else '{}'}"]
    if isinstance(node, dict):
        return [start, *(line for name, child in node.items() for line in _keyed(name, child, column + 2))]
    words = [item for item in node if isinstance(item, str) and _is_word(item)]
    if len(words) == len(node) and len(line := f"{start} [{', '.join(words)}]") < _WIDTH:
        return [line]
    lines = [start]
    for number, item in enumerate(node):
        lines += [""] * (bool(number) and key in _APART)
        lines += _item(item, column + 2, prose=key in _PROSE)
    return lines


def _item(node: _Node, column: int, prose: bool) -> list[str]:
    """The lines of a list's item; its dash stands at `column`."""
    start = " " * column + "- "
    if isinstance(node, str):
        return [start + _scalar(node, column, prose)]
    if isinstance(node, list) or not node:
        return [start + "[]" if isinstance(node, list) else start + "{}"]
    lines = [line for name, child in node.items() for line in _keyed(name, child, column + 2)]
    return [start + lines[0][column + 2 :], *lines[1:]]


def _scalar(text: str, column: int, prose: bool) -> str:
    """A scalar that stands at or behind `column`, as a block where that reads better."""
    if isinstance(text, _Bare):
        return text
    pad = " " * (column + 2)
    if "\n" in text.rstrip("\n") and text.strip() and not text.endswith("\n\n"):
        hint = "2" if text[0] in " \t\n" else ""
        lines = text.removesuffix("\n").split("\n")
        chomp = "" if text.endswith("\n") else "-"
        return "\n".join([f"|{hint}{chomp}", *(pad + line if line else "" for line in lines)])
    if prose and len(text) > _WIDTH - column:
        lines = textwrap.wrap(text, _WIDTH - column, break_long_words=False, break_on_hyphens=False)
        if " ".join(lines) == text:
            return "\n".join([">-", *(pad + line for line in lines)])
    return scalar(text)


def scalar(text: str) -> str:
    """A text on one line, in quotes where a loader could take it for something else."""
    if "\n" in text or "\t" in text:
        return json.dumps(text, ensure_ascii=False)
    if _PLAIN.fullmatch(text) and not _AMBIGUOUS.search(text) and not _is_misread(text):
        return text
    if "'" in text and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def _is_word(text: str) -> bool:
    """Whether the text is a plain word, such as an id, that can stand in a list on one line."""
    return bool(re.fullmatch(r"[A-Za-z][\w-]*", text, re.ASCII)) and not _is_misread(text)


def _is_misread(text: str) -> bool:
    """Whether some YAML loader would make a number, a date, a truth or nothing of the text."""
    if _NUMERIC.fullmatch(text):
        return True
    tag: str = yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return tag != "tag:yaml.org,2002:str"
