"""Looking names up on threads of their own.

asyncio does it on the few threads that all blocking work of the room shares: a name server that does not answer
holds each of them for half a minute, and with them other signals, a search, the next step, and the end of the program.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from functools import partial
from typing import Any

Asked = tuple[Any, ...]


class Names:
    """The lookups of one event loop: a daemon thread for each that runs, shared by all who ask the same."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running: dict[Asked, asyncio.Future[Any]] = {}

    async def look_up(
        self, host: Any, port: Any, *, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        """As `loop.getaddrinfo`. One who stops waiting stops nobody else; the lookup ends when it ends."""
        asked = (host, port, family, type, proto, flags)
        found = self._running.get(asked)
        if found is None:
            found = self._running[asked] = self._loop.create_future()
            found.add_done_callback(partial(self._ended, asked))
            threading.Thread(target=self._ask, args=(asked, found), name="lookup", daemon=True).start()
        return await asyncio.shield(found)

    def _ask(self, asked: Asked, found: asyncio.Future[Any]) -> None:
        try:
            settle = partial(found.set_result, socket.getaddrinfo(*asked))
        except Exception as error:  # whatever it is belongs to those who wait for it
            settle = partial(found.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(settle)

    def _ended(self, asked: Asked, found: asyncio.Future[Any]) -> None:
        del self._running[asked]
        if not found.cancelled():
            found.exception()  # looked at: nobody may be waiting any more


def on_own_threads(loop: asyncio.AbstractEventLoop) -> None:
    """From now on this loop looks names up on threads of their own."""
    if not isinstance(getattr(loop.getaddrinfo, "__self__", None), Names):
        loop.getaddrinfo = Names(loop).look_up  # type: ignore[method-assign]
