"""The cache: a small client for the Redis protocol with one connection per process."""

import socket
import threading
import time
from typing import BinaryIO
from urllib.parse import urlsplit

from . import settings

SLOW_REPLY = 0.5


class CacheError(Exception):
    """The cache answered with an error."""


class Cache:
    """Get, set and ping. Raises OSError when the cache cannot be reached."""

    def __init__(self, url: str, timeout: float) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "127.0.0.1", parts.port or 6379)
        self.timeout = timeout
        self.slow_replies = 0
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._replies: BinaryIO | None = None
        self._opened = 0.0
        self._retry_at = 0.0

    def ping(self) -> bool:
        return self._ask("PING") == b"PONG"

    def get(self, key: str) -> str | None:
        reply = self._ask("GET", key)
        return None if reply is None else reply.decode()

    def set(self, key: str, value: str, lifetime: int) -> None:
        self._ask("SET", key, value, "EX", str(lifetime))

    def _ask(self, *words: str) -> bytes | None:
        with self._lock:
            started = time.monotonic()
            try:
                connection, replies = self._connected()
                connection.sendall(encoded(words))
                reply = read_reply(replies)
            except OSError:
                self._close()
                raise
            if time.monotonic() - started > SLOW_REPLY:
                self.slow_replies += 1
            return reply

    def _connected(self) -> tuple[socket.socket, BinaryIO]:
        if self._connection is None or self._replies is None:
            self._connection = socket.create_connection(self.address, self.timeout)
            self._replies = self._connection.makefile("rb")
            self._opened = time.monotonic()
        return self._connection, self._replies

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._replies = None


def encoded(words: tuple[str, ...]) -> bytes:
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        raw = word.encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(raw), raw))
    return b"".join(parts)


def read_reply(replies: BinaryIO) -> bytes | None:
    line = replies.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:]
    if kind == b"+":
        return rest
    if kind == b"-":
        raise CacheError(rest.decode())
    if kind != b"$":
        raise ConnectionError("the cache closed the connection")
    if rest == b"-1":
        return None
    return replies.read(int(rest) + 2)[:-2]


cache = Cache(settings.CACHE_URL, settings.CACHE_TIMEOUT)
