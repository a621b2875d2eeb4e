"""Kubernetes: a deployment's rollout history. A rollback gives the restored revision a new number, so that pods are
told apart by their template's hash.

Facts: `kubectl rollout undo` to the revision that runs already says "skipped" and exits 0; without a revision it
takes the one before, which after a first undo is the faulty one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from runbook.logs.clean import clean
from runbook.model import Effect, Remedy
from runbook.providers.calls import Call
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Release
from runbook.providers.provider import Unavailable

_SCOPE = ("--context", "--namespace", "-n", "--kubeconfig", "--cluster", "--server", "-s", "--user", "--token")
_VALUED = " ".join((*_SCOPE, "--to-revision", "--request-timeout", "-l", "--selector", "-f", "--filename"))
_KINDS = {"deploy": "deployment", "deployments": "deployment", "deployment": "deployment"}
_ANNOTATION = "deployment.kubernetes.io/revision"
_CAUSE = "kubernetes.io/change-cause"
_HASH = "pod-template-hash"
_GITOPS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
}


class Kubernetes:
    """`kubectl rollout undo` of a deployment."""

    name: ClassVar[str] = "kubernetes"
    programs: ClassVar[tuple[str, ...]] = ("kubectl", "oc")
    noun: ClassVar[str] = "revision"

    def order(self, call: Call) -> Order | None:
        """`kubectl … rollout undo deployment/NAME [--to-revision=N]`."""
        given = call.split(_VALUED)
        if given.plain[:2] != ("rollout", "undo") or given.has("--dry-run"):
            return None
        kind, name = _resource(given.plain[2:])
        if kind != "deployment" or not name:
            return None
        scope = tuple(
            word
            for option, value in given.options.items()
            if option in _SCOPE and value
            for word in ((f"{option}={value}",) if option.startswith("--") else (option, value))
        )
        namespace = given.option("--namespace", "-n") or ""
        context = given.option("--context") or ""
        where = f" in {namespace}" if namespace else ""
        target = given.option("--to-revision")
        return Order(
            what=clean(f"deployment/{name}{where}{f' on {context}' if context else ''}"),
            target="" if target == "0" else target,
            scope=scope,
            facts={"name": name, "program": call.program, "context": context, "namespace": namespace},
        )

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """The call says which cluster and namespace; nothing else puts the deployment back at once."""
        lines = [
            CheckLine(
                title=f"the command says which {word} it acts on",
                ok=bool(order.facts[option]),
                found=order.facts[option] or f"no --{option}: it acts on whichever is current when it runs",
                mend="" if order.facts[option] else f"add --{option}: e",
            )
            for word, option in (("cluster", "context"), ("namespace", "namespace"))
            if not (
                option == "context" and any(word.startswith(("--server", "-s", "--cluster")) for word in order.scope)
            )
        ]
        marks = (await self._deployment(ask, order)).get("metadata", {})
        known = {**marks.get("labels", {}), **marks.get("annotations", {})}
        if keeper := next((name for mark, name in _GITOPS.items() if mark in known), ""):
            lines.append(
                CheckLine(
                    title="nothing puts the deployment back by itself",
                    ok=False,
                    found=f"{keeper} keeps it as git says, and takes a rollback back within minutes",
                    mend="Roll back in git, or pause its automatic sync first.",
                )
            )
        return tuple(lines)

    async def live(self, ask: Ask, order: Order) -> Live:
        """The revision of the deployment's template, and what is missing until all pods run it."""
        deployment = await self._deployment(ask, order)
        revision = deployment.get("metadata", {}).get("annotations", {}).get(_ANNOTATION, "")
        sets = await self.releases(ask, order)
        release = next((one for one in sets if one.value == revision), None)
        if release is None:
            raise Unavailable(
                f"{order.what} names revision {clean(revision) or '(none)'}, and there are no pods' sets of it."
            )
        return Live(release=release, unsettled=_unsettled(deployment))

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """The replica sets that the deployment owns, newest revision first."""
        uid = (await self._deployment(ask, order)).get("metadata", {}).get("uid", "")
        said = await ask.json(*self._base(order), "get", "replicasets", "--output=json")
        owned = [one for one in said.get("items", ()) if _owned(one, uid, order.facts["name"])]
        found = [_release(one) for one in owned]
        return tuple(sorted((one for one in found if one.value), key=lambda one: -int(one.value)))

    def naming(self, value: str) -> str:
        return f"--to-revision={value}"

    def back(self, order: Order, value: str) -> Remedy:
        """Forward again, to the revision by its number: the number stays with it until it is restored."""
        words = (*self._base(order), "rollout", "undo", f"deployment/{order.facts['name']}", f"--to-revision={value}")
        return Remedy(
            title=f"Go forward again to revision {value}",
            text=" ".join(words),
            effect=Effect.CHANGE,
            target=order.facts["namespace"] or order.facts["name"],
            note="Makes the pods that ran before run again. Wait for the rollout afterwards.",
        )

    def failure(self, order: Order, output: str) -> str:
        """What kubectl's own words mean."""
        if "unable to find specified revision" in output:
            return f"{order.what} does not have that revision any more: its history is limited. Pick another: e"
        if "forbidden" in output.lower():
            return f"This user may not change {order.what}. Sign in as somebody who may deploy."
        if "was refused" in output or "no such host" in output or "i/o timeout" in output:
            return "The cluster did not answer. Check context and network, then retry: r"
        if "cannot rollback a paused deployment" in output:
            return f"{order.what} is paused, and kubectl rolls back none that is: kubectl rollout resume comes first."
        return ""

    async def _deployment(self, ask: Ask, order: Order) -> dict[str, Any]:
        said = await ask.json(*self._base(order), "get", f"deployment/{order.facts['name']}", "--output=json")
        return said if isinstance(said, dict) else {}

    def _base(self, order: Order) -> tuple[str, ...]:
        return (order.facts["program"], *order.scope, "--request-timeout=10s")


def _resource(words: tuple[str | None, ...]) -> tuple[str, str]:
    """`deployment/web`, `deployment web` and `deploy/web` as kind and name; empty where the shell decides."""
    if any(word is None for word in words[:2]) or not words:
        return "", ""
    kind, slash, name = (words[0] or "").partition("/")
    if not slash:
        name = (words[1] or "") if len(words) > 1 else ""
    return _KINDS.get(kind.partition(".")[0], ""), name


def _owned(replica_set: dict[str, Any], uid: str, name: str) -> bool:
    owners = replica_set.get("metadata", {}).get("ownerReferences", ())
    return any(owner.get("uid") == uid or (not uid and owner.get("name") == name) for owner in owners)


def _release(replica_set: dict[str, Any]) -> Release:
    meta = replica_set.get("metadata", {})
    marks = meta.get("annotations", {})
    template = replica_set.get("spec", {}).get("template", {})
    images = [one.get("image", "") for one in template.get("spec", {}).get("containers", ())]
    revision = marks.get(_ANNOTATION, "")
    return Release(
        value=revision if revision.isdecimal() else "",
        identity=meta.get("labels", {}).get(_HASH, "") or meta.get("name", ""),
        title=clean(", ".join(images), 120),
        at=_time(meta.get("creationTimestamp", "")),
        detail=clean(marks.get(_CAUSE, ""), 120),
    )


def _unsettled(deployment: dict[str, Any]) -> str:
    """What `kubectl rollout status` waits for, in the same order; empty when all pods run the template."""
    spec, status = deployment.get("spec", {}), deployment.get("status", {})
    wanted = spec.get("replicas", 1)
    if status.get("observedGeneration", 0) < deployment.get("metadata", {}).get("generation", 0):
        return "the cluster has not looked at the order yet"
    stuck = next((one for one in status.get("conditions", ()) if one.get("reason") == "ProgressDeadlineExceeded"), None)
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    available = status.get("availableReplicas", 0)
    said = ""
    if updated < wanted:
        said = f"{updated} of {wanted} pods are made anew"
    elif total > updated:
        said = f"{total - updated} old pods are still there"
    elif available < updated:
        said = f"{available} of {updated} new pods are available"
    return f"{said}; it is stuck: {clean(stuck.get('message', ''), 200)}" if said and stuck else said


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
