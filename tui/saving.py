"""What a person takes out of the room: a snapshot of everything on it, a text in the clipboard."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from runbook.logs.redact import redact

if TYPE_CHECKING:
    from tui.log_desk import Taken
    from tui.room_screen import RoomScreen


async def snapshot(screen: RoomScreen) -> dict[str, bytes]:
    """The signals' samples, the log's visible lines, and the screen as text and picture."""
    conductor = screen.conductor
    series = {
        name: [(sample.at, sample.value, sample.why) for sample in found.since(0)]
        for name, found in conductor.outlook.monitor.series.items()
    }
    view = screen.log_desk.view if screen.log_desk else None
    lines = view.hand.seen(200) if view else ()
    picture = screen.app.export_screenshot(title="warroom")
    return {
        "signals.json": msgspec.json.encode(series),
        "log.txt": "\n".join(map(redact, lines)).encode(),
        "screen.svg": picture.encode(),
    }


async def take(screen: RoomScreen, taken: Taken) -> None:
    """Copies log lines, or keeps them with the incident; says what was done and where they are."""
    many = f"{len(taken.lines):,} line{'s' * (len(taken.lines) != 1)}"
    if not taken.lines:
        screen.say("There is no line to take.")
    elif taken.how == "copy":
        screen.say(f"{many}: {await copy(screen, chr(10).join(taken.lines) + chr(10))}", good=True)
    else:
        text = "\n".join(map(redact, (f"# {taken.about}", *taken.lines))) + "\n"
        (saved,) = await screen.conductor.save({"log.txt": text.encode()}, f"{many} of {taken.about}")
        screen.say(f"Kept {many} with the incident: {screen.conductor.folder / saved.path}", good=True)


async def copy(screen: RoomScreen, text: str) -> str:
    """Put a text where it can be pasted; says where it went. tmux's own buffer works where OSC 52 is switched off."""
    if os.environ.get("TMUX") and shutil.which("tmux"):
        loader = await asyncio.create_subprocess_exec(
            "tmux", "load-buffer", "-w", "-", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await loader.communicate(text.encode())
        if loader.returncode == 0:
            return "Copied to tmux's buffer (and the clipboard, where tmux may)."
    screen.app.copy_to_clipboard(text)
    # No terminal says whether it took it: a file is there in any case.
    file = screen.conductor.folder / "copied.txt"
    await asyncio.to_thread(_write, file, redact(text).encode())
    return f"Copied to the terminal's clipboard, where it allows that; and to {file}"


def _write(file: Path, content: bytes) -> None:
    handle = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(content)
