"""`warroom railway`: the rollback that Railway's own program does not have, and what is needed to choose it."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import msgspec

from runbook.providers.provider import Unavailable
from runbook.providers.railway_api import Api, Deployment, roll_back, serving


def railway(what: str, deployment: str, *, as_json: bool, limit: float) -> int:
    """Carry it out; 0 only where what was asked for is so."""
    try:
        return asyncio.run(_act(what, deployment, as_json, limit))
    except Unavailable as silent:
        print(silent, file=sys.stderr)
        return 1


async def _act(what: str, deployment: str, as_json: bool, limit: float) -> int:
    api = Api(os.environ)
    if what == "rollback":
        done = await roll_back(api, deployment, limit, lambda line: print(line, flush=True))
        return 0 if done else 1
    found = await api.deployments()
    now, missing = serving(found)
    shown = found if what == "list" else (now,) if now else ()
    for one in shown:
        if not as_json:
            print(_line(one, one == now))
    if as_json:
        print(json.dumps([msgspec.to_builtins(one) | {"live": one == now} for one in shown], indent=2))
    if what == "live" and (now is None or missing):
        print(missing or "No deployment serves.", file=sys.stderr)
        return 1
    return 0


def _line(one: Deployment, live: bool) -> str:
    back = "serves" if live else "can be gone back to" if one.can_rollback else ""
    at = f"{one.at:%Y-%m-%d %H:%M}" if one.at else ""
    return "  ".join(part for part in (one.id, one.status.lower(), at, one.title, back) if part)
