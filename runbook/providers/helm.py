"""Helm: a release's history. A rollback is a new revision that says "Rollback to N"; what it says is followed back,
so that a restored revision is known again.

Facts: without a number helm takes the revision before, whatever that was; without `--wait` it ends when the order is
taken; a failed or interrupted upgrade leaves its objects as they are, beside a revision that is still "deployed".
"""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from typing import Any, ClassVar

from runbook.logs.clean import clean
from runbook.model import Effect, Record, Remedy
from runbook.providers import kubernetes_state as state
from runbook.providers.calls import Call
from runbook.providers.kubernetes_words import Meanings, meaning
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Release
from runbook.providers.provider import Unavailable

_SCOPE = (
    "--kube-context --namespace -n --kubeconfig --kube-apiserver --kube-as-user --kube-as-group --kube-token "
    "--kube-ca-file --kube-tls-server-name"
)
_VALUED = (
    f"{_SCOPE} --timeout --history-max --burst-limit --qps --registry-config --repository-cache --repository-config "
    "--content-cache --color --colour --server-side -o --output"
)
_SECRET = ("--kube-token",)
_BARE = "--kube-insecure-skip-tls-verify"
_RESTORES = re.compile(r"Rollback to (\d+)\Z")
_WORKLOAD = re.compile(r"^kind: *[\"']?(?:Deployment|StatefulSet|DaemonSet)[\"']? *$", re.MULTILINE)
_KEPT = 256
"""Revisions that are asked for: helm keeps ten where nobody says otherwise."""
_OWN: Meanings = (
    (("release has no", "no revision for release"), "{what} does not keep that revision any more. Pick another: e"),
    (("release: not found",), "{what} is not there. Check its name, the namespace and the context: e"),
    (
        ("another operation", "already exists"),
        "Somebody else changed {what} at the same moment. Look again: r",
    ),
    (
        ("timed out waiting", "not ready"),
        "The pods of {what} were not ready in time. The order stands, its revision counts as failed, and the pods stay "
        "as they are: look why they do not start before you order again.",
    ),
)


class Revision(Record, frozen=True):
    """One line of `helm history`."""

    revision: int
    status: str
    updated: str = ""
    chart: str = ""
    app_version: str = ""
    description: str = ""


class Helm:
    """`helm rollback` of a release."""

    name: ClassVar[str] = "helm"
    programs: ClassVar[tuple[str, ...]] = ("helm",)
    noun: ClassVar[str] = "revision"

    def order(self, call: Call) -> Order | None:
        """`helm rollback RELEASE [REVISION]`."""
        given = call.split(_VALUED)
        if given.plain[:1] != ("rollback",) or (given.option("--dry-run") != "none" and given.has("--dry-run")):
            return None
        release, target = (*given.plain[1:3], "", "")[:2]
        scope, bare = _SCOPE.split(), (_BARE,) if given.has(_BARE) else ()
        namespace, context = given.option("--namespace", "-n") or "", given.option("--kube-context") or ""
        where = f" in {namespace}" if namespace else ""
        unclear = given.unclear(scope) or ("" if release else "The command names no release. Write it out: e")
        return Order(
            what=clean(f"release {release or '(?)'}{where}{f' on {context}' if context else ''}"),
            target="" if target == "0" else target,
            scope=(*given.scope(scope), *bare),
            facts={
                "release": release or "",
                "scope": " ".join((given.scope_text(scope, _SECRET), *bare)),
                "kube-context": context or given.option("--kube-apiserver") or "",
                "namespace": namespace,
                "waits": "yes" if given.has("--wait", "--atomic") else "",
            },
            unclear=unclear,
            caution="Only what the chart's templates make goes back. Custom resource definitions stay as they are, and "
            "so does what hooks or the application did to data.",
        )

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """The call says which cluster and namespace; nobody else is at work on the release, git least of all."""
        lines = list(await state.whereabouts(ask, order, "kube-context"))
        if not order.facts["waits"]:
            lines.append(
                CheckLine(
                    title="the command waits for the pods",
                    ok=False,
                    found="no --wait: it ends well when the order is taken, whatever the pods do",
                    mend="add --wait --timeout 10m: e",
                    stops=False,
                )
            )
        try:
            newest = (await self._history(ask, order))[0]
            objects = await self._objects(ask, order)
        except Unavailable:
            return tuple(lines)  # `live` asks the same, and says why
        if newest.status.startswith("pending"):
            lines.append(
                CheckLine(
                    title="no other operation on the release is in progress",
                    ok=False,
                    found=f"revision {newest.revision} is {newest.status} since {clean(newest.updated)[:16]}: "
                    "another operation is in progress, or it died",
                    mend="Find out who deploys, and wait. Where nobody does any more, a rollback is the way out.",
                )
            )
        return (*lines, *state.kept(*objects))

    async def live(self, ask: Ask, order: Order) -> Live:
        """The revision that is deployed; where a newer one failed or is under way, nobody knows what serves."""
        history = await self._history(ask, order)
        newest = history[0]
        deployed = next((one for one in history if one.status == "deployed"), None)
        if deployed is newest:
            return Live(release=_release(newest, history), unsettled=await self._missing(ask, order))
        mixed = f"revision {newest.revision} is {newest.status}: parts of it may serve"
        release = _release(deployed or newest, history)
        known = Release(
            value=release.value,
            identity=f"{release.identity}, with {newest.status} {newest.revision}",
            title=release.title,
            at=release.at,
            detail=release.detail,
        )
        return Live(release=known, unsettled=f"{mixed} ({clean(newest.description, 200)})")

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """The release's history, newest first."""
        history = await self._history(ask, order)
        return tuple(_release(one, history) for one in history)

    def naming(self, value: str) -> str:
        return value

    def back(self, order: Order, value: str) -> Remedy:
        """Forward again, by number: a revision keeps its number as long as it is kept."""
        rollback = shlex.join(("helm", "rollback", order.facts["release"], value))
        return Remedy(
            title=f"Go forward again to revision {value}",
            text=" ".join(filter(None, (rollback, order.facts["scope"], "--wait --timeout 10m"))),
            effect=Effect.CHANGE,
            target=order.facts["namespace"] or order.facts["release"],
            note="Makes a new revision with what ran before, and waits until its pods are ready.",
        )

    def failure(self, order: Order, output: str) -> str:
        """What helm's own words mean, and those of the cluster behind it."""
        return meaning(output, order.what, _OWN)

    async def _history(self, ask: Ask, order: Order) -> tuple[Revision, ...]:
        """Newest first. Raises Unavailable, also where there is none."""
        asked = ("helm", "history", order.facts["release"], *order.scope, "--output=json", f"--max={_KEPT}")
        found = await ask.decoded(tuple[Revision, ...], *asked)
        if not found:
            raise Unavailable(f"{order.what} has no history.")
        return tuple(sorted(found, key=lambda one: -one.revision))

    async def _objects(self, ask: Ask, order: Order) -> list[state.Object]:
        """What the release consists of, as the cluster has it now."""
        kinds: dict[str, Any] = (await self._status(ask, order)).get("info", {}).get("resources") or {}
        return [one for kind, members in kinds.items() if "(related)" not in kind for one in members]

    async def _status(self, ask: Ask, order: Order) -> dict[str, Any]:
        said = await ask.json("helm", "status", order.facts["release"], *order.scope, "--output=json")
        return said if isinstance(said, dict) else {}

    async def _missing(self, ask: Ask, order: Order) -> str:
        """What the workloads of the release wait for; what cannot be told is no all-clear."""
        try:
            objects = await self._objects(ask, order)
        except Unavailable as silent:
            return f"whether its pods run is not known: {silent}"
        workloads = [one for one in objects if str(one.get("kind", "")).lower() in state.HISTORIES]
        made = len(_WORKLOAD.findall(str((await self._status(ask, order)).get("manifest", ""))))
        if len(workloads) < made:  # helm leaves out, without a word, what it may not see
            return f"helm tells of {len(workloads)} of {made} workloads whether their pods run"
        told = [(one["metadata"]["name"], state.unsettled(one)) for one in workloads]
        return "; ".join(f"{clean(name, 60)}: {waits}" for name, waits in told if waits)


def _release(one: Revision, history: tuple[Revision, ...]) -> Release:
    app = f", app {one.app_version}" if one.app_version and not one.chart.endswith(one.app_version) else ""
    warning, blocked = "", False
    if one.status == "failed":
        warning = f"Revision {one.revision} failed when it was made: {clean(one.description, 120)}"
    elif one.status.startswith("pending"):
        warning, blocked = f"Revision {one.revision} was never made whole: it is {one.status}.", True
    return Release(
        value=str(one.revision),
        identity=f"as revision {_origin(one, history)}",
        title=clean(f"{one.chart}{app}", 120),
        at=_time(one.updated),
        detail=clean(one.description, 120),
        warning=warning,
        blocked=blocked,
    )


def _origin(one: Revision, history: tuple[Revision, ...]) -> int:
    """The revision that was made anew with this one, followed back as far as the history tells."""
    numbers = {each.revision: each for each in history}
    origin = one.revision
    while (known := numbers.get(origin)) and (restored := _RESTORES.match(known.description)):
        earlier = int(restored[1])
        if earlier >= origin:
            break
        origin = earlier
    return origin


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
