"""Samples stay in the order of their source times, holes included, whatever order they came in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runbook.signals.series import Sample, Series

SAMPLES = st.lists(
    st.builds(Sample, st.integers(0, 50).map(float), st.none() | st.sampled_from([1.0, 2.0])), max_size=60
)


def series_of(*samples: Sample, capacity: int = 3600) -> Series:
    series = Series(capacity)
    for sample in samples:
        series.append(sample)
    return series


def test_the_same_reading_of_the_same_instant_is_one_sample() -> None:
    series = series_of(Sample(1, 5.0))
    assert not series.append(Sample(1, 5.0))
    assert series.append(Sample(1, 6.0))
    assert len(series) == 2
    assert series.version == 2


def test_of_the_same_reading_seen_twice_the_later_sight_is_kept() -> None:
    series = series_of(Sample(1, 5.0, seen=10), Sample(1, 5.0, seen=30), Sample(1, 5.0, seen=20))
    assert [(sample.at, sample.seen) for sample in series] == [(1, 30)]


@given(SAMPLES, st.randoms())
def test_order_of_arrival_and_repeats_do_not_matter(samples: list[Sample], chance: object) -> None:
    shuffled = [*samples, *samples]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = series_of(*samples), series_of(*shuffled)
    assert {(s.at, s.value) for s in first} == {(s.at, s.value) for s in second}
    assert len(first) == len(second)
    times = [sample.at for sample in second]
    assert times == sorted(times)


@given(SAMPLES, st.integers(1, 60), st.integers(0, 50))
def test_the_points_of_a_chart_are_the_samples_with_their_numbers(
    samples: list[Sample], capacity: int, since: int
) -> None:
    series = series_of(*samples, Sample(25, "READY"), capacity=capacity)
    told = [(s.at, None if isinstance(s.value, str) else s.value) for s in series.since(since)]
    assert list(series.points_since(since)) == told


def test_the_ring_keeps_the_newest() -> None:
    series = series_of(*(Sample(at, 1.0) for at in range(10)), capacity=4)
    assert [sample.at for sample in series] == [6, 7, 8, 9]


def test_latest_may_be_a_hole_and_holes_are_counted() -> None:
    series = series_of(Sample(1, 5.0), Sample(2, None, "timed out"))
    latest = series.latest()
    assert latest is not None and latest.why == "timed out"
    assert series.holes == 1
    assert Series().latest() is None


def test_since_and_newest_first_include_their_ends() -> None:
    series = series_of(*(Sample(at, float(at)) for at in range(5)))
    assert [sample.at for sample in series.since(3)] == [3, 4]
    assert [sample.at for sample in series.newest_first(1, 3)] == [3, 2, 1]
    assert series.after(3) == 1
