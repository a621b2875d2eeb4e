"""The line under the header: is it failing or over, by which figures, and what is advised."""

from __future__ import annotations

from typing import Literal

from textual.content import Content
from textual.reactive import reactive

from runbook.model import Record
from widgets.bar import Bar
from widgets.compositing import lay_out_anew
from widgets.header import NARROW
from widgets.lines import cut, join, spread
from widgets.words import SAID_STYLE, SAID_WORDS, Said, glyph, said_glyph

AdviceLevel = Literal["none", "watch", "roll-back"]

_ADVICE_STYLE: dict[AdviceLevel, str] = {
    "none": "$foreground-muted",
    "watch": "$text-warning",
    "roll-back": "bold $text-error",
}
_ADVICE_SHORT: dict[AdviceLevel, str] = {"none": "", "watch": "WATCH", "roll-back": "ROLL BACK"}


class VerdictView(Record, frozen=True):
    """What is said: the verdict with its reasons, and the advice. The short forms serve a narrow screen."""

    said: Said
    reasons: tuple[str, ...] = ()
    """`error rate 24.8 % > 5 % for 3:10`, worst first."""
    short: str = ""
    """`err 24.8% p95 6.2s health 503`."""
    level: AdviceLevel = "none"
    advice: str = ""
    """`roll back now: complete outage`."""
    brief: str = ""
    """The advice without its reasons, where all of them stand among the verdict's already."""
    way: str = ""
    """`Vercel rollback (~2 min)`."""
    stale: str = ""
    """Why the figures are old, where they are: `signals silent for 0:50`."""
    without: str = ""
    """What took no part in it: `without Sentry (not set up)`."""


class VerdictBar(Bar):
    """One line where it fits, two where it does not; always two below 110 columns only if asked."""

    DEFAULT_CSS = """
    VerdictBar { height: auto; max-height: 2; text-wrap: nowrap; }
    """

    view: reactive[VerdictView | None] = reactive(None)
    _high = 1
    """Lines of what was shown last."""

    def show(self, view: VerdictView) -> None:
        self.view = view

    def watch_view(self, before: VerdictView | None, view: VerdictView | None) -> None:
        high = len(draw_verdict(view, self.room)) if view else 1
        if high != self._high:
            self._high = high
            lay_out_anew(self)
        self.set_class(bool(view and view.stale), "-stale")
        self.set_class(bool(view and view.said in ("failing", "failed")), "-failed")

    def lines(self, width: int) -> list[Content]:
        return draw_verdict(self.view, width) if self.view else []


def draw_verdict(view: VerdictView, width: int) -> list[Content]:
    """The bar's one or two lines for a width. The verdict's word and the advice are never cut away."""
    style = SAID_STYLE[view.said]
    sign = said_glyph(view.said)
    stale = join(("  " + view.stale, "$text-warning")) if view.stale else Content("")
    without = join((view.without, "$foreground-muted")) if view.without else Content("")
    if width + 2 < NARROW:
        word = "" if view.said == "failing" else f"{SAID_WORDS[view.said]} "
        left = join((f"{sign} {word}", style), view.short or ", ".join(view.reasons), stale, "  ", without)
        short = _ADVICE_SHORT[view.level]
        return [spread(left, (f"{glyph('arrow')} {short}", _ADVICE_STYLE[view.level]) if short else "", width)]
    dot = f" {glyph('dot')} "
    left = join((f"{sign} {SAID_WORDS[view.said]}", style), "  ", dot.join(view.reasons), stale)
    alone = spread(left, without, width) if view.without else cut(left, width)
    if not view.advice:
        return [alone]
    whole = join(left, "  " if view.without else "", without)
    tone = _ADVICE_STYLE[view.level]
    right, way = join(("ADVICE  ", "$foreground-muted"), (view.advice, tone)), Content("")
    if view.way:
        way = join((f" {glyph('arrow')} {view.way}", tone))
    if whole.cell_length + right.cell_length + way.cell_length + 3 <= width:
        return [spread(whole, right + way, width)]
    if view.brief:  # the room below would move down a line for what is said twice
        brief = join(("ADVICE  ", "$foreground-muted"), (view.brief, tone), way)
        if whole.cell_length + brief.cell_length + 3 <= width:
            return [spread(whole, brief, width)]
    # of the reasons as many words as leave room for the way
    reasons = cut(join("  ", right), max(width - way.cell_length, width // 2))
    return [alone, cut(reasons + way, width)]
