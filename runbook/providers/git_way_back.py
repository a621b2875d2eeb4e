"""The way back from a push that moved a branch, as a ready step; nothing is forced and no history is lost."""

from __future__ import annotations

import shlex

from runbook.logs.clean import clean
from runbook.model import Effect, Remedy
from runbook.providers.git_ask import Ask
from runbook.providers.git_text import pushes


async def way_back(ask: Ask, text: str, expected: dict[str, str]) -> Remedy | None:
    """The branch's former files on top of what it holds now; None where the text moved no branch, or several.

    Where the push had rewound the branch, its former commit is a descendant of the present one and is simply
    pushed again. Raises Unavailable.
    """
    moved = [
        (push.remote or "origin", push.dst, before)
        for push in pushes(text)
        if push.dst.startswith("refs/heads/") and (before := expected.get(f"{push.remote or 'origin'} {push.dst}"))
    ]
    if len(moved) != 1:
        return None
    remote, ref, before = moved[0]
    now = (await ask.remote(remote, ref)).get(ref, "")
    if not now or now == before or not await ask.commit(now) or not await ask.commit(before):
        return None
    branch = ref.removeprefix("refs/heads/")
    into = f"{shlex.quote(remote)} "
    if await ask.is_ancestor(now, before):
        command = f"git push --porcelain {into}{before}:{shlex.quote(ref)}"
        note = f"{clean(branch)} had been rewound: its former commit {before[:7]} is put on it again."
    else:
        message = shlex.quote(f"Bring {branch} back to {before[:7]}")
        made = f"$(git commit-tree '{before}^{{tree}}' -p {now} -m {message})"
        command = f'NEW="{made}"\ngit push --porcelain {into}"$NEW:{ref}"'
        note = f"One new commit with the files of {before[:7]} on top of {now[:7]}; history is kept."
    return Remedy(
        title=f"Bring {clean(branch)} back to what it was",
        text=command,
        effect=Effect.CHANGE,
        target=clean(branch),
        note=note,
    )
