"""Runs the read-only commands that signals live on: bounded, without a terminal, like every look at the world."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from runbook.logs.clean import clean
from runbook.model import Param, Seconds
from runbook.providers.child import bounded
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.monitor import Run
from runbook.steps import session, values

MOST_OUTPUT = 4 << 20


def runner(cwd: Path, environ: Mapping[str, str], params: Iterable[Param]) -> Run:
    """What a monitor runs its commands with."""
    declared = {param.id: param for param in params}

    async def run(text: str, known: Mapping[str, str], deadline: Seconds) -> Reply:
        there = [declared.get(name, Param(id=name)) for name, value in known.items() if value]
        try:
            filled = values.fill(text, known, there)
        except values.ValueRefused as refused:
            raise Unreadable(f"{refused.param} cannot stand in its command") from None
        argv = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", filled)
        env = session.environment(environ, session.names_in(text), {})
        begun = time.monotonic()
        try:
            said = await bounded(argv, cwd, env, deadline, cap=MOST_OUTPUT)
        except (OSError, ValueError):
            raise Unreadable("its command could not be run") from None
        if said.exit is None:
            raise Unreadable(f"its command gave nothing within {deadline:g} s")
        if said.exit:
            lines = [clean(line, 80).strip() for line in said.err.splitlines()]
            why = next((line for line in lines if line), "")
            raise Unreadable(f"its command ended with {said.exit}" + (f": {why}" if why else ""))
        return Reply(200, said.out, took=time.monotonic() - begun)

    return run
