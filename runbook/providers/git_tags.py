"""Tags as they are on the remote: what a command names here may be missing or another one there."""

from __future__ import annotations

import re

from runbook.logs.clean import clean
from runbook.providers.git_ask import Ask
from runbook.providers.git_stage import Findings, Stage
from runbook.providers.provider import Unavailable

_PEEL = re.compile(r"[\^~].*\Z", re.DOTALL)
"""What leads on from a tag: no name has one of these in it."""
_META = frozenset("$`|&;<>(){}[]*?!'\"\\~# ")


async def check_remote_tag(stage: Stage, expression: str, found: Findings) -> None:
    """Block a command whose tag is not on origin, or is another commit there."""
    name = _PEEL.sub("", expression).removeprefix("refs/tags/").removeprefix("tags/")
    ref = f"refs/tags/{name}"
    if not expression.startswith(("refs/tags/", "tags/")) and not await stage.has_ref(ref):
        return
    if ref in stage.refs:
        return  # made by the commands before it
    try:
        there = await remote_tag(stage.ask, name)
    except Unavailable as silent:
        found.warn(f"{silent} So whether the tag {clean(name)} is the same there is not known.")
        return
    here = await stage.resolve(ref)
    if not there:
        found.block(f"origin has no tag {clean(name)}.", "Pick another: e")
    elif here and here != there:
        found.block(
            f"The tag {clean(name)} is {there[:7]} on origin and {here[:7]} here: it was moved.",
            "git fetch --tags origin, then r",
        )


async def remote_tag(ask: Ask, name: str) -> str:
    """The commit (peeled) that a tag names on origin; empty when it is not there. Raises Unavailable."""
    ref = f"refs/tags/{name}"
    there = await ask.remote("origin", ref, f"{ref}^{{}}")
    return there.get(f"{ref}^{{}}", there.get(ref, ""))


def hostile(name: str) -> str:
    """What is wrong with a name that came from elsewhere, as a sentence; empty when it is plain."""
    if clean(name) != name or not name.isprintable():
        return "The name holds invisible or control characters."
    if set(name) & _META:
        return "The name holds characters that a shell would act on."
    if name.startswith("-"):
        return "The name begins with a dash, as an option does."
    return ""
