"""Searches through whole files: a thread, `re` in a process and ripgrep find the lines that a plain script finds."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.logs import searching, sieve
from runbook.logs.index import SPAN, OpenFile
from runbook.logs.ripgrep import ripgrep
from runbook.logs.scan import Query, parse
from runbook.logs.searching import Found, Part, look
from runbook.logs.sieve import downwards, line_begin
from runbook.logs.view import LogView

QUERIES = [
    "a",
    "ab",
    "B",
    "é",
    "!a",
    "!~^b",
    "~a+b",
    "~^b",
    "~$",
    "~b$",
    "~a\\sb",
    "~[^a]b",
    "~(?:a|b) ",
    "~\\bab",
    "~a{2}",
]
QUERIES += ["~A|é", "~a++b", "~(?=a)", "~a\\b", "~\\W", "[", "~[[a]", "~a.b", "5"]
LINES = st.lists(st.text("abAB é5\x1b\r\0", max_size=9), max_size=14)


def opened(path: Path, data: bytes) -> OpenFile:
    path.write_bytes(data)
    return OpenFile(os.open(path, os.O_RDONLY))


def kept(query: Query, data: bytes) -> list[int]:
    """The oracle: line by line, each with a new expression."""
    flags = re.IGNORECASE if query.any_case else 0
    found, at = [], 0
    for line in data.split(b"\n") if data else []:
        if at < len(data) and bool(re.search(query.pattern, line, flags | re.MULTILINE)) is not query.without:
            found.append(at)
        at += len(line) + 1
    return found


@given(LINES, st.sampled_from(QUERIES), st.booleans())
@settings(max_examples=400, deadline=None)
def test_lines_are_found_as_line_by_line_whatever_the_block(lines: list[str], typed: str, ended: bool) -> None:
    query = parse(typed, may_negate=True)
    data = "\n".join(lines).encode() + b"\n" * ended
    for block in (12, 40, 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sieve, "OVERLAP", 8)

            def read(count: int, offset: int) -> bytes:
                return data[offset : offset + count]

            found = [at for _, part in downwards(read, query.sought, 0, len(data), block=block) for at in part]
        if block == 1000 or max(map(len, data.split(b"\n"))) < block:
            assert found == kept(query, data)
        for at in found:
            assert line_begin(read, at) == at


async def everything(query: Query, parts: list[Part], **how: bool) -> list[int]:
    frames: list[Found] = []
    async with aclosing(look(query.sought, parts, up=how["up"], limit=1000, by_hand=how["by_hand"])) as found:
        async for frame in found:
            frames.append(frame)
    positions = [list(frame.positions) for frame in (reversed(frames) if how["up"] else frames)]
    total = sum(part.end - part.start for part in parts)
    assert not frames or frames[-1].done == total
    assert sum(frame.total for frame in frames) == sum(map(len, positions))
    return [at for some in positions for at in some]


@pytest.mark.skipif(not shutil.which("rg"), reason="ripgrep is not installed")
@given(LINES, st.sampled_from(QUERIES), st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_ripgrep_and_re_find_the_same(tmp_path: Path, lines: list[str], typed: str, up: bool, ended: bool) -> None:
    query = parse(typed, may_negate=True)
    data = "\n".join(lines * 3).encode() + b"\n" * ended
    file = opened(tmp_path / "log", data)
    middle = line_begin(file.read, len(data) // 2)
    parts = [Part(0, file, 0, middle), Part(1 << 48, file, middle, len(data))]
    wanted = [at + (1 << 48) * (at >= middle) for at in kept(query, data)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "NEAR", 10)
        for by_hand in (False, True):
            assert asyncio.run(everything(query, parts, up=up, by_hand=by_hand)) == wanted


def test_what_ripgrep_would_read_otherwise_is_looked_for_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: "/bin/rg")
    told = {typed: ripgrep(parse(typed).sought) for typed in ("a[b", "~a|b", "~[^a]b\\d{3}", "~(?:a)", "~\\[x\\]")}
    assert all(told.values())
    for typed in ("~a++", "~(?=a)", "~(?i)a", "~é+", "~[a[b]", "~[a&&b]", "~a{,3}", "~\\x41", "~\\Aa", "~\\<a"):
        assert ripgrep(parse(typed).sought) is None, typed


def test_a_line_longer_than_any_block_is_one_line(tmp_path: Path) -> None:
    long = b"x" * 3_000_000 + b"needle" + b"y" * 3_000_000 + b" needle"
    file = opened(tmp_path / "log", b"needle 1\n" + long + b"\nneedle 2\nno\n")
    wanted = [0, 9, 9 + len(long) + 1]
    for up in (True, False):
        for by_hand in (True, False):
            found = everything(parse("needle"), [Part(0, file, 0, file.size())], up=up, by_hand=by_hand)
            assert asyncio.run(found) == wanted


def test_a_ripgrep_that_dies_of_a_truncated_file_leaves_the_rest_to_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = opened(tmp_path / "log", b"needle\n" + b"hay\n" * 3_000_000 + b"needle\n")
    searched = [Part(0, file, 0, file.size())]
    before = descendants()
    for died in (False, True):
        if died:
            (tmp_path / "rg").write_text("#!/bin/sh\nkill -BUS $$\n")
            (tmp_path / "rg").chmod(0o755)
            monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        for up in (True, False):
            found = everything(parse("needle"), searched, up=up, by_hand=False)
            assert asyncio.run(found) == [0, 12_000_007]
    assert descendants() == before


def descendants() -> set[str]:
    return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())


def test_a_search_that_is_left_ends_its_process(tmp_path: Path) -> None:
    file = opened(tmp_path / "log", b"ab" * 40 + b"\n" + b"x\n" * 4_000_000)
    before = descendants()

    async def leave() -> None:
        async with aclosing(
            look(parse("~a.*q|x").sought, [Part(0, file, 0, file.size())], up=True, limit=10**9)
        ) as found:
            async for frame in found:
                if descendants() - before and frame.total:
                    break

    asyncio.run(leave())
    assert descendants() == before


async def test_a_match_far_away_is_reached_counted_and_left_again(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("needle first\n" + "hay\n" * 1_000_000 + "needle last\n" + "hay\n" * 10)
    view = LogView(path)
    view.start()
    try:
        view.search("needle", backwards=True, height=5)
        await view.settled()
        assert (view.window(5).match % SPAN, view.window(5).search_note) == (4_000_013, "2 lines")
        view.search_next(5)
        await view.settled()
        assert (view.window(5).match % SPAN, view.window(5).search_note) == (0, "2 lines")
        view.search_next(5, reverse=True)
        await view.settled()
        assert view.window(5).match % SPAN == 4_000_013
        view.add_filter("!hay")
        await view.settled()
        assert [row.text for row in view.window(5).rows] == ["needle first", "needle last"]
    finally:
        view.close()


async def test_a_filter_takes_in_what_is_late_unfinished_or_very_long(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("x first\n")
    view = LogView(path)
    view.begin()
    view.add_filter("x")
    await view.settled()

    def texts() -> list[str]:
        view.follower.check()
        while view.advance():
            pass
        return [row.text[:9] for row in view.window(50).rows]

    with path.open("a") as old:
        old.write("x second\nno\nx unfinished")
        old.flush()
        assert texts() == ["x first", "x second"], "a line is judged when it is whole"
        path.rename(tmp_path / "app.log.1")
        path.write_text("x third\n" + "x" * 700_000)
        assert texts() == ["x first", "x second", "x unfinis", "x third"]
        old.write(", but late\nx later\n")
    with path.open("a") as new:
        new.write("\nx after\n")
    assert texts() == ["x first", "x second", "x unfinis", "x later", "x third", "xxxxxxxxx", "x after"]
