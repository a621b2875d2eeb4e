"""Servers on 127.0.0.1 that misbehave, one function each, and time that passes only when the test says so."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
import zlib
from collections.abc import Awaitable, Callable
from types import TracebackType

PATIENCE = 30.0
"""Real seconds after which a test that waits is ended: nothing is measured by them."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class StillTime:
    """The loop's own clock, stopped: its timers, and with them every deadline, run only through `pass_`.

    It is the monitor's clock as well, so that a watch of minutes is over in the time its requests take.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.late = False
        self.moved = asyncio.Event()

    def __enter__(self) -> StillTime:
        loop = asyncio.get_running_loop()

        def give_up() -> None:
            self.late = True
            loop.call_soon_threadsafe(self.moved.set)

        loop.time = lambda: self.now  # type: ignore[method-assign]
        self._guard = threading.Timer(PATIENCE, give_up)
        self._guard.daemon = True
        self._guard.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._guard.cancel()
        del asyncio.get_running_loop().time

    def wall(self) -> float:
        return 1_000_000.0 + self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def pass_(self, seconds: float) -> None:
        self.now += seconds

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits without letting time pass; `moved` is to be set by whatever may have changed the answer."""
        while not condition():
            assert not self.late, f"{what}: has not come"
            await self.moved.wait()
            self.moved.clear()


class Servers:
    """Listeners that answer each connection with one function; closed all at once."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.StreamWriter] = set()

    async def listen(self, serve: Serve, tls: ssl.SSLContext | None = None, port: int = 0) -> int:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._open.add(writer)
            try:
                if serve is not never:
                    await reader.readuntil(b"\r\n\r\n")
                await serve(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                self._open.discard(writer)
                writer.close()

        self._servers.append(await asyncio.start_server(connection, "127.0.0.1", port, ssl=tls))
        return int(self._servers[-1].sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """As when the machine goes away under them: connections are reset, ports are free again."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.gather(*(server.wait_closed() for server in servers))


def answer(body: bytes, kind: str = "application/json", status: str = "200 OK", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def says(*parts: bytes) -> Serve:
    """Answers one request with these bytes and hangs up."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(parts))
        await writer.drain()

    return serve


def keeps_saying(current: Callable[[], bytes]) -> Serve:
    """Answers request after request on one connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(current())
            await writer.drain()
            await reader.readuntil(b"\r\n\r\n")

    return serve


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
HTML = answer(b"<!doctype html><title>Sign in</title>", "text/html")


async def never(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Accepts and says nothing, until the client gives up."""
    await reader.read()


async def half_a_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    await reader.read()


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A byte a second: something always comes, and it never ends."""
    writer.write(HEAD + b"Content-Length: 9999\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(1)


async def bomb(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"\r\n")
    while not writer.is_closing():
        writer.write(b"[" * 65536)
        await writer.drain()


async def endless_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.is_closing():
        writer.write(b"X-More: and more\r\n" * 1000)
        await writer.drain()


async def gzip_bomb(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A kilobyte on the wire is a megabyte of zeros, again and again."""
    packer = zlib.compressobj(wbits=31)
    first, more = (packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    writer.write(HEAD + b"Content-Encoding: gzip\r\n\r\n" + first)
    while not writer.is_closing():
        writer.write(more * 50)
        await writer.drain()


async def hollow_gzip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Gzip without an end that holds nothing: however much comes, there is no byte to count."""
    writer.write(HEAD + b"Content-Encoding: gzip\r\n\r\n")
    while not writer.is_closing():
        writer.write(gzip.compress(b"") * 2000)
        await writer.drain()


def cut_gzip(body: bytes, kind: str) -> bytes:
    """A whole HTTP answer around a gzip stream that stops in its middle."""
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(body) + packer.flush(zlib.Z_SYNC_FLUSH)
    return answer(packed, kind, more="Content-Encoding: gzip\r\n")


def packed(*members: bytes, kind: str = "application/json") -> bytes:
    return answer(b"".join(map(gzip.compress, members)), kind, more="Content-Encoding: gzip\r\n")
