"""Pane 3: the runbook's outline with a cursor. Enter opens a step's confirmation or ticks a box; it runs nothing."""

from __future__ import annotations

from typing import ClassVar

from msgspec import structs
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from runbook.model import Record
from widgets.lines import columns, cut, join, spread, wrapped
from widgets.outline_view import OutlineRow, RunbookView, Tone
from widgets.rows import Row, Rows
from widgets.words import glyph

HELP = """The runbook as one outline. Enter on a step opens its confirmation in pane 4, on a box ticks it,
on a heading opens or closes it. The next step is selected when one is done, and waits for you."""

TONE_STYLE: dict[Tone, str] = {
    "plain": "",
    "muted": "$foreground-muted",
    "good": "$text-success",
    "bad": "$text-error",
    "warn": "$text-warning",
    "live": "$text-accent",
}


class ChecklistPane(Rows):
    """The outline. `show` again whenever runbook or state changed; the selection stays by key."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "open", "tick", show=False, id="checklist.tick")]

    class StepOpened(Message):
        """The person wants to look at a step; nothing has been confirmed."""

        def __init__(self, method: str, step: str) -> None:
            super().__init__()
            self.method, self.step = method, step

    class ItemToggled(Message):
        """A box of a checklist, an outcome or a follow-up: `done` is what it shall be."""

        def __init__(self, item: str, text: str, done: bool) -> None:
            super().__init__()
            self.item, self.text, self.done = item, text, done

    class TriggerToggled(Message):
        """A person reports a trigger, or takes the report back."""

        def __init__(self, trigger: str, text: str) -> None:
            super().__init__()
            self.trigger, self.text = trigger, text

    class PhaseToggled(Message):
        """A heading is to be opened or closed."""

        def __init__(self, phase: str) -> None:
            super().__init__()
            self.phase = phase

    class MethodOpened(Message):
        """A method in the list of methods, none being chosen yet."""

        def __init__(self, method: str) -> None:
            super().__init__()
            self.method = method

    class RowSelected(Message):
        """The cursor stands on this row."""

        def __init__(self, row: OutlineRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view = RunbookView(rows=())
        self._by_key: dict[str, OutlineRow] = {}

    @property
    def selected(self) -> OutlineRow | None:
        return self._by_key.get(self.key)

    def show(self, view: RunbookView, select: str = "") -> None:
        """Draws the outline; `select` moves the cursor to a row by key."""
        if view == self._view and not select:
            return  # every second asks; nearly never is anything different
        before = self.selected
        self._view = view
        self._by_key = {row.key: row for row in view.rows}
        if not select and before is not None:
            select = _after(before, view.rows)
        self.set_rows(self._lines(), select)

    def on_resize(self) -> None:
        self.set_rows(self._lines())
        super().on_resize()

    def _lines(self) -> list[Row]:
        """A row each; a warning, which nothing else tells, over as many as it takes."""
        room = self.scrollable_content_region.width - 2
        lines: list[Row] = []
        for row in self._view.rows:
            note = row.kind == "note" and row.depth > 0 and room > 0
            first, *more = wrapped(row.text, room - DEEP) if note else [Content(row.text)]
            shown = structs.replace(row, text=first.plain) if more else row
            lines.append(Row(row.key, _Line(shown), row.selectable))
            lines += [Row(f"{row.key}+{n}", _Line(_behind(row, part.plain)), False) for n, part in enumerate(more)]
        return lines

    def on_rows_selected(self, event: Rows.Selected) -> None:
        event.stop()
        row = self._by_key.get(event.key)
        if row is not None and event.key == self.key:
            self.post_message(self.RowSelected(row))

    def on_rows_opened(self, event: Rows.Opened) -> None:
        event.stop()
        row = self._by_key.get(event.key)
        if row is None:
            return
        match row.kind:
            case "phase":
                self.post_message(self.PhaseToggled(row.target[0]))
            case "method":
                self.post_message(self.MethodOpened(row.target[0]))
            case "step":
                self.post_message(self.StepOpened(row.target[0], row.target[1]))
            case "trigger":
                self.post_message(self.TriggerToggled(row.target[0], row.text))
            case "item" | "outcome":
                self.post_message(self.ItemToggled(row.target[0], row.text, not row.settled))


def _after(before: OutlineRow, rows: tuple[OutlineRow, ...]) -> str:
    """The row to stand on once the selected step is settled: the next one behind it left to do, or to do anew; else
    no other."""
    now = next((at for at, row in enumerate(rows) if row.key == before.key), None)
    if before.kind != "step" or before.settled or now is None or not rows[now].settled:
        return ""
    behind_first = (*rows[now + 1 :], *rows[:now])
    return next((row.key for row in behind_first if (row.left or row.next) and row.target[0] == before.target[0]), "")


DEEP = 4
"""Cells before the words of a row."""


def _behind(row: OutlineRow, text: str) -> OutlineRow:
    return structs.replace(row, text=text, sign=" ", right="")


class _Line(Record, frozen=True):
    """Draws a row; equal rows draw alike."""

    row: OutlineRow

    def __call__(self, width: int) -> Content:
        return draw_row(self.row, width)


RIGHT = 22
"""The right-hand column has one width, so that nothing moves when a step is done."""
NARROWER = len("DESTROYS production")


def draw_row(row: OutlineRow, width: int) -> Content:
    """A row's line: sign, text and the right-hand column for this width."""
    right = join((row.right, TONE_STYLE[row.right_tone]))
    if row.depth == 0:
        head = join((f"{row.sign} ", "$foreground-muted"), (row.text, "bold"))
        return spread(head, right, width - 1)
    sign = row.sign or (glyph("here") if row.next else " ")
    style = "$foreground-muted" if row.settled else ("bold" if row.next else "")
    text = join("  ", (f"{sign} ", TONE_STYLE[row.tone] if row.sign else "$text-accent"))
    text += join((row.text, TONE_STYLE[row.tone] if row.kind == "note" else style))
    side = RIGHT if width >= 64 else NARROWER if width >= 50 else 16
    if not row.right or width < 40:
        return cut(text, width - 1)
    if row.kind in ("method", "trigger", "outcome", "item") and right.cell_length > side:
        return spread(text, right, width - 1)
    return columns(((text, max(1, width - side - 3)), (cut(right, side), side)))
