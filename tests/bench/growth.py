"""A log that grows at a steady rate, written by a process of its own, with the time of every write."""

from __future__ import annotations

import os
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARKER = "END_OF_THE_LOG"
_STAMP = struct.Struct("<dq")
_TICK = 0.01
_BODIES = (
    b'{"ts":"%s","level":"info","msg":"#%09d payment authorised","latency_ms":17,"svc":"checkout"}',
    b'ts=%s level=warn msg="#%09d timeout waiting for lock" svc=search latency_ms=3021 peer=10.0.3.7:443',
    b'10.0.3.7 - - [%s] "GET /#%09d/api/v1/cart HTTP/1.1" 200 5123 "https://shop.example/cart" "Mozilla/5.0 (X11)"',
    b"%s api ERROR #%09d circuit breaker half-open upstream=payments status=503 latency_ms=250 attempt=3 request=77c1",
)


class Lines:
    """Lines of four forms with a rising number and time."""

    def __init__(self) -> None:
        self.number = 0
        self.at = 1_790_000_000.0

    def block(self, count: int) -> bytes:
        self.at += count / 100_000
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.at)).encode()
        first, self.number = self.number, self.number + count
        return b"".join(_BODIES[number & 3] % (stamp, number) + b"\n" for number in range(first, self.number))

    def marker(self, text: str = MARKER) -> bytes:
        self.number += 1
        return b"%s #%09d\n" % (text.encode(), self.number - 1)

    def fill(self, path: Path, size: int) -> None:
        """A file of about that size which ends with the marker."""
        written = 0
        with path.open("wb", buffering=0) as out:
            while written < size:
                written += out.write(self.block(20_000))
            out.write(self.marker())


class Growth:
    """What was written and when."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def stamps(self) -> list[tuple[float, int]]:
        """(time after the write, newest number) of every write so far."""
        return list(_STAMP.iter_unpack(self._path.read_bytes()))


@contextmanager
def grow(path: Path, per_second: int, lines: Lines) -> Iterator[Growth]:
    """The file grows until the block is left; the writer is a process, so that it takes nothing from the parser."""
    with tempfile.NamedTemporaryFile() as stamps:
        writer = os.fork()
        if writer == 0:
            try:
                _write(path, per_second, lines, stamps.name)
            finally:
                os._exit(0)
        try:
            yield Growth(Path(stamps.name))
        finally:
            os.kill(writer, 9)
            os.waitpid(writer, 0)


def _write(path: Path, per_second: int, lines: Lines, stamps: str) -> None:
    parent = os.getppid()
    began, done = time.monotonic(), 0
    with open(stamps, "ab", buffering=0) as told:
        while os.getppid() == parent:
            wanted = int((time.monotonic() - began) * per_second) - done
            if wanted > 0:
                wanted = min(wanted, max(1, per_second // 4))
                with path.open("ab", buffering=0) as out:  # by its name each time: somebody may rotate it
                    out.write(lines.block(wanted))
                done += wanted
                told.write(_STAMP.pack(time.monotonic(), lines.number - 1))
            time.sleep(_TICK)
