"""What git's own settings make of a push that leaves its destination to them, and where its URLs lead."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from runbook.logs.clean import clean, redact
from runbook.providers.git_calls import Invocation
from runbook.providers.git_stage import Findings, Stage
from runbook.providers.git_text import Push

_UPSTREAM = ("upstream", "tracking")


async def mind(stage: Stage, call: Invocation, push: Push, remote: str, found: Findings) -> None:
    """Block a push that the settings send elsewhere than its words say; say it where pushes go to another place."""
    await _elsewhere(stage, remote, found)
    if not (push.bare or push.short):
        return
    branch = stage.branch if push.bare else (push.src or "").removeprefix("refs/heads/")
    own = f"refs/heads/{branch}"
    if not branch or not await stage.has_ref(own):
        return
    default = await _setting(stage, call, "push.default")
    led = _mapped(await _setting(stage, call, f"remote.{remote}.push", "--get-all"), own, bare=push.bare)
    because = f"remote.{clean(remote)}.push"
    if not led and default in _UPSTREAM and push.short:
        led, because = await _upstream(stage, call, branch), f"push.default={default}"
    if push.bare and default == "matching":
        led, because = "every branch of the same name", f"push.default={default}"
    follows = await _upstream(stage, call, branch) if push.bare and default in ("", "simple") else ""
    there = await _setting(stage, call, f"branch.{branch}.remote") or "origin"
    mend = f"Say where it is to go: git push {clean(redact(remote))} {clean(branch)}:refs/heads/<branch>"
    if push.bare and not led and default == "nothing":
        found.block("The push names no branch, and git would refuse: push.default is nothing.", mend)
    elif push.bare and not led and follows not in ("", own) and there == remote:
        other = clean(follows.removeprefix("refs/heads/"))
        found.block(f"The push names no branch, and git would refuse: it follows {other}.", mend)
    elif led and led != own:
        said = clean(led.removeprefix("refs/heads/"), 100)
        found.block(f"Git's settings ({because}) send this to {said} on {clean(redact(remote))}.", mend)


async def _setting(stage: Stage, call: Invocation, name: str, how: str = "--get") -> str:
    given = tuple(part for one in call.settings for part in ("-c", one))
    return await stage.ask.maybe(*given, "config", how, name)


async def _upstream(stage: Stage, call: Invocation, branch: str) -> str:
    return stage.upstreams.get(branch) or await _setting(stage, call, f"branch.{branch}.merge")


def _mapped(specs: str, own: str, *, bare: bool) -> str:
    """Where `remote.<name>.push` sends a branch; without a ref in the command all that it names is pushed."""
    if bare:
        return "" if specs == f"{own}:{own}" else ", ".join(specs.split())
    for spec in specs.splitlines():
        src, _, dst = spec.removeprefix("+").partition(":")
        src = src if src.startswith("refs/") else f"refs/heads/{src}"
        if fnmatchcase(own, src) and dst:
            return dst.replace("*", own[len(src.partition("*")[0]) :]) if "*" in dst else dst
    return ""


async def _elsewhere(stage: Stage, remote: str, found: Findings) -> None:
    asked = await stage.ask.maybe("remote", "get-url", "--", remote)
    pushed = (await stage.ask.maybe("remote", "get-url", "--push", "--all", "--", remote)).splitlines()
    others = [url for url in pushed if _place(url) != _place(asked)]
    if asked and others:
        told = " and ".join(clean(redact(url), 120) for url in pushed)
        found.warn(
            f"{clean(remote)} is pushed to {told}, and was asked at {clean(redact(asked), 120)}: only that is shown."
        )


def _place(url: str) -> str:
    """An address without the way to it: `git@host:team/app.git` is `https://host/team/app`."""
    bare = re.sub(r"^\w+://", "", url.strip())
    bare = re.sub(r"^[^/@]*@", "", bare)
    return re.sub(r":\d+(?=/)", "", bare).replace(":", "/").removesuffix("/").removesuffix(".git").casefold()
