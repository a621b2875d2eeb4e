"""Sentry's API as it answers, and as it does not: a number of new issues, or a hole with its reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from runbook.model import Effect, Runbook, Signal
from runbook.reading import yaml
from runbook.reading.problems import ReadingError
from runbook.signal_sources import Sentry
from runbook.signals import criteria
from runbook.signals.late_fetch import LateFetch
from runbook.signals.monitor import Monitor
from tui.trusting import offered

TOKEN = "sntrys_not-a-real-one"
NEXT = 'Link: <http://127.0.0.1/>; rel="previous"; results="false"; cursor="0:0:1", <http://127.0.0.1/>; rel="next"; '
MORE, LAST = NEXT + 'results="true"; cursor="0:100:0"', NEXT + 'results="false"; cursor="0:100:0"'


def issue(count: object = "1", level: str = "fatal") -> dict[str, object]:
    return {"id": "7", "level": level, "count": count, "firstSeen": "2026-11-24T12:00:00Z"}


class Server:
    """What speaks Sentry's API: its next answer, and what it was asked."""

    def __init__(self) -> None:
        self.base = ""
        self.answer = b""
        self.asked: list[str] = []

    def says(self, document: object, *headers: str, status: str = "200 OK", length: int = 0) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body) + length}", "Connection: close", "", ""]
        self.answer = "\r\n".join(lines).encode() + body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(self.answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.base = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield made
    listening.close()


async def looked(
    server: Server, environ: dict[str, str] | None = None, **source: object
) -> tuple[float | str | None, str]:
    fetch = LateFetch()
    given = Sentry("acme", "shop", **({"level": "fatal"} | source))  # type: ignore[arg-type]
    known = {"SENTRY_URL": server.base + "/", "SENTRY_AUTH_TOKEN": TOKEN} if environ is None else environ
    monitor = Monitor([Signal("sentry", "Sentry", given, every=1)], fetch=fetch, environ=known)
    try:
        await asyncio.wait_for(monitor.look(), 15)
    finally:
        await fetch.close()
    ((_, value, why),) = monitor.readings()
    assert TOKEN not in why
    return value, why


async def test_new_issues_of_a_level_are_counted(server: Server) -> None:
    server.says([issue(), issue("12")], LAST)
    assert await looked(server, window=900, environment="production") == (2, "")
    line, *headers = server.asked[0].split("\r\n")
    address = urlsplit(line.split()[1])
    assert address.path == "/api/0/projects/acme/shop/issues/"
    assert parse_qs(address.query) == {
        "limit": ["100"],
        "query": ["level:fatal firstSeen:-15m"],
        "environment": ["production"],
    }
    assert f"authorization: Bearer {TOKEN}" in headers


async def test_issues_that_were_known_before_and_still_happen_are_counted_where_they_are_asked_for(
    server: Server,
) -> None:
    server.says([issue("9000")], LAST)
    assert await looked(server, window=60, seen="last") == (1, "")
    assert parse_qs(urlsplit(server.asked[0].split()[1]).query)["query"] == ["level:fatal lastSeen:-1m"]


async def test_none_is_zero_and_events_are_summed_though_their_count_is_a_text(server: Server) -> None:
    server.says([], LAST)
    assert await looked(server) == (0, "")
    server.says([issue("150"), issue("7"), issue(3)], LAST)
    assert await looked(server, counts="events") == (160, "")


async def test_more_than_one_answer_holds_is_counted_by_the_server_or_not_at_all(server: Server) -> None:
    server.says([issue()] * 100, MORE, "X-Hits: 640", "X-Max-Hits: 1000")
    assert await looked(server) == (640, "")
    assert await looked(server, counts="events") == (None, "more than 100 issues, too many to count")
    server.says([issue()] * 100, MORE, "X-Hits: 1000", "X-Max-Hits: 1000")
    assert await looked(server) == (None, "more than 100 issues, too many to count")
    server.says([issue()] * 100, MORE)
    assert await looked(server) == (None, "more than 100 issues, too many to count")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("401 Unauthorized", "401: look at the token in SENTRY_AUTH_TOKEN"),
        ("403 Forbidden", "403: the token in SENTRY_AUTH_TOKEN may not read acme/shop"),
        ("404 Not Found", "404: there is no acme/shop for this token"),
        ("429 Too Many", "429: asked too often"),
        ("500 Oops", "500, no list of issues"),
        ("302 Found", "302, no list of issues"),
    ],
)
async def test_a_refusal_is_a_hole_also_with_an_empty_list(server: Server, status: str, why: str) -> None:
    server.says([], "Location: /login", status=status)
    assert await looked(server) == (None, why)
    assert len(server.asked) == 1  # the token went nowhere else


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"<html>Sign in</html>", "not JSON"),
        (b"", "not JSON"),
        ({"detail": "no"}, "its answer is no list of issues"),
        (["x"], "its answer is no list of issues"),
        (None, "its answer is no list of issues"),
        ([issue(level="warning")], "it lists an issue of level warning, not fatal"),
        ([{}], "it lists an issue of level None, not fatal"),
        ([issue("many")], "an issue's count is many, no number"),
        ([issue("-1")], "an issue's count is -1, no number"),
        ([issue(None)], "an issue's count is None, no number"),
        ([issue(True)], "an issue's count is True, no number"),
    ],
)
async def test_an_answer_that_is_no_list_of_issues_is_a_hole(server: Server, document: object, why: str) -> None:
    server.says(document)
    value, told = await looked(server, counts="events")
    assert value is None and told.startswith(why), told


async def test_a_cut_off_answer_and_none_at_all_are_holes(server: Server) -> None:
    server.says([], length=9)
    value, why = await looked(server)
    assert value is None and "before the answer was complete" in why
    server.answer = b""
    assert (await looked(server))[0] is None


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({}, "SENTRY_URL is not set here"),
        ({"SENTRY_URL": "http://127.0.0.1:9"}, "SENTRY_AUTH_TOKEN is not set here"),
        ({"SENTRY_URL": "sentry.io", "SENTRY_AUTH_TOKEN": "x"}, "SENTRY_URL does not begin with http:// or https://"),
        ({"SENTRY_URL": "http://127.0.0.1:9", "SENTRY_AUTH_TOKEN": "a b"}, "SENTRY_AUTH_TOKEN holds characters"),
    ],
)
async def test_what_the_environment_does_not_say_is_a_hole(server: Server, environ: dict[str, str], why: str) -> None:
    value, told = await looked(server, environ)
    assert value is None and told.startswith(why), told
    assert not server.asked


BOOK = """
version: 1
id: shop
title: Shop
signals:
  alerts: {source: sentry, org: acme, project: shop, level: fatal, counts: events, window: 5m, token_env: TOKEN}
"""


def whole(text: str) -> Runbook:
    return yaml.loads(text, "x.yaml", infer=lambda _: Effect.READ, parse_criterion=criteria.parse)


def book(text: str) -> Signal:
    return whole(text).signals[0]


def test_the_form_is_read() -> None:
    assert book(BOOK).source == Sentry("acme", "shop", "fatal", "events", 300, token_env="TOKEN")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("org: acme", "org: ../acme", "as its address writes it"),
        ("project: shop", "project: a/b", "as its address writes it"),
        ("window: 5m", "window: 20s", "whole minutes"),
        ("token_env: TOKEN", "token_env: sntrys-secret", "name of a variable"),
        ("counts: events", "counts: users", "users"),
        ("counts: events", "counts: events, seen: last", "count the issues"),
        ("level: fatal", "level: bad", "bad"),
    ],
)
def test_a_form_that_cannot_be_meant_is_told(before: str, after: str, told: str) -> None:
    with pytest.raises(ReadingError, match=told):
        book(BOOK.replace(before, after))


def test_who_is_asked_for_trust_sees_which_variable_is_sent_where() -> None:
    asked = [one.text for one in offered(whole(BOOK))]
    assert asked == ["GET $SENTRY_URL, Sentry's acme/shop, with the token in $TOKEN"]
