"""Each log of a runbook: is the file there, is the command's program, and does the command follow? None is run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from glob import glob
from pathlib import Path

from runbook.checking.calls import calls
from runbook.checking.whole import BUILTINS, FAR
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
    if set("*?[") & set(path):
        count = len(glob(str(Path(path).expanduser()), recursive=True))  # noqa: PTH207 - as a person writes it
        if count:
            return Finding("logs", title, "green", f"{path}: {count} now")
        return Finding("logs", title, "amber", path, "No file has such a name yet.")
    if Path(path).expanduser().is_file():
        return Finding("logs", title, "green", path)
    return Finding(
        "logs", title, "amber", path, "There is no such file yet: set its values with --set, or mend the path."
    )


def programs(text: str) -> Iterator[str]:
    """The programs that a command calls on this machine."""
    return (
        call.program
        for call in calls(text)
        if call.program not in BUILTINS and "<" not in call.program and not FAR & set(call.via)
    )
