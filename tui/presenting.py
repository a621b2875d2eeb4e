"""Presenter mode, for a shared screen: the column that is worked in is the wider one, and each key that is pressed
is named at the foot. (Secrets are masked everywhere, always; numbers to call are hidden while presenting.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

from tui import actions

if TYPE_CHECKING:
    from tui.room_screen import RoomScreen

KEPT = 4.0
"""Seconds for which a key stays named."""
_HERE = {
    **dict.fromkeys(("up", "down", "j", "k", "g", "G", "pageup", "pagedown"), "move"),
    "escape": "back",
}
"""What keys do in any pane that are no actions of the room."""
_IN_RUNBOOK = {"enter": "open", "space": "tick"}


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
    if _is_typed(screen):
        screen.key_named = ""
        return
    screen.key_named = f"{event.character if event.is_printable else event.key}  {_does(screen, event)}".strip()
    screen.draw_footer()
    if screen.key_fades is not None:
        screen.key_fades.stop()
    screen.key_fades = screen.set_timer(KEPT, screen.forget_key)


def _is_typed(screen: RoomScreen) -> bool:
    """Whether keys go into a text, or to a dialog that has keys of its own."""
    if screen.app.screen is not screen:
        return True
    if screen.current == "action":
        return bool(screen.panel.guard.name)
    return screen.current == "logs" and screen.logs.text.asking is not None


def _does(screen: RoomScreen, event: events.Key) -> str:
    """What a key does where it was pressed: the pane's own keys come before those of the room."""
    if screen.current == "action":
        key = "esc" if event.key == "escape" else event.key
        if words := next((hint.words for hint in screen.panel.hints if hint.key == key), ""):
            return words
    now = screen.situation()
    pressed = [one for one in actions.ACTIONS if event.key in one.keys or event.character in one.keys]
    own = [one for one in pressed if one.group == screen.current]
    rooms = [one for one in pressed if one.bound]
    action = next((one for one in own + rooms if not one.why_not(now)), None)
    if action:
        return action.short or action.words
    return (_HERE | (_IN_RUNBOOK if screen.current == "runbook" else {})).get(event.key, "")
