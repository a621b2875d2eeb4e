"""Presenter mode, for a shared screen: the column that is worked in is the wider one, and each key that is pressed
is named at the foot. (Secrets are masked everywhere, always; numbers to call are hidden while presenting.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.widgets import Input

from tui import actions

if TYPE_CHECKING:
    from tui.room_screen import RoomScreen

KEPT = 4.0
"""Seconds for which a key stays named."""
_HERE = {
    **dict.fromkeys(("up", "down", "j", "k", "g", "G", "pageup", "pagedown"), "move"),
    **{"enter": "open", "y": "run it", "escape": "back", "space": "tick"},
}
"""What keys do that belong to one pane and are no actions of the room."""


def present(screen: RoomScreen) -> None:
    """Begin or end presenting."""
    screen.room.presenting = not screen.room.presenting
    screen.key_named = ""
    lay_out(screen)
    screen.draw()


def lay_out(screen: RoomScreen) -> None:
    """Widen the column of the focused pane while presenting."""
    left = screen.current in ("signals", "logs")
    screen.set_class(screen.room.presenting and left, "-present-left")
    screen.set_class(screen.room.presenting and not left, "-present-right")


def name_key(screen: RoomScreen, event: events.Key) -> None:
    """Say at the foot which key was pressed and what it stands for; what is typed into a field is nobody's business."""
    if isinstance(screen.app.focused, Input):
        screen.key_named = ""
        return
    action = next((one for one in actions.ACTIONS if event.key in one.keys or event.character in one.keys), None)
    words = (action.short or action.words) if action else _HERE.get(event.key, "")
    screen.key_named = f"{event.character if event.is_printable else event.key}  {words}".strip()
    screen.draw_footer()
    if screen.key_fades is not None:
        screen.key_fades.stop()
    screen.key_fades = screen.set_timer(KEPT, screen.forget_key)
