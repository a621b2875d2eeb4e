"""Workers on Cloudflare: a Worker's versions. A way back deploys an earlier one to all traffic, at once.

Facts: without an id `wrangler rollback` takes the version of the deployment before, which after a rollback is the
faulty one; without a terminal it asks nothing and goes ahead, even where secrets changed since that version.
"""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from runbook.logs.clean import clean
from runbook.model import Effect, Remedy
from runbook.providers.calls import Arguments, Call
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Release
from runbook.providers.provider import Unavailable

_SCOPE = ("--name", "--env", "--config", "--cwd", "--env-file")
_SHORT = {"-e": "--env", "-c": "--config"}
_VALUED = " ".join((*_SCOPE, *_SHORT, "--message -m --version-id --percentage --max-versions"))
_QUIET = {"WRANGLER_SEND_METRICS": "false", "NO_COLOR": "1", "FORCE_COLOR": "0", "CI": "1", "npm_config_yes": "false"}
"""A question sends no metrics, has no colours, prompts for nothing and installs nothing."""
_FETCHING = frozenset(("bunx", "dlx", "x"))
_CONFIGURATIONS = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
_CAUTION = (
    "Only the code and its settings go back: data in KV, D1, R2 and Durable Objects stays, and so do secrets changed "
    "since. Without a terminal wrangler asks nothing and goes ahead."
)
_ACCOUNT = re.compile(r"^[^#/\n]*\baccount_id\W+(\w+)", re.MULTILINE)
_SPLIT = "a split"
_MEANT: tuple[tuple[str, str], ...] = (
    (
        r"necessary to set a CLOUDFLARE_API_TOKEN|code: (10001|6003|6111|9106)\]|[Uu]nable to authenticate"
        r"|not logged in",
        "Not signed in to Cloudflare: set CLOUDFLARE_API_TOKEN, or wrangler login.",
    ),
    (
        r"code: (10000|9109|9103)\]|Authentication error|Unauthorized",
        "Cloudflare refuses this sign-in: the token has expired, or it may not deploy Workers in this account.",
    ),
    (r"code: 10007\]|Worker does not exist", "No such Worker is in this account. Look at --name and the account."),
    (r"[Vv]ersion\S* .*(not found|not exist|not be found)", "There is no such version any more. Pick another: e"),
    (
        r"provide a name (for|of) your [Ww]orker",
        "The command names no Worker, and no configuration file does. Add --name: e",
    ),
    (r"mandatory to specify an account ID|More than one account", "Several accounts: set CLOUDFLARE_ACCOUNT_ID."),
    (r"code: (971|10429)\]|[Rr]ate limit|Too many requests", "Cloudflare refuses requests: too many. Wait a minute: r"),
    (
        r"fetch failed|connectivity issue|ECONNREFUSED|ENOTFOUND",
        "Cloudflare could not be reached. Look at the network: r",
    ),
    (
        r"code: (10013|7010)\]|malformed response|Internal|\b50\d\b|A request to the Cloudflare API",
        "Cloudflare failed or refused without saying why. Look at its status page, then retry: r",
    ),
)


class Cloudflare:
    """`wrangler rollback VERSION` and `wrangler versions deploy VERSION@100%`."""

    name: ClassVar[str] = "cloudflare"
    programs: ClassVar[tuple[str, ...]] = ("wrangler",)
    noun: ClassVar[str] = "version"

    def order(self, call: Call) -> Order | None:
        """All traffic to one version; a split of the traffic is no way back."""
        given = call.split(_VALUED)
        target = _target(given)
        scope = _scope(given)
        if target is _SPLIT or given.has("--help", "-h", "--dry-run"):
            return None
        named = dict(zip(scope[::2], scope[1::2], strict=True))
        worker = f"the Worker {named['--name']}" if "--name" in named else "the Worker of this folder"
        env = named.get("--env", "")
        return Order(
            what=clean(f"{worker}{f' in {env}' if env else ''}"),
            target=target,
            scope=scope,
            facts={"runner": shlex.join(call.runner), **named},
            unclear=given.unclear((*_SCOPE, *_SHORT)),
            caution=_CAUTION,
        )

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """Which Worker and which account: named, or written in the folder's configuration."""
        folder = Path(ask.at.cwd, order.facts.get("--cwd", ""))
        given = order.facts.get("--config")
        written = next((name for name in ([given] if given else _CONFIGURATIONS) if (folder / name).is_file()), "")
        worker = order.facts.get("--name", "")
        account = (await ask.settings("CLOUDFLARE_ACCOUNT_ID")).get("CLOUDFLARE_ACCOUNT_ID", "")
        named = set(_ACCOUNT.findall(_read(folder / written))) if written else set()
        if named:  # what the configuration says counts more than the variable
            account = named.pop() if len(named) == 1 else ""
        found = worker or (f"{written} says it" if written else "no --name, and no configuration in the folder")
        return (
            CheckLine(
                "the command says which Worker it acts on",
                ok=bool(worker or written),
                found=clean(found, 120),
                mend="" if worker or written else "add --name: e",
            ),
            CheckLine(
                "the account is named",
                ok=True if account else None,
                found=clean(account, 60)
                or (
                    "the configuration names several"
                    if named
                    else "neither variable nor configuration: the sign-in decides"
                ),
                mend="" if account else "wrangler whoami",
                stops=False,
            ),
        )

    async def live(self, ask: Ask, order: Order) -> Live:
        """The version of the newest deployment; unsettled while it shares the traffic with another."""
        said = await _asked(ask, order, "deployments", "status")
        versions = said.get("versions") if isinstance(said, dict) else None
        shares = {str(one.get("version_id")): float(one.get("percentage") or 0) for one in versions or ()}
        shares = {version: share for version, share in shares.items() if share}
        if not shares:
            raise Unavailable(f"No version of {order.what} serves.")
        most = max(shares, key=lambda version: shares[version])
        found = await self.releases(ask, order)
        release = next((one for one in found if one.value == most), Release(value=most, identity=most))
        parts = ", ".join(
            f"{version} {share:g} %" for version, share in sorted(shares.items(), key=lambda one: -one[1])
        )
        return Live(release=release, unsettled=clean(f"the traffic is split: {parts}", 200) if len(shares) > 1 else "")

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """The versions that can be deployed, newest first."""
        said = await _asked(ask, order, "versions", "list")
        found = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
        return tuple(_release(one) for one in sorted(found, key=lambda one: -_number(one)))

    def naming(self, value: str) -> str:
        return value

    def back(self, order: Order, value: str) -> Remedy:
        """Forward again, to the version that served before."""
        words = ("wrangler", "rollback", value, *order.scope, "--message", "forward again", "--yes")
        return Remedy(
            title=f"Go forward again to version {value}",
            text=shlex.join(words),
            effect=Effect.CHANGE,
            target=order.facts.get("--name", "production"),
            note="Makes one more deployment, of that version. Data and secrets stay as they are.",
        )

    def failure(self, order: Order, output: str) -> str:
        return meaning(output)


def _target(given: Arguments) -> str | None:
    """The version that gets everything; empty where none is named, None where the shell decides it."""
    if given.plain[:1] == ("rollback",):
        return given.plain[1] if len(given.plain) > 1 else given.option("--version-id")
    if given.plain[:2] != ("versions", "deploy") or len(given.plain) > 3 or given.has("--version-id", "--percentage"):
        return _SPLIT
    said = given.plain[2] if len(given.plain) == 3 else ""
    version, _, share = (said or "").partition("@")
    if share.rstrip("%") not in ("", "100"):
        return _SPLIT
    return version if said is not None else None


def _scope(given: Arguments) -> tuple[str, ...]:
    """The words that say which Worker."""
    named = ((_SHORT.get(option, option), value) for option, value in given.options.items() if value)
    return tuple(word for name, value in named if name in _SCOPE for word in (name, value))


async def _asked(ask: Ask, order: Order, *words: str) -> Any:
    """The answer to a read-only question. Raises Unavailable, with what the error means and the mend."""
    ask.at = msgspec.structs.replace(ask.at, env=ask.at.env | _QUIET)
    runner = [word for word in shlex.split(order.facts["runner"]) if word not in ("-y", "--yes")]
    if _FETCHING & set(runner):
        raise Unavailable(f"`{clean(shlex.join(runner), 40)}` may fetch wrangler first, so that nothing was asked.")
    try:
        return await ask.json(*runner, "wrangler", *words, *order.scope, "--json")
    except Unavailable as failed:
        raise Unavailable(f"{meaning(said)} ({said})" if meaning(said := str(failed)) else said) from None


def meaning(output: str) -> str:
    """What wrangler's words about an error mean, with the mend; empty where they tell nothing known."""
    return next((sentence for pattern, sentence in _MEANT if re.search(pattern, output)), "")


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(64 * 1024).decode("utf-8", "replace")
    except OSError:
        return ""


def _part(said: Any, name: str) -> dict[str, Any]:
    found = said.get(name) if isinstance(said, dict) else None
    return found if isinstance(found, dict) else {}


def _number(one: dict[str, Any]) -> int:
    number = one.get("number")
    return number if isinstance(number, int) else 0


def _release(one: dict[str, Any]) -> Release:
    version = str(one.get("id") or "")
    meta, notes = _part(one, "metadata"), _part(one, "annotations")
    told = (
        f"version {_number(one)}",
        str(notes.get("workers/tag") or ""),
        str(notes.get("workers/triggered_by") or ""),
    )
    return Release(
        value=version,
        identity=version,
        title=clean(str(notes.get("workers/message") or f"version {_number(one)}"), 100),
        by=clean(str(meta.get("author_email") or ""), 80),
        at=_moment(meta.get("created_on")),
        detail=clean(", ".join(part for part in told if part), 80),
    )


def _moment(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else None
