"""Unknown is never green: the rules, their edges, and an oracle that knows nothing of the implementation."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.model import Criterion
from runbook.signals.judge import gap_allowed, holds, judge
from runbook.signals.series import Sample, Series
from runbook.signals.standing import Standing

HEALTHY = Criterion("error_rate < 1 % for 5m", "error_rate", "<", 1.0, 300)
BURNING = Criterion("error_rate > 5 % for 5m", "error_rate", ">", 5.0, 300)
NOW_BAD = Criterion("p95 > 5 s", "p95", ">", 5.0)
NOW_GOOD = Criterion("health == 200", "health", "==", 200.0)

TIMES = st.floats(0, 900).map(lambda x: round(x, 1))
VALUES = st.none() | st.floats(0, 10) | st.sampled_from([0.2, 0.9, 1.0, 5.0, 9.0])
LOOSE = st.lists(st.builds(Sample, TIMES, VALUES), max_size=100)
STEPS = st.lists(
    st.tuples(st.integers(1, 70), st.sampled_from([0.2, 0.2, 0.2, 0.2, 0.2, 0.2, None, 9.0, 1.0])), max_size=60
)


def dense(steps: list[tuple[int, float | None]]) -> list[Sample]:
    at, samples = 0, []
    for step, value in steps:
        at += step
        samples.append(Sample(float(at), value))
    return samples


DENSE = STEPS.map(dense)
LONG = st.tuples(st.lists(st.sampled_from([0.2] * 12 + [None, 9.0]), min_size=60, max_size=80), st.integers(4, 13)).map(
    lambda drawn: [Sample(float(i * drawn[1]), value) for i, value in enumerate(drawn[0])]
)
SAMPLES = LOOSE | DENSE | LONG


def series_of(samples: list[Sample]) -> Series:
    series = Series()
    for sample in samples:
        series.append(sample)
    return series


def ask(
    criterion: Criterion, samples: list[Sample], now: float, since: float = 0, gap: float = 60, *, danger: bool = False
) -> Standing:
    return judge(criterion, series_of(samples), now, since, max_gap=gap, danger=danger)


def every(step: float, until: float, value: float | None, start: float = 0) -> list[Sample]:
    return [Sample(start + i * step, value) for i in range(int((until - start) / step) + 1)]


# ── oracles ───────────────────────────────────────────────────────────────────────────────────────


def timeline(samples: list[Sample], now: float, since: float, good: str) -> list[tuple[float, str]]:
    """(time, yes | no | hole), by reading every instant's samples at once. `good` is the answer that loses a tie."""
    told = []
    for at in sorted({s.at for s in samples if since <= s.at <= now}):
        values = [s.value for s in samples if s.at == at]
        answers = {"hole" if v is None else "yes" if float(v) < 1 else "no" for v in values}
        other = "no" if good == "yes" else "yes"
        told.append((at, other if other in answers else "hole" if "hole" in answers else good))
    return told


def recovered_oracle(samples: list[Sample], now: float, hold: float, gap: float, since: float) -> bool:
    """Is there a window that ends at the newest reading and is long, dense, good and fresh?"""
    told = timeline(samples, now, since, "yes")
    read = [i for i, (_, answer) in enumerate(told) if answer != "hole"]
    if not read or now - told[read[-1]][0] > gap or len(told) - 1 - read[-1] >= 5:
        return False
    end = read[-1]
    for first in read:
        inside = told[first : end + 1]
        seen = [at for at, answer in inside if answer != "hole"]
        silent = "".join("h" if answer == "hole" else "." for _, answer in inside)
        if (
            seen[-1] - seen[0] >= hold
            and len(seen) >= 5
            and all(answer != "no" for _, answer in inside)
            and all(b - a <= gap for a, b in pairwise(seen))
            and "hhhhh" not in silent
        ):
            return True
    return False


def burning_oracle(samples: list[Sample], now: float, hold: float, gap: float) -> bool:
    """Walks forward with a stop watch that a gap pauses and a reading to the contrary sets to zero."""
    told = timeline(samples, now, 0, "no")
    watch, count, last, holes, newest = 0.0, 0, None, 0, None
    for at, answer in told:
        if answer == "hole":
            holes += 1
            continue
        if answer == "no":
            watch, count, last = 0.0, 0, None
        else:
            if last is not None and at - last <= gap and holes < 5:
                watch += at - last
            count, last = count + 1, at
        holes, newest = 0, (at, answer)
    if newest is None or newest[1] == "no" or now - newest[0] > gap or holes >= 5:
        return False
    return watch >= hold - 1e-6 and count >= 5


@settings(max_examples=200, deadline=None)
@given(SAMPLES, st.integers(0, 1000).map(float), st.sampled_from([0.0, 100.0]), st.sampled_from([20.0, 300.0]))
def test_recovery_agrees_with_the_oracle(samples: list[Sample], now: float, since: float, hold: float) -> None:
    criterion = Criterion("", "x", "<", 1.0, hold)
    for at in (now, max((s.at for s in samples), default=0.0)):
        found = ask(criterion, samples, at, since, 45)
        assert (found.state == "met") == recovered_oracle(samples, at, hold, 45, since)


@settings(max_examples=200, deadline=None)
@given(SAMPLES, st.integers(0, 1000).map(float), st.sampled_from([20.0, 300.0]))
def test_danger_agrees_with_the_oracle(samples: list[Sample], now: float, hold: float) -> None:
    criterion = Criterion("", "x", "<", 1.0, hold)  # danger is what is asked for, not the direction
    samples = [Sample(float(round(s.at)), s.value) for s in samples]
    for at in (now, max((s.at for s in samples), default=0.0)):
        found = ask(criterion, samples, at, 0, 45, danger=True)
        assert (found.state == "met") == burning_oracle(samples, at, hold, 45)


@settings(max_examples=200, deadline=None)
@given(SAMPLES, st.data(), st.booleans(), st.sampled_from([0.0, 20.0, 300.0]))
def test_losing_good_readings_never_makes_it_pass(
    samples: list[Sample], data: st.DataObject, danger: bool, hold: float
) -> None:
    criterion = Criterion("", "x", "<", 1.0, hold)
    now = max((s.at for s in samples), default=0.0)
    if ask(criterion, samples, now, danger=danger).state == "met":
        return
    lost = data.draw(st.sets(st.integers(0, max(len(samples) - 1, 0))))
    fewer = [
        Sample(s.at, None) if i in lost and s.value is not None and float(s.value) < 1 else s
        for i, s in enumerate(samples)
    ]
    assert ask(criterion, fewer, now, danger=danger).state != "met"


@settings(max_examples=150, deadline=None)
@given(SAMPLES, st.randoms(), st.booleans())
def test_order_and_repeats_do_not_matter(samples: list[Sample], chance: Random, danger: bool) -> None:
    twice = [*samples, *samples]
    chance.shuffle(twice)
    once, again = ask(HEALTHY, samples, 900, danger=danger), ask(HEALTHY, twice, 900, danger=danger)
    # of several answers for one second, any may give the words for why nothing is known
    assert (once.state, once.value, once.covered) == (again.state, again.value, again.covered)


# ── edges ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("gap", "state"), [(59, "met"), (60, "met"), (61, "pending")])
def test_the_longest_gap(gap: int, state: str) -> None:
    samples = [*every(10, 150, 0.2), *every(10, 150 + gap + 160, 0.2, start=150 + gap)]
    found = ask(HEALTHY, samples, samples[-1].at)
    assert found.state == state
    assert found.broken == ("gap" if state == "pending" else "")


@pytest.mark.parametrize(("covered", "state"), [(299, "pending"), (300, "met"), (301, "met")])
def test_the_hold_to_the_second(covered: int, state: str) -> None:
    samples = [*every(10, 290, 0.2), Sample(float(covered), 0.2)]
    found = ask(HEALTHY, samples, covered)
    assert (found.state, found.covered) == (state, covered)
    assert found.remaining == max(0, 300 - covered)


def test_the_hold_is_covered_by_readings_and_not_by_the_time_since() -> None:
    assert ask(HEALTHY, every(10, 290, 0.2), 340).state == "pending"


@pytest.mark.parametrize(("age", "state"), [(59, "met"), (60, "met"), (61, "unknown")])
def test_how_old_the_newest_reading_may_be(age: int, state: str) -> None:
    assert ask(HEALTHY, every(10, 400, 0.2), 400 + age).state == state


def test_limits_are_strict() -> None:
    assert ask(HEALTHY, every(10, 400, 1.0), 400).state == "not-met"
    assert ask(HEALTHY, every(10, 400, 0.999999), 400).state == "met"
    assert ask(BURNING, every(10, 400, 5.0), 400, danger=True).state == "not-met"
    assert ask(BURNING, every(10, 400, 5.000001), 400, danger=True).state == "met"


def test_one_breach_starts_the_hold_again() -> None:
    samples = [*every(10, 290, 0.2), Sample(295.0, 1.0), *every(10, 420, 0.2, start=300)]
    found = ask(HEALTHY, samples, 420)
    assert (found.state, found.covered, found.broken) == ("pending", 120, "breach")


def test_a_danger_goes_on_after_a_gap_but_not_after_a_good_reading() -> None:
    before, after = every(10, 200, 9.0), every(10, 500, 9.0, start=400)
    paused = ask(BURNING, [*before, *after], 500, danger=True)
    assert (paused.state, paused.covered) == ("met", 300)
    ended = ask(BURNING, [*before, Sample(300, 0.1), *after], 500, danger=True)
    assert (ended.state, ended.covered, ended.broken) == ("pending", 100, "breach")


def test_four_holes_are_bridged_and_five_are_a_source_that_is_down() -> None:
    def with_holes(count: int) -> list[Sample]:
        holes = [Sample(155.0 + i, None, "timed out after 5 s") for i in range(count)]
        return [*every(10, 150, 0.2), *holes, *every(10, 310, 0.2, start=165)]

    assert ask(HEALTHY, with_holes(4), 310).state == "met"
    assert ask(HEALTHY, with_holes(5), 310).broken == "gap"
    failing = [*every(10, 400, 0.2), *(Sample(401.0 + i, None, "connection refused") for i in range(5))]
    found = ask(HEALTHY, failing, 406)
    assert (found.state, found.why) == ("unknown", "no reading for 0:06: connection refused")


def test_a_hold_needs_five_readings() -> None:
    found = ask(HEALTHY, every(100, 300, 0.2), 300, gap=200)
    assert (found.state, found.why) == ("pending", "4 of 5 readings")


def test_only_what_came_after_the_change_counts() -> None:
    samples = every(10, 400, 0.2)
    assert ask(HEALTHY, samples, 400, since=100).state == "met"
    assert ask(HEALTHY, samples, 400, since=101).state == "pending"
    waiting = ask(HEALTHY, samples, 400, since=442)
    assert (waiting.state, waiting.why) == ("unknown", "settling, 0:42 more")


def test_the_future_is_no_evidence_and_is_flagged() -> None:
    found = ask(NOW_GOOD, [Sample(90, 503.0), Sample(200, 200.0)], 100)
    assert found.state == "not-met"
    assert found.why == "1 from the future left out: a clock is wrong"
    assert ask(NOW_GOOD, [Sample(200, 200.0)], 100).state == "unknown"


def test_two_values_at_one_time_count_as_the_worse() -> None:
    both = [Sample(10, 0.2), Sample(10, 9.0)]
    assert ask(Criterion("", "x", "<", 1.0), both, 10).state == "not-met"
    assert ask(NOW_BAD, both, 10, danger=True).state == "met"
    with_hole = [Sample(10, 0.2), Sample(10, None, "reset")]
    assert ask(Criterion("", "x", "<", 1.0), with_hole, 10).state == "unknown"


@pytest.mark.parametrize("samples", [[], [Sample(5, None, "not JSON (text/html)")], [Sample(5, math.nan)]])
def test_nothing_read_is_unknown(samples: list[Sample]) -> None:
    for danger in (False, True):
        found = ask(NOW_GOOD, samples, 10, danger=danger)
        assert found.state == "unknown" and found.why and found.value is None


def test_without_a_hold_one_fresh_reading_decides() -> None:
    assert ask(NOW_BAD, [Sample(10, 6.2)], 20, danger=True).state == "met"
    assert ask(NOW_GOOD, [Sample(10, 200.0)], 20).state == "met"


def test_commits_are_equal_by_prefix_and_other_texts_only_whole() -> None:
    sha = "9f3c2e1" + "0" * 33

    def equal(wanted: str, value: str) -> bool | None:
        return holds(Criterion("", "c", "==", wanted), value)

    assert equal("9f3c2e1", sha) and equal(sha, "9F3C2E1")
    assert not equal("9f3c2e", sha)
    assert not equal("1c9d0aa", sha)
    assert equal("v4.1.3", " v4.1.3\n") and not equal("v4.1", "v4.1.3")
    assert holds(Criterion("", "c", "!=", "9f3c2e1"), sha) is False
    assert holds(Criterion("", "c", "==", "200"), 200.0) is None
    assert holds(Criterion("", "c", ">", 1.0), "abc") is None


def test_a_placeholder_waits_for_its_value() -> None:
    found = ask(Criterion("", "c", "==", "<revert_commit>"), [Sample(5, "9f3c2e1")], 6)
    assert (found.state, found.why) == ("unknown", "<revert_commit> is not set yet")


def test_how_long_may_be_looked_away() -> None:
    assert gap_allowed(5) == 45
    assert gap_allowed(30) == 90
    assert gap_allowed(30, 300) == 60
    assert gap_allowed(5, 300) == 45
    assert gap_allowed(5, 60) == 12
    assert gap_allowed(5, 10) == 10
    assert gap_allowed(1, 20, floor=5) == 4
