"""A host that speaks Vercel's API, on loopback: production serves the deployment that its domain points at.

It answers what the real `vercel` program asks when it lists, inspects, rolls back and promotes. A switch is an order
that somebody else carries out (`switch`), and it has ended well only when that person's production really serves it.
Standard library only: the supervisor runs without site-packages.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TEAM = {"id": "team_practice", "slug": "practice", "name": "Practice"}
USER = {"id": "usr_practice", "uid": "usr_practice", "username": "oncall", "email": "oncall@example.test"}
PROJECT = "prj_practice"
Answer = tuple[int, Any]


@dataclass(frozen=True)
class Deployment:
    """A build of one commit; it goes on existing whether production serves it or not."""

    id: str
    commit: str
    message: str
    created: int
    """Unix milliseconds."""
    state: str = "READY"
    target: str | None = "production"
    project: str = "web"

    @property
    def url(self) -> str:
        return f"{self.project}-{self.id.removeprefix('dpl_')}-{TEAM['slug']}.vercel.app"


@dataclass
class Job:
    """An order to point production at another deployment."""

    kind: str
    before: str
    after: str
    status: str = "in-progress"
    asked: int = field(default_factory=lambda: int(time.time() * 1000))


class Cloud:
    """The project with its deployments, its domains, and the order that is under way."""

    def __init__(
        self,
        deployments: list[Deployment],
        domains: tuple[str, ...],
        switch: Callable[[Deployment], bool],
        *,
        token: str,
        plan: str = "pro",
    ) -> None:
        self.deployments = deployments
        self.points = dict.fromkeys(domains, deployments[0].id)
        self.switch = switch
        self.token = token
        self.plan = plan
        self.job: Job | None = None
        self.lock = threading.Lock()
        self.orders: list[tuple[str, str]] = []
        """Every order that was accepted: what, to which deployment."""

    @property
    def live(self) -> str:
        return next(iter(self.points.values()))

    def find(self, name: str) -> Deployment | None:
        """A deployment by its id, its own address, or a domain that points at it."""
        wanted = self.points.get(name, name)
        return next((one for one in self.deployments if wanted in (one.id, one.url)), None)

    # ── orders ────────────────────────────────────────────────────────────────────────────────────

    def order(self, kind: str, name: str) -> Answer:
        """Takes an order to roll back or to promote, and carries it out behind the answer's back."""
        found = self.find(name)
        if found is None:
            return refused(404, "not_found", "Deployment not found")
        if self.job is not None and self.job.status == "in-progress":
            return refused(409, "conflict", "A rollback is already in progress")
        if found.state != "READY" or found.target != "production":
            return refused(422, "unprocessable_entity", "The deployment is not eligible for rollback")
        if found.id == self.live:
            return refused(409, "conflict", "Deployment is already the current production deployment")
        self.job = Job(kind, self.live, found.id)
        self.orders.append((kind, found.id))
        threading.Thread(target=self.carry_out, args=(self.job, found), daemon=True).start()
        return 201, {}

    def carry_out(self, job: Job, deployment: Deployment) -> None:
        """Points the domains at the deployment when production serves it."""
        try:
            served = self.switch(deployment)
        except OSError:  # a full disk: the order has failed, and must not stand in the way of the next one
            served = False
        with self.lock:
            if served:
                self.points = dict.fromkeys(self.points, deployment.id)
            job.status = "succeeded" if served else "failed"

    # ── answers ───────────────────────────────────────────────────────────────────────────────────

    def answer(self, method: str, path: list[str], query: dict[str, str], token: str) -> Answer:
        """What the API says to a request; `path` is without its version."""
        if token != self.token:
            return refused(403, "forbidden", "Not authorized", invalidToken=True)
        match path:
            case ["projects", name, *rest] if name in (PROJECT, "web"):
                return self._of_project(method, rest, query)
            case ["deployments", *rest]:
                return self._of_deployments(rest, query)
            case ["user"]:
                return 200, {"user": self._user()}
            case ["teams", *names] if not names or names[0] in TEAM.values():
                team = self._team()
                return 200, team if names else {"teams": [team], "pagination": {"count": 1, "next": None, "prev": None}}
        unknown = f"This practice host does not know {method} /{'/'.join(path)}"
        return refused(404, "not_found", "Project not found." if path[0] == "projects" else unknown)

    def _of_project(self, method: str, path: list[str], query: dict[str, str]) -> Answer:
        match [method, *path]:
            case ["GET"]:
                return 200, self._project(rollback="rollbackInfo" in query)
            case ["POST", ("rollback" | "promote") as kind, deployment]:
                return self.order(kind, deployment)
            case ["GET", "rollback" | "promote", "aliases"]:
                return 200, {"aliases": self._moved(), "pagination": {"count": len(self.points), "next": None}}
            case ["GET", "rolling-release"]:
                return 200, {"rollingRelease": None}
            case ["GET", "production-deployment"]:
                return 200, {"deployment": self._told(self.live), "deploymentIsStale": False}
        return refused(404, "not_found", f"This practice host does not know {method} {'/'.join(path)} of a project")

    def _of_deployments(self, path: list[str], query: dict[str, str]) -> Answer:
        if not path:
            return 200, self._list(query)
        found = self.find(path[0])
        if found is None:
            return refused(404, "not_found", "The deployment could not be found")
        return 200, {"builds": []} if path[1:] == ["builds"] else self._told(found.id)

    def _user(self) -> dict[str, Any]:
        # An account of this version acts for its default team wherever no other is named.
        acting = {"version": "northstar", "defaultTeamId": TEAM["id"], "limited": False}
        return USER | acting | {"billing": {"plan": self.plan}}

    def _team(self) -> dict[str, Any]:
        member = {"role": "OWNER", "confirmed": True, "uid": USER["uid"], "teamId": TEAM["id"]}
        return TEAM | {"avatar": None, "createdAt": 1700000000000, "membership": member, "billing": {"plan": self.plan}}

    def _project(self, *, rollback: bool) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": PROJECT,
            "name": "web",
            "accountId": TEAM["id"],
            "createdAt": 1700000000000,
            "updatedAt": 1700000000000,
            "alias": [{"domain": name, "target": "PRODUCTION"} for name in self.points],
            "targets": {"production": self._told(self.live)},
            "latestDeployments": [],
            "link": None,
            "rollingRelease": None,
        }
        if rollback:
            job = self.job
            told["lastRollbackTarget"] = {"id": job.after} if job else None
            told["lastAliasRequest"] = job and {
                "fromDeploymentId": job.before,
                "toDeploymentId": job.after,
                "jobStatus": job.status,
                "requestedAt": job.asked,
                "type": job.kind,
            }
        return told

    def _moved(self) -> list[dict[str, Any]]:
        done = {"in-progress": "pending", "succeeded": "completed"}.get(self.job.status if self.job else "", "failed")
        return [
            {"status": done, "id": f"als_{name}", "alias": {"alias": name, "deploymentId": points}}
            for name, points in self.points.items()
        ]

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        found = [one for one in self.deployments if one.project == "web"]
        if "target" in query:
            found = [one for one in found if one.target == query["target"]]
        if "state" in query:
            found = [one for one in found if one.state in query["state"].split(",")]
        told = [self._told(one.id) for one in found[: int(query.get("limit", "20"))]]
        return {"deployments": told, "pagination": {"count": len(told), "next": None, "prev": None}}

    def _told(self, name: str) -> dict[str, Any]:
        one = self.find(name)
        assert one is not None
        ready = {"state": one.state, "readyState": one.state, "status": one.state, "ready": one.created + 40_000}
        meta = {"githubCommitSha": one.commit, "githubCommitRef": "main", "githubCommitMessage": one.message}
        return ready | {
            "uid": one.id,
            "id": one.id,
            "url": one.url,
            "name": one.project,
            "created": one.created,
            "createdAt": one.created,
            "buildingAt": one.created + 2000,
            "target": one.target,
            "type": "LAMBDAS",
            "version": 2,
            "public": False,
            "ownerId": TEAM["id"],
            "projectId": PROJECT if one.project == "web" else f"prj_{one.project}",
            "team": TEAM,
            "creator": {"uid": USER["uid"], "username": USER["username"]},
            "meta": meta,
            "alias": [domain for domain, points in self.points.items() if points == one.id],
            "aliasError": None,
            "regions": [],
            "builds": [],
            "build": {"env": []},
            "env": [],
            "routes": None,
            "bootedAt": one.created,
        }


def refused(status: int, code: str, message: str, **more: object) -> Answer:
    """An error as the API tells it."""
    return status, {"error": {"code": code, "message": message, **more}}


class Host(ThreadingHTTPServer):
    """Serves a cloud on a free port of 127.0.0.1."""

    daemon_threads = True

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cloud = cloud

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Host

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        asked = urlsplit(self.path)
        path = [unquote(part) for part in asked.path.strip("/").split("/")]
        # `/v9/projects`, `/teams` and `/v3/now/deployments` are all in use.
        path = path[1:] if path[0][:1] == "v" and path[0][1:].isdigit() else path
        path = path[1:] if path[:1] == ["now"] else path
        query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        cloud = self.server.cloud
        with cloud.lock:
            status, body = cloud.answer(self.command, path, query, token)
        said = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json; charset=utf-8")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass
