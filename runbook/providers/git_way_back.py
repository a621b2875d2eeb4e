"""The way back from a push that moved a branch, as a ready step; nothing is forced and no history is lost."""

from __future__ import annotations

import re
import shlex

from runbook.logs.clean import clean
from runbook.model import Effect, Remedy
from runbook.providers.git_ask import Ask
from runbook.providers.git_text import Push, pushes

_MOST_NAMED = 20
"""Commits that the new commit's message names as undone."""


_WAY_BACK = re.compile(r"Bring .+ back to [0-9a-f]{7}")


def is_way_back(subject: str) -> bool:
    """Whether a commit's subject says that it takes a rollback back."""
    return _WAY_BACK.fullmatch(subject) is not None


async def way_back(ask: Ask, text: str, expected: dict[str, str]) -> Remedy | None:
    """The branch's former files on top of what was pushed; None where the text moved no branch, or several.

    Where the push had rewound the branch, its former commit is a descendant of the present one and is simply
    pushed again. None as well where somebody else has pushed since: theirs would be swept away. Raises Unavailable.
    """
    moved = [
        (push, push.remote or "origin", before)
        for push in pushes(text)
        if push.dst.startswith("refs/heads/") and (before := expected.get(f"{push.remote or 'origin'} {push.dst}"))
    ]
    if len(moved) != 1:
        return None
    push, remote, before = moved[0]
    now = (await ask.remote(remote, push.dst)).get(push.dst, "")
    if (
        not now
        or now == before
        or not await ask.commit(before)
        or not await _is_what_was_pushed(ask, push, now, before)
    ):
        return None
    branch = push.dst.removeprefix("refs/heads/")
    into = f"{shlex.quote(remote)} "
    if await ask.is_ancestor(now, before):
        command = f"git push --porcelain {into}{before}:{shlex.quote(push.dst)}"
        note = f"{clean(branch)} had been rewound: its former commit {before[:7]} is put on it again."
    else:
        message = f"-m {shlex.quote(f'Bring {branch} back to {before[:7]}')}{await _undone(ask, before, now)}"
        made = f"$(git commit-tree '{before}^{{tree}}' -p {now} {message})"
        command = f'NEW="{made}"\ngit push --porcelain {into}"$NEW":{shlex.quote(push.dst)}'
        note = f"One new commit with the files of {before[:7]} on top of {now[:7]}; history is kept."
    return Remedy(
        title=f"Bring {clean(branch)} back to what it was",
        text=command,
        effect=Effect.CHANGE,
        target=clean(branch),
        note=note,
    )


async def _is_what_was_pushed(ask: Ask, push: Push, now: str, before: str) -> bool:
    if not await ask.commit(now):
        return False
    if push.src:
        return await ask.commit(push.src) == now
    return await ask.commit(f"{now}^") == before  # its name was known to the shell only


async def _undone(ask: Ask, before: str, now: str) -> str:
    """What the new commit undoes, in git's own words, so that the same commit can be reverted again later."""
    listed = (await ask.maybe("rev-list", f"--max-count={_MOST_NAMED + 1}", now, f"^{before}", "--")).splitlines()
    named = "\n".join(f"This reverts commit {sha}." for sha in listed)
    return f" -m {shlex.quote(named)}" if 0 < len(listed) <= _MOST_NAMED else ""
