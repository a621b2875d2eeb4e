"""The chart: whatever the numbers, it has its size, its gaps and its thresholds."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.strip import Strip

from widgets import curve
from widgets.chart import (
    ChartCache,
    ChartData,
    ChartPalette,
    Mark,
    Threshold,
    course,
    draw,
    scale_top,
    short_number,
)
from widgets.words import use_glyphs

NOW = 1_793_490_600.0  # 23:50:00 UTC
PLAIN = ChartPalette()


def texts(data: ChartData, width: int, height: int) -> list[str]:
    return [strip.text for strip in draw(data, width, height, PLAIN)]


def has_curve(text: str) -> bool:
    return any("\u2801" <= char <= "\u28ff" for char in text)


NUMBERS = st.one_of(st.none(), st.floats(), st.floats(0, 100), st.sampled_from([0.0, 1e300, -5.0, 5e-324]))


@given(
    st.lists(st.tuples(st.floats(-1000, 10), NUMBERS), max_size=30),
    st.lists(st.one_of(st.floats(0, 1e12), st.just(math.inf)), max_size=3),
    st.integers(0, 60),
    st.integers(0, 16),
)
@settings(max_examples=150, deadline=None)
def test_any_numbers_at_any_size(
    points: list[tuple[float, float | None]], thresholds: list[float], width: int, height: int
) -> None:
    data = ChartData(
        points=tuple((NOW + at, value) for at, value in sorted(points, key=lambda point: point[0])),
        now=NOW,
        thresholds=tuple(Threshold(value, "5 %") for value in thresholds if math.isfinite(value)),
        marks=(Mark(NOW - 300, "deploy"), Mark(NOW - 5000, "before"), Mark(NOW, "now")),
    )
    strips = draw(data, width, height, PLAIN)
    assert len(strips) == (height if width else 0)
    assert {strip.cell_length for strip in strips} <= {width}
    assert {len(strip.text) for strip in strips} <= {width}
    assert not any("\x1b" in strip.text for strip in strips)


def test_a_gap_is_a_gap() -> None:
    points = [(NOW - 900 + 3 * n, None if 100 <= n < 200 else 5.0) for n in range(300)]
    rows = texts(ChartData(points=tuple(points), now=NOW), 65, 8)
    row = next(row[5:] for row in rows if has_curve(row))
    drawn = [has_curve(char) for char in row]
    assert all(drawn[1:19])
    assert not any(drawn[22:38])
    assert all(drawn[42:58])


def test_thresholds_scale_and_times() -> None:
    data = ChartData(
        points=tuple((NOW - 60 * n, 0.4) for n in range(15, -1, -1)),
        now=NOW,
        thresholds=(Threshold(5, "5 %"), Threshold(1, "1 %", "good")),
        marks=(Mark(NOW - 120, "deploy 9f3c2e1"),),
    )
    rows = texts(data, 70, 10)
    assert [row[:5] for row in rows if row[4] == "┤"] == ["   6┤", "   3┤", "   0┤"]
    assert next(row for row in rows if "5 %" in row).count("┄") > 50
    assert any("1 %" in row for row in rows)
    assert rows[-1].split() == ["23:40", "deploy", "9f3c2e1", "↑"]
    assert rows[-1].index("↑") == rows[0].index("┊")


def test_danger_is_named_where_two_lines_share_a_row() -> None:
    data = ChartData(points=((NOW, 30.0),), now=NOW, thresholds=(Threshold(5, "5 %"), Threshold(1, "1 %", "good")))
    rows = texts(data, 40, 4)
    assert any("5 %" in row for row in rows)
    assert not any("1 %" in row for row in rows)


def test_what_is_above_the_danger_line_stands_out() -> None:
    data = ChartData(points=((NOW - 800, 1.0), (NOW - 10, 20.0)), now=NOW, thresholds=(Threshold(5, "5 %"),))
    strips = draw(data, 40, 10, PLAIN)

    def bold(strip: Strip) -> bool:
        return any(segment.style is not None and segment.style.bold for segment in strip if has_curve(segment.text))

    line = next(number for number, strip in enumerate(strips) if "5 %" in strip.text)
    assert all(bold(strip) == (number < line) for number, strip in enumerate(strips) if has_curve(strip.text))


def test_nothing_to_show_is_said() -> None:
    assert any("no data" in row for row in texts(ChartData(now=NOW), 40, 6))
    assert any("no data" in row for row in texts(ChartData(points=((NOW - 5, None), (NOW, math.nan)), now=NOW), 40, 6))


def test_a_chart_may_be_larger_than_the_terminal_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    import plotext._figure

    monkeypatch.setattr(plotext._figure.ut, "terminal_size", lambda: (20, 5))
    points = tuple((NOW - 900 + 9 * n, 5.0) for n in range(101))
    rows = texts(ChartData(points=points, now=NOW), 120, 20)
    assert max(sum(map(has_curve, row)) for row in rows) > 100


def test_one_point_is_a_dot() -> None:
    assert sum(map(has_curve, "".join(texts(ChartData(points=((NOW - 9, 3.0),), now=NOW), 40, 6)))) == 1


def test_too_small_is_a_sparkline() -> None:
    data = ChartData(points=tuple((NOW - 900 + n * 9, float(n)) for n in range(100)), now=NOW)
    rows = texts(data, 11, 3)
    assert rows[0] == "▁▂▂▃▃▄▄▄▅▅▆"
    assert rows[1:] == [" " * 11] * 2
    assert course(data, 6) == "▁▂▃▄▅▆"


def test_the_picture_moves_by_whole_cells_only() -> None:
    points = tuple((NOW - 900 + n * 7, 5 + math.sin(n)) for n in range(120))
    first = texts(ChartData(points=points, now=NOW - 14), 65, 8)
    assert texts(ChartData(points=points, now=NOW - 8), 65, 8)[:-1] == first[:-1]


@given(
    st.lists(st.tuples(st.floats(-1000, 0), st.one_of(st.none(), st.floats(0, 30))), max_size=40),
    st.integers(12, 90),
    st.floats(0, 500),
)
@settings(max_examples=60, deadline=None)
def test_a_curve_in_blocks_is_the_curve_in_one_piece(
    points: list[tuple[float, float | None]], width: int, later: float
) -> None:
    data = ChartData(tuple((NOW + at, value) for at, value in sorted(points, key=lambda p: p[0])), now=NOW + later)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curve, "_DRAWN", {})
        together = texts(data, width, 8)
        patch.setattr(curve, "_DRAWN", {})
        patch.setattr(curve, "SEVERAL", 10_000)
        assert texts(data, width, 8) == together
        patch.setattr(curve, "BLOCK", 10_000)
        assert texts(data, width, 8) == together


def test_what_is_past_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    import plotext

    builds: list[str] = []
    build = plotext.build

    def counted() -> str:
        builds.append(build())
        return builds[-1]

    monkeypatch.setattr(plotext, "build", counted)
    monkeypatch.setattr(curve, "_DRAWN", {})
    points = tuple((NOW - 900 + n * 5, 20 + math.sin(n)) for n in range(181))
    texts(ChartData(points, now=NOW), 80, 11)
    assert len(builds) <= 2  # all blocks together, and the first by itself where its line begins before it
    builds.clear()
    texts(ChartData((*points[1:], (NOW + 5, 20.0)), now=NOW + 5), 80, 11)
    assert len(builds) <= 3  # the block that is left, the one that came, and its neighbour


@pytest.fixture
def in_ascii() -> Iterator[None]:
    use_glyphs(ascii_only=True)
    yield
    use_glyphs(ascii_only=False)


@pytest.mark.usefixtures("in_ascii")
def test_ascii() -> None:
    data = ChartData(
        points=tuple((NOW - 900 + n * 9, float(n)) for n in range(100)),
        now=NOW,
        thresholds=(Threshold(50, "50"),),
        marks=(Mark(NOW - 300, "deploy"),),
    )
    text = "".join(texts(data, 60, 8) + texts(data, 8, 2))
    assert text.isascii()
    assert "*" in text


def test_a_chart_is_drawn_again_only_when_there_is_something_else_to_see() -> None:
    drawn = []

    def count(data: ChartData, width: int, height: int, palette: ChartPalette) -> list[Strip]:
        drawn.append(data.now)
        return draw(data, width, height, palette)

    def shown(now: float, *, size: tuple[int, int] = (40, 5)) -> int:
        """How often it was drawn so far; what is shown is always what a new drawing would show."""
        points = tuple((at, float(at % 97)) for at in range(int(NOW) - 1000, int(NOW) + 60, 20) if at > now - 900)
        data = ChartData(points, now=now, thresholds=(Threshold(50, "50"),))
        assert cache.strips(data, *size, PLAIN) == draw(data, *size, PLAIN)
        return len(drawn)

    cache = ChartCache(count)
    cell = 900 / 32
    start = NOW - NOW % cell + cell  # where a cell begins
    seconds = [shown(start + second) for second in range(28)]
    assert seconds[0] == 1
    assert seconds[-1] <= 3  # a reading every twenty seconds, and no more than that
    at_most = seconds[-1]
    assert shown(start + 29) == at_most + 1  # a cell further
    assert shown(start + 29, size=(41, 5)) == at_most + 2
    assert shown(start + 29, size=(8, 2)) == at_most + 3
    assert shown(start + 30, size=(8, 2)) == at_most + 4


def test_a_reading_between_those_of_its_cell_is_not_drawn_again() -> None:
    drawn = []

    def count(data: ChartData, width: int, height: int, palette: ChartPalette) -> list[Strip]:
        drawn.append(data.now)
        return draw(data, width, height, palette)

    cache = ChartCache(count)
    cell = 900 / 35
    start = NOW - NOW % cell + cell
    for second in range(25):
        values = (10.0, 30.0, *(20.0,) * (second - 1))[: second + 1]
        points = tuple((start + at, value) for at, value in enumerate(values))
        cache.strips(ChartData(points, now=start + second), 40, 5, PLAIN)
    assert len(drawn) == 2


def test_numbers_of_the_scale() -> None:
    assert [scale_top([value], []) for value in (0, 0.3, 24.8, 118, 1e300)] == pytest.approx([1, 0.4, 30, 150, 1e300])
    assert scale_top([1.0], [5.0]) == pytest.approx(6)
    assert [scale_top([value], [5.0], 100) for value in (24.8, 98, 100, 250)] == pytest.approx([30, 100, 100, 250])
    numbers = {
        0: "0", 0.25: "0.25", 0.075: ".075", 3.0: "3", 150.0: "150", 999.6: "1k", 1500.0: "1.5k", 12e6: "12M",
        750e3: "750k", 0.0008: "8e-4", 2.5e9: "2.5G", 1e300: "huge", 5e-324: "0",
    }  # fmt: skip
    assert {value: short_number(value) for value in numbers} == numbers


def test_plotext_is_loaded_only_when_a_chart_is_drawn() -> None:
    code = "import sys, widgets.chart, widgets.signals_pane; sys.exit('plotext' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
