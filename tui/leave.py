"""Leaving the room: says what goes on without it."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class Leave(ModalScreen[str | None]):
    """Answers `leave`, `end` (the drill too), or None to stay."""

    CSS = """
    Leave { align: center middle; }
    Leave > Static { width: 64; max-width: 90%; height: auto; padding: 1 2; background: $panel; }
    """
    KEYS: ClassVar[dict[str, str | None]] = {"q": "leave", "y": "leave", "x": "end", "escape": None, "n": None}

    def __init__(
        self, running: tuple[str, ...], *, drill: bool, follows: tuple[str, ...] = (), still_open: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self.running, self.follows, self.still_open, self.drill = running, follows, still_open, drill

    def compose(self) -> ComposeResult:
        lines = ["Leave the room?", ""]
        if self.running:
            lines += [f"“{self.running[0]}” goes on without it; warroom finds it again.", ""]
        elif not self.follows:
            lines += ["Nothing is running. The incident stays open; warroom goes on with it.", ""]
        if self.follows:
            lines += [*(f"“{title}” goes on following; x in the log pane would stop it." for title in self.follows), ""]
        if self.still_open:
            lines += [*(f"Still open: {what}" for what in self.still_open), ""]
        if self.drill:
            lines += ["The practice production runs on for 10 minutes unless you end it.", ""]
        lines.append("q  leave" + ("    x  leave and end the drill" if self.drill else "") + "    esc  stay")
        yield Static(Content("\n".join(lines)))

    def on_key(self, event: events.Key) -> None:
        event.stop()
        if event.key in self.KEYS and (event.key != "x" or self.drill):
            self.dismiss(self.KEYS[event.key])
