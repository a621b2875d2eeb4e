"""The runbook's own text beside what the room made of it: every line, as plain text, at the line that matters now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content

from runbook.logs.clean import clean
from widgets.dialog import ListDialog, folded, whole
from widgets.footer import KeyHint
from widgets.lines import join, tail
from widgets.rows import Row
from widgets.words import counted, glyph


class Document(ListDialog[None]):
    """The whole text with line numbers, opened at a line; `/` finds."""

    DEFAULT_CSS = """
    Document > .dialog--frame { width: 96%; max-width: 150; height: 92%; }
    """
    HINTS: ClassVar[tuple[KeyHint, ...]] = (
        KeyHint("/", "find"),
        KeyHint("n N", "next, the one before"),
        KeyHint("g G", "first, last"),
        KeyHint("esc", "back", keep=True),
    )

    def __init__(self, lines: Sequence[str], here: Sequence[int], name: str) -> None:
        """`here` are the lines of what is selected, from 1; the first of them is shown."""
        super().__init__("The runbook as written", note=clean(name), right=counted(len(lines), "line", "lines"))
        self.lines = lines
        self.here = frozenset(here)
        self.begin = min(here, default=1)
        self.asking = False
        self.typed = ""

    def fill(self) -> None:
        digits, room = len(str(len(self.lines))), self.room
        rows: list[Row] = []
        for number, text in enumerate(self.lines, 1):
            line = _Line(number, text, digits, number in self.here)
            if digits + 3 + 2 * len(text) <= room or digits + 3 + cell_len(text) <= room:
                rows.append(Row(str(number), line))
                continue
            pieces = folded(line.lead, clean(text), room)
            rows += [
                Row(f"{number}+{part}" if part else str(number), whole(piece)) for part, piece in enumerate(pieces)
            ]
        self.show_rows(rows, self.list.key or str(self.begin))

    def on_resize(self) -> None:
        super().on_resize()
        self.call_after_refresh(self.fill)

    # ── finding ───────────────────────────────────────────────────────────────────────────────────

    async def on_key(self, event: events.Key) -> None:
        if not self.asking:
            if event.key not in ("slash", "n", "N"):
                return
            if event.key == "slash":
                self.asking, self.typed = True, ""
            else:
                self._find(1 if event.key == "n" else -1)
        elif event.key in ("enter", "escape"):
            self.asking = False
            if event.key == "enter":
                self._find(0)
        elif event.key == "backspace":
            self.typed = self.typed[:-1]
        elif event.is_printable and event.character:
            self.typed += event.character
        event.stop()
        event.prevent_default()
        if self.asking:
            self.say(f"/{tail(self.typed, max(8, self.room - 4))}{glyph('caret')}")

    def _find(self, way: int) -> None:
        """To the next line that holds the text: from this one on (0), after it (1), before it (-1)."""
        at, count = int(self.list.key.partition("+")[0] or 1) - 1, len(self.lines)
        wanted = self.typed.lower()
        turns = [(at + (way or 1) * step) % count for step in range(0 if way == 0 else 1, count + 1)] if wanted else []
        found = next((n for n in turns if wanted in self.lines[n].lower()), None)
        if found is None:
            self.say(f"/{self.typed}  not found" if wanted else "")
            return
        self.say(f"/{self.typed}")
        self.list.select(str(found + 1))


class _Line:
    """One line of the text; cleaned when it is drawn, so that a long document opens at once."""

    def __init__(self, number: int, text: str, digits: int, marked: bool) -> None:
        self.number, self.text, self.digits, self.marked = number, text, digits, marked

    @property
    def lead(self) -> Content:
        sign = glyph("here") if self.marked else " "
        return join((sign, "$text-accent"), (f"{self.number:>{self.digits}} ", "$foreground-muted"))

    def __call__(self, _width: int) -> Content:
        return join(self.lead, (clean(self.text), "bold" if self.marked else ""))
