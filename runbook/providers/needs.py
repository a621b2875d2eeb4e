"""What a method needs before it can start: programs, files, variables, and read-only tests."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from runbook.logs.clean import clean, redact
from runbook.model import Check, Expect, Record, Seconds
from runbook.providers.child import Answer, bounded

LIMIT: Seconds = 10
CAP = 64 * 1024
PIPE_CLOSED = 141
"""A pipeline ended early by its own reader (`… | head`)."""
_BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
_HOLE = re.compile(r"<([A-Za-z][\w-]*)>")


class CheckLine(Record, frozen=True):
    """What a check found. `ok` is None where it could not be told, which is not a pass."""

    title: str
    ok: bool | None
    found: str = ""
    mend: str = ""
    stops: bool = True


async def look(checks: Sequence[Check], cwd: Path, env: Mapping[str, str]) -> tuple[CheckLine, ...]:
    """Every check's finding, in the checks' order.

    `env` is what the step's command will get. The text of a command check is the runbook's own and must only
    read; one that still holds an `<id>` waits for a value.
    """
    return tuple(await asyncio.gather(*(_one(check, cwd, env) for check in checks)))


async def _one(check: Check, cwd: Path, env: Mapping[str, str]) -> CheckLine:
    if check.tool:
        return _tool(check, env)
    if check.env:
        return _variable(check, env)
    if check.file:
        return _file(check, cwd)
    if check.run:
        return await _command(check, cwd, env)
    return _line(check, None, "this check says neither tool, env, file nor run", check.id)


def _line(check: Check, ok: bool | None, found: str, title: str) -> CheckLine:
    return CheckLine(
        title=check.title or title,
        ok=ok,
        found=redact(clean(found, 300)),
        mend="" if ok else check.hint,
        stops=check.on_fail == "stop",
    )


def _tool(check: Check, env: Mapping[str, str]) -> CheckLine:
    place = shutil.which(check.tool, path=env.get("PATH"))
    return _line(check, place is not None, place or f"{check.tool} is not on PATH", f"{check.tool} is installed")


def _variable(check: Check, env: Mapping[str, str]) -> CheckLine:
    """Never shows the value: it may be a secret."""
    found = "set" if env.get(check.env) else "set, but empty" if check.env in env else "not set"
    return _line(check, found == "set", f"{check.env} is {found}", f"{check.env} is set")


def _file(check: Check, cwd: Path) -> CheckLine:
    there = (cwd / check.file).exists()
    found = "there" if there else f"not in {cwd}"
    return _line(check, there, f"{check.file} is {found}", f"{check.file} is there")


async def _command(check: Check, cwd: Path, env: Mapping[str, str]) -> CheckLine:
    if hole := _HOLE.search(check.run):  # bash would take it for a redirection
        return _line(check, None, f"waits for a value of <{hole[1]}> that can stand there", check.run)
    try:
        said = await bounded((*_BASH, check.run), cwd, env, LIMIT, cap=CAP)
    except (OSError, ValueError) as broken:
        return _line(check, None, f"could not be run in {cwd}: {broken}", check.run)
    if said.exit is None:
        return _line(check, None, f"no answer within {LIMIT:.0f} s", check.run)
    wrong = unmet(check.expect, said)
    return _line(check, not wrong, wrong or _first_line(said) or "as expected", check.run)


def unmet(expect: Expect, said: Answer) -> str:
    """The part of the expectation that does not hold, as a phrase; empty when all of it does."""
    out = said.out.decode("utf-8", "replace").strip()
    # A return code below zero is a signal to Python; 141 is how bash reports the same SIGPIPE.
    ended_early = expect.exit == 0 and said.exit == PIPE_CLOSED
    if expect.exit is not None and said.exit != expect.exit and not ended_early:
        said_why = _first_line(said, errors=True)
        return f"exit {said.exit} instead of {expect.exit}" + (f": {said_why}" if said_why else "")
    if expect.contains and expect.contains not in out:
        return f"does not contain {expect.contains!r}"
    if expect.matches and not _matches(expect.matches, out):
        return f"does not match {expect.matches!r}" + (f": {_first_line(said)}" if out else "")
    if expect.equals and out != expect.equals:
        return f"is {_first_line(said) or 'empty'} instead of {expect.equals}"
    return ""


def _matches(pattern: str, out: str) -> bool:
    try:
        return re.search(pattern, out, re.MULTILINE) is not None
    except re.error:
        return False


def _first_line(said: Answer, errors: bool = False) -> str:
    text = (said.err.strip() or said.out.strip()) if errors else said.out.strip()
    return clean(text.splitlines()[0] if text else b"", 200)
