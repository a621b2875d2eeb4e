"""What a room imports beforehand: all that its keys may need, and nothing that it does not."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
from pathlib import Path

import tui
from tui.beforehand import import_beforehand, modules

OURS = ("tui.", "widgets.", "runbook.")
ROOT = Path(tui.__file__).parents[1]
OPENED = "import tui.app, tui.desk, tui.log_desk, tui.painting, runbook.opening, runbook.drill.drill"


def late_imports() -> set[str]:
    """Our modules that some function of the screen, or of what it asks, imports when it is called."""
    found = set()
    for file in (file for folder in ("tui", "widgets", "runbook") for file in ROOT.glob(f"{folder}/*.py")):
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(OURS):
                        found.add(node.module)
    return found


def test_no_key_of_an_open_room_imports_a_module_of_ours() -> None:
    code = f"{OPENED}; from tui.beforehand import modules; import importlib, sys\n"
    code += "for name in modules(): importlib.import_module(name)\nprint(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    of_commands = {"tui.cli", "tui.convert", "tui.doctor", "tui.railway", "tui.records"}
    readers = (
        "runbook.checking",
        "runbook.doctor",
        *(f"runbook.reading.{n}" for n in ("find", "markdown", "schema", "write")),
    )
    late = {name for name in late_imports() if not name.startswith(readers)}
    assert late - set(said.split()) <= of_commands


async def test_one_that_cannot_be_imported_hinders_none_of_the_others() -> None:
    await asyncio.wait_for(import_beforehand(("widgets.not_there", "wave"), pause=0), 20)
    assert "wave" in sys.modules
    assert "tui.dialogs" in set(modules())
