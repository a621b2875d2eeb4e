"""What a poll brings back, and where it comes from; the HTTP itself is in `http_fetch`, brought in late."""

from __future__ import annotations

import asyncio
from typing import Protocol

from runbook.model import Record, Seconds


class Unreadable(Exception):
    """A poll that told nothing; the text is the sentence to show."""


class Reply(Record, frozen=True):
    """An answer of any status. `took` is until its last byte; `age` is how long a cache kept it."""

    status: int
    body: bytes = b""
    content_type: str = ""
    took: Seconds = 0
    age: Seconds = 0
    date: float | None = None
    """The answer's `Date`, Unix seconds by the server's clock."""

    @property
    def made(self) -> float | None:
        """The server's clock at the moment of the answer; `Date` has whole seconds, so half of one is added."""
        return None if self.date is None else self.date + self.age + 0.5


class Request(Record, frozen=True):
    """What one poll asks: an address by GET, or a command. `<param>`s in its text are still open."""

    text: str
    is_command: bool = False


class Fetch(Protocol):
    """Where answers come from: `LateFetch`, or a test's own."""

    async def open(self) -> None:
        """Gets ready for the first `get`; cheap when it is."""

    async def get(self, url: str, deadline: Seconds) -> Reply:
        """Raises Unreadable."""

    async def close(self) -> None: ...


class LateFetch:
    """`HttpFetch`, imported by a thread at its first use: httpx takes 190 ms, and the loop goes on meanwhile."""

    def __init__(self) -> None:
        self._fetch: Fetch | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        await self._opened()

    async def get(self, url: str, deadline: Seconds) -> Reply:
        return await (await self._opened()).get(url, deadline)

    async def close(self) -> None:
        if self._fetch is not None:
            await self._fetch.close()

    async def _opened(self) -> Fetch:
        async with self._opening:
            if self._fetch is None:
                self._fetch = await asyncio.to_thread(_load)
        return self._fetch


def _load() -> Fetch:
    from runbook.signals.http_fetch import HttpFetch  # noqa: PLC0415 - late on purpose

    return HttpFetch()
