"""Docker Compose: the image tag that one service's containers run, where the compose file takes it from a variable.

Facts: `up` without that variable starts what is written in the file, with exit 0; an image that is nowhere to be had it
builds, where the file tells how, from what lies there now; since compose 2.21 `ps --format json` prints a line a
container, before it printed one array; a container whose tag was given to another image meanwhile is listed under its
image's id (Docker's and Compose's manuals and release notes).
"""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from typing import Any, ClassVar, TypeVar

import msgspec

from runbook.logs.clean import clean
from runbook.model import Effect, Remedy
from runbook.providers.calls import Call
from runbook.providers.needs import CheckLine
from runbook.providers.platform import Ask, Live, Order, Release, spoken
from runbook.providers.provider import Unavailable

T = TypeVar("T", bound=msgspec.Struct)

_VALUED = (
    "--context -c --host -H --config --log-level -l --project-name -p --file -f --env-file --profile --ansi --progress"
    " --project-directory --parallel --scale --timeout -t --wait-timeout --pull --attach --no-attach --exit-code-from"
)
_ENGINE = ("--context", "-c", "--host", "-H", "--config")
"""Which engine is meant; compose 1 has these too."""
_OWN = re.compile(r"(?:DOCKER|COMPOSE|BUILDKIT)_")
_MADE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}")
_CONTEXT = "{{.Name}} {{.Endpoints.docker.Host}}"
_MOVING = ("latest", "stable", "main", "master", "edge")

_FAILURES = {
    "cannot connect to the docker daemon|error during connect": (
        "The docker engine could not be reached. Check docker context ls and the host, then retry: r"
    ),
    "manifest unknown|manifest for|no such image": (
        "There is no image with the tag {tag}, on the host or in the registry. Pick another: e"
    ),
    "pull access denied|unauthorized|no basic auth": "The registry refused this host. Sign in there: docker login",
    "no such service": "The compose file does not have {service}. Check --file and the folder.",
    "is unhealthy": "{service} was started and is not healthy. Look at its log; the way back is ready: u",
    "is not a docker command|unknown command: docker compose": (
        "docker has no compose plugin here. Install docker-compose-plugin."
    ),
}
"""What docker's and compose's own words mean."""


class _Container(msgspec.Struct, frozen=True, rename="pascal"):
    image: str
    state: str = ""
    health: str = ""


class _Service(msgspec.Struct, frozen=True):
    image: str = ""
    build: Any = None
    pull_policy: str = ""


class _Config(msgspec.Struct, frozen=True):
    """What a compose file says of a service, and of those that it depends on."""

    services: dict[str, _Service]


class _Image(msgspec.Struct, frozen=True, rename="pascal"):
    tag: str
    created_at: str = ""
    size: str = ""


class DockerCompose:
    """`IMAGE_TAG=4.8.0 docker compose … up --detach SERVICE`: the only setting in front of it is the tag."""

    name: ClassVar[str] = "docker compose"
    programs: ClassVar[tuple[str, ...]] = ("docker", "docker-compose")
    noun: ClassVar[str] = "image tag"

    def order(self, call: Call) -> Order | None:
        """An `up` of one service with one variable in front; anything else has no release of its own."""
        given, words = call.split(_VALUED), tuple(word for word in call.words if word is not None)
        plain = given.plain if call.program == "docker-compose" else given.plain[1:]
        composed = call.program == "docker-compose" or given.plain[:1] == ("compose",)
        tags = [(name, value) for name, value in call.settings.items() if not _OWN.match(name)]
        if not composed or plain[:1] != ("up",) or len(plain) != 2 or len(tags) != 1 or given.has("--build", "--help"):
            return None
        if plain[1] is None or len(words) != len(call.words):
            return None
        (variable, target), scope = tags[0], words[: words.index("up")]
        return Order(
            what=clean(f"the service {plain[1]}", 80),
            target=target,
            scope=(call.program, *scope),
            facts={
                "service": plain[1],
                "variable": variable,
                "words": shlex.join((call.program, *words)),
                "docker": shlex.join(("docker", *given.scope(_ENGINE))),
                "pull": given.option("--pull") or "",
                "builds": "" if given.has("--no-build") else "yes",
                "others": "" if given.has("--no-deps") else "yes",
            },
        )

    async def guard(self, ask: Ask, order: Order) -> tuple[CheckLine, ...]:
        """Which engine is meant, whether the compose file takes its tag from the variable, and none is built anew."""
        variable, services = order.facts["variable"], await self._services(ask, order)
        service = services.get(order.facts["service"], _Service())
        taken = _tag(service.image) == order.target
        line = CheckLine(
            title=f"the compose file takes the tag from {variable}",
            ok=taken,
            found="" if taken else f"it would start {clean(service.image, 120) or 'no image'}",
            mend="" if taken else f"write image: NAME:${{{variable}}} for {order.facts['service']} in the compose file",
        )
        lines = (await self._engine(ask, order), line, *_with_it(order, services))
        if not taken or service.build is None or not order.facts["builds"]:
            return lines
        there = [one.tag for one in await self._on_host(ask, order, _name(service.image))]
        if order.target in there and service.pull_policy != "build":
            return lines
        return *lines, CheckLine(
            title="an image that is there is started, and none is built",
            ok=False,
            found="where the image is not to be had, the compose file has it built, from what lies here now",
            mend="add --no-build: e",
        )

    async def live(self, ask: Ask, order: Order) -> Live:
        """What the service's containers run; several tags at once, or an ill container, are not settled."""
        found = await self._containers(ask, order)
        images = list(dict.fromkeys(one.image for one in found))
        ill = [clean(one.health or one.state, 20) for one in found if one.state != "running" or _ill(one)]
        amiss = [f"containers run {' and '.join(clean(image, 80) for image in images)}"] * (len(images) > 1)
        amiss += [f"{len(ill)} of {len(found)} containers: {', '.join(dict.fromkeys(ill))}"] * bool(ill)
        return Live(release=_release(images[0]), unsettled="; ".join(amiss))

    async def releases(self, ask: Ask, order: Order) -> tuple[Release, ...]:
        """The tags of that image on the host, newest first; one that is named and not there would have to be pulled."""
        running = (await self._containers(ask, order))[0].image
        name = _name(running) or _name((await self._services(ask, order)).get(order.facts["service"], _Service()).image)
        images = sorted(await self._on_host(ask, order, name), key=lambda one: one.created_at, reverse=True)
        found = [_release(f"{name}:{one.tag}", one) for one in images]
        known = {one.identity for one in found}
        found += [_release(running)] * (running not in known)
        if order.target and f"{name}:{order.target}" not in known | {running}:
            found.append(_absent(name, order))
        return tuple(found)

    def naming(self, value: str) -> str:
        """Nothing: the tag stands in front of the call, in a value of the runbook."""
        return ""

    def back(self, order: Order, value: str) -> Remedy:
        """The same `up` with the tag that ran before."""
        text = f"{order.facts['variable']}={shlex.quote(value)} {order.facts['words']}" if value else ""
        return Remedy(
            title=f"Start {order.what} from {value} again",
            text=text,
            effect=Effect.CHANGE,
            target="production",
            note="Starts what ran before the rollback.",
        )

    def failure(self, order: Order, output: str) -> str:
        """Why an `up` failed, with the mend."""
        low = output.lower()
        return next((why for words, why in _FAILURES.items() if re.search(words, low)), "").format(
            tag=clean(order.target or "", 60), service=order.what
        )

    async def _engine(self, ask: Ask, order: Order) -> CheckLine:
        """The docker context and its address: services and tags are called alike on every host."""
        words = (*shlex.split(order.facts["docker"]), "context", "inspect", "--format", _CONTEXT)
        try:
            ok, found = True, clean((await ask.text(*words)).strip(), 120)
        except Unavailable as silent:
            ok, found = None, str(silent)
        return CheckLine(title="it is known which engine is meant", ok=ok, found=found, stops=False)

    async def _containers(self, ask: Ask, order: Order) -> tuple[_Container, ...]:
        """Of the service, also those that ended. Raises Unavailable where there are none."""
        words = (*order.scope, "ps", "--all", "--no-trunc", "--format", "json", order.facts["service"])
        found = _lines(_Container, await ask.text(*words), words)
        if not found:
            raise Unavailable(f"{order.what} has no container there. Check the project name and the docker context.")
        return tuple(sorted(found, key=lambda one: one.state != "running"))

    async def _services(self, ask: Ask, order: Order) -> dict[str, _Service]:
        """The service, and those that it depends on."""
        words = (*order.scope, "config", "--format", "json", order.facts["service"])
        return (await ask.decoded(_Config, *words)).services

    async def _on_host(self, ask: Ask, order: Order, name: str) -> list[_Image]:
        """The images of a name that have a tag."""
        words = (*shlex.split(order.facts["docker"]), "image", "ls", "--format", "json", name)
        return [one for one in _lines(_Image, await ask.text(*words), words) if one.tag != "<none>"]


def _lines(kind: type[T], text: str, words: tuple[str, ...]) -> list[T]:
    """JSON of one array, or of a line each. Raises Unavailable for another shape."""
    try:
        if text.lstrip().startswith("["):
            return msgspec.json.decode(text, type=list[kind])  # type: ignore[valid-type]
        return msgspec.json.Decoder(kind).decode_lines(text)
    except msgspec.MsgspecError as wrong:
        raise Unavailable(f"{spoken(words)} answered in an unexpected form: {clean(str(wrong), 200)}.") from None


def _tag(image: str) -> str:
    """`4.8.0` of `registry:5000/shop:4.8.0`; empty for an id and for an image without a tag."""
    return image.rpartition(":")[2] if ":" in image.rpartition("/")[2] and not image.startswith("sha256:") else ""


def _name(image: str) -> str:
    return image.removesuffix(f":{_tag(image)}") if _tag(image) else ""


def _with_it(order: Order, services: dict[str, _Service]) -> tuple[CheckLine, ...]:
    """What else the call starts anew: a service that this one depends on, such as the one that migrates."""
    alike = [
        name for name, one in services.items() if name != order.facts["service"] and _tag(one.image) == order.target
    ]
    if not alike or not order.facts["others"]:
        return ()
    named = clean(", ".join(sorted(alike)), 120)
    found = f"{named} has the same tag, and is started anew with it: the service depends on it"
    return (CheckLine(title="no other service goes back", ok=False, found=found, mend="add --no-deps: e", stops=False),)


def _ill(one: _Container) -> bool:
    return one.health not in ("", "healthy")


def _release(image: str, listed: _Image | None = None) -> Release:
    made = _MADE.match(listed.created_at) if listed else None
    tag = _tag(image)
    return Release(
        value=tag,
        identity=image,
        title="" if tag else f"the image {clean(image, 30)}, whose tag names another one by now",
        at=datetime.strptime(made[0], "%Y-%m-%d %H:%M:%S %z") if made else None,
        detail=clean(listed.size, 20) if listed else "",
        warning=f"{tag} is a tag that moves: it may name the faulty image." if tag in _MOVING else "",
    )


def _absent(name: str, order: Order) -> Release:
    never = order.facts["pull"] == "never"
    said = ", and --pull never fetches none" if never else ": it has to be pulled"
    return Release(
        value=order.target or "",
        identity=f"{name}:{order.target}",
        warning=f"The tag {clean(order.target or '', 60)} is not on this host{said}.",
        blocked=never,
    )
