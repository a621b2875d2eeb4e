"""The signals pane: values line up, what is unknown or old says so, charts come and go with the room."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from widgets.chart import Mark, Threshold
from widgets.signals_pane import LEAST_CHART, SignalsBody, SignalsPane, chart_heights
from widgets.signals_view import HealthCheck, SignalRow, SignalsView, SourceDown, trend_of

NOW = 1_793_490_600.0
POINTS = tuple((NOW - 900 + 9 * n, 0.3 if n < 60 else 24.8) for n in range(101))
ERRORS = SignalRow(
    "errors",
    "error rate",
    "24.8 %",
    "< 1 %",
    "not-met",
    unit="%",
    trend=24.1,
    points=POINTS,
    thresholds=(Threshold(5, "5 %"), Threshold(1, "1 %", "good")),
)
LATENCY = SignalRow("p95", "latency p95", "6.2 s", "< 1 s", "pending", trend=-5.9, points=POINTS)
HEALTH = SignalRow(
    "health",
    "health",
    "503",
    "== 200",
    "not-met",
    checks=(HealthCheck("redis", False), HealthCheck("database", True), HealthCheck("memory", None)),
    chart=False,
)
REQUESTS = SignalRow("requests", "requests", "118 /s", points=POINTS, chart=False)
VIEW = SignalsView(rows=(ERRORS, LATENCY, HEALTH, REQUESTS), marks=(Mark(NOW - 300, "deploy"),), now=NOW)


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield SignalsPane(id="signals")

    @property
    def lines(self) -> list[str]:
        body = self.query_one(SignalsBody)
        return [body.render_line(y).text for y in range(body.size.height)]


async def shown(pilot: Pilot[None], view: SignalsView) -> list[str]:
    app = pilot.app
    assert isinstance(app, Host)
    app.query_one(SignalsPane).show(view)
    await pilot.pause()
    return app.lines


def line(lines: list[str], word: str) -> str:
    return next(text for text in lines if word in text)


@pytest.mark.parametrize("size", [(80, 24), (79, 22), (40, 12)])
async def test_what_is_not_set_up_is_one_quiet_line_together_below_the_others(size: tuple[int, int]) -> None:
    waiting = (("Sentry", ("SENTRY_URL", "SENTRY_AUTH_TOKEN")), ("Uploads", ("<uploads_url>",)))
    async with Host().run_test(size=size) as pilot:
        lines = [text.rstrip() for text in await shown(pilot, structs.replace(VIEW, waiting=waiting)) if text.strip()]
        assert lines[-1].startswith(" not set up: Sentry, Uploads")
        assert ("set SENTRY_URL, SENTRY_AUTH_TOKEN, <uploads_url>" in lines[-1]) == (size[0] > 70)
        assert sum("Sentry" in text for text in lines) == 1
        without = [text.rstrip() for text in await shown(pilot, VIEW) if text.strip()]
        assert not any("not set up" in text for text in without)


@pytest.mark.parametrize("width", [60, 80])
async def test_a_smoke_test_that_fails_says_so_with_its_reason_beside_the_number(width: int) -> None:
    results = (HealthCheck("login (500)", False), HealthCheck("home", True), HealthCheck("search", True))
    smoke = SignalRow("smoke", "smoke", "1", "== 0", "not-met", checks=results, chart=False)
    async with Host().run_test(size=(width, 26)) as pilot:
        lines = await shown(pilot, structs.replace(VIEW, rows=(smoke,)))
        assert line(lines, "smoke").split()[1:5] == ["1", "login", "(500)", "✗"]


async def test_one_line_a_signal_and_charts_between() -> None:
    async with Host().run_test(size=(80, 26)) as pilot:
        lines = await shown(pilot, VIEW)
        assert lines[0].split() == ["error", "rate", "24.8", "%", "▲", "24.1", "<", "1", "%", "✗", "not", "met"]
        assert line(lines, "latency").split()[2:6] == ["6.2", "s", "▼", "5.9"]
        assert line(lines, "latency").rstrip().endswith("● holding")
        assert line(lines, "health").split()[1:8] == ["503", "redis", "✗", "database", "✓", "memory", "?"]
        assert any("┤" in text for text in lines[1:5])
        assert any("5 %" in text for text in lines)
        assert any("deploy" in text for text in lines)
        assert {cell_len(text) for text in lines} == {80}
        ends = {
            text.index(value) + len(value) for text, value in ((lines[0], "24.8 %"), (line(lines, "118"), "118 /s"))
        }
        assert len(ends) == 1, "numbers line up at their right"


async def test_the_axis_of_a_per_cent_ends_at_100() -> None:
    nearly_all = structs.replace(ERRORS, value="97 %", points=tuple((at, 97.0) for at, _ in POINTS))
    async with Host().run_test(size=(80, 16)) as pilot:
        lines = await shown(pilot, SignalsView(rows=(nearly_all,), now=NOW))
    assert [line.split("┤")[0].split()[-1] for line in lines if "┤" in line] == ["100", "50", "0"]


async def test_a_value_of_another_width_moves_nothing() -> None:
    async with Host().run_test(size=(80, 26)) as pilot:
        before = (await shown(pilot, VIEW))[0]
        row = structs.replace(ERRORS, value="5 %", trend=None, state="met")
        after = (await shown(pilot, structs.replace(VIEW, rows=(row, *VIEW.rows[1:]))))[0]
        assert before.index("< 1 %") == after.index("< 1 %")
        assert before.index("✗") == after.index("✓")


async def test_unknown_says_why_and_is_never_a_tick() -> None:
    row = structs.replace(ERRORS, value="", state="unknown", why="low traffic: 12 of 100 requests")
    async with Host().run_test(size=(80, 12)) as pilot:
        lines = await shown(pilot, structs.replace(VIEW, rows=(row,)))
        assert "–  low traffic: 12 of 100 requests" in lines[0]
        assert lines[0].rstrip().endswith("? unknown")
        assert "✓" not in lines[0]


async def test_old_data_is_stale_and_grey() -> None:
    row = structs.replace(ERRORS, no_data_for=42, state="unknown", why="")
    async with Host().run_test(size=(80, 12)) as pilot:
        lines = await shown(pilot, structs.replace(VIEW, rows=(row,)))
        assert "stale · no data for 0:42" in lines[0]
        body, pane = pilot.app.query_one(SignalsBody), pilot.app.query_one(SignalsPane)
        assert pane.has_class("-stale")
        colours = {
            segment.style.color
            for y in range(1, 11)
            for segment in body.render_line(y)
            if segment.style and any("\u2801" <= char <= "\u28ff" for char in segment.text)
        }
        assert len(colours) == 1, "neither red nor the curve's own colour: it may be over"


async def test_a_source_that_is_down_has_a_banner() -> None:
    async with Host().run_test(size=(80, 12)) as pilot:
        lines = await shown(
            pilot, structs.replace(VIEW, down=(SourceDown("/api/metrics [x]", "connection refused", 42),))
        )
        assert lines[0].split() == ["✗", "DOWN", "/api/metrics", "[x]:", "connection", "refused", "for", "0:42"]
        assert pilot.app.query_one(SignalsPane).has_class("-failed")


async def test_narrow_and_short_become_sparklines() -> None:
    async with Host().run_test(size=(46, 6)) as pilot:
        lines = await shown(pilot, VIEW)
        assert len([text for text in lines if text.strip()]) == 4
        assert "▁▇" in lines[0]
        assert lines[0].rstrip().endswith("✗")
        assert "redis ✗" in lines[2]
        assert pilot.app.query_one(SignalsBody).has_class("-narrow")


async def test_signals_for_which_there_is_no_line_are_counted_and_a_key_away() -> None:
    rows = tuple(structs.replace(REQUESTS, id=str(n), title=f"signal {n}") for n in range(9))
    rows = (*rows[:7], structs.replace(rows[7], state="not-met"), rows[8])
    app = Host()
    async with app.run_test(size=(60, 6)) as pilot:
        lines = await shown(pilot, structs.replace(VIEW, rows=rows))
        assert lines[-1].strip() == "… 5 more, 1 not met   j k"
        app.query_one(SignalsBody).focus()
        await pilot.press("j", "k", "k", "j", "j")
        assert "signal 2" in app.lines[0]
        assert app.lines[-1].strip() == "… 2 above, 3 more, 1 not met   j k"
        await pilot.press(*"jjjjjjjj")
        assert "signal 8" in app.lines[-2]
        assert app.lines[-1].strip() == "… 5 above, 0 more   j k"
        await pilot.press("k")
        assert "signal 4" in app.lines[0]
        await pilot.resize_terminal(60, 30)
        await pilot.pause()
        assert "signal 0" in app.lines[0]


async def test_nothing_asked_yet() -> None:
    async with Host().run_test(size=(60, 6)) as pilot:
        assert (await shown(pilot, SignalsView(now=1)))[0].strip() == "no signal is asked yet"


async def test_equal_data_is_not_painted_again() -> None:
    async with Host().run_test(size=(60, 20)) as pilot:
        await shown(pilot, VIEW)
        body = pilot.app.query_one(SignalsBody)
        drawn = body._strips
        body.show(structs.replace(VIEW))
        assert body._strips is drawn
        body.show(structs.replace(VIEW, now=NOW + 1))
        assert body._strips is not drawn


@pytest.mark.parametrize("size", [(1, 1), (4, 2), (12, 3), (30, 30), (200, 60)])
async def test_any_size(size: tuple[int, int]) -> None:
    view = structs.replace(VIEW, down=(SourceDown("a", "b"),))
    async with Host().run_test(size=size) as pilot:
        lines = await shown(pilot, view)
        assert all(cell_len(text) <= size[0] for text in lines)


@given(st.lists(st.sampled_from([ERRORS, HEALTH, LATENCY]), max_size=8), st.integers(0, 70))
@settings(max_examples=100)
def test_charts_fit_and_can_be_read(rows: list[SignalRow], room: int) -> None:
    heights = chart_heights(tuple(rows), room)
    assert all(height == 0 or height >= LEAST_CHART for height in heights)
    assert sum(heights) <= max(0, room - len(rows))
    assert all(row.chart or not height for row, height in zip(rows, heights, strict=True))


def test_trend() -> None:
    assert trend_of(((0, 1.0), (50, 2.0), (100, 5.0)), 100) == 4.0
    assert trend_of(((0, 1.0), (100, None)), 100) is None
    assert trend_of(((90, 1.0), (100, 2.0)), 100) is None
    assert trend_of((), 100) is None


async def test_the_cursor_reads_every_value_at_one_moment_and_stays_there_while_time_goes_on() -> None:
    app = Host()
    async with app.run_test(size=(80, 30)) as pilot:
        await shown(pilot, VIEW)
        app.query_one(SignalsBody).focus()
        await pilot.press("left")
        assert "Z  now" in app.lines[0]
        await pilot.press(*["left"] * 20)
        moment = app.lines[0].split()[1]
        assert any("24.8" in line and "now 24.8 %" in line for line in app.lines)
        await shown(pilot, structs.replace(VIEW, now=NOW + 60))
        assert app.lines[0].split()[1] == moment
        await pilot.press(*["left"] * 40)
        assert any("0.3" in line and "now 24.8 %" in line for line in app.lines)
        await pilot.press("escape")
        assert "at " not in app.lines[0]


async def test_a_hole_under_the_cursor_is_read_as_no_data() -> None:
    holed = structs.replace(ERRORS, points=tuple((at, None if at > NOW - 100 else value) for at, value in POINTS))
    app = Host()
    async with app.run_test(size=(80, 30)) as pilot:
        await shown(pilot, structs.replace(VIEW, rows=(holed,)))
        app.query_one(SignalsBody).focus()
        await pilot.press("left")
        assert any("no data" in line and "now 24.8 %" in line for line in app.lines)


async def test_one_signal_takes_the_whole_pane_and_the_next_one_is_a_key_away() -> None:
    app = Host()
    async with app.run_test(size=(80, 30)) as pilot:
        await shown(pilot, VIEW)
        app.query_one(SignalsBody).focus()
        await pilot.press("enter")
        assert "error rate" in app.lines[0] and not any("latency" in line for line in app.lines)
        assert app.lines[1].lstrip()[:1].isdigit() and any(":" in line for line in app.lines[-2:])
        await pilot.press("j")
        assert "latency p95" in app.lines[0]
        await pilot.press("escape")
        assert sum("error rate" in line or "latency" in line for line in app.lines) == 2


async def test_more_or_less_time_is_asked_of_the_room() -> None:
    asked: list[int] = []

    class Asked(Host):
        def on_signals_body_window_asked(self, event: SignalsBody.WindowAsked) -> None:
            asked.append(event.step)

    app = Asked()
    async with app.run_test(size=(80, 30)) as pilot:
        await shown(pilot, VIEW)
        app.query_one(SignalsBody).focus()
        await pilot.press("right_square_bracket", "left_square_bracket")
        await pilot.pause()
    assert asked == [1, -1]


async def test_the_moment_that_is_read_is_asked_of_the_log() -> None:
    asked: list[float] = []

    class Listening(Host):
        def on_signals_body_moment_asked(self, event: SignalsBody.MomentAsked) -> None:
            asked.append(event.at)

    async with Listening().run_test(size=(80, 30)) as pilot:
        await shown(pilot, VIEW)
        body = pilot.app.query_one(SignalsBody)
        body.focus()
        await pilot.press("at", "left", "left", "at")
        assert asked == [NOW, body.cursor]
        assert asked[1] < NOW


async def test_a_name_is_whole_where_the_value_leaves_room_and_cut_with_a_sign_where_not() -> None:
    rows = (
        SignalRow("home", "homepage (status)", why="the runbook does not say where to read it"),
        SignalRow("long", "error rate (critical), of every service", "24.8 %"),
        SignalRow("rate", "error rate", "24.8 %"),
    )
    async with Host().run_test(size=(79, 20)) as pilot:
        lines = await shown(pilot, SignalsView(rows=rows, now=NOW))
    assert "homepage (status)" in lines[0]
    assert "does not say where" in lines[0]
    assert "error rate (critical), of e…" in lines[1]
    assert lines[1].index("24.8 %") == lines[2].index("24.8 %")
    assert lines[0].index("–") == lines[2].index("%")
