"""What is asked of a person about a step, answered after the step has gone on."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from runbook.incident.state import StepState
from tui import stepping
from widgets.action_asks import SkipAsked
from widgets.action_view import WaitingFor


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
    stepping.answer(screen, SkipAsked(WaitingFor("Wait until it is live", ())))  # type: ignore[arg-type]
    screen.steps["back", "live"] = StepState(mark="done")
    screen.asked[0]("it takes too long")
    assert screen.done == []
    assert "ended meanwhile" in screen.said[0]


def test_a_skip_with_its_reason_marks_the_step() -> None:
    screen = Screen()
    stepping.answer(screen, SkipAsked(WaitingFor("Wait until it is live", ())))  # type: ignore[arg-type]
    screen.asked[0]("it takes too long")
    assert len(screen.done) == 1
