"""The practice production's cache: as much of the Redis protocol as the shop speaks, in memory."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from typing import cast

KEYS = 20_000
"""When there are more, the oldest go."""


class CacheServer(socketserver.ThreadingTCPServer):
    """Answers PING, GET and SET with EX on a free port of 127.0.0.1."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CacheHandler)
        self.kept: dict[str, tuple[float, bytes]] = {}
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.socket.getsockname()[1]}"

    def answer(self, words: list[bytes]) -> bytes:
        """The reply to one command, as bytes of the protocol."""
        name = words[0].upper() if words else b""
        if name == b"PING":
            return b"+PONG\r\n"
        if name == b"GET" and len(words) == 2:
            value = self.get(words[1].decode(errors="replace"))
            return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)
        if name == b"SET" and len(words) == 5 and words[4].isdigit():
            self.set(words[1].decode(errors="replace"), words[2], int(words[4]))
            return b"+OK\r\n"
        return b"-ERR unknown command\r\n"

    def get(self, key: str) -> bytes | None:
        with self.lock:
            ends, value = self.kept.get(key, (0.0, b""))
            return value if ends > time.monotonic() else None

    def set(self, key: str, value: bytes, lifetime: int) -> None:
        with self.lock:
            self.kept.pop(key, None)
            self.kept[key] = (time.monotonic() + lifetime, value)
            while len(self.kept) > KEYS:
                del self.kept[next(iter(self.kept))]


class CacheHandler(socketserver.StreamRequestHandler):
    """One client."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        server = cast(CacheServer, self.server)
        try:
            while words := self._command():
                self.wfile.write(server.answer(words))
        except (OSError, ValueError):
            return  # the client is gone, or speaks something else

    def _command(self) -> list[bytes]:
        head = self.rfile.readline(64)
        if not head.startswith(b"*"):
            return []
        words = []
        for _ in range(min(int(head[1:]), 16)):
            length = min(int(self.rfile.readline(64)[1:]), 2**16)
            words.append(self.rfile.read(length + 2)[:-2])
        return words


def reserved_port() -> socket.socket:
    """A socket that holds a port on which nobody listens: connecting to it is refused."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    return holder
