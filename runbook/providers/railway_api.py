"""Railway's public GraphQL API: what is deployed, and the rollback that its own program does not have.

Facts: errors come with HTTP 200; a rollback makes a new deployment of the old image; a project token says by itself
which project and environment it is for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from runbook.logs.clean import clean, redact
from runbook.model import Record, Seconds
from runbook.providers.provider import Unavailable

if TYPE_CHECKING:
    import httpx

API = "https://backboard.railway.com/graphql/v2"
LIMIT: Seconds = 20
SHOWN = 100
SERVING = frozenset(("SUCCESS", "SLEEPING", "CRASHED"))
COMING = frozenset(("QUEUED", "INITIALIZING", "BUILDING", "DEPLOYING"))
FAILED = frozenset(("FAILED", "CRASHED", "REMOVED", "REMOVING", "SKIPPED"))
_FIELDS = "id status canRollback createdAt meta"
_LIST = f"""query($input: DeploymentListInput!, $first: Int!) {{
  deployments(input: $input, first: $first) {{ edges {{ node {{ {_FIELDS} }} }} }} }}"""
_MEANT = "query { projectToken { projectId environmentId } }"
_ROLLBACK = "mutation($id: String!) { deploymentRollback(id: $id) }"


class Deployment(Record, frozen=True):
    """One deployment of the service. `identity` is its image or commit, which a rollback keeps."""

    id: str
    status: str
    can_rollback: bool
    identity: str
    title: str = ""
    by: str = ""
    at: datetime | None = None


class Service(Record, frozen=True):
    """The service in its environment, by ids."""

    project: str
    environment: str
    service: str


class NotSent(Unavailable):
    """The order did not reach Railway, or was refused: nothing has changed."""


class Api:
    """One service on Railway, as the environment names it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.url = env.get("RAILWAY_API_URL") or API

    async def service(self) -> Service:
        """Where the environment's ids and token lead. Raises Unavailable where they say too little or disagree."""
        project, environment = self.env.get("RAILWAY_PROJECT_ID", ""), self.env.get("RAILWAY_ENVIRONMENT_ID", "")
        if self.env.get("RAILWAY_TOKEN"):
            said = await self.ask(_MEANT, {})
            token = _table(said.get("projectToken"))
            for name, wanted, own in (
                ("RAILWAY_PROJECT_ID", project, token.get("projectId")),
                ("RAILWAY_ENVIRONMENT_ID", environment, token.get("environmentId")),
            ):
                if wanted and own != wanted:
                    raise Unavailable(
                        f"RAILWAY_TOKEN is for {clean(str(own), 60)}, and {name} says {clean(wanted, 60)}: "
                        "export the token of that environment."
                    )
            project, environment = str(token.get("projectId") or ""), str(token.get("environmentId") or "")
        service = self.env.get("RAILWAY_SERVICE_ID", "")
        ids = {"PROJECT": project, "ENVIRONMENT": environment, "SERVICE": service}
        if missing := [f"RAILWAY_{name}_ID" for name, value in ids.items() if not value]:
            raise Unavailable(
                f"{', '.join(missing)} not set: export the id that the service's page has in its address."
            )
        return Service(project=project, environment=environment, service=service)

    async def deployments(self) -> tuple[Deployment, ...]:
        """The service's deployments in its environment, newest first."""
        where = await self.service()
        asked = {"projectId": where.project, "environmentId": where.environment, "serviceId": where.service}
        said = await self.ask(_LIST, {"input": asked, "first": SHOWN})
        edges = _table(said.get("deployments")).get("edges")
        if not isinstance(edges, list):
            raise Unavailable("Railway answered without a list of deployments.")
        found = [_deployment(_table(_table(edge).get("node"))) for edge in edges]
        return tuple(sorted(found, key=lambda one: one.at.timestamp() if one.at else 0, reverse=True))

    async def ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """What the API answers to a question. Raises Unavailable, with the mend."""
        headers = self._headers()
        import httpx  # noqa: PLC0415 (a quarter of a second, and most runs never ask)

        try:
            async with asyncio.timeout(LIMIT), httpx.AsyncClient(timeout=LIMIT) as client:
                answer = await client.post(self.url, json={"query": query, "variables": variables}, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise NotSent(f"Railway could not be reached at {self._host()}. Check the network, then retry.") from None
        except (TimeoutError, httpx.TimeoutException):
            raise Unavailable(f"Railway gave no answer within {LIMIT:.0f} s.") from None
        except (httpx.HTTPError, OSError):
            raise Unavailable("Railway broke off in the middle of its answer.") from None
        return _data(answer)

    def _headers(self) -> dict[str, str]:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise NotSent("RAILWAY_API_URL is not https: the token is not sent there.")
        if token := self.env.get("RAILWAY_TOKEN"):
            return {"Project-Access-Token": token}
        if token := self.env.get("RAILWAY_API_TOKEN"):
            return {"Authorization": f"Bearer {token}"}
        raise NotSent("No token: export RAILWAY_TOKEN with a project token of the environment.")

    def _host(self) -> str:
        return clean(urlsplit(self.url).netloc.rpartition("@")[2], 80)


def serving(found: tuple[Deployment, ...]) -> tuple[Deployment | None, str]:
    """The deployment that serves or is about to, and what is still missing; empty when it serves."""
    for one in found:
        if one.status in COMING:
            return one, f"deployment {one.id} is {one.status.lower()}"
        if one.status in SERVING:
            return one, f"deployment {one.id} has crashed" if one.status == "CRASHED" else ""
    return None, ""


async def roll_back(api: Api, target: str, limit: Seconds, say: Callable[[str], None], pause: Seconds = 2) -> bool:
    """Put a deployment live again and wait until it serves; whether it does. Raises Unavailable."""
    ends = time.monotonic() + limit
    before = await api.deployments()
    wanted = next((one for one in before if one.id == target), None)
    now, missing = serving(before)
    if wanted is None:
        raise NotSent(
            f"The service has no deployment {clean(target, 60)} among its newest {SHOWN}. Nothing was changed."
        )
    if now is not None and now.id == wanted.id and not missing:
        say(f"{wanted.id} serves already. Nothing was changed.")
        return True
    if not wanted.can_rollback:
        raise NotSent(f"Railway cannot go back to {wanted.id}: it keeps its image no longer. Nothing was changed.")
    try:
        said = await api.ask(_ROLLBACK, {"id": target})
        if said.get("deploymentRollback") is not True:
            raise NotSent("Railway did not take the order. Nothing was changed.")
        say(f"Railway took the order to go back to {wanted.id}.")
    except NotSent:
        raise
    except Unavailable as silent:
        say(f"{silent} The order may have been taken: looking.")
    return await _arrived(api, wanted, before, ends, say, pause)


async def _arrived(
    api: Api,
    wanted: Deployment,
    before: tuple[Deployment, ...],
    ends: float,
    say: Callable[[str], None],
    pause: Seconds,
) -> bool:
    known, told = {one.id for one in before}, ""
    while True:
        try:
            found = await api.deployments()
        except Unavailable as silent:
            found, line = (), str(silent)
        else:
            new = next((one for one in found if one.id not in known or one.id == wanted.id), wanted)
            line = f"{new.id}: {new.status.lower()}"
            if new.id != wanted.id and new.status in FAILED:
                say(f"{line}. The rollback failed, see the deployment's log.")
                return False
            live, missing = serving(found)
            if live is not None and not missing and (live.id == wanted.id or live.id not in known):
                same = live.identity in (wanted.identity, live.id)
                say(f"{live.id} serves{'' if same else ', which is another release than the one ordered'}.")
                return same
        if line != told:
            say(line)
            told = line
        if time.monotonic() + pause > ends:
            say("The time limit is over and it does not serve yet; ask again: warroom railway live")
            return False
        await asyncio.sleep(pause)


def _data(answer: httpx.Response) -> dict[str, Any]:
    code = answer.status_code
    if code in (401, 403):
        raise NotSent(f"Railway refused the token (HTTP {code}): export one that may deploy to this environment.")
    if code == 429:
        raise NotSent("Railway has had too many questions (HTTP 429): wait a minute, then retry.")
    try:
        said = _table(answer.json())
    except ValueError:
        said = {}
    errors = said.get("errors")
    if isinstance(errors, list) and errors:
        words = redact(clean(str(_table(errors[0]).get("message", "")), 200)) or "an error without words"
        raise NotSent(f"Railway refused: {words}")
    if code != 200:
        raise Unavailable(f"Railway answered with HTTP {code}.")
    if not isinstance(said.get("data"), dict):
        raise Unavailable("Railway did not answer in GraphQL's form.")
    return _table(said["data"])


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _deployment(node: dict[str, Any]) -> Deployment:
    meta, own = _table(node.get("meta")), clean(str(node.get("id", "")), 80)
    commit = str(meta.get("commitHash") or "")
    message = str(meta.get("commitMessage") or meta.get("image") or "").partition("\n")[0]
    return Deployment(
        id=own,
        status=clean(str(node.get("status", "")), 40),
        can_rollback=node.get("canRollback") is True,
        identity=clean(str(meta.get("imageDigest") or commit or own), 120),
        title=clean(f"{commit[:8]} {message}".strip(), 100),
        by=clean(str(meta.get("commitAuthor") or ""), 60),
        at=_time(node.get("createdAt")),
    )


def _time(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else None
