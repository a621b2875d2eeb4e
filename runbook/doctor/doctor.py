"""The whole examination, of a machine alone or of a machine with a runbook."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from runbook.doctor import clients, logs, machine, variables, world
from runbook.doctor.finding import Finding
from runbook.model import Runbook
from runbook.reading.trust import digest, is_trusted
from runbook.signal_sources import Sentry
from runbook.steps import session


async def examine(
    runbook: Runbook | None,
    *,
    repository: Path | None,
    home: Path,
    environ: Mapping[str, str],
    size: tuple[int, int] | None,
    values: Mapping[str, str],
) -> tuple[Finding, ...]:
    """Look at everything once. Nothing is changed; every question has a time limit."""
    found = [*machine.terminal(environ, size), *machine.programs(), *machine.record(home)]
    if runbook is None:
        return tuple(found)
    known = {param.id: param.default for param in runbook.params if param.default} | dict(values)
    env = session.environment(environ, _named(runbook), {})
    here = repository or Path.cwd()
    trusted = _is_trusted(runbook.path, home)
    if trusted:
        found.append(Finding("runbook", "trust", "green", "trusted as it is now"))
    else:
        said = "not trusted yet: it opens read-only, and none of its commands and addresses was asked"
        found.append(Finding("runbook", "trust", "amber", said, f"Read it, then: warroom trust {runbook.path}"))
    # another's kubeconfig may run programs, and another's server would be handed the sign-in
    scopes = clients.scopes_of(runbook, known) if trusted else {}
    found += await world.repository(runbook, repository, environ)
    found += await world.checks(runbook, here, env, known) if trusted else ()
    found += await clients.look(clients.programs_of(runbook), here, env, scopes)
    found += variables.look(runbook, environ)
    found += clients.scripts(runbook, here, known)
    found += await world.sources(runbook, here, env, known) if trusted else ()
    found += logs.look(runbook, known, env)
    found += world.methods(runbook, found) if trusted else ()
    return tuple(found)


def _is_trusted(source: str, home: Path) -> bool:
    """Whether this content was trusted, by its bytes: the text that is read of them has other line endings."""
    with contextlib.suppress(OSError, KeyError):
        return is_trusted(source, digest(source), home)
    return False


def _named(runbook: Runbook) -> tuple[str, ...]:
    """The variables that the room will hand to the runbook's commands and checks, and those its signals read."""
    methods = runbook.procedures()
    checks = [*runbook.guard, *(check for method in methods for check in method.requires)]
    commands = [command.text for method in methods for step in method.steps for command in step.commands]
    texts = "\n".join((*commands, *(check.run or check.tool for check in checks)))
    sentries = [signal.source for signal in runbook.signals if isinstance(signal.source, Sentry)]
    read = [name for source in sentries for name in (source.url_env, source.token_env)]
    return (*session.names_in(texts), *(check.env for check in checks if check.env), *read)
