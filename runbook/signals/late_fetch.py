"""HTTP that is brought in at its first use, so that no start waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runbook.model import Seconds
from runbook.signals.fetch import Asked, Reply
from runbook.signals.names import on_own_threads

if TYPE_CHECKING:
    from runbook.signals.http_fetch import HttpFetch


class LateFetch:
    """`HttpFetch`, imported by a thread at its first use: httpx takes 190 ms, and the loop goes on meanwhile."""

    def __init__(self) -> None:
        self._fetch: HttpFetch | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        await self._opened()

    async def get(self, url: str, deadline: Seconds) -> Reply:
        return await (await self._opened()).get(url, deadline)

    async def probe(self, asked: Asked, deadline: Seconds) -> Reply:
        return await (await self._opened()).probe(asked, deadline)

    async def close(self) -> None:
        if self._fetch is not None:
            await self._fetch.close()

    async def _opened(self) -> HttpFetch:
        async with self._opening:
            if self._fetch is None:
                self._fetch = await asyncio.to_thread(_load)
                on_own_threads(asyncio.get_running_loop())
        return self._fetch


def _load() -> HttpFetch:
    from runbook.signals import http_fetch  # noqa: PLC0415 - late on purpose

    return http_fetch.HttpFetch()
