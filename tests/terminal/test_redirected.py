"""A room that could not be seen, or not be typed into, does not open: it says why."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "warroom"


@pytest.mark.parametrize(
    ("redirected", "said"),
    [("stdin", "needs a terminal"), ("stdout", "needs a terminal"), ("stderr", "Standard error is redirected")],
)
def test_a_redirected_room_says_why_it_does_not_open(redirected: str, said: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    message = tmp_path / "message"
    with message.open("wb") as file, Path(os.devnull).open("rb") as nothing:
        streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        streams |= {redirected: nothing.fileno() if redirected == "stdin" else file.fileno()}
        env = os.environ | {"WARROOM_HOME": str(tmp_path / "home")}
        done = subprocess.run(
            [PROGRAM, "open", "book:helm"],
            env=env,
            timeout=60,
            stdin=streams["stdin"],
            stdout=streams["stdout"],
            stderr=streams["stderr"],
        )
    os.close(theirs)
    shown = message.read_bytes() if redirected == "stderr" else os.read(ours, 65536)
    os.close(ours)
    assert done.returncode == 2
    assert said in shown.decode() and "\x1b[?1049h" not in shown.decode()
