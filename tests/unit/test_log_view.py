"""A log as it is read: moves, filter, search, counts. What is hidden or new is always said."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.logs import counting as counting_module
from runbook.logs import finder as finder_module
from runbook.logs import hits as hits_module
from runbook.logs.flood import Flood
from runbook.logs.hits import Hits
from runbook.logs.index import OpenFile
from runbook.logs.levels import level_of
from runbook.logs.scan import BadQuery, Counted, errors_in, parse
from runbook.logs.spooled import SpoolFollower
from runbook.logs.tally import Tally
from runbook.logs.view import LogView
from runbook.logs.window import LogWindow


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A log in a folder, and its reader."""

    def __init__(self, folder: Path, lines: int = 0, **given: object) -> None:
        self.path = folder / "app.log"
        self.path.write_text("".join(f"line {n}\n" for n in range(lines)))
        self.clock = Clock()
        self.view = LogView(self.path, monotonic=self.clock, secrets=("hunter22hunter",))
        self.view.begin()

    def add(self, *lines: str) -> None:
        with self.path.open("a") as log:
            log.write("".join(f"{line}\n" for line in lines))
        self.view.follower.check()
        while self.view.advance():
            pass

    def texts(self, height: int = 4) -> list[str]:
        return [row.text for row in self.view.window(height).rows]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, 20)


def test_following_shows_the_end(desk: Desk) -> None:
    assert desk.texts() == ["line 16", "line 17", "line 18", "line 19"]
    desk.add("line 20")
    assert desk.texts()[-1] == "line 20"
    assert desk.view.window(4).following


def test_going_up_leaves_the_tail_and_counts_what_comes(desk: Desk) -> None:
    desk.view.move(-1, 4)
    assert desk.texts() == ["line 15", "line 16", "line 17", "line 18"]
    desk.add("line 20", "line 21")
    window = desk.view.window(4)
    assert (window.following, window.new) == (False, 2)
    assert desk.texts()[0] == "line 15"
    desk.view.to_end()
    assert (desk.view.window(4).new, desk.texts()[-1]) == (0, "line 21")


def test_arriving_at_the_end_follows_again(desk: Desk) -> None:
    desk.view.page(-1, 4)
    assert desk.texts()[0] == "line 13"
    desk.view.move(2, 4)
    assert not desk.view.following
    desk.view.page(1, 4)
    assert desk.view.following


def test_top_and_a_window_larger_than_the_log(desk: Desk) -> None:
    desk.view.to_top()
    assert desk.texts()[0] == "line 0"
    desk.view.move(-3, 4)
    assert desk.texts()[0] == "line 0"
    desk.view.to_end()
    desk.view.move(-1, 100)
    assert desk.view.following, "there is nothing above to go to"
    assert len(desk.texts(100)) == 20


@given(st.lists(st.sampled_from(["up", "down", "pgup", "pgdn", "top", "end", "add"]), max_size=25))
@settings(max_examples=50, deadline=None)
def test_any_walk_shows_neighbouring_lines(tmp_path_factory: pytest.TempPathFactory, walk: list[str]) -> None:
    desk = Desk(tmp_path_factory.mktemp("walk"), 30)
    count = 30
    for step in walk:
        if step == "add":
            desk.add(f"line {count}")
            count += 1
        elif step in ("up", "down"):
            desk.view.move(1 if step == "down" else -1, 5)
        elif step in ("pgup", "pgdn"):
            desk.view.page(1 if step == "pgdn" else -1, 5)
        else:
            desk.view.to_top() if step == "top" else desk.view.to_end()
        numbers = [int(text.split()[1]) for text in desk.texts(5)]
        assert len(numbers) == 5
        assert numbers == list(range(numbers[0], numbers[0] + 5))
        if desk.view.following:
            assert numbers[-1] == count - 1


def test_rows_are_clean_masked_and_judged(desk: Desk) -> None:
    desk.add(
        "\x1b[31mERROR\x1b[0m \x1b]52;c;eA==\x07 [@click=app.quit]x[/]", "  at cart.js:3", "password=hunter22hunter"
    )
    desk.view.hand.open_traces(3)
    rows = desk.view.window(3).rows
    assert [row.text for row in rows] == [
        "ERROR ␛]52;c;eA==␇ [@click=app.quit]x[/]",
        "  at cart.js:3",
        "password=‹masked›",
    ]
    assert [(row.level, row.mark, row.continuation) for row in rows] == [
        ("error", (0, 5), False),
        ("", (0, 0), True),
        ("", (0, 0), False),
    ]
    assert "hunter22hunter" not in str(desk.view.hand.seen(3))


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("12:00 ERROR checkout", "error"),
        ("12:00 WARNING low", "warn"),
        ('{"level":"warn","m":1}', "warn"),
        ("[error] 12#0: upstream", "error"),
        ("level=info x", "info"),
        ('GET /api HTTP/1.1" 503 12', "error"),
        ("INFO http GET / 502 12ms", "error"),
        ("0 errors found", ""),
        ('10.0.0.1 - - [27/Nov/2026:03:14:22 +0000] "GET / HTTP/1.1" 200 512 "-" "curl"', ""),
        ('10.0.0.1 - - [27/Nov/2026:03:14:22 +0000] "GET / HTTP/1.1" 502 512 "-" "curl"', "error"),
        ("INFO completed in 532 ms", "info"),
        ("INFO imported 500 rows of 512 users", "info"),
        ("sent 550 mails in 512 s", ""),
        (" GET /api/cart 500 in 34ms", "error"),
        ("upstream answered 502 while reading", "error"),
        ("GET / 500 Internal Server Error", "error"),
        ("GET /users/42 500 12ms", "error"),
        ("2026/11/27 03:14:22 [crit] 31#31: *1 connect() failed", "error"),
        ("[Fri Nov 27 03:14:22 2026] [proxy:error] [pid 12] AH00957", "error"),
        ("[Fri Nov 27 03:14:22 2026] [core:notice] [pid 12] resuming", "info"),
        ('{"severity":"error","m":1}', "error"),
        ('{"log.level":"error","m":1}', "error"),
        ('{"Level":"Error","m":1}', "error"),
        ("PANIC:  could not write to file", "error"),
        ("status: NOERROR, id: 1", ""),
        ("E1127 03:14:22.123456       1 reflector.go:138] Failed to watch *v1.Pod", "error"),
        ("[pod/web-0/app] F1127 03:14:22.123456 1 main.go:7] no lease", "error"),
        ("E20261127 03:14:22.123456 4711 server.cc:12] refused", "error"),
        ('W1127 03:14:22.123456 1 config.go:4] "No ERRORS so far"', "warn"),
        ("I1127 03:14:22.123456 1 config.go:4] level=warn in the old file", "info"),
        ("E1127 of room E1127 03:14", ""),
        ("[03:14:22 ERR] boom", "error"),
        ("[03:14:22 WRN] slow", "warn"),
        ("3:14AM FTL boom", "error"),
        ("ERRO[0003] could not start", "error"),
        ("FATA[0003] could not start", "error"),
        ("npm ERR! code E404", "error"),
        ("SHIFTL ERRATA FATALITY", ""),
        ("TRACEBACK", ""),
        ("INFO nightly job done, 0 ERROR lines", "info"),
        ("2026-11-27 03:14:22,123 - root - INFO - case FATAL tried", "info"),
        ("SYSINFO ERROR in probe", "error"),
        ("I1127 03:14:22.123456 1 watch.go:12] saw ERROR again", "info"),
        ("[03:14:22 INF] after ERR tried again", "info"),
        ('{"level":"info","msg":"ERROR lines: none"}', "info"),
        ('{"level":30,"msg":"ERROR lines: none"}', "info"),
        ('{"msg":"ERROR: boom","level":"info"}', "error"),
        ('{"LogLevel":"Error","m":1}', "error"),
        ('level=info msg="after ERROR tried again"', "info"),
        ("panic: runtime error: invalid memory address or nil pointer dereference", "error"),
        ("2026/11/27 03:14:22 http: panic serving 10.0.0.1:5000: boom", "error"),
        ("fatal error: all goroutines are asleep - deadlock!", "error"),
        ("thread 'main' panicked at src/main.rs:2:5:", "error"),
        ("PHP Fatal error:  Uncaught TypeError", "error"),
        ("INFO recovered from panic: boom", "info"),
        ("do not panic", ""),
        ('{"t":{"$date":"2026-11-27T03:14:22Z"},"s":"E",  "c":"NETWORK","msg":"refused"}', "error"),
        ('{"t":{"$date":"2026-11-27T03:14:22Z"},"s":"W",  "c":"NETWORK","msg":"ERROR of before"}', "warn"),
        ('{"t":{"$date":"2026-11-27T03:14:22Z"},"s":"D2", "c":"NETWORK","msg":"looks"}', "debug"),
        ('{"@t":"2026-11-27T03:14:22Z","@mt":"boom","@l":"Error"}', "error"),
        ("fail: Shop.Cart.Reader[13]\n      An unhandled exception", "error"),
        ("crit: Shop.Program[0]\n      Out of memory", "error"),
        ("warn: Shop.Program[0]\n      Slow", "warn"),
        ("dbug: Shop.Program[0]\n      Looks", "debug"),
        ("fail: it did", ""),
    ],
)
def test_what_is_coloured_as_an_error_is_counted_as_one_and_nothing_else(line: str, level: str) -> None:
    assert level_of(line)[0] == level
    assert errors_in(f"{line}\n".encode()) == (level == "error")
    data = f"{line}\n".encode()
    for wanted in ("error", "warn", "info", "debug"):
        kept = parse(f"!level:{wanted}", may_negate=True).sought.lines(data).tolist()
        upto = ("error", "warn", "info", "debug", "trace")
        assert (0 in kept) == (level not in upto[upto.index(wanted) :]), wanted


def test_what_a_command_tells_of_the_time_before_it_started_is_no_new_error(tmp_path: Path) -> None:
    def said(number: int, text: str) -> LogWindow:
        (tmp_path / f"{number:08}.{'note' if text.startswith('started') else 'log'}").write_text(text)
        view.follower.check()
        while view.advance():
            pass
        return view.window(4)

    clock = Clock()
    view = LogView(tmp_path, monotonic=clock, follower=SpoolFollower(tmp_path))
    view.counting.retells = True
    view.begin()
    clock.now += 2
    assert said(1, "ERROR of yesterday\n" * 500).errors_per_minute == 0
    clock.now += 0.5
    assert said(2, "ERROR of an hour ago\n").errors_per_minute == 0
    clock.now += 3
    now = said(3, "ERROR of now\n")
    assert (now.errors_per_minute, now.watched) == (1, 3)
    clock.now += 20
    said(4, "started again · 03:14:00Z")
    clock.now += 1
    assert said(5, "ERROR of yesterday\nERROR of now\n").errors_per_minute == 1
    clock.now += 30
    assert said(6, "ERROR, and another\nERROR\n").errors_per_minute == 3


def test_of_a_command_that_begins_with_silence_the_first_error_counts() -> None:
    tally = Tally(1000, retells=True)
    tally.add(1, 1000 + 11)
    assert tally.in_last_minute(1011) == 1
    pouring = Tally(1000, retells=True)
    for second in range(20):
        pouring.add(1, 1000 + second)
    assert pouring.in_last_minute(1020) == 9, "an outburst that does not end is told of after a while"


def test_errors_are_counted_per_minute(desk: Desk) -> None:
    desk.add(*["x ERROR y"] * 30, "GET / 503 x", "INFO fine", "ERROR and FATAL count once")
    window = desk.view.window(4)
    assert (window.errors_per_minute, window.watched) == (32, 0)
    desk.clock.now += 30
    desk.add("ERROR again")
    assert desk.view.window(4).errors_per_minute == 33
    desk.clock.now += 31
    assert desk.view.window(4).errors_per_minute == 1
    assert desk.view.window(4).watched == 60
    assert desk.view.window(4).spark == (32, 0, 0, 1, 0, 0)


def test_what_a_signal_counts_is_counted_instead_of_errors(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("")
    view = LogView(path, monotonic=Clock(), counted=Counted("time-outs", r"time-?out\b"))
    view.begin()
    path.write_text("ERROR x\nINFO timeout, time-out\nINFO timeouts\na time-out\n")
    view.follower.check()
    view.advance()
    assert (view.window(3).errors_per_minute, view.window(3).counted) == (2, "time-outs")
    for match, lines in ((r"\N{BULLET}", "ERROR\n\u2022 late\n"), ("[\xe9\xfc]", "\xe9t\xe9\n\xe0\nERROR\n")):
        assert Counted("x", match).count(lines.encode()) == 1, "no expression for bytes"


def test_what_was_there_before_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("ERROR old\nERROR unfin")
    view = LogView(path, monotonic=Clock())
    view.begin()
    with path.open("a") as log:
        log.write("ished\nERROR ne")
    view.follower.check()
    view.advance()
    assert view.window(3).errors_per_minute == 1, "the line that was finished, not the one that is not"


def test_a_log_that_nobody_writes_any_more_says_since_when(desk: Desk) -> None:
    desk.view.hand.wall = lambda: 5000.0
    for written, quiet in ((4700.5, 299), (4940, 60), (4941, 0), (6000, 0)):
        os.utime(desk.path, (written, written))
        assert desk.view.window(3).quiet == quiet
    assert LogView("/nowhere/app.log").window(3).quiet == 0


def test_the_tally_forgets(desk: Desk) -> None:
    tally = Tally(0)
    for second in range(1000):
        tally.add(1, float(second))
    assert tally.in_last_minute(999.0) == 60
    assert tally.series(1000.0) == (10,) * 12
    assert len(tally._errors) < 200


async def test_a_filter_looks_back_and_takes_new_lines(desk: Desk) -> None:
    desk.view.add_filter("line 1")
    await desk.view.settled()
    assert desk.texts(20) == ["line 1", *[f"line {n}" for n in range(10, 20)]]
    desk.add("line 20", "line 100", "nothing")
    assert desk.texts(2) == ["line 19", "line 100"]
    desk.view.move(-3, 4)
    desk.add("line 101", "no")
    assert desk.view.window(4).new == 1
    at_top = desk.texts(4)[0]
    desk.view.clear_filter()
    assert desk.texts(4)[0] == at_top, "without the filter one still stands on the same line"


async def test_what_comes_while_a_filter_begins_is_there_once(desk: Desk) -> None:
    desk.view.add_filter("line 1")
    desk.add("line 100", "nothing", "line 101")  # before its look back has had its turn
    await desk.view.settled()
    assert desk.texts(20) == ["line 1", *(f"line {n}" for n in range(10, 20)), "line 100", "line 101"]


async def test_a_filter_shows_an_older_file_that_a_search_went_back_to(desk: Desk) -> None:
    (desk.path.parent / "app.log.1").write_text("line 1 of old\n")
    desk.view.add_filter("line 1")
    assert await desk.view.reach_back()
    await desk.view.settled()
    assert desk.texts(20)[0] == "line 1 of old"


async def test_a_filter_that_hides(desk: Desk) -> None:
    desk.view.add_filter("!1")
    await desk.view.settled()
    assert desk.texts(20) == ["line 0", *[f"line {n}" for n in range(2, 10)]]
    desk.add("line 31", "line 32")
    assert desk.texts(2) == ["line 9", "line 32"]


async def test_a_filter_is_bounded_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits_module, "MOST", 5)
    desk.view.add_filter("line")
    await desk.view.settled()
    assert desk.texts(20) == [f"line {n}" for n in range(15, 20)]
    assert desk.view.window(20).filter_note == "the last 5 lines with it"


async def test_a_filter_over_many_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting_module, "CHUNK", 64)
    desk = Desk(tmp_path, 300)
    desk.view.add_filter("~^line \\d*7$")
    await desk.view.settled()
    assert desk.texts(99) == [f"line {n}" for n in range(7, 300, 10)]
    desk.view.search("27", backwards=True, height=5)
    await desk.view.settled()
    assert desk.texts(5) == [f"line {n}" for n in range(257, 300, 10)], "277 is visible: nothing jumps"
    desk.view.search_next(5)
    await desk.view.settled()
    assert desk.texts(5)[1] == "line 227"


async def test_search_up_then_on_then_back(desk: Desk) -> None:
    desk.view.search("line 1", backwards=True, height=4)
    await desk.view.settled()
    assert desk.view.window(4).match == desk.view.window(4).rows[-1].offset, "the nearest one is already visible"
    assert desk.texts()[-1] == "line 19", "and nothing jumps"
    assert not desk.view.following
    for _ in range(10):
        desk.view.search_next(4)
        await desk.view.settled()
    row = next(row for row in desk.view.window(4).rows if row.offset == desk.view.window(4).match)
    assert (row.text, row.found) == ("line 1", ((0, 6),))
    desk.view.search_next(4)
    await desk.view.settled()
    assert desk.view.window(4).search_note == "no match above, N looks below"
    desk.view.search_next(4, reverse=True)
    await desk.view.settled()
    window = desk.view.window(4)
    assert next(row.text for row in window.rows if row.offset == window.match) == "line 10"


async def test_what_is_seen_without_its_colours_is_found(desk: Desk) -> None:
    desk.add("\x1b[32mINFO\x1b[0m: fine", "\x1b[31merror\x1b[0m: \x1b[1mconnection\x1b[0m refused (a.b)")
    for typed in ("error: connection refused", "(a.b)", "error"):
        desk.view.search(typed, backwards=True, height=4)
        await desk.view.settled()
        window = desk.view.window(4)
        found = next(row for row in window.rows if row.offset == window.match)
        assert [found.text[at:to] for at, to in found.found] == [typed]
    desk.view.add_filter("error: connection")
    await desk.view.settled()
    assert desk.texts(4) == ["error: connection refused (a.b)"]


async def test_a_search_goes_through_what_the_filter_shows(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder_module, "AMONG", 2)
    desk.add("cart failed", *["cart fine"] * 9)
    desk.view.add_filter("!fine")
    await desk.view.settled()
    desk.view.search("cart", backwards=True, height=4)
    await desk.view.settled()
    window = desk.view.window(4)
    assert [row.text for row in window.rows if row.offset == window.match] == ["cart failed"]
    assert window.search_note == "1 line"


def test_the_next_match_of_nothing_says_how_one_searches(desk: Desk) -> None:
    desk.view.search_next(4)
    assert desk.view.window(4).search_note == "nothing is searched yet: / does"


async def test_a_search_that_cannot_be(desk: Desk) -> None:
    desk.view.search("~(", backwards=True, height=4)
    assert desk.view.window(4).search_note.startswith("Not an expression")
    desk.view.search("nowhere", backwards=False, height=4)
    await desk.view.settled()
    assert desk.view.window(4).search_note == "no match below, N looks above"
    assert desk.view.following, "a search that finds nothing moves nothing"
    desk.view.search("", backwards=False, height=4)
    assert desk.view.window(4).search_text == ""


async def test_rotation_under_a_reader(desk: Desk) -> None:
    desk.view.add_filter("line")
    await desk.view.settled()
    desk.path.rename(desk.path.with_suffix(".1"))
    desk.path.write_text("")
    desk.add("line after", "other")
    assert desk.texts(2) == ["line 19", "line after"]
    desk.view.clear_filter()
    rows = desk.view.window(4).rows
    assert [row.note for row in rows] == [False, True, False, False]
    assert [row.text for row in rows][2:] == ["line after", "other"]


def test_truncation_under_a_detached_reader(desk: Desk) -> None:
    desk.view.move(-5, 4)
    desk.path.write_text("")
    desk.add("fresh")
    assert desk.texts()[-1] == "fresh"
    assert "truncated" in desk.texts()[0]


def test_equal_windows_are_one_object(desk: Desk) -> None:
    assert desk.view.window(4) is desk.view.window(4)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    view = LogView(tmp_path / "none.log", monotonic=Clock())
    view.begin()
    view.move(-1, 4)
    view.page(1, 4)
    view.to_top()
    assert view.window(4) == LogWindow(
        name="none.log", following=False, watched=0, state="missing", why=f"{tmp_path}/none.log is not there yet"
    )


async def _cannot(*_: object) -> int:
    raise OSError(5, "Input/output error")


@pytest.mark.parametrize("how", ["by ripgrep", "in turns", "in turns, when ripgrep cannot"])
async def test_a_burst_is_worked_off_in_turns_or_beside_the_loop(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = how == "by ripgrep"
    if how == "in turns":
        monkeypatch.setattr(Flood, "command", None)
    elif how != "by ripgrep":
        monkeypatch.setattr(Flood, "count", _cannot)
    elif shutil.which("rg") is None:
        pytest.skip("ripgrep is not installed")
    turns = 0
    seen = asyncio.Event()
    path = tmp_path / "app.log"
    path.write_text("")
    view = LogView(path, changed=seen.set)
    advance = view.counting.advance

    def counted() -> bool:
        nonlocal turns
        turns += 1
        return advance()

    monkeypatch.setattr(view.counting, "advance", counted)
    view.start()
    try:
        path.write_text("ERROR of a burst that is larger than one turn\n" * 100_000)
        async with asyncio.timeout(20):
            while view.window(5).errors_per_minute < 100_000:
                await seen.wait()
                seen.clear()
        assert view.window(5).errors_per_minute == 100_000
        assert beside or turns > 2
    finally:
        view.close()


def test_queries() -> None:
    assert parse("Cart").any_case is False
    assert parse("cart").any_case is True
    assert parse("!x").without is False
    assert parse("a.b").finds("a.b axb") == ((0, 3),)
    assert [parse(typed).any_case for typed in (r"~late\S*", r"~Late\S*", r"late\S")] == [True, False, False]
    for bad in ("", "~", "~(", "~[[:digit:]]+"):
        with pytest.raises(BadQuery):
            parse(bad)
    fields = (
        b'{"level":"error"}\n{"level": 50}\n{"level":30,"n":50}\nlevel=error msg=ERROR\nlevel=fatal\n{"level":"info"}\n'
    )
    assert errors_in(fields) == 4
    assert errors_in(b"ERROR FATAL\nCRITICAL\n 503 \n 5034 \nerror\n") == 3


@pytest.mark.parametrize("typed", ["(a+)+$", "((a+))+!", "(a|aa)+!", "(?:x(?:a*)y)*", "(?P<a>b{2,})+", "((a|b)c)*"])
def test_an_expression_that_may_never_end_is_refused(typed: str) -> None:
    with pytest.raises(BadQuery, match="for ever"):
        parse(f"~{typed}")


@pytest.mark.parametrize("typed", ["(a+)$", r"\(a+\)+", "[(a+)]+", "(ab)+", "(a|b) c", "(?:a+)?", "(?=a+)b"])
def test_other_repetitions_are_none(typed: str) -> None:
    assert parse(f"~{typed}").pattern == typed.encode()


@pytest.mark.parametrize(
    ("typed", "found"),
    [("[[a]x", "[x"), (r"[^[]\]", "a]"), ("[]a[]+", "a[]"), ("[a&&b]", "&"), ("[a||b]", "|"), (r"[\[a]x", "[x")],
)
@pytest.mark.filterwarnings("error")
def test_python_has_no_word_to_say_to_what_is_typed(typed: str, found: str) -> None:
    query = parse(f"~{typed}")
    assert query.finds(f"- {found} -") == ((2, 2 + len(found)),)
    assert query.sought.lines(f"-\n{found}\n".encode()).tolist() == [2]


def test_hits_keep_their_place_when_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits_module, "MOST", 4)
    found = Hits()
    found.found_before(array("q", [0, 2]))
    moved = 0
    for number in range(9):
        moved += found.arrived(array("q", [100 + number]))
    assert [found[index] for index in range(found.first, found.end)] == list(range(101, 109))
    assert moved == 5
    assert [found.index_of(position) for position in (101, 104, 105, 108, 99)] == [-4, -1, 0, 3, None]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=12))
def test_hits_are_in_order_whatever_comes_late(found: list[tuple[bool, int]]) -> None:
    hits, frontier = Hits(), 31
    given: set[int] = set()
    for before, position in found:
        if position in given:
            continue
        if before and position < frontier:
            frontier = position
            hits.found_before(array("q", [position]))
        else:
            hits.arrived(array("q", [position]))
        given.add(position)
    assert [hits[index] for index in range(hits.first, hits.end)] == sorted(given)


_WORDS = st.sampled_from(
    (
        *(
            "ERROR",
            "FATAL",
            "CRITICAL",
            "error",
            " 503 ",
            " 5034 ",
            " 50",
            "3 ",
            "level=error",
            "level=fatal",
            "level=",
        ),
        *('"level":"error"', '"level": "critical"', '"level":50', '"level": 60', '"level":501', '"level":', "\r", "\0"),
        *(
            "\n",
            "\n",
            "\u20ac",
            "x" * 300,
            " ",
            "ms",
            "bytes",
            "rows",
            "in",
            "inside ",
            " 200",
            "512",
            "9",
            "NO",
            "S",
            "[",
            "]",
            ":",
        ),
        *("[error]", "[proxy:error]", "crit]", "severity=err", '"Level":"Error"', "PANIC"),
        *("ERR", "ERRO", "OR", "FATA", "FTL", "E1127 03:14:22.5 1 a.go:7]", "W1127 03:14:22.5 1 a.go:7]"),
    )
)


@pytest.mark.skipif(shutil.which("rg") is None, reason="ripgrep is not installed")
@given(st.lists(_WORDS, max_size=40))
@settings(max_examples=100, deadline=None)
def test_ripgrep_counts_what_the_loop_counts(words: list[str]) -> None:
    data = "".join(words).encode() + b"\n"
    with tempfile.TemporaryFile() as log:
        log.write(b"before ERROR\n" + data + b"behind ERROR\n")
        log.flush()
        file = OpenFile(os.dup(log.fileno()), begin=7)
        flood = Flood(Counted())
        assert flood.command
        found = asyncio.run(flood.count(file, 6, 6 + len(data)))
    # it cannot tell which of two words stands first in a line: of several megabytes a second it counts either
    assert found is not None
    assert found == errors_in(data) if b"W1127" not in data else found >= errors_in(data)


def test_what_is_new_begins_where_the_reader_left_the_end(desk: Desk) -> None:
    with desk.path.open("a") as log:
        log.write("seen already\n" * 3)
    desk.view.follower.check()
    desk.view.move(-1, 4)  # before those were counted
    desk.add("new", "new too")
    assert desk.view.window(4).new == 2
