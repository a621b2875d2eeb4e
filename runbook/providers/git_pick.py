"""What a revert or a cherry-pick would do: which commits, with which conflicts, and whether it was done before."""

from __future__ import annotations

import re
from itertools import pairwise

from runbook.logs.clean import clean
from runbook.providers.git_calls import Invocation
from runbook.providers.git_history import picked_as, reverted_by, undoings
from runbook.providers.git_stage import Findings, Merged, Stage
from runbook.providers.git_text import Pick, pick_of
from runbook.providers.provider import Target

_SHA = re.compile(r"[0-9a-f]{7,64}\Z")


MOST = 50
"""Commits of a range that are played one by one."""


def key_of_commits(expression: str) -> str:
    """Under which key a preview keeps the commits that an expression named: `HEAD` is another one afterwards."""
    return f"commits of {expression}"


async def play_pick(stage: Stage, call: Invocation, found: Findings) -> None:
    """Play a `git revert` or `git cherry-pick`."""
    pick = pick_of(call, stage.variables)
    if pick.ends:
        if pick.ends == "--quit":
            found.lines.append(f"forgets what is left of the {pick.kind} that is under way in {stage.place}")
        else:
            found.lines.append(f"goes on with the {pick.kind} that is under way in {stage.place} ({pick.ends})")
            stage.move("")
        return
    if None in pick.commits or not pick.commits:
        found.block(f"Which commit to {pick.kind} is decided only when it runs.", "Write the commit in: e")
        return
    shas = list[str]()
    for expression in pick.commits:
        there = await _commits(stage, pick, expression or "", found)
        remember(stage, expression or "", there, found)
        shas += there
    await _in_order(stage, pick, shas, found)
    for sha in shas:
        if stage.head and not found.blocked:
            await _one(stage, pick, sha, found)


def remember(stage: Stage, expression: str, shas: tuple[str, ...], found: Findings) -> None:
    """What `HEAD` or a branch is called before: afterwards it is the commit that was made."""
    if not _SHA.match(expression):
        key, told = key_of_commits(expression), " ".join(shas) if stage.made.isdisjoint(shas) else ""
        found.expected[key] = told if found.expected.get(key, told) == told else ""


async def _in_order(stage: Stage, pick: Pick, shas: list[str], found: Findings) -> None:
    """Say it where reverts do not go from the newest to the oldest, or picks the other way round."""
    for first, second in pairwise(shas):
        early, late = (first, second) if pick.kind == "revert" else (second, first)
        if early != late and await stage.ask.is_ancestor(early, late):
            how = "The newest is reverted first" if pick.kind == "revert" else "The oldest is picked first"
            found.warn(
                f"{await stage.named(early)} is older than {await stage.named(late)}. {how}, or they get in each"
                " other's way."
            )
            return


async def _commits(stage: Stage, pick: Pick, expression: str, found: Findings) -> tuple[str, ...]:
    if ".." in expression:
        order = ("--reverse",) if pick.kind == "cherry-pick" else ()
        listed = await stage.ask.maybe("rev-list", *order, f"--max-count={MOST + 1}", "--end-of-options", expression)
        shas = tuple(listed.splitlines())
        if len(shas) > MOST:
            found.block(
                f"{clean(expression)} names more than {MOST} commits.", "Fewer at a time, so that each can be shown: e"
            )
    else:
        sha = await stage.resolve(expression)
        shas = (sha,) if sha else ()
    if not shas:
        found.block(
            f"{clean(expression)} is not a commit that this clone knows.", "git fetch origin, or pick another: e"
        )
    return shas


async def _one(stage: Stage, pick: Pick, sha: str, found: Findings) -> None:
    ask = stage.ask
    found.acts += 1
    parents = (await ask.text("rev-list", "--parents", "-n1", sha)).split()[1:]
    named = await stage.named(sha)
    if why := await _impossible(stage, pick, sha, named, parents, found):
        return found.block(*why)
    if there := await _already(stage, pick, sha, named):
        found.already.append(there)
        found.lines.append(there)
        return None
    parent = parents[(pick.mainline or 1) - 1] if parents else await _empty_tree(stage)
    found.lines += await _in_words(stage, pick, sha, named, parent)
    if pick.kind == "revert":
        await _brings_back(stage, sha, named, found)
    if pick.ff and parents == [stage.head]:
        found.lines.append(f"takes {named} itself, for it stands right on top: the same commit, nothing else with it")
        return stage.move(sha)
    merged = await _merged(stage, pick, sha, parent)
    if merged.conflicts:
        found.warn("will conflict in: " + ", ".join(merged.conflicts[:10]) + _more(len(merged.conflicts) - 10))
        stage.move("")
    elif not merged.tree:
        found.warn("Whether it will conflict cannot be told: git took too long over it, or is older than 2.38.")
        stage.move("")
    elif merged.tree == await ask.tree(stage.head):
        found.already.append(f"To {pick.kind} {named} changes nothing: {await stage.where()} is already so.")
    elif pick.no_commit:
        stage.staged = merged.tree
    else:
        stage.move(await stage.commit(merged.tree, await _message(stage, pick, sha), stage.head))
    return None


async def _brings_back(stage: Stage, sha: str, named: str, found: Findings) -> None:
    """Say it where what is reverted is a revert: carried out twice, `git revert HEAD` puts the faulty commit back."""
    for undoing in await undoings(stage.ask, "-1", sha):
        if undoing.sha == sha and undoing.reverts:
            gone = await stage.ask.subject(undoing.reverts[0])
            found.warn(f"{named} is a revert itself: to revert it brings {gone} back.")


async def _impossible(
    stage: Stage, pick: Pick, sha: str, named: str, parents: list[str], found: Findings
) -> tuple[str, str] | None:
    if not parents and pick.kind == "revert":
        return f"{named} is the first commit: reverting it would delete every file.", "Pick another: e"
    if len(parents) > 1 and not pick.mainline:
        found.choosing = "The parent to keep (mainline)"
        found.choices = tuple(
            [
                Target(
                    value=str(number), title=await stage.ask.subject(parent), detail=await stage.ask.change(parent, sha)
                )
                for number, parent in enumerate(parents, 1)
            ]
        )
        found.lines += [f"parent {choice.value}: {choice.title}" for choice in found.choices]
        return (
            f"{named} is a merge: git must be told which parent is the line to keep (mainline).",
            f"Usually the first: git {pick.kind} -m 1 {sha[:12]} keeps {found.choices[0].title}.",
        )
    if pick.mainline > len(parents) or (pick.mainline > 1 and len(parents) == 1):
        return (
            f"{named} has {len(parents)} parent{'s' * (len(parents) != 1)}, not {pick.mainline}.",
            "Give another -m: e",
        )
    if pick.kind == "revert" and not await stage.ask.is_ancestor(sha, stage.head):
        return f"{named} is not in {await stage.where()}, so there is nothing to revert.", "Pick another: e"
    return None


async def _already(stage: Stage, pick: Pick, sha: str, named: str) -> str:
    """Why the effect is there already, as a sentence; empty when it is not."""
    at = await stage.where()
    if pick.kind == "revert":
        by = await reverted_by(stage.ask, sha, stage.head)
        return f"{named} is already reverted, by {await stage.ask.subject(by)}, in {at}." if by else ""
    if await stage.ask.is_ancestor(sha, stage.head):
        return f"{named} is already in {at}."
    if by := await picked_as(stage.ask, sha, stage.head):
        return f"{named} is already in {at}, picked as {await stage.ask.subject(by)}."
    # A picked revert does what a revert does: the reverted commit must not be reverted here already.
    for undoing in await undoings(stage.ask, "-1", sha):
        for reverted in undoing.reverts if undoing.sha == sha else ():
            if await stage.ask.is_ancestor(reverted, stage.head) and (
                by := await reverted_by(stage.ask, reverted, stage.head)
            ):
                gone, undone_by = await stage.ask.subject(reverted), await stage.ask.subject(by)
                return f"{gone} is already reverted, by {undone_by}, in {at}."
    return ""


async def _in_words(stage: Stage, pick: Pick, sha: str, named: str, parent: str) -> list[str]:
    who = clean(await stage.ask.maybe("log", "-1", "--format=%an, %ar", sha, "--"), 200)
    names = (await stage.ask.maybe("diff", "--name-only", "--no-renames", "-z", parent, sha, "--")).split("\0")
    files = [clean(name, 100) for name in names if name]
    verb = "undoes" if pick.kind == "revert" else "brings"
    change = await stage.ask.change(parent, sha)
    listed = ", ".join(files[:4]) + _more(len(files) - 4)
    return [
        f"{pick.kind}s {named}, by {who}",
        f"{verb} {change}: {listed}" if change else f"{verb} no change of files",
        f"in {stage.place}, on {await stage.where()}",
    ]


async def _merged(stage: Stage, pick: Pick, sha: str, parent: str) -> Merged:
    ours, changed, before = await stage.ask.tree(stage.head), await stage.ask.tree(sha), await stage.ask.tree(parent)
    if stage.staged:
        ours = stage.staged
    base, theirs = (changed, before) if pick.kind == "revert" else (before, changed)
    return await stage.merged(base, ours, theirs)


async def _empty_tree(stage: Stage) -> str:
    return await stage.ask.text("hash-object", "-t", "tree", "-w", "/dev/null")


async def _message(stage: Stage, pick: Pick, sha: str) -> str:
    message = await stage.ask.maybe("log", "-1", "--format=%B", sha, "--")
    if pick.kind == "cherry-pick":
        return f"{message}\n\n(cherry picked from commit {sha})"
    return f'Revert "{message.partition(chr(10))[0]}"\n\nThis reverts commit {sha}.'


def _more(count: int) -> str:
    return f" … {count} more" if count > 0 else ""
