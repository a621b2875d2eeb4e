"""The frame that all panes share: one thin rule with number, title and a note at the right, then the body."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult, RenderResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from widgets.lines import cut, join
from widgets.words import glyph


def pane_tabs(current: int, count: int = 4) -> str:
    """The panes as a narrow screen names them at the right of the rule: `1 2 [3] 4`."""
    return " ".join(f"[{n}]" if n == current else str(n) for n in range(1, count + 1))


def rule(number: str, title: str, note: str, right: str, width: int, *, focused: bool) -> Content:
    """The rule's line. Focus shows as a heavy line and a pointer, not by colour alone."""
    dash = glyph("focus_rule") if focused else glyph("rule")
    style = "$accent" if focused else "$foreground 25%"
    end = join((f" {right} ", "$foreground-muted"), (dash, style)) if right else join((dash, style))
    lead = glyph("here") if focused else dash
    start = join(
        (lead, style),
        (f" {number}" if number else "", "bold" if focused else "$foreground-muted"),
        (f" {title} ", "bold" if focused else ""),
    )
    if note:
        start += join((dash, style), (f" {note} ", "$foreground-muted"))
    room = width - end.cell_length
    start = cut(start, max(0, room - 1))
    return start + Content.styled(dash * (room - start.cell_length), style) + end


class PaneRule(Widget):
    """The line at the top of a pane."""

    DEFAULT_CSS = "PaneRule { height: 1; }"

    number = reactive("")
    title = reactive("")
    note = reactive("")
    right = reactive("")
    tabs = reactive("")
    """Which of the panes this is, where one is shown at a time."""
    focused_within = reactive(False)

    def render(self) -> RenderResult:
        focused = self.focused_within
        both = "  ".join(filter(None, (self.right, self.tabs)))
        right = both if len(both) <= self.size.width // 2 else self.right or self.tabs
        return rule(self.number, self.title, self.note, right, self.size.width, focused=focused)


class Pane(Vertical):
    """A pane: its rule and its body. `number` is the key that focuses it."""

    DEFAULT_CSS = """
    Pane { height: 1fr; }
    Pane > .pane--body { height: 1fr; }
    """

    def __init__(self, number: str, title: str, body: Widget, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rule = PaneRule()
        self._rule.number, self._rule.title = number, title
        self.body = body
        body.add_class("pane--body", update=False)

    def compose(self) -> ComposeResult:
        yield self._rule
        yield self.body

    def label(
        self,
        *,
        title: str | None = None,
        note: str | None = None,
        right: str | None = None,
        tabs: str | None = None,
    ) -> None:
        """Changes the rule's words; what is left out stays."""
        for name, text in (("title", title), ("note", note), ("right", right), ("tabs", tabs)):
            if text is not None:
                setattr(self._rule, name, text)

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self._rule.focused_within = True

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        self._rule.focused_within = False
