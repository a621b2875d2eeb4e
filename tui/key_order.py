"""Keys are given out one at a time, so that each finds the room as the one before it has left it."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from textual import events
from textual.message_pump import MessagePump

PATIENCE = 0.5
"""Seconds after which a key that a busy widget still holds no longer keeps the next ones waiting."""


class KeyOrder:
    """Holds a key back until the one before it is through.

    Textual gives a key to the widget that has the focus when the key arrives. One that this widget does not take
    climbs to the app; without an order the next ones, of a hand that types `2&ERROR` from memory, would meanwhile
    go to the old place.
    """

    def __init__(
        self,
        give: Callable[[events.Key | events.Paste], Awaitable[None]],
        way: Callable[[], Sequence[MessagePump]],
    ) -> None:
        """`give` is Textual's own dispatch; `way` names whom a key passes now, from the focus up to the app."""
        self._give = give
        self._way = way
        self._held: deque[events.Key | events.Paste] = deque()
        self._ahead: events.Key | events.Paste | None = None

    async def take(self, event: events.Key | events.Paste) -> None:
        """Give the event out, now or when those before it are through."""
        self._held.append(event)
        if self._ahead is None or event.time - self._ahead.time > PATIENCE:
            await self._next()

    async def _next(self) -> None:
        self._ahead = event = self._held.popleft()
        way = tuple(self._way())
        await self._give(event)
        self._follow(event, way)

    def _follow(self, event: events.Key | events.Paste, way: tuple[MessagePump, ...]) -> None:
        """Climb behind the key through the same queues; one that closes has no more to say about it."""
        for place, pump in enumerate(way[:-1]):
            if pump.call_later(self._follow, event, way[place + 1 :]):
                return
        way[-1].call_later(self._through, event)

    async def _through(self, event: events.Key | events.Paste) -> None:
        if event is self._ahead:
            self._ahead = None
            if self._held:
                await self._next()
