"""The log pane: what it shows is inert, what is typed arrives, and moves are asked for, not made."""

from __future__ import annotations

import pytest
from msgspec import structs
from rich.cells import cell_len
from textual import events, on
from textual.app import App, ComposeResult
from textual.filter import LineFilter, Monochrome
from textual.message import Message
from textual.pilot import Pilot

from runbook.logs.rows import LogRow
from runbook.logs.window import LogWindow
from tui.terminal import NoControls
from widgets import log_asks
from widgets.log_pane import LogPane, LogText
from widgets.log_rule import LogSource, about

ROWS = (
    LogRow(0, "03:14:21 ERROR checkout  [@click=app.quit]x[/] [link=y]z", "error", mark=(9, 14)),
    LogRow(60, "    at cart.js:31:7", continuation=True),
    LogRow(80, "03:14:22 INFO  http  日本 GET /api/cart 200 12ms", "info", mark=(9, 13), found=((28, 37),)),
)
WINDOW = LogWindow(
    name="app.log", rows=ROWS, state="following", errors_per_minute=1412, spark=(0, 1, 4, 8), match=80, search_text="a"
)


class Host(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield LogPane(id="logs")

    def on_mount(self) -> None:
        self.query_one(LogText).focus()

    @on(log_asks.Wanted)
    @on(log_asks.SearchAsked)
    @on(log_asks.NextAsked)
    @on(log_asks.FilterAsked)
    @on(log_asks.JumpAsked)
    @on(log_asks.Act)
    def hear(self, message: Message) -> None:
        self.heard.append(message)

    @property
    def pane(self) -> LogPane:
        return self.query_one(LogPane)

    @property
    def lines(self) -> list[str]:
        text = self.query_one(LogText)
        return [text.render_line(y).text for y in range(text.size.height)]

    @property
    def rule(self) -> str:
        return self.screen._compositor.render_strips()[0].text


def changed(**fields: object) -> LogWindow:
    return structs.replace(WINDOW, **fields)


async def opened(pilot: Pilot[None], window: LogWindow = WINDOW) -> Host:
    app = pilot.app
    assert isinstance(app, Host)
    app.pane.show(window)
    await pilot.pause()
    app.heard.clear()
    return app


async def test_lines_are_shown_as_they_are() -> None:
    async with Host().run_test(size=(70, 10)) as pilot:
        app = await opened(pilot)
        assert [line.rstrip() for line in app.lines[:3]] == [
            f"{'▌' if row.offset == 80 else '✗' if row.level == 'error' else ' '}{row.text}" for row in ROWS
        ]
        assert {cell_len(line) for line in app.lines} == {70}
        text = app.query_one(LogText)
        coloured = [segment.text for segment in text.render_line(0) if segment.style and segment.style.bold]
        assert coloured == ["✗", "ERROR"]
        assert not any(segment.style and segment.style.meta for segment in text.render_line(0))
        assert [s.text for s in text.render_line(2) if s.style and s.style.reverse] == ["/api/cart"]


class Filtered(Host):
    """A host in one colour, with the last line against controls."""

    def get_line_filters(self) -> list[LineFilter]:
        return [Monochrome(), NoControls()]


@pytest.mark.parametrize("host", [Host, Filtered])
async def test_what_is_written_to_the_terminal_is_what_textual_would_write(host: type[Host]) -> None:
    raw = LogRow(200, "a raw \x1b[31mcontrol that\x9b a gate forgot")
    async with host().run_test(size=(70, 10)) as pilot:
        app = await opened(pilot, changed(rows=(*ROWS, raw), marks=(60,)))
        text = app.query_one(LogText)
        _, background = text.background_colors
        for _ in range(2):  # the second time from what is kept
            for y, row in enumerate(text.terminal_rows(text.size.region) or ()):
                strip = text.render_line(y).apply_filter(app.get_line_filters()[0], background)
                for line_filter in app.get_line_filters()[1:]:
                    strip = strip.apply_filter(line_filter, background)
                assert row == strip.render(app.console)
        assert host is Host or not any("\x9b" in row for row in text.terminal_rows(text.size.region) or ())


async def test_the_rule_tells_source_errors_and_whether_it_follows() -> None:
    async with Host().run_test(size=(80, 8)) as pilot:
        app = await opened(pilot)
        assert "2 Logs" in app.rule
        assert "app.log · 1,412 errors/min ▁▂▅█" in app.rule
        assert "follow" in app.rule
        await opened(pilot, changed(following=False, new=12345))
        assert "+12,345 new" in app.rule
        await opened(pilot, changed(watched=8.0, errors_per_minute=3))
        assert "3 errors in 0:08" in app.rule
        await opened(pilot, changed(counted="time-outs"))
        assert "1,412 time-outs/min ▁▂▅█" in app.rule
        await opened(pilot, changed(quiet=250.0))
        assert "follow, quiet 4:10" in app.rule
        await opened(pilot, changed(state="rotated"))
        assert "rotated, waiting for the new file" in app.rule


@pytest.mark.parametrize(
    ("window", "source", "told"),
    [
        (changed(state="unreadable", errors_per_minute=0), LogSource(), "app.log"),
        (changed(state="missing", errors_per_minute=0), LogSource(), "app.log"),
        (changed(errors_per_minute=0), LogSource(stands="ended, exit 1", down=True), "app.log · ended, exit 1"),
        (changed(), LogSource(stands="ended, exit 1", down=True), "app.log · 1,412 errors/min · ended, exit 1"),
        (changed(errors_per_minute=0), LogSource(stands="follows"), "app.log · 0 errors/min"),
        (changed(errors_per_minute=1, spark=()), LogSource(), "app.log · 1 error/min"),
        (changed(errors_per_minute=0, watched=0.0), LogSource(), "app.log"),
    ],
)
def test_where_nothing_can_come_no_errors_is_not_told(window: LogWindow, source: LogSource, told: str) -> None:
    said = about(window, source, 100)
    assert said.startswith(told)
    assert ("errors" in said) == ("errors" in told)


async def test_a_long_line_is_cut_and_can_be_moved() -> None:
    row = LogRow(0, "ERROR " + "日本" * 100 + "end", "error", mark=(0, 5))
    async with Host().run_test(size=(40, 6)) as pilot:
        app = await opened(pilot, changed(rows=(row,)))
        assert cell_len(app.lines[0]) == 40
        assert app.lines[0].rstrip().endswith("…")
        for _ in range(12):
            await pilot.press("right")
        assert app.lines[0].rstrip().endswith("end")
        for _ in range(12):
            await pilot.press("left")
        assert app.lines[0].startswith("✗ERROR")


@pytest.mark.parametrize("width", [160, 80, 40])
async def test_a_folded_trace_says_its_lines_whatever_the_width(width: int) -> None:
    rows = (
        LogRow(0, "03:14:21 ERROR checkout failed", "error", mark=(9, 14), under=14, tail="KeyError: 'total'"),
        LogRow(60, "日本 " * 100, under=1),
        LogRow(80, "INFO short"),
    )
    async with Host().run_test(size=(width, 6)) as pilot:
        app = await opened(pilot, changed(rows=rows, search_text="", match=-1))
        assert {cell_len(line) for line in app.lines} == {width}
        first, second, third = app.lines[:3]
        if width >= 80:
            assert first.rstrip() == "✗03:14:21 ERROR checkout failed  ↳ 14 lines  KeyError: 'total'"
        else:
            assert first.rstrip() == "✗03:14:21 ERROR checkout fa…  ↳ 14 lines"
        assert second.rstrip().endswith("…  ↳ 1 line")
        assert third.rstrip() == " INFO short"


@pytest.mark.parametrize(
    ("key", "deed"),
    [
        ("enter", "open"),
        ("minus", "traces"),
        ("equals_sign", "written"),
        ("b", "mark"),
        ("full_stop", "next_mark"),
        ("comma", "previous_mark"),
        ("v", "choose"),
        ("C", "copy"),
        ("W", "keep"),
    ],
)
async def test_what_is_done_with_lines_is_asked_for(key: str, deed: str) -> None:
    async with Host().run_test(size=(60, 10)) as pilot:
        app = await opened(pilot)
        await pilot.press(key)
        (heard,) = app.heard
        assert isinstance(heard, log_asks.Act)
        assert (heard.what, heard.height) == (deed, 8)


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("j", (1, 0, "")),
        ("up", (-1, 0, "")),
        ("pageup", (0, -1, "")),
        ("pagedown", (0, 1, "")),
        ("g", (0, 0, "top")),
        ("G", (0, 0, "end")),
        ("f", (0, 0, "end")),
    ],
)
async def test_moves_are_asked_for(key: str, wanted: tuple[int, int, str]) -> None:
    async with Host().run_test(size=(60, 10)) as pilot:
        app = await opened(pilot)
        await pilot.press(key)
        (heard,) = app.heard
        assert isinstance(heard, log_asks.Wanted)
        assert (heard.move, heard.page, heard.to) == wanted
        assert heard.height == 8, "ten rows, one for the rule and one for what is searched"


async def test_a_burst_after_the_slash_loses_no_letter() -> None:
    async with Host().run_test(size=(60, 10)) as pilot:
        app = await opened(pilot)
        text = app.query_one(LogText)
        for key, character in (("slash", "/"), ("g", "g"), ("G", "G"), ("n", "n"), ("enter", None)):
            app.post_message(events.Key(key, character))
        await pilot.pause()
        searches = [message for message in app.heard if isinstance(message, log_asks.SearchAsked)]
        assert [(search.text, search.backwards) for search in searches] == [("gGn", True)]
        assert [m for m in app.heard if isinstance(m, (log_asks.NextAsked, log_asks.Wanted))] == []
        assert text.asking is None


async def test_filter_prompt_with_mending_and_paste() -> None:
    async with Host().run_test(size=(60, 10)) as pilot:
        app = await opened(pilot)
        await pilot.press("ampersand", "exclamation_mark", "x", "backspace")
        assert app.lines[-1].rstrip() == " &!▏"
        app.query_one(LogText).post_message(events.Paste("GET\x1b[c /\nrm -rf"))
        await pilot.pause()
        assert app.lines[-1].rstrip() == " &!GET␛[c /▏"
        await pilot.press("enter")
        assert [m.text for m in app.heard if isinstance(m, log_asks.FilterAsked)] == ["!GET␛[c /"]


async def test_escape_leaves_the_prompt_and_then_ends_search_and_filter() -> None:
    async with Host().run_test(size=(60, 10)) as pilot:
        app = await opened(pilot, changed(filter_text="cart"))
        await pilot.press("slash", "x", "escape")
        assert not [m for m in app.heard if isinstance(m, log_asks.SearchAsked)]
        assert app.lines[-1].rstrip() == " & cart   / a   esc ends"
        await pilot.press("escape")
        assert [m.text for m in app.heard if isinstance(m, log_asks.SearchAsked)] == [""]
        app.pane.show(changed(filter_text="cart", search_text="", match=-1))
        await pilot.press("escape")
        assert [m.what for m in app.heard if isinstance(m, log_asks.Act)] == ["widen"], "one filter at a time"


async def test_next_and_the_one_before() -> None:
    async with Host().run_test(size=(60, 10)) as pilot:
        app = await opened(pilot)
        await pilot.press("n", "N")
        assert [m.reverse for m in app.heard if isinstance(m, log_asks.NextAsked)] == [False, True]


async def test_the_prompt_takes_its_row_and_gives_it_back() -> None:
    async with Host().run_test(size=(60, 10)) as pilot:
        app = await opened(pilot, changed(search_text=""))
        await pilot.press("slash")
        await pilot.press("escape")
        assert [m.height for m in app.heard if isinstance(m, log_asks.Wanted)] == [8, 9]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "missing"}, "waiting for app.log: it is not there yet"),
        (
            {"state": "missing", "why": "/log/app.log is not there yet"},
            "waiting for app.log: /log/app.log is not there yet",
        ),
        ({"state": "missing", "name": ""}, "no log is followed: name one under `logs:` in the runbook, or pipe one in"),
        ({"state": "unreadable", "why": "Permission denied"}, "app.log cannot be read: Permission denied"),
        ({"filter_text": "zzz"}, "no line passes the filter"),
        ({}, "nothing in it yet"),
    ],
)
async def test_an_empty_pane_says_why(fields: dict[str, object], words: str) -> None:
    async with Host().run_test(size=(80, 6)) as pilot:
        app = await opened(pilot, changed(rows=(), search_text="", **fields))
        assert app.lines[0].strip() == words


async def test_where_a_log_is_missed_is_read_to_its_end_in_a_narrow_pane() -> None:
    path = "/srv/shop/releases/current/var/log/production.log"
    async with Host().run_test(size=(40, 8)) as pilot:
        app = await opened(pilot, changed(rows=(), search_text="", state="missing", why=f"{path} is not there yet"))
        assert f"{path}isnotthereyet" in "".join("".join(app.lines).split())


async def test_an_empty_pane_is_painted_again_only_for_other_words() -> None:
    async with Host().run_test(size=(60, 6)) as pilot:
        text = pilot.app.query_one(LogText)
        text.show(LogWindow(watched=3))
        painted: list[bool] = []
        text.refresh = lambda *_args, **_kwargs: painted.append(True) or text  # type: ignore[method-assign,func-returns-value]
        text.show(LogWindow(watched=4))
        assert not painted
        text.show(LogWindow(name="app.log", state="following"))
        assert painted


async def test_the_same_window_is_not_painted_again() -> None:
    async with Host().run_test(size=(60, 6)) as pilot:
        app = await opened(pilot)
        text = app.query_one(LogText)
        painted: list[bool] = []
        text.refresh = lambda *_args, **_kwargs: painted.append(True) or text  # type: ignore[method-assign,func-returns-value]
        app.pane.show(WINDOW)
        app.pane.show(changed(errors_per_minute=7))
        assert not painted
        app.pane.show(changed(rows=ROWS[:1]))
        assert painted


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (20, 3), (200, 60)])
async def test_any_size(size: tuple[int, int]) -> None:
    async with Host().run_test(size=size) as pilot:
        app = await opened(pilot)
        await pilot.press("slash", "a")
        assert {cell_len(line) for line in app.lines} <= {size[0]}


async def test_a_time_is_typed_after_the_at_sign() -> None:
    async with Host().run_test(size=(80, 10)) as pilot:
        app = await opened(pilot)
        await pilot.press("at")
        assert "03:14, 03:14:05, -5m" in app.lines[-1]
        for key, character in (("minus", "-"), ("5", "5"), ("m", "m"), ("enter", None)):
            app.post_message(events.Key(key, character))
        await pilot.pause()
        assert [m.text for m in app.heard if isinstance(m, log_asks.JumpAsked)] == ["-5m"]


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_marked_and_chosen_lines_stand_out_in_the_gutter(size: tuple[int, int]) -> None:
    async with Host().run_test(size=size) as pilot:
        window = changed(marks=(0,), chosen=(60, 80), place="mark 1 of 1", search_text="")
        app = await opened(pilot, window)
        assert [line[0] for line in app.lines[:4]] == ["◆", "▌", "▌", " "]
        assert "mark 1 of 1   choosing lines: C copies, W keeps them   esc ends" in app.lines[-1]
        await pilot.press("escape")
        assert [m.what for m in app.heard if isinstance(m, log_asks.Act)] == ["choose"]


async def test_escape_lets_go_of_the_line_at_hand_last() -> None:
    async with Host().run_test(size=(60, 10)) as pilot:
        app = await opened(pilot, changed(search_text=""))
        await pilot.press("escape")
        assert [m.what for m in app.heard if isinstance(m, log_asks.Act)] == ["let_go"]


async def test_an_error_in_a_short_line_has_its_sign() -> None:
    rows = (
        LogRow(0, "03:14:21 ERROR x", "error", mark=(9, 14), short=True),
        LogRow(1, "03:14:21 WARN  x", "warn", mark=(9, 13), short=True),
        LogRow(2, "03:14:21 INFO  x", "info", mark=(9, 13), short=True),
    )
    async with Host().run_test(size=(60, 10)) as pilot:
        app = await opened(pilot, changed(rows=rows, match=-1))
        assert [line[0] for line in app.lines[:3]] == ["✗", "!", " "]
