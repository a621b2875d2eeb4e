"""A confirmation's lines: the command whole and exact, then everything that speaks for or against it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from textual.content import Content

from runbook.model import Effect, Record, Remedy
from widgets.action_view import Confirmation
from widgets.lines import Part, command, cut, exact, join, spread, wrapped
from widgets.words import EFFECT_STYLE, effect_sign, glyph

if TYPE_CHECKING:
    from runbook.steps.plan import CheckResult, Mode, Prepared

INDENT = 4
FOLD_AFTER = 8
"""Preview lines beyond this are folded away until `v`."""


class Shown(Record, frozen=True):
    """The lines, and where the command's last one is."""

    lines: tuple[Content, ...]
    command_end: int
    folded: bool


def confirmation(view: Confirmation, width: int, *, roomy: bool, unfolded: bool) -> Shown:
    """Title, command, what speaks against it, preview, checks, way back, and last why it differs from the runbook.

    A short pane shows the beginning: what would change stands there, the long explanations below.
    """
    prepared = view.prepared
    gap = [Content("")] if roomy else []
    lines = _head(view, width)
    lines += [*gap, *command(prepared.text, width, INDENT)]
    command_end = len(lines)
    lines += _how_it_runs(prepared, width)
    lines += [*_against(view, width), *gap]
    preview = _preview(prepared, width)
    limit = len(preview) if unfolded else FOLD_AFTER if roomy else FOLD_AFTER // 2
    folded = len(preview) > limit + 1
    if folded:
        hidden = len(preview) - limit
        preview = [*preview[:limit], join(" " * INDENT, (f"{glyph('more')} {hidden} more lines", "$foreground-muted"))]
    lines += preview
    lines += _checks(prepared, width)
    if prepared.way_back:
        lines += _line(join(("way back: ", "$foreground-muted"), prepared.way_back), width)
    elif prepared.effect is not Effect.READ and not prepared.missing:  # what it does is not known before
        lines += _line(join(("way back: ", "$foreground-muted"), ("none is known", "$text-warning")), width)
    lines += _differs(prepared, width)
    return Shown(tuple(lines), command_end, folded)


def _head(view: Confirmation, width: int) -> list[Content]:
    prepared = view.prepared
    style = EFFECT_STYLE[prepared.effect]
    sign = effect_sign(prepared.effect, prepared.target)
    words = view.title or prepared.step.title
    position = f"  {view.position}" if view.position else ""
    lead = f" {view.number:<2} " if view.number else " "
    lines = [spread(join(lead, (words, "bold"), (position, "$foreground-muted")), join((sign, style), " "), width)]
    if prepared.effect is Effect.DESTROY:
        lines.append(Content.styled(glyph("focus_rule") * width, "$error"))
    return lines


def _line(text: Part, width: int, hang: int = INDENT) -> list[Content]:
    return wrapped(text, width - 1, INDENT, hang)


def _differs(prepared: Prepared, width: int) -> list[Content]:
    """Why this is not word for word what the runbook says."""
    lines: list[Content] = []
    if prepared.as_written:
        for number, said in enumerate(prepared.as_written.splitlines()):
            lead = "the runbook says: " if not number else " " * 18
            lines += _line(join((lead, "$foreground-muted"), exact(said)), width, INDENT + 2)
    if prepared.note:
        lines += _line((prepared.note, "$foreground-muted"), width)
    return lines


def _against(view: Confirmation, width: int) -> list[Content]:
    """What speaks against it: it cannot run, it has run, it lacks something, a check failed."""
    prepared = view.prepared
    hang = INDENT + 2
    lines: list[Content] = []
    if prepared.edited:
        lines += _line(("edited here: the record keeps both texts", "$text-warning"), width)
    if prepared.blocked:
        lines += _line((f"{glyph('bad')} cannot run: {prepared.blocked}", "bold $text-error"), width, hang)
    if prepared.remedy:
        lines += way_out(prepared.remedy, width)
    if prepared.missing:
        names = ", ".join(f"<{name}>" for name in prepared.missing)
        lines += _line((f"{glyph('unknown')} needs a value first: {names}", "$text-warning"), width, hang)
        lines += [part for source in view.sources for part in _line((source, "$text-warning"), width, hang)]
    if prepared.already:
        lines += _line((f"{glyph('ok')} already there: {prepared.already}", "bold $text-warning"), width, hang)
    for check in prepared.checks:
        if check.ok is not True:
            lines += _failed(check, width)
    for reason in view.overrides:
        lines += _line((f"{glyph('warn')} run all the same: {reason}", "$text-warning"), width, hang)
    for warning in prepared.warnings:
        lines += _line((f"{glyph('warn')} {warning}", "$text-warning"), width, hang)
    return lines


_MODES: dict[Mode, str] = {
    "run": "",
    "follow": "does not end by itself: its output goes to pane 2, x stops it, other steps can run meanwhile",
    "interactive": "gets the whole terminal, is recorded, and gives it back when it ends",
}


def _how_it_runs(prepared: Prepared, width: int) -> list[Content]:
    """What becomes of it that is not seen in its text, what is typed into it, and what should be seen."""
    lines = _line((_MODES[prepared.mode], "$foreground-muted"), width) if prepared.mode != "run" else []
    if prepared.mode == "follow" and prepared.effect is not Effect.READ:
        words = "does not end by itself and changes something: nothing else runs until x stops it"
        lines = _line((words, "$text-warning"), width)
    if prepared.typed_inside:
        lines += _line(("then, inside it, you type (never run here; C copies it):", "$foreground-muted"), width)
        lines += command(prepared.typed_inside, width, INDENT + 2)
    lines += expectation(prepared.expects, width)
    for guess in prepared.guesses:
        lines += _line((f"~ {guess}", "$foreground-muted"), width, INDENT + 2)
    return lines


def expectation(expects: str, width: int) -> list[Content]:
    """What the runbook says should be seen, in its own words."""
    return _line(join(("the runbook expects: ", "$foreground-muted"), expects), width) if expects else []


def way_out(remedy: Remedy, width: int, lead: str = "the way out") -> list[Content]:
    """A ready step that is offered: in words, and the command that it is."""
    said = join((f"{glyph('arrow')} {lead}: ", "$foreground-muted"), (remedy.title, "bold"))
    return [*_line(said, width, INDENT + 2), *wrapped((remedy.text, "$foreground-muted"), width - 1, INDENT + 2)]


def _failed(check: CheckResult, width: int) -> list[Content]:
    # “wp is installed: wp is not on PATH” would say both
    holds = "is not known" if check.ok is None else "does not hold"
    found = f"“{check.title}” {holds}: {check.found}" if check.found else check.title
    if check.ok is None:
        sign, style = glyph("unknown"), "$text-warning"
    elif check.stops:
        sign, style = glyph("bad"), "$text-error"
    else:
        sign, style = glyph("warn"), "$text-warning"
    lines = _line((f"{sign} {found}", style), width, INDENT + 2)
    if check.mend:
        lines += wrapped(
            join((f"{glyph('arrow')} ", "$foreground-muted"), check.mend), width - 1, INDENT + 2, INDENT + 4
        )
    return lines


def _preview(prepared: Prepared, width: int) -> list[Content]:
    return [part for line in prepared.lines for part in _line(line, width, INDENT + 2)]


def _checks(prepared: Prepared, width: int) -> list[Content]:
    """The checks that passed, on one quiet line, and the directory in which it runs."""
    passed = [check for check in prepared.checks if check.ok]
    lines: list[Content] = []
    if passed:
        titles = dict.fromkeys(check.title for check in passed)  # the runbook and the platform may ask for the same
        names = "  ".join(f"{glyph('ok')} {title}" for title in titles)
        lines += _line((names, "$foreground-muted"), width)
    if prepared.cwd:
        folder = "/".join(PurePath(prepared.cwd).parts[-2:]).lstrip("/")
        lines.append(cut(join(" " * INDENT, (f"in {glyph('more')}/{folder}", "$foreground-muted")), width))
    return lines
