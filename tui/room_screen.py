"""The one screen: four panes, a header and a footer. It draws the room and turns keys into the conductor's words."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.timer import Timer

from tui import actions
from tui.log_pace import LogPace
from tui.panes import PANES, Panes
from widgets import action_asks as asks
from widgets import log_asks
from widgets.action_view import Looking, Nothing
from widgets.checklist import ChecklistPane
from widgets.compositing import paint_at_once
from widgets.outline_view import OPEN_AT_FIRST
from widgets.signals_pane import SignalsBody
from widgets.signals_view import USUAL_WINDOW, WINDOWS

if TYPE_CHECKING:
    from runbook.conductor import Conductor
    from runbook.incident.state import RoomState
    from runbook.model import Runbook
    from runbook.signals.standing import OutcomeStanding
    from tui.app import WarRoom
    from tui.choosing import Comparison
    from tui.desk import Desk
    from tui.log_desk import LogDesk
    from tui.running_output import RunningOutput
    from widgets.outline_view import RunbookView
    from widgets.timeline import Timeline

    Outlined = tuple[Runbook, RoomState, frozenset[str], tuple[OutcomeStanding, ...]]


class RoomScreen(Panes):
    """The room in its panes: opened, drawn from the fold, told what the person wants."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"act('{action.id}')", action.words, show=False, id=f"{action.id}.{key}")
        for action in actions.ACTIONS
        if action.bound
        for key in action.keys
    ]

    def __init__(self) -> None:
        super().__init__()
        self.desk: Desk | None = None
        self.log_desk: LogDesk | None = None
        self.open_phases = OPEN_AT_FIRST
        self.outline: tuple[Outlined, RunbookView] | None = None
        """What pane 3 was made of last, and what came of it."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._redraw_asked = False
        self._told = ""
        """What went wrong last with what the room does by itself; empty once it went well."""
        self.output: RunningOutput | None = None
        self.log_pace = LogPace(self.show_log, self.set_timer)
        self.timeline: Timeline | None = None
        """The timeline while it is open: what happens meanwhile is added to it."""
        self.comparison: Comparison | None = None
        """The methods while one is chosen: what is advised and how each stands is kept as it is now."""
        self.span = USUAL_WINDOW
        self._asked = ""
        self.key_named = ""
        """The last key and what it does, while presenting."""
        self.key_fades: Timer | None = None

    @property
    def room(self) -> WarRoom:
        return cast("WarRoom", self.app)

    @property
    def conductor(self) -> Conductor:
        assert self.desk is not None
        return self.desk.conductor

    def on_mount(self) -> None:
        self.show_progress(self.room.progress)

    def show_progress(self, lines: tuple[str, ...]) -> None:
        """What is being done before there is a room."""
        self.panel.show(Nothing("Opening the room", lines))
        self.line.update(Content("\n".join(("Opening the room", *lines[-1:]))))

    def furnish(self, conductor: Conductor, piped: int = -1) -> None:
        """The room is open: from now on there is something to show."""
        from tui.desk import Desk
        from tui.lending import lender
        from tui.running_output import RunningOutput

        self.desk = Desk(conductor)
        self.open_logs(piped)
        conductor.on_change = self.ask_redraw
        conductor.lend_terminal = lender(self.room)
        self.output = RunningOutput(self.desk, self.set_interval, self._draw_action)
        self._stand_on_next_step()
        self.set_interval(1.0, self._second)
        self._second()

    def open_logs(self, piped: int = -1) -> None:
        """Open the runbook's logs, in place of those that were open."""
        from runbook.log_feeds import feeds
        from tui.log_desk import LogDesk

        if self.log_desk is not None:
            self.log_desk.close()
        opened = feeds(self.conductor, piped)
        self.log_desk = LogDesk(opened, self.conductor, self._log_moved, lambda: self.room.asks, self.do)
        self.show_log()  # a log that is quiet tells of nothing, and is read all the same

    def _stand_on_next_step(self) -> None:
        """Whoever comes back finds the cursor where the rollback goes on."""
        from runbook.incident.progress import next_step

        assert self.desk is not None
        self.draw()
        state = self.conductor.state
        following = next_step(self.conductor.procedure(state.method), state) if state.method else None
        if following is not None:
            self.checklist.select(f"step:{state.method}:{following.id}")

    # ── drawing ───────────────────────────────────────────────────────────────────────────────────

    def ask_redraw(self) -> None:
        """Draw once for however many changes of this turn."""
        if not self._redraw_asked:
            self._redraw_asked = True
            self.call_later(self.draw)

    def _second(self) -> None:
        if self.desk is None:
            return
        self.do(self.conductor.look(), by_itself=True)
        self._show_signals()
        self.log_pace.tick()
        self.draw()

    def _show_signals(self) -> None:
        from tui import painting

        painting.signals(self)

    def draw(self) -> None:
        self._redraw_asked = False
        if self.desk is None:
            return
        from tui import painting

        painting.room(self)
        if self.log_desk is not None and (self.log_desk.look() or self.log_desk.run):
            self.show_log()
        if self.output is not None:
            self.output.wake()
        self._draw_action()

    def _draw_action(self) -> None:
        from tui import painting

        self._asked = painting.action(self)
        self.draw_footer()

    def draw_footer(self) -> None:
        """The keys that work now, what is asked, and the key that was pressed last where somebody looks on."""
        self.footer.show(
            actions.footer_hints(self.situation()), " · ".join(filter(None, (self.key_named, self._asked)))
        )

    def stand(self) -> None:
        if self.room.presenting:
            from tui import presenting

            presenting.lay_out(self)

    def forget_key(self) -> None:
        self.key_named = ""
        self.draw_footer()

    def situation(self) -> actions.Situation:
        if self.desk is None:  # what draws an open room is not there yet
            return actions.Situation(pane=self.current)
        from tui import painting

        return painting.situation(self)

    def _log_moved(self) -> None:
        read = self.current == "logs"
        if self.log_desk is not None and self.log_desk.view is not None:
            self.log_desk.view.follower.beside = not read
        self.log_pace.moved(read=read)

    def show_log(self) -> None:
        """Pane 2 as it is now."""
        self.log_pace.painted()
        if self.log_desk is not None:
            self.logs.show(self.log_desk.window(self.logs.text.rows_high), self.log_desk.source())
            paint_at_once(self.logs.text)

    # ── doing ─────────────────────────────────────────────────────────────────────────────────────

    def do(self, work: Coroutine[None, None, None], *, by_itself: bool = False) -> None:
        """Carry something out beside the keys; what it refuses is said in words.

        What the room does by itself, again and again, says the same sentence once.
        """
        task = asyncio.get_running_loop().create_task(self._do(work, by_itself))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, work: Coroutine[None, None, None], by_itself: bool) -> None:
        from runbook.conductor import Refused

        told = ""
        try:
            await work
        except Refused as refused:
            told = str(refused)
        except Exception as trouble:  # the last place that can tell the person; the room must go on
            told = self.room.in_words(trouble)
        if told and not (by_itself and told == self._told):
            self.say(told)
        if by_itself:
            self._told = told

    def say(self, text: str, *, good: bool = False) -> None:
        """A sentence for the person, as plain text."""
        from runbook.logs.clean import clean

        self.notify(clean(text), severity="information" if good else "warning", markup=False, timeout=8)

    def action_act(self, name: str) -> None:
        """Every bound key comes through here: the registry says whether it applies, and why not."""
        action = actions.BY_ID[name]
        if why := action.why_not(self.situation()):
            self.say(f"{action.words}: {why}.")
            return
        room, _, rest = name.partition(".")
        if room == "pane" and rest in PANES:
            self.go(rest)
        elif name == "pane.next":
            self.go(PANES[(PANES.index(self.current) + 1) % len(PANES)])
        elif name == "pane.zoom":
            self.zoomed = not self.zoomed
            self.lay_out()
        else:
            from tui import dialogs

            dialogs.ACTS[name](self)

    def on_key(self, event: events.Key) -> None:
        """A key that pane 4 offers is not dead while another pane has the keys: it leads there, and no further."""
        offered = {hint.key for hint in self.panel.hints} - {"enter", "esc"}
        if self.current == "action" or event.key not in offered:
            return
        bound = self.active_bindings.get(event.key)
        if bound is not None and (bound.node is not self or not self._why_not(bound.binding.action)):
            return
        event.stop()
        event.prevent_default()
        self.go("action")
        self.say(f"Pane 4 has the keys now. {event.key} once more does what it says there.", good=True)

    def _why_not(self, bound: str) -> str:
        """Why the action of a key of this screen does not apply now."""
        name = bound.removeprefix("act('").removesuffix("')")
        return actions.BY_ID[name].why_not(self.situation()) if name in actions.BY_ID else ""

    # ── pane 1 ────────────────────────────────────────────────────────────────────────────────────

    def on_signals_body_window_asked(self, event: SignalsBody.WindowAsked) -> None:
        at = WINDOWS.index(self.span) + event.step
        self.span = WINDOWS[min(max(at, 0), len(WINDOWS) - 1)]
        if self.desk is not None:
            self._show_signals()

    def on_signals_body_moment_asked(self, event: SignalsBody.MomentAsked) -> None:
        if self.log_desk is not None:
            self.go("logs")
            self.log_desk.go_to(event.at, self.logs.text.rows_high)

    # ── pane 2 ────────────────────────────────────────────────────────────────────────────────────

    @on(log_asks.Wanted)
    @on(log_asks.SearchAsked)
    @on(log_asks.NextAsked)
    @on(log_asks.FilterAsked)
    @on(log_asks.JumpAsked)
    @on(log_asks.Act)
    @on(log_asks.OtherAsked)
    @on(log_asks.StopAsked)
    def log_asked(self, event: log_asks.Request) -> None:
        if self.log_desk is not None:  # the empty pane asks too, and the record would be imported before the first key
            from tui import log_desk

            log_desk.asked(self, event)

    # ── pane 3 ────────────────────────────────────────────────────────────────────────────────────

    def on_checklist_pane_row_selected(self, event: ChecklistPane.RowSelected) -> None:
        if self.desk is None:
            return
        moved = self.desk.row is None or self.desk.row.key != event.row.key
        following = self.desk.following(self.desk.result) if self.desk.result else None
        by_itself = following is not None and event.row.target == following
        self.desk.row = event.row
        if moved and not by_itself and not self.desk.prepared:
            self.desk.result = self.desk.opened = None
        self._draw_action()

    def on_checklist_pane_phase_toggled(self, event: ChecklistPane.PhaseToggled) -> None:
        self.open_phases = self.open_phases ^ {event.phase}
        self.draw()

    def on_checklist_pane_item_toggled(self, event: ChecklistPane.ItemToggled) -> None:
        if self.desk is not None:
            self.do(self.conductor.tick(event.item, event.text, done=event.done))

    def on_checklist_pane_trigger_toggled(self, event: ChecklistPane.TriggerToggled) -> None:
        trigger = actions.BY_ID["trigger"]
        if why := trigger.why_not(self.situation()):
            self.say(f"{trigger.words}: {why}.")
        elif self.desk is not None:
            active = event.trigger not in self.conductor.state.reported
            self.do(self.conductor.report_trigger(event.trigger, active=active))

    def on_checklist_pane_method_opened(self, event: ChecklistPane.MethodOpened) -> None:
        from tui import choosing

        choosing.choose_method(self, event.method)

    def on_checklist_pane_step_opened(self, event: ChecklistPane.StepOpened) -> None:
        from tui import stepping

        if isinstance(self.panel.view, Looking) and self.panel.view.again:
            self.go("action")  # it names the step that comes next: enter must not open this one behind those words
        else:
            stepping.open_step(self, (event.method, event.step))

    # ── pane 4 ────────────────────────────────────────────────────────────────────────────────────

    @on(asks.Confirmed)
    @on(asks.Cancelled)
    @on(asks.OverrideAsked)
    @on(asks.EditAsked)
    @on(asks.SkipAsked)
    @on(asks.RetryAsked)
    @on(asks.UndoAsked)
    @on(asks.WayOutAsked)
    @on(asks.NextAsked)
    @on(asks.LookAgain)
    @on(asks.LookAsked)
    @on(asks.CopyAsked)
    @on(asks.StopAsked)
    @on(asks.Resolved)
    def pane_asked(self, event: asks.Asked) -> None:
        """Everything that pane 4 asks for."""
        if self.desk is not None:
            from tui import answering

            answering.answer(self, event)
