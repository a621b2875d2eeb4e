"""One line of text: a note, a reason, a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from widgets.compositing import SparingScreen
from widgets.footer import KeyHint, draw_footer
from widgets.pane import Heading, Ruled

LOW = 16
"""Lines below which what the text is for gives way to the field."""


class Prompt(ModalScreen[str | None], SparingScreen[str | None]):
    """Dismisses with the text, stripped, or None. Letters typed before the field has the focus are not lost."""

    DEFAULT_CSS = """
    Prompt { align: center middle; background: $background 80%; }
    Prompt > Ruled { width: 90%; max-width: 100; height: auto; background: $background; padding: 1 0; }
    Prompt Static { height: auto; padding: 0 1; }
    Prompt Input { border: none; height: 1; padding: 0 1; margin: 1 0; background: $foreground 8%; }
    Prompt Input:focus { border: none; }
    Prompt.-low #prompt-about { max-height: 5; }
    Prompt.-low Input { margin: 0; }
    Prompt #prompt-notice { color: $text-warning; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "back", show=False, id="prompt.leave")]

    def __init__(
        self,
        title: str,
        *,
        about: str = "",
        value: str = "",
        enter: str = "save",
        required: bool = True,
        secret: bool = False,
        why_not: Callable[[str], str] = lambda _: "",
    ) -> None:
        """`about` says what the text is for; `required` refuses an empty one, `why_not` what it has a reason for."""
        super().__init__()
        self.frame = Ruled(Heading(title, focused=True))
        self.about = about
        self.enter = enter
        self.required = required
        self.why_not = why_not
        self.field = Input(value=value, password=secret, select_on_focus=False)
        self.field.cursor_blink = False
        self._early = len(value)
        self.notice = Static(id="prompt-notice", markup=False)

    def compose(self) -> ComposeResult:
        with self.frame:
            yield Static(Content(self.about), id="prompt-about", markup=False)
            yield self.field
            yield self.notice
            keys = (KeyHint("enter", self.enter), KeyHint("esc", "back"))
            yield Static(draw_footer(keys, "", 60), markup=False)

    def on_resize(self) -> None:
        self.set_class(self.size.height < LOW, "-low")

    def on_mount(self) -> None:
        self.field.cursor_position = len(self.field.value)
        self.field.focus()

    def on_key(self, event: events.Key) -> None:
        """Takes what was sent here before the field had the focus; the field keeps its own letters to itself."""
        if event.character and event.is_printable:
            event.stop()
            self._insert_early(event.character)
        elif event.key == "backspace" and self.focused is not self.field:
            event.stop()
            self.field.action_delete_left()
        elif event.key == "enter":
            event.stop()
            self._submit()

    def _insert_early(self, character: str) -> None:
        """An early letter goes before those that the field may have got meanwhile."""
        cursor = self.field.cursor_position
        self.field.insert(character, min(self._early, len(self.field.value)))
        self.field.cursor_position = cursor + 1
        self._early += 1

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._submit()

    def _submit(self) -> None:
        text = self.field.value.strip()
        if not text and self.required:
            self.notice.update(Content("a few words are needed: they stand in the record"))
            return
        if why := self.why_not(text):
            self.notice.update(Content(why))
            return
        self.dismiss(text)

    def action_leave(self) -> None:
        self.dismiss(None)
