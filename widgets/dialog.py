"""The frame of every dialog that is a list: one rule with a title, rows, one line of keys. No box around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from widgets.compositing import SparingScreen, lay_out_anew
from widgets.footer import KeyHint, draw_footer
from widgets.lines import command
from widgets.pane import Heading, Ruled
from widgets.rows import Draw, Row, Rows

Result = TypeVar("Result")


class ListDialog(ModalScreen[Result], SparingScreen[Result]):
    """A modal list. Esc leaves it without a result."""

    DEFAULT_CSS = """
    ListDialog { align: center middle; background: $background; }
    ListDialog > .dialog--frame { width: 90%; max-width: 130; height: 80%; background: $background; padding: 1 0; }
    ListDialog.-narrow > .dialog--frame { width: 100%; height: 100%; padding: 1 0 0 0; }
    ListDialog .dialog--line { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    ListDialog .dialog--about { height: auto; max-height: 8; padding: 0 1; margin: 0 0 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", show=False, id="dialog.leave"),
    ]
    HINTS: ClassVar[tuple[KeyHint, ...]] = (KeyHint("esc", "back"),)

    def __init__(self, title: str, note: str = "", right: str = "") -> None:
        super().__init__()
        self.frame = Ruled(Heading(title, note=note, right=right, focused=True), classes="dialog--frame")
        self.list = Rows()
        self.about = Static(classes="dialog--line", markup=False)
        self.bottom = Static(classes="dialog--line", markup=False)

    def compose(self) -> ComposeResult:
        with self.frame:
            yield self.about
            yield self.list
            yield self.bottom

    def on_mount(self) -> None:
        self.list.focus()
        self.fill()

    def on_resize(self) -> None:
        self.set_class(self.size.width < 100, "-narrow")
        self.call_after_refresh(self.draw_bottom)

    def fill(self) -> None:
        """Sets the rows; each dialog says which."""
        raise NotImplementedError

    def show_rows(self, rows: Sequence[Row], select: str = "") -> None:
        self.list.set_rows(rows, select)
        self.draw_bottom()

    def say(self, text: Content | str) -> None:
        """The line between title and list."""
        self.about.update(text if isinstance(text, Content) else Content(text))
        lay_out_anew(self.about)

    def draw_bottom(self) -> None:
        self.bottom.update(draw_footer(self.hints(), "", self.bottom.content_size.width or 78))

    @property
    def room(self) -> int:
        """Cells of a row; before the first layout at most those of the screen."""
        return (self.list.scrollable_content_region.width or self.app.size.width) - 1

    def hints(self) -> tuple[KeyHint, ...]:
        return self.HINTS

    def action_leave(self) -> None:
        self.dismiss(None)


def whole(line: Content) -> Draw:
    """A row that is the same for every width."""
    return lambda _width: line


def folded(lead: Content, text: str, width: int) -> list[Content]:
    """Text character for character behind a lead, over as many rows as it takes."""
    indent = lead.cell_length
    first, *rest = command(text, width, indent)
    return [lead + first[indent:], *rest]
