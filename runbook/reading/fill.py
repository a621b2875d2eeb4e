"""A tree of texts → the form's types: every key known, every value converted, every misfit told."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec
import msgspec.inspect as shape

from runbook.reading.problems import Problems, shortened
from runbook.reading.tree import Items, Keys, Node, Text, line_of

FormT = TypeVar("FormT", bound=msgspec.Struct)

_MISFIT = object()
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_LENGTH = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d|w)", re.ASCII)
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}


def fill(form: type[FormT], tree: Keys, problems: Problems) -> FormT:
    """The form filled from the tree. Raises ReadingError with everything that does not fit."""
    filled = _Filler(problems).value(shape.type_info(form), tree, "")
    problems.stop_if_any()
    assert isinstance(filled, form)
    return filled


def seconds_in(text: str) -> float:
    """The seconds of `45s`, `5m`, `1h30m`, `90d`. Raises ValueError with a sentence."""
    compact = text.replace(" ", "")
    parts = _LENGTH.findall(compact)
    if compact == "0":
        return 0.0
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise ValueError(f'"{shortened(text)}" is not a length of time: write it like 45s, 5m, 1h30m or 7d.')
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


class _Filler:
    """Walks a type and a tree together."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def value(self, kind: shape.Type, node: Node, key: str) -> object:
        if isinstance(kind, shape.Metadata):
            if (kind.extra or {}).get("form") == "duration":
                return self._converted(seconds_in, node, key, "a length of time such as 5m")
            return self.value(kind.type, node, key)
        if isinstance(kind, (shape.UnionType, shape.StructType)):
            return self._union(kind, node, key) if isinstance(kind, shape.UnionType) else self._struct(kind, node, key)
        if isinstance(kind, shape.VarTupleType):
            return self._list(kind, node, key)
        if isinstance(kind, shape.DictType):
            return self._mapping(kind, node, key)
        return self._scalar(kind, node, key)

    # ── lists and mappings ──

    def _struct(self, kind: shape.StructType, node: Node, key: str) -> object:
        if not isinstance(node, Keys):
            return self._misfit(node, key, "a mapping of keys")
        fields = {field.encode_name: field for field in kind.fields}
        tag = {kind.tag_field} if kind.tag_field else set()
        before = len(self.problems.found)
        values: dict[str, object] = {}
        for name, child in node.items():
            path = f"{key}.{name}" if key else str(name)
            if name in fields:
                values[fields[name].name] = self.value(fields[name].type, child, path)
            elif name not in tag:
                self._unknown_key(name, child, [*fields, *sorted(tag)], shortened(path))
        for wanted in [name for name, field in fields.items() if field.required]:
            given = node.get(Text(wanted))
            if given is None:
                self.problems.add(f'The key "{wanted}" is missing here.', node.line, key)
            elif isinstance(given, Text) and not given.strip():
                self.problems.add(f'The key "{wanted}" says nothing; it needs a value.', given.line, key)
        return _MISFIT if len(self.problems.found) > before else kind.cls(**values)

    def _unknown_key(self, name: Text, child: Node, known: list[str], key: str) -> None:
        if " " in name and child == "":
            # `{text: yes, and no}`: inside braces YAML takes what follows a comma for a key.
            why = f'"{shortened(name)}" stands where a key should. Inside {{…}} a text with a comma needs quotes.'
            self.problems.add(why, name.line, key)
        else:
            self.problems.unknown("key", name, known, name.line, key)

    def _list(self, kind: shape.VarTupleType, node: Node, key: str) -> object:
        if isinstance(node, Text) and not node:
            return ()
        if not isinstance(node, Items):
            return self._misfit(node, key, "a list (lines that begin with `- `)")
        return tuple(self.value(kind.item_type, child, f"{key}[{index}]") for index, child in enumerate(node))

    def _mapping(self, kind: shape.DictType, node: Node, key: str) -> object:
        if isinstance(node, Text) and not node:
            return {}
        if not isinstance(node, Keys):
            return self._misfit(node, key, "a mapping of names")
        return {name: self.value(kind.value_type, child, f"{key}.{shortened(name)}") for name, child in node.items()}

    def _union(self, kind: shape.UnionType, node: Node, key: str) -> object:
        """The member that has the node's shape; among forms with a tag, the one that the tag names."""
        structs = [member for member in kind.types if isinstance(member, shape.StructType)]
        if isinstance(node, Keys) and len(structs) > 1:
            return self._tagged(structs, node, key)
        for member in kind.types:
            if _has_shape(member, node):
                return self.value(member, node, key)
        if node == "" and any(isinstance(member, shape.NoneType) for member in kind.types):
            return None  # `params:` with nothing behind it says nothing
        literals = [member for member in kind.types if isinstance(member, shape.LiteralType)]
        if isinstance(node, Text) and any(node in member.values for member in literals):
            return str(node)
        scalars = [member for member in kind.types if _is_scalar(member)]
        if isinstance(node, Text) and scalars:
            return self.value(scalars[0], node, key)
        wanted = " or ".join(_name_of(member) for member in kind.types if not isinstance(member, shape.NoneType))
        return self._misfit(node, key, wanted)

    def _tagged(self, structs: list[shape.StructType], node: Keys, key: str) -> object:
        field = structs[0].tag_field or ""
        names = {str(struct.tag): struct for struct in structs}
        tag = node.get(Text(field))
        if tag is None:
            self.problems.add(f'The key "{field}" is missing here. Known: {", ".join(names)}.', node.line, key)
            return _MISFIT
        if not isinstance(tag, Text) or tag not in names:
            self.problems.unknown(field, tag if isinstance(tag, Text) else "", names, line_of(tag), f"{key}.{field}")
            return _MISFIT
        return self._struct(names[tag], node, key)

    # ── scalars ──

    def _scalar(self, kind: shape.Type, node: Node, key: str) -> object:
        if isinstance(kind, shape.StrType):
            return node if isinstance(node, Text) else self._misfit(node, key, "text")
        if isinstance(kind, shape.BoolType):
            return self._converted(_truth, node, key, "true or false")
        if isinstance(kind, shape.IntType):
            return self._converted(_whole, node, key, "a whole number")
        if isinstance(kind, shape.FloatType):
            return self._converted(_number, node, key, "a number")
        if isinstance(kind, shape.LiteralType):
            return self._choice([str(value) for value in kind.values], node, key)
        if isinstance(kind, shape.EnumType):
            chosen = self._choice([str(member.value) for member in kind.cls], node, key)
            return chosen if chosen is _MISFIT else kind.cls(chosen)
        raise TypeError(f"the form uses a type that cannot be filled: {kind}")

    def _choice(self, words: list[str], node: Node, key: str) -> object:
        if not isinstance(node, Text):
            return self._misfit(node, key, "one of " + ", ".join(words))
        if node in words:
            return str(node)
        self.problems.unknown("choice", node, words, node.line, key)
        return _MISFIT

    def _converted(self, convert: Callable[[str], object], node: Node, key: str, wanted: str) -> object:
        if not isinstance(node, Text):
            return self._misfit(node, key, wanted)
        try:
            return convert(node)
        except ValueError as error:
            self.problems.add(str(error), node.line, key)
            return _MISFIT

    def _misfit(self, node: Node, key: str, wanted: str) -> object:
        found = {Items: "a list", Keys: "a mapping"}.get(type(node), "nothing" if not node else "text")
        self.problems.add(f"Here should be {wanted}, not {found}.", node.line, key)
        return _MISFIT


def _has_shape(kind: shape.Type, node: Node) -> bool:
    if isinstance(node, Keys):
        return isinstance(kind, (shape.StructType, shape.DictType))
    if isinstance(node, Items):
        return isinstance(kind, shape.VarTupleType)
    return isinstance(kind, shape.StrType)


def _is_scalar(kind: shape.Type) -> bool:
    return not isinstance(kind, (shape.StructType, shape.DictType, shape.VarTupleType, shape.NoneType))


def _name_of(kind: shape.Type) -> str:
    if isinstance(kind, (shape.StructType, shape.DictType)):
        return "a mapping"
    return "a list" if isinstance(kind, shape.VarTupleType) else "text"


def _truth(text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise ValueError(f'"{shortened(text)}" is neither true nor false.')
    return _TRUTH[text.lower()]


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
        raise ValueError(f'"{shortened(text)}" is not a whole number.')
    return int(text)


def _number(text: str) -> float:
    if not re.fullmatch(r"-?\d{1,16}(\.\d{1,17})?(e[-+]?\d{1,2})?", text, re.ASCII):
        raise ValueError(f'"{shortened(text)}" is not a number.')
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f'"{shortened(text)}" is not a finite number.')
    return number
