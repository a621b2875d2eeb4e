"""Has it arrived? A wait asks a health page or a platform's program, ends by itself, and says when it is overdue."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook.carrier import Carrier
from runbook.command_signals import runner
from runbook.conductor import Conductor, Refused
from runbook.incident import home
from runbook.incident.journal import Journal
from runbook.incident.room import Room
from runbook.model import Criterion, Method, Param, Runbook, Signal, Step
from runbook.outlook import Outlook
from runbook.signal_sources import CommandOutput
from runbook.signals.monitor import Monitor

COMMIT = "9f3c2e1" + "0" * 33
READY = Criterion("state == READY", "state", "==", "READY")
RUNBOOK = Runbook(
    "book",
    "A runbook",
    params=(Param("made"),),
    signals=(
        Signal("state", "State of the deploy", CommandOutput("cat deploy.json", path="readyState"), kind="version"),
        Signal("commit", "Commit that is live", CommandOutput("cat deploy.json", path="commit"), kind="version"),
    ),
    methods=(
        Method(
            "m",
            "1",
            "Go back",
            steps=(
                Step("tell", "Tell the team", "manual"),
                Step("ready", "Wait until it is built", "wait_for", wait_for=(READY,)),
                Step(
                    "live",
                    "Wait until production runs it",
                    "wait_for",
                    wait_for=(
                        READY,
                        Criterion("commit == <made>", "commit", "==", "<made>"),
                    ),
                    estimate=60,
                    timeout=300,
                ),
            ),
        ),
    ),
)


class Watch:
    """A room that waits, a clock that is set by hand, and a platform that answers from a file."""

    def __init__(self, folder: Path) -> None:
        self.platform = folder
        self.now = datetime.now(UTC)
        incident = home.new_incident("shop", self.now)
        journal = Journal.open(incident, incident.name, "first")
        self.monitor = Monitor(RUNBOOK.signals, run=runner(folder, {"PATH": os.environ["PATH"]}, RUNBOOK.params))
        carrier = Carrier(incident, RUNBOOK, folder, dict(os.environ))
        outlook = Outlook(RUNBOOK, self.monitor)
        self.room = Conductor(
            incident, RUNBOOK, journal, Room(), carrier, outlook, driving=True, clock=lambda: self.now
        )

    async def after(self, seconds: float, answer: str) -> None:
        """Time goes by; the platform answers so, is asked, and the room looks."""
        (self.platform / "deploy.json").write_text(answer)
        self.now += timedelta(seconds=seconds)
        await self.monitor.look()
        await self.room.look()

    def told(self, kind: str) -> list[str]:
        return [entry.text for entry in self.room.state.timeline if entry.kind == kind]


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    watch = Watch(tmp_path)
    yield watch
    watch.room.journal.close()


def answer(state: str, commit: str = COMMIT[:7]) -> str:
    return f'{{"readyState": "{state}", "commit": "{commit}"}}'


async def begin(watch: Watch) -> None:
    await watch.room.choose_method("m")
    await watch.room.set_value("made", COMMIT, "captured")
    await watch.room.wait_for("m", "live")


async def test_a_deploy_has_arrived_when_the_platform_says_so_of_that_commit(watch: Watch) -> None:
    await begin(watch)
    await watch.after(10, answer("BUILDING"))
    assert watch.room.waiting is not None
    await watch.after(10, answer("READY", "1111111"))  # ready, but it is the one before
    assert watch.room.waiting is not None
    await watch.after(10, answer("READY"))
    assert watch.room.waiting is None
    assert watch.room.state.step("m", "live").mark == "done"
    assert "after 30 s" in watch.told("step-marked")[0]


async def test_a_platform_that_does_not_answer_is_no_arrival(watch: Watch) -> None:
    await begin(watch)
    await watch.after(10, "gateway timeout")
    assert watch.room.waiting is not None


async def test_what_has_not_come_in_its_time_is_said_once_with_what_is_there_instead(watch: Watch) -> None:
    await begin(watch)
    await watch.after(299, answer("READY", "1111111"))
    assert watch.told("wait-overdue") == []
    await watch.after(2, answer("READY", "1111111"))
    await watch.after(2, answer("READY", "1111111"))
    assert watch.told("wait-overdue") == ["not there within 5:01: Wait until production runs it"]
    (entry,) = [entry for entry in watch.room.state.timeline if entry.kind == "wait-overdue"]
    assert entry.details == ("commit == 9f3c2e1: is 1111111",)
    assert watch.room.state.step("m", "live").mark == "todo"  # late is not failed: the room goes on looking
    await watch.after(60, answer("READY"))
    assert watch.room.state.step("m", "live").mark == "done"


async def test_a_wait_can_be_left(watch: Watch) -> None:
    await begin(watch)
    watch.room.stop_waiting("m", "live")
    await watch.after(400, answer("READY"))
    assert watch.room.state.step("m", "live").mark == "todo"
    assert watch.told("wait-overdue") == []


async def test_settling_another_step_leaves_what_is_watched_alone(watch: Watch) -> None:
    await begin(watch)
    watch.room.stop_waiting("m", "tell")
    await watch.room.mark("m", "tell", "done")
    await watch.after(10, answer("READY"))
    assert watch.room.state.step("m", "live").mark == "done"


async def test_a_second_wait_does_not_take_the_place_of_the_first(watch: Watch) -> None:
    await begin(watch)
    began = watch.room.waiting
    watch.now += timedelta(seconds=5)
    with pytest.raises(Refused, match="“Wait until production runs it” is still being watched"):
        await watch.room.wait_for("m", "ready")
    await watch.room.wait_for("m", "live")  # looked at once more: its clock goes on
    assert watch.room.waiting == began
