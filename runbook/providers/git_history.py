"""What a branch's history says: which commits are reverted, and whether that revert still stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from runbook.model import Record
from runbook.providers.git_ask import Ask, decoded
from runbook.providers.git_text import FULL_SHA

REVERTS = re.compile(r"This reverts commit ([0-9a-f]{7,64})\b")
PICKED = re.compile(r"\(cherry picked from commit ([0-9a-f]{40,64})\)")


class Undoing(Record, frozen=True):
    """A commit whose message says that it reverts or repeats others."""

    sha: str
    reverts: tuple[str, ...] = ()
    picked: tuple[str, ...] = ()


def standing_reverts(newest_first: Iterable[Undoing]) -> dict[str, str]:
    """Reverted commit → the revert that stands. A revert that was itself reverted does not count.

    A revert that was cherry-picked to another branch is known under both its names.
    """
    cancelled: set[str] = set()
    standing: dict[str, str] = {}
    for undoing in newest_first:
        if undoing.sha in cancelled or cancelled.intersection(undoing.picked):
            continue
        for reverted in undoing.reverts:
            cancelled.add(reverted)
            standing.setdefault(reverted, undoing.sha)
    return standing


async def undoings(ask: Ask, *revisions: str) -> tuple[Undoing, ...]:
    """The commits of a range whose messages speak of reverting or picking, newest first."""
    said = await ask.answer(
        "log",
        "-z",
        "--topo-order",
        "--extended-regexp",
        "--grep=This reverts commit [0-9a-f]{7}",
        "--grep=cherry picked from commit [0-9a-f]{40}",
        "--format=%H%n%B",
        *revisions,
        "--",
    )
    rows = [row.strip().partition("\n") for row in decoded(said.out).split("\0") if row.strip()] if said.ok else []
    whole = await _whole(ask, {name for _, _, body in rows for name in REVERTS.findall(body)})
    return tuple(
        Undoing(
            sha=sha,
            reverts=tuple(whole[name] for name in REVERTS.findall(body) if name in whole),
            picked=tuple(PICKED.findall(body)),
        )
        for sha, _, body in rows
    )


async def _whole(ask: Ask, names: set[str]) -> dict[str, str]:
    """Commits by their whole names: under `revert.reference`, and by hand, a revert is given the beginning of one."""
    whole = {name: name for name in names if FULL_SHA.match(name)}
    short = sorted(names - whole.keys())
    if short:
        asked = ("cat-file", "--batch-check=%(objectname) %(objecttype)")
        told = (await ask.text(*asked, feed="\n".join(short).encode() + b"\n")).splitlines()
        whole |= {name: line.split()[0] for name, line in zip(short, told, strict=False) if line.endswith(" commit")}
    return whole


async def reverted_by(ask: Ask, commit: str, head: str) -> str:
    """The standing revert of a commit in `head`'s history; empty when there is none."""
    return standing_reverts(await undoings(ask, head, f"^{commit}")).get(commit, "")


async def picked_as(ask: Ask, commit: str, head: str) -> str:
    """The commit of `head`'s history that says it was cherry-picked from `commit`, and still stands."""
    since = await undoings(ask, head, f"^{commit}")
    gone: Mapping[str, str] = standing_reverts(since)
    return next((one.sha for one in since if commit in one.picked and one.sha not in gone), "")
