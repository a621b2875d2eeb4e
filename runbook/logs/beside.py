"""A process of ours beside the room: it lives as long as its stdin, whichever way the room goes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any


class Beside:
    """Takes JSON lines, says JSON lines (`told`); `lost` is called when it ended by itself."""

    def __init__(self, told: Callable[[dict[str, Any]], None], lost: Callable[[], None]) -> None:
        self._told, self._lost = told, lost
        self.process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._said = b""

    async def start(
        self, argv: Sequence[str], env: Mapping[str, str], lines: Sequence[Mapping[str, object]], fd: int = -1
    ) -> None:
        """Starts it beside the loop, in a session of its own; `fd` is handed on. Raises OSError."""
        process = await asyncio.to_thread(_spawn, argv, env, lines, fd)
        if self._closed:
            _end(process)
            return
        self.process = process
        assert process.stdout
        asyncio.get_running_loop().add_reader(process.stdout.fileno(), self._heard)

    def send(self, line: Mapping[str, object]) -> None:
        """Tells it something more; nothing when it is gone."""
        if self.process and self.process.stdin:
            try:
                self.process.stdin.write(json.dumps(line).encode() + b"\n")
                self.process.stdin.flush()
            except OSError:
                return  # `lost` is on its way

    def _heard(self) -> None:
        assert self.process and self.process.stdout
        data = os.read(self.process.stdout.fileno(), 65536)
        *whole, self._said = (self._said + data).split(b"\n")
        for line in whole:
            self._told(json.loads(line))
        if not data:
            self._deaf()
            self._lost()

    def _deaf(self) -> None:
        assert self.process and self.process.stdout
        asyncio.get_running_loop().remove_reader(self.process.stdout.fileno())

    def close(self) -> None:
        """Lets the life line go; nobody waits for the end."""
        self._closed = True
        if self.process is not None:
            self._deaf()
            _end(self.process)
            self.process = None


def _spawn(
    argv: Sequence[str], env: Mapping[str, str], lines: Sequence[Mapping[str, object]], fd: int
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=dict(env),
        start_new_session=True,
        pass_fds=(fd,) if fd >= 0 else (),
    )
    assert process.stdin
    process.stdin.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    process.stdin.flush()
    return process


_ending: list[subprocess.Popen[bytes]] = []
"""Processes whose life line was let go; the dead among them are reaped when the next one is."""


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin and process.stdout
    with suppress(OSError):  # it was gone already
        process.stdin.close()
    process.stdout.close()
    _ending.append(process)
    _ending[:] = [one for one in _ending if one.poll() is None]
