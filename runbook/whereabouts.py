"""Where an incident goes on: in the repository in which it was opened, wherever warroom is started again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from runbook.providers.clean_room import absolute


def goes_on_in(incident: Path, here: Path | None) -> Path | None:
    """The repository for an incident's commands: the one it was opened in, unless `here` is a clone of the same origin.

    None where that one is gone, or where there never was any: what was meant for it must not run in another.
    """
    room = incident / "clean-room"
    opened_in = _setting(room, "warroom.repository")
    if not opened_in or (here is not None and here.resolve() == Path(opened_in)):
        return here
    origin = _setting(room, "remote.origin.url")
    if here is not None and absolute(_setting(here, "remote.origin.url"), here) == origin:
        return here
    return Path(opened_in) if Path(opened_in).is_dir() else None


def _setting(repository: Path, name: str) -> str:
    if not repository.is_dir():
        return ""
    command = ["git", "-C", str(repository), "config", "--local", "--get", name]
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        asked = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=5)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return asked.stdout.rstrip("\n") if asked.returncode == 0 else ""
