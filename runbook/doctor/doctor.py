"""The whole examination, of a machine alone or of a machine with a runbook."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from runbook.doctor import clients, logs, machine, world
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
    named = [check.env for method in runbook.methods for check in method.requires if check.env]
    for signal in runbook.signals:
        if isinstance(signal.source, Sentry):
            named += [signal.source.url_env, signal.source.token_env]
    env = session.environment(environ, [*named, *_tokens(environ)], {})
    here = repository or Path.cwd()
    trusted = _is_trusted(runbook.path, home)
    if trusted:
        found.append(Finding("runbook", "trust", "green", "trusted as it is now"))
    else:
        said = "not trusted yet: it opens read-only, and none of its commands and addresses was asked"
        found.append(Finding("runbook", "trust", "amber", said, f"Read it, then: warroom trust {runbook.path}"))
    found += await world.repository(runbook, repository, environ)
    found += await world.checks(runbook, here, env, known) if trusted else ()
    found += await clients.look(clients.programs_of(runbook), here, env)
    found += await world.sources(runbook, here, env, known) if trusted else ()
    found += logs.look(runbook, known, env)
    found += world.methods(runbook, found) if trusted else ()
    return tuple(found)


def _is_trusted(source: str, home: Path) -> bool:
    """Whether this content was trusted, by its bytes: the text that is read of them has other line endings."""
    with contextlib.suppress(OSError, KeyError):
        return is_trusted(source, digest(source), home)
    return False


def _tokens(environ: Mapping[str, str]) -> list[str]:
    """The variables by which the clients know who is signed in."""
    prefixes = ("AWS_", "AZURE_", "CLOUDFLARE_", "DOCKER_", "FLY_", "GH_", "GITHUB_", "GITLAB_", "HEROKU_", "KUBE")
    more = ("NETLIFY_", "RAILWAY_", "VERCEL_", "CLOUDSDK_", "GOOGLE_", "DIGITALOCEAN_", "ARGOCD_")
    return [name for name in environ if name.startswith(prefixes + more)]
