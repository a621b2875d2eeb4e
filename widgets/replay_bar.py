"""Where a replay is: how fast, when in the incident, how far through the record, and what happened last."""

from __future__ import annotations

from datetime import datetime

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from runbook.model import Record, Seconds
from widgets.lines import cut, join
from widgets.words import clock, glyph, utc_second

TRACK = 60
"""Cells of the track at most."""
LEAST_TRACK = 6


class ReplayView(Record, frozen=True):
    """One moment of a replay."""

    now: datetime
    elapsed: Seconds
    length: Seconds
    event: int
    """How many events have happened by now."""
    events: int
    speed: float
    playing: bool
    last: str = ""
    """What happened last, and who did it."""


class ReplayBar(Widget):
    """Two lines above the keys: the track, and the last event."""

    DEFAULT_CSS = """
    ReplayBar { height: 2; padding: 0 1; text-wrap: nowrap; }
    """

    view: reactive[ReplayView | None] = reactive(None)

    def show(self, view: ReplayView) -> None:
        self.view = view

    def render(self) -> RenderResult:
        if self.view is None:
            return Content("")
        return Content("\n").join(draw_replay(self.view, self.content_size.width))


def draw_replay(view: ReplayView, width: int) -> list[Content]:
    """The bar's lines for a width; the track gives way first."""
    how = "the end" if not view.playing and view.elapsed >= view.length else "playing" if view.playing else "paused"
    tone = "bold $text-success" if view.playing else "bold $text-warning"
    speed = (f"  {view.speed:g}x", "$foreground-muted")
    left = join((f"{how:<7}", tone), speed, f"  {utc_second(view.now)}  ")
    far = f"  {clock(view.elapsed)} of {clock(view.length)}"
    right = join(far, (f"  event {view.event} of {view.events}", "$foreground-muted"))
    room = min(TRACK, width - left.cell_length - right.cell_length)
    track = _track(view, room) if room >= LEAST_TRACK else Content("")
    return [cut(join(left, track, right), width), cut(join(("last: ", "$foreground-muted"), view.last), width)]


def _track(view: ReplayView, width: int) -> Content:
    share = view.elapsed / view.length if view.length > 0 else 1.0
    done = min(width - 1, int(share * width))
    return join(
        (glyph("focus_rule") * done, "$text-accent"),
        (glyph("live"), "bold $text-accent"),
        (glyph("rule") * (width - 1 - done), "$foreground-muted"),
    )
