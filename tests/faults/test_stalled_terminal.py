"""A terminal that takes no more bytes, as a connection that stalls: the room goes on, and can be told to end."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

from tests.faults.test_keeper import until

WARROOM = Path(sys.executable).with_name("warroom")
BOOK = """\
version: 1
id: ferry
title: Ferry
methods:
  - {{id: halt, title: Halt, steps: [{{id: one, title: Look, run: echo one}}]}}
logs:
  - {{id: app, title: Ferry log, path: {log}}}
"""


def test_a_room_goes_on_while_its_terminal_stands_still_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    book, log = tmp_path / "ferry.yaml", tmp_path / "ferry.log"
    book.write_text(BOOK.format(log=log))
    log.touch()
    env = os.environ | {"WARROOM_HOME": str(tmp_path / "home"), "TERM": "xterm-256color"}
    subprocess.run([WARROOM, "trust", book], env=env, check=True, capture_output=True, timeout=60)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (45, 160))
    room = subprocess.Popen(
        [WARROOM, "open", book, "--new"], env=env, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs
    )
    seen = bytearray()

    def shows(text: bytes) -> bool:
        seen.extend(_read(ours))
        return text in seen

    try:
        until(lambda: shows(b"Ferry log"), "the log pane")
        os.write(ours, b"2")
        until(lambda: not _read(ours, 0.3), "a picture that stands still")
        _pour(log, "first")
        until(lambda: shows(b"first 299"), "the newest line once the terminal takes bytes again")
        _pour(log, "second")
        room.send_signal(signal.SIGTERM)
        until(lambda: room.poll() is not None, "the end of the room")
    finally:
        room.kill()
        room.wait()
        os.close(ours)
        os.close(theirs)
    (incident,) = (tmp_path / "home" / "incidents").iterdir()
    asked = [str(WARROOM), "timeline", incident.name, "--json"]
    assert (
        '"room-left"' in subprocess.run(asked, env=env, capture_output=True, text=True, check=True, timeout=60).stdout
    )


def _pour(log: Path, word: str) -> None:
    """Lines at the pace of a log: each a frame, of which nobody takes one."""
    with log.open("a") as out:
        for number in range(300):
            out.write(f"{word} {number} {'x' * 200}\n")
            out.flush()
            time.sleep(0.01)


def _read(terminal: int, seconds: float = 0.05) -> bytes:
    return os.read(terminal, 65536) if select.select([terminal], [], [], seconds)[0] else b""
