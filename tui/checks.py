"""`warroom check`: a runbook read, judged and shown. Runs nothing of it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from runbook.checking.findings import Finding
from runbook.steps.session import search_path
from tui import exit_codes


def check(source: str, *, as_json: bool, strict: bool) -> int:
    """Print what was understood and what to mend; 1 where something would go wrong."""
    from runbook.checking import check as rules
    from runbook.checking.page import Page, lines
    from runbook.checking.summary import summary
    from runbook.opening import read_runbook, source_text
    from runbook.reading.problems import ReadingError

    try:
        text = source_text(source)
        runbook = read_runbook(text, source)
    except (OSError, UnicodeDecodeError, KeyError, ReadingError) as trouble:
        print(why_unreadable(source, trouble), file=sys.stderr)
        return exit_codes.USAGE
    found = rules.check(runbook, today=datetime.now(UTC).date(), is_installed=_is_installed, text=text)
    if as_json:
        print(json.dumps(summary(runbook, found), ensure_ascii=False, indent=2))
    else:
        for line in lines(runbook, found, Page(name=source, width=_width())):
            print(line)
    return exit_codes.NOT_OK if _fails(found, strict) else exit_codes.OK


def _fails(found: Sequence[Finding], strict: bool) -> bool:
    return any(finding.severity == "problem" or (strict and finding.severity == "warning") for finding in found)


def _is_installed(program: str) -> bool:
    return shutil.which(program, path=search_path(os.environ.get("PATH", os.defpath))) is not None


def _width() -> int:
    """The terminal's width, and a readable one where there is no terminal."""
    return min(shutil.get_terminal_size((100, 24)).columns, 120) if sys.stdout.isatty() else 100


def why_unreadable(source: str, trouble: Exception) -> str:
    if isinstance(trouble, UnicodeDecodeError):
        return f"{source} is not UTF-8 text (byte {trouble.start})."
    if isinstance(trouble, OSError):
        return f"{source} cannot be read: {trouble.strerror or trouble}."
    return str(trouble.args[0]) if isinstance(trouble, KeyError) and trouble.args else str(trouble)
