"""What each action does: the dialogs it opens, and the words it then says to the conductor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from runbook.model import Contact, Method, Where
from tui import actions, saving, trusting
from tui.leave import Leave
from widgets.chooser import Chooser, MethodCard
from widgets.contacts import Contacts
from widgets.help import ActionInfo, Help
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
    state = screen.conductor.state if screen.desk else None
    running = tuple(run.title for run in state.blocking) if state else ()
    follows = tuple(run.title for run in state.follows) if state else ()
    still_open = screen.desk.open_words() if screen.desk else ()

    def take(answer: str | None) -> None:
        if answer:
            screen.do(screen.room.leave(end_drill=answer == "end"))

    drill = screen.room.drill is not None
    screen.app.push_screen(Leave(running, drill=drill, follows=follows, still_open=still_open), take)


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
    found = await carrier.look(method.requires, method, "", screen.conductor.known_values())
    missing = next((check for check in found if check.stops and check.ok is not True), None)
    if missing is not None:
        return f"{missing.title}: {missing.found}", missing.mend
    return (carrier.no_clean_room if method.where is Where.CLEAN_ROOM else ""), ""


def choose_method(screen: RoomScreen, method: str) -> None:
    async def work() -> None:
        conductor = screen.conductor
        advice = conductor.outlook.advice(conductor.state)
        await conductor.choose_method(method, advice.text if advice.level != "none" else "")
        if screen.desk is not None:
            screen.desk.close()  # a confirmation of the other method must not stand beside this one's steps
        first = next(iter(conductor.procedure(method).steps), None)
        screen.open_phases = screen.open_phases | {"phase:method"}
        screen.draw()
        screen.go("runbook")
        if first is not None:
            screen.checklist.select(f"step:{method}:{first.id}")

    screen.do(work())


ACTS: dict[str, Callable[[RoomScreen], None]] = {
    "method": compare_methods,
    "note": add_note,
    "timeline": show_timeline,
    "document": trusting.show_document,
    "trust": trusting.ask_trust,
    "contacts": show_contacts,
    "trigger": show_triggers,
    "snapshot": save_snapshot,
    "report": write_report,
    "presenter": present,
    "help": show_help,
    "palette": palette,
    "quit": leave,
}
