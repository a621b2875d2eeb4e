"""The engineer's own working copy: it may be changed in another terminal between a preview and its key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runbook.logs.clean import clean
from runbook.providers.git_ask import Ask
from runbook.providers.git_text import Push, invocations, pushes_of

_KEY = "working copy"


async def seen(ask: Ask, text: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Where HEAD stands and every local branch that is pushed, to be compared at the last moment."""
    names = dict.fromkeys(push.src for push in _pushes(text, variables) if push.src)
    branches = {name: await _branch(ask, name) for name in names}
    found = {f"{_KEY} {name}": sha for name, sha in branches.items() if sha}
    return {f"{_KEY} HEAD": await _head(ask)} | found


async def moved(ask: Ask, expected: Mapping[str, str]) -> str:
    """What stands elsewhere by now, as a sentence; empty where nothing does."""
    for key, before in expected.items():
        place, _, name = key.rpartition(" ")
        if place != _KEY:
            continue
        now = await (_head(ask) if name == "HEAD" else _branch(ask, name))
        if now != before:
            was, at = (clean(f"{where[:7]}{where[40:]}") or "nothing" for where in (before, now))
            return (
                f"{clean(name)} of your own working copy moved since the preview: it was {was}, now {at}. Look again: r"
            )
    return ""


async def _head(ask: Ask) -> str:
    branch = await ask.maybe("symbolic-ref", "--quiet", "--short", "HEAD")
    return f"{await ask.commit('HEAD')} {f'on {branch}' if branch else 'on no branch'}"


async def _branch(ask: Ask, name: str) -> str:
    return await ask.maybe("rev-parse", "--verify", "--quiet", f"refs/heads/{name}")


def _pushes(text: str, variables: Mapping[str, str]) -> Iterator[Push]:
    for call in invocations(text):
        if call.sub == "push":
            yield from pushes_of(call, variables)
