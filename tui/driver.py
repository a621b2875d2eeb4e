"""The terminal's keys, read without waking up ten times a second to see whether there is one."""

from __future__ import annotations

import os
import select
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

HALF_A_KEY = 0.1
"""Seconds after which the parser is asked whether an escape was the key of that name, and not a key's first byte."""


class Bell(Event):
    """An event that can be waited for beside a file."""

    def __init__(self) -> None:
        super().__init__()
        self.heard, self._rope = os.pipe()

    def set(self) -> None:
        if not self.is_set():
            super().set()
            os.write(self._rope, b"!")

    def clear(self) -> None:
        if self.is_set():
            super().clear()
            os.read(self.heard, 1)


class PatientDriver(LinuxDriver):
    """Textual's driver, whose thread for the keys sleeps until there is one."""

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self.exit_event: Bell = Bell()

    def run_input_thread(self) -> None:
        read_keys(self.fileno, self.exit_event, XTermParser(self._debug), self.process_message)


def read_keys(terminal: int, end: Bell, parser: XTermParser, give: Callable[[Message], None]) -> None:
    """Hands on what is typed, until the bell rings or the terminal is gone.

    A byte that is no character, from a paste or a terminal of another encoding, is handed on as U+FFFD: Textual's own
    thread ends on it, and the app with it.
    """
    decode = getincrementaldecoder("utf-8")("replace").decode
    while not end.is_set():
        half = parser._timeout_time is not None
        if terminal in select.select((terminal, end.heard), (), (), HALF_A_KEY if half else None)[0]:
            typed = _read(terminal)
            if not typed:
                break
            if text := decode(typed):  # none is the end for the parser, and not half a character
                for event in parser.feed(text):
                    give(event)
        for event in parser.tick():
            give(event)
    with suppress(EOFError, ParseError):
        list(parser.feed(""))


def _read(terminal: int) -> bytes:
    """What is there; nothing once the terminal is gone."""
    with suppress(OSError):
        return os.read(terminal, 4096)
    return b""
