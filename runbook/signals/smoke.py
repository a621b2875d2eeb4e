"""Synthetic smoke tests: how many of a list of requests are not answered as they should be."""

from __future__ import annotations

import asyncio

from runbook.logs.clean import clean
from runbook.model import Seconds
from runbook.signal_sources import Smoke
from runbook.signals.fetch import Asked, Probe, Reply, Unreadable
from runbook.signals.health import Check
from runbook.signals.standing import Part


async def ask_each(addresses: str, probe: Probe, deadline: Seconds) -> Reply:
    """Asks every address of a text, one a line, at the same time."""

    async def ask(url: str) -> Reply | str:
        try:
            return await probe(Asked(url), deadline)
        except Unreadable as wrong:
            return str(wrong)

    parts = await asyncio.gather(*map(ask, addresses.split("\n")))
    return Reply(200, parts=tuple(parts))


def parts_of(source: Smoke, reply: Reply) -> tuple[Part, ...]:
    """Each test in its order: what it should be answered with, and what came."""
    silent = _all_silent(reply)
    found: list[Part] = []
    for test, said in zip(source.tests, reply.parts, strict=True):
        got = said if isinstance(said, str) else str(said.status)
        ok = None if silent else not isinstance(said, str) and said.status in test.expected
        found.append(Part(clean(test.name, 40), ok, test.wanted, got))
    return tuple(found)


def why_of(parts: tuple[Part, ...]) -> str:
    """What came instead where a test failed, for the record: `projects 500, not 200 or 401`; empty where none did."""
    return " · ".join(f"{part.name} {part.got}, not {part.expected}" for part in parts if part.ok is False)


def checks_of(source: Smoke, reply: Reply) -> tuple[Check, ...]:
    """Each test by its name, with what came instead where it failed; those first, for a line may be cut off."""
    found = [(part.name if part.ok else f"{part.name} ({part.got})", part.ok) for part in parts_of(source, reply)]
    return tuple(sorted(found, key=lambda check: check[1] is not False))


def value_of(source: Smoke, reply: Reply) -> float:
    """How many tests fail. Raises Unreadable when nobody answered: that may as well be the way from here to there."""
    if _all_silent(reply):
        reasons = dict.fromkeys(str(said) for said in reply.parts)
        raise Unreadable(f"no answer to any of {len(reply.parts)}: {', '.join(reasons)}")
    return float(sum(part.ok is False for part in parts_of(source, reply)))


def _all_silent(reply: Reply) -> bool:
    return all(isinstance(said, str) for said in reply.parts)
