"""What a merge or a pull would do, as git's settings have it: which commits come, and whether one is made of them."""

from __future__ import annotations

from runbook.logs.clean import clean, redact
from runbook.providers.git_calls import Invocation
from runbook.providers.git_stage import Findings, Stage


async def play_merge(stage: Stage, call: Invocation, found: Findings) -> None:
    """Play a `git merge`."""
    if call.has("--abort", "--quit", "--continue"):
        return
    name = (call.arguments(stage.variables) or (None,))[0]
    await _merge_commit(stage, call, name, found)


async def play_pull(stage: Stage, call: Invocation, found: Findings) -> None:
    """Play a `git pull`: what it brings is asked of the remote, not of what was fetched last. Raises Unavailable."""
    arguments, own = call.arguments(stage.variables), f"branch.{stage.branch}"
    remote = (arguments[0] if arguments else await stage.ask.maybe("config", "--get", f"{own}.remote")) or "origin"
    follows = (await stage.ask.maybe("config", "--get", f"{own}.merge")).removeprefix("refs/heads/")
    branch = (arguments[1] if len(arguments) > 1 else follows or stage.branch) or ""
    found.lines.append(f"fetches from {clean(redact(remote))}")
    if not branch or ":" in branch:
        return stage.move("")
    there = (await stage.ask.remote(remote, f"refs/heads/{branch}")).get(f"refs/heads/{branch}", "")
    name = f"{branch} of {redact(remote)}"
    tip = there if there and await stage.ask.commit(there) else await stage.resolve(f"refs/remotes/{remote}/{branch}")
    if await _rebases(stage, call) and not (stage.head and tip and not await stage.ask.count(stage.head, f"^{tip}")):
        at = await stage.where()
        found.lines.append(f"puts what {at} has of its own anew on top of {clean(name)}: its commits get other names")
        return stage.move("")
    if there and there != tip:
        found.lines.append(f"merges {clean(name)} into {await stage.where()}")
        found.warn(
            f"{clean(name)} is at {there[:7]}, which is not here yet: what it brings cannot be shown. First: git fetch"
        )
        return stage.move("")
    return await _merge_commit(stage, call, tip, found, name)


async def _rebases(stage: Stage, call: Invocation) -> bool:
    if call.has("--rebase", "-r", "--no-rebase"):
        return not call.has("--no-rebase") and "false" not in call.given("--rebase")
    own = await stage.ask.maybe("config", "--get", f"branch.{stage.branch}.rebase") if stage.branch else ""
    return (own or await stage.ask.maybe("config", "--get", "pull.rebase")) not in ("", "false", "no", "off", "0")


async def _merge_commit(stage: Stage, call: Invocation, name: str | None, found: Findings, called: str = "") -> None:
    if not stage.head:
        return None
    other = await stage.resolve(name)
    shown = clean(called or (name or "what to merge").removeprefix("refs/remotes/"))
    if not other:
        return found.block(f"{shown} is not a commit here.", "git fetch origin, or another value: e")
    await _stale_merge(stage, name or "", found)
    added = await stage.ask.count(other, f"^{stage.head}")
    if not added:
        found.lines.append(f"nothing to merge: {await stage.where()} holds all of {shown} already")
        return None
    found.lines.append(f"merges {added} commit{'s' * (added != 1)} of {shown} into {await stage.where()}:")
    found.lines += await stage.listed(10, other, f"^{stage.head}")
    always, only = await _fast_forward(stage, call)
    if await stage.ask.is_ancestor(stage.head, other) and not always and not call.has("--squash"):
        stage.move(other)
        return None
    if only:
        return found.block(
            f"git would refuse: {await stage.where()} has commits of its own.", "git reset, or another method: m"
        )
    merged = await stage.merge(stage.head, other)
    if merged.conflicts:
        found.warn("will conflict in: " + ", ".join(merged.conflicts[:10]))
    if call.has("--squash", "--no-commit"):
        stage.staged = merged.tree
        found.lines.append("makes no commit of it yet")
    else:
        stage.move(await stage.commit(merged.tree, f"Merge {shown}", stage.head, other) if merged.tree else "")
    return None


async def _fast_forward(stage: Stage, call: Invocation) -> tuple[bool, bool]:
    """Whether a merge makes a commit also where none is needed, and whether it refuses one that is needed."""
    said = {"--no-ff": "false", "--ff-only": "only", "--ff": "true"}
    given = [said[option.name] for option in call.options if option.name in said]
    keys = ("pull.ff", "merge.ff") if call.sub == "pull" else ("merge.ff",)
    settings = [await stage.ask.maybe("config", "--get", key) for key in keys]
    how = next((one for one in (*given[-1:], *settings) if one), "true")
    return how in ("false", "no", "off", "0"), how == "only"


async def _stale_merge(stage: Stage, name: str, found: Findings) -> None:
    if not name.startswith("refs/") and await stage.has_ref(f"refs/heads/{name}"):
        here = await stage.resolve(f"refs/heads/{name}")
        known = await stage.resolve(f"refs/remotes/origin/{name}")
        if known and known != here and await stage.ask.is_ancestor(here, known):
            found.warn(f"Your local {clean(name)} is behind origin/{clean(name)}: merge that one instead.")
