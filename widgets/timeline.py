"""What happened, in order, as the journal tells it: the newest last, the signals of that second under the cursor."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content

from runbook.incident.state import Entry
from runbook.incident.timeline import readings_text
from widgets.dialog import ListDialog
from widgets.footer import KeyHint
from widgets.lines import columns, join
from widgets.rows import Row, Rows
from widgets.words import counted, glyph, utc_second

TONES = {"plain": "", "act": "bold", "good": "$text-success", "bad": "$text-error", "warn": "$text-warning"}
_SIGNS = {"plain": "dot", "act": "here", "good": "ok", "bad": "bad", "warn": "warn"}


class Timeline(ListDialog[None]):
    """Every entry on a line; enter unfolds what was said in detail."""

    HINTS: ClassVar[tuple[KeyHint, ...]] = (
        KeyHint("enter", "details"),
        KeyHint("g G", "first, last"),
        KeyHint("esc", "back"),
    )

    def __init__(self, entries: tuple[Entry, ...], title: str = "Timeline") -> None:
        super().__init__(title, note="times in UTC", right=counted(len(entries), "entry", "entries"))
        self.entries = entries
        self.unfolded: set[int] = set()

    def show(self, entries: tuple[Entry, ...]) -> None:
        """More happened. Standing on the last entry, the cursor follows."""
        if entries == self.entries:
            return
        at_end = self.list.key == f"entry:{len(self.entries) - 1}"
        self.entries = entries
        self.heading.right = counted(len(entries), "entry", "entries")
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
                rows += [Row(f"detail:{index}:{n}", _Detail(line), False) for n, line in enumerate(entry.details)]
        self.show_rows(rows, select)

    def on_rows_selected(self, event: Rows.Selected) -> None:
        event.stop()
        index = self._index(event.key)
        self.say(readings_line(self.entries[index]) if index is not None else "")

    def on_rows_opened(self, event: Rows.Opened) -> None:
        event.stop()
        index = self._index(event.key)
        if index is not None:
            self.unfolded ^= {index}
            self._set_rows("")

    def _index(self, key: str) -> int | None:
        number = key.removeprefix("entry:")
        return int(number) if number.isdigit() and int(number) < len(self.entries) else None


def readings_line(entry: Entry) -> Content:
    """What the signals said at the second of the entry."""
    if not entry.readings:
        return join(("no signal was read at that second", "$foreground-muted"))
    return join(("then: ", "$foreground-muted"), readings_text(entry.readings))


class _Line:
    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def __call__(self, width: int) -> Content:
        return draw_entry(self.entry, width)


class _Detail:
    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, _width: int) -> Content:
        return join(" " * 13, (self.text, "$foreground-muted"))


def draw_entry(entry: Entry, width: int) -> Content:
    """A line: when, a sign for its tone, what, and who at the right."""
    sign = {"dot": glyph("dot"), "here": glyph("here"), "ok": glyph("ok"), "bad": glyph("bad"), "warn": glyph("warn")}
    tone = TONES[entry.tone]
    more = f"  {glyph('closed')} {len(entry.details)}" if entry.details else ""
    text = join((entry.text, tone), (more, "$foreground-muted"))
    when = join((utc_second(entry.at), "$foreground-muted"))
    who = 12 if width >= 70 else 8
    room = width - 9 - 1 - who - 6
    return columns(
        (
            (when, 9),
            (join((sign[_SIGNS[entry.tone]], tone)), 1),
            (text, room),
            (join((entry.by, "$foreground-muted")), who),
        )
    )
