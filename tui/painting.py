"""From the room to its widgets: what each is given to show, and what applies now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs
from textual.content import Content

from runbook.signals.judge import NOTHING_YET
from tui import actions, on_desk, picture
from widgets.action_view import ActionView, Confirmation, Following, Nothing, Running, needs_override
from widgets.footer import KeyHint
from widgets.header import NARROW
from widgets.lines import cut
from widgets.outline import runbook_view

if TYPE_CHECKING:
    from runbook.signals.standing import OutcomeStanding
    from tui.room_screen import RoomScreen
    from widgets.outline_view import RunbookView


NOT_ASKED = "not asked before it is trusted"
UNTRUSTED = Nothing(
    "Not trusted yet",
    ("This runbook can be read. None of its commands and addresses is asked before you trust it.",),
    (KeyHint("T", "see what it could run, and trust it"), KeyHint("D", "read it")),
)


def room(screen: RoomScreen) -> None:
    """Everything but the signals and the log, which have a pace of their own."""
    assert screen.desk is not None
    conductor, now = screen.conductor, screen.conductor.clock()
    state, outlook = conductor.state, conductor.outlook
    record = conductor.journal.trouble or conductor.others.trouble or outlook.monitor.trouble
    advice = outlook.advice(state)
    verdict = outlook.verdict(state, now, advice)
    screen.header.show(
        picture.header(
            conductor.runbook,
            state,
            now,
            driving=conductor.driving,
            driven=conductor.driven,
            user=screen.room.user,
            trouble=record or screen.room.production_over,
            presenting=screen.room.presenting,
            replay=screen.room.player is not None,
        )
    )
    screen.verdict.show(picture.verdict_bar(advice, verdict, outlook, state, now))
    view = _outline(screen, verdict.lines)
    one = screen.zoomed or screen.size.width < NARROW
    screen.runbook_pane.label(title=view.title, right="" if one else view.progress)
    screen.checklist.show(view)
    if screen.timeline is not None:
        screen.timeline.show(state.timeline)
    if screen.comparison is not None:
        screen.comparison.show(advice)
    screen.action_pane.label(note=picture.still_open(screen.desk.open_words()))


def _outline(screen: RoomScreen, lines: tuple[OutcomeStanding, ...]) -> RunbookView:
    """Pane 3, made anew where something of it is another one: every second asks."""
    of = screen.conductor.runbook, screen.conductor.state, screen.open_phases, lines
    known = screen.outline
    if known is None or known[0][0] is not of[0] or known[0][1] is not of[1] or known[0][2:] != of[2:]:
        screen.outline = known = of, runbook_view(*of)
    return known[1]


def signals(screen: RoomScreen) -> None:
    conductor = screen.conductor
    view = picture.signals(conductor.outlook, conductor.state, conductor.clock(), screen.span)
    if screen.room.untrusted:
        rows = (structs.replace(row, why=NOT_ASKED) if row.why == NOTHING_YET else row for row in view.rows)
        view = structs.replace(view, rows=tuple(rows))
    screen.signals.show(view)


def action(screen: RoomScreen) -> str:
    """Pane 4, or the lines that stand for it on a narrow screen; returns what is asked of the person."""
    assert screen.desk is not None
    view = on_desk.view(screen.desk, screen.conductor.clock())
    if isinstance(view, Nothing) and screen.room.untrusted:
        view = UNTRUSTED
    if screen.room.player is not None and isinstance(view, Running | Following):
        view = structs.replace(view, live=False)
    watching = not screen.conductor.driving and screen.room.player is None and not screen.room.untrusted
    screen.panel.watch_only(watching)
    screen.panel.show(view)
    if screen.line.display:
        lines = picture.short_action(view, watching=watching).split("\n", allow_blank=True)
        screen.line.update(Content("\n").join(cut(line, max(1, screen.size.width - 2)) for line in lines))
    return "" if watching else asked(view, screen.current)


def asked(view: ActionView, pane: str) -> str:
    """What is asked of the person, in the words of the pane in which the keys arrive."""
    if not isinstance(view, Confirmation) or not view.prepared.may_confirm:
        return ""
    if pane != "action":
        return "4 to confirm"
    if needs_override(view):
        return "a check failed: o or esc"
    return "confirm: type its name, or esc" if view.prepared.typed else "confirm: y or esc"


def situation(screen: RoomScreen) -> actions.Situation:
    """What decides which actions apply now in a room that is open."""
    desk, log_desk = screen.desk, screen.log_desk
    assert desk is not None
    selected = desk.selected
    step = desk.step_of(selected)[1] if selected else None
    return actions.Situation(
        ready=True,
        untrusted=bool(screen.room.untrusted),
        driving=screen.conductor.driving,
        driven=screen.conductor.driven,
        read_only=screen.room.read_only,
        replay=screen.room.player is not None,
        confirming=desk.prepared is not None,
        running=any(run.state == "running" for run in screen.conductor.state.unsettled),
        step=step is not None,
        undo=bool(selected and desk.undo_words(selected)),
        value=step is not None and (bool(desk.params_of(step)) or _may_edit(screen)),
        closed=screen.conductor.state.closed is not None,
        other_log=bool(log_desk and log_desk.source().other),
        follows=bool(log_desk and log_desk.run and log_desk.run.state == "running"),
        pane=screen.current,
    )


def _may_edit(screen: RoomScreen) -> bool:
    """Whether pane 4 offers to edit: a command that failed, also one without a value."""
    return any(hint.key == "e" for hint in screen.panel.hints)
