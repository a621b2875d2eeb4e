"""A record played back: at each moment the room knows what was recorded by then, no more, and writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.conductor import Refused
from runbook.incident.journal import JournalTrouble
from runbook.incident.room import fold
from runbook.logs.moments import BadMoment
from runbook.replay import NOTHING_RUNS, Recording, Replay, load
from tests.recorded import LAST, START, record
from tui.replaying import Player

BEGIN = START.timestamp()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return load(record(tmp_path_factory.mktemp("records") / "2026-11-24-0314-shop"))


@pytest.fixture
def replay(recording: Recording, tmp_path: Path) -> Replay:
    return Replay(recording, tmp_path)


def digest(folder: Path) -> str:
    """Every byte of the record; SQLite's own index of whoever reads is none of it."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")):
        if path.name.endswith("-wal") and not path.stat().st_size:
            continue
        whole.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def test_at_each_moment_the_room_is_the_fold_of_what_happened_by_then(recording: Recording, replay: Replay) -> None:
    for second in range(LAST + 2):
        replay.go_to(BEGIN + second)
        known = [event for event in recording.events if event.at <= START + timedelta(seconds=second)]
        assert replay.state == fold(known)
        assert replay.applied == len(known)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-10, LAST + 10), min_size=1, max_size=12))
def test_a_moment_looks_the_same_whichever_way_one_came_to_it(
    recording: Recording, tmp_path_factory: pytest.TempPathFactory, moments: list[float]
) -> None:
    replay, fresh = (Replay(recording, tmp_path_factory.mktemp("scratch")) for _ in range(2))
    for moment in moments:
        replay.go_to(BEGIN + moment)
    fresh.go_to(BEGIN + moments[-1])
    assert replay.moment == fresh.moment
    assert replay.state == fresh.state
    assert replay.tape.read_text() == fresh.tape.read_text()
    assert replay.outlook.readings() == fresh.outlook.readings()
    assert replay.outlook.advice(replay.state) == fresh.outlook.advice(fresh.state)
    assert list(replay.outlook.monitor.series["error_rate"]) == list(fresh.outlook.monitor.series["error_rate"])


def test_the_signals_say_what_they_said_then_and_the_advice_and_verdict_follow(replay: Replay) -> None:
    replay.go_to(BEGIN + 100)
    assert replay.outlook.readings()[0].value == 20.0
    assert replay.outlook.advice(replay.state).level == "roll-back"
    replay.go_to(BEGIN + 130)
    assert replay.outlook.verdict(replay.state, replay.clock()).verdict == "partial"
    replay.go_to(BEGIN + 245)
    assert replay.outlook.readings()[0].value == 0.2
    assert replay.outlook.advice(replay.state).level == "none"


def test_where_nothing_was_sampled_any_more_nothing_is_known(recording: Recording, tmp_path: Path) -> None:
    short = {"error_rate": recording.samples["error_rate"][:10]}
    replay = Replay(msgspec.structs.replace(recording, samples=short), tmp_path)
    replay.go_to(BEGIN + 200)
    assert replay.outlook.readings()[0].value is None


def test_what_a_command_said_is_known_when_it_ended_and_not_before(replay: Replay) -> None:
    replay.go_to(BEGIN + 119)
    assert replay.tape.read_text() == ""
    replay.go_to(BEGIN + 125)
    assert replay.tape.read_text() == "2026-11-24T03:16:00Z $ git push origin old\n"
    replay.go_to(BEGIN + 126)
    assert replay.tape.read_text().splitlines()[1:] == [
        "pushing", "production is old now", "2026-11-24T03:16:06Z done: exit 0 after 5.2 s",
    ]  # fmt: skip


ASKED: list[Callable[[Replay], Awaitable[object]]] = [
    lambda room: room.note("x"),
    lambda room: room.tick("ok", "x", done=True),
    lambda room: room.report_trigger("high", active=True),
    lambda room: room.decide("wait"),
    lambda room: room.declare("SEV2", "x"),
    lambda room: room.called("1", "x"),
    lambda room: room.choose_method("back"),
    lambda room: room.set_value("x", "y", "typed"),
    lambda room: room.targets("back", "x"),
    lambda room: room.prepare("back", "look"),
    lambda room: room.stop("r1", "kill"),
    lambda room: room.resolve("r1", "done"),
    lambda room: room.mark("back", "look", "skipped", "x"),
    lambda room: room.edit("back", "look", 0, "x", "y"),
    lambda room: room.wait_for("back", "look"),
    lambda room: room.write_report(),
    lambda room: room.save({"a": b"b"}, "x"),
    lambda room: room.close_incident("x"),
    lambda room: room.drive(),
    lambda room: room.recover(),
]


async def test_whatever_is_asked_of_it_is_refused_and_not_a_byte_of_the_record_changes(
    tmp_path: Path,
) -> None:
    import asyncio

    folder = await asyncio.to_thread(record, tmp_path / "incident")
    before = digest(folder)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    replay = Replay(load(folder), scratch)
    replay.go_to(BEGIN + LAST)
    state = replay.state
    for ask in ASKED:
        with pytest.raises(Refused, match=NOTHING_RUNS):
            await ask(replay)
    await replay.look()
    await replay.leave("left")
    assert replay.state is state
    assert digest(folder) == before


def test_a_record_without_events_is_said_to_hold_none(tmp_path: Path) -> None:
    with pytest.raises(JournalTrouble, match="holds no event"):
        load(tmp_path)


# ── the player ────────────────────────────────────────────────────────────────────────────────────


class Ticks:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Ticks:
    return Ticks()


@pytest.fixture
def player(replay: Replay, clock: Ticks) -> Player:
    return Player(replay, 10, clock)


def test_it_plays_as_fast_as_is_wanted_and_stands_still_while_it_is_paused(player: Player, clock: Ticks) -> None:
    clock.now += 2
    assert player.tick() and player.replay.moment == BEGIN + 20
    player.hurry(on=True)
    clock.now += 1
    assert player.tick() and player.replay.moment == BEGIN + 40
    player.pause()
    clock.now += 100
    assert not player.tick() and player.replay.moment == BEGIN + 40
    player.pause()
    assert player.tick() and player.replay.moment == BEGIN + 40  # the pause is not made up for
    clock.now += 1000
    assert player.tick() and player.replay.moment == BEGIN + LAST and not player.playing
    player.pause()
    assert player.playing and player.replay.moment == BEGIN


def test_it_steps_from_event_to_event_both_ways_and_pauses(player: Player) -> None:
    went = []
    for _ in range(9):
        player.step(on=True)
        went.append(player.replay.moment - BEGIN)
    assert went == [1, 60, 120, 121, 126, 240, 250, 300, 300] and not player.playing
    back = []
    for _ in range(9):
        player.step(on=False)
        back.append(player.replay.moment - BEGIN)
    assert back == [250, 240, 126, 121, 120, 60, 1, 0, 0]


def test_the_speeds_end_at_both_ends(player: Player) -> None:
    for _ in range(20):
        player.hurry(on=True)
    assert player.speed == 1000
    for _ in range(20):
        player.hurry(on=False)
    assert player.speed == 1


@pytest.mark.parametrize(
    ("typed", "second"),
    [("03:15", 60), ("03:16:05", 125), ("T+1:30", 90), ("t+90", 90), ("-1m", 40), ("+30s", 130), (" +1m ", 160)],
)
def test_a_typed_time_is_found(player: Player, typed: str, second: int) -> None:
    player.replay.go_to(BEGIN + 100)
    assert player.moment_of(typed) == BEGIN + second


@pytest.mark.parametrize("typed", ["", "soon", "T+", "T+x", "T+1:2:3:4", "+", "25:00"])
def test_what_is_no_time_is_said_to_be_none(player: Player, typed: str) -> None:
    with pytest.raises(BadMoment):
        player.moment_of(typed)
