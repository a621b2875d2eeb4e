"""Counting in a log that pours: by ripgrep, a second's lines at once, so that the loop has only to show them."""

from __future__ import annotations

import asyncio
import os
import subprocess
from contextlib import suppress

from runbook.logs.index import HEAD, OpenFile
from runbook.logs.ripgrep import ripgrep
from runbook.logs.scan import COLOUR, Counted
from runbook.model import Seconds

POURS = 128 * 1024
"""Bytes between two looks from which a log pours: some megabytes a second."""
LEAST = 1024 * 1024
"""Bytes for which a process is worth its start."""
EVERY: Seconds = 1.0
"""Between two counts of a log that pours."""


class Flood:
    """Decides when what came is counted beside the loop, and does it; never where ripgrep is not installed."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._command: list[str] | None = None
        self._asked = False
        self._last: Seconds = float("-inf")

    @property
    def command(self) -> list[str] | None:
        if not self._asked:
            self._asked = True
            told = ripgrep(self._counted.sought) if self._counted.sought else None
            self._command = told and [*told[:-1], "--count", "-"]
        return self._command

    def wait(self, pending: int, now: Seconds) -> Seconds | None:
        """Seconds until so many bytes are to be counted beside the loop; None where it counts them itself, now."""
        if pending <= POURS or not self.command:
            self._last = now
            return None
        left = self._last + EVERY - now
        if left > 0:
            return min(left, EVERY)
        self._last = now
        return 0.0 if pending >= LEAST else None

    def give_up(self) -> None:
        """It could not be done: the loop counts from here on."""
        self._asked, self._command = True, None

    async def count(self, file: OpenFile, start: int, end: int) -> int | None:
        """The lines of [start, end), whole ones, that are counted; None when it could not be done."""
        return await asyncio.to_thread(self._count, file, start, end)

    def _count(self, file: OpenFile, start: int, end: int) -> int | None:
        assert self._command
        if not self._counted.match and COLOUR in file.read(HEAD, start):
            return None  # ripgrep takes a word's colour for a part of it
        try:
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError:
            return None
        assert process.stdin and process.stdout
        with process, process.stdin as into:
            try:
                while start < end and (sent := os.sendfile(into.fileno(), file.fd, file.begin + start, end - start)):
                    start += sent
            except OSError:
                process.kill()
            with suppress(OSError):
                into.close()
            told = process.stdout.read()
        if process.returncode not in (0, 1):  # 1: no line has it
            return None
        return int(told or b"0")
