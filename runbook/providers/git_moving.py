"""What a checkout or a reset would do: where HEAD goes, or which files are put back."""

from __future__ import annotations

import shlex

from runbook.logs.clean import clean
from runbook.providers.git_calls import Invocation
from runbook.providers.git_pick import remember
from runbook.providers.git_stage import Findings, Stage
from runbook.providers.git_tags import check_remote_tag
from runbook.providers.git_text import reset_of
from runbook.providers.git_way_out import conflicts
from runbook.providers.provider import Unavailable
from runbook.providers.shell_words import Word


async def play_checkout(stage: Stage, call: Invocation, found: Findings) -> None:
    """Play a `git checkout` or `git switch`."""
    arguments = call.arguments(stage.variables)
    new = next(iter(call.given("-b", "-B", "-c", "-C", "--create", "--force-create", "--orphan")), "")
    if new:
        return await _new_branch(stage, call, new, arguments[0] if arguments else "HEAD", found)
    if files := await _files(stage, call):
        await would_be_lost(stage, files, found)
        found.lines.append(f"puts files back in {stage.place}; HEAD stays where it is")
        stage.staged = ""
        return None
    if call.has("-f", "--force", "--discard-changes"):
        await would_be_lost(stage, (), found)
    name = arguments[0] if arguments else "HEAD"
    if name is None:
        found.warn(f"Where it goes is decided only when it runs: {clean(call.words[0].shown, 100)}.")
        stage.branch = stage.head = stage.staged = ""
        return None
    await _goes_to(stage, await _before(stage) if name == "-" else name, call.has("--detach", "-d"), found)
    return None


async def _goes_to(stage: Stage, name: str, detach: bool, found: Findings) -> None:
    branch, sha = await _destination(stage, name, detach)
    if not sha:
        return found.block(
            f"{clean(name)} is neither a branch nor a commit here.", "git fetch origin, or another value: e"
        )
    if branch and await stage.has_ref(f"refs/tags/{branch}"):
        found.warn(f"There is a tag and a branch {clean(branch)}: the branch wins.")
    await check_remote_tag(stage, name, found)
    stage.before = stage.branch or stage.head
    stage.branch = branch
    stage.head, stage.staged = sha, ""
    found.lines.append(f"goes to {await stage.where()} in {stage.place}; nothing else changes")
    await _stale(stage, name, branch, found)
    return None


async def _before(stage: Stage) -> str:
    """The branch, or the commit, that HEAD was on before: where `git checkout -` goes."""
    branch = stage.before or await stage.ask.maybe("rev-parse", "--abbrev-ref", "@{-1}")
    return branch or await stage.ask.maybe("rev-parse", "--verify", "--quiet", "@{-1}") or "-"


async def _files(stage: Stage, call: Invocation) -> tuple[Word, ...]:
    """The files that a checkout or a reset names instead of moving HEAD; none where it names no file."""
    first = call.arguments(stage.variables)[:1]
    if call.paths or len(call.words) > 1:
        commit = bool(first) and (first[0] is None or bool(await stage.resolve(first[0])))
        return (*call.words[1 if commit else 0 :], *call.paths)
    if not first or not first[0] or await stage.resolve(first[0]):
        return ()
    return call.words if await stage.ask.maybe("ls-files", "--", first[0]) else ()


async def _destination(stage: Stage, name: str | None, detach: bool) -> tuple[str, str]:
    """The branch (empty: detached) and the commit that a checkout goes to."""
    if not name:
        return "", ""
    if not detach and await stage.has_ref(f"refs/heads/{name}"):
        return name, await stage.resolve(f"refs/heads/{name}")
    if sha := await stage.resolve(name):
        return "", sha
    if detach:
        return "", ""
    return name, await stage.resolve(f"refs/remotes/origin/{name}")  # git makes the branch by itself


async def _new_branch(stage: Stage, call: Invocation, name: str, start: str | None, found: Findings) -> None:
    sha = await stage.resolve(start)
    if not sha:
        return found.block(
            f"{clean(start or 'the start')} is not a commit here.", "git fetch origin, or another value: e"
        )
    if call.has("-b", "-c", "--create") and await stage.has_ref(f"refs/heads/{name}"):
        return found.block(f"The branch {clean(name)} is there already: git would refuse.", "Use another name: e")
    stage.branch, stage.head = name, sha
    stage.refs[f"refs/heads/{name}"] = sha
    followed = (start or "").removeprefix("refs/remotes/").partition("/")
    if followed[0] == "origin" and not call.has("--no-track"):
        stage.upstreams[name] = f"refs/heads/{followed[2]}"
    found.lines.append(f"makes the branch {await stage.where()} in {stage.place}; nothing else changes")
    return None


async def _stale(stage: Stage, name: str, branch: str, found: Findings) -> None:
    """Say so when what the clone knows of a branch is older than the remote."""
    tracked = branch or name.removeprefix("refs/remotes/").removeprefix("origin/")
    if not branch and not name.removeprefix("refs/remotes/").startswith("origin/"):
        return
    ref = f"refs/heads/{tracked}"
    try:
        there = (await stage.ask.remote("origin", ref)).get(ref, "")
    except Unavailable as silent:
        found.warn(f"{silent} So whether {clean(tracked)} moved is not known.")
        return
    if there and there != stage.head and not await stage.ask.is_ancestor(there, stage.head):
        at = await stage.named(there)
        found.warn(f"{clean(tracked)} on origin is at {at}, newer than what this clone has. First: git fetch origin")


async def play_reset(stage: Stage, call: Invocation, found: Findings) -> None:
    """Play a `git reset`."""
    reset = reset_of(call, stage.variables)
    if await _files(stage, call):
        return None
    if reset.commit is None:
        return found.block("Where it goes is decided only when it runs.", "Write the commit in: e")
    sha = await stage.resolve(reset.commit)
    if not sha:
        return found.block(f"{clean(reset.commit)} is not a commit here.", "git fetch origin, or another value: e")
    await check_remote_tag(stage, reset.commit, found)
    if reset.commit not in ("HEAD", "@"):
        remember(stage, reset.commit, (sha,), found)
    before = stage.head
    if before == sha:
        files = await conflicts(stage.ask) if reset.mode in ("--merge", "--hard") else ()
        in_conflict = f"; out of the conflict in {', '.join(files[:5])}" if files else ""
        found.lines.append(f"stays on {await stage.where()} and puts its files back in {stage.place}{in_conflict}")
    elif before:
        dropped = await stage.ask.count(before, f"^{sha}")
        found.lines.append(
            f"moves {clean(stage.branch) or 'HEAD'} in {stage.place} from {await stage.named(before)}"
            f" to {await stage.named(sha)}" + (f", {dropped} commit{'s' * (dropped != 1)} back" if dropped else "")
        )
        led = f"-C {shlex.quote(str(stage.ask.path))} " if call.directory else ""
        found.way_back.append(f"git {led}reset {reset.mode} {before}")
    if not stage.own_copy:
        found.lines.append("only the clean room changes")
    elif reset.mode == "--hard":
        await would_be_lost(stage, (), found)
    stage.move(sha)
    return None


async def would_be_lost(stage: Stage, paths: tuple[Word, ...], found: Findings) -> None:
    """Say how much of the engineer's own work a command throws away: of these paths, or all of it."""
    named = [word.value(stage.variables) for word in paths]
    if not stage.own_copy or None in named:
        return
    asked = ("-c", "core.fsmonitor=false", "status", "--porcelain", "--untracked-files=no", "--")
    if dirty := await stage.ask.maybe(*asked, *(name or "." for name in named)):
        found.warn(f"{len(dirty.splitlines())} files with uncommitted work would be lost.")
