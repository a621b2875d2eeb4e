"""Cloud Run: a service's revisions. A way back sends all traffic to one of them.

Facts: traffic that names a revision stays there, so that a later deploy serves nobody until the service follows its
newest revision again (`--to-latest`, or LATEST as the revision); gcloud ends with an error where the newest revision
is not ready, although the traffic has moved.
"""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from runbook.logs.clean import clean
from runbook.model import Effect, Remedy
from runbook.providers.calls import Arguments, Call, decided_late
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Release
from runbook.providers.provider import Unavailable

_SCOPE = ("--project", "--account", "--configuration", "--impersonate-service-account", "--access-token-file")
_VALUED = " ".join((*_SCOPE, "--to-revisions --to-tags --set-tags --update-tags --remove-tags --region --platform"))
_MORE = " --format --verbosity --billing-project --flags-file --cluster --cluster-location --context --kubeconfig"
_OTHERS = ("--to-tags", "--set-tags", "--update-tags", "--remove-tags", "--clear-tags", "--flags-file", "--help", "-h")
_QUIET = {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1"}
LATEST = "LATEST"
_SHOWN = "50"
_PINNED = "Deploys made after it get no traffic until the service follows its newest revision again: --to-latest"
_FOLLOWS = "Every later deploy gets all traffic at once."
_MEANT: tuple[tuple[str, str], ...] = (
    (r"must specify a region", "The command names no region, and none is set up here. Add --region: e"),
    (
        r"\[project\] resource is not properly",
        "The command names no project, and none is set up here. Add --project: e",
    ),
    (r"Service \[[^\]]*\] could not be found|Cannot find service", "No such service is in this project and region."),
    (
        r"instance \[[^\]]*\] not found",
        "Project, service or revision is not there. Look at the names, or pick another: e",
    ),
    (r"[Rr]evision.* (not found|does not exist)", "There is no such revision any more. Pick another: e"),
    (
        r"is not ready and cannot serve",
        "A revision of the service is not ready. Where it is the newest, the traffic may have moved all the same.",
    ),
    (
        r"UNAUTHENTICATED|[Ii]nvalid authentication|do(es)? not (currently )?have an(y valid|\s+active)"
        r"|[Rr]eauthentication|invalid_grant|HTTPError 401|refreshing your current auth",
        "Not signed in to Google Cloud, or not any more: gcloud auth login, then retry: r",
    ),
    (
        r"PERMISSION_DENIED|[Pp]ermission denied|does not have permission|HTTPError 403",
        "This account may not do that in this project. Look at --project and --account (gcloud auth list).",
    ),
    (r"[Cc]onflict|ABORTED|HTTPError 409", "Somebody else is changing this service. Look again, then retry: r"),
    (r"RESOURCE_EXHAUSTED|HTTPError 429|[Qq]uota", "Google Cloud refuses requests: too many. Wait a minute: r"),
    (r"HTTPError 5\d\d|INTERNAL|UNAVAILABLE", "Google Cloud failed on its own side. Look at its status page, then: r"),
    (
        r"[Cc]onnection refused|Max retries|unreachable|Name or service not known|timed out|gcloud crashed \(\w*Conn"
        r"|problem with your network|Unable to find the server",
        "Google Cloud could not be reached. Look at the network and a proxy, then retry: r",
    ),
)


class CloudRun:
    """`gcloud run services update-traffic SERVICE --to-revisions REVISION=100`."""

    name: ClassVar[str] = "cloud run"
    programs: ClassVar[tuple[str, ...]] = ("gcloud",)
    noun: ClassVar[str] = "revision"

    def order(self, call: Call) -> Order | None:
        """All traffic to one revision; a split of the traffic, or a tag that moves, is no way back."""
        given = call.split(_VALUED + _MORE)
        plain = given.plain[1:] if given.plain[:1] in (("alpha",), ("beta",)) else given.plain
        if plain[:3] != ("run", "services", "update-traffic") or len(plain) != 4 or given.has(*_OTHERS):
            return None
        service, platform = plain[3], given.option("--platform")
        target = _target(given)
        if platform not in ("", "managed") or target is _SPLIT:
            return None
        region, project = given.option("--region"), given.option("--project")
        where = ", ".join(part for part in (project, region) if part)
        return Order(
            what=clean(f"Cloud Run service {service or '(?)'}{f' ({where})' if where else ''}"),
            target=target,
            scope=tuple(word for name in _SCOPE if (value := given.option(name)) for word in (name, value)),
            facts={"service": service or "", "region": region or ""},
            unclear=given.unclear((*_SCOPE, "--region")) or ("" if service else decided_late("the service")),
            caution=_FOLLOWS if target == LATEST else _PINNED,
            instead="--to-latest" if given.has("--to-latest") else "",
        )

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """Which account, project and region: named, or what is set up here."""
        quiet(ask)
        said = await ask.json("gcloud", "config", "list", "--all", "--format=json", *order.scope)
        core, auth, run = (_part(said, name) for name in ("core", "auth", "run"))
        token = auth.get("access_token_file") or await ask.settings("CLOUDSDK_AUTH_ACCESS_TOKEN")
        account = core.get("account") or ("an access token" if token else "")
        here = "the command names none, it is the one set up here"
        lines = [_known("signed in to Google Cloud", str(account or ""), "", "gcloud auth login")]
        project, named = str(core.get("project") or ""), "--project" in order.scope
        lines.append(_known("it is known which project is meant", project, "" if named else here, "add --project: e"))
        region = order.facts["region"] or str(run.get("region") or "")
        named = bool(order.facts["region"])
        lines.append(_known("it is known which region is meant", region, "" if named else here, "add --region: e"))
        return tuple(lines)

    async def live(self, ask: Ask, order: Order) -> Live:
        """The revision with the traffic; unsettled while it is split, or not yet where the order sent it."""
        service = await self._service(ask, order)
        status = _part(service, "status")
        shares: dict[str, int] = {}
        follows = False
        for one in status.get("traffic") or ():
            name, percent = str(one.get("revisionName") or ""), int(one.get("percent") or 0)
            if name and percent:
                shares[name] = shares.get(name, 0) + percent
                follows = follows or bool(one.get("latestRevision"))
        if not shares:
            raise Unavailable(f"No revision of {order.what} serves.")
        most = max(shares, key=lambda name: shares[name])
        found = await self._revisions(ask, order)
        release = next((one for one in found if one.value == most), Release(value=most, identity=most))
        if follows and order.target == LATEST:
            release = _latest(most)
        return Live(release=release, unsettled=_split_up(shares) or _under_way(service))

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """The revisions, newest first; where it matters, behind them the one that follows every deploy."""
        found = await self._revisions(ask, order)
        if order.target not in ("", LATEST):
            return found
        service = await self._service(ask, order)
        newest = str(_part(service, "status").get("latestReadyRevisionName") or "")
        follows = any(one.get("latestRevision") for one in _part(service, "status").get("traffic") or ())
        return (*found, _latest(newest)) if newest and (order.target or not follows) else found

    def naming(self, value: str) -> str:
        return f"--to-revisions={value}=100"

    def back(self, order: Order, value: str) -> Remedy:
        """All traffic to the revision that had it, by its name."""
        where = (*(("--region", order.facts["region"]) if order.facts["region"] else ()), *order.scope)
        words = ("gcloud", "run", "services", "update-traffic", order.facts["service"], self.naming(value), *where)
        return Remedy(
            title=f"Go forward again to revision {value}",
            text=shlex.join(words),
            effect=Effect.CHANGE,
            target=order.facts["service"],
            note=_FOLLOWS if value == LATEST else _PINNED,
        )

    def failure(self, order: Order, output: str) -> str:
        return meaning(output)

    async def _service(self, ask: Ask, order: Order) -> dict[str, Any]:
        said = await _asked(ask, order, "services", "describe", order.facts["service"])
        return said if isinstance(said, dict) else {}

    async def _revisions(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        said = await _asked(ask, order, "revisions", "list", "--service", order.facts["service"], "--limit", _SHOWN)
        found = [_release(one) for one in said if isinstance(one, dict)] if isinstance(said, list) else []
        return tuple(sorted(found, key=lambda one: one.at.timestamp() if one.at else 0, reverse=True))


_SPLIT = "a split"


def _target(given: Arguments) -> str | None:
    """The revision that gets everything; empty where none is named."""
    said = given.option("--to-revisions")
    if not said:
        return said
    revision, _, percent = said.partition("=")
    return revision if revision and percent == "100" else _SPLIT


def quiet(ask: Ask) -> None:
    """A question neither prompts nor looks for a newer gcloud."""
    ask.at = msgspec.structs.replace(ask.at, env=ask.at.env | _QUIET)


async def _asked(ask: Ask, order: Order, *words: str) -> Any:
    """The answer to a read-only question. Raises Unavailable, with what the error means and the mend."""
    quiet(ask)
    region = ("--region", order.facts["region"]) if order.facts["region"] else ()
    try:
        return await ask.json("gcloud", "run", *words, *region, *order.scope, "--format=json")
    except Unavailable as failed:
        raise Unavailable(f"{meaning(said)} ({said})" if meaning(said := str(failed)) else said) from None


def meaning(output: str) -> str:
    """What gcloud's words about an error mean, with the mend; empty where they tell nothing known."""
    return next((sentence for pattern, sentence in _MEANT if re.search(pattern, output)), "")


def _known(title: str, found: str, more: str, mend: str) -> CheckLine:
    said = ": ".join(part for part in (clean(found, 120), more) if part) if found else "none is"
    return CheckLine(title, ok=bool(found), found=said, mend="" if found else mend)


def _part(said: Any, name: str) -> dict[str, Any]:
    found = said.get(name) if isinstance(said, dict) else None
    return found if isinstance(found, dict) else {}


def _condition(one: dict[str, Any], *names: str) -> dict[str, Any]:
    told = {str(each.get("type")): each for each in _part(one, "status").get("conditions") or ()}
    return next((told[name] for name in names if name in told), {})


def _split_up(shares: dict[str, int]) -> str:
    if len(shares) == 1:
        return ""
    told = ", ".join(f"{name} {share} %" for name, share in sorted(shares.items(), key=lambda one: -one[1]))
    return clean(f"the traffic is split: {told}", 200)


def _under_way(service: dict[str, Any]) -> str:
    """A newest revision that failed leaves the service not ready, but not its routes."""
    if _part(service, "status").get("observedGeneration") != _part(service, "metadata").get("generation"):
        return "a change of the service is being carried out"
    routes = _condition(service, "RoutesReady", "Ready")
    if routes.get("status") in ("True", None):
        return ""
    return clean(f"the routes are not ready: {routes.get('message') or routes.get('reason') or 'no reason given'}", 200)


def _latest(newest: str) -> Release:
    said = f"whatever is newest, now {clean(newest, 80)}"
    return Release(value=LATEST, identity=f"{LATEST} {newest}", title=said, detail="gets every later deploy")


def _release(one: dict[str, Any]) -> Release:
    meta = _part(one, "metadata")
    name = str(meta.get("name") or "")
    labels, notes = _part(meta, "labels"), _part(meta, "annotations")
    containers = _part(one, "spec").get("containers") or [{}]
    ready = _condition(one, "Ready")
    fine = ready.get("status") == "True"
    why = clean(str(ready.get("message") or ready.get("reason") or "it is still being made"), 200)
    return Release(
        value=name,
        identity=name,
        title=clean(str(containers[0].get("image") or "").rpartition("/")[2], 80),
        by=clean(str(notes.get("serving.knative.dev/creator") or ""), 80),
        at=_moment(meta.get("creationTimestamp")),
        detail=clean(str(labels.get("commit-sha") or ""), 12),
        warning="" if fine else f"{clean(name, 80)} is not ready: {why.rstrip('.')}. Pick another: e",
        blocked=not fine,
    )


def _moment(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else None
