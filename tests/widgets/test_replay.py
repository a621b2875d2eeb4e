"""A record played back in the room: the same panes, marked as a replay, moved by its keys, and nothing runs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.recorded import LAST, START, record
from tests.widgets.hosts import screen_text, until
from tui.app import WarRoom
from tui.openers import replaying
from widgets.header import HeaderView, draw_header
from widgets.replay_bar import ReplayView, draw_replay

BEGIN = START.timestamp()


def bar(width: int, **changes: object) -> str:
    facts: dict[str, object] = {
        "now": datetime(2026, 11, 24, 3, 16, 41, tzinfo=UTC), "elapsed": 161, "length": 750, "event": 14, "events": 57,
        "speed": 10, "playing": True, "last": "ana: confirmed: git push",
    }  # fmt: skip
    return "\n".join(line.plain for line in draw_replay(ReplayView(**(facts | changes)), width))  # type: ignore[arg-type]


def test_the_bar_says_how_fast_when_how_far_and_what_happened_last() -> None:
    said = bar(158)
    assert all(words in said for words in ("playing", "10x", "03:16:41Z", "2:41 of 12:30", "event 14 of 57"))
    assert said.endswith("\nlast: ana: confirmed: git push")
    assert "paused" in bar(158, playing=False)
    assert "the end" in bar(158, playing=False, elapsed=750)


@pytest.mark.parametrize("width", [20, 40, 78, 158, 300])
def test_the_bar_is_never_wider_than_its_place(width: int) -> None:
    assert all(len(line) <= width for line in bar(width, last="x" * 400).split("\n"))


@pytest.mark.parametrize("width", [78, 158])
def test_the_header_says_that_it_is_a_replay_and_never_that_somebody_drives(width: int) -> None:
    view = HeaderView("shop", severity="SEV1", driving=False, driver="ana", drill="5 min as 20 s", replay=True)
    (line,) = (line.plain for line in draw_header(view, width))
    assert line.startswith(" REPLAY  of a drill") and line.endswith("read-only") and "drive" not in line


async def opened(tmp_path: Path, *, speed: float = 0.001) -> WarRoom:
    folder = await asyncio.to_thread(record, tmp_path / "incident")
    (tmp_path / "scratch").mkdir()
    return WarRoom(replaying(folder, speed, tmp_path / "scratch"))


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_the_room_shows_each_moment_and_its_keys_move_through_the_record(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = await opened(tmp_path)
    async with app.run_test(size=size) as pilot:

        def shows(*words: str) -> bool:
            text = "\n".join(screen_text(app))
            return all(word in text for word in words)

        await until(pilot, lambda: shows("REPLAY", "read-only", "event 1 of 10"))
        assert app.player is not None
        for _ in range(4):
            await pilot.press("greater_than_sign")
        await until(pilot, lambda: shows("paused", "event 6 of 10"))
        assert app.player.replay.moment == BEGIN + 121
        await pilot.press("4")
        await until(pilot, lambda: shows("Push the old release", "● running"))
        assert not shows("x  interrupt") and not shows("it goes on if this window closes")
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: shows("✓ done", "production is old now"))
        await pilot.press("2")
        await until(pilot, lambda: shows("$ git push origin old", "done: exit 0"))
        await pilot.press("less_than_sign", "less_than_sign", "less_than_sign")
        await until(pilot, lambda: shows("event 4 of 10") and not shows("done: exit 0"))
        assert not shows("$ git push origin old")  # what comes later is not known
        await pilot.press("J", *"T+4:05", "enter")
        await until(pilot, lambda: shows("event 8 of 10"))
        assert app.player.replay.moment == BEGIN + 245
        await pilot.press("F")
        await until(pilot, lambda: shows("1x"))


async def test_it_plays_to_the_end_by_itself_and_stops_there(tmp_path: Path) -> None:
    app = await opened(tmp_path, speed=10_000)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: any("the end" in line for line in screen_text(app)))
        assert app.player is not None and app.player.replay.moment == BEGIN + LAST


async def test_no_key_runs_asks_or_writes_anything(tmp_path: Path) -> None:
    app = await opened(tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: any("event 1 of 10" in line for line in screen_text(app)))
        before = {path: path.read_bytes() for path in (tmp_path / "incident").rglob("*.db")}
        await pilot.press("greater_than_sign", "greater_than_sign", "greater_than_sign")
        for pane in "1234":
            await pilot.press(pane, "enter", "y", "space", "s", "r", "u", "x", "X", "K", "e", "o", "d", "n")
            await pilot.press("m", "a", "w", "R", "i", "T", "W", "C", "escape", "escape")
        await until(pilot, lambda: app.screen is app.room_screen)
        assert not app.room_screen.conductor.carrying and not app.room_screen.conductor.waiting
        assert before == {path: path.read_bytes() for path in before}
        assert not list((tmp_path / "incident").glob("report*"))
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
    assert app.return_value == "The replay is over. Nothing of the record was changed."
