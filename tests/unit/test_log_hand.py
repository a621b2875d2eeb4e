"""The line at hand: marks, chosen lines, jumps to a time, and what is taken along."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbook.logs.view import LogView

DAY = datetime(2026, 11, 1, 3, 0, 0, tzinfo=UTC).timestamp()


@pytest.fixture
def view(tmp_path: Path) -> LogView:
    """An hour of a log, a line a minute, a trace under every tenth."""
    path = tmp_path / "app.log"
    with path.open("w") as log:
        for minute in range(60):
            level = "ERROR" if minute % 10 == 0 else "INFO"
            log.write(f"2026-11-01T03:{minute:02}:00Z {level} n{minute} password=hunter{minute}\n")
            if level == "ERROR":
                log.write("  at a\n  at b\n")
    view = LogView(path)
    view.hand.wall = lambda: DAY + 3600
    view.begin()
    return view


def at_hand(view: LogView, height: int = 6) -> str:
    window = view.window(height)
    return next((row.text.split()[2] for row in window.rows if row.offset == window.match), "")


async def jumped(view: LogView, typed: str) -> str:
    view.hand.jump(typed, 6)
    await view.settled()
    return view.window(6).place


async def test_a_jump_stands_on_the_line_of_that_time(view: LogView) -> None:
    assert await jumped(view, "03:14") == "@ 2026-11-01 03:14:00Z"
    assert (at_hand(view), view.following) == ("n14", False)
    assert await jumped(view, "03:14:05") == "@ 2026-11-01 03:14:05Z, next line 2026-11-01 03:15:00Z"
    assert await jumped(view, "-30m") == "@ 2026-11-01 03:30:00Z"
    assert at_hand(view) == "n30"
    assert (
        await jumped(view, "2026-11-01T02:00Z")
        == "@ 2026-11-01 02:00:00Z is before the first line, of 2026-11-01 03:00:00Z"
    )
    assert at_hand(view) == "n0"
    assert await jumped(view, "-10s") == "@ 2026-11-01 03:59:50Z is after the last line, of 2026-11-01 03:59:00Z"
    assert "type 03:14" in await jumped(view, "noon")
    assert at_hand(view) == "n59", "what is no time moves nothing"


async def test_a_jump_within_a_filter_finds_the_next_line_that_passes(view: LogView) -> None:
    view.add_filter("ERROR")
    await view.settled()
    await jumped(view, "03:14")
    assert at_hand(view) == "n20"
    assert "passes the filter" in await jumped(view, "03:55")


async def test_a_chart_s_moment(view: LogView) -> None:
    view.hand.go_to(DAY + 44 * 60, 6)
    await view.settled()
    assert at_hand(view) == "n44"


async def test_marks_are_gone_to_round_about(view: LogView) -> None:
    view.hand.to_mark(1, 6)
    assert "b marks" in view.window(6).place
    for time in ("03:40", "03:05", "03:20"):
        await jumped(view, time)
        view.hand.mark(6)
    seen = []
    for way in (1, 1, 1, -1):
        view.hand.to_mark(way, 6)
        seen.append((at_hand(view), view.window(6).place))
    assert seen == [("n40", "mark 3 of 3"), ("n5", "mark 1 of 3"), ("n20", "mark 2 of 3"), ("n5", "mark 1 of 3")]
    assert view.window(6).marks == (view.window(6).match,)
    view.hand.mark(6)
    assert len(view.hand.marks) == 2
    view.add_filter("INFO")
    await view.settled()
    view.hand.to_mark(1, 6)
    view.hand.to_mark(1, 6)
    assert view.window(6).place in ("the filter hides that mark", "mark 1 of 2")


async def test_what_is_taken_is_as_written_masked_and_has_its_traces(view: LogView) -> None:
    await jumped(view, "03:30")
    assert view.hand.taken(6) == ("2026-11-01T03:30:00Z ERROR n30 password=‹masked›", "  at a", "  at b")
    view.hand.step(-1, 6)
    view.hand.choose(6)
    view.hand.step(1, 6)
    view.hand.step(1, 6)
    assert [line.split()[-2] for line in view.hand.taken(6)] == ["n29", "n30", "at", "at", "n31"]
    assert view.window(6).chosen == (view.window(6).rows[1].offset, view.window(6).match)
    view.hand.choose(6)
    assert view.window(6).chosen == (-1, -1)
    view.to_end()
    assert [line.split()[2] for line in view.hand.taken(3)] == ["n57", "n58", "n59"]


async def test_chosen_lines_are_those_that_pass_the_filter(view: LogView) -> None:
    view.add_filter("ERROR")
    await view.settled()
    view.hand.choose(20)
    for _ in range(4):
        view.hand.step(-1, 20)
    assert not [line for line in view.hand.taken(20) if "INFO" in line]
    assert len([line for line in view.hand.taken(20) if "ERROR" in line]) >= 2


def test_a_line_at_hand_is_let_go_where_it_stands(view: LogView) -> None:
    view.hand.take(6)
    rows = view.window(6).rows
    view.let_go()
    window = view.window(6)
    assert (window.rows, window.match, window.following) == (rows, -1, False)
