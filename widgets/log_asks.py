"""What a reader asks for in the log pane; a handler uses `@on(log_asks.Wanted)`."""

from __future__ import annotations

from typing import Literal

from textual.message import Message

from widgets.action_asks import StopGrade

Deed = Literal[
    "open", "written", "traces", "mark", "next_mark", "previous_mark", "choose", "copy", "keep", "widen", "let_go"
]
"""`written`, `traces`: of all lines; the others begin at the line at hand."""


class Request(Message):
    """Base of what the reader asks for here."""


class OtherAsked(Request):
    """The next source instead of this one."""


class StopAsked(Request):
    """Stop the command whose output is shown, one grade at a time."""

    def __init__(self, how: StopGrade) -> None:
        super().__init__()
        self.how = how


class Wanted(Request):
    """Somewhere else: by lines, by pages, or to one of the ends. `height` is the rows that lines have."""

    def __init__(self, height: int, *, move: int = 0, page: int = 0, to: Literal["", "top", "end"] = "") -> None:
        super().__init__()
        self.height, self.move, self.page, self.to = height, move, page, to


class SearchAsked(Request):
    """Find a text; an empty one ends the search."""

    def __init__(self, text: str, backwards: bool, height: int) -> None:
        super().__init__()
        self.text, self.backwards, self.height = text, backwards, height


class NextAsked(Request):
    """The next match in the search's direction, or against it."""

    def __init__(self, reverse: bool, height: int) -> None:
        super().__init__()
        self.reverse, self.height = reverse, height


class FilterAsked(Request):
    """Show only lines that have this too; an empty text shows all."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class JumpAsked(Request):
    """Go to a time, as it was typed."""

    def __init__(self, text: str, height: int) -> None:
        super().__init__()
        self.text, self.height = text, height


class Act(Request):
    """Something about the line at hand, or about how all are shown."""

    def __init__(self, what: Deed, height: int) -> None:
        super().__init__()
        self.what, self.height = what, height
