"""Each log of a runbook: is the file there, is the command's program, and does the command follow? None is run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from glob import glob
from pathlib import Path

from runbook.checking.logs import programs
from runbook.doctor.finding import Finding
from runbook.model import LogSource, Runbook
from runbook.steps import effects, values


def look(runbook: Runbook, known: Mapping[str, str], env: Mapping[str, str]) -> tuple[Finding, ...]:
    """Whether each log can be followed tonight; a log that cannot is missed, but hinders no rollback."""
    params = {param.id for param in runbook.params}
    return tuple(_one(log, params, known, env) for log in runbook.logs)


def _one(log: LogSource, params: set[str], known: Mapping[str, str], env: Mapping[str, str]) -> Finding:
    title, text = log.title or log.id, log.run or log.path
    if unset := values.missing(text, known, params):
        return Finding("logs", title, "amber", text, f"Set <{unset[0]}> with --set.")
    if log.run:
        if absent := next((name for name in programs(log.run) if not shutil.which(name, path=env.get("PATH"))), ""):
            mend = f"Install {absent}; until then this log stays empty."
            return Finding("logs", title, "amber", f"{absent} is not installed", mend)
        if effects.kind(log.run) == "run":
            said = f"{log.run} may not follow"
            mend = "Where it ends it is run again, and shows its lines again: add what makes it follow, as -f."
            return Finding("logs", title, "amber", said, mend)
        return Finding("logs", title, "green", log.run)
    for name in values.placeholders(text, params):
        text = text.replace(f"<{name}>", known[name])
    return _file(title, text)


def _file(title: str, path: str) -> Finding:
    place, is_pattern = str(Path(path).expanduser()), bool(set("*?[") & set(path))
    # a pattern as a person writes it
    found = glob(place, recursive=True) if is_pattern else [place] * Path(place).is_file()  # noqa: PTH207
    if not found:
        mend = "There is no such file yet: set its values with --set, or mend the path."
        return Finding("logs", title, "amber", path, "No file has such a name yet." if is_pattern else mend)
    if refused := next((one for one in found if not os.access(one, os.R_OK)), ""):
        mend = "Get the right to read it, or follow it by a command that may: sudo -n tail -F …"
        return Finding("logs", title, "amber", f"{refused} may not be read", mend)
    return Finding("logs", title, "green", f"{path}: {len(found)} now" if is_pattern else path)
