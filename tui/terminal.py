"""The last line between the room and the terminal: no raw control byte out, and a clean exit on every path."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from rich.console import RenderableType
from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen

_C0 = {code: 0x2400 + code for code in range(0x20)}
_OTHERS = (*range(0x80, 0xA0), 0x61C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_VISIBLE = _C0 | {0x7F: 0x2421} | dict.fromkeys(_OTHERS, 0xFFFD)


class NoControls(LineFilter):
    """Makes every control and bidi character visible, whatever widget it came through.

    Text from outside passes the cleaning gate long before; this is for the widget that forgot. A
    control byte that reaches the terminal can make it answer, and an answer arrives as key presses.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if segment.control or segment.text.isprintable() else segment._replace(text=_clean(segment.text))
            for segment in segments
        ]


def _clean(text: str) -> str:
    return text.translate(_VISIBLE)


GOODBYE = 20.0
"""Seconds after which a room that was told to end does so without its last word: a disk may hang."""
PATIENCE = 3.0
ENDED_BY_SIGNAL = 128 + signal.SIGTERM
ENDING = {signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP", signal.SIGQUIT: "SIGQUIT"}


BACKLOG = 20
"""Frames that may wait for the terminal. Behind thirty Textual waits too, and with it everything that the room does."""


OWED = 0.2
"""Seconds after a frame that was left out until all of it is painted."""


class UnhinderedApp(App[str]):
    """A terminal that takes no more (a connection that stalls) holds up the picture, never the app."""

    _owes_a_frame = False

    def get_driver_class(self) -> type[Driver]:
        from tui.driver import PatientDriver

        return PatientDriver

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        writer = getattr(self._driver, "_writer_thread", None)
        if writer is None or writer._queue.qsize() < BACKLOG:
            super()._display(screen, renderable)
        elif not self._owes_a_frame:
            self._owes_a_frame = True
            self.set_timer(OWED, self._paint_all)

    def _paint_all(self) -> None:
        self._owes_a_frame = False
        self.screen.refresh()


def leave_on_signals(leave: Callable[[str], Awaitable[None]]) -> None:
    """Turn the signals that end a session into an orderly exit: record, restore the terminal, go."""
    loop = asyncio.get_running_loop()
    leaving: list[asyncio.Task[None]] = []

    def ask(name: str) -> None:
        if not leaving:
            leaving.append(loop.create_task(_run(leave, name)))

    def hung_up() -> None:
        with suppress(RuntimeError):  # the room had ended
            loop.call_soon_threadsafe(ask, "SIGHUP")

    for number, name in ENDING.items():
        loop.add_signal_handler(number, ask, name)
    threading.Thread(target=_wait_for_the_end_of, args=(sys.__stderr__, hung_up), daemon=True).start()


def _wait_for_the_end_of(screen: IO[str] | None, hung_up: Callable[[], None]) -> None:
    """SIGHUP goes to the session's leader alone: where that is `make` or a wrapper, the room would wait for a screen
    that takes no more bytes, and keep the wheel for ever."""
    if screen is None or not screen.isatty():
        return
    poll = select.poll()
    poll.register(screen, 0)  # nothing but the end
    if any(event & select.POLLHUP for _, event in poll.poll()):
        hung_up()


async def _run(leave: Callable[[str], Awaitable[None]], name: str) -> None:
    _end_within(GOODBYE)
    try:
        await leave(name)
    finally:
        # The record is closed. A terminal that is gone takes no more bytes, and the screen would wait for it for ever.
        _end_within(PATIENCE)


def _end_within(seconds: float) -> None:
    last = threading.Timer(seconds, os._exit, (ENDED_BY_SIGNAL,))
    last.daemon = True
    last.start()


def crash_note(error: BaseException, folder: Path) -> str:
    """Keep a fault's traceback in a private file; returns the sentence to print.

    No local variables: they hold tokens. The file is for the person who mends the program.
    """
    from runbook.logs.redact import redact

    text = "".join(traceback.format_exception(error))
    safe = "\n".join(redact(line) for line in text.splitlines())
    path = folder / f"fault-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(safe + "\n")
    except OSError as trouble:
        return f"warroom stopped on a fault of its own ({type(error).__name__}); it could not be kept: {trouble}"
    return (
        f"warroom stopped on a fault of its own ({type(error).__name__}). The record is whole; what was running\n"
        f"goes on. Start warroom again to go on. The details, without values: {path}"
    )
