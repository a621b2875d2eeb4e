"""What answers say: numbers, rates and texts out of JSON, and every fault of a real server as a sentence."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model import Signal
from runbook.signal_sources import Health, HttpJson, Prometheus
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.health import checks_of
from runbook.signals.http_json import Counters, Hole, dig, number
from runbook.signals.late_fetch import LateFetch
from runbook.signals.sources import Memory, Observed, memory_for, read

URL = "http://127.0.0.1/metrics"


def signal(unit: str = "", kind: str = "other", every: float = 5, **source: object) -> Signal:
    return Signal("x", "X", HttpJson(url=URL, **source), unit=unit, every=every, kind=kind)  # type: ignore[arg-type]


def observed(
    of: Signal, document: object, status: int = 200, counters: Memory | None = None, at: float = 0
) -> Observed:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    reply = Reply(status, body, "text/html" if isinstance(document, bytes) else "application/json")
    return read(of, reply, counters or memory_for(of), 1000 + at, at, max_skew=45)


def told(of: Signal, document: object, status: int = 200) -> float | str | None:
    """The value, or the reason for the hole."""
    sample = observed(of, document, status).sample
    return sample.value if sample.value is not None else sample.why


# ── a value ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("of", "document", "value"),
    [
        (signal(path="a.b"), {"a": {"b": 3}}, 3.0),
        (signal(path="a.b"), {"a.b": 4}, 4.0),
        (signal(path="a.1.b"), {"a": [{}, {"b": 5}]}, 5.0),
        (signal(path="a", unit="s", scale=0.001), {"a": 6200}, 6.2),
        (signal(path="a", unit="s", scale=0.001), {"a": "6200"}, 6.2),
        (signal(path="a", unit="s", scale=0.001), {"a": "6200 ms"}, 6.2),
        (signal(path="a", unit="ms"), {"a": "12.5 ms"}, 12.5),
        (signal(path="a", unit="ms"), {"a": "5s"}, 5000.0),
        (signal(path="a", unit="%", scale=100), {"a": 0.07}, 7.0),
        (signal(path="a", kind="version"), {"a": "9f3c2e1\x1b]0;x\x07\n"}, "9f3c2e1␛]0;x␇"),
        (signal(path="a", kind="version"), {"a": 1.5}, "1.5"),
    ],
)
def test_a_value(of: Signal, document: object, value: float | str) -> None:
    assert told(of, document) == value


@pytest.mark.parametrize(
    ("of", "document", "why"),
    [
        (signal(path="custom.http_errors"), {}, "custom.http_errors is not there"),
        (signal(path="a.b"), {"a": 1}, "a.b is not there"),
        (signal(path="a.7"), {"a": [1]}, "a.7 is not there"),
        (signal(path="a"), {"a": None}, "a is null"),
        (signal(path="a"), {"a": True}, "a is no number"),
        (signal(path="a"), {"a": {}}, "a is no number"),
        (signal(path="a"), {"a": "lots\x1b[31m"}, "a is text (lots)"),
        (signal(path="a"), {"a": "5s"}, "a is in s, not in a bare number"),
        (signal(path="a", unit="%"), {"a": "5s"}, "a is in s, not in %"),
        (signal(path="a"), {"a": -1}, "a is negative"),
        (signal(path="a"), {"a": float("nan")}, "a is not finite"),
        (signal(path="a"), {"a": float("inf")}, "a is not finite"),
        (signal(path="a"), {"a": 10**400}, "a is not finite"),
        (signal(path="a", unit="%", kind="error_rate"), {"a": 101}, "a is 101, more than all requests"),
        (signal(path="a", kind="error_rate"), {"a": 1.5}, "a is 1.5, more than all requests"),
        (signal(path="a", kind="version"), {"a": "  "}, "a is empty"),
        (signal(path="a", kind="version"), {"a": ["x"]}, "a is no text"),
        (signal(path="a"), b"<html>", "not JSON (text/html)"),
        (signal(path="a"), b"[" * 100_000, "not JSON (text/html)"),
    ],
)
def test_a_hole_and_why(of: Signal, document: object, why: str) -> None:
    assert told(of, document) == why
    assert observed(of, document).failed


def test_a_response_time_of_nothing_is_no_measurement() -> None:
    """Many services report 0 for want of requests, and that must not stand for a fast answer."""
    idle = observed(signal(path="p95", kind="latency", unit="s"), {"p95": 0})
    assert (idle.sample.value, idle.sample.why) == (None, "0 is no response time: nothing was measured")
    assert not idle.failed, "the source itself is well"
    assert told(signal(path="p95", kind="latency", unit="s"), {"p95": 0.001}) == 0.001


def test_an_error_page_is_no_number_but_its_json_is_read() -> None:
    assert told(signal(path="a"), b"<html>", 503) == "503 with no JSON"
    assert told(signal(path="a"), {"error": "x"}, 500) == "500, and a is not there"
    assert told(signal(path="commit", kind="version"), {"commit": "9f3c2e1"}, 503) == "9f3c2e1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "a.b", ""]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, st.sampled_from(["", "a", "a.b", "a.b.0", ".", "0"]), st.sampled_from(["other", "version", "error_rate"]))
def test_no_document_makes_it_stumble(document: object, path: str, kind: str) -> None:
    sample = observed(signal(path=path, kind=kind), document).sample
    assert sample.value is not None or sample.why
    assert not isinstance(sample.value, float) or 0 <= sample.value < float("inf")


def test_dig_and_number_say_what_is_wrong() -> None:
    with pytest.raises(Unreadable, match="the document is null"):
        dig(None, "")
    assert dig(7, "") == 7
    with pytest.raises(Unreadable):
        number("1" * 200, "a")


# ── counters ──────────────────────────────────────────────────────────────────────────────────────


def counted(*readings: tuple[float, float, float], window: float = 60) -> Counters:
    counters = Counters(window)
    for seen, numerator, denominator in readings:
        counters.add(seen, numerator, denominator)
    return counters


def ratio(counters: Counters, least: float = 100) -> float | str:
    try:
        return counters.ratio(least, 100)
    except Hole as hole:
        return str(hole)


def test_a_rate_is_errors_among_requests_over_the_window() -> None:
    assert ratio(counted((0, 10, 1000))) == "first reading; a rate needs two"
    assert ratio(counted((0, 10, 1000), (5, 17, 1100))) == 7.0
    steady = counted(*((float(t), t * 2, t * 10) for t in range(0, 200, 5)), (200, 398, 2940))
    assert ratio(steady) == pytest.approx(100 * (11 * 10 + 8) / (11 * 50 + 990), rel=1e-9)


@pytest.mark.parametrize(("errors", "rate"), [(1, 1.0), (5, 5.0), (7, 7.0), (29, 29.0), (57, 57.0)])
def test_exact_shares_stay_exact(errors: int, rate: float) -> None:
    assert ratio(counted((0, 0, 0), (5, errors, 100))) == rate


@pytest.mark.parametrize(
    ("warnings", "value", "why"),
    [
        (["store 10.0.0.2: connection refused"], None, "partial: store 10.0.0.2: connection refused"),
        (["PromQL info: metric might not be a counter"], 3.0, ""),
        (None, 3.0, ""),
    ],
)
def test_a_number_of_which_a_part_is_missing_is_none(warnings: list[str] | None, value: float | None, why: str) -> None:
    of = Signal("x", "X", Prometheus("http://p", "sum(rate(bad[5m]))"))
    vector = {"resultType": "vector", "result": [{"metric": {}, "value": [1, "3"]}]}
    said = Reply(200, json.dumps({"status": "success", "data": vector, "warnings": warnings}).encode())
    sample = read(of, said, memory_for(of), 1000, 0, max_skew=45).sample
    assert (sample.value, sample.why) == (value, why)


def test_too_little_traffic_is_no_rate() -> None:
    assert ratio(counted((0, 0, 500), (5, 0, 500))) == "no traffic"
    assert ratio(counted((0, 0, 500), (5, 0, 537))) == "low traffic (37 of 100 requests)"
    assert ratio(counted((0, 0, 0), (5, 12, 10)), 1) == "more errors than requests (12 of 10)"


def test_a_counter_that_falls_was_started_again() -> None:
    once = counted((0, 50, 9000), (5, 50, 9100), (10, 30, 120))
    assert once.resets == 1
    assert ratio(once) == pytest.approx(100 * 30 / 220)
    twice = counted((0, 50, 9000), (5, 3, 120), (10, 1, 110))
    assert ratio(twice) == "the counters started again 2 times in 60 s"
    later = counted((0, 50, 9000), (5, 3, 120), (70, 3, 120), (75, 3, 220), (80, 4, 320))
    assert (later.resets, ratio(later)) == (0, 0.5)


def test_an_increase_over_a_long_silence_is_not_shown_as_now() -> None:
    assert ratio(counted((0, 0, 0), (61, 500, 1000))) == "first reading; a rate needs two"


def test_an_increase_per_minute_waits_for_half_a_window() -> None:
    half = counted(*((float(t), t / 5, 0) for t in range(0, 31, 5)))
    assert half.increase(60, 1) == 12.0
    with pytest.raises(Hole, match="25 s of 60 s counted"):
        counted(*((float(t), t / 5, 0) for t in range(0, 26, 5))).increase(60, 1)
    with pytest.raises(Hole, match="30 s of 60 s counted"):
        half.increase(0, 1)


def test_counters_through_the_whole_source() -> None:
    of = signal(unit="%", kind="error_rate", numerator="http.errors", denominator="http.requests", scale=100)
    counters = memory_for(of)

    def at(seen: float, errors: object, requests: object) -> Observed:
        return observed(of, {"http": {"errors": errors, "requests": requests}}, 200, counters, seen)

    first = at(0, 0, 0)
    assert (first.sample.value, first.failed) == (None, False)
    assert at(5, "25", 100).sample.value == 25.0
    assert at(10, None, 200).failed
    assert at(15, 26, 300).sample.value == pytest.approx(100 * 26 / 300)
    marked = at(20, 1, 100).sample
    assert marked.why == "a counter started again" and marked.value == pytest.approx(100 * 27 / 400)


# ── clocks and caches ─────────────────────────────────────────────────────────────────────────────


def test_the_server_s_clock_is_compared_and_a_cache_s_age_taken_off() -> None:
    of = signal(path="a")

    def dated(date: float, age: float = 0) -> Observed:
        reply = Reply(200, b'{"a": 1}', "application/json", took=1, age=age, date=date)
        return read(of, reply, memory_for(of), 1000, 50, max_skew=45)

    assert dated(1000).skew == -0.5
    off = dated(1010.5)
    assert (off.skew, off.sample.value) == (10, 1.0)
    assert dated(870.5).sample.why == "its clock is 2:10 behind: skewed or cached"
    cached = dated(970.5, age=30).sample
    assert (cached.at, cached.seen, cached.value) == (970, 20, 1.0)


# ── health ────────────────────────────────────────────────────────────────────────────────────────


def test_health_is_the_status_code_and_its_parts_are_beside_it() -> None:
    of = Signal("health", "Health", Health(url=URL), kind="health")
    found = observed(
        of, {"checks": {"redis": {"healthy": False}, "db": "ok", "memory": {"status": "warm"}, "q": True}}, 503
    )
    assert found.sample.value == 503.0 and not found.failed
    assert found.checks == (("redis", False), ("db", True), ("memory", None), ("q", True))
    assert observed(of, b"OK").sample.value == 200.0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"status": "unhealthy", "checks": {"db": True}}, "status unhealthy"),
        ({"healthy": False}, "healthy False"),
        (b"DOWN\n", "DOWN"),
        ("fail", "fail"),
        ({"status": "healthy", "checks": {"redis": False}}, ""),
        ({"status": "UP", "version": "failed"}, ""),
        ({"status": "degraded"}, ""),
        ({"status": 503, "error": "Service Unavailable"}, "status 503"),
        ({"success": False}, "success False"),
        ({"status": "maintenance"}, "status maintenance"),
        ({"status": "OUT_OF_SERVICE"}, "status OUT_OF_SERVICE"),
        ({"status": 200}, ""),
        ({"status": 1, "checks": {"queue": 503}}, ""),
        (b"everything is down to earth", ""),
    ],
)
def test_a_200_that_says_of_itself_that_it_is_unwell_is_neither_healthy_nor_failing(body: object, said: str) -> None:
    found = observed(Signal("health", "Health", Health(url=URL), kind="health"), body)
    assert found.sample.value == (None if said else 200.0)
    assert found.sample.why == (f"200, but it says of itself: {said}" if said else "")


def test_checks_come_clean_and_few() -> None:
    named = [{"name": "a\x1b[2J", "status": "down"}, {"status": "up"}, 7]
    assert checks_of(Reply(200, json.dumps({"c": named}).encode()), "c") == (("a␛[2J", False),)
    many = {"checks": {str(i): True for i in range(1000)}}
    assert len(checks_of(Reply(200, json.dumps(many).encode()), "checks")) == 30


# ── a real server with real faults ────────────────────────────────────────────────────────────────

BOMB = gzip.compress(b'{"a": "' + b"0" * (64 << 20) + b'"}', 9)


class Faults(BaseHTTPRequestHandler):
    """Each path is one way to misbehave."""

    protocol_version = "HTTP/1.1"
    stop = threading.Event()
    connections: set[tuple[str, int]] = set()

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def send(self, body: bytes, status: int = 200, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        type(self).connections.add(self.client_address)
        getattr(self, "get_" + self.path.strip("/").replace("-", "_"))()

    def get_good(self) -> None:
        self.send(b'{"a": 1}')

    def get_zipped(self) -> None:
        self.send(gzip.compress(b'{"a": 2}'), Content_Encoding="gzip", Age="12")

    def get_bomb(self) -> None:
        self.send(BOMB, Content_Encoding="gzip")

    def get_not_gzip(self) -> None:
        self.send(b"hello", Content_Encoding="gzip")

    def get_brotli(self) -> None:
        self.send(b"hello", Content_Encoding="br")

    def get_big(self) -> None:
        self.send(b" " * ((1 << 20) + 1))

    def get_html(self) -> None:
        self.send(b"<html>sign in</html>", kind="text/html; charset=utf-8")

    def get_drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while not self.stop.wait(0.02):
            self.wfile.write(b" ")

    def get_reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close_connection = True
        self.connection.close()

    def get_short(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b'{"a"')
        self.close_connection = True

    def get_away(self) -> None:
        self.send(b"", 302, Location="http://localhost:1/good")

    def get_file(self) -> None:
        self.send(b"", 302, Location="file:///etc/passwd")

    def get_near(self) -> None:
        self.send(b"", 307, Location="/good")

    def get_circle(self) -> None:
        self.send(b"", 301, Location="/circle")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what half of these tests are about."""

    with Server(("127.0.0.1", 0), Faults) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        Faults.stop.set()
        running.shutdown()


@pytest.fixture
async def fetch() -> AsyncIterator[LateFetch]:
    late = LateFetch()
    await late.open()
    yield late
    await late.close()


async def wrong(fetch: LateFetch, url: str, deadline: float = 30) -> str:
    with pytest.raises(Unreadable) as caught:
        await fetch.get(url, deadline)
    return str(caught.value)


async def test_an_answer(server: str, fetch: LateFetch) -> None:
    reply = await fetch.get(f"{server}/good", 30)
    assert (reply.status, reply.body, reply.content_type) == (200, b'{"a": 1}', "application/json")
    assert reply.date is not None and abs(reply.date - time.time()) < 60
    zipped = await fetch.get(f"{server}/zipped", 30)
    assert (zipped.body, zipped.age) == (b'{"a": 2}', 12)
    assert (await fetch.get(f"{server}/near", 30)).body == b'{"a": 1}'
    assert (await fetch.get(f"{server}/html", 30)).content_type == "text/html"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/bomb", "the answer is larger than 1 MiB"),
        ("/big", "the answer is larger than 1 MiB"),
        ("/not-gzip", "broken gzip"),
        ("/brotli", "sent as br, which was not asked for"),
        ("/reset", "connection reset"),
        ("/short", "the connection was lost before the answer was complete"),
        ("/away", "redirected to localhost, which is not followed"),
        ("/file", "redirected to another address, which is not followed"),
        ("/circle", "redirected more than 3 times"),
    ],
)
async def test_a_fault_is_a_sentence(server: str, fetch: LateFetch, path: str, says: str) -> None:
    assert await wrong(fetch, server + path) == says


async def test_a_drip_ends_at_the_deadline(server: str, fetch: LateFetch) -> None:
    started = time.monotonic()
    assert await wrong(fetch, f"{server}/drip", 0.3) == "timed out after 0.3 s"
    assert time.monotonic() - started < 30


async def test_a_bomb_is_never_unpacked(server: str, fetch: LateFetch) -> None:
    tracemalloc.start()
    try:
        await wrong(fetch, f"{server}/bomb")
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


async def test_a_port_where_nobody_listens(fetch: LateFetch) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert await wrong(fetch, f"http://127.0.0.1:{held.getsockname()[1]}/") == "connection refused"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "127.0.0.1/x", "http://", "http://a:b/", ""]
)
async def test_only_http_addresses_are_asked(fetch: LateFetch, url: str) -> None:
    assert await wrong(fetch, url) == "not an http or https address"


async def test_connections_are_kept_and_a_proxy_is_not_asked_about_this_machine(
    server: str, fetch: LateFetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    Faults.connections.clear()
    for _ in range(5):
        assert (await fetch.get(f"{server}/good", 30)).status == 200
    assert len(Faults.connections) == 1


async def test_a_cancelled_poll_leaves_the_next_one_unharmed(server: str, fetch: LateFetch) -> None:
    task = asyncio.create_task(fetch.get(f"{server}/drip", 30))
    await asyncio.wait({task}, timeout=0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await fetch.get(f"{server}/good", 30)).status == 200
