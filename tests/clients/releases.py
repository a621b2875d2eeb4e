"""Helm's releases as it keeps them in a cluster: one Secret each, with everything in it."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import yaml

from tests.clients.cluster import NAMESPACE, Cluster, template

AT = "2026-01-10T10:{minute:02}:00Z"


def deployed(cluster: Cluster, version: str, status: str = "deployed", description: str = "") -> int:
    """What an upgrade of the release `web` to an image leaves behind; returns its revision."""
    kept = revisions(cluster)
    number = max(kept, default=0) + 1
    if status == "deployed":
        for earlier, release in kept.items():
            if release["info"]["status"] == "deployed":
                release["info"]["status"] = "superseded"
                _keep(cluster, earlier, release)
    made = AT.format(minute=number)
    _keep(
        cluster,
        number,
        {
            "name": "web",
            "namespace": NAMESPACE,
            "version": number,
            "info": {
                "first_deployed": AT.format(minute=1),
                "last_deployed": made,
                "deleted": "",
                "status": status,
                "description": description or ("Install complete" if number == 1 else "Upgrade complete"),
            },
            "chart": {"metadata": {"name": "web", "version": version, "appVersion": version, "apiVersion": "v2"}},
            "manifest": _manifest(version),
        },
    )
    if status in ("deployed", "failed"):
        cluster.deploy(version)
        cluster.objects["deployments", "web"]["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "Helm"
    return number


def revisions(cluster: Cluster) -> dict[int, dict[str, Any]]:
    """Every release that the cluster keeps, by its number."""
    found = {}
    for (plural, name), secret in cluster.objects.items():
        if plural == "secrets" and name.startswith("sh.helm.release.v1.web."):
            packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
            found[int(name.rpartition("v")[2])] = json.loads(gzip.decompress(packed))
    return found


def _keep(cluster: Cluster, number: int, release: dict[str, Any]) -> None:
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode()))).decode()
    labels = {"name": "web", "owner": "helm", "status": release["info"]["status"], "version": str(number)}
    cluster.put(
        "secrets",
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "helm.sh/release.v1",
            "metadata": {
                "name": f"sh.helm.release.v1.web.v{number}",
                "namespace": NAMESPACE,
                "labels": labels,
                "creationTimestamp": AT.format(minute=number),
            },
            "data": {"release": packed},
        },
    )


def _manifest(version: str) -> str:
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template(version)}
    made = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    return f"---\n# Source: web/templates/deployment.yaml\n{yaml.safe_dump(made)}"
