"""The JSON Schema of the YAML form, for editors: made from the form's types and from what stands beside them."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType
from typing import Any

import msgspec

from runbook import model
from runbook.reading import form, signal_form
from runbook.reading.write import duration

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_STEP_KINDS = ("run", "check", "manual", "wait_for", "message", "stream")
_PLAIN_TEXT = ["string", "number", "boolean"]
"""What an editor may take an unquoted text for (`1.10`, `on`); to the form it is the text as it stands."""


def schema() -> dict[str, Any]:
    """The JSON Schema of a runbook file."""
    made = msgspec.json.schema(form.RunbookForm)
    told = _told(form) | _told(signal_form) | _told(model)
    for name, definition in made["$defs"].items():
        if "description" in definition:
            definition["description"] = inspect.cleandoc(definition["description"])
        for key, value in definition.get("properties", {}).items():
            definition["properties"][key] = _property(value, told.get(f"{name}.{key}", ""))
    steps = made["$defs"]["StepForm"]
    steps["anyOf"] = [{"required": [kind]} for kind in _STEP_KINDS]
    made["$defs"]["RunbookForm"]["properties"]["version"] |= {"const": form.VERSION}
    return {"$schema": DIALECT, "title": f"warroom runbook, version {form.VERSION}", **made}


def _property(given: dict[str, Any], description: str) -> dict[str, Any]:
    """One key's schema as YAML is written: lengths of time as text, and unquoted texts as they come."""
    made = _loosened(given)
    if description:
        made["description"] = f"{description} {made.get('description', '')}".strip()
    return dict(made)


def _loosened(node: Any) -> Any:
    if isinstance(node, list):
        return [_loosened(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {name: _loosened(child) for name, child in node.items() if name != "discriminator"}
    if made.get("type") == "number" and "pattern" in made:
        del made["type"]
        made["anyOf"] = [{"type": "string", "pattern": made.pop("pattern")}, {"const": 0}]
        if "default" in made:
            made["default"] = duration(made["default"])
    if made.get("type") == "string":
        made["type"] = _PLAIN_TEXT
    if made.get("default", 0) is None:
        del made["default"]
    return made


def _told(module: ModuleType) -> dict[str, str]:
    """What stands in quotes below a key of a class, by `Class.key`."""
    told: dict[str, str] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for key, below in zip(node.body, node.body[1:], strict=False):
            if not isinstance(key, ast.AnnAssign) or not isinstance(key.target, ast.Name):
                continue
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                told[f"{node.name}.{key.target.id.rstrip('_')}"] = inspect.cleandoc(str(below.value.value))
    return told
