"""What is asked of a person about a step, answered after the step has gone on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from runbook.incident.state import RoomState, StepState
from tests.widgets import samples
from tui import answering, on_desk
from tui.desk import Desk
from widgets.action_asks import EditAsked, SkipAsked
from widgets.action_view import Confirmation, WaitingFor, keys_for


class Screen:
    """Where a question is put, and what came of the answer."""

    def __init__(self) -> None:
        self.steps = {("back", "live"): StepState()}
        self.asked: list[Callable[[str | None], None]] = []
        self.done: list[Any] = []
        self.said: list[str] = []
        self.desk = SimpleNamespace(opened=("back", "live"))
        self.conductor = SimpleNamespace(
            waiting=("back", "live", None), state=SimpleNamespace(step=lambda *key: self.steps[key])
        )
        self.app = SimpleNamespace(push_screen=lambda _, take: self.asked.append(take))

    def do(self, work: Any) -> None:
        work.close()
        self.done.append(work)

    def say(self, text: str) -> None:
        self.said.append(text)


def test_a_skip_that_comes_after_the_step_was_done_marks_nothing() -> None:
    screen = Screen()
    answering.answer(screen, SkipAsked(WaitingFor("Wait until it is live", ())))  # type: ignore[arg-type]
    screen.steps["back", "live"] = StepState(mark="done")
    screen.asked[0]("it takes too long")
    assert screen.done == []
    assert "ended meanwhile" in screen.said[0]


def test_a_skip_with_its_reason_marks_the_step() -> None:
    screen = Screen()
    answering.answer(screen, SkipAsked(WaitingFor("Wait until it is live", ())))  # type: ignore[arg-type]
    screen.asked[0]("it takes too long")
    assert len(screen.done) == 1


def test_a_command_that_cannot_run_as_it_is_written_can_be_written_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = replace(samples.PREPARED, blocked="v3.9.0 is neither a branch nor a commit here", lines=())
    desk = Desk(
        SimpleNamespace(  # type: ignore[arg-type]
            procedure=lambda _: SimpleNamespace(steps=(blocked.step,)),
            runbook=SimpleNamespace(params=()),
            state=RoomState(),
            carrying=None,
            waiting=None,
        )
    )
    desk.prepared = blocked
    view = on_desk.view(desk, datetime.now(UTC))
    assert isinstance(view, Confirmation) and ("e", "edit it, with a reason") in [
        (h.key, h.words) for h in keys_for(view)
    ]
    desk.prepared = samples.PREPARED
    assert "e" not in [hint.key for hint in keys_for(on_desk.view(desk, datetime.now(UTC)))]

    offered: list[str] = []
    monkeypatch.setattr(answering, "Prompt", lambda _title, *, value: offered.append(value))
    screen = Screen()
    screen.desk = desk  # type: ignore[assignment]
    screen.conductor.state.edits = {}
    screen.conductor.step = lambda *_: blocked.step
    answering.answer(screen, EditAsked(view))  # type: ignore[arg-type]
    assert offered == [blocked.step.commands[0].text]
