"""The app: opens the room behind a first picture, keeps it polling, and leaves in order on every path."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Coroutine, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

# A key must not wait for a frame that log lines have booked; our own repaints stay far below this.
os.environ.setdefault("TEXTUAL_FPS", "250")

from textual import events
from textual.app import ComposeResult, SystemCommand
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.reactive import Reactive
from textual.screen import Screen
from textual.scrollbar import ScrollBarRender
from textual.theme import Theme

from tui import actions
from tui.key_order import KeyOrder
from tui.room_screen import RoomScreen
from tui.skeleton import wiped
from tui.terminal import ENDED_BY_SIGNAL, NoControls, UnhinderedApp, crash_note, leave_on_signals
from tui.themes import BY_NAME, DARK, THEMES
from widgets import words

if TYPE_CHECKING:
    from runbook.conductor import Conductor
    from runbook.drill.drill import Drill
    from runbook.opening import Opening
    from tui.replaying import Player

Progress = Callable[[str], None]
Opener = Callable[["WarRoom"], Coroutine[Any, Any, "tuple[Opening, Conductor]"]]
KEEP_ALIVE = 5.0
FIRST_KEYS = 0.06
"""Seconds for a key that was pressed before there was a picture: what opening imports would hold its answer up."""


class WarRoom(UnhinderedApp, inherit_css=False):
    """One room. Its result is what to say on the terminal after it is gone."""

    # Of the app's own rules only these are for what a room has; the others cost each start 3 ms.
    DEFAULT_CSS = """
    WarRoom { background: $background; color: $foreground; }
    """

    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    TITLE = "warroom"
    CSS = """
    Toast { max-width: 100%; }
    ToastRack { dock: top; align: right top; margin-top: 2; }  /* pane 4 and its keys stay in sight */
    Panes.-low ToastRack { dock: bottom; align: right bottom; margin: 0 0 4 0; }  /* a command begins at the top */
    Picker ToastRack, Contacts ToastRack { dock: bottom; align: right bottom; margin: 0 0 2 0; }  /* so does a list */
    SearchIcon { display: none; }  /* a sign of two cells, which tmux and a terminal may count differently */
    """
    BINDINGS: ClassVar = []
    theme = Reactive(DARK.name)
    """As the default it is there before any style is read; a theme that is set has them all read again."""

    def __init__(self, opener: Opener, *, theme: str = "dark", ascii_only: bool = False, present: bool = False) -> None:
        super().__init__()
        words.use_glyphs(ascii_only)
        if ascii_only:
            ScrollBarRender.VERTICAL_BARS = [" "]
        for known in THEMES.values():
            self.register_theme(known)
        self.theme = THEMES.get(theme, DARK).name
        self._opener = opener
        self.presenting = present
        self.progress: tuple[str, ...] = ()
        self.conductor: Conductor | None = None
        self.drill: Drill | None = None
        self.production_over = ""
        """That the practice production of this incident has ended, for the header: nothing answers any more."""
        self.player: Player | None = None
        """What plays a record back; None in a room of now."""
        self.user = ""
        self.untrusted = ""
        """The source that may not run commands yet; empty when it may."""
        self.asks = False
        """Whether the runbook's commands that only read are run without a confirmation: it is trusted."""
        self.read_only = False
        """Whether the room only watches, also once its runbook is trusted."""
        self.room_screen = RoomScreen()
        self._jobs: set[asyncio.Task[None]] = set()
        self._leaving = False
        self._keys = KeyOrder(self._give, self._way_of_keys)
        # One for all: Textual keeps a filtered line by the filter that made it.
        self._no_controls = NoControls()

    def get_theme(self, theme_name: str) -> Theme | None:
        return BY_NAME.get(theme_name) or super().get_theme(theme_name)

    def compose(self) -> ComposeResult:
        if self._driver is not None and (rows := wiped()):
            self._driver.write(rows)
        return ()

    # ── opening ───────────────────────────────────────────────────────────────────────────────────

    def get_default_screen(self) -> Screen[Any]:
        return self.room_screen

    def on_mount(self) -> None:
        leave_on_signals(self._end_by_signal)
        # The empty room first: what opening it needs is imported while somebody looks at it already.
        self.room_screen.call_after_refresh(lambda: self.set_timer(FIRST_KEYS, lambda: self._keep(self._open())))

    def tell(self, line: str) -> None:
        """How far the opening is; may be called from a thread."""
        self.call_later(self._tell, line)

    def _tell(self, line: str) -> None:
        self.progress = (*self.progress, line)
        if self.conductor is None and self.room_screen.is_mounted:
            self.room_screen.show_progress(self.progress)

    async def _open(self) -> None:
        await asyncio.to_thread(import_module, "runbook.opening")
        from runbook.incident import home
        from runbook.opening import make_ready

        try:
            opening, self.conductor = await self._opener(self)
        except Exception as trouble:  # whatever hinders the opening is said on the terminal, in words
            self.exit(self.in_words(trouble), return_code=2)
            return
        conductor = self.conductor
        self.user = home.user_name()
        self.untrusted = opening.source if opening.untrusted else ""
        self.asks = not opening.untrusted
        self.read_only = opening.read_only
        self.room_screen.furnish(conductor, opening.piped)
        self.room_screen.call_after_refresh(_collect_from_here)
        if self.player is not None:
            from tui import replaying

            replaying.begin(self.room_screen, self.player)
            return
        if self.untrusted:
            self.room_screen.action_act("trust")
        if not self.untrusted:
            self.watch_signals()
        self._keep(self._keep_drill_alive())
        await make_ready(conductor, opening.repository)
        from tui.beforehand import import_beforehand, modules

        await import_beforehand(modules())

    def watch_signals(self) -> None:
        """Begin to poll; not before the runbook is trusted, whose addresses they are."""
        from tui.choosing import look_ahead

        if self.conductor is not None:
            self._keep(self.conductor.outlook.monitor.run())
            self._keep(look_ahead(self.room_screen))

    async def _keep_drill_alive(self) -> None:
        while self.drill is not None and self.drill.running:
            self.drill.keep_alive()
            await asyncio.sleep(KEEP_ALIVE)
        if self.conductor is not None and self.conductor.state.drill:
            self.drill = None
            self.production_over = "The practice production has ended; `warroom drill` makes a new one."

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as fault:  # a job that fails is shown; the room goes on without it
            self.room_screen.say(self.in_words(fault))

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._keys.take(event)
        else:
            await super().on_event(event)

    async def _give(self, event: events.Key | events.Paste) -> None:
        self.room_screen.log_pace.key()
        if self.presenting and isinstance(event, events.Key):
            from tui import presenting

            presenting.name_key(self.room_screen, event)
        await super().on_event(event)

    def _way_of_keys(self) -> list[DOMNode]:
        return (self.focused or self.screen).ancestors_with_self

    # ── leaving ───────────────────────────────────────────────────────────────────────────────────

    async def leave(self, *, end_drill: bool = False, close: bool = False) -> None:
        """Say goodbye in the record, then restore the terminal. Without its production a drill's incident is over."""
        conductor, drill = self.conductor, self.drill if end_drill else None
        over = conductor is not None and conductor.driving and conductor.state.closed is None and (close or drill)
        if conductor is not None and over and not conductor.unsettled():
            await conductor.close_incident("the drill was ended" if drill else "")
        said = await self._goodbye("left")
        if drill is not None:
            await asyncio.to_thread(drill.stop)
            said = f"The drill is ended. {said}"
        self.exit(said)

    async def action_quit(self) -> None:
        """Ctrl+Q, which Textual would obey at once: like `q`, it asks first."""
        if self.screen is self.room_screen:
            self.room_screen.action_act("quit")

    def action_command_palette(self) -> None:
        """Over a dialog nothing of it applies: an empty list would take the dialog's keys."""
        if self.screen is self.room_screen:
            super().action_command_palette()

    def action_help_quit(self) -> None:
        """Ctrl+C: the reflex stops no command here, and says what does."""
        self.room_screen.say("ctrl+c stops nothing here. x interrupts the command that runs; q leaves the room.")

    async def _end_by_signal(self, name: str) -> None:
        self.exit(await self._goodbye(name), return_code=ENDED_BY_SIGNAL)

    async def _goodbye(self, reason: str) -> str:
        if self._leaving or self.conductor is None:
            return ""
        from tui.leave import parting

        self._leaving = True
        for job in tuple(self._jobs):
            job.cancel()
        if self.room_screen.log_desk is not None:
            self.room_screen.log_desk.close()
        conductor = self.conductor
        said = "The replay is over. Nothing of the record was changed." if self.player else parting(conductor)
        try:
            await conductor.leave(reason)
        except Exception as trouble:  # whatever it was: who leaves is not kept in a room that polls no more
            return f"{said}\nThat this room was left could not be recorded. {self.in_words(trouble)}"
        return said

    # ── faults and the terminal ───────────────────────────────────────────────────────────────────

    def in_words(self, trouble: BaseException) -> str:
        """What a person is told of it; only a fault of warroom's own is kept for whoever mends it."""
        from runbook.drill.world import DrillError
        from runbook.incident.journal import JournalTrouble
        from runbook.reading.problems import ReadingError

        if isinstance(trouble, UnicodeDecodeError):
            return "The runbook is not UTF-8 text. Save it as UTF-8 and open it again; nothing was recorded."
        if isinstance(trouble, JournalTrouble | ReadingError | DrillError | OSError):
            return str(trouble)
        return self.keep_fault(trouble)

    def keep_fault(self, fault: BaseException) -> str:
        from runbook.incident import home

        return crash_note(fault, home.home() / "faults")

    def _handle_exception(self, error: Exception) -> None:
        """Textual would print the traceback with its local variables, tokens included."""
        if self.is_headless:  # a test wants the error itself
            super()._handle_exception(error)
            return
        self._exit_renderables.clear()
        self.exit(self.keep_fault(error), return_code=1)
        self._close_messages_no_wait()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), self._no_controls]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette shows what the registry knows and what applies now."""
        if not isinstance(screen, RoomScreen):
            return
        now = screen.situation()
        for action in actions.ACTIONS:
            if action.bound and not action.why_not(now) and action.id != "palette":
                what = action.words[:1].upper() + action.words[1:]
                yield SystemCommand(what, actions.spoken(action), lambda name=action.id: screen.action_act(name))
        for name, theme in THEMES.items():
            yield SystemCommand(f"Theme: {name}", "colours", lambda to=theme.name: setattr(self, "theme", to))


def _collect_from_here() -> None:
    """What the open room consists of stays: a collection that walks through all of it would hold up a key."""
    gc.freeze()
    gc.enable()
