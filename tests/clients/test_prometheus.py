"""A real Prometheus scraping a real service: what the room reads is what the server's own API says."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runbook.model import Signal
from runbook.signal_sources import Exposition, Prometheus
from runbook.signals.monitor import Monitor
from tests.clients.programs import need

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 900ms}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["127.0.0.1:{one}", "127.0.0.1:{two}"]}}]
"""


class Shop:
    """A service with counters, a histogram and a gauge that is NaN; `ask()` is one request of a customer."""

    def __init__(self) -> None:
        self.requests = self.errors = 0
        self.gauge = ""
        """What the gauge says; without a text the series is not there."""
        self.buckets = {"0.1": 0, "0.5": 0, "1": 0, "+Inf": 0}
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = shop.page().encode()
                self.send_response(200)
                self.send_header("content-type", "text/plain; version=0.0.4")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def ask(self, count: int, failed: int, took: float) -> None:
        self.requests += count
        self.errors += failed
        for bound in self.buckets:
            self.buckets[bound] += count if took <= float(bound) else 0

    def page(self) -> str:
        lines = [f'requests_total{{status="200"}} {self.requests - self.errors}']
        lines.append(f'requests_total{{status="500"}} {self.errors}')
        lines += [f"down_for_now {self.gauge}"] if self.gauge else []
        lines += [f'took_seconds_bucket{{le="{bound}"}} {count}' for bound, count in self.buckets.items()]
        return "\n".join(["# TYPE requests_total counter", *lines, "strange NaN", ""])

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def api(base: str, query: str) -> list[dict[str, list[object]]]:
    """What the server's own API gives for a query, now."""
    with urllib.request.urlopen(f"{base}/api/v1/query?query={urllib.parse.quote(query)}", timeout=5) as answer:
        found: list[dict[str, list[object]]] = json.load(answer)["data"]["result"]
    return found


def wait(holds: object, limit: float = 30) -> None:
    """Waits for a condition; a server that is not there yet does not hold it."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        try:
            if holds():  # type: ignore[operator]
                return
        except OSError:
            pass
        time.sleep(0.05)  # the pace of asking
    raise AssertionError("the condition did not come to hold")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[str, Shop, Shop]]:
    program = need("prometheus")
    one, two = Shop(), Shop()
    config = tmp_path / "prometheus.yml"
    config.write_text(CONFIG.format(one=one.port, two=two.port))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    server = subprocess.Popen(
        [program, *arguments, f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=(tmp_path / "log").open("wb"),
    )
    base = f"http://127.0.0.1:{port}"
    try:
        wait(lambda: len(api(base, 'up{job="shop"} == 1')) == 2)
        yield base, one, two
    finally:
        server.terminate()
        server.wait(20)
        one.close()
        two.close()


def reading(base: str, query: str, unit: str = "", **source: object) -> tuple[object, str]:
    """What a fresh monitor says of one query."""
    signal = Signal("x", "X", Prometheus(base, query, **source), unit=unit, every=5)  # type: ignore[arg-type]
    monitor = Monitor((signal,))
    asyncio.run(monitor.look())
    ((_, value, why),) = monitor.readings()
    return value, why


def test_the_room_reads_what_the_server_says(world: tuple[str, Shop, Shop]) -> None:
    base, one, two = world
    ratio = 'sum(requests_total{status="500"}) / sum(requests_total)'
    one.ask(80, 20, 0.3)
    two.ask(120, 0, 0.05)
    wait(lambda: api(base, "sum(requests_total)")[0]["value"][1] == "200")
    assert reading(base, ratio, unit="%", scale=100) == (10.0, "")
    assert float(str(api(base, ratio)[0]["value"][1])) == 0.1
    assert reading(base, "scalar(sum(requests_total))") == (200.0, "")


def test_what_is_no_single_number_is_a_hole_with_its_reason(world: tuple[str, Shop, Shop]) -> None:
    base, _, _ = world
    wait(lambda: len(api(base, "strange")) == 2)
    assert reading(base, "missing_metric") == (None, "no data for the query")
    assert reading(base, "requests_total") == (None, "the query gives 4 series: make it one, with sum() or max()")
    assert reading(base, "sum(strange)") == (None, "the result is not finite")
    assert reading(base, "vector(1) / vector(0)") == (None, "the result is not finite")
    assert reading(base, "up[1m]")[1] == "the query gives a matrix, not a number"
    assert reading(base, '"text"')[1] == "the query gives a string, not a number"
    value, why = reading(base, "sum(")
    assert value is None and why.startswith("400: ") and "parse error" in why
    assert reading(base.replace("127.0.0.1", "127.0.0.1:9/x#"), "up")[0] is None


async def test_a_target_that_is_gone_makes_the_data_partial(world: tuple[str, Shop, Shop]) -> None:
    base, one, two = world
    one.ask(10, 0, 0.05)
    signal = Signal("x", "X", Prometheus(base, "sum(requests_total)", targets='up{job="shop"}'), every=5)
    monitor = Monitor((signal,))
    await asyncio.to_thread(wait, lambda: api(base, "sum(requests_total)")[0]["value"][1] == "10")
    await monitor.look()
    assert monitor.readings() == (("x", 10.0, ""),)
    two.close()
    await asyncio.to_thread(wait, lambda: len(api(base, 'up{job="shop"} == 1')) == 1)
    await monitor.look()
    latest = monitor.series["x"].latest()
    assert latest is not None and (latest.value, latest.why) == (None, "partial: 1 of 2 targets are up")


def test_the_past_of_which_a_target_is_missing_is_partial_too(world: tuple[str, Shop, Shop]) -> None:
    base, _, two = world
    both = 'count_over_time((sum(up{job="shop"}) == 2)[1m:1s]) >= 7'
    wait(lambda: len(api(base, both)) == 1)  # a step of the past, five seconds, in which both were up
    two.close()
    gone = 'count_over_time((sum(up{job="shop"}) == 1)[1m:1s]) >= 7'
    wait(lambda: len(api(base, gone)) == 1)
    signal = Signal("x", "X", Prometheus(base, "sum(up)", targets='up{job="shop"}'), every=5)
    monitor = Monitor((signal,))
    asyncio.run(monitor.recall())
    told = [(sample.value, sample.why) for sample in monitor.series["x"]]
    assert (2.0, "") in told
    assert told[-1] == (None, "partial: 1 of 2 targets are up")
    assert (1.0, "") not in told[told.index((2.0, "")) :]


@pytest.mark.parametrize("query", ["scalar(requests_total)", "scalar(missing_metric)", "0 / scalar(vector(0))"])
def test_a_scalar_of_no_single_series_is_not_a_number_and_a_hole(world: tuple[str, Shop, Shop], query: str) -> None:
    assert reading(world[0], query) == (None, "the result is not finite")


@pytest.mark.parametrize("said", ["+Inf", "-Inf", "NaN"])
def test_a_gauge_that_is_no_finite_number_is_a_hole(world: tuple[str, Shop, Shop], said: str) -> None:
    base, one, _ = world
    one.gauge = said
    wait(lambda: api(base, "down_for_now"))
    assert api(base, "down_for_now")[0]["value"][1] == said
    assert reading(base, "down_for_now") == (None, "the result is not finite")


def test_a_series_that_ends_is_a_hole_and_no_last_value_for_five_minutes(world: tuple[str, Shop, Shop]) -> None:
    base, one, _ = world
    one.gauge = "7"
    wait(lambda: api(base, "down_for_now"))
    assert reading(base, "down_for_now") == (7.0, "")
    one.gauge = ""
    wait(lambda: not api(base, "down_for_now"))
    assert reading(base, "down_for_now") == (None, "no data for the query")


def test_a_counter_that_starts_again_grows_by_what_the_server_says(world: tuple[str, Shop, Shop]) -> None:
    base, one, _ = world
    instance = f'{{instance="127.0.0.1:{one.port}",status="200"}}'
    one.ask(500, 0, 0.05)
    wait(lambda: api(base, f"requests_total{instance}")[0]["value"][1] == "500")
    one.requests = 0
    wait(lambda: api(base, f"resets(requests_total{instance}[1m]) == 1"))
    one.ask(30, 0, 0.05)
    wait(lambda: api(base, f"requests_total{instance}")[0]["value"][1] == "30")
    at = float(str(api(base, f"timestamp(requests_total{instance})")[0]["value"][1]))
    same = f"increase(requests_total{instance}[1m] @ {at:.3f})"
    assert reading(base, same) == (pytest.approx(float(str(api(base, same)[0]["value"][1]))), "")
    assert float(str(api(base, same)[0]["value"][1])) > 0


def test_a_quantile_of_no_request_is_a_hole_and_one_above_every_bucket_is_what_the_server_says(
    world: tuple[str, Shop, Shop],
) -> None:
    base, one, _ = world
    buckets = f'took_seconds_bucket{{instance="127.0.0.1:{one.port}"}}'
    wait(lambda: len(api(base, buckets)) == 4)
    assert reading(base, f"histogram_quantile(0.95, {buckets})") == (None, "the result is not finite")
    one.ask(100, 0, 30)
    wait(lambda: api(base, f"sum({buckets})")[0]["value"][1] == "100")
    assert reading(base, f"histogram_quantile(0.95, {buckets})") == (1.0, "")  # its highest finite bucket


def test_the_past_has_a_hole_where_the_range_has_a_gap_or_no_number(world: tuple[str, Shop, Shop]) -> None:
    base = world[0]
    now = int(time.time())
    query = f"vector(1) and on() (vector(time()) < {now - 600} or vector(time()) > {now - 300})"
    signal = Signal("x", "X", Prometheus(base, query), every=15)
    monitor = Monitor((signal,))
    asyncio.run(monitor.recall())
    past = list(monitor.series["x"])
    holes = [sample for sample in past if sample.value is None]
    assert len(past) > 110 and {sample.why for sample in holes} == {"no data for the query"}
    assert all(now - 616 <= sample.at <= now - 284 for sample in holes) and 18 <= len(holes) <= 22
    strange = Monitor((Signal("x", "X", Prometheus(base, "vector(time() % 2 / 0 * 0)"), every=15),))
    asyncio.run(strange.recall())
    assert {(sample.value, sample.why) for sample in strange.series["x"]} == {(None, "the result is not finite")}


def test_the_last_half_hour_is_there_when_the_room_opens(world: tuple[str, Shop, Shop]) -> None:
    base, one, _ = world
    one.ask(5, 0, 0.05)
    wait(lambda: api(base, "sum(requests_total)")[0]["value"][1] == "5")
    wait(lambda: len(api(base, "count_over_time(up[1m]) >= 5")) == 2)
    signal = Signal("x", "X", Prometheus(base, "sum(requests_total)"), every=5)
    monitor = Monitor((signal,))
    asyncio.run(monitor.recall())
    past = list(monitor.series["x"])
    assert past and past[-1].value == 5.0
    assert all(early.at < late.at for early, late in zip(past, past[1:], strict=False))


async def test_a_scraped_page_gives_the_same_quantile_as_the_server(world: tuple[str, Shop, Shop]) -> None:
    base, one, _ = world
    scraped = Exposition(
        f"http://127.0.0.1:{one.port}/metrics", histogram="took_seconds", quantile=0.9, window=600, min_requests=1
    )
    monitor = Monitor((Signal("x", "X", scraped, unit="s", every=5),))
    await monitor.look()
    one.ask(50, 0, 0.05)
    one.ask(50, 0, 0.3)
    await monitor.look()
    instance = f'{{instance="127.0.0.1:{one.port}"}}'
    query = f"histogram_quantile(0.9, took_seconds_bucket{instance})"
    await asyncio.to_thread(wait, lambda: api(base, f"sum(requests_total{instance})")[0]["value"][1] == "100")
    assert monitor.readings()[0][1] == pytest.approx(float(str(api(base, query)[0]["value"][1])))
