"""Leaving the room: says what goes on without it, and whether the incident does."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from widgets.action_panel import Clock, event_clock
from widgets.compositing import SparingScreen
from widgets.confirm import SETTLE, WHY, Answer, Guarded

if TYPE_CHECKING:
    from runbook.conductor import Conductor


def parting(conductor: Conductor) -> str:
    """The last line, for the terminal: what goes on, and where the incident is found again."""
    running = [run.title for run in conductor.state.unsettled]
    goes_on = f"“{running[0]}” goes on without the room. " if running else ""
    name = conductor.folder.name
    if conductor.state.closed is not None:
        said = f"The incident is closed. Its report: `warroom report {name}`"
    else:
        said = f"The incident stays open: `warroom open --resume {name}` goes on with it"
    return f"{goes_on}{said}. Its record: {conductor.folder}"


LOW = 18


class Leave(ModalScreen[str | None], SparingScreen[str | None]):
    """Answers `leave`, `close` (the incident too), `end` (the drill too), or None to stay."""

    CSS = """
    Leave { align: center middle; }
    Leave > Static { width: 72; max-width: 90%; height: auto; padding: 1 2; background: $panel; }
    Leave.-low > Static { max-width: 100%; padding: 0 1; }
    """
    KEYS: ClassVar[dict[str, str | None]] = {"q": "leave", "y": "leave", "escape": None, "n": None}
    ENDS: ClassVar[dict[str, str]] = {"c": "close", "x": "end"}

    def __init__(
        self,
        running: tuple[str, ...],
        *,
        drill: bool,
        follows: tuple[str, ...] = (),
        still_open: tuple[str, ...] = (),
        may_close: bool = False,
        closed: bool = False,
    ) -> None:
        """`may_close`: it is this room's to close, and nothing hinders it; `closed`: it is closed already."""
        super().__init__()
        self.running, self.follows, self.still_open, self.drill = running, follows, still_open, drill
        self.may_close, self.closed = may_close, closed
        self.guard = Guarded(keys=frozenset({"c"} if may_close else ()) | frozenset({"x"} if drill else ()))
        self.notice = ""
        self.clock: Clock = event_clock

    def compose(self) -> ComposeResult:
        self.words = Static(markup=False)
        yield self.words

    def on_resize(self) -> None:
        """On a low screen the answers come first: no line of it is for the air between them."""
        self.set_class(self.size.height < LOW, "-low")
        self._say()
        self.call_after_refresh(self._painted)

    def _say(self) -> None:
        low = self.has_class("-low")
        self.words.update(Content("\n".join(line for line in self._lines() if line or not low)))

    def _lines(self) -> list[str]:
        lines = ["Leave the room?", ""]
        if self.running:
            lines += [f"“{self.running[0]}” goes on without it; warroom finds it again.", ""]
        elif not self.follows:
            lines += ["Nothing is running.", ""]
        if self.follows:
            lines += [*(f"“{title}” goes on following; x in the log pane would stop it." for title in self.follows), ""]
        if self.still_open:
            lines += [*(f"Still open: {what}" for what in self.still_open), ""]
        if self.drill:
            lines += ["The practice production runs on for 10 minutes unless you end it.", ""]
        lines.append("q    leave" + ("" if self.closed else "; the incident stays open, warroom goes on with it"))
        if self.may_close:
            lines.append("c    leave and close the incident: it is over")
        if self.drill:
            lines.append("x    leave and end the drill")
        return [*lines, "esc  stay", *filter(None, (self.notice,))]

    def on_key(self, event: events.Key) -> None:
        """What ends something takes a look first: a word that begins with q, typed into no field, ends nothing."""
        event.stop()
        self.guard, answer = self.guard.press(event.key, "", self.clock(event))
        if event.key in self.guard.keys:
            self.notice = WHY.get(answer, "")
            self._say()
            if answer is Answer.WAIT:
                self.set_timer(SETTLE + 0.01, self._settle)
        elif event.key in self.KEYS:
            self.dismiss(self.KEYS[event.key])

    def _painted(self) -> None:
        self.guard = self.guard.painted(self.clock(None))

    def _settle(self) -> None:
        self.guard, key = self.guard.settle(self.clock(None))
        if key:
            self.dismiss(self.ENDS[key])
        elif self.guard.waiting:  # the clock is not there yet
            self.set_timer(SETTLE, self._settle)
