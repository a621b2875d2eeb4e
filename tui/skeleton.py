"""The first frame, in plain escape codes, before the screen's library is imported.

A person sees within a few milliseconds that the room is coming; the real screen draws over it.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress

ENTER_ALTERNATE = "\x1b[?1049h\x1b[H\x1b[2J\x1b[?25l"
LEAVE_ALTERNATE = "\x1b[?25h\x1b[?1049l"


_rows = ""
_piped = -1


def no_terminal() -> str:
    """Why nothing could be drawn or typed here, with the mend; empty where it can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "warroom needs a terminal. Start it in one, or in tmux."
    if not sys.stderr.isatty():  # where Textual draws
        return "Standard error is redirected, and the screen is drawn there. Start it without `2>`."
    return ""


def piped() -> int:
    """What is piped in, as another descriptor: from then on the terminal itself is stdin, for the keys. -1: nothing."""
    global _piped  # noqa: PLW0603 - there is one stdin
    if _piped < 0 and sys.stdout.isatty() and sys.stderr.isatty() and not sys.stdin.isatty():
        with suppress(OSError):  # no terminal to take its place: what is piped in stays where it is
            mode = os.fstat(0).st_mode
            if stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode):
                keys = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
                _piped = os.dup(0)
                os.dup2(keys, 0)
                os.close(keys)
    return _piped


def first_frame(what: str) -> None:
    """Draw the room's outline at the terminal's size, once; nothing where there is no terminal."""
    global _rows  # noqa: PLW0603 - the terminal is one, and so is its first frame
    if _rows or no_terminal():
        return
    width, height = os.get_terminal_size(sys.stdout.fileno())
    name = "".join(char for char in what if char.isprintable())[: max(0, width - 20)]
    _rows = f"\x1b[1;1H warroom  {name}\x1b[{height};1H opening …"
    sys.stdout.write(ENTER_ALTERNATE + _rows)
    sys.stdout.flush()


def wiped() -> str:
    """The first frame once more: a terminal that enters the alternate screen a second time wipes it (tmux does not)."""
    return _rows


def no_room() -> None:
    """Give the terminal back where there will be no room after all, or something to be asked first."""
    global _rows  # noqa: PLW0603 - as above
    if _rows:
        _rows = ""
        sys.stdout.write(LEAVE_ALTERNATE)
        sys.stdout.flush()
