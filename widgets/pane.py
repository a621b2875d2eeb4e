"""The frame that all panes share: one thin rule with number, title and a note at the right, then the body."""

from __future__ import annotations

from msgspec import structs
from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from runbook.model import Record
from widgets.lines import cut, join, strip_of
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


class Heading(Record, frozen=True):
    """The words of a rule."""

    title: str = ""
    number: str = ""
    note: str = ""
    right: str = ""
    tabs: str = ""
    """Which of the panes this is, where one is shown at a time."""
    focused: bool = False

    def line(self, width: int) -> Content:
        """The rule for a width; where not all fits, which pane it is gives way."""
        both = "  ".join(filter(None, (self.right, self.tabs)))
        right = both if len(both) <= width // 2 else self.right or self.tabs
        return rule(self.number, self.title, self.note, right, width, focused=self.focused)


class Ruled(Widget):
    """Widgets under each other below a rule, drawn into the free line above them: a widget of its own for that line
    takes as long to start as any other."""

    DEFAULT_CSS = """
    Ruled { width: 1fr; height: 1fr; layout: vertical; overflow: hidden hidden; padding: 1 0 0 0; }
    """

    def __init__(self, heading: Heading, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.heading = heading

    def label(self, **words: str | bool) -> None:
        """Changes the heading's fields; what is left out stays."""
        heading = structs.replace(self.heading, **words)
        if heading != self.heading:
            self.heading = heading
            self.refresh(Region(0, -self.content_offset.y, self.size.width, 1))

    def render_lines(self, crop: Region) -> list[Strip]:
        strips = super().render_lines(crop)
        if crop.y == 0 and strips:
            width = self.size.width
            line = strip_of(self, self.heading.line(width), width, self.visual_style)
            for line_filter in self.get_line_filters():
                line = line.apply_filter(line_filter, self.background_colors[1])
            strips[0] = line.crop(crop.x, crop.right)
        return strips


class Pane(Ruled):
    """A pane: its rule and its body. `number` is the key that focuses it."""

    DEFAULT_CSS = "Pane > .pane--body { height: 1fr; }"

    def __init__(self, number: str, title: str, body: Widget, *, id: str | None = None) -> None:
        super().__init__(Heading(title, number), id=id)
        self.body = body
        body.add_class("pane--body", update=False)

    def compose(self) -> ComposeResult:
        yield self.body

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self.label(focused=True)

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        self.label(focused=False)
