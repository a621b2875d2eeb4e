"""ECS on AWS: a service goes back to an earlier task definition of its family.

Facts: exit code 0 says that a deployment was begun, not that one task started; with the circuit breaker on, the
service goes back by itself to what it ran before. A family without a revision means its newest, the faulty one.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, ClassVar

from runbook.logs.clean import clean
from runbook.model import Effect, Remedy
from runbook.providers import aws
from runbook.providers.calls import Call
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Release
from runbook.providers.provider import Unavailable

_DEFINITION = re.compile(r"(?:arn:[\w-]+:ecs:[\w-]+:\d*:task-definition/)?([\w-]+)(?::(\d+))?\Z")
_OPTIONS = "--cluster --service --task-definition --desired-count --deployment-configuration --platform-version"
_OFFERED = "40"
_LOOKED_AT = 4
"""How many are described, at a second a question: what serves, what was chosen, and the newest."""


class Ecs:
    """`aws ecs update-service --cluster C --service S --task-definition FAMILY:REVISION`."""

    name: ClassVar[str] = "ecs"
    programs: ClassVar[tuple[str, ...]] = ("aws",)
    noun: ClassVar[str] = "task definition"

    def order(self, call: Call) -> Order | None:
        said = aws.read(call, "ecs", "update-service", _OPTIONS)
        if said is None or not said[0].has("--task-definition"):
            return None
        given, where = said
        if given.option("--service") == "":
            return None
        service, cluster = given.option("--service") or "(?)", given.option("--cluster") or "default"
        wanted = given.option("--task-definition")
        named = _DEFINITION.match(wanted or "")
        target = wanted if named is None else f"{named[1]}:{named[2]}" if named[2] else ""
        name = re.sub(r".*[:/]", "", service)
        region = f" ({where.region})" if where.region else ""
        return Order(
            what=clean(f"ECS service {name} in {re.sub('.*/', '', cluster)}{region}"),
            target=target,
            scope=where.scope,
            facts={
                "region": where.region,
                "service": service,
                "cluster": cluster,
                "family": named[1] if named else "",
            },
            unclear=where.unclear,
            caution=_counts(given.option("--desired-count")),
        )

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """Which account and region; whether the service may be deployed this way; whether tasks are wanted at all."""
        lines = await aws.guard(ask, order.scope, order.facts["region"])
        if any(line.ok is not True for line in lines):
            return lines
        service = await self._service(ask, order)
        controller = service.get("deploymentController", {}).get("type", "ECS")
        if controller != "ECS":
            lines += (
                CheckLine(
                    "the service is deployed by ECS itself",
                    ok=False,
                    found=f"it is deployed by {clean(controller, 40)}, and ECS refuses another task definition",
                    mend="Stop or roll back its deployment there (aws deploy stop-deployment --auto-rollback-enabled).",
                ),
            )
        if service.get("desiredCount") == 0:
            found = "its desired count is 0: nothing will start"
            lines += (CheckLine("tasks of the service are wanted", ok=False, found=found, stops=False),)
        return lines

    async def live(self, ask: Ask, order: Order) -> Live:
        """The task definition of the PRIMARY deployment, and what is missing until it is the only one."""
        service = await self._service(ask, order)
        deployments = service.get("deployments") or []
        primary = next((one for one in deployments if one.get("status") == "PRIMARY"), None)
        if primary is None:
            raise Unavailable(f"{order.what} has no deployment that is PRIMARY: nothing says what it serves.")
        release = await self._described(ask, order, _short(primary.get("taskDefinition", "")))
        return Live(release=release, unsettled=_unsettled(primary, len(deployments)))

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """The revisions of the family, newest first; those at the top, the live and the chosen one with their image."""
        serves = (await self.live(ask, order)).release.value
        families = dict.fromkeys((serves.rpartition(":")[0], order.facts["family"]))
        found: list[str] = []
        for family in filter(None, families):
            words = ("--family-prefix", family, "--status", "ACTIVE", "--sort", "DESC", "--max-items", _OFFERED)
            said = await aws.asked(ask, order.scope, "ecs", "list-task-definitions", *words)
            listed = [_short(arn) for arn in said.get("taskDefinitionArns") or []]
            found += [one for one in listed if one.rpartition(":")[0] == family]
        extra = {one for one in (serves, order.target or "") if _DEFINITION.match(one) and one not in found}
        looked_at = {*found[:_LOOKED_AT], *extra, serves, order.target}
        every = sorted({*found, *extra}, key=lambda one: (one.rpartition(":")[0], -_revision(one)))
        told = await asyncio.gather(
            *(self._described(ask, order, one) if one in looked_at else _bare(one) for one in every),
            return_exceptions=True,
        )
        for failed in told:
            if isinstance(failed, BaseException) and not isinstance(failed, _Gone):
                raise failed
        return tuple(one for one in told if isinstance(one, Release))

    def naming(self, value: str) -> str:
        return f"--task-definition {value}"

    def back(self, order: Order, value: str) -> Remedy:
        words = ("ecs", "update-service", "--cluster", order.facts["cluster"], "--service", order.facts["service"])
        query = ("--query", "service.deployments[].[status,taskDefinition]")
        return Remedy(
            title=f"Go forward again to {value}",
            text=aws.written(order.scope, *words, "--task-definition", value, *query),
            effect=Effect.CHANGE,
            target=order.facts["cluster"],
            note="Begins a deployment of what ran before. Wait until the service is stable afterwards.",
        )

    def failure(self, order: Order, output: str) -> str:
        if "controller" in output and "Unable to update task definition" in output:
            return "CodeDeploy deploys this service, and ECS refuses: stop its deployment there with a rollback."
        if "TaskDefinition is inactive" in output or "Unable to describe task definition" in output:
            return f"{clean(order.target or 'That task definition', 80)} cannot be run any more. Pick another: e"
        if "TaskDefinition not found" in output:
            return f"There is no task definition {clean(order.target or '', 80)} here. Pick another: e"
        return aws.meaning(output)

    async def _service(self, ask: Ask, order: Order) -> dict[str, Any]:
        words = ("--cluster", order.facts["cluster"], "--services", order.facts["service"])
        said = await aws.asked(ask, order.scope, "ecs", "describe-services", *words)
        found = next(iter(said.get("services") or []), None)
        if not isinstance(found, dict):
            raise Unavailable(f"There is no {order.what}. Look at --cluster, --service and --region.")
        if found.get("status") == "INACTIVE":
            raise Unavailable(f"{order.what} was deleted.")
        return found

    async def _described(self, ask: Ask, order: Order, value: str) -> Release:
        """Raises _Gone where there is none of that name."""
        try:
            said = await aws.asked(ask, order.scope, "ecs", "describe-task-definition", "--task-definition", value)
        except Unavailable as failed:
            raise _Gone(str(failed)) if "Unable to describe task definition" in str(failed) else failed from None
        told = said.get("taskDefinition", {})
        images = [str(one.get("image", "")) for one in told.get("containerDefinitions") or []]
        inactive = told.get("status", "ACTIVE") != "ACTIVE"
        return Release(
            value=value,
            identity=value,
            title=clean(", ".join(images), 120),
            by=clean(str(told.get("registeredBy", "")).rpartition("/")[2], 60),
            at=aws.moment(told.get("registeredAt", "")),
            warning=f"{value} is INACTIVE: ECS starts none of it any more. Register it anew, or pick another: e"
            if inactive
            else "",
            blocked=inactive,
        )


class _Gone(Unavailable):
    """There is no such task definition."""


async def _bare(value: str) -> Release:
    return Release(value=value, identity=value)


def _counts(desired: str | None) -> str:
    """That the order also says how many tasks run."""
    if desired == "":
        return ""
    many = (
        "a number of tasks that is decided only when it runs"
        if desired is None
        else f"the number of tasks to {desired}"
    )
    return f"It also sets {clean(many, 80)}{': nothing of the service runs any more' if desired == '0' else ''}."


def _short(arn: str) -> str:
    """`family:revision` of an ARN."""
    return arn.rpartition("/")[2]


def _revision(value: str) -> int:
    number = value.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0


def _unsettled(primary: dict[str, Any], deployments: int) -> str:
    """Why not only the primary deployment serves, all of it; empty when it does."""
    running, wanted = primary.get("runningCount", 0), primary.get("desiredCount", 0)
    state, why = primary.get("rolloutState", ""), clean(str(primary.get("rolloutStateReason", "")), 200)
    counted = f"{running} of {wanted} tasks run"
    if failed := primary.get("failedTasks", 0):
        counted += f", {failed} failed to start"
    if state and state != "COMPLETED":
        return f"the rollout is {clean(state, 40)}: {counted}{f' ({why})' if why else ''}"
    if deployments > 1:
        return f"{deployments - 1} earlier deployment still has tasks; {counted}"
    return "" if state or running >= wanted else counted
