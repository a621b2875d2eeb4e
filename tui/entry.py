"""Where the program begins: a room's first frame is on screen before anything is imported."""

from __future__ import annotations

import gc
import sys

_NO_ROOM = {"-h", "--help", "--list"}


def main() -> int:
    """Run the program; returns its exit code."""
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
