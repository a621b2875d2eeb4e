"""Where the program begins: a room's first frame is on screen before anything is imported."""

from __future__ import annotations

import gc
import sys

_NO_ROOM = {"-h", "--help", "--list"}


def with_command(words: list[str]) -> list[str]:
    """A first word that names a file or a book, which no command does, opens it: `warroom docs/ROLLBACK.md`.

    So does an option that only opening has: `warroom --new`.
    """
    if not words:
        return words
    option = words[0].startswith("--") and words[0] not in ("--help", "--version")
    place = not words[0].startswith("-") and any(sign in words[0] for sign in "./:")
    return ["open", *words] if option or place else words


def named_in(words: list[str]) -> str:
    """What a command line opens, as far as it may be drawn: an address may have a password in it, a value too."""
    return next((word for word in words if not word.startswith("-") and "://" not in word and "=" not in word), "")


def speaks_unicode() -> bool:
    """Whether the terminal's encoding holds more signs than ASCII and a few letters."""
    return "utf" in (getattr(sys.__stderr__, "encoding", None) or "utf")


def main() -> int:
    """Run the program; returns its exit code."""
    if not speaks_unicode():
        for stream in (sys.stdout, sys.stderr):  # a sign that the terminal does not know is a question mark
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.argv[1:] = with_command(sys.argv[1:])
    command, *rest = sys.argv[1:] or [""]
    if command in ("open", "drill") and not _NO_ROOM.intersection(rest):
        from tui.skeleton import first_frame, piped

        if command == "open":
            piped()
        named = named_in(rest)
        # Nothing made while opening is thrown away, and looking for it costs pauses. The open room looks again.
        gc.disable()
        first_frame(f"drill {named}" if command == "drill" else named)
    from tui.cli import main as program

    return program()
