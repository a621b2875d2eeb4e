"""A stand-in for a cluster's API server, as small as kubectl and helm let it be: one namespace and its controllers."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

Object = dict[str, Any]
NAMESPACE = "shop"
REVISION = "deployment.kubernetes.io/revision"
KINDS = {
    "deployments": "Deployment",
    "replicasets": "ReplicaSet",
    "statefulsets": "StatefulSet",
    "daemonsets": "DaemonSet",
    "controllerrevisions": "ControllerRevision",
    "secrets": "Secret",
    "configmaps": "ConfigMap",
    "pods": "Pod",
}
CONFIG = """
apiVersion: v1
kind: Config
current-context: elsewhere
clusters: [{{name: one, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: ana, user: {{}}}}]
contexts:
  - {{name: production, context: {{cluster: one, user: ana, namespace: default}}}}
  - {{name: elsewhere, context: {{cluster: one, user: ana, namespace: default}}}}
"""


class Cluster:
    """Its objects by kind and name, and what it does to those who ask. `rolls` says how a rollout goes on.

    `rolls`: "at-once"; "stuck", a pod that never gets ready; "late", past its deadline too; "unseen", the controllers
    have not looked yet.
    """

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Object] = {}
        self.news: list[tuple[int, str, Object]] = []
        self.asked: list[str] = []
        self.rolls = "at-once"
        self.refuses: dict[str, tuple[int, str, str]] = {}
        """By method, or by the end of a path: status, reason, message."""
        self.silent = False
        """It takes every question and answers none."""
        self.changed = threading.Condition()
        self.arrived = threading.Event()
        """Set when a PATCH has been carried out, or is about to be where `holds` says so."""
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.holds = "after"
        """Where a PATCH waits for `may_answer`: before or after it is carried out."""
        self.closing = False
        self._server: ThreadingHTTPServer | None = None

    # ── its life ──────────────────────────────────────────────────────────────────────────────────

    def open(self, handler: Callable[[Cluster], Any]) -> int:
        """Begin to answer; returns the port."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return int(self._server.server_address[1])

    def close(self) -> None:
        if self._server is not None:
            self.closing = True
            self.may_answer.set()
            with self.changed:
                self.changed.notify_all()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def configuration(self, folder: Path, port: int) -> Path:
        path = folder / "kubeconfig"
        path.write_text(CONFIG.format(port=port))
        path.chmod(0o600)
        return path

    def patches(self) -> int:
        """How many changes were asked for, dry runs apart."""
        return sum(line.startswith("PATCH") and "dryRun" not in line for line in self.asked)

    # ── its objects ───────────────────────────────────────────────────────────────────────────────

    def put(self, plural: str, one: Object) -> Object:
        with self.changed:
            version = len(self.news) + 1
            one["metadata"]["resourceVersion"] = str(version)
            self.objects[plural, one["metadata"]["name"]] = one
            self.news.append((version, plural, copy.deepcopy(one)))
            self.changed.notify_all()
        return one

    def image(self, plural: str = "deployments", name: str = "web") -> str:
        found: str = self.objects[plural, name]["spec"]["template"]["spec"]["containers"][0]["image"]
        return found

    def deploy(self, version: str, plural: str = "deployments") -> Object:
        """What a deploy does: another image in the workload's template."""
        if (plural, "web") not in self.objects:
            one = made(plural, "web", {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}})
            one["spec"]["template"] = template(version)
            if plural == "daemonsets":
                del one["spec"]["replicas"]
            if plural != "deployments":
                one["spec"]["updateStrategy"] = {"type": "RollingUpdate"}
            self.put(plural, one)
        else:
            one = self.objects[plural, "web"]
            one["spec"]["template"] = template(version)
            one["metadata"]["generation"] += 1
        return self.control(plural, one)

    def control(self, plural: str, one: Object) -> Object:
        """What the workload's controller does after a change of its template."""
        one["spec"]["template"] = _stored(one["spec"]["template"])
        if self.rolls == "unseen":
            return self.put(plural, one)
        if plural == "deployments":
            self._roll_deployment(one)
        else:
            self._roll_set(plural, one)
        return self.put(plural, one)

    def settle(self, plural: str = "deployments") -> None:
        """The controllers catch up with what was ordered."""
        self.rolls = "at-once"
        self.control(plural, self.objects[plural, "web"])

    def _roll_deployment(self, one: Object) -> None:
        owned = [found for (plural, _), found in self.objects.items() if plural == "replicasets"]
        numbers = [int(found["metadata"]["annotations"][REVISION]) for found in owned]
        current = next((found for found in owned if _same(found["spec"]["template"], one["spec"]["template"])), None)
        if current is None:
            digest = f"{len(owned) + 1:x}b5c8d7f69"
            current = made("replicasets", f"web-{digest}", {"template": copy.deepcopy(one["spec"]["template"])})
            current["spec"]["template"]["metadata"]["labels"]["pod-template-hash"] = digest
            current["metadata"]["labels"] |= {"pod-template-hash": digest}
            current["metadata"]["ownerReferences"] = [_owner(one)]
        if current["metadata"]["annotations"].get(REVISION) != str(max(numbers, default=0)) or not numbers:
            current["metadata"]["annotations"][REVISION] = str(max(numbers, default=0) + 1)
        one["metadata"]["annotations"][REVISION] = current["metadata"]["annotations"][REVISION]
        wanted = one["spec"]["replicas"]
        ready = wanted if self.rolls == "at-once" else 1
        for found in owned:
            found["spec"]["replicas"] = 0 if ready == wanted else wanted - ready
            found["status"] = {"replicas": found["spec"]["replicas"]}
        current["spec"]["replicas"] = wanted
        current["status"] = {"replicas": ready, "readyReplicas": ready}
        self.put("replicasets", current)
        late = self.rolls == "late"
        one["status"] = {
            "observedGeneration": one["metadata"]["generation"],
            "replicas": wanted,
            "updatedReplicas": ready,
            "readyReplicas": wanted,
            "availableReplicas": wanted,
            "conditions": [
                {
                    "type": "Progressing",
                    "status": "False" if late else "True",
                    "reason": {"late": "ProgressDeadlineExceeded", "stuck": "ReplicaSetUpdated"}.get(
                        self.rolls, "NewReplicaSetAvailable"
                    ),
                    "message": f'ReplicaSet "{current["metadata"]["name"]}" has timed out progressing.' if late else "",
                },
                {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": ""},
            ],
        }

    def _roll_set(self, plural: str, one: Object) -> None:
        """Stateful and daemon sets keep their templates in revisions of their own; an equal one gets a new number."""
        body = {"spec": {"template": {**copy.deepcopy(one["spec"]["template"]), "$patch": "replace"}}}
        owned = [found for (kind, _), found in self.objects.items() if kind == "controllerrevisions"]
        latest = max((found["revision"] for found in owned), default=0)
        current = next((found for found in owned if found["data"] == body), None)
        if current is None:
            current = made("controllerrevisions", f"web-{len(owned) + 1:x}c6d9", {})
            current |= {"data": body, "revision": 0}
            current["metadata"]["ownerReferences"] = [_owner(one)]
        if current["revision"] != latest or not latest:
            current["revision"] = latest + 1
        self.put("controllerrevisions", current)
        ready = 3 if self.rolls == "at-once" else 1
        name = current["metadata"]["name"]
        seen = {"observedGeneration": one["metadata"]["generation"]}
        if plural == "statefulsets":
            before = name if ready == 3 else "before"
            counts = {"replicas": 3, "readyReplicas": 3, "updatedReplicas": ready}
            one["status"] = seen | counts | {"updateRevision": name, "currentRevision": before}
        else:
            counts = {"desiredNumberScheduled": 3, "updatedNumberScheduled": ready, "numberAvailable": 3}
            one["status"] = seen | counts | {"currentNumberScheduled": 3, "numberReady": 3, "numberMisscheduled": 0}


def template(version: str) -> Object:
    return {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": f"registry.example/web:{version}"}]},
    }


def made(plural: str, name: str, spec: Object) -> Object:
    return {
        "apiVersion": "v1" if plural in ("pods", "secrets", "configmaps") else "apps/v1",
        "kind": KINDS[plural],
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": f"{plural}-{name}",
            "generation": 1,
            "labels": {"app": "web"},
            "annotations": {},
            "creationTimestamp": "2026-01-10T10:00:00Z",
        },
        **({"spec": spec} if plural != "controllerrevisions" else {}),
        **({"status": {}} if plural != "controllerrevisions" else {}),
    }


def _owner(one: Object) -> Object:
    meta = one["metadata"]
    return {
        "apiVersion": one["apiVersion"],
        "kind": one["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }


def _stored(part: Any) -> Any:
    """As the server keeps it: without what says "nothing"."""
    if isinstance(part, dict):
        return {name: inner for name, inner in ((n, _stored(v)) for n, v in part.items()) if inner not in (None, {})}
    return [_stored(inner) for inner in part] if isinstance(part, list) else part


def _same(one: Object, other: Object) -> bool:
    """Equal but for the hash that the controller adds."""
    copies = [json.loads(json.dumps(each)) for each in (one, other)]
    for each in copies:
        each.get("metadata", {}).get("labels", {}).pop("pod-template-hash", None)
    return bool(copies[0] == copies[1])
