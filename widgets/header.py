"""The top line: which service, how bad, since when, and who drives. Trouble with the record never leaves it."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content
from textual.reactive import reactive

from runbook.model import Record, Seconds
from widgets.bar import Bar
from widgets.compositing import lay_out_anew
from widgets.lines import Part, cut, join, spread
from widgets.words import glyph, incident_clock, utc_second

NARROW = 110
"""Columns below which the screen shows one pane at a time."""


class HeaderView(Record, frozen=True):
    """What the header says. `drill` names what is shortened, `trouble` what is wrong with the record."""

    service: str
    environment: str = ""
    severity: str = ""
    title: str = ""
    elapsed: Seconds = 0
    now: datetime | None = None
    driving: bool = True
    driven: bool = True
    """Whether somebody drives: here or elsewhere."""
    driver: str = ""
    drill: str = ""
    """`5 min windows run as 20 s`; empty in a real incident."""
    drill_short: str = ""
    """The same for a narrow screen: `5 min = 20 s`."""
    closed: bool = False
    presenting: bool = False
    trouble: str = ""
    replay: bool = False
    """Whether it is the record that is shown, and nothing of now."""


class Header(Bar):
    """One line, and a second one only for as long as the journal is in trouble."""

    DEFAULT_CSS = """
    Header { height: auto; dock: top; text-wrap: nowrap; }
    """

    view: reactive[HeaderView | None] = reactive(None)

    def show(self, view: HeaderView) -> None:
        self.view = view

    def watch_view(self, before: HeaderView | None, view: HeaderView | None) -> None:
        if bool(before and before.trouble) != bool(view and view.trouble):
            lay_out_anew(self)  # only then: the clock moves every second, and the room should not
        self.set_class(bool(view and view.trouble), "-failed")
        self.set_class(bool(view and view.drill), "-drill")

    def lines(self, width: int) -> list[Content]:
        return draw_header(self.view, width) if self.view else []


def draw_header(view: HeaderView, width: int) -> list[Content]:
    """The header's lines for a width."""
    narrow = width + 2 < NARROW
    who = _who(view, narrow) + (f" {glyph('dot')} presenting" if view.presenting else "")
    clock: Part = (incident_clock(view.elapsed), "bold")
    badge = _badge(view, narrow)
    if narrow:
        # a team's document names no service as a rule: then its title tells which room this is
        name = (view.service or cut(Content(view.title), width // 3).plain, "bold")
        rest = join(" ", (view.severity, "bold"), " ", clock, *_closed(view))
        room = width - len(who) - 2 - rest.cell_length
        named = join(*badge, name)
        if named.cell_length > room:  # how a drill runs gives way to how bad it is, and since when
            named = cut(join(*badge[:1], " " if badge else "", name), max(0, room))
        lines = [spread(join(named, rest), who, width)]
    else:
        left = join(
            *badge,
            (view.service, "bold"),
            "  " if view.service else "",  # a team's document names none as a rule
            (view.environment, "$foreground-muted"),
            "   ",
            (view.severity, "bold"),
            "  ",
            view.title,
        )
        now = utc_second(view.now) if view.now else ""
        right = join(clock, *_closed(view), "   ", (now, "$foreground-muted"), "   ", who)
        if left.cell_length + right.cell_length + 3 > width:  # how a drill runs gives way to what the incident is
            left = join(*_badge(view, narrow=True), left[join(*badge).cell_length :])
        lines = [spread(left, right, width, gap=3)]
    if view.trouble:
        text = cut(join(f" {glyph('warn')} TROUBLE  {view.trouble} "), width)
        lines.append((text + Content(" " * (width - text.cell_length))).stylize("bold $text on $error"))
    return lines


def _who(view: HeaderView, narrow: bool) -> str:
    """Who drives. That nobody does is said on the narrowest screen too: then every key that acts is dead."""
    if view.replay:
        return "read-only"
    if view.driving:
        return "you drive" if narrow or not view.driver else f"you drive ({view.driver})"
    if not view.driven:
        return "nobody drives" if narrow else "watching, nobody drives"
    return "watching" if narrow or not view.driver else f"watching, {view.driver} drives"


def _badge(view: HeaderView, narrow: bool) -> tuple[Part, ...]:
    if view.replay:
        return (" REPLAY ", "bold reverse $warning"), (" of a drill" if view.drill else "", "$text-accent"), "  "
    if not view.drill:
        return ()
    words = view.drill_short or view.drill if narrow else view.drill
    return (" DRILL ", "bold reverse $accent"), (f" {words}", "$text-accent"), "  " if narrow else "   "


def _closed(view: HeaderView) -> tuple[Part, ...]:
    return (("  closed", "$foreground-muted"),) if view.closed else ()
