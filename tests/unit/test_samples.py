"""The samples on disk: what was seen is read back, whatever a lost machine left behind them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.signals.samples import SampleFile, recorded
from runbook.signals.series import Sample

TIMES = st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000)
VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
SAMPLES = st.builds(Sample, TIMES, VALUES, st.text(max_size=12))


class Ticks:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@settings(max_examples=50, deadline=None)
@given(kept=st.lists(st.tuples(st.sampled_from(["error_rate", "p95"]), SAMPLES, st.booleans()), max_size=30))
def test_every_sample_comes_back_with_its_hole_and_the_reason(
    kept: list[tuple[str, Sample, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("samples")
    file = SampleFile(folder / "a.samples")
    for name, sample, flush in kept:
        file.keep(name, sample)
        if flush:
            file.flush()
    file.flush()
    found = recorded(folder)
    for name in ("error_rate", "p95"):
        wanted = sorted((one for kind, one, _ in kept if kind == name), key=lambda one: one.at)
        assert found.get(name, []) == wanted


def test_a_block_that_was_cut_off_costs_that_block_only(tmp_path: Path) -> None:
    file = SampleFile(tmp_path / "a.samples")
    for at in (1, 2):
        file.keep("p95", Sample(at, float(at)))
        file.flush()
    whole = file.path.read_bytes()
    for length in range(len(whole)):
        file.path.write_bytes(whole[:length])
        assert [one.value for one in recorded(tmp_path).get("p95", [])] in ([], [1.0])


def test_bytes_of_something_else_are_passed_over(tmp_path: Path) -> None:
    file = SampleFile(tmp_path / "a.samples")
    file.path.write_bytes(struct.pack(">IQ", 5, 9_000) + b"hello")
    file.keep("p95", Sample(3, 3.0))
    file.flush()
    assert [one.value for one in recorded(tmp_path)["p95"]] == [3.0]


def test_it_is_written_by_itself_every_ten_seconds(tmp_path: Path) -> None:
    ticks = Ticks()
    file = SampleFile(tmp_path / "a.samples", ticks)
    file.keep("p95", Sample(1, 1.0))
    assert not file.path.exists()
    ticks.now = 10
    file.keep("p95", Sample(2, 2.0))
    assert [one.value for one in recorded(tmp_path)["p95"]] == [1.0, 2.0]


def test_a_folder_that_is_gone_is_said_and_the_room_goes_on(tmp_path: Path) -> None:
    file = SampleFile(tmp_path / "gone" / "a.samples")
    file.keep("p95", Sample(1, 1.0))
    file.flush()
    assert "a.samples: No such file" in file.trouble


def test_what_ended_before_is_not_read(tmp_path: Path) -> None:
    file = SampleFile(tmp_path / "a.samples")
    for at in (100.0, 200.0, 300.0):
        file.keep("p95", Sample(at, at))
        file.flush()
    assert [one.value for one in recorded(tmp_path, since=200)["p95"]] == [200.0, 300.0]
