"""What is decided in the room beside a command, and what the chooser learns while it is open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.rooms import entered, room_with
from tests.widgets.hosts import screen_text, shown, until
from tui.app import WarRoom
from widgets.chooser import Chooser
from widgets.picker import Picker

BOOK = """
triggers: [{id: leak, urgency: immediate, group: Security, text: Data has leaked out, suggests: [back]}]
methods:
  - id: on
    label: "1"
    title: Go on by hand
    where: repository
    steps: [{id: try, title: Try it, run: "false", effect: read}]
  - id: back
    label: "2"
    title: Go back by hand
    where: repository
    steps: [{id: say, title: Say it, run: echo two, effect: read}]
"""

RELEASE = """
params: [{id: release, label: Release, kind: text}]
methods:
  - id: back
    label: "1"
    title: Go back
    where: repository
    params: [release]
    steps: [{id: say, title: Say it, run: echo <release>, effect: read}]
"""

FOUND = RELEASE.replace(
    "[{id: say, title: Say it, run: echo <release>, effect: read}]",
    """
      - {id: find, title: Find it, run: "echo <release>", effect: change, capture: {found: '(.+)'}}
      - {id: use, title: Use it, run: "echo used <found>", effect: change}
""",
)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    return room_with(BOOK, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("moves", "asked", "decided"),
    [((), "Why to wait", "decided: wait"), (("down",), "Why there is no rollback", "decided: no rollback")],
)
async def test_to_hold_is_decided_by_a_key_with_a_reason(
    room: WarRoom, moves: tuple[str, ...], asked: str, decided: str
) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await pilot.press("H")
        await until(pilot, lambda: "what is decided?" in shown(room))
        await pilot.press(*moves, "enter")
        await until(pilot, lambda: asked in shown(room))
        await pilot.press(*"calm", "enter")
        await until(pilot, lambda: decided in shown(room))
        assert conductor.state.decision_reason == "calm"


async def test_the_chooser_follows_what_is_advised_while_it_is_open(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(room.screen, Chooser) and "▌1 Go on by hand" in shown(room))
        assert "leaked" not in shown(room)
        await conductor.report_trigger("leak", active=True)
        await until(pilot, lambda: "data has leaked out (reported) → Go back by hand" in shown(room))
        heads = next(line for line in screen_text(room) if "2 Go back by hand" in line)
        assert heads.index("▌1 Go on by hand") < heads.index("2 Go back by hand"), "later news moves nothing"
        advised = next(line for line in screen_text(room) if "recommended" in line)
        assert advised.index("recommended") > heads.index("2 Go back by hand")


async def test_the_chooser_says_what_came_of_a_method_that_was_tried(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await conductor.choose_method("on")
        await conductor.confirm(await conductor.prepare("on", "try"))
        await pilot.press("m")
        await until(pilot, lambda: re.search(r"chosen, tried at \d\d:\d\d, failed", shown(room)) is not None)


async def test_a_step_that_is_carried_out_once_more_can_be_given_another_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = room_with(RELEASE, tmp_path, monkeypatch)
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await conductor.choose_method("back")
        await conductor.set_value("release", "one", "typed")
        await conductor.confirm(await conductor.prepare("back", "say"))
        await until(pilot, lambda: conductor.state.step("back", "say").mark == "done")
        await pilot.press("3", "enter")
        await until(pilot, lambda: "all of it again" in shown(room))
        await pilot.press("r")
        await until(pilot, lambda: "echo one" in shown(room) and "set release" in shown(room))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(room.screen, Picker))
        await pilot.press(*"two", "enter")
        await until(pilot, lambda: "echo two" in shown(room))


async def test_a_step_that_used_what_another_found_out_anew_is_shown_to_be_confirmed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = room_with(FOUND, tmp_path, monkeypatch)
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        await conductor.choose_method("back")
        for value in ("one", "two"):
            await conductor.set_value("release", value, "typed")
            for step in ("find", "use")[: 1 if value == "two" else 2]:
                await conductor.confirm(await conductor.prepare("back", step, again=True))
                await until(pilot, lambda: not conductor.carrying)
        assert conductor.state.step("back", "use").mark == "done"
        await until(pilot, lambda: "1/2" in shown(room))
        room.room_screen.checklist.select("step:back:use")
        await pilot.press("3", "enter")
        await until(pilot, lambda: "run it" in shown(room) and "echo used two" in shown(room))
