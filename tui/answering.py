"""What pane 4 asks for, carried to the conductor: run it, skip it, once more, another value, the way back or out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from runbook.conductor import CalledOff, Moved, Refused
from runbook.incident.journal import JournalTrouble
from runbook.model import Remedy
from runbook.providers.provider import Target
from runbook.steps.plan import Choice, Prepared
from tui import saving
from tui.stepping import Key, ask_value, open_step, prepare, show
from widgets import action_asks as asks
from widgets.action_view import (
    Confirmation,
    Finished,
    Following,
    Looking,
    ManualStep,
    MessageStep,
    NotStarted,
    Running,
    Starting,
    UnknownOutcome,
    WaitingFor,
    text_to_copy,
)
from widgets.picker import Picker
from widgets.prompt import Prompt

if TYPE_CHECKING:
    from tui.room_screen import RoomScreen


def answer(screen: RoomScreen, event: asks.Asked) -> None:
    """What pane 4 asks for, by the kind of message and by what it was showing."""
    handler = _ANSWERS.get(type(event))
    if handler is not None:
        handler(screen, event)


def _key_of(screen: RoomScreen, event: asks.Asked) -> Key | None:
    desk, view = screen.desk, event.view
    assert desk is not None
    if isinstance(view, Confirmation | NotStarted):
        return view.prepared.method, view.prepared.step.id
    if isinstance(view, Finished | Following | UnknownOutcome):
        return view.run.method, view.run.step
    if isinstance(view, WaitingFor) and screen.conductor.waiting:
        return screen.conductor.waiting[:2]
    return desk.opened or desk.selected


def _confirmed(screen: RoomScreen, event: asks.Asked) -> None:
    assert isinstance(event, asks.Confirmed)
    desk, conductor = screen.desk, screen.conductor
    assert desk is not None
    prepared, overrides = event.prepared, desk.overrides

    async def work() -> None:
        desk.starting = prepared
        screen.draw()
        try:
            try:
                await conductor.confirm(prepared, typed=event.typed, overrides=overrides)
            finally:
                desk.starting = None
        except CalledOff:
            desk.close()
            screen.go("runbook")
            screen.say("Called off: nothing was started.", good=True)
            return
        except Moved as moved:
            desk.close()
            desk.refused = (prepared, str(moved))
            screen.draw()
            return
        except (Refused, JournalTrouble):
            desk.close()
            raise
        desk.close()
        desk.result = (prepared.method, prepared.step.id)
        desk.tail = ()
        desk.silent_since = conductor.clock()
        screen.draw()

    screen.do(work())


def _cancelled(screen: RoomScreen, event: asks.Asked) -> None:
    assert screen.desk is not None
    if isinstance(event.view, Starting):
        screen.conductor.call_off()
        return
    screen.desk.close()
    screen.go("runbook")


def _override(screen: RoomScreen, event: asks.Asked) -> None:
    assert isinstance(event.view, Confirmation)
    prepared = event.view.prepared
    failed = ", ".join(check.title for check in prepared.failed_checks)

    def take(reason: str | None) -> None:
        # what was asked anew meanwhile may fail otherwise
        if reason and screen.desk is not None and screen.desk.prepared is prepared:
            screen.desk.overrides = (f"{failed}: {reason}",)
            screen.draw()

    screen.app.push_screen(Prompt(f"Why run it in spite of: {failed}"), take)


def _edit(screen: RoomScreen, event: asks.Asked) -> None:
    """In a confirmation: another value. After a failure: other words, kept beside the runbook's."""
    key = _key_of(screen, event)
    assert screen.desk is not None
    if key is None:
        return
    _, step, _ = screen.desk.step_of(key)
    if isinstance(event.view, Finished) and not event.view.run.remedy:
        _edit_command(screen, key, event.view.run.commands[0])
    elif params := screen.desk.params_of(step):
        unset = [name for name in params if name not in screen.conductor.state.values]
        done = screen.conductor.state.step(*key).done_commands
        again = isinstance(event.view, Confirmation) and not done.isdisjoint(event.view.prepared.commands)
        ask_value(screen, key, (unset or list(params))[0], again=again)
    elif isinstance(event.view, Confirmation) and event.view.edit:
        _edit_command(screen, key, event.view.prepared.commands[0])


def _edit_command(screen: RoomScreen, key: Key, index: int) -> None:
    conductor = screen.conductor
    edited = conductor.state.edits.get((*key, index))
    text = edited.now if edited else conductor.step(*key).commands[index].text

    def take(now: str | None) -> None:
        if now and now != text:
            screen.app.push_screen(Prompt("Why it runs differently from the runbook"), lambda why: keep(now, why))

    def keep(now: str, why: str | None) -> None:
        if why:
            screen.do(work(now, why))

    async def work(now: str, why: str) -> None:
        await conductor.edit(*key, index, now, why)
        await prepare(screen, key)

    screen.app.push_screen(Prompt("The command, as it shall run", value=text), take)


def _skip(screen: RoomScreen, event: asks.Asked) -> None:
    key = _key_of(screen, event)
    assert screen.desk is not None
    if key is None:
        return
    already = event.view.prepared.already if isinstance(event.view, Confirmation) else ""
    if already:
        screen.do(_mark(screen, key, "already", already))
        return

    was = screen.conductor.state.step(*key)

    def take(reason: str | None) -> None:
        if reason and screen.conductor.state.step(*key) != was:
            screen.say("The step ended meanwhile: it is not marked as skipped.")
        elif reason:
            screen.do(_mark(screen, key, "skipped", reason))

    screen.app.push_screen(Prompt("Why this step is skipped"), take)


async def _mark(screen: RoomScreen, key: Key, mark: str, reason: str) -> None:
    assert screen.desk is not None
    screen.conductor.stop_waiting(*key)
    if mark == "already":
        await screen.conductor.mark(*key, "already", reason)
    elif mark == "skipped":
        await screen.conductor.mark(*key, "skipped", reason)
    else:
        await screen.conductor.mark(*key, "done", reason)
    screen.desk.close()
    screen.go("runbook")


def _again(screen: RoomScreen, event: asks.Asked) -> None:
    """Retry after an end, look again before a start: the world is asked anew, nothing runs."""
    key = _key_of(screen, event)
    if key is None:
        return
    view = event.view
    if isinstance(view, UnknownOutcome):
        screen.do(_not_done_then_again(screen, view, key))
    elif isinstance(view, Confirmation | NotStarted) and not view.prepared.missing:
        screen.do(_look_again(screen, key, view.prepared))
    elif isinstance(view, Looking):
        open_step(screen, key)
    elif isinstance(view, Finished) and view.run.undo and view.run.state != "done":
        screen.do(_undo_of(screen, key))
    else:
        whole = isinstance(view, Finished) and view.run.state == "done" and not view.run.remedy
        screen.do(prepare(screen, key, again=whole))


async def _look_again(screen: RoomScreen, key: Key, prepared: Prepared) -> None:
    await show(screen, key, screen.conductor.look_again(prepared))


async def _not_done_then_again(screen: RoomScreen, view: UnknownOutcome, key: Key) -> None:
    await screen.conductor.resolve(view.run.id, "not-done", "the person looks at it again")
    await prepare(screen, key)


def _undo(screen: RoomScreen, event: asks.Asked) -> None:
    if key := _key_of(screen, event):
        screen.do(_undo_of(screen, key))


async def _undo_of(screen: RoomScreen, key: Key) -> None:
    await show(screen, key, screen.conductor.prepare_undo(*key))


def _way_out(screen: RoomScreen, event: asks.Asked) -> None:
    """What is offered after a failure or a refusal, to be looked at; or the choice that the command lacks."""
    key, view = _key_of(screen, event), event.view
    if key is None or not isinstance(view, Confirmation | Finished):
        return
    if isinstance(view, Confirmation) and view.prepared.choices:
        _choose(screen, key, view.prepared)
    elif (remedy := view.prepared.remedy if isinstance(view, Confirmation) else view.remedy) is not None:
        screen.do(_take_way_out(screen, key, remedy))


async def _take_way_out(screen: RoomScreen, key: Key, remedy: Remedy) -> None:
    await show(screen, key, screen.conductor.prepare_remedy(*key, remedy))


def _choose(screen: RoomScreen, key: Key, prepared: Prepared) -> None:
    """What the command lacks: the parent of a merge, the release; then the command that says so, to be confirmed."""
    targets = tuple(Target(value=c.value, title=c.title, detail=c.detail) for c in prepared.choices)

    def take(value: str | None) -> None:
        choice = next((choice for choice in prepared.choices if choice.value == value), None)
        if choice is not None:
            screen.do(work(choice))

    async def work(choice: Choice) -> None:
        await screen.conductor.choose(prepared, choice)
        await _look_again(screen, key, prepared)

    screen.app.push_screen(Picker(prepared.choosing, targets, chosen=targets[0].value, free=False), take)


def _next(screen: RoomScreen, event: asks.Asked) -> None:
    key = _key_of(screen, event)
    assert screen.desk is not None
    following = screen.desk.following(key) if key else None
    if following is None:
        screen.desk.close()
        screen.go("runbook")
        return
    screen.checklist.select(f"step:{following[0]}:{following[1]}")
    open_step(screen, following)


def _look(screen: RoomScreen, event: asks.Asked) -> None:
    """Enter on what is only selected; on a step that is settled without a run, on to the next."""
    key = _key_of(screen, event)
    if isinstance(event.view, Looking) and event.view.again:
        _next(screen, event)
    elif key is not None:
        open_step(screen, key)
    else:
        screen.checklist.action_open()


def _stop(screen: RoomScreen, event: asks.Asked) -> None:
    assert isinstance(event, asks.StopAsked)
    if isinstance(event.view, Running | Following) and event.view.run.id in screen.conductor.state.runs:
        screen.do(screen.conductor.stop(event.view.run.id, event.how))


def _resolved(screen: RoomScreen, event: asks.Asked) -> None:
    assert isinstance(event, asks.Resolved)
    key = _key_of(screen, event)
    if isinstance(event.view, UnknownOutcome):
        screen.do(screen.conductor.resolve(event.view.run.id, event.outcome, "the person's word"))
    elif isinstance(event.view, ManualStep | MessageStep) and key is not None:
        screen.do(_mark(screen, key, "done", ""))


def _copy(screen: RoomScreen, event: asks.Asked) -> None:
    text = text_to_copy(event.view)

    async def work() -> None:
        screen.say(await saving.copy(screen, text), good=True)

    screen.do(work())


_ANSWERS: dict[type[asks.Asked], Callable[[RoomScreen, asks.Asked], None]] = {
    asks.Confirmed: _confirmed,
    asks.Cancelled: _cancelled,
    asks.OverrideAsked: _override,
    asks.EditAsked: _edit,
    asks.SkipAsked: _skip,
    asks.RetryAsked: _again,
    asks.LookAgain: _again,
    asks.UndoAsked: _undo,
    asks.WayOutAsked: _way_out,
    asks.NextAsked: _next,
    asks.LookAsked: _look,
    asks.CopyAsked: _copy,
    asks.StopAsked: _stop,
    asks.Resolved: _resolved,
}
