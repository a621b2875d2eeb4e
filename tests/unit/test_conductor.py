"""The one door, with a real journal, real git and real keepers behind it, and no screen before it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from runbook.carrier import Carrier
from runbook.conductor import Conductor, Moved, Refused
from runbook.incident import events as ev
from runbook.incident import home
from runbook.incident.journal import Journal, read_incident
from runbook.incident.room import Room, fold
from runbook.incident.state import Run
from runbook.model import Capture, Check, Command, Effect, Method, Param, Remedy, Runbook, Step, Where
from runbook.outlook import Outlook
from runbook.signals.monitor import Monitor
from runbook.steps.plan import Prepared
from tests.unit.git_world import World

READ, CHANGE, DESTROY = Effect.READ, Effect.CHANGE, Effect.DESTROY


def step(name: str, *commands: Command, together: bool = False) -> Step:
    return Step(name, name.capitalize(), "run", commands, together=together)


PUSH = "git push --porcelain origin <made>:refs/heads/production"
HOOK = r"""#!/bin/sh
while read -r old new ref; do
  case $ref in
    refs/heads/production) echo 'open a pull request' >&2; exit 1 ;;
    refs/heads/warroom/*) printf 'Create a pull request:\n  https://git.example.com/shop/pull/new/warroom\n' >&2 ;;
  esac
done
"""
RUNBOOK = Runbook(
    "book",
    "A runbook",
    params=(Param("bad", kind="git_commit", on="origin/production"), Param("n", kind="number")),
    methods=(
        Method(
            "revert",
            "1",
            "Revert",
            steps=(
                step(
                    "make",
                    Command("git checkout --quiet --detach origin/production", CHANGE, "production"),
                    Command("git revert --no-edit <bad>", CHANGE, "production"),
                    Command("git rev-parse --verify HEAD", READ, captures=(Capture("made"),)),
                    together=True,
                ),
                step("push", Command(PUSH, CHANGE, "production")),
                step(
                    "force",
                    Command("git push --force origin 'v1.0.0^{commit}:refs/heads/production'", DESTROY, "production"),
                ),
                step("slow", Command("echo begun; sleep 60", CHANGE, "nothing")),
                step("fails", Command("echo no; exit 3", CHANGE, "nothing")),
            ),
        ),
    ),
)


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Conductor, World]]:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    root = tmp_path / "world"
    root.mkdir()
    world = World(root)
    folder = home.new_incident("shop", datetime.now(UTC))
    conductor = reopened(folder, world, "first")
    await world_ready(conductor, world)
    yield conductor, world
    for run in conductor.state.unsettled:
        if run.state == "running":
            await conductor.stop(run.id, "kill")


def reopened(folder: Path, world: World, seat: str) -> Conductor:
    """Another room on the same incident, as after a kill: everything it knows is on the disk."""
    journal = Journal.open(folder, folder.name, seat)
    behind = Room()
    for event in read_incident(folder):
        behind.apply(event)
    carrier = Carrier(folder, RUNBOOK, world.copy, world.env)
    outlook = Outlook(RUNBOOK, Monitor(()))
    return Conductor(folder, RUNBOOK, journal, behind, carrier, outlook, driving=True, clock=lambda: datetime.now(UTC))


async def world_ready(conductor: Conductor, world: World) -> None:
    from runbook.providers.clean_room import make
    from runbook.providers.git import Git
    from runbook.providers.together import Together

    made = await make(world.copy, conductor.folder / "clean-room", world.env)
    conductor.carrier.world = Together((Git(made.folder, env=world.env),))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def take(conductor: Conductor, step: str, remedy: Remedy) -> Prepared:
    """A way out, looked at and confirmed."""
    prepared = await conductor.prepare_remedy("revert", step, remedy)
    await conductor.confirm(prepared)
    await until(lambda: not conductor.carrying)
    return prepared


def last_run(conductor: Conductor) -> Run:
    return list(conductor.state.runs.values())[-1]


async def carry_out(conductor: Conductor, name: str) -> None:
    await conductor.confirm(await conductor.prepare("revert", name))
    await until(lambda: not conductor.carrying)


def add_steps(conductor: Conductor, *steps: Step) -> None:
    (method,) = conductor.runbook.methods
    more = msgspec.structs.replace(method, steps=(*method.steps, *steps))
    conductor.runbook = msgspec.structs.replace(conductor.runbook, methods=(more,))


def production(world: World) -> str:
    return world.git("rev-parse", "refs/heads/production", cwd=world.remote).strip()


async def test_a_revert_reaches_production_and_every_word_of_it_the_record(room: tuple[Conductor, World]) -> None:
    conductor, world = room
    await conductor.choose_method("revert")
    await conductor.set_value("bad", world.bad, "picked")
    before = production(world)
    await carry_out(conductor, "make")
    await carry_out(conductor, "push")
    after = production(world)
    assert world.git("rev-parse", f"{after}^", cwd=world.remote).strip() == before
    assert conductor.state.step("revert", "push").mark == "done"
    assert fold(read_incident(conductor.folder)) == conductor.state


async def test_a_second_push_after_production_moved_is_refused_and_recorded(room: tuple[Conductor, World]) -> None:
    conductor, world = room
    await conductor.set_value("bad", world.bad, "picked")
    await carry_out(conductor, "make")
    prepared = await conductor.prepare("revert", "push")
    world.git("checkout", "-q", "production")
    moved = world.commit("Somebody else's fix", page="other\n")
    world.push("production")
    with pytest.raises(Moved, match='production moved .*"Somebody else.s fix" by Ana Lima'):
        await conductor.confirm(prepared)
    assert production(world) == moved
    assert not [run for run in conductor.state.runs.values() if run.step == "push"]
    assert any(entry.kind == "step-refused" for entry in conductor.state.timeline)
    anew = await conductor.look_again(prepared)
    assert anew.text == prepared.text
    assert anew.expected == {"origin refs/heads/production": moved}  # the fresh preview sees it as it is now
    assert "1 commit that this does not contain" in anew.blocked


async def test_a_commit_that_moved_production_is_fetched_as_a_ready_step(room: tuple[Conductor, World]) -> None:
    conductor, world = room
    await conductor.set_value("bad", world.bad, "picked")
    await carry_out(conductor, "make")
    moved = world.colleague_pushes("Meanwhile")
    blocked = await conductor.prepare("revert", "push")
    assert blocked.remedy is not None
    await take(conductor, "push", blocked.remedy)
    assert moved == world.git("rev-parse", "origin/production", cwd=conductor.folder / "clean-room")
    assert conductor.state.step("revert", "push").mark == "todo"  # fetching is not the step
    anew = await conductor.look_again(blocked)
    assert "does not contain" in anew.blocked
    assert anew.remedy is None


async def test_a_conflict_is_left_by_the_way_out_and_the_revert_can_be_tried_again(
    room: tuple[Conductor, World],
) -> None:
    conductor, world = room
    later = world.commit("Checkout again", checkout="a\nBROKEN more\nc\n")
    world.push("main:production")
    world.git("fetch", "-q", "origin", cwd=conductor.folder / "clean-room")
    await conductor.set_value("bad", world.bad, "picked")
    await carry_out(conductor, "make")
    failed = last_run(conductor)
    assert "conflict in checkout" in failed.why
    assert failed.offered is not None

    prepared = await take(conductor, "make", failed.offered)
    assert prepared.role == "remedy" and prepared.target == "the clean room"
    assert world.git("status", "--porcelain", cwd=conductor.folder / "clean-room") == ""
    run, at = last_run(conductor), conductor.state.step("revert", "make")
    assert (run.state, run.remedy, run.text) == ("done", True, failed.offered.text)
    assert at.mark == "failed"  # the way out does not make the revert succeed
    assert at.done_commands == {0}
    assert fold(read_incident(conductor.folder)) == conductor.state

    await conductor.set_value("bad", later, "picked")
    await carry_out(conductor, "make")
    assert conductor.state.step("revert", "make").mark == "done"


async def test_a_push_that_the_remote_refuses_goes_to_a_branch_of_its_own(room: tuple[Conductor, World]) -> None:
    conductor, world = room
    await conductor.set_value("bad", world.bad, "picked")
    await carry_out(conductor, "make")
    before = production(world)
    hook = world.remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK)
    hook.chmod(0o755)
    await carry_out(conductor, "push")
    failed = last_run(conductor)
    assert failed.why.startswith("A hook on the remote refused the push to production: open a pull request")
    assert failed.offered is not None

    await take(conductor, "push", failed.offered)
    made = conductor.known_values()["made"]
    run = last_run(conductor)
    assert run.state == "done"
    assert run.address == "https://git.example.com/shop/pull/new/warroom"
    assert world.on_remote(f"warroom/production-{made[:12]}") == made
    assert production(world) == before
    assert conductor.state.step("revert", "push").mark == "failed"
    report = (await conductor.write_report()).read_text()
    assert "the way out that the room offered" in report
    assert "next merge" not in report  # nothing was published on production


async def test_a_way_out_is_confirmed_like_any_command(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    destroys = Remedy("Throw it away", "git push origin --delete refs/heads/production", DESTROY, "production")
    prepared = await conductor.prepare_remedy("revert", "push", destroys)
    with pytest.raises(Refused, match="type its target: production"):
        await conductor.confirm(prepared)
    assert not conductor.state.runs


async def test_a_merge_is_reverted_once_its_mainline_is_chosen(room: tuple[Conductor, World]) -> None:
    conductor, world = room
    world.git("checkout", "-q", "-b", "side", world.cart)
    world.commit("On the side", side="new\n")
    world.git("checkout", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    merge = world.git("rev-parse", "HEAD")
    world.push("main:production")
    world.git("fetch", "-q", "origin", cwd=conductor.folder / "clean-room")
    await conductor.set_value("bad", merge, "picked")
    asks = await conductor.prepare("revert", "make")
    assert "is a merge" in asks.blocked
    assert [choice.title.partition(" ")[2] for choice in asks.choices] == ['"Fix header"', '"On the side"']
    await conductor.choose(asks, asks.choices[0])

    told = await conductor.look_again(asks)
    assert f"git revert -m 1 --no-edit {merge}" in told.text
    assert told.may_confirm and told.edited
    await conductor.confirm(told)
    await until(lambda: not conductor.carrying)
    assert conductor.state.step("revert", "make").mark == "done"
    edit = conductor.state.edits["revert", "make", 1]
    assert (edit.was, edit.now) == ("git revert --no-edit <bad>", "git revert -m 1 --no-edit <bad>")
    assert "Fix header" in edit.reason


async def test_a_destroying_command_asks_for_its_targets_name_and_a_bare_force_gets_a_lease(
    room: tuple[Conductor, World],
) -> None:
    conductor, world = room
    prepared = await conductor.prepare("revert", "force")
    before = production(world)
    assert f"--force-with-lease=refs/heads/production:{before}" in prepared.text
    assert prepared.as_written == "git push --force origin 'v1.0.0^{commit}:refs/heads/production'"
    with pytest.raises(Refused, match="type its target: production"):
        await conductor.confirm(prepared)
    with pytest.raises(Refused, match="type its target"):
        await conductor.confirm(prepared, typed="prod")
    assert production(world) == before
    await conductor.confirm(prepared, typed="production")
    await until(lambda: not conductor.carrying)
    assert production(world) == world.git("rev-parse", "v1.0.0^{commit}").strip()


async def test_while_the_record_cannot_be_written_nothing_destroys_and_a_change_may_run(
    room: tuple[Conductor, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    conductor, world = room
    changing, destroying = await conductor.prepare("revert", "fails"), await conductor.prepare("revert", "force")
    before = production(world)
    monkeypatch.setattr(Journal, "trouble", "no space left on device")
    with pytest.raises(Refused, match=r"no space left on device.*Nothing that destroys"):
        await conductor.confirm(destroying, typed="production")
    assert production(world) == before
    await conductor.confirm(changing)
    await until(lambda: not conductor.carrying)
    assert last_run(conductor).exit == 3


async def test_a_value_that_is_not_there_blocks_and_one_that_is_wrong_is_refused(
    room: tuple[Conductor, World],
) -> None:
    conductor, _ = room
    prepared = await conductor.prepare("revert", "make")
    assert prepared.missing == ("bad",) and not prepared.may_confirm
    with pytest.raises(Refused):
        await conductor.confirm(prepared)
    with pytest.raises(Refused):
        await conductor.set_value("bad", "no-such-commit", "typed")
    with pytest.raises(Refused):
        await conductor.set_value("bad", "--upload-pack=evil", "typed")


async def test_nothing_runs_beside_a_running_command(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    await conductor.confirm(await conductor.prepare("revert", "slow"))
    await until(lambda: any(run.state == "running" for run in conductor.state.runs.values()))
    with pytest.raises(Refused, match=r"carried out|still running"):
        await conductor.confirm(await conductor.prepare("revert", "fails"))


async def test_a_failure_is_a_failure_and_can_be_tried_again(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    await carry_out(conductor, "fails")
    assert conductor.state.step("revert", "fails").mark == "failed"
    await conductor.edit("revert", "fails", 0, "echo yes", "the script is broken")
    await carry_out(conductor, "fails")
    assert conductor.state.step("revert", "fails").mark == "done"
    assert conductor.state.edits["revert", "fails", 0].was == "echo no; exit 3"


async def test_a_failed_command_that_did_its_work_all_the_same_is_said_to_have(room: tuple[Conductor, World]) -> None:
    """Else it is done a second time: gcloud, for one, may end badly after it has moved the traffic."""
    conductor, _ = room
    push = "git push -q origin v1.1.0^{commit}:refs/heads/side"
    add_steps(conductor, step("late", Command(f"{push}; exit 3", CHANGE)), step("early", Command("exit 3", CHANGE)))
    await carry_out(conductor, "late")
    assert conductor.state.step("revert", "late").mark == "failed"
    assert "It took effect all the same: side on origin is" in last_run(conductor).why
    await carry_out(conductor, "early")
    assert "took effect" not in last_run(conductor).why


async def test_a_killed_keeper_leaves_an_unknown_outcome_that_a_person_settles(
    room: tuple[Conductor, World],
) -> None:
    conductor, world = room
    await conductor.confirm(await conductor.prepare("revert", "slow"))
    await until(lambda: any(run.state == "running" for run in conductor.state.runs.values()))
    run = next(iter(conductor.state.runs.values()))
    folder = conductor.carrier.run_folder(run.id)
    await until(lambda: conductor.carrier.tail(run.id, 1) == ("begun",))  # or it may not be in its own group yet
    command = msgspec.json.decode((folder / "child.json").read_bytes())["pid"]
    os.kill(run.pid, signal.SIGKILL)
    os.killpg(command, signal.SIGKILL)
    await until(lambda: conductor.state.runs[run.id].state == "unknown")
    assert conductor.state.runs[run.id].took_effect is None  # nobody knows a sleep
    with pytest.raises(Refused, match="unknown"):
        await conductor.confirm(await conductor.prepare("revert", "fails"))
    with pytest.raises(Refused, match="has no outcome yet"):
        await conductor.close_incident("all is well")

    again = reopened(conductor.folder, world, "second")  # and a room that comes back sees the same
    assert again.state.runs[run.id].state == "unknown"
    await again.recover()
    assert again.state.runs[run.id].state == "unknown"  # it never runs anything by itself
    await again.resolve(run.id, "not-done", "looked")
    assert not again.state.unsettled
    await again.close_incident("all is well")
    assert again.state.closed is not None


async def test_of_a_lost_outcome_the_room_says_whether_it_took_effect(room: tuple[Conductor, World]) -> None:
    conductor, world = room
    hook = world.remote / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nsleep 60\n")
    hook.chmod(0o755)
    await conductor.set_value("bad", world.bad, "picked")
    await carry_out(conductor, "make")
    made = conductor.known_values()["made"]
    await conductor.confirm(await conductor.prepare("revert", "push"))
    await until(lambda: production(world) == made)  # it has arrived, and nobody has heard the end of it
    run = last_run(conductor)
    command = msgspec.json.decode((conductor.carrier.run_folder(run.id) / "child.json").read_bytes())["pid"]
    os.kill(run.pid, signal.SIGKILL)
    os.killpg(command, signal.SIGKILL)
    await until(lambda: conductor.state.runs[run.id].state == "unknown")
    assert conductor.state.runs[run.id].took_effect is True


async def test_a_room_that_died_finds_its_command_again(room: tuple[Conductor, World]) -> None:
    conductor, world = room
    await conductor.confirm(await conductor.prepare("revert", "slow"))
    await until(lambda: any(run.state == "running" for run in conductor.state.runs.values()))
    run = next(iter(conductor.state.runs.values()))
    again = reopened(conductor.folder, world, "second")
    await again.recover()
    assert again.state.runs[run.id].state == "running"
    await until((again.carrier.run_folder(run.id) / "child.json").exists)  # before that there is nobody to stop
    await again.stop(run.id, "kill")
    await until(lambda: again.state.runs[run.id].state == "failed")
    assert again.state.runs[run.id].recovered
    assert again.state.runs[run.id].why.startswith("it was asked to stop: exit ")


async def test_a_watcher_runs_nothing_but_may_take_notes(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    conductor.driving = False
    with pytest.raises(Refused, match="watching"):
        await conductor.confirm(await conductor.prepare("revert", "fails"))
    with pytest.raises(Refused, match="watching"):
        await conductor.decide("wait", "it calms down")
    await conductor.note("seen from the side")
    assert conductor.state.timeline[-1].text.endswith("seen from the side")


async def test_guard_and_preflight_are_asked_with_the_values_that_are_known(tmp_path: Path) -> None:
    right = Check(id="place", title="the right place", run='test <context> = "$KUBECONFIG" # kubectl')
    method = Method("m", "1", "M", where=Where.REPOSITORY, requires=(right,))
    environ = {"PATH": os.environ["PATH"], "KUBECONFIG": "production"}
    carrier = Carrier(tmp_path, Runbook("b", "B", params=(Param("context"),), methods=(method,)), tmp_path, environ)
    asked = [
        await carrier.look((right,), method, "", known)
        for known in ({}, {"context": "staging"}, {"context": "production"})
    ]
    assert [found[0].ok for found in asked] == [None, False, True]
    assert asked[0][0].found == "waits for a value of <context> that can stand there"


async def test_of_a_runbook_that_nobody_trusted_nothing_is_asked(room: tuple[Conductor, World], tmp_path: Path) -> None:
    conductor, _ = room
    conductor.driving, conductor.trusted = False, False
    asked = tmp_path / "asked"
    conductor.carrier.runbook = msgspec.structs.replace(
        conductor.carrier.runbook, guard=(Check("here", run=f"touch {asked}"),)
    )
    with pytest.raises(Refused, match="not trusted yet"):
        await conductor.prepare("revert", "slow")
    with pytest.raises(Refused, match="not trusted yet"):
        await conductor.targets("revert", "bad")
    assert not asked.exists()
    conductor.trusted = True
    await conductor.prepare("revert", "slow")
    assert asked.exists()


async def test_a_value_that_makes_a_command_destroy_asks_for_its_name_and_stands_in_the_record(
    room: tuple[Conductor, World],
) -> None:
    conductor, _ = room
    add_steps(conductor, step("scale", Command("false && kubectl scale deploy/web --replicas=<n>", CHANGE, "web")))
    await conductor.set_value("n", "3", "typed")
    assert (await conductor.prepare("revert", "scale")).effect is CHANGE
    await conductor.set_value("n", "0", "typed")
    prepared = await conductor.prepare("revert", "scale")
    with pytest.raises(Refused, match="type its target: web"):
        await conductor.confirm(prepared)
    await conductor.confirm(prepared, typed="web")
    await until(lambda: not conductor.carrying)
    (confirmed,) = (e.body for e in read_incident(conductor.folder) if isinstance(e.body, ev.StepConfirmed))
    assert (confirmed.effect, confirmed.typed) == (DESTROY, "web")


async def test_the_directory_shown_is_the_one_the_command_will_run_in(room: tuple[Conductor, World]) -> None:
    conductor, _ = room
    add_steps(conductor, step("go", Command("mkdir -p deep && cd deep", CHANGE)), step("here", Command("pwd", READ)))
    before = Path((await conductor.prepare("revert", "here")).cwd)
    await carry_out(conductor, "go")
    prepared = await conductor.prepare("revert", "here")
    assert Path(prepared.cwd) == before / "deep"
    await carry_out(conductor, "here")
    assert last_run(conductor).last_lines == (prepared.cwd,)
