"""However a source misbehaves, it ends as a hole with its reason, in time, while its neighbour keeps its pace."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runbook.model import Signal
from runbook.signal_sources import Exposition, Health, HttpJson, Prometheus, SignalSource
from runbook.signals.monitor import Monitor
from tests.faults.bad_servers import (
    CHUNKED,
    HEAD,
    HTML,
    PATIENCE,
    Serve,
    Servers,
    StillTime,
    answer,
    bomb,
    cut_gzip,
    drip,
    endless_head,
    gzip_bomb,
    half_a_head,
    hollow_gzip,
    keeps_saying,
    never,
    packed,
    says,
)

DEADLINE = 5
"""Seconds that a poll is given whose interval is five seconds."""
GOOD = answer(b'{"n": 7}')


@pytest.fixture
async def time() -> AsyncIterator[StillTime]:
    with StillTime() as still:
        yield still


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    listening = Servers()
    yield listening
    await listening.stop()


def kinds(base: str, *, health: bool = False) -> dict[str, SignalSource]:
    found: dict[str, SignalSource] = {
        "json": HttpJson(f"{base}/n", path="n"),
        "page": Exposition(f"{base}/metrics", metric="n"),
        "server": Prometheus(base, "n"),
    }
    return found | ({"health": Health(f"{base}/health")} if health else {})


class Watch:
    """A monitor with its own fetch, running: sick signals every five seconds, and a sound one each second."""

    def __init__(self, time: StillTime, sick: dict[str, SignalSource], sound: int, host: str = "127.0.0.1") -> None:
        self.time, self.sick = time, tuple(sick)
        self.order: list[str] = []
        """Which signal got a sample, in the order they came."""
        self.monitor = Monitor(
            [
                *(Signal(name, name, source, every=DEADLINE) for name, source in sick.items()),
                # last: when it has its first sample, the deadline of every other one runs
                Signal("sound", "Sound", HttpJson(f"http://{host}:{sound}/n", path="n"), every=1),
            ],
            clock=time,
            jitter=lambda: 0.0,
            on_sample=self._sample,
        )
        self._running: asyncio.Task[None] | None = None

    def _sample(self, signal: str) -> None:
        self.order.append(signal)
        self.time.moved.set()

    async def __aenter__(self) -> Watch:
        self._running = asyncio.create_task(self.monitor.run())
        await self.comes("sound", 1)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._running is not None
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    def count(self, signal: str) -> int:
        return self.order.count(signal)

    async def seconds(self, count: int) -> None:
        """Lets seconds pass one by one; in each, the sound signal gets its sample, whatever the others do."""
        for _ in range(count):
            wanted = self.count("sound") + 1
            self.time.pass_(1)
            await self.comes("sound", wanted)
            latest = self.monitor.series["sound"].latest()
            assert latest is not None and latest.value == 7

    async def comes(self, signal: str, count: int) -> None:
        await self.time.until(lambda: self.count(signal) >= count, f"sample {count} of {signal}")

    async def samples(self, count: int) -> dict[str, str]:
        """Waits until each sick signal has so many samples; why the newest of each is a hole. A value is a failure."""
        for name in self.sick:
            await self.comes(name, count)
        return {name: self.hole(name) for name in self.sick}

    def hole(self, name: str) -> str:
        latest = self.monitor.series[name].latest()
        assert latest is not None and latest.value is None and latest.why, f"{name}: {latest}"
        return latest.why


async def sound(servers: Servers) -> int:
    return await servers.listen(keeps_saying(lambda: GOOD))


# ── at once, without a second of the deadline ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("serve", "why", "health"),
    [
        (bomb, "larger than 1 MiB", True),
        (gzip_bomb, "larger than 1 MiB", True),
        (hollow_gzip, "larger than 1 MiB", True),
        (endless_head, "before the answer was complete", True),
        (says(answer(b"", status="302 Found", more="Location: /again\r\n")), "redirected more than 3 times", True),
        (says(answer(b"", status="302 Found", more="Location: http://127.0.0.2:9/\r\n")), "not followed", True),
        (says(answer(b"", status="302 Found", more="Location: file:///etc/passwd\r\n")), "not followed", True),
        (says(HEAD, b'Content-Length: 99\r\n\r\n{"n": 7}'), "before the answer was complete", True),
        (says(CHUNKED, b'8\r\n{"n": 7}\r\n'), "before the answer was complete", True),
        (says(HEAD), "before the answer was complete", True),
        (says(b""), "before the answer was complete", True),
        (says(b"SSH-2.0-OpenSSH_9.6\r\n"), "before the answer was complete", True),
        (says(cut_gzip(b'{"n": 7}', "application/json")), "gzip", True),
        (says(answer(b'{"n": 7}', more="Content-Encoding: gzip\r\n")), "broken gzip", True),
        (says(answer(b'{"n": 7}', more="Content-Encoding: br\r\n")), "not asked for", True),
        (says(HTML), "", False),
        (says(answer(b"\x89PNG\r\n\x1a\n\0\0", "image/png")), "", False),
        (says(answer(b"")), "", False),
        (says(answer(b'{"status": "ok", "uptime": 12}')), "", False),
        (says(answer(b'{"n": 7}', status="200 OK").replace(b"7", b"\xff")), "", False),
    ],
    ids=[
        "bomb", "gzip bomb", "hollow gzip", "endless head", "redirect loop", "redirect elsewhere", "redirect to a file",
        "closes in the middle", "closes between chunks", "closes in the head", "closes at once", "not http",
        "gzip that stops", "gzip that is none", "another encoding", "html", "picture", "empty", "other json",
        "not text",
    ],
)  # fmt: skip
async def test_a_wrong_answer_is_a_hole_with_its_reason_before_any_time_has_passed(
    time: StillTime, servers: Servers, serve: Serve, why: str, health: bool
) -> None:
    sick = kinds(f"http://127.0.0.1:{await servers.listen(serve)}", health=health)
    async with Watch(time, sick, await sound(servers)) as watch:
        told = await watch.samples(1)
        assert all(why in each for each in told.values()), told
        assert watch.time.now == 1000
        await watch.seconds(DEADLINE)
        await watch.samples(2)


async def test_a_port_where_nobody_listens_is_a_hole_at_once(time: StillTime, servers: Servers) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it
        sick = kinds(f"http://127.0.0.1:{taken.getsockname()[1]}", health=True)
        async with Watch(time, sick, await sound(servers)) as watch:
            assert set((await watch.samples(1)).values()) == {"connection refused"}
            await watch.seconds(DEADLINE)
            await watch.samples(2)


async def test_a_name_without_an_address_is_a_hole_at_the_latest_when_its_time_is_over(
    time: StillTime, servers: Servers
) -> None:
    async with Watch(time, kinds("http://metrics.invalid", health=True), await sound(servers)) as watch:
        await watch.seconds(DEADLINE)
        told = await watch.samples(1)
        assert set(told.values()) <= {"host not found", f"timed out after {DEADLINE} s"}


async def test_a_name_server_that_does_not_answer_holds_up_neither_other_names_nor_other_work_nor_the_end(
    time: StillTime, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty names: more than asyncio has threads for all blocking work together."""
    real, answered = socket.getaddrinfo, threading.Event()

    def look_up(host: bytes | str, *more: Any, **named: Any) -> Any:
        if "invalid" in str(host):
            answered.wait(PATIENCE)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(host, *more, **named)

    def waiting() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "lookup"]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("NO_PROXY", "*")
    sick: dict[str, SignalSource] = {f"name {n}": HttpJson(f"http://shop{n}.invalid/n", path="n") for n in range(40)}
    port = await servers.listen(says(GOOD))  # hangs up: its name is looked up anew for each poll
    try:
        async with Watch(time, sick, port, host="localhost") as watch:
            await watch.seconds(DEADLINE)
            assert set((await watch.samples(1)).values()) == {f"timed out after {DEADLINE} s"}
            other = asyncio.ensure_future(asyncio.to_thread(threading.get_ident))
            other.add_done_callback(lambda _: time.moved.set())
            await time.until(other.done, "other work on a thread")
            await watch.seconds(3 * DEADLINE)
            await watch.samples(2)
            assert 0 < len(waiting()) <= len(sick), "asked again, a name has still one thread"
            assert all(thread.daemon for thread in waiting()), "the end of the program does not wait for them"
    finally:
        answered.set()


@pytest.fixture
def own_certificate(tmp_path: Path) -> ssl.SSLContext:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    made = subprocess.run([*command.split(), "-keyout", key, "-out", certificate], capture_output=True, timeout=20)
    assert made.returncode == 0, made.stderr
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_a_hole_and_is_never_accepted(
    time: StillTime, servers: Servers, own_certificate: ssl.SSLContext
) -> None:
    sick = kinds(f"https://127.0.0.1:{await servers.listen(says(GOOD), own_certificate)}", health=True)
    async with Watch(time, sick, await sound(servers)) as watch:
        assert set((await watch.samples(1)).values()) == {"its certificate is not trusted"}
        await watch.seconds(DEADLINE)
        assert set((await watch.samples(2)).values()) == {"its certificate is not trusted"}


async def test_an_https_address_that_speaks_no_tls_is_a_hole(time: StillTime, servers: Servers) -> None:
    sick = kinds(f"https://127.0.0.1:{await servers.listen(says(GOOD))}", health=True)
    async with Watch(time, sick, await sound(servers)) as watch:
        # the server waits for the end of a request that is a handshake to the client
        await watch.seconds(DEADLINE)
        told = await watch.samples(1)
        assert set(told.values()) <= {"no TLS connection", f"timed out after {DEADLINE} s"}


# ── at the deadline, and not a second later ───────────────────────────────────────────────────────


@pytest.mark.parametrize("serve", [never, half_a_head, drip], ids=["never answers", "half a head", "drip"])
async def test_an_answer_that_does_not_end_is_a_hole_in_the_second_of_its_deadline(
    time: StillTime, servers: Servers, serve: Serve
) -> None:
    sick = kinds(f"http://127.0.0.1:{await servers.listen(serve)}", health=True)
    async with Watch(time, sick, await sound(servers)) as watch:
        await watch.seconds(DEADLINE - 1)
        assert set(watch.order) == {"sound"} and watch.count("sound") == DEADLINE
        await watch.seconds(1)
        assert set((await watch.samples(1)).values()) == {f"timed out after {DEADLINE} s"}
        assert watch.count("sound") == DEADLINE + 1


async def test_a_source_that_hangs_is_down_after_its_fifth_deadline_and_the_sound_one_never_is(
    time: StillTime, servers: Servers
) -> None:
    sick = kinds(f"http://127.0.0.1:{await servers.listen(never)}", health=True)
    async with Watch(time, sick, await sound(servers)) as watch:
        await watch.seconds(9 * DEADLINE - 1)  # five deadlines with four pauses between them
        assert watch.monitor.down == {}
        await watch.seconds(1)
        await watch.samples(5)
        assert watch.monitor.down == dict.fromkeys(sick, "timed out after 5 s")


# ── what changes under a watch ────────────────────────────────────────────────────────────────────


async def test_a_service_that_starts_again_on_its_port_is_read_again_by_itself(
    time: StillTime, servers: Servers
) -> None:
    first, second = Servers(), Servers()
    try:
        port = await first.listen(keeps_saying(lambda: GOOD))
        sick: dict[str, SignalSource] = {"json": HttpJson(f"http://127.0.0.1:{port}/n", path="n")}
        async with Watch(time, sick, await sound(servers)) as watch:
            await watch.comes("json", 1)
            assert watch.monitor.readings()[0] == ("json", 7, "")
            await first.stop()
            await watch.seconds(DEADLINE)
            assert await watch.samples(2) == {"json": "connection refused"}
            await second.listen(keeps_saying(lambda: answer(b'{"n": 8}')), port=port)
            await watch.seconds(DEADLINE)
            await watch.comes("json", 3)
            assert watch.monitor.readings()[0] == ("json", 8, "")
    finally:
        await first.stop()
        await second.stop()


async def test_a_restart_between_two_polls_costs_no_reading(time: StillTime, servers: Servers) -> None:
    first, second = Servers(), Servers()
    try:
        port = await first.listen(keeps_saying(lambda: GOOD))
        async with Watch(
            time, {"json": HttpJson(f"http://127.0.0.1:{port}/n", path="n")}, await sound(servers)
        ) as watch:
            await watch.comes("json", 1)
            await first.stop()
            await second.listen(keeps_saying(lambda: answer(b'{"n": 8}')), port=port)
            await watch.seconds(DEADLINE)
            await watch.comes("json", 2)
            assert watch.monitor.readings()[0] == ("json", 8, "")
            assert watch.monitor.series["json"].holes == 0
    finally:
        await first.stop()
        await second.stop()


@pytest.mark.parametrize(
    "other", [HTML, answer(b'{"status": "ok"}'), answer(b"[]"), answer(b'{"n": "green"}')],
    ids=["page", "other json", "list", "same name, a text"],
)  # fmt: skip
async def test_a_port_that_another_service_took_is_a_hole_and_the_old_value_is_not_kept_on(
    time: StillTime, servers: Servers, other: bytes
) -> None:
    said = [GOOD]
    port = await servers.listen(keeps_saying(lambda: said[0]))
    async with Watch(time, {"json": HttpJson(f"http://127.0.0.1:{port}/n", path="n")}, await sound(servers)) as watch:
        await watch.comes("json", 1)
        said[0] = other
        await watch.seconds(DEADLINE)
        assert (await watch.samples(2))["json"]
        await watch.seconds(8 * DEADLINE + 1)
        _, value, why = watch.monitor.readings()[0]
        assert value is None and why == watch.hole("json")


@pytest.mark.parametrize(("first", "second"), [(answer(b'{"status": "healthy"}'), None), (HTML, 200.0)])
async def test_a_sign_in_page_at_the_health_address_is_not_healthy_unless_it_was_always_a_page(
    time: StillTime, servers: Servers, first: bytes, second: float | None
) -> None:
    said = [first]
    port = await servers.listen(keeps_saying(lambda: said[0]))
    async with Watch(time, {"health": Health(f"http://127.0.0.1:{port}/health")}, await sound(servers)) as watch:

        async def poll(count: int) -> tuple[float | str | None, str]:
            await watch.comes("health", count)
            latest = watch.monitor.series["health"].latest()
            assert latest is not None
            return latest.value, latest.why

        assert await poll(1) == (200, "")
        said[0] = HTML
        await watch.seconds(DEADLINE)
        value, why = await poll(2)
        assert value == second and ("web page" in why) == (second is None)
        said[0] = answer(b"<html>502</html>", "text/html", "502 Bad Gateway")
        await watch.seconds(DEADLINE)
        assert (await poll(3))[0] == 502


# ── answers that look whole ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "whole",
    [
        cut_gzip(b'n{status="200"} 7\nn{status="500"} 3\n', "text/plain"),
        b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nn{status="200"} 7\nn{status="500"} 12',
    ],
    ids=["gzip", "no length"],
)
async def test_a_metrics_page_that_was_cut_off_is_a_hole_and_not_a_smaller_number(
    time: StillTime, servers: Servers, whole: bytes
) -> None:
    port = await servers.listen(says(whole))
    page: dict[str, SignalSource] = {"page": Exposition(f"http://127.0.0.1:{port}/metrics", metric="n")}
    async with Watch(time, page, await sound(servers)) as watch:
        await watch.samples(1)


async def test_a_bare_number_of_an_answer_without_a_length_is_only_read_with_its_line_to_the_end(
    time: StillTime, servers: Servers
) -> None:
    said = [HEAD + b"\r\n12", HEAD + b"\r\n1234\n"]

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said.pop(0))
        await writer.drain()

    url = f"http://127.0.0.1:{await servers.listen(serve)}/n"
    async with Watch(time, {"json": HttpJson(url)}, await sound(servers)) as watch:
        assert "cut off" in (await watch.samples(1))["json"]
        await watch.seconds(DEADLINE)
        await watch.comes("json", 2)
        assert watch.monitor.readings()[0] == ("json", 1234, "")


async def test_gzip_in_several_members_is_read_to_its_end(time: StillTime, servers: Servers) -> None:
    port = await servers.listen(says(packed(b'{"n"', b": 4", b"2}")))
    async with Watch(time, {"json": HttpJson(f"http://127.0.0.1:{port}/n", path="n")}, await sound(servers)) as watch:
        await watch.comes("json", 1)
        assert watch.monitor.readings()[0] == ("json", 42, "")
