"""The room's four panes between a header and a footer: what is where, what is shown, and where the keys go."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import Reactive
from textual.widget import Widget
from textual.widgets import Static

from widgets.action_panel import ActionPanel
from widgets.checklist import ChecklistPane
from widgets.compositing import SparingScreen
from widgets.footer import KeyFooter
from widgets.header import NARROW, Header
from widgets.log_pane import LogPane
from widgets.pane import Pane, pane_tabs
from widgets.signals_pane import SignalsPane
from widgets.verdict_bar import VerdictBar
from widgets.words import in_ascii

PANES = ("signals", "logs", "runbook", "action")
LOW = 22
"""Lines below which pane 4 gives way: its last lines, the keys that it takes, would lie under the footer."""


class Panes(SparingScreen[None]):
    """Wide: two columns. Below 110 columns: one pane at a time, the header and the next key always there."""

    DEFAULT_CSS = """
    Panes { layout: vertical; }
    #room { height: 1fr; }
    #left, #right { width: 1fr; }
    #left { padding-right: 1; }
    #pane-signals { height: 3fr; }
    #pane-logs { height: 2fr; }
    #pane-runbook { height: 1fr; }
    #pane-action { height: 1fr; min-height: 15; }
    Panes.-low #pane-action { min-height: 0; }
    #action-line { height: 3; padding: 0 1; display: none; text-wrap: nowrap; border-top: solid $foreground 25%; }
    Panes.-ascii #action-line { border-top: ascii $foreground 25%; }
    Panes.-present-left #left, Panes.-present-right #right { width: 5fr; }
    Panes.-present-left #right, Panes.-present-right #left { width: 3fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "unzoom", "back", show=False, id="pane.unzoom")]
    AUTO_FOCUS = ""

    # Textual paints the whole screen anew whenever the focus moves; the two widgets concerned do that themselves.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._settled = False
        self.current = "runbook"
        self.zoomed = False

    def compose(self) -> ComposeResult:
        self.header = Header()
        self.verdict = VerdictBar()
        self.signals = SignalsPane(id="pane-signals")
        self.logs = LogPane(id="pane-logs")
        self.checklist = ChecklistPane()
        self.runbook_pane = Pane("3", "Runbook", self.checklist, id="pane-runbook")
        self.panel = ActionPanel()
        self.action_pane = Pane("4", "Action", self.panel, id="pane-action")
        self.line = Static(id="action-line", markup=False)
        self.footer = KeyFooter()
        self.left, self.right = Vertical(id="left"), Vertical(id="right")
        yield self.header
        yield self.verdict
        with Horizontal(id="room"):
            with self.left:
                yield self.signals
                yield self.logs
            with self.right:
                yield self.runbook_pane
                yield self.action_pane
        yield self.line
        yield self.footer

    def on_mount(self) -> None:
        self.set_class(in_ascii(), "-ascii")
        self.checklist.focus()
        self.lay_out()
        self.call_after_refresh(self._appear)

    def _appear(self) -> None:
        self._settled = True
        self.refresh()

    def _compositor_refresh(self) -> None:
        """Textual paints before the widgets know their sizes, and again for what each then changes: once is enough."""
        if self._settled:
            super()._compositor_refresh()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Textual leaves the focus where it was, and tells nobody that it is back."""
        self.panel.seen_again()

    def on_resize(self, _event: events.Resize) -> None:
        self.lay_out()

    def lay_out(self) -> None:
        """Shows the panes that there is room for."""
        narrow = self.size.width < NARROW
        one = narrow or self.zoomed
        self.set_class(narrow, "-narrow")
        self.set_class(one or self.size.height < LOW, "-low")
        panes = (self.signals, self.logs, self.runbook_pane, self.action_pane)
        for name, pane in zip(PANES, panes, strict=True):
            pane.display = not one or name == self.current
        self.left.display = not one or self.current in ("signals", "logs")
        self.right.display = not one or self.current in ("runbook", "action")
        self.line.display = narrow and self.current != "action"
        tabs = pane_tabs(PANES.index(self.current) + 1) if one else ""
        for pane in panes:
            pane.label(tabs=tabs)
        self.draw()

    def go(self, name: str) -> None:
        """Focus a pane; on a narrow screen show it."""
        self.current = name
        self.lay_out()
        bodies: dict[str, Widget] = {
            "signals": self.signals.body,
            "logs": self.logs.text,
            "runbook": self.checklist,
            "action": self.panel,
        }
        self.set_focus(bodies[name])  # at once: the next key may be in the queue already

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        for pane in event.widget.ancestors_with_self:
            if pane.id and pane.id.startswith("pane-"):
                self.current = pane.id.removeprefix("pane-")
        self.stand()

    def action_unzoom(self) -> None:
        if self.zoomed:
            self.zoomed = False
            self.lay_out()
        elif self.current == "action":
            self.go("runbook")

    def draw(self) -> None:
        """Fills the panes."""
        raise NotImplementedError

    def stand(self) -> None:
        """Another pane is the current one."""
        raise NotImplementedError
