"""What each action does: the dialogs it opens, and the words it then says to the conductor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from runbook.model import Contact
from tui import actions, choosing, presenting, saving, trusting
from tui.leave import Leave
from widgets.contacts import Contacts
from widgets.help import ActionInfo, Help
from widgets.prompt import Prompt
from widgets.timeline import Timeline

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


ACTS: dict[str, Callable[[RoomScreen], None]] = {
    "method": choosing.compare_methods,
    "note": add_note,
    "timeline": show_timeline,
    "document": trusting.show_document,
    "trust": trusting.ask_trust,
    "contacts": show_contacts,
    "trigger": show_triggers,
    "snapshot": save_snapshot,
    "report": write_report,
    "presenter": presenting.present,
    "help": show_help,
    "palette": palette,
    "quit": leave,
}
