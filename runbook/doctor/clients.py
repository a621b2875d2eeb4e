"""The programs that a runbook's commands call: there or not, which version, and signed in or not."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

from runbook.checking.calls import Call, calls
from runbook.checking.whole import BUILTINS, FAR
from runbook.doctor.finding import Finding
from runbook.logs.clean import clean_lines, redact
from runbook.model import Runbook
from runbook.providers.child import bounded

LIMIT = 10.0
"""Seconds for each question; a client that waits for a browser or a key is ended."""

SIGN_INS: dict[str, tuple[tuple[str, ...], str]] = {
    "argocd": (("account", "get-user-info"), "argocd login"),
    "aws": (("sts", "get-caller-identity", "--output", "text"), "aws sso login, or set AWS_PROFILE"),
    "az": (("account", "show", "--output", "tsv"), "az login"),
    "docker": (("info", "--format", "{{.ServerVersion}}"), "start the Docker engine, or set DOCKER_HOST"),
    "doctl": (("account", "get"), "doctl auth init"),
    "fly": (("auth", "whoami"), "fly auth login"),
    "flyctl": (("auth", "whoami"), "fly auth login"),
    "gcloud": (("auth", "print-identity-token", "--quiet"), "gcloud auth login"),
    "gh": (("auth", "status"), "gh auth login"),
    "glab": (("auth", "status"), "glab auth login"),
    "heroku": (("auth:whoami",), "heroku login, or set HEROKU_API_KEY"),
    "helm": (("list", "--max", "1"), "name the cluster: kubectl config use-context …"),
    # everybody may ask a cluster for its version, and nobody but who is known to it for this
    "kubectl": (("get", "--raw", "/api", "--request-timeout=5s"), "name the cluster: kubectl config use-context …"),
    "netlify": (("status",), "netlify login"),
    "railway": (("whoami",), "railway login, or set RAILWAY_TOKEN"),
    "vercel": (("whoami",), "vercel login, or set VERCEL_TOKEN"),
    "wrangler": (("whoami",), "wrangler login, or set CLOUDFLARE_API_TOKEN"),
}
"""Each client's own question who is signed in, which only reads, and what to do when nobody is."""

SCOPES = {
    "aws": ("--profile",),
    "az": ("--subscription",),
    "doctl": ("--context",),
    "gcloud": ("--account", "--configuration"),
    "helm": ("--kube-context", "--kubeconfig"),
    "kubectl": ("--context", "--kubeconfig", "--cluster", "--server", "--user"),
}
"""The options by which a command chooses an account or a cluster: the question is asked with the same."""
Scope = tuple[str, ...]

_NO_NAMES = {"gcloud", "kubectl"}
"""Clients whose answer names nobody."""
_KNOWS_NOBODY = re.compile(r"not (?:authenticated|logged in)|Logged In: false", re.IGNORECASE)
"""How argocd, netlify and wrangler say that nobody is signed in, and exit with 0 all the same."""
_BROUGHT = FAR | {"npx", "bunx"}
"""Programs that bring along, or have elsewhere, what they run."""
_VERSION = re.compile(r"\d+(?:\.\d+)+")


def programs_of(runbook: Runbook) -> dict[str, tuple[str, ...]]:
    """Every program that some command of the runbook calls on this machine, with the labels of the methods that do."""
    found: dict[str, dict[str, None]] = {}
    for method in runbook.procedures():
        texts = [command.text for step in method.steps for command in step.commands]
        called = [call.program for text in texts for call in _here(text) if not call.place]
        for name in (*(check.tool for check in method.requires if check.tool), *called):
            if name not in BUILTINS and re.fullmatch(r"[a-z][\w.+-]*", name):
                found.setdefault(name, {})[method.label] = None
    return {name: tuple(labels) for name, labels in found.items()}


def scopes_of(runbook: Runbook, known: Mapping[str, str]) -> dict[str, dict[Scope, tuple[str, ...]]]:
    """For each program the accounts or clusters that its calls choose, each with the labels of the methods that do."""
    found: dict[str, dict[Scope, dict[str, None]]] = {}
    for method in runbook.procedures():
        texts = (_filled(command.text, known) for step in method.steps for command in step.commands)
        for call in (call for text in texts for call in _here(text) if call.program in SCOPES):
            chosen = ((option, _OPEN.sub(r"<\1>", call.value(option))) for option in SCOPES[call.program])
            scope = tuple(word for pair in chosen if pair[1] for word in pair)
            found.setdefault(call.program, {}).setdefault(scope, {})[method.label] = None
    return {name: {scope: tuple(labels) for scope, labels in scopes.items()} for name, scopes in found.items()}


_OPEN = re.compile(r"X(\w+)X")
"""How a value that is not set yet stands in a call."""


def _filled(text: str, known: Mapping[str, str]) -> str:
    return re.sub(r"<([\w-]+)>", lambda found: known.get(found[1], "") or found[0], text)


def _here(text: str) -> Iterator[Call]:
    """The calls that run on this machine."""
    return (call for call in calls(text) if not _BROUGHT & set(call.via))


def scripts(runbook: Runbook, folder: Path, known: Mapping[str, str]) -> tuple[Finding, ...]:
    """The team's own programs, named by a path: those that are not there, or not to be started."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for method in runbook.procedures():
        texts = (_filled(command.text, known) for step in method.steps for command in step.commands)
        called = [call for text in texts for call in _here(text)]
        moves = any(call.program in ("cd", "pushd") for call in called)
        for place in (call.place for call in called if re.fullmatch(r"[\w./+-]+", call.place)):
            if _OPEN.search(place) or (moves and not place.startswith("/")):
                continue  # from where it is started then, only the session knows
            if not os.access(folder / place, os.X_OK) or (folder / place).is_dir():
                gone = "is not there" if place.startswith("/") else f"not in {folder}"
                said = "may not be started" if (folder / place).exists() else gone
                found.setdefault((place, said), {})[method.label] = None
    mend = "Start warroom in the repository that holds it, or mend its path or its rights (chmod +x)."
    return tuple(Finding("programs", place, "amber", said, mend, tuple(who)) for (place, said), who in found.items())


async def look(
    programs: Mapping[str, tuple[str, ...]],
    cwd: Path,
    env: Mapping[str, str],
    scopes: Mapping[str, Mapping[Scope, tuple[str, ...]]] = {},
) -> tuple[Finding, ...]:
    """Ask every program for its version and, where it has accounts, who is signed in, by the scopes that are used."""
    asked = ((name, labels, scopes.get(name) or {(): labels}) for name, labels in programs.items())
    found = await asyncio.gather(*(_one(name, labels, chosen, cwd, env) for name, labels, chosen in asked))
    return tuple(finding for findings in zip_longest(*found) for finding in findings if finding is not None)


async def _one(
    name: str,
    labels: tuple[str, ...],
    scopes: Mapping[Scope, tuple[str, ...]],
    cwd: Path,
    env: Mapping[str, str],
) -> tuple[Finding, ...]:
    if shutil.which(name, path=env.get("PATH")) is None:
        mend = f"Install it where the rollback is carried out; needed by {', '.join(labels)}."
        return (Finding("programs", name, "amber", "not installed", mend, blocks=labels),)
    if name not in SIGN_INS:
        return (Finding("programs", name, "green"),)
    there = Finding("programs", name, "green", await _version(name, cwd, env))
    signed = (_sign_in(name, scope, labels, cwd, env) for scope, labels in scopes.items())
    return (there, *await asyncio.gather(*signed))


async def _sign_in(name: str, scope: Scope, labels: tuple[str, ...], cwd: Path, env: Mapping[str, str]) -> Finding:
    words, mend = SIGN_INS[name]
    title = " ".join((name, *scope))
    if unset := next((word for word in scope if re.search(r"[<$]", word)), ""):
        return Finding("sign-ins", title, "amber", f"not asked: {unset} has no value yet", "Set it with --set.")
    try:
        answer = await bounded((name, *scope, *words), cwd, env, LIMIT)
    except OSError as trouble:
        return Finding("sign-ins", title, "amber", f"could not be asked: {trouble.strerror}", mend, blocks=labels)
    nobody = _KNOWS_NOBODY.search(answer.out.decode("utf-8", "replace"))
    if answer.ok and nobody is None:
        said = "signed in" if name in _NO_NAMES else _first_line(answer.out or answer.err)
        return Finding("sign-ins", title, "green", said)
    said = f"no answer within {LIMIT:.0f} s" if answer.exit is None else _first_line(answer.err or answer.out)
    said = nobody[0] if nobody is not None else said
    return Finding("sign-ins", title, "amber", said or f"exit {answer.exit}", mend, blocks=labels)


async def _version(name: str, cwd: Path, env: Mapping[str, str]) -> str:
    argv = (name, "version", "--client") if name == "kubectl" else (name, "--version")
    try:
        answer = await bounded(argv, cwd, env, LIMIT)
    except OSError:
        return ""
    number = _VERSION.search((answer.out + answer.err).decode("utf-8", "replace"))
    return number[0] if number else ""


def _first_line(raw: bytes) -> str:
    lines = [line.strip() for line in clean_lines(raw) if line.strip()]
    return redact(lines[0][:160]) if lines else ""
