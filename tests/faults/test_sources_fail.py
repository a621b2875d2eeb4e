"""However a source fails, it ends as a hole with its reason, in time, and its neighbours keep their pace."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from runbook.model import Signal
from runbook.signal_sources import Exposition, Health, HttpJson, Prometheus, SignalSource
from runbook.signals.fetch import LateFetch
from runbook.signals.monitor import Monitor

EVERY = 1.0
DEADLINE = 2.0
"""What a poll of one second's interval is given."""
SLACK = 1.5
"""For a machine that is busy: the deadline itself is measured from within."""
PATIENCE = 15.0

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Listen = Callable[..., Awaitable[int]]


def answer(body: bytes, kind: str = "application/json", status: str = "200 OK", more: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
    )
    return head.encode() + body


def says(whole: bytes) -> Serve:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(whole)
        await writer.drain()

    return serve


async def black_hole(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()  # until the client gives up


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def bomb(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"[" * 65536)
        await writer.drain()


async def cut_off(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"n": 0')
    await writer.drain()


GOOD = says(answer(b'{"n": 7}'))
HTML = answer(b"<html>Sign in</html>", "text/html")


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    """Starts servers on 127.0.0.1 that answer each connection with one function; gives their port."""
    servers: list[asyncio.Server] = []
    open_now: set[asyncio.StreamWriter] = set()

    async def start(serve: Serve, tls: ssl.SSLContext | None = None) -> int:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            open_now.add(writer)
            try:
                if serve is not black_hole:
                    await reader.read(65536)
                await serve(reader, writer)
            except OSError:
                pass
            finally:
                open_now.discard(writer)
                writer.close()

        servers.append(await asyncio.start_server(connection, "127.0.0.1", 0, ssl=tls))
        return int(servers[-1].sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close()
    for writer in list(open_now):
        writer.transport.abort()


def sources(base: str) -> dict[str, SignalSource]:
    return {
        "json": HttpJson(f"{base}/n", path="n"),
        "page": Exposition(f"{base}/metrics", metric="n"),
        "server": Prometheus(base, "n"),
    }


def signals(base: str) -> list[Signal]:
    return [Signal(name, name, source, every=EVERY) for name, source in sources(base).items()]


async def looked(base: str) -> tuple[dict[str, str], float]:
    """Why each kind of source has no value at an address, and how long that took; a value is a failure."""
    fetch = LateFetch()
    monitor = Monitor(signals(base), fetch=fetch)
    begun = time.monotonic()
    try:
        await asyncio.wait_for(monitor.look(), PATIENCE)
    finally:
        await fetch.close()
    took = time.monotonic() - begun
    for name, value, why in monitor.readings():
        assert value is None and why, f"{name} says {value!r} ({why!r})"
    return {name: why for name, _, why in monitor.readings()}, took


@pytest.mark.parametrize(
    ("serve", "why"),
    [
        (black_hole, "timed out after 2 s"),
        (drip, "timed out after 2 s"),
        (bomb, "larger than 1 MiB"),
        (cut_off, "before the answer was complete"),
        (says(b"SSH-2.0-OpenSSH_9.6\r\n"), "before the answer was complete"),
        (says(answer(b"", status="302 Found", more="Location: http://127.0.0.2:9/\r\n")), "which is not followed"),
        (says(answer(b"", status="302 Found", more="Location: /again\r\n")), "redirected more than"),
        (says(HTML), ""),
        (says(answer(b"\x89PNG\r\n\x1a\n\0\0", "image/png")), ""),
        (says(answer(b"")), ""),
    ],
    ids=["black hole", "drip", "bomb", "cut off", "not http", "elsewhere", "loop", "html", "picture", "empty"],
)
async def test_a_bad_answer_is_a_hole_with_its_reason_within_the_deadline(
    listen: Listen, serve: Serve, why: str
) -> None:
    told, took = await looked(f"http://127.0.0.1:{await listen(serve)}")
    assert all(why in each for each in told.values()), told
    assert took < DEADLINE + SLACK


async def test_nobody_listening_and_a_name_without_an_address_are_holes() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it
        told, took = await looked(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert set(told.values()) == {"connection refused"} and took < DEADLINE + SLACK
    _, took = await looked("http://metrics.invalid")
    assert took < DEADLINE + SLACK


@pytest.fixture
def own_certificate(tmp_path: Path) -> ssl.SSLContext:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    made = subprocess.run([*command.split(), "-keyout", key, "-out", certificate], capture_output=True, timeout=20)
    assert made.returncode == 0, made.stderr
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_a_certificate_that_nobody_vouches_for_and_no_tls_at_all_are_holes(
    listen: Listen, own_certificate: ssl.SSLContext
) -> None:
    told, _ = await looked(f"https://127.0.0.1:{await listen(GOOD, own_certificate)}")
    assert set(told.values()) == {"its certificate is not trusted"}
    told, _ = await looked(f"https://127.0.0.1:{await listen(GOOD)}")
    assert set(told.values()) == {"no TLS connection"}


async def test_a_port_that_another_service_took_over_is_a_hole_and_the_old_value_is_not_kept_on(
    listen: Listen,
) -> None:
    now = [answer(b'{"n": 7}')]

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(now[0])
        await writer.drain()

    port = await listen(serve)
    monitor = Monitor([Signal("n", "n", HttpJson(f"http://127.0.0.1:{port}/n", path="n"), every=EVERY)])
    await monitor.look()
    assert monitor.readings() == (("n", 7, ""),)
    for other in (HTML, answer(json.dumps({"status": "ok"}).encode())):
        now[0] = other
        await monitor.look()
        latest = monitor.series["n"].latest()
        assert latest is not None and latest.value is None and latest.why
    now[0] = answer(b'{"n": 8}')
    await monitor.look()
    assert monitor.readings() == (("n", 8, ""),)


async def test_a_server_that_started_again_is_read_again_by_itself(listen: Listen) -> None:
    refused = [True]

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not refused[0]:
            writer.write(answer(b'{"n": 3}'))
            await writer.drain()

    monitor = Monitor([Signal("n", "n", HttpJson(f"http://127.0.0.1:{await listen(serve)}/n", path="n"), every=EVERY)])
    for _ in range(6):
        await monitor.look()
    assert "n" in monitor.down and monitor.is_stale("n")
    refused[0] = False
    await monitor.look()
    assert not monitor.down and monitor.readings() == (("n", 3, ""),)


async def test_sources_that_hang_do_not_slow_those_that_answer(listen: Listen) -> None:
    good = Signal("good", "good", HttpJson(f"http://127.0.0.1:{await listen(GOOD)}/n", path="n"), every=EVERY)
    bad = [
        Signal(f"bad{n}", "bad", HttpJson(f"http://127.0.0.1:{await listen(serve)}/{n}", path="n"), every=EVERY)
        for n, serve in enumerate((black_hole, black_hole, drip, drip, bomb))
    ]
    enough = asyncio.Event()
    came: list[float] = []

    def sample(signal: str) -> None:
        if signal == "good":
            came.append(time.monotonic())
            if len(came) == 5:
                enough.set()

    monitor = Monitor([good, *bad], on_sample=sample)
    watch = asyncio.create_task(monitor.run())
    try:
        await asyncio.wait_for(enough.wait(), PATIENCE)
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    assert came[-1] - came[0] < 4 * EVERY * 1.1 + SLACK
    readings = {name: (value, why) for name, value, why in monitor.readings()}
    assert readings.pop("good") == (7, "")
    assert all(value is None and why for value, why in readings.values()), readings


@pytest.mark.parametrize(("first", "second"), [(b'{"status": "healthy"}', None), (HTML, 200.0)], ids=["json", "page"])
async def test_a_sign_in_page_at_the_health_address_is_not_healthy_unless_it_was_always_a_page(
    listen: Listen, first: bytes, second: float | None
) -> None:
    now = [first if first is HTML else answer(first)]

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(now[0])
        await writer.drain()

    url = f"http://127.0.0.1:{await listen(serve)}/health"
    monitor = Monitor([Signal("health", "Health", Health(url), every=EVERY, kind="health")])
    await monitor.look()
    assert monitor.readings() == (("health", 200, ""),)
    now[0] = HTML
    await monitor.look()
    latest = monitor.series["health"].latest()
    assert latest is not None and latest.value == second
    assert ("web page" in latest.why) == (second is None)
    now[0] = answer(b"<html>502</html>", "text/html", "502 Bad Gateway")
    await monitor.look()
    latest = monitor.series["health"].latest()
    assert latest is not None and latest.value == 502
