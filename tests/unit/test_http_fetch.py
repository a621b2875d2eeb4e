"""What a poll sends, seen by a real server."""

from __future__ import annotations

import asyncio

from runbook.signals.fetch import Asked
from runbook.signals.late_fetch import LateFetch


async def test_no_poll_carries_a_cookie_of_the_one_before() -> None:
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(4):
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: server=3; Path=/\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    fetch = LateFetch()
    await fetch.open()
    for _ in range(2):
        assert (await fetch.get(url, 5)).body == b"ok"
        assert (await fetch.probe(Asked(url), 5)).status == 200
    await fetch.close()
    server.close()
    assert len(heads) == 4
    assert not any("cookie" in head for head in heads)
