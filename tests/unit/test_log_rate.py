"""Matching lines a minute of a real file: through rotation and truncation, and never zero for what is not there."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runbook.log_feeds import Feed
from runbook.logs.merge import Origin
from runbook.model import Effect, LogSource, Seconds, Signal
from runbook.reading import yaml
from runbook.reading.problems import ReadingError
from runbook.signal_sources import LogRate
from runbook.signals import criteria, log_rate
from runbook.signals.monitor import Monitor

BAD, GOOD = "12:00 ERROR checkout failed\n", "12:00 INFO fine\n"


class Watch:
    """A monitor of one log with a clock of its own."""

    def __init__(self, file: Path | str, **source: object) -> None:
        self.ticks = 1000.0
        given = LogRate(str(file), **({"match": "ERROR"} | source))  # type: ignore[arg-type]
        self.monitor = Monitor([Signal("errors", "Errors", given, unit="/min", every=5)], clock=self)

    def wall(self) -> float:
        return 1_000_000 + self.ticks

    def monotonic(self) -> float:
        return self.ticks

    async def sleep(self, seconds: Seconds) -> None:
        self.ticks += seconds

    async def look(self, step: Seconds = 10) -> tuple[float | str | None, str]:
        self.ticks += step
        await self.monitor.look()
        latest = self.monitor.series["errors"].latest()
        assert latest is not None
        return latest.value, latest.why


def add(file: Path, text: str) -> None:
    with file.open("a") as open_file:
        open_file.write(text)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "shop.log"
    file.write_text(BAD * 50)
    return file


async def test_only_what_is_written_while_it_is_watched_counts(log: Path) -> None:
    watch = Watch(log)
    assert await watch.look() == (None, "first reading; a rate needs two")
    found: tuple[float | str | None, str] = (None, "")
    for _ in range(6):
        add(log, BAD * 2 + GOOD * 3)
        found = await watch.look()
    assert found == (12, "")
    for _ in range(6):
        add(log, GOOD)
        found = await watch.look()
    assert found == (0, "")


async def test_too_short_a_look_is_no_rate(log: Path) -> None:
    watch = Watch(log)
    await watch.look()
    add(log, BAD)
    assert await watch.look() == (None, "10 s of 60 s counted")


async def test_a_line_counts_once_when_it_is_whole(log: Path) -> None:
    watch = Watch(log, window=20)
    await watch.look()
    add(log, "12:00 ERR")
    assert (await watch.look())[0] == 0
    add(log, "OR split\n")
    assert (await watch.look())[0] == 3
    add(log, GOOD)
    assert (await watch.look())[0] == 3


async def test_a_file_that_is_not_there_is_a_hole_and_not_zero(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "shop.log")
    for _ in range(8):
        assert await watch.look() == (None, "there is no such file")
    assert "errors" in watch.monitor.down


async def test_a_file_that_goes_away_is_a_hole_at_once(log: Path) -> None:
    watch = Watch(log)
    for _ in range(7):
        add(log, GOOD)
        await watch.look()
    log.unlink()
    assert await watch.look() == (None, "there is no such file")
    log.write_text(BAD * 3)
    value, _ = await watch.look()
    assert isinstance(value, float) and value > 0


async def test_a_log_that_nobody_writes_any_more_is_a_hole_and_not_zero(log: Path) -> None:
    watch = Watch(log, silence=60)
    for _ in range(7):
        add(log, GOOD)
        await watch.look()
    for _ in range(6):
        assert (await watch.look())[0] == 0
    assert await watch.look() == (None, "nothing was written to it for 1:10")
    add(log, GOOD)
    assert await watch.look() == (0, "")


async def test_a_log_that_was_silent_before_anybody_looked_is_a_hole(log: Path) -> None:
    os.utime(log, (1, 1))
    watch = Watch(log)
    for _ in range(7):
        value, why = await watch.look()
        assert value is None and why.startswith("nothing was written to it for"), why


async def test_a_log_of_errors_alone_may_be_silent(log: Path) -> None:
    watch = Watch(log, silence=0)
    for _ in range(90):
        found = await watch.look()
    assert found == (0, "")


async def test_nothing_is_lost_or_counted_twice_when_the_log_is_rotated(log: Path) -> None:
    watch = Watch(log, window=60)
    await watch.look()
    for _ in range(5):
        add(log, GOOD)
        await watch.look()
    add(log, BAD * 2)
    log.rename(log.with_suffix(".1"))
    add(log.with_suffix(".1"), BAD)
    log.write_text(BAD * 3)
    assert await watch.look() == (6, "")


async def test_a_log_that_was_cut_to_nothing_is_read_from_its_start(log: Path) -> None:
    watch = Watch(log)
    await watch.look()
    for _ in range(5):
        add(log, GOOD)
        await watch.look()
    log.write_text(BAD * 4)
    assert await watch.look() == (4, "")


async def test_a_log_that_was_cut_and_is_longer_again_is_read_from_its_start(log: Path) -> None:
    watch = Watch(log)
    await watch.look()
    for _ in range(5):
        add(log, GOOD)
        await watch.look()
    log.write_text(f"of today: {GOOD}" + BAD * 4 + GOOD * 100)
    assert await watch.look() == (4, "")


async def test_a_line_counts_once_whatever_stands_in_it(log: Path) -> None:
    watch = Watch(log)
    await watch.look()
    for _ in range(5):
        add(log, GOOD)
        await watch.look()
    add(log, "ERROR a\x0cERROR b\u2028ERROR c\rERROR d\n")
    assert await watch.look() == (1, "")


async def test_more_than_can_be_counted_is_a_hole(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_rate, "MOST", 1 << 20)
    watch = Watch(log)
    await watch.look()
    add(log, "x" * (1 << 20) + "\n")
    assert await watch.look() == (None, "more than 1 MiB since the last look")


async def test_lines_that_went_by_uncounted_are_not_taken_for_none(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_rate, "MOST", 1 << 20)
    watch = Watch(log)
    for _ in range(7):
        add(log, BAD)
        await watch.look()
    add(log, BAD * 50_000)
    await watch.look()
    add(log, BAD)
    assert await watch.look() == (None, "first reading; a rate needs two")
    for _ in range(3):
        add(log, BAD)
        await watch.look()
    value, why = await watch.look()
    assert value == pytest.approx(4.5) and why == ""


async def test_what_is_no_log_is_a_hole(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert await Watch(tmp_path / "pipe").look() == (None, "it is no file")
    assert await Watch(tmp_path).look() == (None, "it is no file")
    assert await Watch("/dev/zero").look() == (None, "it is no file")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    value, why = await Watch(tmp_path / "loop").look()
    assert value is None and why.startswith("it cannot be read: "), why


async def test_bytes_that_are_no_text_are_lines_like_others(log: Path) -> None:
    watch = Watch(log, window=20)
    await watch.look()
    await watch.look()
    with log.open("ab") as raw:
        raw.write(b"\xff\xfe\0 ERROR \x1b[31m\n")
    assert (await watch.look())[0] == 3


async def test_the_path_may_hold_a_value(log: Path) -> None:
    watch = Watch("<folder>/shop.log")
    assert await watch.look() == (None, "<folder> is not set yet")
    watch.monitor.values["folder"] = str(log.parent)
    assert await watch.look() == (None, "first reading; a rate needs two")


BOOK = """
version: 1
id: shop
title: Shop
params: [{id: folder, label: Folder, kind: text}]
signals:
  errors: {source: log_rate, file: "<folder>/shop.log", match: "ERROR|FATAL", window: 2m, silence: 10m}
"""


def book(text: str) -> Signal:
    return yaml.loads(text, "x.yaml", infer=lambda _: Effect.READ, parse_criterion=criteria.parse).signals[0]


def test_the_form_is_read() -> None:
    assert book(BOOK).source == LogRate("<folder>/shop.log", "ERROR|FATAL", 120, 600)
    assert book(BOOK).unit == "/min"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [("ERROR|FATAL", "(ERROR", "no regular expression"), ("<folder>", "<folde>", "folde"), ("2m", "0", "window")],
)
def test_a_form_that_cannot_be_meant_is_told(before: str, after: str, told: str) -> None:
    with pytest.raises(ReadingError, match=told):
        book(BOOK.replace(before, after))


def test_the_pane_of_that_log_counts_the_same_lines(tmp_path: Path) -> None:
    signal = Signal("slow", "slow orders", LogRate(file="app.log", match="slow"))
    conductor: Any = SimpleNamespace(
        runbook=SimpleNamespace(signals=(signal,), params=()), carrier=SimpleNamespace(secrets=()),
        folder=tmp_path, clock=lambda: datetime.now(UTC),
    )  # fmt: skip
    counted = {}
    for name in ("app.log", "other.log"):
        feed = Feed(LogSource(id="app", title="", path=name), conductor)
        feed.origin = Origin("app", str(tmp_path / name))
        view = feed.view()
        counted[name] = view.window(3).counted
        view.close()
    assert counted == {"app.log": "slow orders", "other.log": "errors"}
