"""What `warroom check --json` says of a document, asked in this process."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

from tui.cli import main
from tui.exit_codes import OK

NOT_OK = 1


class NoCheckError(Exception):
    """`warroom check` gave no answer that can be measured."""


def checked(path: Path) -> dict[str, Any]:
    """Raises NoCheckError."""
    printed, said = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
            code = main(["check", str(path), "--json"])
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 2
    if code not in (OK, NOT_OK):
        raise NoCheckError(f"warroom check {path} ended with {code}: {said.getvalue().strip()}")
    try:
        answer = json.loads(printed.getvalue())
    except ValueError as trouble:
        raise NoCheckError(f"warroom check {path} printed no JSON: {trouble}") from trouble
    if not isinstance(answer, dict):
        raise NoCheckError(f"warroom check {path} printed JSON that is no object.")
    return answer
