"""An optional signal that nobody set up takes no part, and says so; one that was ever asked counts for good."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.doctor import world as doctor
from runbook.incident import account
from runbook.incident import events as ev
from runbook.incident.room import fold
from runbook.incident.state import RoomState, Tick
from runbook.model import Criterion, Effect, Method, Outcome, Runbook, Seconds, Signal, Step, Trigger
from runbook.outlook import Outlook
from runbook.reading import write, yaml
from runbook.reading.problems import ReadingError
from runbook.signal_sources import HttpJson, NoSource, Sentry, SignalSource
from runbook.signals import criteria
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.monitor import Monitor
from runbook.signals.samples import SampleFile
from tui import picture

ERRORS = Signal("errors", "Error rate", HttpJson("http://127.0.0.1:9/errors", path="value"), unit="%", every=5)
EXTRA = Signal("extra", "Checkout errors", HttpJson("<extra_url>/x", path="value"), every=5, optional=True)
CALM = Criterion("errors < 1 for 1m", "errors", "<", 1.0, 60)
QUIET = Criterion("extra < 1 for 1m", "extra", "<", 1.0, 60)
LOUD = Criterion("extra > 10", "extra", ">", 10.0)
BOOK = Runbook(
    id="shop",
    title="Shop",
    signals=(ERRORS, EXTRA),
    triggers=(Trigger("loud", "Checkout fails", "Errors", "conditional", LOUD),),
    methods=(Method("back", "1", "Back", steps=(Step("ask", "Ask", "manual"),)),),
    outcomes=(
        Outcome("calm", "Few errors", "success", CALM),
        Outcome("quiet", "Checkout works", "success", QUIET),
        Outcome("worse", "Checkout is worse than before", "failed", LOUD),
    ),
    settle=0,
)
GOOD, BAD = 0.2, 20.0
SILENT = None


class World:
    """Two sources that say what they are told to, or nothing, and a clock that a test moves."""

    def __init__(self, book: Runbook = BOOK, environ: dict[str, str] | None = None) -> None:
        self.now, self.values = 1_000_000.0, dict[str, str]()
        self.said: dict[str, float | None] = {"errors": GOOD, "x": GOOD}
        self.asked: list[str] = []
        self.monitor = Monitor(
            book.signals, values=self.values, clock=self, fetch=self, environ=environ or {}, jitter=lambda: 0.0
        )
        self.outlook = Outlook(book, self.monitor)

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: Seconds) -> None:
        self.now += seconds

    async def open(self) -> None:
        """Always ready."""

    async def close(self) -> None:
        """Nothing is open."""

    async def get(self, url: str, deadline: Seconds) -> Reply:
        self.asked.append(url)
        if (value := self.said[url.rsplit("/", 1)[1]]) is None:
            raise Unreadable("connection refused")
        return Reply(200, json.dumps({"value": value}).encode(), "application/json")

    async def polls(self, times: int) -> None:
        for _ in range(times):
            self.now += 5
            await self.monitor.look()

    @property
    def state(self) -> RoomState:
        return msgspec.structs.replace(RoomState(), last_change=datetime.fromtimestamp(1_000_000, UTC))

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def verdict(self, state: RoomState | None = None) -> str:
        return self.outlook.verdict(state or self.state, self.at).verdict


async def test_it_is_not_asked_takes_no_part_and_the_verdict_says_so() -> None:
    world = World()
    await world.polls(20)
    said = world.outlook.verdict(world.state, world.at)
    assert (said.verdict, said.text) == (
        "recovered",
        "recovered by the signals: error rate 0.2 % < 1 % for 1:35; 1 for a person to confirm: Checkout works; "
        "without Checkout errors (not set up)",
    )
    assert all(url.endswith("/errors") for url in world.asked)
    assert len(world.monitor.series["extra"]) == 0
    assert [reading.signal for reading in world.outlook.readings()] == ["errors"]
    assert world.outlook.advice(world.state).text == "no reason to roll back"


async def test_a_required_one_that_is_not_set_up_keeps_the_verdict_at_not_known() -> None:
    required = msgspec.structs.replace(BOOK, signals=(ERRORS, msgspec.structs.replace(EXTRA, optional=False)))
    world = World(required)
    await world.polls(20)
    said = world.outlook.verdict(world.state, world.at)
    assert (said.verdict, said.text) == ("unknown", "not known yet: checkout errors (<extra_url> is not set yet)")


async def test_a_person_may_see_what_it_would_have_told() -> None:
    world = World()
    await world.polls(20)

    def told(item: str) -> str:
        return world.verdict(msgspec.structs.replace(world.state, ticks={item: Tick(True, world.at, "kim")}))

    assert told("quiet") == "recovered"
    assert told("worse") == "failed"


async def test_where_nothing_else_is_measured_nobody_is_told_that_all_is_well() -> None:
    only = msgspec.structs.replace(BOOK, signals=(EXTRA,), outcomes=BOOK.outcomes[1:])
    world = World(only)
    await world.polls(20)
    assert world.verdict() == "unknown"
    bar = picture.verdict_bar(
        world.outlook.advice(RoomState()),
        world.outlook.verdict(RoomState(), world.at),
        world.outlook,
        RoomState(),
        world.at,
    )
    assert (bar.said, bar.without) == ("unknown", "without Checkout errors (not set up)")


async def test_set_up_while_the_incident_runs_it_is_judged_from_then_on() -> None:
    world = World()
    await world.polls(20)
    world.values["extra_url"] = "http://127.0.0.1:9"
    assert world.verdict() == "unknown"
    await world.polls(20)
    assert world.verdict() == "recovered"
    assert "without" not in world.outlook.verdict(world.state, world.at).text


@pytest.mark.parametrize("how", ["silent", "value taken away"])
async def test_once_it_was_asked_its_silence_is_a_hole(how: str) -> None:
    world = World()
    world.values["extra_url"] = "http://127.0.0.1:9"
    await world.polls(20)
    assert world.verdict() == "recovered"
    if how == "silent":
        world.said["x"] = SILENT
    else:
        del world.values["extra_url"]
    await world.polls(20)
    said = world.outlook.verdict(world.state, world.at)
    assert said.verdict == "unknown" and "checkout errors (" in said.text and "without" not in said.text


async def test_a_room_that_comes_back_without_the_variable_still_knows_that_it_was_asked(tmp_path: Path) -> None:
    first = World()
    first.values["extra_url"] = "http://127.0.0.1:9"
    first.monitor.samples = SampleFile(tmp_path / "one.samples")
    await first.polls(3)
    first.monitor.samples.flush()
    again = World()
    again.now = first.now + 30 * 86400
    again.monitor.remember(tmp_path)
    assert again.monitor.not_set_up() == {}
    await again.polls(20)
    assert again.verdict() == "unknown"


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({}, ("SENTRY_URL", "SENTRY_AUTH_TOKEN")),
        ({"SENTRY_URL": "https://sentry.example", "SENTRY_AUTH_TOKEN": " "}, ("SENTRY_AUTH_TOKEN",)),
        ({"SENTRY_URL": "https://sentry.example", "SENTRY_AUTH_TOKEN": "x"}, None),
    ],
)
def test_what_is_missing_is_named(environ: dict[str, str], missing: tuple[str, ...] | None) -> None:
    sentry = Signal("sentry", "Sentry", Sentry("acme", "shop"), optional=True)
    monitor = Monitor((sentry,), environ=environ)
    assert monitor.not_set_up().get("sentry") == missing


MOVES = st.lists(
    st.sampled_from([*["good"] * 30, "bad", "silent", "set", "set", "taken away", "errors"]), min_size=15, max_size=60
)


@settings(max_examples=150, deadline=None)
@given(MOVES)
async def test_a_recovery_means_that_every_signal_that_was_ever_set_up_was_seen_to_be_good(moves: list[str]) -> None:
    world, ever = World(), False
    seen: list[tuple[float, float | None]] = []
    for move in moves:
        if move == "set":
            world.values["extra_url"] = "http://127.0.0.1:9"
        elif move == "taken away":
            world.values.pop("extra_url", None)
        value = {"bad": BAD, "silent": SILENT}.get(move, GOOD)
        world.said = {"x": value, "errors": BAD if move == "errors" else GOOD}
        asked = "extra_url" in world.values
        await world.polls(1)
        ever = ever or asked
        if ever:
            seen.append((world.now, value if asked else None))
        assert bool(world.monitor.not_set_up()) != ever
        if world.verdict() == "recovered" and ever:
            real = [at for at, value in seen if value is not None]
            assert real and world.now - real[-1] <= 45 and real[0] <= real[-1] - 60
            assert all(value in (GOOD, None) for at, value in seen if at >= real[-1] - 60)


# ── where it is written and told ──────────────────────────────────────────────────────────────────

TEXT = """version: 1
id: shop
title: Shop
params: [{id: base, label: Base}]
signals:
  x: {source: http_json, url: "<base>/x", path: value, optional: true}
methods:
  - {id: wait, title: Wait, steps: [{id: w, title: Wait, manual: Wait.}]}
"""


def read(text: str) -> Runbook:
    return yaml.loads(text, "x.yaml", infer=lambda _: Effect.READ, parse_criterion=criteria.parse)


def test_the_form_says_it_and_it_is_written_again() -> None:
    book = read(TEXT)
    assert book.signals[0].optional
    assert read(write.dumps(book)).signals[0].optional
    assert not read(TEXT.replace(", optional: true", "")).signals[0].optional


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("<base>/x", "http://127.0.0.1/x", "Nothing has to be set for this signal"),
        ('source: http_json, url: "<base>/x", path: value', "source: none", "optional"),
    ],
)
def test_it_is_refused_where_it_would_say_nothing(before: str, after: str, told: str) -> None:
    with pytest.raises(ReadingError, match=told):
        read(TEXT.replace(before, after))


@pytest.mark.parametrize(
    ("source", "level", "said"),
    [
        (HttpJson("<base>/x", path="value"), "amber", "not set up: it is optional, and takes no part"),
        (NoSource(), "amber", "no source: it stays unknown"),
    ],
)
def test_the_doctor_says_what_to_set(tmp_path: Path, source: SignalSource, level: str, said: str) -> None:
    book = msgspec.structs.replace(BOOK, signals=(Signal("x", "X", source, optional=True),))
    (found,) = asyncio.run(doctor.sources(book, tmp_path, {}, {}))
    assert (found.level, found.found) == (level, said)
    assert "base" in found.mend if level == "amber" and said.startswith("not set up") else found.mend


def test_the_report_says_that_it_took_no_part() -> None:
    body = ev.VerdictChanged("recovered", "recovered; without Checkout errors (not set up)")
    event = ev.Event(
        incident="one",
        seat="kim-1",
        seq=1,
        at=datetime(2026, 11, 24, 3, tzinfo=UTC) + timedelta(minutes=1),
        lamport=1,
        body=body,
        readings=(ev.Reading("errors", 0.2),),
    )
    lines = "\n".join(account.criteria(fold([event]), BOOK))
    assert "Few errors (success): errors &lt; 1 for 1m; error rate 0.2 % at the last verdict" in lines.replace(
        "<", "&lt;"
    )
    assert "extra was not set up and took no part; not ticked" in lines
