"""The JSON Schema, the shipped books' list and the conversion, as the command line gives them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook import books
from runbook.reading.form import StepForm
from runbook.reading.schema import schema
from tui.cli import main
from tui.exit_codes import NOT_OK, OK, USAGE

SCHEMA = schema()
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "number": (int, float), "integer": int, "boolean": bool,
    "null": type(None),
}  # fmt: skip


class Plain(yaml.SafeLoader):
    """YAML as an editor reads it (1.2): no dates, and `on` is no truth."""


Plain.yaml_implicit_resolvers = {
    first: [
        (tag, re.compile("true|false") if tag.endswith(":bool") else pattern)
        for tag, pattern in found
        if not tag.endswith(":timestamp")
    ]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def misfits(value: object, rule: dict[str, Any], path: str = "") -> list[str]:
    """Where a value does not fit its schema. Raises KeyError for a keyword that is not known here."""
    found: list[str] = []
    for keyword, wanted in rule.items():
        found += KEYWORDS[keyword](value, wanted, path, rule)
    return found


def _type(value: object, wanted: str | list[str], path: str) -> list[str]:
    kinds = [wanted] if isinstance(wanted, str) else wanted
    fits = any(isinstance(value, TYPES[kind]) and (kind == "boolean") >= isinstance(value, bool) for kind in kinds)
    return [] if fits else [f"{path}: {value!r} is no {wanted}"]


def _any(value: object, rules: list[dict[str, Any]], path: str) -> list[str]:
    tried = [misfits(value, rule, path) for rule in rules]
    return [] if [] in tried else min(tried, key=len)


def _properties(value: object, rules: dict[str, Any], path: str, rule: dict[str, Any]) -> list[str]:
    if not isinstance(value, dict):
        return []
    unknown = [
        f"{path}: no key {key!r}" for key in value if key not in rules and rule.get("additionalProperties") is False
    ]
    known = [line for key in value if key in rules for line in misfits(value[key], rules[key], f"{path}.{key}")]
    return unknown + known


def _others(value: object, rule: object, path: str, around: dict[str, Any]) -> list[str]:
    if not isinstance(rule, dict) or not isinstance(value, dict):
        return []
    return [line for key, child in value.items() for line in misfits(child, rule, f"{path}.{key}")]


def _required(value: object, names: list[str], path: str) -> list[str]:
    return [f"{path}: no {name}" for name in names if isinstance(value, dict) and name not in value]


def _items(value: object, rule: dict[str, Any], path: str) -> list[str]:
    listed = value if isinstance(value, list) else []
    return [line for number, item in enumerate(listed) for line in misfits(item, rule, f"{path}[{number}]")]


KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("$schema", "$defs", "title", "description", "default"), lambda value, wanted, path, rule: []),
    "$ref": lambda value, name, path, rule: misfits(value, SCHEMA["$defs"][name.rpartition("/")[2]], path),
    "type": lambda value, wanted, path, rule: _type(value, wanted, path),
    "const": lambda value, wanted, path, rule: [] if value == wanted else [f"{path}: not {wanted}"],
    "enum": lambda value, words, path, rule: [] if value in words else [f"{path}: {value!r} is none of {words}"],
    "pattern": lambda value, shape, path, rule: (
        [] if not isinstance(value, str) or re.search(shape, value) else [f"{path}: {value!r} does not match"]
    ),
    "anyOf": lambda value, rules, path, rule: _any(value, rules, path),
    "properties": _properties,
    "additionalProperties": _others,
    "required": lambda value, names, path, rule: _required(value, names, path),
    "items": lambda value, rule, path, around: _items(value, rule, path),
}  # fmt: skip


@pytest.mark.parametrize("name", books.names())
def test_a_shipped_book_fits_the_schema(name: str) -> None:
    assert misfits(yaml.load(books.text(name), Plain), SCHEMA) == []


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ("titel: x", "no key 'titel'"),
        ("settle: 5", ".settle"),
        ("settle: soon", ".settle"),
        ("methods: [{id: a, title: A, steps: [{id: s, title: S}]}]", ".methods[0].steps[0]"),
        ("methods: [{id: a, title: A, steps: [{id: s, title: S, run: x, effect: reads}]}]", ".effect"),
        ("signals: {a: {source: https}}", ".signals.a"),
        ("guard: [{id: a, expect: {exit: none}}]", ".guard[0].expect.exit"),
    ],
)
def test_what_does_not_fit_is_shown_in_an_editor(wrong: str, where: str) -> None:
    found = misfits(yaml.load(f"version: 1\nid: a\ntitle: A\n{wrong}\n", Plain), SCHEMA)
    assert any(where in line for line in found), found


def test_an_editor_can_say_what_a_key_means() -> None:
    definitions = SCHEMA["$defs"]
    assert definitions["StepForm"]["properties"]["no_return"]["description"].startswith("A point of no return")
    assert (
        definitions["StepForm"]["properties"]["timeout"]["description"]
        == "A length of time: `45s`, `5m`, `1h30m`, `7d`."
    )
    assert definitions["StepForm"]["properties"]["timeout"]["default"] == "10m"
    assert definitions["CriterionForm"]["properties"]["is"]["description"].startswith("A comparison")
    assert definitions["Param"]["properties"]["allow_dash"]["description"].startswith("Whether a value may begin")
    assert set(definitions["StepForm"]["properties"]) == set(StepForm.__struct_fields__)
    assert all("description" in definition for definition in definitions.values())


# ── the command line ──────────────────────────────────────────────────────────────────────────────


def test_schema_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == OK
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(SCHEMA))


def test_books_lists_name_title_and_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["books"]) == OK
    out = capsys.readouterr().out
    for name in books.names():
        assert re.search(rf"^{name} +{re.escape(books.title(name))}$", out, re.M)
        assert len(books.purpose(name)) > 20
        assert books.purpose(name) in out


def test_convert_copies_a_book_and_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rollback.yaml"
    assert main(["convert", "book:production-rollback", "-o", str(file)]) == OK
    assert file.read_text() == books.text("production-rollback")
    assert main(["convert", "book:production-rollback", "-o", str(file)]) == NOT_OK
    assert f"{file} is there already" in capsys.readouterr().err
    assert main(["convert", "book:none"]) == USAGE
    assert 'There is no book "none"' in capsys.readouterr().err
    assert main(["convert", str(tmp_path / "none.md")]) == USAGE
    assert "cannot be read: No such file or directory." in capsys.readouterr().err
    assert main(["convert", "book:production-rollback", "-o", str(tmp_path / "no" / "file")]) == NOT_OK


def test_convert_prints_nothing_but_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("{version: 1, id: a, title: 'A: b', notes: [one]}\n")
    assert main(["convert", str(file)]) == OK
    said = capsys.readouterr()
    assert said.err == ""
    assert yaml.safe_load(said.out) == {"version": 1, "id": "a", "title": "A: b", "notes": ["one"]}
    file.write_text("version: 1\nid: a\ntitel: b\n")
    assert main(["convert", str(file)]) == USAGE
    assert 'Did you mean "title"?' in capsys.readouterr().err
