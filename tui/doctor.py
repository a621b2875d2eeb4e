"""`warroom doctor`: ready for tonight? A page of green, amber and red, or the same as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Iterable

import msgspec

from runbook.doctor.finding import Finding, Level
from runbook.incident import home
from runbook.model import Runbook
from tui import exit_codes

SIGNS: dict[Level, str] = {"green": "✓", "amber": "!", "red": "✗"}
_COLOURS: dict[Level, str] = {"green": "32", "amber": "33", "red": "31"}


def doctor(source: str | None, pairs: list[str], *, as_json: bool) -> int:
    """Print what was found; 1 where tonight would fail."""
    from runbook.doctor.doctor import examine
    from runbook.opening import read_runbook, refuse_unfit, source_text
    from runbook.reading.problems import ReadingError
    from tui.checks import why_unreadable
    from tui.launch import Unfit, repository_here, values_of

    runbook: Runbook | None = None
    try:
        values = values_of(pairs)
        if source is not None:
            runbook = read_runbook(source_text(source), source)
            refuse_unfit(runbook, values)
    except (OSError, UnicodeDecodeError, KeyError, ReadingError) as trouble:
        print(why_unreadable(source or "", trouble), file=sys.stderr)
        return exit_codes.USAGE
    except Unfit as trouble:
        print(trouble, file=sys.stderr)
        return exit_codes.USAGE
    size = shutil.get_terminal_size() if sys.stdout.isatty() else None
    found = asyncio.run(
        examine(
            runbook,
            repository=repository_here(),
            home=home.home(),
            environ=os.environ,
            size=(size.columns, size.lines) if size else None,
            values=values,
        )
    )
    ready = not any(finding.level == "red" for finding in found)
    if as_json:
        print(json.dumps({"ready": ready, "findings": msgspec.to_builtins(found)}, ensure_ascii=False, indent=2))
    else:
        for line in page(found, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR")):
            print(line)
    return exit_codes.OK if ready else exit_codes.NOT_OK


def page(found: Iterable[Finding], *, colour: bool) -> Iterable[str]:
    """The findings by area, each with its mend, and a last line that answers the question."""
    area, levels = "", []
    runbook = unasked = False
    for finding in found:
        runbook = runbook or finding.area == "runbook"
        unasked = unasked or (finding.area == "runbook" and finding.title == "trust" and finding.level == "amber")
        levels.append(finding.level)
        if finding.area != area:
            area = finding.area
            yield f"{'' if len(levels) == 1 else chr(10)}{area}"
        sign = SIGNS[finding.level]
        mark = f"\x1b[{_COLOURS[finding.level]}m{sign}\x1b[0m" if colour else sign
        yield f"  {mark} {finding.title:24} {finding.found}".rstrip()
        if finding.level != "green" and finding.mend:
            yield f"      → {finding.mend}"
    red, amber = levels.count("red"), levels.count("amber")
    if red:
        said = f"Not ready: {red} thing{'s' if red > 1 else ''} would fail tonight"
    elif not runbook:
        said = "This machine is ready. No runbook was named, so no program, sign-in or source was looked at"
    elif unasked:
        said = "Nothing found that would fail tonight; until the runbook is trusted, its addresses are not asked"
    else:
        said = "Ready for tonight"
    yield f"\n{said}{f'; {amber} worth knowing' if amber else ''}."
