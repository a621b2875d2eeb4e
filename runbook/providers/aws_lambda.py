"""Lambda on AWS: an alias goes back to an earlier published version. It takes effect at once."""

from __future__ import annotations

from typing import Any, ClassVar

from runbook.logs.clean import clean
from runbook.model import Effect, Remedy
from runbook.providers import aws
from runbook.providers.calls import Call
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Release

_OPTIONS = "--function-name --name --function-version --routing-config --description --revision-id"
_LATEST = "$LATEST"
_NO_WEIGHTS = '{"AdditionalVersionWeights":{}}'


class Lambda:
    """`aws lambda update-alias --function-name F --name ALIAS --function-version N`."""

    name: ClassVar[str] = "lambda"
    programs: ClassVar[tuple[str, ...]] = ("aws",)
    noun: ClassVar[str] = "version"

    def order(self, call: Call) -> Order | None:
        said = aws.read(call, "lambda", "update-alias", _OPTIONS)
        if said is None or not said[0].has("--function-version"):
            return None
        given, where = said
        function, alias = (given.option(name) for name in ("--function-name", "--name"))
        if "" in (function, alias):
            return None
        function, alias = function or "(?)", alias or "(?)"
        region = f" ({where.region})" if where.region else ""
        return Order(
            what=clean(f"Lambda alias {alias} of {function.rpartition(':')[2]}{region}"),
            target=given.option("--function-version"),
            scope=where.scope,
            facts={
                "region": where.region,
                "function": function,
                "alias": alias,
                "routes": "yes" if given.has("--routing-config") else "",
            },
            unclear=where.unclear,
        )

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """Which account and region; whether the alias sends a share of the calls elsewhere."""
        lines = await aws.guard(ask, order.scope, order.facts["region"])
        if any(line.ok is not True for line in lines):
            return lines
        shares = _shares(await self._alias(ask, order))
        if shares and not order.facts["routes"]:
            lines += (
                CheckLine(
                    "the alias sends all calls to one version",
                    ok=False,
                    found=f"a share goes elsewhere ({shares}), and stays when only the version is changed",
                    mend=f"add --routing-config '{_NO_WEIGHTS}': e",
                    stops=False,
                ),
            )
        return lines

    async def live(self, ask: Ask, order: Order) -> Live:
        """The version that the alias names; unsettled while a share of the calls goes to another."""
        alias = await self._alias(ask, order)
        version = str(alias.get("FunctionVersion", ""))
        found = await self.releases(ask, order)
        release = next((one for one in found if one.value == version), Release(value=version, identity=version))
        shares = _shares(alias)
        return Live(release=release, unsettled=f"a share of the calls goes elsewhere ({shares})" if shares else "")

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """The published versions, newest first, and what was uploaded last, which is none."""
        words = ("--function-name", order.facts["function"])
        said = await aws.asked(ask, order.scope, "lambda", "list-versions-by-function", *words)
        found = [_release(one) for one in said.get("Versions") or []]
        return tuple(sorted(found, key=lambda one: -int(one.value) if one.value.isdecimal() else 1))

    def naming(self, value: str) -> str:
        return f"--function-version {value}"

    def back(self, order: Order, value: str) -> Remedy:
        words = ("--function-name", order.facts["function"], "--name", order.facts["alias"])
        rest = ("--function-version", value, "--query", "FunctionVersion")
        return Remedy(
            title=f"Go forward again to version {value}",
            text=aws.written(order.scope, "lambda", "update-alias", *words, *rest),
            effect=Effect.CHANGE,
            target=order.facts["function"],
            note="Points the alias at what it named before. A canary's share of the calls does not come back.",
        )

    def failure(self, order: Order, output: str) -> str:
        if "ResourceNotFound" in output:
            target = clean(order.target or "", 40)
            return f"{order.what} or its version {target} is not there. Look at the names and --region, or pick: e"
        if "PreconditionFailed" in output:
            return f"{order.what} was changed by somebody else meanwhile. Look again, then retry: r"
        return aws.meaning(output)

    async def _alias(self, ask: Ask, order: Order) -> dict[str, Any]:
        words = ("--function-name", order.facts["function"], "--name", order.facts["alias"])
        said = await aws.asked(ask, order.scope, "lambda", "get-alias", *words)
        return said if isinstance(said, dict) else {}


def _release(told: dict[str, Any]) -> Release:
    version = str(told.get("Version", ""))
    latest = version == _LATEST
    package = str(told.get("CodeSha256", ""))[:12]
    runtime = str(told.get("Runtime", ""))
    return Release(
        value=version,
        identity=version,
        title=clean(str(told.get("Description", "")), 120),
        at=aws.moment(told.get("LastModified", "")),
        detail=clean(" ".join(part for part in (runtime, f"code {package}" if package else "") if part), 80),
        warning="$LATEST is no version: it is whatever was uploaded last. Pick a published one: e" if latest else "",
        blocked=latest,
    )


def _shares(alias: dict[str, Any]) -> str:
    """`version 3: 10 %` of a canary; empty without one."""
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return clean(", ".join(f"version {version}: {float(share):.0%}" for version, share in weights.items()), 120)
