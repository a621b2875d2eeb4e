"""Smoke tests against a real server: what fails is counted and told, and nobody answering is no number."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime

import msgspec
import pytest

from runbook.incident.account import criteria as criteria_told
from runbook.incident.events import Reading
from runbook.incident.state import Entry, RoomState
from runbook.model import Criterion, Effect, Outcome, Runbook, Signal
from runbook.reading import yaml
from runbook.reading.problems import ReadingError
from runbook.signal_sources import Smoke, SmokeTest
from runbook.signals import criteria
from runbook.signals.late_fetch import LateFetch
from runbook.signals.monitor import Monitor
from runbook.signals.standing import OutcomeStanding, Part
from widgets.action_draw import draw
from widgets.action_view import WaitingFor
from widgets.outline import outline

Handle = Callable[[str, asyncio.StreamWriter], Awaitable[None]]
PAGES = {
    "/": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    "/login": b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "/moved": b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "/broken": b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\nhalf",
    "/other": b"SSH-2.0-OpenSSH_9.6\r\n",
    "/large": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * (3 << 20),
}


@pytest.fixture
async def base() -> AsyncIterator[str]:
    """A server that answers each path with its bytes, and `/never` with nothing."""
    open_now: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.add(writer)
        try:
            path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
            if path == "/never":
                await reader.read()
            writer.write(PAGES.get(path, b""))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            open_now.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for writer in list(open_now):
        writer.transport.abort()


@pytest.fixture
def closed() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


async def looked(*tests: SmokeTest, values: dict[str, str] | None = None) -> tuple[float | str | None, str, object]:
    fetch = LateFetch()
    monitor = Monitor([Signal("smoke", "Smoke", Smoke(tests), every=1)], fetch=fetch, values=values)
    try:
        await asyncio.wait_for(monitor.look(), 15)
    finally:
        await fetch.close()
    ((_, value, why),) = monitor.readings()
    return value, why, monitor.health_checks.get("smoke")


async def test_what_is_answered_as_expected_fails_nowhere(base: str) -> None:
    tests = (
        SmokeTest("home", f"{base}/"),
        SmokeTest("login", f"{base}/login", (200, 401)),
        SmokeTest("moved", f"{base}/moved", 302),
        SmokeTest("large", f"{base}/large"),
    )
    assert await looked(*tests) == (0.0, "", tuple((test.name, True) for test in tests))


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/broken", "x (500)"),
        ("/login", "x (401)"),
        ("/moved", "x (302)"),
        ("/cut", "x (the connection was lost before the answer was complete)"),
        ("/other", "x (the connection was lost before the answer was complete)"),
        ("/gone", "x (the connection was lost before the answer was complete)"),
        ("/never", "x (timed out after 2 s)"),
    ],
)
async def test_a_request_that_is_answered_otherwise_or_not_at_all_is_one_that_fails(
    base: str, path: str, told: str
) -> None:
    found = await looked(SmokeTest("home", f"{base}/"), SmokeTest("x", f"{base}{path}"))
    came = told.removeprefix("x (").removesuffix(")")
    assert found == (1.0, f"x {came}, not 200", ((told, False), ("home", True)))


async def test_each_test_tells_what_was_expected_and_what_came_on_screen_and_in_the_record(base: str) -> None:
    tests = SmokeTest("home", f"{base}/"), SmokeTest("api", f"{base}/broken", (200, 401))
    fetch = LateFetch()
    monitor = Monitor([Signal("smoke", "Smoke", Smoke(tests), every=1)], fetch=fetch)
    try:
        await asyncio.wait_for(monitor.look(), 15)
    finally:
        await fetch.close()
    none_fails = Criterion("smoke == 0", "smoke", "==", 0)
    standing = monitor.standing(none_fails)
    assert standing.parts == (Part("home", True, "200", "200"), Part("api", False, "200 or 401", "500"))

    ok = Outcome("ok", "Every smoke test passes", "success", none_fails)
    book = Runbook("shop", "Shop", signals=tuple(monitor.signals.values()), outcomes=(ok,))
    line = OutcomeStanding("ok", ok.text, "success", False, standing)
    rows = outline(book, RoomState(), frozenset({"phase:outcome"}), (line,))
    assert [(row.text, row.right, row.tone) for row in rows[-2:]] == [
        ("home", "200", "good"), ("api", "500, expected 200 or 401", "bad"),
    ]  # fmt: skip
    waiting = draw(WaitingFor("Smoke tests pass", (standing,)), 80)
    text = [line.plain.strip() for line in waiting.body]
    assert "✓  home  200" in text and "✗  api  500, expected 200 or 401" in text

    at = datetime(2026, 1, 1, tzinfo=UTC)
    readings = tuple(Reading(*one) for one in monitor.readings())
    told = Entry(at, "ana", "verdict-changed", "partial", readings=readings)
    assert list(criteria_told(msgspec.structs.replace(RoomState(), timeline=(told,)), book)) == [
        "- Every smoke test passes (success): smoke == 0; smoke 1 at the last verdict",
        "  - home: passed: 200, as expected",
        "  - api: failed: api 500, not 200 or 401",
    ]


async def test_nobody_answering_is_a_hole_and_no_number_of_failures(base: str, closed: str) -> None:
    value, why, checks = await looked(SmokeTest("a", f"{closed}/"), SmokeTest("b", f"{base}/cut"))
    assert value is None
    assert why == ("no answer to any of 2: connection refused, the connection was lost before the answer was complete")
    assert checks == (
        ("a (connection refused)", None),
        ("b (the connection was lost before the answer was complete)", None),
    )


async def test_an_address_with_a_value_that_is_not_set_is_not_asked(base: str) -> None:
    tests = SmokeTest("a", f"{base}/"), SmokeTest("b", "<site>/broken")
    assert await looked(*tests) == (None, "<site> is not set yet", None)
    value, _, checks = await looked(*tests, values={"site": base})
    assert (value, checks) == (1.0, (("b (500)", False), ("a", True)))


BOOK = """
version: 1
id: shop
title: Shop
params: [{id: site, label: Site, kind: url}]
signals:
  smoke:
    source: smoke
    tests:
      - {name: home, url: "<site>/"}
      - {name: login, url: "https://shop.example/login", expect: [200, 401]}
"""


def book(text: str) -> Smoke:
    found = yaml.loads(text, "x.yaml", infer=lambda _: Effect.READ, parse_criterion=criteria.parse)
    source = found.signals[0].source
    assert isinstance(source, Smoke)
    return source


def test_the_form_is_read() -> None:
    home, login = SmokeTest("home", "<site>/"), SmokeTest("login", "https://shop.example/login", (200, 401))
    assert book(BOOK) == Smoke((home, login))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"<site>/"', '"<sit>/"', "sit"),
        ("https:", "ftp:", "begins with http"),
        ("401", "4010", "between 100 and 599"),
        ("[200, 401]", "[]", "between 100 and 599"),
        ("[200, 401]", "fine", "not a whole number"),
        ("name: home, ", "", '"name" is missing'),
    ],
)
def test_a_form_that_cannot_be_meant_is_told(before: str, after: str, told: str) -> None:
    with pytest.raises(ReadingError, match=told):
        book(BOOK.replace(before, after))


def test_a_smoke_test_without_a_request_is_told() -> None:
    with pytest.raises(ReadingError, match="needs a request"):
        book(BOOK.partition("    tests:")[0] + "    tests: []\n")
