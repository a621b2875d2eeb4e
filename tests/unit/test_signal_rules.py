"""The rules of signals at their edges, through the whole watch: counters, clocks, gaps, targets, verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.model import Criterion, Outcome, Seconds, Signal
from runbook.signal_sources import HttpJson, Prometheus, SignalSource
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.monitor import Monitor
from runbook.signals.samples import SampleFile
from runbook.signals.standing import Standing
from runbook.signals.verdict import decide

ADDRESS = "http://127.0.0.1:9/metrics"
VALUE = HttpJson(ADDRESS, path="value")
RATE = HttpJson(ADDRESS, numerator="errors", denominator="requests", scale=100)
CALM = Criterion("error_rate < 1 % for 5m", "error_rate", "<", 1.0, 300)
BURNING = Criterion("error_rate > 5 % for 5m", "error_rate", ">", 5.0, 300)
CALM_NOW = Criterion("error_rate < 1 %", "error_rate", "<", 1.0)
BURNING_NOW = Criterion("error_rate > 5 %", "error_rate", ">", 5.0)
OUTCOMES = (
    Outcome("calm", "Error rate < 1% for 5+ minutes", "success", CALM),
    Outcome("burning", "Error rate > 5%", "failed", BURNING),
)
GOOD, BAD = 0.2, 9.0


class World:
    """A source that says what it is told to, and two clocks that can be moved apart."""

    def __init__(self, source: SignalSource = VALUE, every: Seconds = 5) -> None:
        self.now, self.ticks, self.every = 1_000_000.0, 50.0, every
        self.said: dict[str, object] | str = {"value": GOOD}
        self.their_clock: Callable[[], float | None] = lambda: None
        signal = Signal("error_rate", "Error rate", source, unit="%", every=every, kind="error_rate")
        self.monitor = Monitor([signal], clock=self, fetch=self, jitter=lambda: 0.0)

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.ticks

    async def sleep(self, seconds: Seconds) -> None:
        self.pass_(seconds)

    async def open(self) -> None:
        """Always ready."""

    async def close(self) -> None:
        """Nothing is open."""

    async def get(self, url: str, deadline: Seconds) -> Reply:
        if isinstance(self.said, str):
            raise Unreadable(self.said)
        return Reply(200, json.dumps(self.said).encode(), "application/json", date=self.their_clock())

    def pass_(self, seconds: Seconds) -> None:
        self.now += seconds
        self.ticks += seconds

    async def reads(self, value: float | None, times: int = 1, step: Seconds | None = None) -> None:
        """So many polls, each a step after the one before, that bring this value; None for a failed one."""
        self.said = {"value": value} if value is not None else "connection refused"
        for _ in range(times):
            self.pass_(self.every if step is None else step)
            await self.monitor.look()

    def stands(self, criterion: Criterion = CALM, *, danger: bool = False) -> Standing:
        return self.monitor.standing(criterion, danger=danger)

    def latest(self) -> tuple[float | str | None, str]:
        latest = self.monitor.series["error_rate"].latest()
        assert latest is not None
        return latest.value, latest.why


# ── gaps and holds ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("gap", [59, 60, 61])
async def test_a_gap_of_a_fifth_of_the_hold_is_still_watching_and_a_second_more_is_not(gap: int) -> None:
    """Every 20 s with a hold of 300 s: three intervals and a fifth of the hold are both 60 s."""
    for value, criterion, danger in ((GOOD, CALM, False), (BAD, BURNING, True)):
        world = World(every=20)
        await world.reads(value, 9)
        await world.reads(value, step=gap)
        await world.reads(value, 9)
        found = world.stands(criterion, danger=danger)
        if gap <= 60:
            assert (found.state, found.covered) == ("met", 160 + gap + 180)
        elif danger:  # the clock of a danger was paused
            assert (found.state, found.covered) == ("met", 160 + 180)
        else:
            assert (found.state, found.covered, found.broken) == ("pending", 180, "gap")


@pytest.mark.parametrize(("last", "state"), [(4, "pending"), (5, "met"), (6, "met")])
async def test_a_hold_of_five_minutes_is_not_met_after_299_seconds(last: int, state: str) -> None:
    for value, criterion, danger in ((GOOD, CALM, False), (BAD, BURNING, True)):
        world = World()
        await world.reads(value, 60)
        await world.reads(value, step=last)
        found = world.stands(criterion, danger=danger)
        assert (found.state, found.covered) == (state, 295 + last)
        world.pass_(40)  # time without a reading is nobody's evidence
        assert world.stands(criterion, danger=danger).covered == 295 + last


@pytest.mark.parametrize(("age", "state"), [(44, "met"), (45, "met"), (46, "unknown")])
async def test_a_reading_is_current_for_45_seconds_and_a_second_later_nothing_is_known(age: int, state: str) -> None:
    world = World()
    await world.reads(GOOD, 70)
    world.pass_(age)
    assert world.stands().state == state
    assert world.monitor.is_stale("error_rate") == (state == "unknown")


async def test_five_failed_polls_end_a_hold_and_four_do_not() -> None:
    for failed, state in ((4, "met"), (5, "pending")):
        world = World()
        await world.reads(GOOD, 60)
        await world.reads(None, failed)
        await world.reads(GOOD, 10)
        assert world.stands().state == state
        assert world.monitor.down == {}
    await world.reads(None, 5)
    assert world.monitor.down == {"error_rate": "connection refused"}
    assert world.stands().state == "unknown"


# ── limits and traffic ────────────────────────────────────────────────────────────────────────────


async def counted(errors: int, requests: int) -> World:
    world = World(RATE)
    world.said = {"errors": 40, "requests": 9000}
    await world.monitor.look()
    world.pass_(5)
    world.said = {"errors": 40 + errors, "requests": 9000 + requests}
    await world.monitor.look()
    return world


@pytest.mark.parametrize("hundreds", [1, 3, 7, 11, 29, 57, 1009, 33333])
async def test_exactly_one_per_cent_is_not_below_one_and_exactly_five_is_not_above_five(hundreds: int) -> None:
    one = await counted(hundreds, 100 * hundreds)
    assert (one.latest()[0], one.stands(CALM_NOW).state) == (1.0, "not-met")
    five = await counted(5 * hundreds, 100 * hundreds)
    assert (five.latest()[0], five.stands(BURNING_NOW, danger=True).state) == (5.0, "not-met")


async def test_one_error_more_or_less_in_a_hundred_thousand_decides() -> None:
    assert (await counted(999, 100_000)).stands(CALM_NOW).state == "met"
    assert (await counted(1001, 100_000)).stands(CALM_NOW).state == "not-met"
    assert (await counted(4999, 100_000)).stands(BURNING_NOW, danger=True).state == "not-met"
    assert (await counted(5001, 100_000)).stands(BURNING_NOW, danger=True).state == "met"


async def test_99_requests_are_too_few_to_judge_by_and_100_are_enough() -> None:
    assert (await counted(0, 99)).latest() == (None, "low traffic (99 of 100 requests)")
    assert (await counted(0, 100)).latest() == (0.0, "")
    assert (await counted(99, 99)).latest()[0] is None, "too few to condemn by, either"
    assert (await counted(0, 0)).latest() == (None, "no traffic")


async def test_traffic_that_dries_up_is_no_recovery_however_long_it_lasts() -> None:
    world = World(RATE)
    for poll in range(80):  # one request a second, none of them failing
        world.said = {"errors": 0, "requests": 5 * poll}
        world.pass_(5)
        await world.monitor.look()
        assert world.stands().state == "unknown"
    assert "low traffic" in world.stands().why
    assert world.monitor.down == {}, "the source is not at fault"


# ── targets ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("first", "later", "why"),
    [
        (10, 10, ""),
        (10, 9, ""),
        (10, 8, "partial: 8 of 10 targets are up"),
        (3, 2, "partial: 2 of 3 targets are up"),
        (1, 0, "no target is up"),
    ],
)
async def test_when_more_than_a_tenth_of_the_targets_is_gone_the_rest_does_not_speak_for_all(
    first: int, later: int, why: str
) -> None:
    world = World(Prometheus("http://127.0.0.1:9", "rate", targets='up{job="shop"}', scale=100))

    async def scraped(up: int) -> None:
        parts = [("value", "0.002"), ("up", str(up))]
        series = [{"metric": {"warroom_part": name}, "value": [world.now, said]} for name, said in parts]
        world.said = {"status": "success", "data": {"resultType": "vector", "result": series}}
        world.pass_(5)
        await world.monitor.look()

    for _ in range(62):
        await scraped(first)
    assert world.stands().state == "met"
    for _ in range(5):
        await scraped(later)
    value, said = world.latest()
    assert (value, said) == ((None, why) if why else (0.2, ""))
    assert world.stands().state == ("unknown" if why else "met")
    assert ("error_rate" in world.monitor.down) == bool(why)


# ── clocks ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("off", "words"), [(600, "10:00 ahead"), (-600, "10:00 behind"), (46, "0:46"), (-46, "0:46")])
async def test_a_server_whose_clock_is_ten_minutes_off_is_not_believed(off: int, words: str) -> None:
    world = World()
    world.their_clock = lambda: world.now + off - 0.5
    await world.reads(GOOD, 80)
    value, why = world.latest()
    assert value is None and words in why
    assert world.stands().state == "unknown"


@pytest.mark.parametrize("off", [45, -45, 5, -5])
async def test_a_server_whose_clock_is_less_off_than_a_gap_is_believed(off: int) -> None:
    world = World()
    world.their_clock = lambda: world.now + off - 0.5
    await world.reads(GOOD, 80)
    assert world.stands().state == "met"
    assert ("error_rate" in world.monitor.skew) == (abs(off) > 5)


async def test_our_clock_set_forward_ten_minutes_starts_the_hold_again() -> None:
    world = World()
    await world.reads(GOOD, 70)
    world.now += 600
    assert world.stands().state == "unknown"
    await world.reads(GOOD)
    found = world.stands()
    assert (found.state, found.covered, found.broken) == ("pending", 0, "gap")
    await world.reads(GOOD, 60)
    assert world.stands().state == "met"


async def test_our_clock_set_back_ten_minutes_starts_the_hold_again() -> None:
    world = World()
    await world.reads(GOOD, 200)
    world.now -= 600
    assert world.stands().why == "120 from the future left out: a clock is wrong"
    await world.reads(GOOD)
    assert world.stands().state == "pending"
    await world.reads(GOOD, 60)
    assert world.stands().state == "met"


async def test_what_was_bad_before_our_clock_was_set_back_is_not_forgotten_by_it() -> None:
    world = World()
    await world.reads(GOOD, 200)
    await world.reads(BAD, 110)
    world.now -= 600
    for _ in range(59):
        assert world.stands().state != "met"
        await world.reads(GOOD)


async def test_readings_from_before_our_clock_was_set_back_do_not_fill_the_silence_after_it() -> None:
    world = World()
    await world.reads(GOOD, 200)
    world.now -= 600
    for _ in range(20):
        await world.reads(None, 4)
        await world.reads(GOOD)
        await world.reads(None, 4)
        assert world.stands().state != "met"


async def test_a_danger_is_not_called_off_by_readings_from_before_our_clock_was_set_back() -> None:
    world = World()
    await world.reads(GOOD, 200)
    world.now -= 597
    for _ in range(100):
        await world.reads(BAD)
        world.pass_(4)  # by now an old good reading is dated after the newest
        assert world.stands(BURNING_NOW, danger=True).state == "met"


async def test_a_danger_that_holds_still_holds_after_our_clock_was_set_back() -> None:
    world = World()
    await world.reads(BAD, 200)
    world.now -= 600
    await world.reads(BAD)
    assert world.stands(BURNING, danger=True).state == "met"


async def test_a_room_that_opens_on_samples_from_the_future_counts_from_its_opening_on(tmp_path: Path) -> None:
    before = World()
    before.monitor.samples = SampleFile(tmp_path / "a.samples")
    await before.reads(GOOD, 200)
    await before.reads(BAD, 20)
    before.monitor.samples.flush()
    for back in (0, 100):
        world = World()
        world.now = before.now - back
        world.monitor.remember(tmp_path)
        assert world.stands().state == ("unknown" if back else "not-met")
        await world.reads(GOOD)
        assert world.stands().state == "pending"


async def test_a_suspended_laptop_has_not_watched_whichever_clock_stood_still() -> None:
    for wall, ticks in ((600.0, 0.0), (0.0, 600.0)):
        world = World()
        await world.reads(GOOD, 70)
        world.now, world.ticks = world.now + wall, world.ticks + ticks
        assert world.stands().state == "unknown", (wall, ticks)
        assert world.monitor.is_stale("error_rate")
        await world.reads(GOOD)
        assert world.stands().state == "pending", (wall, ticks)


async def test_a_wall_clock_that_stands_still_never_fills_a_hold() -> None:
    world = World()
    await world.reads(GOOD)
    stuck = world.now
    for _ in range(100):
        await world.reads(GOOD)
        world.now = stuck
        assert world.stands().state != "met"


async def test_of_two_answers_for_one_time_the_worse_counts_in_either_order() -> None:
    for pair in ((GOOD, BAD), (BAD, GOOD)):
        world = World()
        for value in pair:
            await world.reads(value, step=0)
        assert world.stands(CALM_NOW).state == "not-met"
        assert world.stands(BURNING_NOW, danger=True).state == "met"


# ── met means: watched and good for that long by a clock that nobody set ──────────────────────────

SHORT = Criterion("error_rate < 1 % for 1m", "error_rate", "<", 1.0, 60)
GAP = 12
"""What a hold of a minute allows: a fifth of it."""
MOVES = st.sampled_from(
    [*["good"] * 60, "bad", "hole", "suspended", "other clock stood still", "set back", "set back", "set forward"]
)


def really_met(readings: Sequence[tuple[float, float | None]], now: float, hold: float, gap: float) -> bool:
    """By true times: is there an unbroken line of good readings, back from a fresh one, over the whole hold?"""
    known = [(at, value) for at, value in readings if value is not None]
    if not known or now - known[-1][0] > gap:
        return False
    line = [known[-1]]
    for reading in reversed(known[:-1]):
        if line[-1][0] - reading[0] > gap or reading[1] != GOOD:
            break
        line.append(reading)
    return known[-1][1] == GOOD and line[0][0] - line[-1][0] >= hold and len(line) >= 5


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(MOVES, st.sampled_from([10, 30, 600])), min_size=14, max_size=90))
async def test_met_means_watched_and_good_for_that_long_however_the_clocks_were_moved(
    moves: list[tuple[str, int]],
) -> None:
    world, true, readings = World(), 0.0, list[tuple[float, float | None]]()
    for move, size in moves:
        if move in ("good", "bad", "hole"):
            value = {"good": GOOD, "bad": BAD}.get(move)
            await world.reads(value)
            true += 5
            readings.append((true, value))
        elif move == "suspended":
            world.now, true = world.now + size, true + size
        elif move == "other clock stood still":
            world.ticks, true = world.ticks + size, true + size
        else:
            world.now += size + GAP if move == "set forward" else -size
        if world.stands(SHORT).state == "met":
            assert really_met(readings, true, 60, GAP)


# ── the verdict ───────────────────────────────────────────────────────────────────────────────────


def verdict_of(world: World, since: float) -> str:
    standings = {
        one.id: world.monitor.standing(one.criterion, since, danger=one.level == "failed")
        for one in OUTCOMES
        if one.criterion
    }
    times = [datetime.fromtimestamp(at, UTC) for at in (since, world.now)]
    return decide(OUTCOMES, standings, {}, judged_from=times[0], now=times[1]).verdict


def may_be_recovered(values: Sequence[float | None], since: int) -> bool:
    """From the rules alone, for polls every 5 s: the last 61 of the window, no breach, and nowhere five holes."""
    window = values[since:]
    while window and window[-1] is None:
        window = window[:-1]
    trailing = len(values) - since - len(window)
    if trailing >= 5:
        return False
    places = [place for place, value in enumerate(window) if value is not None]
    for first in places:
        kept = [place for place in places if place >= first]
        if (
            (kept[-1] - first) * 5 >= 300
            and len(kept) >= 5
            and all(window[place] == GOOD for place in kept)
            and all(later - earlier <= 5 for earlier, later in pairwise(kept))
        ):
            return True
    return False


VALUES = st.lists(st.sampled_from([*[GOOD] * 40, None, BAD, 3.0]), min_size=60, max_size=90)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.integers(0, 8), st.data())
async def test_losing_good_readings_never_makes_a_recovery_of_what_was_none(
    values: list[float | None], since: int, data: st.DataObject
) -> None:
    async def judged(told: Sequence[float | None]) -> str:
        world = World()
        for value in told:
            await world.reads(value)
        found = verdict_of(world, 1_000_005.0 + 5 * since)
        assert found != "recovered" or may_be_recovered(told, since)
        return found

    good = [place for place, value in enumerate(values) if value == GOOD]
    lost = data.draw(st.sets(st.sampled_from(good)) if good else st.just(set()))
    fewer = [None if place in lost else value for place, value in enumerate(values)]
    before, after = await judged(values), await judged(fewer)
    assert after != "recovered" or before == "recovered"
    assert (before == "recovered") == may_be_recovered(values, since)
