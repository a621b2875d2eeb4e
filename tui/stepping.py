"""One step at the screen: looking at it, and setting its values. Runs nothing."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from runbook.incident import progress
from runbook.providers.provider import Target, Unavailable
from runbook.steps.plan import Prepared
from widgets.picker import Picker

if TYPE_CHECKING:
    from tui.room_screen import RoomScreen

Key = tuple[str, str]


def open_step(screen: RoomScreen, key: Key, *, again: bool = False) -> None:
    """Enter on a step: its confirmation, its watch, or its words. Nothing runs."""
    desk, conductor = screen.desk, screen.conductor
    assert desk is not None
    if conductor.state.blocking or conductor.carrying or desk.starting:
        screen.go("action")
        return
    method, step, _ = desk.step_of(key)
    at = progress.stands(method, step, conductor.state)
    redone = at.mark != conductor.state.step(*key).mark or progress.is_outdated(method, step, conductor.state)
    again = again or redone
    desk.close()
    if step.kind == "wait_for":
        desk.opened = key
        screen.do(conductor.wait_for(*key))
    elif step.kind in ("manual", "message"):
        desk.opened = key
    elif (at.mark == "done" or all_follow(screen, key)) and not again:
        desk.result = key
    else:
        screen.do(prepare(screen, key, again=again))
    screen.go("action")


def all_follow(screen: RoomScreen, key: Key) -> bool:
    """Whether what is left of a step is under way beside the others."""
    follows = screen.conductor.state.follows_of(*key)
    left = {index for run in follows for index in run.commands} | screen.conductor.state.step(*key).done_commands
    return bool(follows) and len(left) == len(screen.conductor.step(*key).commands)


async def prepare(screen: RoomScreen, key: Key, *, again: bool = False) -> None:
    """Ask for missing values, then show the confirmation."""
    prepared = await show(screen, key, screen.conductor.prepare(*key, again=again))
    if prepared is None:
        return
    unset = [name for name in prepared.missing if screen.conductor.runbook.param(name)]
    if unset:
        ask_value(screen, key, unset[0], again=again)


async def show(screen: RoomScreen, key: Key, asked: Awaitable[Prepared]) -> Prepared | None:
    """Say that the world is being asked; then the confirmation, which nothing typed before it can answer.

    None where the person has gone on meanwhile: a late answer never takes the place of what they look at.
    """
    desk = screen.desk
    assert desk is not None
    question = desk.ask(key)
    screen.draw()
    try:
        prepared = await asked
    except BaseException:
        desk.answered(question, None)
        raise
    if not desk.answered(question, prepared):
        return None
    screen.draw()
    return prepared


def ask_value(screen: RoomScreen, key: Key, name: str, *, again: bool = False) -> None:
    """The picker of a value; a value that is refused says why.

    What there is comes late at times: then no picker may take the keys of whoever types elsewhere by now.
    """
    conductor, desk = screen.conductor, screen.desk
    param = conductor.runbook.param(name)
    assert param is not None and desk is not None
    asked = desk.choosing = object()
    screen.draw()

    async def work() -> None:
        targets: tuple[Target, ...] = ()
        trouble = ""
        try:
            targets = await conductor.targets(key[0], name)
        except Unavailable as silent:
            trouble = str(silent)
        if desk.choosing is not asked:
            return
        desk.choosing = None
        screen.draw()
        if screen.app.screen is not screen or screen.current != "action":
            return
        known = conductor.known_values().get(name, "")
        label, now = param.label or name, conductor.clock()
        picker = Picker(label, targets, now=now, chosen=known, trouble=trouble, several=param.several)
        screen.app.push_screen(picker, lambda value: screen.do(take(value, targets)) if value else None)

    async def take(value: str, targets: tuple[Target, ...]) -> None:
        titles = {target.value: target.title for target in targets}
        each = param.each(value)
        picked = all(one in titles for one in each)
        shown = ", ".join(titles[one] for one in each) if picked else ""
        await conductor.set_value(name, value, "picked" if picked else "typed", shown)
        await prepare(screen, key, again=again)

    screen.do(work())
