"""Commits and tags to pick from, with what a person needs to see beside each."""

from __future__ import annotations

import asyncio
import re
from fnmatch import fnmatchcase

from runbook.logs.clean import clean
from runbook.providers.git_ask import Ask, Listed, change_in_words, list_commits, list_tags, look
from runbook.providers.git_history import standing_reverts, undoings
from runbook.providers.git_tags import hostile, remote_tag
from runbook.providers.provider import MOST_COMMITS, MOST_TAGS, Target, Unavailable

_SHA = re.compile(r"[0-9a-f]{40,64}")
BACKUPS = "refs/warroom/backup/*"
"""Where a rollback keeps what a branch was before it."""


OUTSIDE = "not in production's history"
_RAISES = re.compile(
    r"(?:\[?(?:chore|build|ci)\(release\)\]?:?\s*|\[?(?:prepare )?release\]?:?\s*"
    r"|(?:bump|raise|set)(?: the)?(?: version)?(?: to| from \S+ to)? |version )?v?\d+\.\d+[\w.+-]*",
    re.IGNORECASE,
)
"""How tools and people name the commit that only raises the version: `Release 3.5.2`, `chore(release): 3.5.2`."""
_FEW = re.compile(r"[123] files? ")


async def commits(ask: Ask, ref: str, production: str) -> tuple[Target, ...]:
    """The newest commits of a ref, newest first; those that production does not hold say so. Raises Unavailable."""
    await _require(ask, ref)
    listed, changes, beyond = await asyncio.gather(
        look(ask.path, lambda path: list_commits(path, ref, MOST_COMMITS)),
        _changes(ask, ref),
        ask.maybe("rev-list", f"-{MOST_COMMITS}", "--end-of-options", ref, f"^{production}"),
    )
    outside = frozenset(beyond.split())
    if outside.issuperset(one.sha for one in listed):  # production gets copies of the commits: that tells nothing
        outside = frozenset()
    oldest = tuple(f"^{parent}" for parent in listed[-1].parents) if listed else ()
    reverted = standing_reverts(await undoings(ask, ref, *oldest))
    return tuple(
        _commit(one, changes.get(one.sha, ""), reverted.get(one.sha, ""), inside=one.sha not in outside)
        for one in listed
    )


def _commit(one: Listed, change: str, reverted_by: str, *, inside: bool) -> Target:
    warnings = (
        "" if inside else OUTSIDE,
        f"already reverted by {reverted_by[:7]}" if reverted_by else "",
        "a merge: needs a mainline (-m 1)" if len(one.parents) > 1 else "",
        "" if one.parents else "the first commit: cannot be reverted",
        "raises the version, by its words" if _RAISES.fullmatch(one.subject.strip()) and _FEW.match(change) else "",
    )
    return Target(
        value=one.sha,
        title=clean(one.subject, 200),
        by=clean(one.author, 100),
        at=one.at,
        detail=change or "no change of files",
        warning="; ".join(filter(None, warnings)),
    )


async def _changes(ask: Ask, ref: str) -> dict[str, str]:
    """SHA → `3 files +12 −240`, in one question: asking each commit for its own costs 6 ms apiece."""
    said = await ask.text(
        "log", f"-{MOST_COMMITS}", "--format=%H", "--shortstat", "--no-renames", "--diff-merges=first-parent", ref, "--"
    )
    found: dict[str, str] = {}
    sha = ""
    for line in said.splitlines():
        if _SHA.fullmatch(line):
            sha = line
        elif line.strip():
            found[sha] = change_in_words(line)
    return found


async def tags(ask: Ask, pattern: str, production: str) -> tuple[Target, ...]:
    """The newest tags that fit a pattern, newest first, with their distance from production. Raises Unavailable."""
    listed = await look(
        ask.path, lambda path: list_tags(path, lambda name: fnmatchcase(name, pattern or "*"), MOST_TAGS)
    )
    head = await ask.commit(production)
    tree = await ask.tree(production)
    left = await _rolled_back_from(ask)
    return tuple([await _tag(ask, one, head, tree, left) for one in listed])


async def _rolled_back_from(ask: Ask) -> frozenset[str]:
    """The commits that rollbacks took a branch away from; none where origin is silent: the list is still of use."""
    try:
        return frozenset((await ask.remote("origin", BACKUPS)).values())
    except Unavailable:
        return frozenset()


async def _tag(ask: Ask, one: Listed, head: str, tree: str, left: frozenset[str]) -> Target:
    bad = hostile(one.name) or ("a rollback went away from it" if one.sha in left else "")
    current = one.tree == tree
    inside = bool(head) and await ask.is_ancestor(one.sha, head)
    back = await ask.count(head, f"^{one.sha}") if inside else 0
    place = f"{back} commits back" if back != 1 else "1 commit back"
    outside = OUTSIDE if head else ""
    return Target(
        # A name that does not show as it is must not be put into a command: its clean form is no tag, and refused.
        value=clean(one.name),
        title=clean(one.subject or one.name, 100),
        by=clean(one.author, 100),
        at=one.at,
        detail=place if inside else outside,
        current=current,
        warning=bad,
    )


async def _require(ask: Ask, ref: str) -> None:
    if not await ask.commit(ref):
        name = clean(ref.removeprefix("refs/remotes/"))
        raise Unavailable(f"{name} is not known in {clean(str(ask.path))}. git fetch origin, then r")


async def why_not_commit(ask: Ask, value: str, ref: str) -> str:
    """Why a value is no commit of a branch, as a sentence; empty when it is one."""
    if bad := _unfit(value):
        return bad
    sha = await ask.commit(value)
    if not sha:
        return (
            f"{clean(value, 100)} is not a commit that this clone knows. git fetch origin, or pick one from the list."
        )
    if not ref:
        return ""
    name = clean(ref.removeprefix("refs/remotes/"))
    head = await ask.commit(ref)
    if not head:
        return f"{name} is not known here, so whether it holds {sha[:7]} cannot be told. git fetch origin"
    return "" if await ask.is_ancestor(sha, head) else f"{await ask.subject(sha)} is not in {name}."


async def why_not_tag(ask: Ask, value: str, pattern: str) -> str:
    """Why a value is no tag that can be used, as a sentence; empty when it is one. Asks the remote."""
    if bad := _unfit(value):
        return bad
    if pattern and not fnmatchcase(value, pattern):
        return f"{clean(value, 100)} does not fit {clean(pattern)}."
    if not (await ask.answer("check-ref-format", f"refs/tags/{value}")).ok:
        return f"{clean(value, 100)} cannot be the name of a tag."
    here = await ask.commit(f"refs/tags/{value}")
    there = await remote_tag(ask, value)
    if not there:
        return f"origin has no tag {clean(value, 100)}."
    if not here:
        return f"The tag {clean(value)} is on origin but not here yet. git fetch --tags origin"
    return (
        ""
        if here == there
        else f"The tag {clean(value)} is {there[:7]} on origin, {here[:7]} here. git fetch --tags origin"
    )


def _unfit(value: str) -> str:
    if not value:
        return "There is no value."
    if value.startswith("-"):
        return f"{clean(value, 100)} begins with a dash: git would take it for an option."
    if clean(value) != value:
        return f"{clean(value, 100)} holds invisible or control characters."
    return ""
