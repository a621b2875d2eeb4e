"""The first frame, in plain escape codes, before the screen's library is imported.

A person sees within a few milliseconds that the room is coming; the real screen draws over it.
"""

from __future__ import annotations

import os
import sys

ENTER_ALTERNATE = "\x1b[?1049h\x1b[H\x1b[2J\x1b[?25l"
LEAVE_ALTERNATE = "\x1b[?25h\x1b[?1049l"


_drawn = False


def no_terminal() -> str:
    """Why nothing could be drawn or typed here, with the mend; empty where it can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "warroom needs a terminal. Start it in one, or in tmux."
    if not sys.stderr.isatty():  # where Textual draws
        return "Standard error is redirected, and the screen is drawn there. Start it without `2>`."
    return ""


def first_frame(what: str) -> None:
    """Draw the room's outline at the terminal's size, once; nothing where there is no terminal."""
    global _drawn  # noqa: PLW0603 - the terminal is one, and so is its first frame
    if _drawn or no_terminal():
        return
    _drawn = True
    width, height = os.get_terminal_size(sys.stdout.fileno())
    name = "".join(char for char in what if char.isprintable())[: max(0, width - 20)]
    rows = [f"\x1b[1;1H warroom  {name}", f"\x1b[{height};1H opening …"]
    sys.stdout.write(ENTER_ALTERNATE + "".join(rows))
    sys.stdout.flush()


def no_room() -> None:
    """Give the terminal back where there will be no room after all."""
    if _drawn:
        sys.stdout.write(LEAVE_ALTERNATE)
        sys.stdout.flush()
