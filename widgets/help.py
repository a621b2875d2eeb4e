"""The keys that work, and why the others do not work just now."""

from __future__ import annotations

from textual.content import Content

from runbook.model import Record
from widgets.dialog import ListDialog
from widgets.footer import KeyHint
from widgets.lines import columns, join, wrapped
from widgets.rows import Row, Rows


class ActionInfo(Record, frozen=True):
    """An action of the registry as the help shows it."""

    id: str
    key: str
    words: str
    applies: bool = True
    bound: bool = True
    """Whether it can be done from here: a pane's own keys work in that pane."""
    why_not: str = ""


class Help(ListDialog[str | None]):
    """Dismisses with the id of an action to carry out, or None. `about` is the focused pane's own help."""

    def __init__(self, actions: tuple[ActionInfo, ...], about: str = "", title: str = "Keys") -> None:
        super().__init__(title)
        self.actions = {action.id: action for action in actions}
        self.pane_help = " ".join(about.split())
        self.about.set_classes("dialog--about")

    def fill(self) -> None:
        able = [action for action in self.actions.values() if action.applies]
        unable = [action for action in self.actions.values() if not action.applies]
        rows = [Row(action.id, _Line(action)) for action in able]
        if unable:
            rows += [Row("-", _blank, False), Row("--", _not_now, False)]
            rows += [Row(action.id, _Line(action), False) for action in unable]
        self.show_rows(rows)
        self.on_resize()

    def on_resize(self) -> None:
        super().on_resize()
        width = self.about.content_size.width or 76
        self.say(Content("\n").join(wrapped((self.pane_help, "$foreground-muted"), width)))
        self.about.display = bool(self.pane_help)

    def hints(self) -> tuple[KeyHint, ...]:
        enter = (KeyHint("enter", "do it"),) if self._can_do(self.list.key) else ()
        return (*enter, *self.HINTS)

    def _can_do(self, action: str) -> bool:
        return action in self.actions and self.actions[action].bound

    def on_rows_selected(self, event: Rows.Selected) -> None:
        event.stop()
        self.draw_bottom()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        event.stop()
        if self._can_do(event.key):
            self.dismiss(event.key)


def _blank(_width: int) -> Content:
    return Content("")


def _not_now(_width: int) -> Content:
    return join(("not now", "bold $foreground-muted"))


class _Line:
    def __init__(self, action: ActionInfo) -> None:
        self.action = action

    def __call__(self, width: int) -> Content:
        return draw_action(self.action, width)


def draw_action(action: ActionInfo, width: int) -> Content:
    """A row: key, words, and for one that does not apply the reason."""
    key = join((action.key, "bold $text-accent" if action.applies else "$foreground-muted"))
    words = join((action.words, "" if action.applies else "$foreground-muted"))
    if action.applies or not action.why_not:
        return columns(((key, 14), (words, width - 16)))
    return columns(
        ((key, 14), (words, (width - 18) // 2), (join((action.why_not, "$foreground-muted")), (width - 18) // 2))
    )
