"""A tiny app around one widget, a clock that a test moves, and waiting for a condition instead of a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget


class Heard:
    """Collects the messages of some kinds; give `heard` to `run_test(message_hook=…)`."""

    def __init__(self, *kinds: type[Message]) -> None:
        self.kinds = kinds
        self.messages: list[Message] = []

    def __call__(self, message: Message) -> None:
        # A message that bubbles passes the hook at each widget on its way.
        if isinstance(message, self.kinds) and not any(message is known for known in self.messages):
            self.messages.append(message)

    @property
    def names(self) -> list[str]:
        return [type(message).__name__ for message in self.messages]


class Host(App[None]):
    """One widget that fills the screen. `m` and `q` are keys of the room, to see who takes them."""

    BINDINGS = [("m", "count", "method"), ("q", "count", "leave")]

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget
        self.counted = 0

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        self.widget.focus()

    def action_count(self) -> None:
        self.counted += 1


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self, _event: events.Event | None = None) -> float:
        return self.now


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    """Waits for a condition; fails after ten seconds."""
    for _ in range(1000):
        if holds():
            return
        await pilot.pause()
        await asyncio.sleep(0.01)
    raise AssertionError("the condition did not come to hold within ten seconds")


def shown(app: App[Any]) -> str:
    """The screen as one text."""
    return "\n".join(screen_text(app))


def screen_text(app: App[Any]) -> list[str]:
    """The screen as plain lines."""
    return ["".join(segment.text for segment in strip).rstrip() for strip in app.screen._compositor.render_strips()]
