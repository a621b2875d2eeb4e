"""The watch over time, on clocks that the test turns: shared polls, sources that fall silent, stale values, pace."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from runbook.model import Criterion, Method, Outcome, Runbook, Seconds, Signal, Step, Trigger
from runbook.signal_sources import Health, HttpJson, Smoke, SmokeTest
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.monitor import Monitor
from runbook.signals.pace import Pace, shorten
from runbook.signals.setting import fill

METRICS = "http://<host>/api/metrics"
ERRORS = Signal(
    "error_rate",
    "Error rate",
    HttpJson(METRICS, numerator="errors", denominator="requests", scale=100),
    unit="%",
    kind="error_rate",
)
P95 = Signal("p95", "Latency p95", HttpJson(METRICS, path="p95", scale=0.001), unit="s", kind="latency")
HEALTH = Signal("health", "Health", Health("http://<host>/api/health"), kind="health")
ALL = (ERRORS, P95, HEALTH)
FAST = Criterion("p95 < 1 s for 5m", "p95", "<", 1.0, 300)
SLOW = Criterion("p95 > 5 s", "p95", ">", 5.0)


class Enough(Exception):
    """The test has seen what it came for."""


class HandClock:
    """Time that passes only while somebody sleeps, and ends after `pauses` sleeps."""

    def __init__(self, pauses: int = 0) -> None:
        self.now = 1_000_000.0
        self.ticks = 50.0
        self.pauses = pauses
        self.slept: list[Seconds] = []

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.ticks

    def pass_(self, seconds: Seconds) -> None:
        self.now += seconds
        self.ticks += seconds

    async def sleep(self, seconds: Seconds) -> None:
        self.slept.append(seconds)
        if len(self.slept) >= self.pauses:
            raise Enough
        self.pass_(seconds)
        await asyncio.sleep(0)


class Service:
    """A production that says what the test tells it to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.p95: object = 300
        self.requests = 0
        self.errors = 0
        self.status = 200
        self.fault = ""
        self.date: Callable[[], float] | None = None
        self.closed = False

    async def open(self) -> None:
        """Always ready."""

    async def get(self, url: str, deadline: Seconds) -> Reply:
        self.asked.append(url)
        if self.fault == "bug":
            raise LookupError("an odd answer")
        if self.fault:
            raise Unreadable(self.fault)
        self.requests += 200
        document = {"p95": self.p95, "errors": self.errors, "requests": self.requests, "checks": {"redis": True}}
        return Reply(
            self.status,
            json.dumps(document).encode(),
            "application/json",
            0.02,
            date=self.date() if self.date else None,
        )

    async def close(self) -> None:
        self.closed = True


class Room:
    """A monitor with its service, its clock and what it reported."""

    def __init__(self, *signals: Signal, pace: float = 1, pauses: int = 0) -> None:
        self.clock, self.service = HandClock(pauses), Service()
        self.values = {"host": "127.0.0.1:9"}
        self.seen: list[str] = []
        self.monitor = Monitor(
            signals or ALL,
            values=self.values,
            pace=Pace(pace),
            clock=self.clock,
            fetch=self.service,
            jitter=lambda: 0.0,
            on_sample=self.seen.append,
        )

    async def look(self, times: int = 1, step: Seconds = 5) -> None:
        for _ in range(times):
            self.clock.pass_(step)
            await self.monitor.look()

    def reading(self, signal: str) -> tuple[float | str | None, str]:
        return {name: (value, why) for name, value, why in self.monitor.readings()}[signal]


async def test_signals_of_one_address_share_one_request() -> None:
    room = Room()
    await room.look()
    assert sorted(room.service.asked) == ["http://127.0.0.1:9/api/health", "http://127.0.0.1:9/api/metrics"]
    assert sorted(room.seen) == ["error_rate", "health", "p95"]
    assert room.reading("error_rate") == (None, "first reading; a rate needs two")
    await room.look()
    assert room.monitor.readings() == (("error_rate", 0.0, ""), ("p95", 0.3, ""), ("health", 200.0, ""))
    assert room.monitor.health_checks == {"health": (("redis", True),)}
    assert room.monitor.latency["health"] == 0.02


async def test_before_anything_was_asked_nothing_is_known() -> None:
    room = Room(P95)
    assert room.monitor.readings() == (("p95", None, "no reading yet"),)
    assert room.monitor.age("p95") is None and room.monitor.is_stale("p95")
    assert room.monitor.standing(SLOW).why == "no reading yet"
    nobody = room.monitor.standing(Criterion("x > 1", "x", ">", 1.0))
    assert (nobody.state, nobody.why) == ("unknown", "no such signal")


async def test_a_value_that_is_not_set_is_waited_for_without_asking() -> None:
    room = Room(P95)
    room.values.clear()
    await room.look(7)
    assert room.service.asked == [] and room.monitor.down == {}
    assert room.reading("p95") == (None, "<host> is not set yet")
    room.values["host"] = "shop.example.com"
    await room.look()
    assert room.service.asked == ["http://shop.example.com/api/metrics"]


async def test_another_address_is_another_service_and_counts_anew() -> None:
    room = Room(ERRORS)
    await room.look(2)
    assert room.reading("error_rate")[0] == 0.0
    room.values["host"] = "127.0.0.1:10"
    room.service.requests = 10
    await room.look()
    latest = room.monitor.series["error_rate"].latest()
    assert latest is not None and latest.why == "first reading; a rate needs two"


def test_values_cannot_break_out_of_an_address() -> None:
    assert fill("http://<host>/x", {"host": "a b\r\n?#"}) == ("http://a%20b%0D%0A%3F%23/x", "")
    assert fill("<base_url>/x", {"base_url": "https://a.example:8443"}) == ("https://a.example:8443/x", "")
    assert fill("http://<host>/<other>", {"host": "a"}) == ("http://<host>/<other>", "other")


async def test_it_polls_until_it_is_stopped_and_starts_after_the_last_one_ended() -> None:
    room = Room(P95, pauses=4)
    with pytest.raises(ExceptionGroup) as ended:
        await room.monitor.run()
    assert ended.group_contains(Enough)
    assert room.clock.slept == [5, 5, 5, 5]
    assert len(room.service.asked) == 4
    assert room.service.closed


async def test_cancelling_ends_it_cleanly() -> None:
    room = Room(P95, pauses=10**9)
    arrived = asyncio.Event()
    room.monitor.on_sample = lambda _: arrived.set()
    watch = asyncio.create_task(room.monitor.run())
    await asyncio.wait_for(arrived.wait(), 30)
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch
    assert room.service.closed


async def test_five_errors_in_a_row_are_down_and_asked_less_often() -> None:
    room = Room(P95, HEALTH, pauses=10**9)
    await room.look()
    room.service.fault = "connection refused"
    await room.look(4)
    assert room.monitor.down == {} and room.reading("p95") == (0.3, "connection refused")
    await room.look()
    assert room.monitor.down == {"p95": "connection refused", "health": "connection refused"}
    assert room.reading("p95") == (None, "connection refused")
    assert room.monitor.health_checks == {}
    assert room.monitor.standing(SLOW).state == "unknown"
    await room.look(3)
    assert len(room.monitor.down) == 2
    room.service.fault = ""
    await room.look()
    assert room.reading("p95") == (0.3, "") and room.monitor.down == {}


async def test_the_back_off_ends_at_four_intervals_and_with_the_first_answer() -> None:
    room = Room(P95, pauses=10)
    room.service.fault = "connection refused"

    def mend(_: str) -> None:
        room.service.fault = "connection refused" if len(room.service.asked) < 8 else ""

    room.monitor.on_sample = mend
    with pytest.raises(ExceptionGroup):
        await room.monitor.run()
    assert room.clock.slept == [5, 5, 5, 5, 10, 20, 20, 20, 5, 5]


async def test_low_traffic_is_no_fault_of_the_source() -> None:
    room = Room(msgspec.structs.replace(ERRORS, source=msgspec.structs.replace(ERRORS.source, min_requests=10**6)))
    await room.look(8)
    assert room.monitor.down == {}
    value, why = room.reading("error_rate")
    assert value is None and why == "low traffic (1400 of 1000000 requests)"


async def test_a_bug_in_a_library_is_a_hole_and_the_watch_goes_on() -> None:
    room = Room(P95)
    room.service.fault = "bug"
    await room.look()
    assert room.reading("p95") == (None, "could not be asked (LookupError)")


async def test_a_value_grows_stale_by_either_clock() -> None:
    slept = Room(P95)
    await slept.look()
    slept.clock.now += 46  # a suspended laptop: the wall clock went on, the other stood still
    assert slept.reading("p95") == (None, "no reading for 0:46")
    assert slept.monitor.standing(SLOW).state == "unknown"

    set_back = Room(P95)
    await set_back.look()
    set_back.clock.now -= 3600
    assert set_back.monitor.age("p95") == 0
    set_back.clock.ticks += 46
    assert set_back.reading("p95") == (None, "no reading for 0:46")

    nudged = Room(P95)
    await nudged.look()
    nudged.clock.pass_(10)
    nudged.clock.ticks += 36  # a time server took 36 s off the wall clock meanwhile
    found = nudged.monitor.standing(SLOW)
    assert (found.state, found.why) == ("unknown", "no reading for 0:46")


async def test_a_clock_that_was_set_back_starts_again_with_the_next_reading() -> None:
    room = Room(P95)
    await room.look(3)
    room.clock.now -= 3600
    room.service.p95 = 6200
    await room.look()
    found = room.monitor.standing(SLOW, danger=True)
    assert (found.state, found.value, found.why) == ("met", 6.2, "3 from the future left out: a clock is wrong")
    assert room.reading("p95")[0] == 6.2


async def test_a_laptop_that_slept_starts_the_hold_again() -> None:
    room = Room(P95)
    await room.look(62)
    assert room.monitor.standing(FAST).state == "met"
    room.clock.pass_(600)
    assert room.monitor.standing(FAST).state == "unknown"
    await room.look()
    found = room.monitor.standing(FAST)
    assert (found.state, found.covered, found.broken) == ("pending", 0, "gap")


async def test_the_standing_knows_its_title_and_counts_from_the_change_on() -> None:
    room = Room(P95)
    await room.look(70)
    found = room.monitor.standing(FAST)
    assert (found.state, found.title, found.unit, found.covered) == ("met", "Latency p95", "s", 345)
    assert room.monitor.standing(FAST, room.clock.now - 100).covered == 100
    assert room.monitor.standing(FAST, room.clock.now + 42).why == "settling, 0:42 more"


async def test_a_server_whose_clock_is_off_is_named_and_then_not_believed() -> None:
    room = Room(P95)
    room.service.date = lambda: room.clock.now - 10
    await room.look()
    assert room.monitor.skew["p95"] == pytest.approx(-9.5, abs=0.1)
    assert room.reading("p95")[0] == 0.3
    room.service.date = lambda: room.clock.now - 60
    await room.look()
    latest = room.monitor.series["p95"].latest()
    assert latest is not None and latest.why == "its clock is 0:59 behind: skewed or cached"
    room.service.date = lambda: room.clock.now
    await room.look()
    assert room.monitor.skew == {}


def test_nothing_heavy_is_imported_before_the_first_poll() -> None:
    code = "import sys, runbook.signals.monitor; print({'httpx', 'textual', 'anyio', 'git'} & set(sys.modules))"
    house = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=house, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# ── pace ──────────────────────────────────────────────────────────────────────────────────────────

RUNBOOK = Runbook(
    "r",
    "R",
    signals=ALL,
    triggers=(
        Trigger("t", "Error rate > 5% for 5+ minutes", "E", "conditional", FAST),
        Trigger("m", "M", "E", "immediate"),
    ),
    outcomes=(Outcome("o", "p95", "success", SLOW),),
    methods=(Method("a", "1", "A", steps=(Step("s", "S", "wait_for", wait_for=(FAST, SLOW)),)),),
    verification=(Step("v", "V", "wait_for", wait_for=(FAST,)),),
)


def test_the_pace_shortens_windows_and_nothing_else() -> None:
    assert shorten(RUNBOOK, 1) is RUNBOOK
    quick = shorten(RUNBOOK, 15)
    trigger = quick.triggers[0].criterion
    assert trigger is not None and (trigger.hold, trigger.text, trigger.value) == (20, "p95 < 1 s for 20s", 1.0)
    assert quick.triggers[0].text == RUNBOOK.triggers[0].text
    assert [c.hold for c in quick.methods[0].steps[0].wait_for] == [20, 0]
    assert quick.verification[0].wait_for[0].hold == 20
    assert (quick.settle, quick.relapse_watch) == (4, 120)
    source = quick.signals[0].source
    assert isinstance(source, HttpJson)
    assert (quick.signals[0].every, source.window, source.min_requests) == (1, 5, 20)
    assert quick.outcomes == RUNBOOK.outcomes
    shortened = {"triggers", "outcomes", "methods", "verification", "signals", "settle", "relapse_watch"}
    assert {f for f in Runbook.__struct_fields__ if getattr(quick, f) != getattr(RUNBOOK, f)} <= shortened
    for wrong in (0.5, 0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="pace"):
            shorten(RUNBOOK, wrong)


def test_what_is_short_already_stays() -> None:
    small = Signal("q", "Q", HttpJson(METRICS, numerator="a", denominator="b", window=2, min_requests=5), every=0.5)
    quick = shorten(Runbook("r", "R", signals=(small,)), 15)
    assert quick.signals == (small,)


def test_what_asks_several_addresses_is_asked_less_often() -> None:
    smoke = Signal("s", "S", Smoke((SmokeTest("home", METRICS),)), every=15)
    assert shorten(Runbook("r", "R", signals=(smoke,)), 15).signals[0].every == 3


async def test_at_a_quick_pace_a_value_is_stale_sooner_and_a_hold_can_still_be_met() -> None:
    quick = shorten(RUNBOOK, 15)
    room = Room(*quick.signals, pace=15)
    trigger = quick.triggers[0].criterion
    assert trigger is not None
    await room.look(22, step=1.1)
    assert room.monitor.standing(trigger).state == "met"
    room.clock.pass_(5.5)
    assert room.monitor.is_stale("p95")
