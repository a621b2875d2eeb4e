"""What a workload's own record says: its revisions, which of them its template is, and what its rollout waits for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from runbook.logs.clean import clean
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Order, Release
from runbook.providers.provider import Unavailable

Object = dict[str, Any]

REVISION = "deployment.kubernetes.io/revision"
HISTORIES = {
    "deployment": "replicasets",
    "statefulset": "controllerrevisions",
    "daemonset": "controllerrevisions",
}
"""Where each kind of workload keeps its earlier templates."""
_CAUSE = "kubernetes.io/change-cause"
_HASH = "pod-template-hash"
_GITOPS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
}


async def whereabouts(ask: Ask, order: Order, option: str) -> tuple[CheckLine, ...]:
    """Whether the call says which cluster, by this option, and which namespace; else which are current now."""
    named = {"cluster": option, "namespace": "namespace"}
    known = all(order.facts[name] for name in named.values())
    current = {} if known else await _current(ask, order, option)
    lines = []
    for word, name in named.items():
        now = f", now {current[word]}" if current.get(word) else ""
        lines.append(
            CheckLine(
                title=f"the command says which {word} it acts on",
                ok=bool(order.facts[name]),
                found=order.facts[name] or f"no --{name}: it acts on whichever is current when it runs{now}",
                mend="" if order.facts[name] else f"add --{name}: e",
            )
        )
    return tuple(lines)


async def _current(ask: Ask, order: Order, option: str) -> dict[str, str]:
    """Context and namespace that a call without them acts on; empty where kubectl cannot tell."""
    try:
        own = await ask.settings("HELM_KUBECONTEXT", "HELM_NAMESPACE") if option == "kube-context" else {}
        words = [word for word in order.scope if word.startswith(("--kubeconfig=", "--context="))]
        if context := order.facts[option] or own.get("HELM_KUBECONTEXT", ""):
            words.append(f"--context={context}")
        program = order.facts.get("program", "kubectl")
        said = await ask.json(program, "config", "view", "--minify", "--output=json", *words)
        found = said["contexts"][0]
        namespace = own.get("HELM_NAMESPACE") or found["context"].get("namespace") or "default"
        return {"cluster": clean(str(found["name"]), 80), "namespace": clean(str(namespace), 80)}
    except (Unavailable, LookupError, TypeError, AttributeError):
        return {}


def kept(*objects: Object) -> tuple[CheckLine, ...]:
    """The line that warns where somebody puts one of these back as git says."""
    marks = {mark for one in objects for kind in ("labels", "annotations") for mark in _marks(one, kind)}
    keeper = next((name for mark, name in _GITOPS.items() if mark in marks), "")
    if not keeper:
        return ()
    return (
        CheckLine(
            title="nothing puts it back by itself",
            ok=False,
            found=f"{keeper} keeps it as git says, and takes a rollback back within minutes",
            mend="Roll back in git, or pause its automatic sync first.",
        ),
    )


def selector(workload: Object) -> tuple[str, ...]:
    """What narrows a question to a workload's own history, as kubectl asks for it: a namespace's may be huge."""
    labels = workload.get("spec", {}).get("selector", {}).get("matchLabels")
    said = ",".join(f"{name}={value}" for name, value in labels.items()) if isinstance(labels, dict) else ""
    return (f"--selector={said}",) if said else ()


def owned(items: list[Object], workload: Object) -> list[Object]:
    """Those of the items that belong to the workload, the oldest first."""
    uid = workload.get("metadata", {}).get("uid", "")
    mine = [
        one
        for one in items
        if any(owner.get("uid") == uid for owner in one.get("metadata", {}).get("ownerReferences", ()))
    ]
    return sorted(mine, key=lambda one: str(one.get("metadata", {}).get("creationTimestamp", "")))


def release(one: Object) -> Release:
    """A replica set, or a controller's revision, as what can be gone back to. Its name stays when it is restored."""
    meta = one.get("metadata", {})
    template = _template(one)
    images = [str(each.get("image", "")) for each in template.get("spec", {}).get("containers", ())]
    number = str(one.get("revision") or _marks(one, "annotations").get(REVISION, ""))
    return Release(
        value=number if number.isdecimal() else "",
        identity=_marks(one, "labels").get(_HASH, "") or meta.get("name", ""),
        title=clean(", ".join(images), 120),
        at=_time(meta.get("creationTimestamp", "")),
        detail=clean(_marks(one, "annotations").get(_CAUSE, ""), 120),
    )


def current(workload: Object, history: list[Object]) -> Object | None:
    """The member of the history that has the workload's template; None where the controllers have not made it yet.

    The numbers say it only after the controllers have looked, which is after the order has ended.
    """
    wanted = _core(_template(workload))
    same = next((one for one in history if _core(_template(one)) == wanted), None)
    if same is not None or not seen(workload):
        return same
    number = _marks(workload, "annotations").get(REVISION) or workload.get("status", {}).get("updateRevision")
    return next((one for one in history if number and number in (_name(one), release(one).value)), None)


def seen(workload: Object) -> bool:
    """Whether the controllers have looked at the workload since it was last changed."""
    observed = workload.get("status", {}).get("observedGeneration", 0)
    return bool(observed >= workload.get("metadata", {}).get("generation", 0))


def by_hand(workload: Object) -> str:
    """Why the controllers do not replace all pods by themselves; empty where they do."""
    strategy = workload.get("spec", {}).get("updateStrategy", {})
    if strategy.get("type") == "OnDelete":
        return "its update strategy is OnDelete: a pod runs the revision only after somebody deletes it"
    if partition := strategy.get("rollingUpdate", {}).get("partition"):
        return f"its partition keeps the pods below number {partition} as they are"
    return ""


def unsettled(workload: Object) -> str:
    """What `kubectl rollout status` waits for; empty when all pods run the template."""
    if not seen(workload):
        return "the cluster has not looked at the order yet"
    spec, status = workload.get("spec", {}), workload.get("status", {})
    kind = str(workload.get("kind", "")).lower()
    if kind == "daemonset":
        wanted = total = status.get("desiredNumberScheduled", 0)
        updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    else:
        wanted = spec.get("replicas", 1)
        total, updated = status.get("replicas", 0), status.get("updatedReplicas", 0)
        available = status.get("availableReplicas" if kind == "deployment" else "readyReplicas", 0)
    said = ""
    if updated < wanted:
        said = f"{updated} of {wanted} pods are made anew"
    elif total > updated:
        said = f"{total - updated} old pods are still there"
    elif available < updated:
        said = f"{available} of {updated} new pods are available"
    late = next((one for one in status.get("conditions", ()) if one.get("reason") == "ProgressDeadlineExceeded"), None)
    held = by_hand(workload)
    return "; ".join(
        filter(None, (said, said and held, said and late and f"it is stuck: {clean(late.get('message', ''), 200)}"))
    )


def _template(one: Object) -> Object:
    """The pods' template of a workload, a replica set, or a controller's revision."""
    spec = one.get("data", {}).get("spec") or one.get("spec", {})
    found = spec.get("template", {})
    return found if isinstance(found, dict) else {}


def _core(template: Any) -> Any:
    """A template without what the controllers add, and without what is written or left out for "nothing"."""
    if isinstance(template, dict):
        kept = {name: _core(inner) for name, inner in template.items() if name not in (_HASH, "$patch")}
        return {name: inner for name, inner in kept.items() if inner not in (None, {}, [])}
    if isinstance(template, list):
        return [_core(inner) for inner in template]
    return template


def _marks(one: Object, which: str) -> dict[str, str]:
    found = one.get("metadata", {}).get(which)
    return found if isinstance(found, dict) else {}


def _name(one: Object) -> str:
    return str(one.get("metadata", {}).get("name", ""))


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
