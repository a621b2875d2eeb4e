"""Railway: a service's deployments. Its own program has no rollback; `warroom railway rollback` is the call of its API.

Nothing else of Railway is read as an order: `railway redeploy` deploys the present version again, `railway down` is
an outage.
"""

from __future__ import annotations

from typing import ClassVar

from runbook.logs.clean import clean
from runbook.model import Effect, Remedy
from runbook.providers.calls import Call
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Release
from runbook.providers.provider import Unavailable
from runbook.providers.railway_api import SERVING, Api, Deployment, serving

_IDS = ("RAILWAY_PROJECT_ID", "RAILWAY_ENVIRONMENT_ID", "RAILWAY_SERVICE_ID")


class Railway:
    """`warroom railway rollback DEPLOYMENT`."""

    name: ClassVar[str] = "railway"
    programs: ClassVar[tuple[str, ...]] = ("warroom",)
    noun: ClassVar[str] = "deployment"

    def order(self, call: Call) -> Order | None:
        """The call as an order; without a deployment it names none."""
        given = call.split("--limit")
        if given.plain[:2] != ("railway", "rollback") or given.has("-h", "--help"):
            return None
        named = [f"{name}={value}" for name, value in call.settings.items() if name in _IDS]
        return Order(
            what=clean(" ".join(("the Railway service", *named)), 120),
            target=given.plain[2] if len(given.plain) > 2 else "",
        )

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """Which project, environment and service token and ids lead to; a token of another environment is unasked."""
        where = await (await _api(ask)).service()
        found = f"project {where.project}, environment {where.environment}, service {where.service}"
        return (CheckLine(title="token and ids name one Railway service", ok=True, found=found),)

    async def live(self, ask: Ask, order: Order) -> Live:
        """The newest deployment that serves, or that is on its way."""
        now, missing = serving(await (await _api(ask)).deployments())
        if now is None:
            raise Unavailable("No deployment of the Railway service serves.")
        return Live(release=_release(now, now), unsettled=missing)

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """Every deployment that has served; those whose image is gone are blocked."""
        found = await (await _api(ask)).deployments()
        now, _ = serving(found)
        return tuple(_release(one, now) for one in found if one == now or one.status in SERVING | {"REMOVED"})

    def naming(self, value: str) -> str:
        return value

    def back(self, order: Order, value: str) -> Remedy:
        """Forward again, to the deployment by its id."""
        return Remedy(
            title=f"Go forward again to deployment {value}",
            text=f"warroom railway rollback {value}",
            effect=Effect.CHANGE,
            target="production",
            note="Waits until it serves.",
        )

    def failure(self, order: Order, output: str) -> str:
        """The command's own last sentence says it."""
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        return lines[-1] if lines and "Railway" in lines[-1] else ""


async def _api(ask: Ask) -> Api:
    return Api(await ask.settings(*_IDS, "RAILWAY_TOKEN", "RAILWAY_API_TOKEN", "RAILWAY_API_URL"))


def _release(one: Deployment, now: Deployment | None) -> Release:
    gone = not one.can_rollback and one != now
    return Release(
        value=one.id,
        identity=one.identity,
        also=one.id,
        title=one.title,
        by=one.by,
        at=one.at,
        detail=one.status.lower(),
        warning=f"Railway cannot go back to {one.id}: it keeps its image no longer." if gone else "",
        blocked=gone,
    )
