"""What the world answers late: it never takes the keys of a person who has gone on."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from runbook.providers.provider import Target
from runbook.steps.plan import Prepared
from tests.rooms import entered, room_with
from tests.widgets.hosts import shown, until
from tui import on_desk
from tui.app import WarRoom
from tui.stepping import open_step
from widgets.action_view import Looking
from widgets.picker import Picker
from widgets.prompt import Prompt

BOOK = """
params: [{id: release, label: Release, kind: text}]
methods:
  - id: back
    title: Go back
    where: repository
    steps: [{id: say, title: Say it, effect: read, run: echo <release>}]
"""


class SlowWorld:
    """Names the releases once it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()

    async def targets(self, _method: str, _param: str) -> tuple[Target, ...]:
        self.asked += 1
        await self.may_answer.wait()
        return (Target("v1", "the first"),)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    return room_with(BOOK, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("keys", "picks"),
    [((), True), (("a",), False), (("2", "slash"), False), (("escape",), False), (("e",), True)],
)
async def test_a_picker_that_comes_late_opens_only_before_whoever_waits_for_it(
    room: WarRoom, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...], picks: bool
) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor, world = await entered(pilot, room), SlowWorld()
        monkeypatch.setattr(conductor, "targets", world.targets)
        await conductor.choose_method("back")
        open_step(room.room_screen, ("back", "say"))
        await until(pilot, lambda: world.asked == 1 and "needs a value first: <release>" in shown(room))
        await until(pilot, lambda: "asking what there is to choose from" in shown(room))
        await pilot.press(*keys)
        await until(pilot, lambda: keys != ("a",) or isinstance(room.screen, Prompt))
        await until(pilot, lambda: keys != ("e",) or world.asked == 2)
        world.may_answer.set()
        if picks:
            await until(pilot, lambda: isinstance(room.screen, Picker))
            await pilot.press("escape")
        await until(pilot, lambda: not room.room_screen._tasks)
        assert not any(isinstance(one, Picker) for one in room.screen_stack)
        assert "asking what there is to choose from" not in shown(room)


async def test_whoever_goes_back_while_the_world_is_asked_is_not_shown_what_it_says(
    room: WarRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor, may_answer = await entered(pilot, room), asyncio.Event()
        asked, prepare = list[str](), conductor.prepare

        async def slowly(method: str, step: str, *, again: bool = False) -> Prepared:
            asked.append(step)
            await may_answer.wait()
            return await prepare(method, step, again=again)

        monkeypatch.setattr(conductor, "prepare", slowly)
        await conductor.choose_method("back")
        await conductor.set_value("release", "v1", "typed")
        open_step(room.room_screen, ("back", "say"))
        await until(pilot, lambda: bool(asked) and "asking the world" in shown(room))
        assert "esc  back" in shown(room)
        await pilot.press("escape")
        await until(pilot, lambda: "asking the world" not in shown(room))
        may_answer.set()
        await until(pilot, lambda: not room.room_screen._tasks)
        assert "y  run it" not in shown(room)
        open_step(room.room_screen, ("back", "say"))
        await until(pilot, lambda: "y  run it" in shown(room))


async def test_how_long_the_world_has_been_asked_is_told(room: WarRoom) -> None:
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        desk = room.room_screen.desk
        assert desk is not None
        desk.ask(("back", "say"))
        now = conductor.clock()
        for seconds, words in ((0, "asking the world …"), (6, "asking the world … 6 s")):
            view = on_desk.view(desk, now + timedelta(seconds=seconds))
            assert isinstance(view, Looking)
            assert view.lines == (words,)
