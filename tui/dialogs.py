"""What each action does: the dialogs it opens, and the words it then says to the conductor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from runbook.conductor import Refused
from runbook.model import Contact, Method, Where
from runbook.providers.provider import Target, Unavailable
from tui import actions, saving
from tui.leave import Leave
from widgets import action_asks as asks
from widgets.action_view import Confirmation, Finished, ManualStep, MessageStep, UnknownOutcome, WaitingFor
from widgets.chooser import Chooser, MethodCard
from widgets.contacts import Contacts
from widgets.help import ActionInfo, Help
from widgets.picker import Picker
from widgets.prompt import Prompt
from widgets.timeline import Timeline
from widgets.words import glyph

if TYPE_CHECKING:
    from tui.room_screen import RoomScreen

Key = tuple[str, str]


# ── the room's own keys ───────────────────────────────────────────────────────────────────────────


def add_note(screen: RoomScreen) -> None:
    def take(text: str | None) -> None:
        if text:
            screen.do(screen.conductor.note(text))

    screen.app.push_screen(Prompt("Note for the timeline", enter="add"), take)


def show_timeline(screen: RoomScreen) -> None:
    screen.app.push_screen(Timeline(screen.conductor.state.timeline))


def show_contacts(screen: RoomScreen) -> None:
    conductor = screen.conductor
    failed = conductor.state.verdict is not None and conductor.state.verdict.verdict == "failed"
    levels = list(dict.fromkeys(contact.level for contact in conductor.runbook.contacts))
    reached = {entry.split(": ")[0] for entry in conductor.state.called}
    suggest = next((level for level in levels if level not in reached), "") if failed else ""
    dialog = Contacts(
        conductor.runbook.contacts, conductor.state.called, suggest=suggest, hidden=screen.room.presenting
    )

    def take(contact: Contact | None) -> None:
        if contact is not None:
            screen.do(conductor.called(contact.level, contact.who))

    screen.app.push_screen(dialog, take)


def show_help(screen: RoomScreen) -> None:
    now = screen.situation()
    infos = tuple(
        ActionInfo(action.id, actions.spoken(action), action.words, not action.why_not(now), action.why_not(now))
        for action in actions.ACTIONS
    )
    screen.app.push_screen(Help(infos))


def show_triggers(screen: RoomScreen) -> None:
    """Pane 3 with the reasons opened: each is reported by enter."""
    screen.open_phases = screen.open_phases | {"phase:triggers"}
    screen.go("runbook")
    screen.checklist.select("phase:triggers")


def present(screen: RoomScreen) -> None:
    screen.room.presenting = not screen.room.presenting
    screen.draw()


def leave(screen: RoomScreen) -> None:
    running = tuple(run.title for run in screen.conductor.state.unsettled) if screen.desk else ()

    def take(answer: str | None) -> None:
        if answer:
            screen.do(screen.room.leave(end_drill=answer == "end"))

    screen.app.push_screen(Leave(running, drill=screen.room.drill is not None), take)


def palette(screen: RoomScreen) -> None:
    screen.app.action_command_palette()


def save_snapshot(screen: RoomScreen) -> None:
    async def work() -> None:
        files = await saving.snapshot(screen)
        saved = await screen.conductor.save(files, "")
        screen.say(
            f"Saved {len(saved)} files in {screen.conductor.folder / saved[0].path}".rsplit("/", 1)[0], good=True
        )

    screen.do(work())


def write_report(screen: RoomScreen) -> None:
    async def work() -> None:
        path = await screen.conductor.write_report()
        screen.say(f"The report is written: {path}", good=True)

    screen.do(work())


# ── choosing a method ─────────────────────────────────────────────────────────────────────────────


def compare_methods(screen: RoomScreen) -> None:
    async def work() -> None:
        cards = await _cards(screen)
        advice = screen.conductor.outlook.advice(screen.conductor.state).text
        screen.app.push_screen(Chooser(cards, advice), take)

    def take(method: str | None) -> None:
        if method:
            choose_method(screen, method)

    screen.do(work())


async def _cards(screen: RoomScreen) -> tuple[MethodCard, ...]:
    conductor = screen.conductor
    methods = conductor.runbook.methods
    advice = conductor.outlook.advice(conductor.state)
    ready = await asyncio.gather(*(_readiness(screen, method) for method in methods))
    able = [method.id for method, (why, _) in zip(methods, ready, strict=True) if not why]
    best = next((name for name in (*advice.methods, *able) if name in able), "")
    reason = advice.text.split(f" {glyph('arrow')} ")[0] if advice.methods else "the runbook's first choice"
    return tuple(
        MethodCard(
            id=method.id,
            label=method.label,
            title=method.title,
            estimate=method.estimate,
            risk=method.risk,
            data_loss=method.data_loss,
            ready=not why,
            ready_text=why or "ready",
            mend=mend,
            recommended=method.id == best,
            reason=reason if method.id == best else "",
            use_when=method.use_when,
            avoid_when=method.avoid_when,
            steps=len(method.steps),
            standing="chosen" if method.id == conductor.state.method else "",
        )
        for method, (why, mend) in zip(methods, ready, strict=True)
    )


async def _readiness(screen: RoomScreen, method: Method) -> tuple[str, str]:
    """Why a method cannot be carried out here, and the mend; both empty when it can."""
    carrier = screen.conductor.carrier
    found = await carrier.look(method.requires, method)
    missing = next((check for check in found if check.stops and check.ok is not True), None)
    if missing is not None:
        return f"{missing.title}: {missing.found}", missing.mend
    return (carrier.no_clean_room if method.where is Where.CLEAN_ROOM else ""), ""


def choose_method(screen: RoomScreen, method: str) -> None:
    async def work() -> None:
        conductor = screen.conductor
        advice = conductor.outlook.advice(conductor.state)
        await conductor.choose_method(method, advice.text if advice.level != "none" else "")
        first = next(iter(conductor.procedure(method).steps), None)
        screen.open_phases = screen.open_phases | {"phase:method"}
        screen.draw()
        screen.go("runbook")
        if first is not None:
            screen.checklist.select(f"step:{method}:{first.id}")

    screen.do(work())


# ── one step ──────────────────────────────────────────────────────────────────────────────────────


def open_step(screen: RoomScreen, key: Key, *, again: bool = False) -> None:
    """Enter on a step: its confirmation, its watch, or its words. Nothing runs."""
    desk, conductor = screen.desk, screen.conductor
    assert desk is not None
    if conductor.state.unsettled or conductor.carrying:
        screen.go("action")
        return
    _, step, _ = desk.step_of(key)
    at = conductor.state.step(*key)
    desk.close()
    if step.kind == "wait_for":
        desk.opened = key
        screen.do(conductor.wait_for(*key))
    elif step.kind in ("manual", "message"):
        desk.opened = key
    elif at.mark == "done" and not again:
        desk.result = key
    else:
        screen.do(_prepare(screen, key, again=again))
    screen.go("action")
    screen.draw()


async def _prepare(screen: RoomScreen, key: Key, *, again: bool = False, undo: bool = False) -> None:
    """Ask for missing values, then show the confirmation."""
    desk, conductor = screen.desk, screen.conductor
    assert desk is not None
    desk.preparing = key
    desk.prepared = None
    screen.draw()
    try:
        prepared = await (conductor.prepare_undo(*key) if undo else conductor.prepare(*key, again=again))
    finally:
        desk.preparing = None
    desk.prepared, desk.undo = prepared, undo
    screen.draw()
    unset = [name for name in prepared.missing if conductor.runbook.param(name)]
    if unset:
        ask_value(screen, key, unset[0], again=again)


def ask_value(screen: RoomScreen, key: Key, name: str, *, again: bool = False) -> None:
    """The picker of a value; a value that is refused says why."""
    conductor = screen.conductor
    param = conductor.runbook.param(name)
    assert param is not None

    async def work() -> None:
        targets: tuple[Target, ...] = ()
        trouble = ""
        for provider in conductor.carrier.providers:
            try:
                targets += await provider.targets(param.kind, param.on)
            except Unavailable as silent:
                trouble = str(silent)
        known = conductor.known_values().get(name, "")
        picker = Picker(param.label or name, targets, now=conductor.clock(), chosen=known, trouble=trouble)
        screen.app.push_screen(picker, lambda value: screen.do(take(value, targets)) if value else None)

    async def take(value: str, targets: tuple[Target, ...]) -> None:
        picked = next((target for target in targets if target.value == value), None)
        await conductor.set_value(name, value, "picked" if picked else "typed", picked.title if picked else "")
        await _prepare(screen, key, again=again)

    screen.do(work())


def answer(screen: RoomScreen, event: asks.Asked) -> None:
    """What pane 4 asks for, by the kind of message and by what it was showing."""
    handler = _ANSWERS.get(type(event))
    if handler is not None:
        handler(screen, event)


def _key_of(screen: RoomScreen, event: asks.Asked) -> Key | None:
    desk, view = screen.desk, event.view
    assert desk is not None
    if isinstance(view, Confirmation):
        return view.prepared.method, view.prepared.step.id
    if isinstance(view, Finished | UnknownOutcome):
        return view.run.method, view.run.step
    if isinstance(view, WaitingFor) and screen.conductor.waiting:
        return screen.conductor.waiting[:2]
    return desk.opened or desk.selected


def _confirmed(screen: RoomScreen, event: asks.Asked) -> None:
    assert isinstance(event, asks.Confirmed)
    desk, conductor = screen.desk, screen.conductor
    assert desk is not None
    prepared, overrides, undo = event.prepared, desk.overrides, desk.undo

    async def work() -> None:
        try:
            await conductor.confirm(prepared, typed=event.typed, overrides=overrides, undo=undo)
        except Refused:
            desk.close()
            raise
        desk.close()
        desk.result = (prepared.method, prepared.step.id)
        desk.tail = ()
        desk.silent_since = conductor.clock()
        screen.draw()

    screen.do(work())


def _cancelled(screen: RoomScreen, _event: asks.Asked) -> None:
    assert screen.desk is not None
    screen.desk.close()
    screen.go("runbook")


def _override(screen: RoomScreen, event: asks.Asked) -> None:
    assert isinstance(event.view, Confirmation)
    failed = ", ".join(check.title for check in event.view.prepared.failed_checks)

    def take(reason: str | None) -> None:
        if reason and screen.desk is not None:
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
    if isinstance(event.view, Finished):
        _edit_command(screen, key, event.view.run.commands[0])
    elif params := screen.desk.params_of(step):
        unset = [name for name in params if name not in screen.conductor.state.values]
        ask_value(screen, key, (unset or list(params))[0])


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
        await _prepare(screen, key)

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

    def take(reason: str | None) -> None:
        if reason:
            screen.do(_mark(screen, key, "skipped", reason))

    screen.app.push_screen(Prompt("Why this step is skipped"), take)


async def _mark(screen: RoomScreen, key: Key, mark: str, reason: str) -> None:
    assert screen.desk is not None
    screen.conductor.stop_waiting()
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
    if isinstance(event.view, UnknownOutcome):
        screen.do(_not_done_then_again(screen, event.view, key))
    else:
        screen.do(_prepare(screen, key, again=isinstance(event.view, Finished) and event.view.run.state == "done"))


async def _not_done_then_again(screen: RoomScreen, view: UnknownOutcome, key: Key) -> None:
    await screen.conductor.resolve(view.run.id, "not-done", "the person looks at it again")
    await _prepare(screen, key)


def _undo(screen: RoomScreen, event: asks.Asked) -> None:
    if key := _key_of(screen, event):
        screen.do(_prepare(screen, key, undo=True))


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
    """Enter on what is only selected."""
    if (key := _key_of(screen, event)) is not None:
        open_step(screen, key)
    else:
        screen.checklist.action_open()


def _stop(screen: RoomScreen, event: asks.Asked) -> None:
    assert isinstance(event, asks.StopAsked)
    run = next((run for run in screen.conductor.state.unsettled if run.state == "running"), None)
    if run is not None:
        screen.do(screen.conductor.stop(run.id, event.how))


def _resolved(screen: RoomScreen, event: asks.Asked) -> None:
    assert isinstance(event, asks.Resolved)
    key = _key_of(screen, event)
    if isinstance(event.view, UnknownOutcome):
        screen.do(screen.conductor.resolve(event.view.run.id, event.outcome, "the person's word"))
    elif isinstance(event.view, ManualStep | MessageStep) and key is not None:
        screen.do(_mark(screen, key, "done", ""))


def _copy(screen: RoomScreen, event: asks.Asked) -> None:
    assert isinstance(event.view, MessageStep)
    text = event.view.text

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
    asks.NextAsked: _next,
    asks.LookAsked: _look,
    asks.CopyAsked: _copy,
    asks.StopAsked: _stop,
    asks.Resolved: _resolved,
}

ACTS: dict[str, Callable[[RoomScreen], None]] = {
    "method": compare_methods,
    "note": add_note,
    "timeline": show_timeline,
    "contacts": show_contacts,
    "trigger": show_triggers,
    "snapshot": save_snapshot,
    "report": write_report,
    "presenter": present,
    "help": show_help,
    "palette": palette,
    "quit": leave,
}
