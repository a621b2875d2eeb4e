"""What each action does: the dialogs it opens, and the words it then says to the conductor.

Each imports what it shows when it is asked for: the first key must not wait for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui import actions

if TYPE_CHECKING:
    from runbook.model import Contact
    from tui.room_screen import RoomScreen

Key = tuple[str, str]


# ── the room's own keys ───────────────────────────────────────────────────────────────────────────


def add_note(screen: RoomScreen) -> None:
    from widgets.prompt import Prompt

    def take(text: str | None) -> None:
        if text:
            screen.do(screen.conductor.note(text))

    screen.app.push_screen(Prompt("Note for the timeline", enter="add"), take)


_SEVERITY = re.compile(r"(SEV)[ -]?(\d+)\b\W*(.*)|(P)-?(\d)\b\W*(.*)", re.IGNORECASE | re.DOTALL)
_LEAST = 5


def severity_of(text: str) -> tuple[str, str]:
    """The severity at the beginning of what was typed, and the title behind it; either may be empty."""
    found = _SEVERITY.fullmatch(text.strip())
    if found is None:
        return "", text.strip()
    name, number, title = filter(lambda part: part is not None, found.groups())
    return f"{name.upper()}{int(number)}", title.strip()


def _no_severity(text: str) -> str:
    """Why what was typed names a severity that there is not; empty where it does not."""
    severity, _ = severity_of(text)
    number = severity.lstrip("SEVP")
    return f"there is no {severity}: SEV0 to SEV{_LEAST}, or P0 to P{_LEAST}" if number and int(number) > _LEAST else ""


def declare_severity(screen: RoomScreen) -> None:
    from widgets.prompt import Prompt

    state = screen.conductor.state

    def take(text: str | None) -> None:
        if text:
            screen.do(screen.conductor.declare(*severity_of(text)))

    about = (
        f"Now: {state.severity} {state.title}\n"
        f"SEV0 to SEV{_LEAST} (or P0 to P{_LEAST}), the lowest number the worst; words behind it, or alone, are the"
        " incident's title. What is left out stays."
    )
    asked = Prompt("How bad it is, and what it is", about=about, enter="declare", why_not=_no_severity)
    screen.app.push_screen(asked, take)


def decide_to_hold(screen: RoomScreen) -> None:
    """The decision that runs nothing; to roll back is decided by choosing a method."""
    from runbook.providers.provider import Target
    from widgets.picker import Picker
    from widgets.prompt import Prompt

    choices = (
        Target("wait", "for now; the room goes on looking"),
        Target("no-rollback", "it is mended otherwise, or lived with"),
    )

    def ask(decision: str | None) -> None:
        if decision is None:
            return
        waits = decision == "wait"

        def take(reason: str | None) -> None:
            if reason:
                screen.do(screen.conductor.decide("wait" if waits else "no-rollback", reason))

        screen.app.push_screen(Prompt("Why to wait" if waits else "Why there is no rollback", enter="decide"), take)

    chosen = screen.conductor.state.decision
    screen.app.push_screen(Picker("Hold: what is decided?", choices, chosen=chosen, free=False), ask)


def show_timeline(screen: RoomScreen) -> None:
    from runbook.incident.timeline import by_id
    from widgets.timeline import Timeline

    def gone(_: None) -> None:
        screen.timeline = None

    conductor = screen.conductor
    screen.timeline = Timeline(conductor.state.timeline, signals=by_id(conductor.runbook.signals))
    screen.app.push_screen(screen.timeline, gone)


def drive(screen: RoomScreen) -> None:
    async def work() -> None:
        await screen.conductor.drive()
        screen.say("You drive.", good=True)

    screen.do(work())


def show_contacts(screen: RoomScreen) -> None:
    from widgets.contacts import Contacts

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
    from widgets import action_panel, checklist, log_pane, signals_pane
    from widgets.help import ActionInfo, Help

    about = {
        "signals": signals_pane.HELP,
        "logs": log_pane.HELP,
        "runbook": checklist.HELP,
        "action": action_panel.HELP,
    }
    now = screen.situation()
    infos = tuple(
        ActionInfo(
            action.id,
            actions.spoken(action),
            action.words,
            applies=not action.why_not(now),
            bound=action.bound,
            why_not=action.why_not(now),
        )
        for action in actions.ACTIONS
    )

    def take(action: str | None) -> None:
        if action is not None:
            screen.action_act(action)

    screen.app.push_screen(Help(infos, about[screen.current]), take)


def show_triggers(screen: RoomScreen) -> None:
    """Pane 3 with the reasons opened: each is reported by enter."""
    screen.open_phases = screen.open_phases | {"phase:triggers"}
    screen.go("runbook")
    screen.checklist.select("phase:triggers")


def leave(screen: RoomScreen) -> None:
    from tui.leave import Leave

    if screen.room.player is not None:
        screen.do(screen.room.leave())
        return

    state = screen.conductor.state if screen.desk else None
    running = tuple(run.title for run in state.blocking) if state else ()
    follows = tuple(run.title for run in state.follows) if state else ()
    still_open = screen.desk.open_words() if screen.desk else ()

    def take(answer: str | None) -> None:
        if answer:
            screen.do(screen.room.leave(end_drill=answer == "end", close=answer == "close"))

    # whoever only watches does not take the production away from the one who drives
    mine = screen.desk is None or screen.conductor.driving or not screen.conductor.driven
    drill = screen.room.drill is not None and mine
    may_close = state is not None and screen.conductor.driving and not running and state.closed is None
    dialog = Leave(
        running,
        drill=drill,
        follows=follows,
        still_open=still_open,
        may_close=may_close,
        closed=state is not None and state.closed is not None,
    )
    screen.app.push_screen(dialog, take)


def close_incident(screen: RoomScreen) -> None:
    from widgets.prompt import Prompt

    if why := screen.conductor.unsettled():
        screen.say(why)
        return

    async def work(reason: str) -> None:
        await screen.conductor.close_incident(reason)
        screen.say("The incident is closed. R writes its report, q leaves.", good=True)

    def take(reason: str | None) -> None:
        if reason is not None:
            screen.do(work(reason))

    about = "Why it is over; may stay empty. Nothing is stopped, and the record stays."
    screen.app.push_screen(Prompt("Close the incident", about=about, enter="close it", required=False), take)


def palette(screen: RoomScreen) -> None:
    screen.app.action_command_palette()


def compare_methods(screen: RoomScreen) -> None:
    from tui import choosing

    choosing.compare_methods(screen)


def show_document(screen: RoomScreen) -> None:
    from tui import trusting

    trusting.show_document(screen)


def ask_trust(screen: RoomScreen) -> None:
    from tui import trusting

    trusting.ask_trust(screen)


def present(screen: RoomScreen) -> None:
    from tui import presenting

    presenting.present(screen)


def choose_log(screen: RoomScreen) -> None:
    from runbook.providers.provider import Target
    from widgets.picker import Picker

    desk = screen.log_desk
    assert desk is not None
    targets = tuple(Target(name, title, detail=how) for name, title, how in desk.choices())

    def take(name: str | None) -> None:
        if name is not None:
            desk.choose(name)
            screen.go("logs")

    screen.app.push_screen(Picker("Which log?", targets, chosen=desk.shown, free=False), take)


def save_snapshot(screen: RoomScreen) -> None:
    from tui import saving

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
        short = screen.conductor.folder.name.rsplit("-", 1)[-1]
        screen.say(f"The report is written: {path.name}. To read it: warroom report {short}", good=True)

    screen.do(work())


def _replay(what: str, **how: bool) -> Callable[[RoomScreen], None]:
    def act(screen: RoomScreen) -> None:
        from tui import replaying

        getattr(replaying, what)(screen, **how)

    return act


ACTS: dict[str, Callable[[RoomScreen], None]] = {
    "method": compare_methods,
    "hold": decide_to_hold,
    "note": add_note,
    "severity": declare_severity,
    "timeline": show_timeline,
    "document": show_document,
    "trust": ask_trust,
    "drive": drive,
    "contacts": show_contacts,
    "trigger": show_triggers,
    "snapshot": save_snapshot,
    "log.which": choose_log,
    "report": write_report,
    "close": close_incident,
    "presenter": present,
    "replay.pause": _replay("pause"),
    "replay.forth": _replay("step", on=True),
    "replay.back": _replay("step", on=False),
    "replay.faster": _replay("hurry", on=True),
    "replay.slower": _replay("hurry", on=False),
    "replay.seek": _replay("seek"),
    "help": show_help,
    "palette": palette,
    "quit": leave,
}
