"""What people at a shared screen see, and what they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rooms import entered, room_with
from tests.widgets.hosts import screen_text, shown, until
from tui import presenting
from tui.app import WarRoom
from widgets.action_panel import event_clock

BOOK = """
params: [{id: secret_word, label: A word, kind: text}]
methods:
  - id: back
    label: "1"
    title: Go back
    where: repository
    params: [secret_word]
    steps:
      - {id: say, title: Say it, run: "echo <secret_word>", effect: change}
      - {id: try, title: Try it, run: "false", effect: read}
      - {id: drop, title: Drop it, run: echo dropped, effect: destroy, target: production}
contacts: [{level: "1", who: Ana, how: "555 0100"}]
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    monkeypatch.setattr(presenting, "KEPT", 600)  # however slow the machine, no name fades before it is looked at
    return room_with(BOOK, tmp_path, monkeypatch, present=True)


def foot(room: WarRoom) -> str:
    return screen_text(room)[-1]


async def test_a_pressed_key_is_named_at_the_foot_and_what_is_typed_into_a_field_is_not(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await entered(pilot, room)
        await pilot.press("2")
        await until(pilot, lambda: "2  go to the logs" in foot(room))
        await pilot.press("3", "j")
        await until(pilot, lambda: "j  move" in foot(room))
        await pilot.press("a")
        await until(pilot, lambda: len(room.screen_stack) == 2)
        await pilot.press("x", "y")
        assert room.room_screen.key_named == ""


async def test_a_key_is_named_as_what_it_does_in_the_pane_and_at_the_step_where_it_was_pressed(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        for pane, key, named in (
            ("2", "n", "n  next"),
            ("2", "G", "G  follow"),
            ("3", "G", "G  move"),
            ("3", "n", "n"),
        ):
            await pilot.press(pane, key)
            await until(pilot, lambda named=named: room.room_screen.key_named == named)  # type: ignore[misc]
        await conductor.choose_method("back")
        await conductor.confirm(await conductor.prepare("back", "try"))
        await until(pilot, lambda: conductor.state.step("back", "try").mark == "failed")
        room.room_screen.checklist.select("step:back:try")
        await until(pilot, lambda: "✗ failed" in shown(room))
        await pilot.press("4", "p")
        await until(pilot, lambda: room.room_screen.key_named == "p")  # no replay that could be paused
        await pilot.press("s")
        await until(pilot, lambda: "Why this step is skipped" in shown(room))
        assert room.room_screen.key_named == "s  skip, with a reason"


async def test_nothing_is_named_while_a_name_is_typed_to_destroy(room: WarRoom) -> None:
    named = []
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        panel = room.room_screen.panel
        await conductor.choose_method("back")
        await until(pilot, lambda: "Drop it" in shown(room))
        room.room_screen.checklist.select("step:back:drop")
        await pilot.press("enter")
        await until(pilot, lambda: panel.guard.name == "production" and panel.guard.is_armed(event_clock()))
        await pilot.press("4")
        await until(pilot, lambda: room.room_screen.current == "action" and panel.guard.is_armed(event_clock()))
        for key in "production":
            await pilot.press(key)
            named.append(room.room_screen.key_named)
        await until(pilot, lambda: panel.guard.last == "n")
        assert panel.guard.name, "it still asks"
    assert named == [""] * len("production")


async def test_what_is_looked_for_in_a_log_is_not_named_letter_by_letter(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await entered(pilot, room)
        await pilot.press("2", "slash")
        await until(pilot, lambda: room.room_screen.key_named == "/  search")
        await pilot.press("v")
        await until(pilot, lambda: room.room_screen.logs.text.typed == "v")
        assert room.room_screen.key_named == ""


async def test_the_column_that_is_worked_in_is_the_wider_one(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: room.room_screen.desk is not None)
        left, right = room.room_screen.query_one("#left"), room.room_screen.query_one("#right")
        await pilot.press("1")
        await until(pilot, lambda: left.size.width > right.size.width + 20)
        await pilot.press("4")
        await until(pilot, lambda: right.size.width > left.size.width + 20)
        await pilot.press("P")
        await until(pilot, lambda: abs(right.size.width - left.size.width) < 3)
        assert "presenting" not in screen_text(room)[0]


async def test_numbers_to_call_are_hidden_while_presenting(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: "presenting" in screen_text(room)[0])
        await pilot.press("c")
        await until(pilot, lambda: "Ana" in shown(room))
        assert "555 0100" not in shown(room)
