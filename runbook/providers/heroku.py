"""Heroku: an app's releases. A rollback makes a new release, told by its description `Rollback to vN`.

Facts: a release that only set a config var has the same slug as the one before, so that the slug does not tell releases
apart; without a number `heroku rollback` takes the eligible release before the newest, which may be the faulty one.
"""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from runbook.logs.clean import clean
from runbook.model import Effect, Remedy
from runbook.providers.calls import Call
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Release
from runbook.providers.provider import Unavailable

_ROLLED_BACK = re.compile(r"Rollback to v(\d+)\Z")
_SHOWN = "50"


class _Release(msgspec.Struct, frozen=True):
    version: int
    status: str = ""
    current: bool = False
    description: str = ""
    created_at: datetime | None = None
    eligible_for_rollback: bool = True
    user: dict[str, Any] = {}
    app: dict[str, Any] = {}


class Heroku:
    """`heroku rollback vN --app APP`."""

    name: ClassVar[str] = "heroku"
    programs: ClassVar[tuple[str, ...]] = ("heroku",)
    noun: ClassVar[str] = "release"

    def order(self, call: Call) -> Order | None:
        """`heroku rollback [vN]` and `heroku releases:rollback [vN]`."""
        given = call.split("--app -a --remote -r")
        if given.plain[:1] not in (("rollback",), ("releases:rollback",)) or given.has("--help", "-h"):
            return None
        app, remote = given.option("--app", "-a"), given.option("--remote", "-r")
        app = app or call.settings.get("HEROKU_APP", "")
        scope = ("--app", app) if app else ("--remote", remote) if remote else ()
        target = given.plain[1] if len(given.plain) > 1 else ""
        return Order(
            what=clean(f"the app {app}" if app else f"the app of remote {remote}" if remote else "the app found here"),
            target=f"v{target}" if target and target.isdecimal() else target,
            scope=scope,
            unclear=given.unclear(("--app", "-a", "--remote", "-r")),
        )

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """The call says which app; otherwise the folder's git remotes decide."""
        app = " ".join(order.scope[1:]) or await _app(ask)
        found = app or f"no --app: the git remotes of the folder decide{await self._decided(ask, order)}"
        mend = "" if app else "add --app: e"
        return (CheckLine(title="the command says which app it acts on", ok=bool(app), found=found, mend=mend),)

    async def live(self, ask: Ask, order: Order) -> Live:
        """The current release, or the newest one whose release phase still runs."""
        found = await self._found(ask, order)
        for one in found:
            if one.status == "pending":
                return Live(release=_release(one, found), unsettled=f"the release phase of v{one.version} runs")
            if one.current:
                return Live(release=_release(one, found))
        raise Unavailable(f"None of the newest {_SHOWN} releases of {order.what} is current.")

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """The newest releases; those that failed are blocked."""
        found = await self._found(ask, order)
        return tuple(_release(one, found) for one in found)

    def naming(self, value: str) -> str:
        return value

    def back(self, order: Order, value: str) -> Remedy:
        """Forward again, to the release by its number."""
        return Remedy(
            title=f"Go forward again to release {value}",
            text=shlex.join(("heroku", "rollback", value, *order.scope)),
            effect=Effect.CHANGE,
            target="production",
            note="Makes one more release, with the code and the config vars of that one.",
        )

    def failure(self, order: Order, output: str) -> str:
        """What heroku's own words mean."""
        if "find that app" in output:
            return (
                f"{order.what} is not there for this account. Check the name, and who is signed in: heroku auth:whoami"
            )
        if "find that release" in output:
            return f"{order.what} has no such release any more. Pick another: e"
        if "do not have access" in output or "forbidden" in output.lower():
            return f"This account may not deploy {order.what}. Sign in as somebody who may."
        if "Invalid credentials" in output or "not logged in" in output.lower():
            return "Not signed in to Heroku: set HEROKU_API_KEY, or heroku login."
        if "ECONNREFUSED" in output or "ENOTFOUND" in output or "ETIMEDOUT" in output:
            return "Heroku could not be reached. Check the network, then retry: r"
        return ""

    async def _decided(self, ask: Ask, order: Order) -> str:
        """`, now web`: the app that a call without one acts on; empty where heroku does not tell."""
        try:
            names = [str(one.app.get("name") or "") for one in await self._found(ask, order)]
        except Unavailable:
            return ""  # `live` asks the same, and says why
        return clean(f", now {names[0]}", 80) if names and names[0] else ""

    async def _found(self, ask: Ask, order: Order) -> tuple[_Release, ...]:
        words = ("heroku", "releases", *order.scope, "--json", "--num", _SHOWN)
        found = await ask.decoded(tuple[_Release, ...], *words)
        return tuple(sorted(found, key=lambda one: -one.version))


async def _app(ask: Ask) -> str:
    try:
        return (await ask.settings("HEROKU_APP")).get("HEROKU_APP", "")
    except Unavailable:
        return ""


def _release(one: _Release, found: tuple[_Release, ...]) -> Release:
    gone = not one.current and (one.status == "failed" or not one.eligible_for_rollback)
    said = "failed when it was deployed" if one.status == "failed" else "can no longer be gone back to"
    return Release(
        value=f"v{one.version}",
        identity=f"release {_origin(one.version, {each.version: each.description for each in found})}",
        title=clean(one.description, 100),
        by=clean(str(one.user.get("email") or ""), 80),
        at=one.created_at if one.created_at and one.created_at.tzinfo else None,
        warning=f"v{one.version} {said}." if gone else "",
        blocked=gone,
    )


def _origin(version: int, descriptions: dict[int, str]) -> int:
    """The release that this one restored, through every rollback in between."""
    while (match := _ROLLED_BACK.match(descriptions.get(version, ""))) and int(match[1]) < version:
        version = int(match[1])
    return version
