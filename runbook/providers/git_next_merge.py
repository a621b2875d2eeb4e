"""What the next merge of main will do to a rollback that was published: found by merging, not by rule of thumb."""

from __future__ import annotations

from runbook.logs.clean import clean
from runbook.providers.git_ask import Ask
from runbook.providers.git_history import REVERTS
from runbook.providers.git_stage import staged
from runbook.providers.git_way_back import is_way_back

_MOST_COMMITS = 2000
_SHOWN = 5


async def next_merge(ask: Ask, main: str, before: str, now: str) -> str:
    """A sentence, or an empty one where what was pushed is no rollback or `main` is not known. Raises Unavailable."""
    if not await ask.commit(main) or not await _is_rollback(ask, before, now):
        return ""
    rolled = await _paths(ask, before, now)
    name = clean(main.removeprefix("refs/remotes/").partition("/")[2] or main, 100)
    again = await _again(ask, before, now)
    if await ask.is_ancestor(main, now):
        return (
            f"Merging {name} now says “already up to date”: what was rolled back stays away with later merges too,"
            f" until {again} or it is committed anew."
        )
    async with staged(ask, own_copy=False) as stage:
        merged = await stage.merge(now, main)
        if merged.conflicts or not merged.tree:
            where = _named(merged.conflicts)
            return f"The next merge of {name} will conflict in {where}." if where else ""
        still_away = frozenset(await _paths(stage.ask, before, merged.tree))
    back = [path for path in rolled if path not in still_away]
    if not back:
        return (
            f"The next merge of {name} leaves rolled back what was rolled back: it comes back only when {again}"
            " or it is committed anew."
        )
    if len(back) == len(rolled):
        return f"The next merge of {name} brings all of it back: mend {name} first."
    return f"The next merge of {name} brings part of it back ({_named(back)}): mend {name} first."


async def _is_rollback(ask: Ask, before: str, now: str) -> bool:
    """Whether a push put earlier files back: it rewound, reverted, or its files are those of an earlier commit."""
    if is_way_back((await ask.subject(now))[9:-1]):
        return False
    if await ask.is_ancestor(now, before):
        return True
    tree = await ask.tree(now)
    trees = await ask.maybe("log", f"-{_MOST_COMMITS}", "--format=%T", f"{before}~", "--")
    bodies = await ask.maybe("log", f"-{_MOST_COMMITS}", "--format=%B", now, f"^{before}", "--")
    return tree in trees.split() or REVERTS.search(bodies) is not None


async def _again(ask: Ask, before: str, now: str) -> str:
    added = await ask.count(now, f"^{before}")
    if not added:
        return "production is moved forward again"
    return f"{now[:7]} is reverted" if added == 1 else f"{before[:7]}..{now[:7]} are reverted"


async def _paths(ask: Ask, before: str, now: str) -> list[str]:
    said = await ask.maybe("diff", "--name-only", "--no-renames", "-z", before, now, "--")
    return [path for path in said.split("\0") if path]


def _named(paths: tuple[str, ...] | list[str]) -> str:
    more = f" … {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(clean(path, 100) for path in paths[:_SHOWN]) + more
