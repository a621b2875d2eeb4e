"""Vercel: the production deployments of a project. A rollback points the production domains at an earlier one.

Facts: `vercel rollback` exits 0 for a switch that was skipped, and without a deployment it only tells a status. So
only what the production domain serves is proof. Its `--timeout` ends the waiting, not the switch. The deployments of
a folder that is not linked to a project are found by a picker that hangs, so that nothing is asked from there.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from runbook.logs.clean import clean
from runbook.model import Effect, Record, Remedy
from runbook.providers.calls import Call
from runbook.providers.needs import CheckLine
from runbook.providers.platform import LIMIT, Ask, Live, Order, Release
from runbook.providers.provider import Unavailable
from runbook.providers.vercel_words import meaning

_SCOPE = ("--api", "--scope", "-S", "--team", "-T", "--cwd", "--token", "-t", "--global-config", "-Q", "-A")
_SECRET = ("--token", "-t")
_VALUED = " ".join((*_SCOPE, "--local-config", "--timeout"))
_DEPLOYMENT = re.compile(r"dpl_\w+\Z")
_ADDRESS = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+\Z")
_UNDER_WAY = ("pending", "in-progress")
_ASKED = 3
"""So many production domains are asked what they serve."""
_API_SINCE = 51
"""From this version on `vercel api` asks; before, it was taken for a folder of that name, to be deployed."""
_STALE = (
    "That deployment runs with the environment variables and cron jobs of its own time: what was changed in the "
    "project's settings since is not in it."
)


class _Link(Record, frozen=True):
    """Which project a folder belongs to."""

    org: str
    project: str
    by: str


class Vercel:
    """`vercel rollback DEPLOYMENT` and `vercel promote DEPLOYMENT`."""

    name: ClassVar[str] = "vercel"
    programs: ClassVar[tuple[str, ...]] = ("vercel", "vc")
    noun: ClassVar[str] = "deployment"

    def order(self, call: Call) -> Order | None:
        """`vercel … rollback [DEPLOYMENT]`, `vercel … promote DEPLOYMENT`."""
        given = call.split(_VALUED)
        verb, *words = given.plain or ("",)
        if verb not in ("rollback", "promote") or words[:1] == ["status"] or given.has("--help", "-h"):
            return None
        if verb == "promote" and not words:
            return None
        folder = given.option("--cwd") or ""
        where = "/".join(part for part in (call.directory, folder) if part)
        return Order(
            what=clean(f"production on Vercel{f' ({where})' if where else ''}"),
            target="" if not words else None if words[0] is None else _address(words[0]),
            scope=given.scope(_SCOPE),
            facts={
                "verb": verb or "",
                "folder": folder,
                "program": call.program,
                "scope": given.scope_text(_SCOPE, _SECRET),
            },
            unclear=given.unclear(_SCOPE),
            caution=_STALE if verb == "rollback" else "",
        )

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """The folder belongs to a project, somebody is signed in, and the project is within their reach."""
        try:
            link = await _link(ask, order)
        except Unavailable as unlinked:
            return (
                CheckLine(
                    title="this folder belongs to a Vercel project",
                    ok=False,
                    found=str(unlinked),
                    mend="run `vercel link` there, or set VERCEL_ORG_ID and VERCEL_PROJECT_ID",
                ),
            )
        who, project = await asyncio.gather(self._who(ask, order), _said(self._project(ask, order)))
        found = project if isinstance(project, str) else f"{clean(str(project.get('name', '')), 80)} ({link.by})"
        return (
            who,
            CheckLine(
                title="the Vercel project is the one this folder belongs to",
                ok=None if isinstance(project, str) else True,
                found=found,
                mend="is it the right account? `vercel whoami`, `vercel switch`" if isinstance(project, str) else "",
            ),
        )

    async def live(self, ask: Ask, order: Order) -> Live:
        """What the first production domain serves; what others serve, and a switch that is under way, is unsettled."""
        project = await self._project(ask, order)
        domains = _domains(project)
        if not domains:
            raise Unavailable("the project has no production domain yet, so that nothing serves there.")
        first, *others = await asyncio.gather(*(self._serving(ask, order, each) for each in domains[:_ASKED]))
        differing = [
            f"{domain} serves {clean(one['id'], 60)}"
            for domain, one in zip(domains[1:], others, strict=False)
            if one["id"] != first["id"]
        ]
        job = project.get("lastAliasRequest") or {}
        if job.get("jobStatus") in _UNDER_WAY:
            differing.append(f"the switch to {clean(str(job.get('toDeploymentId')), 60)} has not ended")
        release = await self._known(ask, order, first)
        return Live(release=release, unsettled="; ".join(differing))

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """The production deployments that are ready, newest first, and the one that is named, wherever it stands."""
        await _link(ask, order)
        who, listed = await asyncio.gather(self._account(ask, order), self._listed(ask, order))
        named = order.target or ""
        found = [_release(one, named) for one in listed]
        if order.facts["verb"] == "rollback" and _plan(who) == "hobby":
            found = await self._one_step(ask, order, found)
        if _names(named) and not any(named in (one.value, one.identity) for one in found):
            found += await self._elsewhere(ask, order, named)
        return tuple(found)

    def naming(self, value: str) -> str:
        return value

    def back(self, order: Order, value: str) -> Remedy:
        """Promote what served before: it needs no new build, and lets new deployments go live by themselves again."""
        words = (order.facts["program"], order.facts["scope"], "promote", value, "--yes --timeout 5m")
        return Remedy(
            title=f"Go forward again to {value}",
            text=" ".join(filter(None, words)),
            effect=Effect.CHANGE,
            target="production",
            note="Makes the deployment current that served before. New deployments go live by themselves again.",
        )

    def failure(self, order: Order, output: str) -> str:
        """What vercel's own words mean."""
        return meaning(output)

    # ── questions ─────────────────────────────────────────────────────────────────────────────────

    async def _who(self, ask: Ask, order: Order) -> CheckLine:
        title = "signed in to Vercel"
        try:
            account = await self._account(ask, order)
        except Unavailable as silent:
            refused = "not valid" in str(silent) or "No existing credentials" in str(silent)
            return CheckLine(
                title=title,
                ok=False if refused else None,
                found=str(silent),
                mend="run `vercel login`, or set VERCEL_TOKEN",
            )
        team = (account.get("team") or {}).get("slug")
        found = clean(f"{account.get('username', '')}{f' in {team}' if team else ''}", 120)
        return CheckLine(title=title, ok=True, found=found)

    async def _account(self, ask: Ask, order: Order) -> dict[str, Any]:
        return _mapping(await ask.json(*_base(ask, order), "whoami", "--json", limit=LIMIT))

    async def _project(self, ask: Ask, order: Order) -> dict[str, Any]:
        link, base = await _link(ask, order), _base(ask, order)
        version = re.search(r"(\d+)\.\d+\.\d+", await ask.text(base[0], *base[1 : len(base) - len(order.scope)], "-v"))
        if version is None or int(version[1]) < _API_SINCE:
            raise Unavailable(
                f"vercel {version[0] if version else 'of an unknown version'} cannot be asked for a project's domains; "
                f"this needs {_API_SINCE} or newer: npm i -g vercel@latest"
            )
        team = f"&teamId={link.org}" if link.org.startswith("team_") else ""
        path = f"/v9/projects/{link.project}?rollbackInfo=true{team}"
        # An older program refuses --raw, whatever it would take `api` for.
        return _mapping(await ask.json(*base, "api", "--raw", path, limit=LIMIT))

    async def _serving(self, ask: Ask, order: Order, domain: str) -> dict[str, Any]:
        found = _mapping(await ask.json(*_base(ask, order), "inspect", domain, "--json", limit=LIMIT))
        if not isinstance(found.get("id"), str):
            raise Unavailable(f"`vercel inspect {domain}` names no deployment.")
        return found

    async def _listed(self, ask: Ask, order: Order) -> list[dict[str, Any]]:
        words = ("ls", "--environment", "production", "--status", "READY", "--limit", "100", "--json")
        said = _mapping(await ask.json(*_base(ask, order), *words, limit=LIMIT))
        found = [one for one in said.get("deployments", ()) if isinstance(one, dict) and one.get("id")]
        return sorted(found, key=lambda one: -_number(one.get("createdAt")))

    async def _known(self, ask: Ask, order: Order, inspected: dict[str, Any]) -> Release:
        """What is inspected, with the commit that only the list knows."""
        listed = next((one for one in await self._listed(ask, order) if one["id"] == inspected["id"]), inspected)
        return _release(listed, "")

    async def _one_step(self, ask: Ask, order: Order, found: list[Release]) -> list[Release]:
        """Hobby plans go back to the deployment that served before, and no further."""
        now = (await self.live(ask, order)).release
        older = [one for one in found if one.at and now.at and one.at < now.at]
        free = {now.identity, *(one.identity for one in older[:1])}
        why = "The Hobby plan goes back to the deployment before and no further. Promote this one, or revert in git."
        return [
            one if one.identity in free else msgspec.structs.replace(one, warning=why, blocked=True) for one in found
        ]

    async def _elsewhere(self, ask: Ask, order: Order, named: str) -> list[Release]:
        """The named deployment where it is not among the newest that are ready; none where there is none."""
        # Its exit is 1 for a deployment that failed to build, whose data it tells all the same.
        said = await ask.answer(*_base(ask, order), "inspect", named, "--json", limit=LIMIT)
        found = _json(said.out)
        if not found.get("id"):
            return []
        project, release = await self._project(ask, order), _release(found, named)
        if found.get("name") != project.get("name"):
            why = f"It is a deployment of {clean(str(found.get('name')), 80)}, and this folder belongs to "
            why += f"{clean(str(project.get('name')), 80)}."
            return [msgspec.structs.replace(release, warning=why, blocked=True)]
        state, preview = found.get("readyState"), found.get("target") != "production"
        if state != "READY":
            why = f"It is not ready to serve: {clean(str(state), 40)}."
            return [msgspec.structs.replace(release, warning=why, blocked=True)]
        if preview and order.facts["verb"] == "promote":  # built anew, under an id that nobody knows yet
            why = "It is no production deployment: promoting it builds a new one."
            return [msgspec.structs.replace(release, identity="", warning=why)]
        if preview:
            why = "It never was a production deployment, and Vercel rolls back to none that was not."
            return [msgspec.structs.replace(release, warning=why, blocked=True)]
        return [release]


# ── reading ───────────────────────────────────────────────────────────────────────────────────────


async def _link(ask: Ask, order: Order) -> _Link:
    """Raises Unavailable for a folder that is not linked."""
    folder = Path(ask.at.cwd, order.facts["folder"])
    found = await ask.settings("VERCEL_ORG_ID", "VERCEL_PROJECT_ID")
    org, project = found.get("VERCEL_ORG_ID", ""), found.get("VERCEL_PROJECT_ID", "")
    if org and project:
        return _Link(org, project, "by VERCEL_PROJECT_ID")
    said = _file(folder / ".vercel" / "project.json")
    if isinstance(said.get("orgId"), str) and isinstance(said.get("projectId"), str):
        return _Link(said["orgId"], said["projectId"], "by .vercel/project.json")
    for parent in (folder, *folder.parents):
        whole = _file(parent / ".vercel" / "repo.json")
        mine = [one for one in whole.get("projects", ()) if folder == parent / str(one.get("directory", "."))]
        if len(mine) == 1:
            return _Link(
                str(mine[0].get("orgId") or whole.get("orgId")), str(mine[0].get("id")), "by .vercel/repo.json"
            )
    raise Unavailable(f"{folder} is not linked to a Vercel project, and vercel would ask for one.")


def _file(path: Path) -> dict[str, Any]:
    try:
        return _json(path.read_bytes())
    except OSError:
        return {}


def _json(text: bytes) -> dict[str, Any]:
    try:
        return _mapping(json.loads(text))
    except ValueError:
        return {}


def _base(ask: Ask, order: Order) -> tuple[str, ...]:
    """The program with the call's own scope; one that the project brings along is called directly, which is quicker."""
    program = order.facts["program"]
    if shutil.which(program, path=ask.at.env.get("PATH")):
        return (program, *order.scope)
    for folder in (ask.at.cwd, *ask.at.cwd.parents):
        if os.access(own := folder / "node_modules" / ".bin" / program, os.X_OK):
            return (str(own), *order.scope)
    return (program, *order.scope)


def _domains(project: dict[str, Any]) -> tuple[str, ...]:
    """The project's production domains, its own names before those that Vercel gave."""
    found = [
        str(one["domain"])
        for one in project.get("alias") or ()
        if isinstance(one, dict) and one.get("domain") and one.get("target") == "PRODUCTION" and not one.get("redirect")
    ]
    live = (project.get("targets") or {}).get("production") or {}
    found = found or [str(one) for one in live.get("alias") or ()]
    return tuple(sorted((one for one in dict.fromkeys(found) if "*" not in one), key=_given))


def _given(domain: str) -> bool:
    return domain.endswith((".vercel.app", ".now.sh"))


def _release(one: dict[str, Any], named: str) -> Release:
    """A deployment of the list or of an inspection; `named` is how the call names it, where it does by address."""
    meta = one.get("meta") or {}
    sha = next((str(meta[name]) for name in meta if name.endswith("CommitSha")), "")
    said = next((str(meta[name]) for name in meta if name.endswith("CommitMessage")), "")
    title = " ".join(part for part in (sha[:7], said.partition("\n")[0]) if part)
    at = _number(one.get("createdAt"))
    return Release(
        value=named if named and named == one.get("url") else clean(str(one["id"]), 80),
        identity=clean(str(one["id"]), 80),
        title=clean(title, 120),
        by=clean(str((one.get("creator") or {}).get("username", "")), 60),
        at=datetime.fromtimestamp(at / 1000, UTC) if at else None,
        detail=clean(str(one.get("url", "")), 120),
    )


def _address(target: str) -> str:
    """How a call names a deployment: its id, or its address without the scheme."""
    return re.sub(r"\Ahttps?://", "", target).rstrip("/")


def _names(target: str) -> bool:
    """Whether the word can be a deployment's name at all."""
    return bool(_DEPLOYMENT.match(target) or _ADDRESS.match(target))


def _plan(account: dict[str, Any]) -> str:
    return str((account.get("team") or {}).get("plan") or account.get("plan") or "")


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


async def _said(asked: Any) -> dict[str, Any] | str:
    try:
        found: dict[str, Any] = await asked
    except Unavailable as silent:
        return str(silent)
    return found
