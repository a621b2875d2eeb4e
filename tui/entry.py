"""Where the program begins: a room's first frame is on screen before anything is imported."""

from __future__ import annotations

import gc
import os
import sys

_NO_ROOM = {"-h", "--help", "--list"}


def _fill_closed() -> None:
    """Give a standard stream that was closed something to stand for it: else the next file opened would be it."""
    for number, name, way in ((0, "stdin", os.O_RDONLY), (1, "stdout", os.O_RDONLY), (2, "stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            os.open(os.devnull, way)  # the lowest number that is free; writing data there fails, and is told
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def main() -> int:
    """Run the program; returns its exit code."""
    _fill_closed()
    command, *rest = sys.argv[1:] or [""]
    if command in ("open", "drill") and not _NO_ROOM.intersection(rest):
        from tui.skeleton import first_frame, piped

        if command == "open":
            piped()
        named = next((word for word in rest if not word.startswith("-")), "")
        # Nothing made while opening is thrown away, and looking for it costs pauses. The open room looks again.
        gc.disable()
        first_frame(f"drill {named}" if command == "drill" else named)
    from tui.cli import main as program

    return program()
