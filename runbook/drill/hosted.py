"""Production on a host of its own in the drill: a deployment for each release, and a domain that points at one.

A push to the production branch goes live here as on any host, until somebody has rolled back: from then on it is only
built, and goes live when it is promoted. Standard library only.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from pathlib import Path

from runbook.drill.cloud import PROJECT, TEAM, Cloud, Deployment, Host
from runbook.drill.deployer import Environment, branch_head

TOKEN = "practicetokenofnoaccount"  # noqa: S105 (opens nothing but the practice host)
_SWITCH = 1.5
"""Seconds that moving the domain takes at least: a person can see it happen."""
_RELEASES = "%(*objectname) %(*committerdate:unix) %(*subject)"


class Production:
    """Puts a practice host in front of an environment: what its domain points at is what is served."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        deployments = [_deployment(*line.split(" ", 2)) for line in _tags(environment.remote) if line]
        head = branch_head(environment.remote, environment.branch)
        deployments.sort(key=lambda one: (one.commit == head, one.created), reverse=True)
        domain = environment.listener.getsockname()[0]  # the program drops an address's port
        self.cloud = Cloud(deployments, (domain,), self.switch, token=TOKEN)
        self.host = Host(self.cloud)
        self.turn = threading.Lock()
        """Held by whoever changes what is live: the domain's move, or a push."""
        environment.pushed = self.pushed

    def switch(self, deployment: Deployment) -> bool:
        """Makes production serve a deployment; whether it does now."""
        began = time.monotonic()
        with self.turn:
            self.environment.deploy(deployment.commit, _SWITCH)
            time.sleep(max(0.0, _SWITCH - (time.monotonic() - began)))
            live = self.environment.live
            return live is not None and live.commit == deployment.commit

    def pushed(self, commit: str) -> None:
        """A new commit on the branch is a new deployment; after a rollback it waits to be promoted."""
        environment, cloud = self.environment, self.cloud
        subject = _git(environment.remote, "show", "--no-patch", "--format=%s", commit).strip()
        made = _deployment(commit, str(int(time.time())), subject)
        with self.turn:
            waits = cloud.job is not None and cloud.job.kind == "rollback" and cloud.job.status != "failed"
            if waits:
                environment.say(f"{environment.name}: {commit[:7]} is built; it goes live when it is promoted")
            else:
                environment.deploy(commit, environment.build)
            with cloud.lock:
                cloud.deployments = [made, *(one for one in cloud.deployments if one.id != made.id)]
                if environment.live is not None and environment.live.commit == commit:
                    cloud.points = dict.fromkeys(cloud.points, made.id)

    def begin(self) -> dict[str, str]:
        """Starts the host and links the clone to its project; the variables by which the program finds the host."""
        threading.Thread(target=self.host.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True).start()
        data = self.environment.folder / "host"
        _write(data / "com.vercel.cli" / "config.json", {"api": self.host.url})
        clone = self.environment.folder / "shop-web"
        _write(clone / ".vercel" / "project.json", {"orgId": TEAM["id"], "projectId": PROJECT})
        _write(clone / ".git" / "info" / "exclude", ".vercel\n")
        return {
            "XDG_DATA_HOME": str(data),
            "VERCEL_TOKEN": TOKEN,
            "VERCEL_TELEMETRY_DISABLED": "1",
            "NO_UPDATE_NOTIFIER": "1",
        }

    def end(self) -> None:
        self.host.shutdown()
        self.host.server_close()


def _deployment(commit: str, seconds: str, subject: str) -> Deployment:
    return Deployment(f"dpl_{commit[:20]}", commit, subject, int(seconds) * 1000)


def _tags(remote: Path) -> list[str]:
    return _git(remote, "for-each-ref", f"--format={_RELEASES}", "refs/tags").splitlines()


def _git(remote: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=remote, capture_output=True, text=True, check=True, timeout=30).stdout


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
