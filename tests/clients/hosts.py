"""A Vercel with three production deployments of `web`, trouble on demand, and a place from which its client asks it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook.drill.cloud import PROJECT, TEAM, Answer, Cloud, Deployment, Host, Job, refused
from runbook.providers.provider import Place
from tests.clients.programs import SEARCHED

DAY = 86_400_000
NOW = 1_795_000_000_000
TOKEN = "t" * 24

DEPLOYMENTS = [
    Deployment("dpl_draft444", "c0ffee4" * 5, "try it out", NOW, target=None),
    Deployment("dpl_bad333", "c0ffee3" * 5, "feat: new checkout", NOW - DAY),
    Deployment("dpl_broken", "c0ffee0" * 5, "wip", NOW - 2 * DAY, state="ERROR"),
    Deployment("dpl_good222", "c0ffee2" * 5, "fix: cache header\n\nbody", NOW - 3 * DAY),
    Deployment("dpl_good111", "c0ffee1" * 5, "release v3.9.0", NOW - 4 * DAY),
    Deployment("dpl_docs", "d0c5" * 10, "docs", NOW - 4 * DAY, project="docs"),
]
REFUSALS = {
    "unauthorized": refused(401, "forbidden", "Not authorized", invalidToken=True),
    "forbidden": refused(403, "forbidden", "You don't have permission to roll back this project"),
    "busy": refused(409, "conflict", "A rollback is already in progress"),
    "not eligible": refused(422, "unprocessable_entity", "The deployment is not eligible for rollback"),
    "hobby": refused(403, "forbidden", "To roll back further than the previous production deployment, upgrade to pro."),
    "limited": refused(429, "rate_limited", "Rate limit exceeded"),
    "broken": refused(500, "internal_server_error", "An internal error occurred"),
}
"""Trouble that answers an order; `limited` and `broken` answer every request."""


class Vercel(Cloud):
    """`trouble` says how it misbehaves: a refusal, or how an accepted order goes on (skipped, failed, stuck)."""

    trouble = ""

    def __init__(self, domains: tuple[str, ...] = ("shop.example.test",), plan: str = "pro") -> None:
        super().__init__(list(DEPLOYMENTS), domains, lambda _: True, token=TOKEN, plan=plan)
        self.points = dict.fromkeys(domains, "dpl_bad333")
        self.released = threading.Event()
        self.asked: list[str] = []

    def answer(self, method: str, path: list[str], query: dict[str, str], token: str) -> Answer:
        self.asked.append(f"{method} {'/'.join(path)}")
        everywhere = self.trouble in ("limited", "broken", "unauthorized")
        if (method == "POST" or everywhere) and (said := REFUSALS.get(self.trouble)):
            return said
        return super().answer(method, path, query, token)

    def carry_out(self, job: Job, deployment: Deployment) -> None:
        if self.trouble == "stuck":
            self.released.wait(60)
        if self.trouble in ("skipped", "failed"):
            with self.lock:
                job.status = self.trouble
            return
        super().carry_out(job, deployment)


@contextmanager
def running(folder: Path, cloud: Vercel) -> Iterator[Place]:
    """The place of a shell in a linked folder, signed in, whose client asks this host and no other."""
    host = Host(cloud)
    threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    settings = folder / "data" / "com.vercel.cli"
    settings.mkdir(parents=True)
    (settings / "config.json").write_text(json.dumps({"api": host.url}))
    (folder / "shop" / ".vercel").mkdir(parents=True)
    linked = {"orgId": TEAM["id"], "projectId": PROJECT}
    (folder / "shop" / ".vercel" / "project.json").write_text(json.dumps(linked))
    env = {"PATH": SEARCHED, "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "LANG": "C.UTF-8"}
    env |= {"VERCEL_TOKEN": TOKEN, "VERCEL_TELEMETRY_DISABLED": "1", "NO_UPDATE_NOTIFIER": "1"}
    try:
        yield Place(cwd=folder / "shop", env=env)
    finally:
        cloud.released.set()
        host.shutdown()
        host.server_close()
