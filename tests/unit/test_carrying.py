"""Between a confirmation and its outcome: what was shown is what runs, where it was checked, and nothing hangs."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from runbook import carrying
from runbook.conductor import CalledOff, Conductor, Moved, Refused
from runbook.incident import events as ev
from runbook.incident.audit import verify
from runbook.incident.journal import Journal, JournalTrouble, read_incident
from runbook.model import Capture, Check, Command, Criterion, Effect, Method, Signal, Step, Undo
from runbook.providers.provider import Proof
from runbook.signal_sources import Sentry
from runbook.signals.monitor import Monitor
from runbook.steps import runs, session
from tests.unit.git_world import World
from tests.unit.test_conductor import CHANGE, READ, RUNBOOK, carry_out, last_run, reopened, room, step, until
from tui import on_desk
from tui.desk import Desk
from widgets.action_view import Finished, Looking, Running, WaitingFor, keys_for

__all__ = ["room"]


def with_steps(conductor: Conductor, *steps: Step, guard: tuple[Check, ...] = ()) -> None:
    method = Method("revert", "1", "Revert", steps=steps)
    conductor.runbook = conductor.carrier.runbook = msgspec.structs.replace(RUNBOOK, guard=guard, methods=(method,))


async def test_what_was_shown_runs_also_where_a_command_before_it_captures_another_value(
    room: tuple[Conductor, World],
) -> None:
    conductor, _ = room
    commands = Command("echo fresh", CHANGE, captures=(Capture("made"),)), Command("echo use <made>", CHANGE)
    with_steps(conductor, step("both", *commands, together=True))
    await conductor.record(ev.ValueSet(param="made", value="seen", source="captured"))
    prepared = await conductor.prepare("revert", "both")
    await conductor.confirm(prepared)
    await until(lambda: not conductor.carrying)
    assert "\n".join(run.text for run in conductor.state.runs.values()) == prepared.text == "echo fresh\necho use seen"


async def test_what_destroys_by_an_empty_variable_stops_until_the_step_ran_that_sets_it(
    room: tuple[Conductor, World],
) -> None:
    conductor, _ = room
    find = step("find", Command("RELEASE=$(echo v41)", READ))
    both = Command('ls $RELEASE | while read -r name size; do rm "$name"; done', Effect.DESTROY, target="v41")
    clear = step("clear", Command("rm -rf nowhere/$RELEASE", Effect.DESTROY, target="v41"), both)
    tell = step("tell", Command("echo $RELEASE > told", CHANGE))
    with_steps(conductor, find, clear, tell)
    (stops,) = (await conductor.prepare("revert", "clear")).checks
    (warns,) = (await conductor.prepare("revert", "tell")).checks
    assert (stops.title, stops.ok, stops.stops, warns.stops) == ("$RELEASE has a value", False, True, False)
    assert stops.mend == "Run “Find” first, which sets it."
    await carry_out(conductor, "find")
    assert (await conductor.prepare("revert", "clear")).checks == ()
    assert (await conductor.prepare("revert", "tell")).checks == ()


async def test_a_command_that_a_person_made_worse_is_confirmed_on_its_own(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    with_steps(conductor, step("look", *(Command(f"echo {word}", READ) for word in "abc")))
    await conductor.edit("revert", "look", 1, "git push --force origin HEAD:production", "why not")
    assert (await conductor.prepare("revert", "look")).text == "echo a"
    await carry_out(conductor, "look")
    prepared = await conductor.prepare("revert", "look")
    assert (prepared.commands, prepared.effect) == ((1,), Effect.DESTROY)


async def test_an_override_answers_for_the_check_that_was_seen_to_fail_and_for_no_other(
    room: tuple[Conductor, World], tmp_path: Path
) -> None:
    conductor, _ = room
    right_place = tmp_path / "right-place"
    right_place.touch()
    guard = Check("place", "Right place", run=f"test -e {right_place}"), Check("clean", "Tree is clean", run="false")
    with_steps(conductor, step("change", Command("echo changed", CHANGE)), guard=guard)
    prepared = await conductor.prepare("revert", "change")
    right_place.unlink()
    with pytest.raises(Moved, match="Right place"):
        await conductor.confirm(prepared, overrides=("Tree is clean: it is only a note",))
    right_place.touch()
    await conductor.confirm(prepared, overrides=("Tree is clean: it is only a note",))


async def test_the_guard_is_asked_where_an_earlier_step_has_led_to(
    room: tuple[Conductor, World], tmp_path: Path
) -> None:
    conductor, _ = room
    guard = (
        Check("account", "Right account", run='test "${AWS_PROFILE:-prod}" = prod'),
        Check("folder", "Right folder", run=f"test $PWD != {tmp_path}"),
    )
    away = Command(f"export AWS_PROFILE=staging; cd {tmp_path}", CHANGE)
    with_steps(conductor, step("away", away), step("change", Command("aws s3 ls", CHANGE)), guard=guard)
    await carry_out(conductor, "away")
    prepared = await conductor.prepare("revert", "change")
    assert [check.title for check in prepared.failed_checks] == ["Right account", "Right folder"]


async def test_a_confirmed_command_is_called_off_while_the_guard_is_still_asked(
    room: tuple[Conductor, World], tmp_path: Path
) -> None:
    conductor, _ = room
    asked, gate = tmp_path / "asked", tmp_path / "gate"
    waits = f"test ! -e {tmp_path}/slow || {{ touch {asked}; until test -e {gate}; do sleep 0.02; done; }}"
    with_steps(conductor, step("change", Command("echo changed", CHANGE)), guard=(Check("place", run=waits),))
    prepared = await conductor.prepare("revert", "change")
    (tmp_path / "slow").touch()
    confirming = asyncio.create_task(conductor.confirm(prepared))
    await until(asked.exists)
    conductor.call_off()
    gate.touch()
    with pytest.raises(CalledOff):
        await confirming
    assert not conductor.state.runs
    assert "called off before it started" in conductor.state.timeline[-1].text
    await carry_out(conductor, "change")  # the next confirmation is a new one
    assert last_run(conductor).state == "done"


async def test_what_could_not_be_proven_is_done_and_never_shown_as_proven(
    room: tuple[Conductor, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    conductor, _ = room
    with_steps(conductor, step("change", Command("echo changed", CHANGE)))

    async def silent(*_: object) -> Proof:
        return Proof(ok=None, line="Whether it worked is not known: no answer.")

    monkeypatch.setattr(conductor.carrier.world, "proof", silent)
    await carry_out(conductor, "change")
    desk = Desk(conductor)
    desk.result = ("revert", "change")
    shown = on_desk.view(desk, conductor.clock())
    assert isinstance(shown, Finished) and shown.proof is not None
    assert (shown.run.state, shown.proof.ok) == ("done", None)
    assert conductor.state.timeline[-1].tone == "warn"


async def test_an_undo_that_failed_is_neither_edited_nor_skipped_as_its_step(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    undo = Undo("exit 1", CHANGE)
    with_steps(conductor, msgspec.structs.replace(step("change", Command("echo changed", CHANGE)), undo=undo))
    await carry_out(conductor, "change")
    await conductor.confirm(await conductor.prepare_undo("revert", "change"))
    await until(lambda: not conductor.carrying)
    desk = Desk(conductor)
    desk.result = ("revert", "change")
    shown = on_desk.view(desk, conductor.clock())
    assert isinstance(shown, Finished) and shown.run.undo and shown.run.state == "failed"
    assert {"e", "s", "u"}.isdisjoint(hint.key for hint in keys_for(shown))


async def test_a_late_answer_never_takes_the_place_of_what_the_person_looks_at(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    with_steps(conductor, step("slow", Command("echo 1", CHANGE)), step("quick", Command("echo 2", CHANGE)))
    slow, quick = [await conductor.prepare("revert", name) for name in ("slow", "quick")]
    desk = Desk(conductor)
    first = desk.ask(("revert", "slow"))
    second = desk.ask(("revert", "quick"))
    assert desk.answered(second, quick)
    assert not desk.answered(first, slow)
    assert desk.prepared is quick
    third = desk.ask(("revert", "slow"))
    desk.close()
    assert not desk.answered(third, slow)
    assert desk.prepared is None


async def test_a_command_that_cannot_be_started_is_refused_in_words_and_holds_nothing_up(
    room: tuple[Conductor, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    conductor, _ = room
    with_steps(conductor, step("change", Command("echo changed", CHANGE)))
    prepared = await conductor.prepare("revert", "change")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(session, "_write", full)
        with pytest.raises(Refused, match=r"No space left on device\. Nothing ran\."):
            await conductor.confirm(prepared)
        await until(lambda: not conductor.carrying)
    assert last_run(conductor).state == "not-done"
    await carry_out(conductor, "change")
    assert last_run(conductor).state == "done"


async def test_the_end_of_a_command_is_recorded_once_the_record_can_be_written_again(
    room: tuple[Conductor, World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conductor, _ = room
    gate = tmp_path / "gate"
    with_steps(conductor, step("change", Command(f"until test -e {gate}; do sleep 0.05; done", CHANGE)))
    monkeypatch.setattr(carrying, "TRY_AGAIN", 0.01)
    refused = asyncio.Event()
    append = Journal.append

    async def full(*_: object) -> ev.Event:
        refused.set()
        raise JournalTrouble("the disk is full")

    await conductor.confirm(await conductor.prepare("revert", "change"))
    await until(lambda: last_run(conductor).state == "running")
    monkeypatch.setattr(Journal, "append", full)
    gate.touch()
    await refused.wait()
    assert last_run(conductor).state == "running"
    monkeypatch.setattr(Journal, "append", append)
    await until(lambda: last_run(conductor).state == "done")


async def test_what_a_slow_disk_has_not_confirmed_yet_is_not_recorded_a_second_time(
    room: tuple[Conductor, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    conductor, _ = room
    advice = ev.AdviceChanged("roll-back", "roll back now")
    monkeypatch.setattr(conductor.outlook, "news", lambda state, _: [] if state.advice else [advice])
    append, disk, asked = Journal.append, asyncio.Event(), asyncio.Event()

    async def slow(*words: Any) -> ev.Event:
        asked.set()
        await disk.wait()
        return await append(*words)

    monkeypatch.setattr(Journal, "append", slow)
    first = asyncio.create_task(conductor.look())
    await asked.wait()
    second = asyncio.create_task(conductor.look())
    await asyncio.wait({second}, timeout=0.3)
    disk.set()
    await asyncio.gather(first, second)
    assert [event.body for event in read_incident(conductor.folder)].count(advice) == 1


async def test_an_incident_opens_although_its_record_lost_what_was_confirmed(room: tuple[Conductor, World]) -> None:
    conductor, world = room
    await conductor.record(ev.StepStarted(run="lost", pid=1))
    again = reopened(conductor.folder, world, "second")
    await again.recover()
    assert not again.state.blocking
    assert "lost" in again.state.runs


@pytest.mark.parametrize("steps", [(), (Step("slow", "Slow", "run"),)])
async def test_a_command_is_settled_although_another_version_reads_the_runbook_otherwise(
    room: tuple[Conductor, World], tmp_path: Path, steps: tuple[Step, ...]
) -> None:
    conductor, world = room
    gate = tmp_path / "gate"
    with_steps(conductor, step("slow", Command(f"until [ -e {gate} ]; do sleep 0.02; done", CHANGE)))
    await conductor.confirm(await conductor.prepare("revert", "slow"))
    await conductor.leave("left")
    for name in ("revert", "renamed"):
        again = reopened(conductor.folder, world, f"as-{name}")
        method = Method(name, "1", "Revert", steps=steps)
        again.runbook = again.carrier.runbook = msgspec.structs.replace(RUNBOOK, methods=(method,))
        await again.recover()
        assert isinstance(on_desk.view(Desk(again), again.clock()), Running)
        if name == "revert":
            await again.leave("left")
    gate.touch()
    await until(lambda: last_run(again).state == "done")
    conductor.take_in(*read_incident(conductor.folder))
    assert again.unsettled() == ""
    assert Desk(again).following(("revert", "slow")) is None


async def test_a_step_can_be_carried_out_once_more_while_its_effect_is_watched(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    live = Step("live", "Wait", "wait_for", wait_for=(Criterion("errors < 1", "errors", "<", 1),))
    with_steps(conductor, step("push", Command("echo 1", CHANGE)), live, step("tidy", Command("echo 2", CHANGE)))
    await carry_out(conductor, "push")
    await conductor.wait_for("revert", "live")
    desk = Desk(conductor)
    assert isinstance(on_desk.view(desk, conductor.clock()), WaitingFor)
    desk.result = ("revert", "push")  # enter on the step that is done
    shown = on_desk.view(desk, conductor.clock())
    assert isinstance(shown, Finished) and "r" in [hint.key for hint in keys_for(shown)]
    await carry_out(conductor, "tidy")
    assert conductor.waiting is not None, "what comes behind it changes nothing of what is waited for"
    await conductor.confirm(await conductor.prepare("revert", "push", again=True))
    await until(lambda: not conductor.carrying)
    assert conductor.waiting is None
    assert desk.following(("revert", "push")) == ("revert", "live")


async def test_what_was_found_out_before_a_change_is_told_of_where_it_would_be_used_once_more(
    room: tuple[Conductor, World],
) -> None:
    conductor, _ = room
    look = step("look", Command("echo old", READ, captures=(Capture("before"),)))
    build, push = step("build", Command("echo on <before>", CHANGE)), step("push", Command("echo push", CHANGE))
    with_steps(conductor, look, build, push)

    async def warned() -> bool:
        prepared = await conductor.prepare("revert", "build", again=True)
        return any("“Look” found out before “Push” changed something" in warning for warning in prepared.warnings)

    for name in ("look", "build", "push"):
        assert name == "look" or not await warned(), "on the way through a method for the first time all is well"
        await carry_out(conductor, name)
    assert await warned()
    await conductor.confirm(await conductor.prepare("revert", "look", again=True))
    await until(lambda: not conductor.carrying)
    assert not await warned()


async def test_what_an_earlier_room_left_is_not_judged_before_there_is_who_proves_it(
    room: tuple[Conductor, World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conductor, world = room
    gate = tmp_path / "gate"
    waits = step("slow", Command(f"until [ -e {gate} ]; do sleep 0.02; done", CHANGE))
    with_steps(conductor, waits)
    await conductor.confirm(await conductor.prepare("revert", "slow"))
    await conductor.leave("left")
    gate.touch()
    await until(lambda: isinstance(runs.look(conductor.carrier.run_folder(last_run(conductor).id)), runs.Exited))
    again = reopened(conductor.folder, world, "second")
    with_steps(again, waits)

    async def refuted(*_: object) -> Proof:
        return Proof(ok=False, line="the remote does not have it")

    class InTheMaking(asyncio.Event):
        async def wait(self) -> Literal[True]:
            monkeypatch.setattr(again.carrier.world, "proof", refuted)
            return True

    again.carrier.in_the_making = InTheMaking()
    await again.recover()
    assert (last_run(again).state, last_run(again).why) == ("failed", "the remote does not have it")
    conductor.take_in(*read_incident(conductor.folder))


async def test_what_a_command_leaves_behind_may_write_on_and_the_record_still_verifies(
    room: tuple[Conductor, World], tmp_path: Path
) -> None:
    conductor, _ = room
    pid = tmp_path / "pid"
    left = Command(f"(while :; do echo on and on; done) & echo $! > {pid}; echo done", CHANGE)
    with_steps(conductor, step("leaves", left))
    try:
        await carry_out(conductor, "leaves")
        run = last_run(conductor)
        assert run.output is not None
        size = run.output.size
        await until(lambda: conductor.carrier.output_size(run.id) > size)
        assert verify(conductor.folder) == []
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


async def test_a_wait_for_what_nobody_set_up_says_so_at_once_and_what_to_do(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    wait = Step("calm", "Sentry is calm", "wait_for", wait_for=(Criterion("sentry == 0", "sentry", "==", 0),))
    with_steps(conductor, wait)
    sentry = Signal("sentry", "Sentry", Sentry("o", "p"), optional=True)
    conductor.outlook.monitor = Monitor((sentry,))
    with pytest.raises(Refused, match="Sentry cannot be measured here: SENTRY_URL and SENTRY_AUTH_TOKEN are not set"):
        await conductor.wait_for("revert", "calm")
    assert conductor.waiting is None
    desk = Desk(conductor)
    desk.opened = ("revert", "calm")
    shown = on_desk.view(desk, conductor.clock())
    assert isinstance(shown, Looking) and [hint.key for hint in keys_for(shown)] == ["s"]
    assert any("s leaves this step with what you saw" in line for line in shown.lines)
    conductor.outlook.monitor = Monitor((sentry,), environ={"SENTRY_URL": "u", "SENTRY_AUTH_TOKEN": "t"})
    await conductor.wait_for("revert", "calm")
    assert conductor.waiting is not None


async def test_a_step_that_is_done_in_part_is_told_in_a_persons_words(
    room: tuple[Conductor, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    conductor, _ = room
    with_steps(conductor, step("two", Command("echo 1", CHANGE), Command("echo 2", CHANGE)))

    async def proven(*_: object) -> Proof:
        return Proof(ok=True, line="the remote has it")

    monkeypatch.setattr(conductor.carrier.world, "proof", proven)
    await carry_out(conductor, "two")
    desk = Desk(conductor)
    desk.opened = ("revert", "two")
    shown = on_desk.view(desk, conductor.clock())
    assert isinstance(shown, Looking) and shown.lines[-1] == "partly done: the remote has it"


async def test_what_a_command_says_is_shown_and_recorded_without_secrets(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    conductor.carrier.environ = {**conductor.carrier.environ, "DEPLOY_TOKEN": "hunter22hunter22"}
    told = Command('echo "got $DEPLOY_TOKEN"; echo password=hunter23; echo "$DEPLOY_TOKEN" >&2; exit 3', CHANGE)
    with_steps(conductor, step("tell", told))
    await carry_out(conductor, "tell")
    run = last_run(conductor)
    assert run.last_lines == ("got ‹masked›", "password=‹masked›", "‹masked›")
    assert conductor.carrier.tail(run.id, 3) == run.last_lines
    gone = conductor.carrier.folder / "gone"
    places = {"PWD": str(gone), "GOOGLE_APPLICATION_CREDENTIALS": str(conductor.folder), "DEPLOY_KEY": "/" + "x7" * 300}
    conductor.carrier.environ = {**conductor.carrier.environ, **places}
    del conductor.carrier._own
    assert conductor.carrier.secrets == ("hunter22hunter22", places["DEPLOY_KEY"]), "where one is, is no secret"
    assert b"hunter22" not in b"".join(path.read_bytes() for path in (conductor.folder / "journal").iterdir())


async def test_a_secret_that_a_step_gets_for_itself_is_masked_from_its_end_on(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    get = Command('export DEPLOY_TOKEN="s3$((7 * 6))-\\"quoted\\""; echo "made $DEPLOY_TOKEN"', CHANGE)
    tell = Command('echo "got $DEPLOY_TOKEN"; exit 3', CHANGE)
    with_steps(conductor, step("get", get), step("tell", tell))
    for name, said in (("get", "made"), ("tell", "got")):
        await carry_out(conductor, name)
        run = last_run(conductor)
        assert conductor.carrier.tail(run.id, 3) == run.last_lines == (f"{said} ‹masked›",)
    assert b"s342" not in b"".join(path.read_bytes() for path in (conductor.folder / "journal").iterdir())
