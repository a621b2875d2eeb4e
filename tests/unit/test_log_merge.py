"""Several logs as one: each line once, in the order of the times, never before an earlier line of its own source."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.logs import merge
from runbook.logs.merge import HOLD, Merger, Origin
from runbook.logs.spooled import SpoolFollower
from runbook.logs.spooler import Spool

WALL = 1_793_490_862.0


class Desk:
    """Logs in a folder, merged turn by turn on a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 0.0
        self.told: dict[str, object] = {}
        self.merger = Merger(Spool(str(folder / "merged")), self.told.update)
        self.follower = SpoolFollower(folder / "merged")

    def add(self, name: str, *lines: str) -> None:
        with (self.folder / f"{name}.log").open("a") as log:
            log.write("".join(f"{line}\n" for line in lines))

    def follow(self, *names: str) -> None:
        for name in names:
            self.merger.add(Origin(name, str(self.folder / f"{name}.log")))

    @property
    def said(self) -> dict[str, list[object]]:
        """What was told of each log last."""
        logs = self.told["logs"]
        assert isinstance(logs, dict)
        return logs

    def turn(self, passed: float = 2 * HOLD) -> list[str]:
        """Everything that is merged after this turn."""
        while self.merger.turn(self.now, WALL):
            pass
        self.now += passed
        self.merger.turn(self.now, WALL)
        self.follower.check()
        chain = self.follower.chain
        return [line.head.decode() for line in chain.lines(chain.start, 1_000_000)]


def second(number: int) -> str:
    return f"2026-10-31T23:{number // 60:02}:{number % 60:02}Z"


def test_lines_are_merged_by_time_and_a_trace_stays_behind_its_line(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.add("api", f"{second(1)} in", f"{second(5)} failed", "  at one", "  at two")
    desk.add("worker", f"{second(3)} job", f"{second(9)} done")
    desk.follow("api", "worker")
    assert desk.turn() == [
        f"api    | {second(1)} in",
        f"worker | {second(3)} job",
        f"api    | {second(5)} failed",
        "api    |   at one",
        "api    |   at two",
        f"worker | {second(9)} done",
    ]


def test_a_time_that_a_line_speaks_of_does_not_move_what_follows(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.add("a", f"{second(1)} one", "licence until 2031-01-01 00:00:00", f"{second(3)} three")
    desk.add("b", f"{second(2)} two", f"{second(4)} four")
    desk.follow("a", "b")
    assert [line.split(" ")[-1] for line in desk.turn()] == ["one", "00:00:00", "two", "three", "four"]


def test_a_late_line_stands_where_it_came(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.add("a", f"{second(10)} a")
    desk.add("b", f"{second(11)} b")
    desk.follow("a", "b")
    before = desk.turn()
    desk.add("a", f"{second(5)} late")
    desk.add("b", f"{second(12)} next")
    assert desk.turn()[: len(before)] == before
    assert sorted(desk.turn()[len(before) :]) == [f"a | {second(5)} late", f"b | {second(12)} next"]


def test_a_line_waits_a_moment_for_an_earlier_one_of_another_source(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.add("a", f"{second(1)} first")
    desk.follow("a", "b")
    desk.turn()
    desk.add("a", f"{second(9)} later")
    desk.merger.turn(desk.now, WALL)
    desk.add("b", f"{second(8)} earlier")
    assert desk.turn()[1:] == [f"b | {second(8)} earlier", f"a | {second(9)} later"]


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, int]]:
    """What happens: a line with a time (or none) in a source, a rotation, a turn, a moment that passes."""
    happened = st.tuples(
        st.sampled_from(["a", "a", "b", "b", "c", "rotate a", "rotate b", "truncate c", "turn", "turn"]),
        st.integers(-1, 600),
    )
    return draw(st.lists(happened, max_size=60))


@given(steps())
@settings(max_examples=60, deadline=None)
def test_every_line_is_there_once_and_in_its_sources_order(
    tmp_path_factory: pytest.TempPathFactory, happened: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    desk = Desk(folder)
    for name in "abc":
        desk.add(name)
    desk.follow("a", "b", "c")
    desk.turn()
    written: dict[str, list[str]] = {name: [] for name in "abc"}
    for count, (what, when) in enumerate(happened):
        if what in written:
            line = f"{second(when)} line {count}" if when >= 0 else f"line {count} without a time"
            desk.add(what, line)
            written[what].append(line)
        elif what == "turn":
            desk.turn(when / 1000)
        elif what.startswith("rotate"):
            desk.turn()
            path = folder / f"{what[-1]}.log"
            path.rename(folder / f"{what[-1]}.log.1")
            path.write_text("")
        else:
            desk.turn()
            (folder / "c.log").write_text("")
    merged = [line for line in desk.turn() if "──" not in line]
    for name, lines in written.items():
        assert [line.partition(" | ")[2] for line in merged if line.startswith(f"{name} ")] == lines


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-1, 600)), max_size=80))
@settings(max_examples=60, deadline=None)
def test_what_is_there_on_opening_is_sorted_as_an_oracle_sorts_it(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    desk = Desk(folder)
    expected = []
    reached = dict.fromkeys("abc", -math.inf)
    for number, (name, when) in enumerate(wanted):
        line = f"{second(when)} {number}" if when >= 0 else f"{number}"
        desk.add(name, line)
        reached[name] = max(reached[name], when if when >= 0 else -math.inf)
        expected.append((reached[name], name, number, f"{name} | {line}"))
    desk.follow("a", "b", "c")
    assert desk.turn() == [line for *_, line in sorted(expected)]


def test_a_pattern_finds_files_that_come_later_and_none_that_were_rotated_away(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.add("api", "one")
    (tmp_path / "api.log.1").write_text("old\n")
    (tmp_path / "api.log.2.gz").write_bytes(b"\x1f\x8b")
    desk.merger.add(Origin("app", pattern=str(tmp_path / "*.log*")))
    assert desk.turn() == ["api | one"]
    desk.add("worker", "born", "grown")
    (tmp_path / "link.log").symlink_to("worker.log")
    desk.turn(1)
    assert sorted(line.split("|")[1] for line in desk.turn(1)) == [" born", " grown", " one"]
    (tmp_path / "api.log").rename(tmp_path / "api.log.9")
    desk.add("api", "two")
    desk.turn(1)
    texts = [line.split("|")[1].strip() for line in desk.turn(1) if "──" not in line]
    assert sorted(texts) == ["born", "grown", "one", "two"]
    assert len(desk.said) == 2


def test_the_states_of_all_are_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.add("a", "x")
    desk.follow("a", "gone")
    desk.turn()
    assert {name: said[0] for name, said in desk.said.items()} == {"a": "following", "gone": "missing"}


def test_a_source_to_which_nothing_comes_is_told_with_its_last_moment(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for name, written in (("api", WALL - 10), ("ssh", WALL - 90)):
        desk.add(name, "x")
        os.utime(tmp_path / f"{name}.log", (written, written))
    desk.follow("api", "ssh", "gone")
    desk.turn()
    assert {name: said[2] for name, said in desk.said.items()} == {"api": 0, "ssh": WALL - 90, "gone": None}


def test_logs_of_long_names_are_told_apart(tmp_path: Path) -> None:
    names = [
        "production-api",
        "production-worker-a",
        "production-worker-b",
        "kubernetes-shop-web",
        "kubernetes-cart-web",
    ]
    desk = Desk(tmp_path)
    for name in names:
        desk.add(name, name)
    desk.follow(*names)
    shown = {name: short for short, name in (line.split(" | ") for line in desk.turn())}
    assert shown.keys() == set(names)
    assert len(set(shown.values())) == len(names)
    assert {len(short) for short in shown.values()} == {14}
    assert {name: said[3] for name, said in desk.said.items()} == {name: short.strip() for name, short in shown.items()}


def test_no_file_of_a_pattern_takes_the_name_of_a_log_that_is_not_ready_yet(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.add("web", "of the file")
    desk.merger.add(Origin("web"))
    desk.merger.add(Origin("app", pattern=str(tmp_path / "*.log")))
    assert desk.turn() == ["web.log | of the file"]


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for name in (b"web\xff.log", b"web\xfe.log", b"web_.log", b"web\n.log", b"\x1b[2J.log"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("x\n")
    desk.merger.add(Origin("app", pattern=str(tmp_path / "*.log")))
    lines = desk.turn()
    assert len(lines) == len({line.split("|")[0] for line in lines}) == 5
    assert all(re.fullmatch(r"[\w.]+ *\| x", line, re.ASCII) for line in lines)


def test_of_a_pattern_that_names_too_many_files_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runbook.logs.merge.MOST", 2)
    desk = Desk(tmp_path)
    for name in "abc":
        desk.add(name, name)
    desk.merger.add(Origin("app", pattern=str(tmp_path / "*.log")))
    desk.turn()
    assert len(desk.said) == 2
    assert desk.told["trouble"] == "1 files beyond the newest 2 are not followed"


class BadDisk(Spool):
    full = False

    def write(self, text: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().write(text)


def test_a_disk_that_is_full_is_said_and_holds_up_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.merger.spool = disk = BadDisk(str(tmp_path / "merged"))
    desk.add("a", "one")
    desk.follow("a")
    desk.turn()
    disk.full = True
    desk.add("a", "two")
    assert desk.turn() == ["a | one"]
    assert "No space left on device" in str(desk.told["trouble"])
    disk.full = False
    desk.add("a", "three")
    desk.turn(1)
    assert desk.turn(1) == ["a | one", "a | two", "a | three"]
    assert desk.told["trouble"] == ""


def test_a_log_that_pours_with_an_earlier_clock_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "TURN", 1000)
    monkeypatch.setattr(merge, "CHUNK", 500)
    desk = Desk(tmp_path)
    desk.add("far", f"{second(1)} far")
    desk.follow("far", "near")
    desk.turn()
    desk.add("near", f"{second(900)} of another zone")
    for number in range(100):
        desk.add("far", *(f"{second(2)} {number}" for _ in range(80)))
        assert desk.merger.turn(desk.now, WALL), "it pours"
        desk.now += 0.1
    desk.follower.check()
    chain = desk.follower.chain
    assert any(b"of another zone" in line.head for line in chain.lines(chain.start, 100_000))


def test_what_was_there_on_opening_is_told_to_be_written_once_all_of_it_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.merger.turn(0, WALL)
    assert desk.told["caught_up"] is False, "nobody has told yet what is merged"
    desk.add("a", *(f"line {number:07}" for number in range(200_000)))
    desk.follow("a", "gone")
    told = []
    while desk.merger.turn(desk.now, WALL):
        told.append(desk.told["caught_up"])
    assert told and not any(told)
    assert desk.told["caught_up"] is True


def test_last_lines_without_an_end_are_there_after_a_while_of_a_rotated_file_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    (tmp_path / "a.log").write_text("one\nits last")
    desk.follow("a", "b")
    desk.turn()
    (tmp_path / "a.log").rename(tmp_path / "a.log.1")
    (tmp_path / "a.log").write_text("the next one")
    desk.turn(3)
    lines = [line for line in desk.turn(3) if "──" not in line]
    assert lines == ["a | one", "a | its last", "a | the next one"]


def test_a_very_long_line_is_one_line(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.add("a", "x" * 700_000, "next")
    desk.follow("a", "b")
    lines = desk.turn()
    assert [line[:6] for line in lines] == ["a | xx", "a | ne"]
    assert sum(file.stat().st_size for file in (tmp_path / "merged").iterdir()) == 700_000 + len("next") + 2 * len(
        "a | \n"
    )


def test_only_the_last_of_a_large_file_is_merged_on_opening(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.add("a", *(f"line {number:07}" for number in range(400_000)))
    desk.follow("a", "b")
    lines = desk.turn()
    assert lines[-1] == "a | line 0399999"
    assert 150_000 < len(lines) < 170_000
