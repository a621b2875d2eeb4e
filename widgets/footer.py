"""The bottom line: the keys that work now."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive

from runbook.model import Record
from widgets.bar import Bar
from widgets.lines import join


class KeyHint(Record, frozen=True):
    """A key and what it does here. Hints with `keep` are the last to go where room is short."""

    key: str
    words: str
    keep: bool = False


class KeyFooter(Bar):
    """Whole hints or none: one that does not fit is left out, from the end."""

    DEFAULT_CSS = """
    KeyFooter { height: 1; dock: bottom; text-wrap: nowrap; }
    """

    hints: reactive[tuple[KeyHint, ...]] = reactive(())
    right: reactive[str] = reactive("")

    def show(self, hints: tuple[KeyHint, ...], right: str = "") -> None:
        """`right` is what is being asked, such as `confirm: y or esc`."""
        self.hints, self.right = hints, right

    def lines(self, width: int) -> list[Content]:
        return [draw_footer(self.hints, self.right, width)]


def draw_footer(hints: tuple[KeyHint, ...], right: str, width: int) -> Content:
    """The footer's line for a width."""
    end = join((right, "bold $text-accent"))
    shown = list(hints)
    while shown and _length(shown) + (end.cell_length + 2 if right else 0) > width:
        shown.remove(next((hint for hint in reversed(shown) if not hint.keep), shown[-1]))
    line = Content("")
    for index, hint in enumerate(shown):
        line += join("  " if index else "", (hint.key, "bold $text-accent"), (f" {hint.words}", "$foreground-muted"))
    room = width - line.cell_length - end.cell_length
    return line + Content(" " * room) + end if room >= 0 else line


def _length(hints: list[KeyHint]) -> int:
    return sum(join(hint.key, " ", hint.words).cell_length + 2 for hint in hints) - 2
