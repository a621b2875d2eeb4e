"""Synthetic smoke tests: how many of a list of requests are not answered as they should be."""

from __future__ import annotations

import asyncio

from runbook.logs.clean import clean
from runbook.model import Seconds
from runbook.signal_sources import Smoke
from runbook.signals.fetch import Asked, Probe, Reply, Unreadable
from runbook.signals.health import Check


async def ask_each(addresses: str, probe: Probe, deadline: Seconds) -> Reply:
    """Asks every address of a text, one a line, at the same time."""

    async def ask(url: str) -> Reply | str:
        try:
            return await probe(Asked(url), deadline)
        except Unreadable as wrong:
            return str(wrong)

    parts = await asyncio.gather(*map(ask, addresses.split("\n")))
    return Reply(200, parts=tuple(parts))


def checks_of(source: Smoke, reply: Reply) -> tuple[Check, ...]:
    """Each test by its name, with what came instead where it failed; those first, for a line may be cut off."""
    found: list[Check] = []
    silent = _all_silent(reply)
    for test, said in zip(source.tests, reply.parts, strict=True):
        name = clean(test.name, 40)
        if isinstance(said, str):
            found.append((f"{name} ({said})", None if silent else False))
        elif said.status in test.expected:
            found.append((name, True))
        else:
            found.append((f"{name} ({said.status})", False))
    return tuple(sorted(found, key=lambda check: check[1] is not False))


def value_of(source: Smoke, reply: Reply) -> float:
    """How many tests fail. Raises Unreadable when nobody answered: that may as well be the way from here to there."""
    if _all_silent(reply):
        reasons = dict.fromkeys(str(said) for said in reply.parts)
        raise Unreadable(f"no answer to any of {len(reply.parts)}: {', '.join(reasons)}")
    return float(sum(ok is False for _, ok in checks_of(source, reply)))


def _all_silent(reply: Reply) -> bool:
    return all(isinstance(said, str) for said in reply.parts)
