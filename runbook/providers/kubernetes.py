"""Kubernetes: a workload's rollout history. A rollback gives the restored revision a new number, so that revisions
are told apart by their templates.

Facts: `kubectl rollout undo` to the revision that runs already says "skipped" and exits 0; without a revision it
takes the one before, which after a first undo is the faulty one; it ends before the controllers have looked.
"""

from __future__ import annotations

from typing import Any, ClassVar

from runbook.logs.clean import clean
from runbook.model import Effect, Remedy
from runbook.providers import kubernetes_state as state
from runbook.providers.calls import Call
from runbook.providers.kubernetes_state import Object
from runbook.providers.kubernetes_words import Meanings, meaning
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Release
from runbook.providers.provider import Unavailable

_SCOPE = (
    "--context --namespace -n --kubeconfig --cluster --server -s --user --token --as --as-group --as-uid "
    "--certificate-authority --client-certificate --client-key --tls-server-name"
)
_SECRET = ("--token",)
_VALUED = (
    f"{_SCOPE} --to-revision --request-timeout -l --selector -f --filename -k --kustomize -o --output --template "
    "--field-manager --cache-dir -v --v --vmodule --log-flush-frequency --profile --profile-output"
)
_KINDS = {
    short: kind
    for kind, shorts in {
        "deployment": "deploy deployments deployment",
        "statefulset": "sts statefulsets statefulset",
        "daemonset": "ds daemonsets daemonset",
    }.items()
    for short in shorts.split()
}
_OWN: Meanings = (
    (
        ("unable to find specified revision",),
        "{what} does not have that revision any more: its history is limited. Pick another: e",
    ),
    (
        ("rollback a paused deployment",),
        "{what} is paused, and kubectl rolls back none that is: kubectl rollout resume comes first.",
    ),
)


class Kubernetes:
    """`kubectl rollout undo` of a deployment, a stateful set or a daemon set."""

    name: ClassVar[str] = "kubernetes"
    programs: ClassVar[tuple[str, ...]] = ("kubectl", "oc")
    noun: ClassVar[str] = "revision"

    def order(self, call: Call) -> Order | None:
        """`kubectl … rollout undo deployment/NAME [--to-revision=N]`."""
        given = call.split(_VALUED)
        if given.plain[:2] != ("rollout", "undo") or (given.option("--dry-run") != "none" and given.has("--dry-run")):
            return None
        named = _named(given.plain[2:])
        if any(kind not in _KINDS for kind, _ in named):
            return None
        where, unsafe = _SCOPE.split(), "--insecure-skip-tls-verify"
        bare = (unsafe,) if given.has(unsafe) and given.option(unsafe) != "false" else ()
        namespace, context = given.option("--namespace", "-n") or "", given.option("--context") or ""
        kind, name = named[0] if named else ("", "")
        resource = f"{_KINDS[kind]}/{name}" if name else "workloads"
        target = given.option("--to-revision")
        return Order(
            what=clean(f"{resource}{f' in {namespace}' if namespace else ''}{f' on {context}' if context else ''}"),
            target="" if target == "0" else target,
            scope=(*given.scope(where), *bare),
            facts={
                "resource": resource,
                "scope": " ".join((given.scope_text(where, _SECRET), *bare)),
                "program": call.program,
                "context": context or given.option("--cluster", "--server", "-s") or "",
                "namespace": namespace,
            },
            unclear=given.unclear(where) or _unclear(named),
        )

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """The call says which cluster and namespace; nothing there stands in the way or puts the workload back."""
        lines = list(await state.whereabouts(ask, order, "context"))
        try:
            workload = await self._workload(ask, order)
        except Unavailable:
            return tuple(lines)  # `live` asks the same, and says why
        resource = order.facts["resource"]
        if workload.get("spec", {}).get("paused"):
            lines.append(
                CheckLine(
                    title="the deployment is not paused",
                    ok=False,
                    found="it is paused, and kubectl rolls back none that is",
                    mend=f"kubectl rollout resume {resource} comes first.",
                )
            )
        if held := state.by_hand(workload):
            lines.append(
                CheckLine(
                    title="the cluster replaces all pods by itself",
                    ok=False,
                    found=held,
                    mend="Delete the pods that are left one after the other, when the order was taken.",
                )
            )
        return (*lines, *state.kept(workload))

    async def live(self, ask: Ask, order: Order) -> Live:
        """The revision that has the workload's template, and what is missing until all pods run it."""
        workload = await self._workload(ask, order)
        found = state.current(workload, await self._history(ask, order))
        if found is None:
            raise Unavailable(f"{order.what} has a template that none of its revisions has: it is being changed.")
        return Live(release=state.release(found), unsettled=state.unsettled(workload))

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """What the workload's history keeps, newest revision first."""
        found = [state.release(one) for one in await self._history(ask, order)]
        return tuple(sorted((one for one in found if one.value), key=lambda one: -int(one.value)))

    def naming(self, value: str) -> str:
        return f"--to-revision={value}"

    def back(self, order: Order, value: str) -> Remedy:
        """Forward again, to the revision by its number: the number stays with it until it is restored."""
        undo = (order.facts["program"], "rollout", "undo", order.facts["resource"], f"--to-revision={value}")
        words = (*undo, order.facts["scope"], "--request-timeout=30s")
        return Remedy(
            title=f"Go forward again to revision {value}",
            text=" ".join(filter(None, words)),
            effect=Effect.CHANGE,
            target=order.facts["namespace"] or order.facts["resource"],
            note="Makes the pods that ran before run again. Wait for the rollout afterwards.",
        )

    def failure(self, order: Order, output: str) -> str:
        """What kubectl's own words mean."""
        return meaning(output, order.what, _OWN)

    async def _workload(self, ask: Ask, order: Order) -> Object:
        said = await self._get(ask, order, order.facts["resource"])
        return said if isinstance(said, dict) else {}

    async def _history(self, ask: Ask, order: Order) -> list[Object]:
        workload = await self._workload(ask, order)
        plural = state.HISTORIES[order.facts["resource"].partition("/")[0]]
        said = await self._get(ask, order, plural, *state.selector(workload))
        return state.owned(said.get("items", []), workload)

    async def _get(self, ask: Ask, order: Order, *what: str) -> Any:
        return await ask.json(
            order.facts["program"], "get", *what, *order.scope, "--output=json", "--request-timeout=10s"
        )


def _named(words: tuple[str | None, ...]) -> list[tuple[str, str]]:
    """`deployment/web`, `deployment web` and `deploy/web` as kinds and names; an empty name where the shell decides."""
    found: list[tuple[str, str]] = []
    kind = ""
    for word in words:
        before, slash, name = (word or "").partition("/")
        if slash:
            found.append((before.partition(".")[0], name))
        elif not kind:
            kind = before.partition(".")[0] or "?"
            found.append((kind, ""))
        else:
            found = [one for one in found if one != (kind, "")] + [(kind, before)]
    return found


def _unclear(named: list[tuple[str, str]]) -> str:
    """Why nobody can say before what the call acts on; empty where one can."""
    if len(named) > 1:
        return "The command acts on more than one workload. One at a time, so that each can be shown: e"
    if not named or not named[0][1]:
        return "The command names no workload of its own. Write it out, as in deployment/web: e"
    return ""
