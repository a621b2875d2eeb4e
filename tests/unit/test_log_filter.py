"""Several filters at once: each narrows, levels are judged as they are shown, a trace goes with its line."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runbook.logs import sieve
from runbook.logs.clean import clean
from runbook.logs.index import OpenFile
from runbook.logs.levels import WORST_FIRST, level_of
from runbook.logs.scan import BadQuery, Filter, errors_in, parse
from runbook.logs.searching import Part, look
from runbook.logs.sieve import downwards, packed, unpacked
from runbook.logs.view import LogView

WORDS = [
    "ERROR",
    "WARN",
    "INFO",
    "DEBUG",
    "error",
    "info",
    "level=warn",
    '"level":"info"',
    '"level": 50',
    "[debug]",
    " 503 ",
    " 200 512 ",
    " 512 ms",
    "[proxy:error]",
    "[crit]",
    "ERRO",
    " WRN ",
    "E1127 03:14:22.5 1 a.go:7]",
    " W1127 03:14:22.5 1 a.go:7]",
    "I1127 03:14:22.5 1 a.go:7] ",
]
LINES = st.lists(
    st.lists(st.sampled_from([*WORDS, " ", " 7 ", "ab", "é", "x" * 250, "cart", "\r", "TRACEBACK"]), max_size=5).map(
        "".join
    ),
    max_size=12,
)
TYPED = ["ab", "!ab", "cart", "~a|é", "!~^ ", "level:error", "level:warn", "!level:info", "!level:debug", "level:trace"]


def filtered(*typed: str) -> Filter:
    return Filter(tuple(parse(text, may_negate=True) for text in typed))


def passes(typed: str, line: str) -> bool:
    """The oracle for one filter."""
    without = typed.startswith("!")
    wanted = typed.removeprefix("!")
    if wanted.startswith("level:"):
        at = WORST_FIRST.index(wanted.removeprefix("level:"))
        levels = WORST_FIRST[at:] if without else WORST_FIRST[: at + 1]
        return (level_of(line)[0] in levels) is not without
    pattern = wanted[1:] if wanted.startswith("~") else re.escape(wanted)
    return bool(re.search(pattern, line, re.IGNORECASE)) is not without


@given(LINES, st.lists(st.sampled_from(TYPED), min_size=1, max_size=3), st.sampled_from([40, 600, 10_000]))
@settings(max_examples=400, deadline=None)
@example(['level=warnERROR"level":"info"ab'], ["level:trace"], 40)
@example(["abéERROR"], ["level:trace"], 40)
def test_a_line_is_shown_when_it_passes_each_filter(lines: list[str], typed: list[str], block: int) -> None:
    sought = unpacked(packed(filtered("ab", *typed).sought))
    data = "".join(f"{line}\n" for line in lines).encode()
    if max((len(line.encode()) for line in lines), default=0) + 1 >= block:
        return
    found = [
        at
        for _, part in downwards(lambda count, at: data[at : at + count], sought, 0, len(data), block=block)
        for at in part
    ]
    wanted, at = [], 0
    for line in lines:
        if all(passes(one, line) for one in ("ab", *typed)):
            wanted.append(at)
        at += len(line.encode()) + 1
    assert found == wanted


@pytest.mark.parametrize(
    "line",
    [
        "\x1b[31mERROR\x1b[39m boom",
        "\x1b[32m[Nest] 1 - \x1b[39m03:14:22 \x1b[1;31mERROR\x1b[39m boom",
        "GET /x \x1b[31m500\x1b[0m 12.3 ms",
        "[\x1b[31merror\x1b[0m] boom",
        "\x1b[31mlevel=error\x1b[0m",
        "\x1b[36mlevel\x1b[0m=\x1b[31merror\x1b[0m msg=boom",
    ],
)
def test_the_colours_of_a_program_hide_no_level(line: str) -> None:
    data = f"\x1b[32mINFO\x1b[0m fine\n{line}\n".encode()
    assert level_of(clean(line))[0] == "error"
    assert filtered("level:error").sought.lines(data).tolist() == [19]
    assert filtered("!level:info").sought.lines(data).tolist() == [19]
    assert errors_in(data) == 1


def test_a_line_longer_than_a_block_passes_by_all_of_it() -> None:
    data = b"cart " + b"x" * 20_000 + b" ab\nab\ncart " + b"y" * 20_000 + b"\n"
    for typed, wanted in ((("cart", "ab"), [0]), (("cart", "!ab"), [20_012]), (("!cart", "ab"), [20_009])):
        found = [
            at
            for _, part in downwards(lambda n, at: data[at : at + n], filtered(*typed).sought, 0, len(data), block=8192)
            for at in part
        ]
        assert found == wanted, typed
    assert sieve.OVERLAP < 8192


@pytest.mark.parametrize("by_hand", [True, False])
async def test_a_process_and_ripgrep_judge_the_same(
    tmp_path: Path, by_hand: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbook.logs.searching.NEAR", 64)
    lines = [f"{n} {WORDS[n % len(WORDS)]} {'cart' * (n % 3 == 0)}" for n in range(3000)]
    path = tmp_path / "log"
    path.write_text("".join(f"{line}\n" for line in lines))
    file = OpenFile(os.open(path, os.O_RDONLY))
    for typed in (("level:warn",), ("cart", "level:error"), ("!level:info", "cart", "!503"), ("~cart$", "9")):
        part = Part(0, file, 0, file.size())
        positions: list[int] = []
        async for found in look(filtered(*typed).sought, [part], up=True, limit=100_000, by_hand=by_hand):
            positions += found.positions
        wanted = [line for line in lines if all(passes(one, line) for one in typed)]
        assert sorted(path.read_bytes()[at:].split(b"\n")[0].decode() for at in positions) == sorted(wanted), typed


@pytest.fixture
def view(tmp_path: Path) -> LogView:
    path = tmp_path / "app.log"
    trace = "Traceback (most recent call last):\n  File cart.py\nKeyError: 'x'\n"
    path.write_text(f"INFO a cart\nERROR b cart\n{trace}WARN c\nERROR d\n{trace}DEBUG e cart\nplain cart\n")
    view = LogView(path)
    view.begin()
    return view


async def shown(view: LogView) -> list[str]:
    await view.settled()
    return [f"{row.text}+{row.under}" if row.under else row.text for row in view.window(20).rows]


async def test_filters_narrow_and_are_taken_away_one_by_one(view: LogView) -> None:
    view.add_filter("level:warn")
    assert await shown(view) == ["ERROR b cart+3", "WARN c", "ERROR d+3"]
    view.add_filter("!cart")
    assert await shown(view) == ["WARN c", "ERROR d+3"]
    assert view.window(20).filter_text == "level:warn  & !cart"
    view.add_filter("~[bd]$")
    assert await shown(view) == ["ERROR d+3"]
    view.add_filter("!cart")
    assert view.window(20).filter_text == "level:warn  & ~[bd]$  & !cart", "the same one twice is one"
    view.drop_filter()
    view.drop_filter()
    assert await shown(view) == ["ERROR b cart+3", "WARN c", "ERROR d+3"]
    view.drop_filter()
    assert len(await shown(view)) == 6
    view.drop_filter()
    view.add_filter("cart")
    view.clear_filter()
    assert view.window(20).filter_text == ""


async def test_what_is_hidden_takes_its_trace_along(view: LogView) -> None:
    view.add_filter("!~^ERROR d")
    rows = await shown(view)
    assert "ERROR d" not in " ".join(rows)
    assert "  File cart.py" not in rows
    assert "ERROR b cart+3" in rows


async def test_lines_of_one_trace_take_no_rows_of_their_own(view: LogView) -> None:
    view.add_filter("cart")
    assert await shown(view) == ["INFO a cart", "ERROR b cart+3", "  File cart.py", "DEBUG e cart", "plain cart"]


async def test_new_lines_are_filtered_too(view: LogView, tmp_path: Path) -> None:
    view.add_filter("level:error")
    view.add_filter("new")
    await view.settled()
    with (tmp_path / "app.log").open("a") as log:
        log.write("INFO new\nERROR new one\nERROR old\n")
    view.follower.check()
    view.advance()
    assert await shown(view) == ["ERROR new one"]


def test_what_is_no_filter_is_said(view: LogView) -> None:
    with pytest.raises(BadQuery, match="error, warn, info"):
        parse("level:loud", may_negate=True)
    view.add_filter("!")
    assert "Nothing to look for" in view.window(4).filter_note
