"""What a CDN's own headers say, asked of a real server: a share of hits, or a hole with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from runbook.model import Effect, Signal
from runbook.reading import yaml
from runbook.reading.problems import ReadingError
from runbook.signal_sources import Cdn
from runbook.signals import criteria
from runbook.signals.cdn import Probes, value_of
from runbook.signals.fetch import Reply
from runbook.signals.http_json import Hole
from runbook.signals.late_fetch import LateFetch
from runbook.signals.monitor import Monitor


class Edge:
    """A server at the edge: what it answers next, and what it was asked."""

    def __init__(self) -> None:
        self.base = ""
        self.answer = b""
        self.heads: list[str] = []

    def says(self, *headers: str, status: str = "200 OK", length: int = 0) -> None:
        lines = (f"HTTP/1.1 {status}", *headers, f"Content-Length: {length}", "Connection: close", "", "")
        self.answer = "\r\n".join(lines).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
            writer.write(self.answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    made = Edge()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    yield made
    server.close()


async def looked(edge: Edge, *answers: tuple[str, ...], **source: object) -> tuple[float | str | None, str]:
    """The reading after one probe for each answer."""
    fetch = LateFetch()
    given = {"min_probes": len(answers)} | source
    monitor = Monitor([Signal("cdn", "CDN", Cdn(edge.base, **given), unit="%", every=1)], fetch=fetch)  # type: ignore[arg-type]
    try:
        for headers in answers:
            if headers:
                edge.says(*headers)
            await asyncio.wait_for(monitor.look(), 15)
    finally:
        await fetch.close()
    latest = monitor.series["cdn"].latest()
    assert latest is not None
    return latest.value, latest.why


@pytest.mark.parametrize(
    ("header", "share"),
    [
        ("X-Vercel-Cache: HIT", 100),
        ("X-Vercel-Cache: STALE", 100),
        ("X-Vercel-Cache: PRERENDER", 100),
        ("X-Vercel-Cache: MISS", 0),
        ("CF-Cache-Status: HIT", 100),
        ("CF-Cache-Status: DYNAMIC", 0),
        ("CF-Cache-Status: EXPIRED", 0),
        ("CDN-Cache: HIT", 100),
        ("X-Cache: Hit from cloudfront", 100),
        ("X-Cache: RefreshHit from cloudfront", 100),
        ("X-Cache: Miss from cloudfront", 0),
        ("X-Cache: MISS, HIT", 100),
        ("X-Cache: HIT, MISS", 0),
        ("X-Cache: TCP_MEM_HIT from a23-45", 100),
        ("X-Cache: TCP_MISS from a23-45", 0),
        ('Cache-Status: "Netlify Durable"; fwd=miss, "Netlify Edge"; hit', 100),
        ('Cache-Status: "Netlify Edge"; fwd=stale', 0),
    ],
)
async def test_each_network_says_it_in_its_own_header(edge: Edge, header: str, share: float) -> None:
    assert await looked(edge, (header,)) == (share, "")


async def test_the_value_is_the_share_of_hits_in_per_cent(edge: Edge) -> None:
    hit, miss = ("X-Vercel-Cache: HIT",), ("X-Vercel-Cache: MISS",)
    assert await looked(edge, hit, miss, hit, hit) == (75, "")


async def test_too_few_probes_are_no_share(edge: Edge) -> None:
    assert await looked(edge, ("X-Cache: HIT",), min_probes=5) == (None, "1 of 5 probes so far")


async def test_a_probe_lets_the_cache_answer_and_is_not_dated_back_by_its_age(edge: Edge) -> None:
    old = ("X-Vercel-Cache: HIT", "Age: 86000", "Date: Thu, 01 Jan 2015 00:00:00 GMT")
    assert await looked(edge, old) == (100, "")
    assert "no-cache" not in edge.heads[-1]


@pytest.mark.parametrize(
    ("headers", "source", "why"),
    [
        (("Server: nginx",), {}, "no header of a cache: name it in `header`"),
        (("X-Cache: HIT",), {"header": "X-Edge"}, "no X-Edge header"),
        (("X-Cache: ",), {}, "x-cache says nothing, which is neither a hit nor a miss"),
        (("X-Cache: Error from cloudfront",), {}, "x-cache says Error from cloudfront, which is neither"),
        (("CF-Cache-Status: NONE",), {}, "cf-cache-status says NONE, which is neither"),
        (('Cache-Status: "Edge"',), {}, 'cache-status says "Edge", which is neither'),
    ],
)
async def test_what_a_cache_does_not_say_is_a_hole(
    edge: Edge, headers: tuple[str, ...], source: dict[str, object], why: str
) -> None:
    value, told = await looked(edge, headers, **source)
    assert value is None and told.startswith(why), told


async def test_an_error_page_and_no_answer_are_holes_whatever_their_header_says(edge: Edge) -> None:
    edge.says("X-Vercel-Cache: HIT", status="503 Unavailable")
    assert await looked(edge, ()) == (None, "503: an error page tells nothing of the cache")
    edge.says("X-Vercel-Cache: HIT", length=99)
    value, why = await looked(edge, ())
    assert value is None and "before the answer was complete" in why
    edge.answer = b"SSH-2.0-OpenSSH_9.6\r\n"
    value, why = await looked(edge, ())
    assert value is None and why


async def test_a_header_of_ones_own_is_read(edge: Edge) -> None:
    assert await looked(edge, ("X-Edge: MISS", "X-Cache: HIT"), header="X-Edge") == (0, "")


def test_old_probes_are_forgotten() -> None:
    probes, source = Probes(60), Cdn("http://x/", min_probes=2)
    hit, miss = (Reply(200, headers=(("x-cache", word),)) for word in ("HIT", "MISS"))
    with pytest.raises(Hole):
        value_of(source, hit, probes, 0)
    assert value_of(source, miss, probes, 50) == 50
    assert value_of(source, miss, probes, 100) == 0
    with pytest.raises(Hole, match="1 of 2"):
        value_of(source, miss, probes, 200)


BOOK = """
version: 1
id: shop
title: Shop
signals:
  cdn: {source: cdn, url: "https://shop.example/", header: X-Edge, window: 10m, min_probes: 7}
"""


def book(text: str) -> Signal:
    return yaml.loads(text, "x.yaml", infer=lambda _: Effect.READ, parse_criterion=criteria.parse).signals[0]


def test_the_form_is_read() -> None:
    assert book(BOOK).source == Cdn("https://shop.example/", "X-Edge", 600, 7)
    assert book(BOOK).unit == "%"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("X-Edge", '"X Edge:"', "name of a header"),
        ("min_probes: 7", "min_probes: 0", "at least one probe"),
        ("https:", "ftp:", "begins with http"),
    ],
)
def test_a_form_that_cannot_be_meant_is_told(before: str, after: str, told: str) -> None:
    with pytest.raises(ReadingError, match=told):
        book(BOOK.replace(before, after))
