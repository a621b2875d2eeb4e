"""Commands that go on beside the others, and commands that get the terminal: real conductor, real keepers."""

from __future__ import annotations

import asyncio
import os
import signal
import termios
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from runbook.carrier import Carrier
from runbook.conductor import Conductor, Refused
from runbook.incident import home
from runbook.incident.journal import Journal, read_incident
from runbook.incident.progress import asks_nothing, next_step, still_open
from runbook.incident.room import Room
from runbook.incident.state import Run
from runbook.model import Command, Effect, Method, Runbook, Step, Where
from runbook.outlook import Outlook
from runbook.signals.monitor import Monitor
from runbook.steps import runs
from runbook.steps.plan import Prepared

READ, CHANGE, DESTROY = Effect.READ, Effect.CHANGE, Effect.DESTROY
ASK = """read -r -p 'name? ' name; echo "hello $name"; [ "$name" != nobody ]"""


def step(name: str, *commands: Command, either: str = "", closed_by: str = "", timeout: float = 600) -> Step:
    return Step(name, name.capitalize(), "run", commands, either=either, closed_by=closed_by, timeout=timeout)


RUNBOOK = Runbook(
    "book",
    "A runbook",
    methods=(
        Method(
            "m",
            "1",
            "Mend",
            where=Where.REPOSITORY,
            steps=(
                step("watch", Command("echo begun; tail -f seen.log", READ, kind="follow")),
                step(
                    "mixed",
                    Command("echo first", READ),
                    Command("tail -f seen.log", READ, kind="follow"),
                    Command("echo last", READ),
                ),
                step("brief", Command("tail -f seen.log", READ, kind="follow"), timeout=0.3),
                step("tunnel", Command("tail -f seen.log", CHANGE, "db", kind="follow")),
                step("breaks", Command("echo no; exit 4", READ, kind="follow")),
                step("set", Command("export COLOUR=green", CHANGE, "nothing")),
                step("get", Command("echo colour=$COLOUR", READ)),
                step("ask", Command(ASK, CHANGE, "nothing", kind="interactive")),
                step("drop", Command("read -r -p 'sure? ' x", DESTROY, "shop-db", kind="interactive")),
                step("one", Command("true", CHANGE, "it"), either="way"),
                step("two", Command("true", CHANGE, "it"), either="way"),
                step("on", Command("true", CHANGE, "page"), closed_by="off"),
                step("off", Command("true", CHANGE, "page")),
            ),
        ),
    ),
)


def seat(folder: Path, place: Path, name: str) -> Conductor:
    behind = Room()
    for event in read_incident(folder):
        behind.apply(event)
    carrier = Carrier(folder, RUNBOOK, place, dict(os.environ))
    journal = Journal.open(folder, folder.name, name)
    outlook = Outlook(RUNBOOK, Monitor(()))
    return Conductor(folder, RUNBOOK, journal, behind, carrier, outlook, driving=True, clock=lambda: datetime.now(UTC))


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Conductor]:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    (tmp_path / "place").mkdir()
    (tmp_path / "place/seen.log").write_text("")
    conductor = seat(home.new_incident("shop", datetime.now(UTC)), tmp_path / "place", "first")
    yield conductor
    for run in conductor.state.unsettled:
        folder = conductor.carrier.run_folder(run.id)
        await until(lambda at=folder: runs.stop(at, "kill") or not isinstance(runs.look(at), runs.Alive))  # type: ignore[misc]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def carry_out(conductor: Conductor, name: str, typed: str = "") -> Run:
    await conductor.confirm(await conductor.prepare("m", name), typed=typed)
    await until(lambda: not conductor.carrying)
    return next(run for run in reversed(conductor.state.runs.values()) if run.step == name)


async def stopped(conductor: Conductor, run: Run) -> Run:
    await until(lambda: bool(conductor.carrier.tail(run.id, 1)) or run.step != "watch")
    await conductor.stop(run.id, "interrupt")
    folder = conductor.carrier.run_folder(run.id)

    def ended() -> bool:
        runs.stop(folder, "interrupt")  # bash between two commands may miss one: a person presses again
        return conductor.state.runs[run.id].ended is not None

    await until(ended)
    return conductor.state.runs[run.id]


# ── follows ───────────────────────────────────────────────────────────────────────────────────────


async def test_while_a_follow_runs_other_commands_do(room: Conductor) -> None:
    follow = await carry_out(room, "watch")
    assert follow.state == "running" and follow.mode == "follow"
    assert not room.state.blocking and room.state.follows == (follow,)
    assert (await carry_out(room, "set")).state == "done"
    assert (await carry_out(room, "one")).state == "done"
    assert room.state.runs[follow.id].state == "running"


async def test_a_follow_that_a_person_stopped_is_done(room: Conductor) -> None:
    run = await stopped(room, await carry_out(room, "watch"))
    assert (run.state, run.exit, run.why) == ("done", 130, "followed until it was stopped")
    assert room.state.step("m", "watch").mark == "done"


async def test_a_follow_that_breaks_by_itself_has_failed(room: Conductor) -> None:
    run = await carry_out(room, "breaks")
    await until(lambda: room.state.runs[run.id].ended is not None)
    assert (room.state.runs[run.id].state, room.state.runs[run.id].exit) == ("failed", 4)


async def test_only_a_time_limit_of_its_own_ends_a_follow(room: Conductor) -> None:
    run = await carry_out(room, "brief")
    await until(lambda: room.state.runs[run.id].ended is not None)
    assert (room.state.runs[run.id].state, room.state.runs[run.id].why) == ("done", "followed until its time was over")
    endless = await carry_out(room, "watch")
    assert '"timeout":null' in (room.carrier.run_folder(endless.id) / "intent.json").read_text().replace(" ", "")


async def test_a_follow_that_changes_something_blocks_like_any_change(room: Conductor) -> None:
    await room.confirm(await room.prepare("m", "tunnel"))
    await until(lambda: any(run.state == "running" for run in room.state.blocking))
    with pytest.raises(Refused, match=r"Another confirmation|still running"):
        await room.confirm(await room.prepare("m", "one"))


async def test_a_follow_stands_alone_among_the_commands_of_one_key(room: Conductor) -> None:
    assert (await room.prepare("m", "mixed")).text == "echo first"
    await carry_out(room, "mixed")
    assert (await room.prepare("m", "mixed")).text == "tail -f seen.log"
    await carry_out(room, "mixed")
    assert (await room.prepare("m", "mixed")).text == "echo last"
    await carry_out(room, "mixed")
    with pytest.raises(Refused, match="follows already"):
        await room.prepare("m", "mixed")


async def test_what_was_set_while_a_follow_ran_is_kept_when_it_ends(room: Conductor) -> None:
    follow = await carry_out(room, "watch")
    await carry_out(room, "set")
    await stopped(room, follow)
    assert (await carry_out(room, "get")).last_lines == ("colour=green",)


async def test_a_follow_is_found_again_by_the_next_room(room: Conductor, tmp_path: Path) -> None:
    follow = await carry_out(room, "watch")
    again = seat(room.folder, tmp_path / "place", "second")
    await again.recover()
    assert again.state.follows and not again.state.blocking
    assert (await stopped(again, follow)).state == "done"
    assert again.state.runs[follow.id].recovered


# ── the terminal ──────────────────────────────────────────────────────────────────────────────────


@contextmanager
def terminal() -> Iterator[int]:
    """This process with a terminal at 0 and 1; what a person's hands hold is the other end."""
    hands, inner = os.openpty()
    kept = os.dup(0), os.dup(1)
    os.dup2(inner, 0)
    os.dup2(inner, 1)
    try:
        yield hands
    finally:
        for saved, number in zip(kept, (0, 1), strict=True):
            os.dup2(saved, number)
            os.close(saved)
        os.close(inner)
        os.close(hands)


def person(hands: int, after: bytes, act: Callable[[], object]) -> Callable[[Prepared, Callable[[], None]], None]:
    """Lends the terminal to the command, and acts once it has said something."""

    def wait_and_act() -> None:
        seen = b""
        while after not in seen:
            seen += os.read(hands, 4096)
        act()

    def lend(_prepared: Prepared, attend: Callable[[], None]) -> None:
        thread = Thread(target=wait_and_act, daemon=True)
        thread.start()
        attend()
        thread.join()

    return lend


def typing(hands: int, after: bytes, keys: bytes) -> Callable[[Prepared, Callable[[], None]], None]:
    return person(hands, after, lambda: os.write(hands, keys))


async def test_an_interactive_command_is_answered_at_the_terminal_and_recorded(room: Conductor) -> None:
    with terminal() as hands:
        before = termios.tcgetattr(0)
        room.lend_terminal = typing(hands, b"name? ", b"ana\r")
        run = await carry_out(room, "ask")
        assert termios.tcgetattr(0) == before
    assert (run.state, run.exit, run.mode) == ("done", 0, "interactive")
    assert run.last_lines == ("name? ana", "hello ana")
    assert room.carrier.tail(run.id, 1) == ("hello ana",)


async def test_a_full_disk_does_not_take_the_terminal_from_a_command(room: Conductor) -> None:
    with terminal() as hands:
        lend = typing(hands, b"name? ", b"ana\r")

        def on_a_full_disk(prepared: Prepared, attend: Callable[[], None]) -> None:
            run = next(reversed(room.state.runs))
            (room.carrier.run_folder(run) / "out.log").symlink_to("/dev/full")
            lend(prepared, attend)

        room.lend_terminal = on_a_full_disk
        run = await carry_out(room, "ask")
    assert (run.state, run.exit) == ("done", 0)


async def test_its_exit_code_counts(room: Conductor) -> None:
    with terminal() as hands:
        room.lend_terminal = typing(hands, b"name? ", b"nobody\r")
        run = await carry_out(room, "ask")
    assert (run.state, run.exit) == ("failed", 1)


async def test_an_interrupt_goes_to_the_command_and_not_to_the_room(room: Conductor) -> None:
    with terminal() as hands:
        room.lend_terminal = typing(hands, b"name? ", b"\x03")
        run = await carry_out(room, "ask")
    assert (run.state, run.exit) == ("failed", 130)


async def test_without_a_terminal_nothing_is_recorded_or_run(room: Conductor) -> None:
    with pytest.raises(Refused, match="terminal of its own"):
        await carry_out(room, "ask")
    assert not room.state.runs


async def test_a_screen_that_cannot_step_back_leaves_it_not_done(room: Conductor) -> None:
    def cannot(_prepared: Prepared, _attend: Callable[[], None]) -> None:
        raise OSError("no way to suspend")

    room.lend_terminal = cannot
    run = await carry_out(room, "ask")
    assert run.state == "not-done"
    assert not (room.carrier.run_folder(run.id) / "out.log").exists()


async def test_the_keepers_death_leaves_the_outcome_unknown(room: Conductor) -> None:
    def kill() -> None:
        os.kill(next(run.pid for run in room.state.runs.values()), signal.SIGKILL)

    with terminal() as hands:
        room.lend_terminal = person(hands, b"name? ", kill)
        run = await carry_out(room, "ask")
    assert run.state == "unknown"
    assert room.state.blocking == (run,)


async def test_a_destroying_one_asks_for_its_name_like_any(room: Conductor) -> None:
    with terminal() as hands:
        room.lend_terminal = typing(hands, b"sure? ", b"x\r")
        with pytest.raises(Refused, match="shop-db"):
            await carry_out(room, "drop")
        assert (await carry_out(room, "drop", "shop-db")).state == "done"


async def test_who_watches_gives_no_terminal_away(room: Conductor) -> None:
    room.driving = False
    room.lend_terminal = lambda _prepared, _attend: pytest.fail("lent")
    with pytest.raises(Refused, match="watching"):
        await room.confirm(await room.prepare("m", "ask"))


# ── alternatives, and what was opened ─────────────────────────────────────────────────────────────


async def test_an_alternative_done_makes_the_other_a_warning(room: Conductor) -> None:
    assert not (await room.prepare("m", "two")).warnings
    await carry_out(room, "one")
    assert (await room.prepare("m", "two")).warnings == ("“One” was done in its place: one of them is enough.",)
    method = room.procedure("m")
    left = [step.id for step in method.steps if not asks_nothing(method, step, room.state)]
    assert "one" not in left and "two" not in left and "on" in left
    await room.choose_method("m")
    assert room.outlook.changes_left(room.state) == len({"tunnel", "set", "ask", "drop", "on", "off"})


async def test_what_was_opened_stays_open_until_the_closing_step_ran(room: Conductor) -> None:
    methods = RUNBOOK.procedures()
    assert not still_open(methods, room.state)
    await carry_out(room, "on")
    (found,) = still_open(methods, room.state)
    assert (found.title, found.closing) == ("On", "13 Off")
    await room.mark("m", "off", "skipped", "later")
    assert still_open(methods, room.state)  # saying that it is skipped closes nothing
    await carry_out(room, "off")
    assert not still_open(methods, room.state)
    await room.confirm(await room.prepare("m", "on", again=True))
    await until(lambda: not room.carrying)
    assert still_open(methods, room.state)


async def test_the_next_step_leaves_out_what_follows_and_what_is_not_needed(room: Conductor) -> None:
    method = room.procedure("m")
    await carry_out(room, "watch")
    first = next_step(method, room.state)
    assert first is not None and first.id == "mixed"
    await carry_out(room, "one")
    after = next_step(method, room.state, after="one")
    assert after is not None and after.id == "on"


async def test_a_step_in_the_middle_is_what_comes_next_after_itself(room: Conductor) -> None:
    method = room.procedure("m")
    for done in (1, 2):  # the second goes on beside
        await carry_out(room, "mixed")
        after = next_step(method, room.state, after="mixed")
        assert after is not None and after.id == "mixed", done
    await carry_out(room, "mixed")
    after = next_step(method, room.state, after="mixed")
    assert after is not None and after.id == "brief"
