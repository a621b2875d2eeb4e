"""What happened, in order, as the journal tells it: the newest last, the signals of that second under the cursor."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content

from runbook.incident.state import Entry
from runbook.incident.timeline import NO_SIGNALS, Signals, readings_text
from widgets.dialog import ListDialog, whole
from widgets.footer import KeyHint
from widgets.lines import columns, cut, join, wrapped
from widgets.rows import Row, Rows
from widgets.words import counted, glyph, utc_second

TONES = {"plain": "", "act": "bold", "good": "$text-success", "bad": "$text-error", "warn": "$text-warning"}
_SIGNS = {"plain": "dot", "act": "here", "good": "ok", "bad": "bad", "warn": "warn"}


class Timeline(ListDialog[None]):
    """Every entry on a line; enter unfolds what did not fit there, and what was said in detail."""

    DEFAULT_CSS = """
    Timeline .timeline--then { height: 2; padding: 0 1; }
    Timeline.-narrow .timeline--then { height: 3; }
    """
    HINTS: ClassVar[tuple[KeyHint, ...]] = (
        KeyHint("enter", "details"),
        KeyHint("g G", "first, last"),
        KeyHint("esc", "back", keep=True),
    )

    def __init__(self, entries: tuple[Entry, ...], title: str = "Timeline", *, signals: Signals = NO_SIGNALS) -> None:
        """`signals` are those of the runbook, by their names in the record: what a value is called, and its unit."""
        super().__init__(title, note="times in UTC", right=counted(len(entries), "entry", "entries"))
        self.entries, self.signals = entries, signals
        self.unfolded: set[int] = set()
        self.about.set_classes("timeline--then")  # of one height, so that the list stands still

    def show(self, entries: tuple[Entry, ...]) -> None:
        """More happened. Standing on the last entry, the cursor follows."""
        if entries == self.entries:
            return
        at_end = self.list.key == f"entry:{len(self.entries) - 1}"
        self.entries = entries
        self.frame.label(right=counted(len(entries), "entry", "entries"))
        self._set_rows(f"entry:{len(entries) - 1}" if at_end else "")

    def fill(self) -> None:
        self._set_rows(f"entry:{len(self.entries) - 1}")
        if not self.entries:
            self.say("Nothing has happened yet.")

    def _set_rows(self, select: str) -> None:
        rows = []
        for index, entry in enumerate(self.entries):
            rows.append(Row(f"entry:{index}", _Line(entry)))
            if index in self.unfolded:
                rows += [Row(f"detail:{index}:{n}", whole(line), False) for n, line in enumerate(self._details(entry))]
        self.show_rows(rows, select)

    def _details(self, entry: Entry) -> list[Content]:
        """The words of an entry that its line cuts off, whole; then its details."""
        words = (entry.text,) if join(entry.text).cell_length > _room(self.room) - _more(entry).cell_length else ()
        muted = "$foreground-muted"
        return [part for line in words for part in wrapped(line, self.room, DEEP)] + [
            part for line in entry.details for part in wrapped((line, muted), self.room, DEEP)
        ]

    def on_resize(self) -> None:
        super().on_resize()
        self.call_after_refresh(self._set_rows, "")

    def on_rows_selected(self, event: Rows.Selected) -> None:
        event.stop()
        index = self._index(event.key)
        self.say(readings_line(self.entries[index], self.signals) if index is not None else "")

    def on_rows_opened(self, event: Rows.Opened) -> None:
        event.stop()
        index = self._index(event.key)
        if index is not None:
            self.unfolded ^= {index}
            self._set_rows("")

    def _index(self, key: str) -> int | None:
        number = key.removeprefix("entry:")
        return int(number) if number.isdigit() and int(number) < len(self.entries) else None


def readings_line(entry: Entry, signals: Signals = NO_SIGNALS) -> Content:
    """What the signals said at the second of the entry."""
    if not entry.readings:
        return join(("no signal was read at that second", "$foreground-muted"))
    return join(("then: ", "$foreground-muted"), readings_text(entry.readings, signals))


class _Line:
    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def __call__(self, width: int) -> Content:
        return draw_entry(self.entry, width)


DEEP = 13
"""Where what belongs to an entry begins: under its words."""


def _room(width: int) -> int:
    """Cells for what happened, beside when and who."""
    return width - 9 - 1 - _who(width) - 6


def _who(width: int) -> int:
    return 12 if width >= 70 else 8


def _more(entry: Entry) -> Content:
    return join((f"  {glyph('closed')} {len(entry.details)}", "$foreground-muted")) if entry.details else Content("")


def draw_entry(entry: Entry, width: int) -> Content:
    """A line: when, a sign for its tone, what, and who at the right."""
    sign = {"dot": glyph("dot"), "here": glyph("here"), "ok": glyph("ok"), "bad": glyph("bad"), "warn": glyph("warn")}
    tone = TONES[entry.tone]
    more, room = _more(entry), _room(width)
    text = cut(join((entry.text, tone)), max(0, room - more.cell_length)) + more
    when = join((utc_second(entry.at), "$foreground-muted"))
    return columns(
        (
            (when, 9),
            (join((sign[_SIGNS[entry.tone]], tone)), 1),
            (text, room),
            (join((entry.by, "$foreground-muted")), _who(width)),
        )
    )
