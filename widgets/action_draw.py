"""The action pane's lines, made from its view by pure functions: nothing here knows a widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from runbook.figures import amount
from runbook.model import Effect, Record
from widgets.action_view import (
    ActionView,
    Confirmation,
    Finished,
    Following,
    Looking,
    ManualStep,
    MessageStep,
    Nothing,
    NotStarted,
    Running,
    Starting,
    UnknownOutcome,
    WaitingFor,
    keys_for,
    way_out_words,
)
from widgets.confirm_draw import confirmation, expectation, way_out
from widgets.footer import KeyHint
from widgets.lines import Part, columns, command, cut, join, spread, wrapped
from widgets.words import (
    EFFECT_STYLE,
    STATE_STYLE,
    about,
    clock,
    glyph,
    in_words,
    state_glyph,
    utc_second,
)

if TYPE_CHECKING:
    from runbook.incident.state import Run
    from runbook.signals.standing import Part as Look
    from runbook.signals.standing import Standing, State

COPIED = "to be put in there, never run here; C copies it:"
INDENT = 4
"""Where everything under the title begins."""
_READ_WHOLE = 3
_READ_WHY = 8
"""Lines of a failure that are read whole: its reason may stand at the end of any of them."""
LEAST = 8
"""Cells below which a key's words would be a stump."""


class Drawn(Record, frozen=True):
    """The pane's content for one width."""

    body: tuple[Content, ...]
    must_see: int = 0
    """The line up to which the person must have seen the body before a command can be confirmed."""
    folded: bool = False
    """More is there than is shown: `v` shows it."""
    follows: bool = False
    """The end is what matters: output that grows."""
    alarm: bool = False
    """A destroying command: its rule is red."""


def draw(view: ActionView, width: int, *, roomy: bool = True, unfolded: bool = False) -> Drawn:
    """The lines above the keys. `roomy` puts air between the parts."""
    match view:
        case Confirmation():
            shown = confirmation(view, width, roomy=roomy, unfolded=unfolded)
            alarm = view.prepared.effect is Effect.DESTROY
            return Drawn(shown.lines, must_see=shown.command_end, folded=shown.folded, alarm=alarm)
        case Running():
            return Drawn(tuple(_running(view, width)), follows=True)
        case Following():
            lines = _following(view, width)
        case Nothing():
            lines = [title("", view.title, "", width), *_prose(view.lines, width)]
        case Looking():
            lines = _looking(view, width)
        case NotStarted() | Starting():
            lines = _before_a_start(view, width, roomy=roomy)
        case Finished():
            lines = _finished(view, width)
        case UnknownOutcome():
            lines = _unknown(view, width)
        case WaitingFor():
            lines = _waiting(view, width)
        case ManualStep():
            lines = [title(view.number, view.title, "by hand", width), *_prose(view.lines, width)]
            if view.text:
                lines += [*_gap(roomy), *_prose((COPIED,), width, "$foreground-muted")]
                lines += command(view.text, width, INDENT + 2)
        case MessageStep():
            text = [Content(" " * INDENT) + line for line in wrapped(view.text, width - INDENT - 1)]
            lines = [title(view.number, view.title, "message", width), *_gap(roomy), *text, *_prose(view.lines, width)]
    return Drawn(tuple(lines))


def title(number: str, words: str, right: Part, width: int) -> Content:
    """The first line: number and title, and what it does or how it stands at the right."""
    lead = f" {number:<2} " if number else " "
    return spread(join(lead, (words, "bold")), join(right, " "), width)


def keys_line(keys: tuple[KeyHint, ...], width: int) -> Content:
    """The keys of this view; with less room, less space between them, then fewer words, then fewer keys: the first
    and the last one stay."""
    for gap in (6, 3, 2):
        line = Content(" " * INDENT if gap == 6 else " ")
        for index, hint in enumerate(keys):
            line += join(" " * gap if index else "", (hint.key, "bold $text-accent"), f"  {hint.words}")
        if line.cell_length <= width:
            return line
    short = [
        join(" ", (hint.key, "bold $text-accent"), f" {hint.words.split(',', maxsplit=1)[0].split(' (')[0]} ")
        for hint in keys
    ]
    while len(short) > 2 and join(*short).rstrip().cell_length > width:
        del short[-2]
    *others, last = (hint.rstrip() for hint in short or [Content("")])
    if width < LEAST:
        return Content("")
    kept = min(last.cell_length + 2 * bool(others), max(LEAST, width // 2))  # long words of the last one give way
    lead = cut(join(*others), width - kept) if others and width - kept >= LEAST else Content("")
    return join(lead, "  " if lead else "", cut(last, width - lead.cell_length - 2 * bool(lead)))


def typing_line(name: str, typed: str, keys: tuple[KeyHint, ...], width: int) -> Content:
    """The field into which a destroying command's target is typed; beside it the keys that still work."""
    wrong = not name.startswith(typed)
    field = join((typed, "bold $text-error" if wrong else "bold"), (glyph("caret"), "$text-accent"))
    roomy = join(" " * INDENT, "type  ", (name, "bold $text-error"), "  to run it:  ", field)
    tight = join(" type ", (name, "bold $text-error"), " to run it: ", field)
    if typed == name:
        keys = (KeyHint("enter", "run it"), KeyHint("esc", "clear"))
    elif typed:
        keys = (KeyHint("esc", "clear"),)
    line = roomy if roomy.cell_length + 40 <= width else tight
    if line.cell_length >= width:  # the name stands at the right of the title; what is typed has to be seen
        line = join(" type it: ", (typed[max(0, len(typed) + 12 - width) :], "bold"), (glyph("caret"), "$text-accent"))
    return spread(line, keys_line(keys, width - line.cell_length - 5).rstrip(), width - 1, gap=4)


def view_keys(view: ActionView, *, folded: bool) -> tuple[KeyHint, ...]:
    """The pane's own keys, and those of the room that help here."""
    return keys_for(view, folded=folded) + (view.hints if isinstance(view, Nothing) else ())


def _gap(roomy: bool) -> list[Content]:
    return [Content("")] if roomy else []


def _prose(lines: tuple[str, ...], width: int, style: str = "") -> list[Content]:
    return [part for line in lines for part in wrapped((line, style), width - 1, INDENT)]


def _looking(view: Looking, width: int) -> list[Content]:
    right = (view.words, EFFECT_STYLE[view.effect])
    lines = [title(view.number, view.title, right, width)]
    if len(view.title) > width - len(view.words) - INDENT - 4:
        lines += wrapped(view.title, width - 1, INDENT)
    if view.text:
        lines += command(view.text, width, INDENT)
    return lines + _prose(view.lines, width, "$foreground-muted")


def _not_started(view: NotStarted, width: int, *, roomy: bool) -> list[Content]:
    """Why, then the command that did not run, then what the person had seen of the world."""
    prepared = view.prepared
    words = view.title or prepared.step.title
    lines = [title(view.number, words, (f"{glyph('bad')} not started", "bold $text-error"), width), *_gap(roomy)]
    lines += wrapped((view.why, "$text-error"), width - 1, INDENT)
    lines += [*_gap(roomy), *command(prepared.text, width, INDENT), *_gap(roomy)]
    lines += _prose(("nothing ran; this is what the preview had seen:",), width, "$foreground-muted")
    for ref, sha in prepared.expected.items():
        name = ref.replace(" refs/heads/", " ", 1)
        seen = f"at {sha[:7]}" if " refs/" in ref and sha else sha or "not there"
        lines += _prose((f"  {name} {seen}",), width, "$foreground-muted")
    return lines + _prose(tuple(f"  {line}" for line in prepared.lines), width, "$foreground-muted")


def _before_a_start(view: NotStarted | Starting, width: int, *, roomy: bool) -> list[Content]:
    if isinstance(view, NotStarted):
        return _not_started(view, width, roomy=roomy)
    right = (f"{glyph('live')} confirmed", "$text-accent")
    lines = [title(view.number, view.title, right, width), *_gap(roomy), *command(view.prepared.text, width, INDENT)]
    return [*lines, *_gap(roomy), *_prose(("The world is asked once more, then it starts.",), width)]


def _running(view: Running, width: int) -> list[Content]:
    of = f" of ~{clock(view.estimate)}" if view.estimate else ""
    right = join((f"{glyph('live')} running", "$text-accent"), f"  {clock(view.elapsed)}{of}")
    lines = [title(view.number, view.run.title, right, width)]
    lines += expectation(view.expects, width)
    lines += _output(view.tail, width)
    if view.silent:
        last = f", last line: {view.tail[-1].strip()}" if view.tail else ""
        lines.append(cut(join(" " * INDENT, (f"no output for {in_words(view.silent)}{last}", "$text-warning")), width))
    lines += _asked_to_stop(view.run, width)
    if view.live:
        ends = f"; its time limit is {clock(view.limit)}" if view.limit else ""
        lines.append(join(" " * INDENT, (f"it goes on if this window closes{ends}", "$foreground-muted")))
    return lines


def _asked_to_stop(run: Run, width: int) -> list[Content]:
    words = f"{run.stop_asked} was asked for; it has not ended yet"
    return _prose((words,), width, "$text-warning") if run.stop_asked else []


def _following(view: Following, width: int) -> list[Content]:
    right = join((f"{glyph('live')} follows", "$text-accent"), f"  {clock(view.elapsed)}")
    lines = [title(view.number, view.run.title, right, width), *command(view.run.text, width, INDENT)]
    lines += expectation(view.expects, width)
    lines += _output((view.last,) if view.last else (), width)
    if view.live:
        lines += _prose(("2  its output; other steps can run beside it, and it goes on if this window closes",), width)
    return lines + _asked_to_stop(view.run, width)


def _output(tail: tuple[str, ...], width: int) -> list[Content]:
    return [cut(join(" " * INDENT, (line, "$foreground-muted")), width) for line in tail]


def _said(tail: tuple[str, ...], width: int, *, failed: bool) -> list[Content]:
    """What it printed: a line or two are read whole, such as a health answer in one line of JSON."""
    if len(tail) > (_READ_WHY if failed else _READ_WHOLE):
        return _output(tail, width)
    return [
        row
        for line in tail
        for row in wrapped(cut(join((line, "$foreground-muted")), width * 4), width - 1, INDENT, INDENT)
    ]


def _finished(view: Finished, width: int) -> list[Content]:
    run = view.run
    exit_words = f"exit {run.exit}" if run.exit is not None else "no exit code"
    if run.already:
        right = join((f"{glyph('ok')} was there already", "$text-success"), "  nothing ran")
    elif run.state == "done":
        right = join(
            (f"{glyph('ok')} {view.part or 'done'}", "$text-success"), f"  {clock(run.duration)}  {exit_words}"
        )
    else:
        words = "failed" if run.state == "failed" else "not done"
        right = join((f"{glyph('bad')} {words}", "bold $text-error"), f"  {clock(run.duration)}  {exit_words}")
    lines = [title(view.number, run.title, right, width)]
    if run.why:
        lines += wrapped((run.why, "" if run.state == "done" else "$text-error"), width - 1, INDENT)
    if view.proof:
        lines += _proof(view.proof.ok, view.proof.line, width)
    if run.address:
        lines += wrapped(join(("go on at ", "$foreground-muted"), (run.address, "bold")), width - 1, INDENT, INDENT)
    lines += _prose(view.lines, width)
    lines += expectation(view.expects, width)
    if view.remedy:
        lines += way_out(view.remedy, width, way_out_words(view))
    if run.recovered:
        lines += _prose(
            ("learned from the exit record: the room was not there when it ended",), width, "$foreground-muted"
        )
    said = view.tail or run.last_lines
    if not said and run.exit is not None and not (run.already or view.proof):
        lines += _prose(("it printed nothing",), width, "$foreground-muted")
    lines += _said(said, width, failed=run.state == "failed")
    if run.state == "done" and view.next_step:
        lines.append(cut(join(" " * INDENT, ("next: ", "$foreground-muted"), view.next_step), width))
    return lines


def _proof(ok: bool | None, line: str, width: int) -> list[Content]:
    if ok is None:
        return wrapped((f"{glyph('unknown')} {line}", "$text-warning"), width - 1, INDENT, INDENT + 2)
    if ok:
        return wrapped(join((f"{glyph('ok')} ", "$text-success"), line), width - 1, INDENT, INDENT + 2)
    return wrapped((f"{glyph('bad')} {line}", "$text-error"), width - 1, INDENT, INDENT + 2)


def _unknown(view: UnknownOutcome, width: int) -> list[Content]:
    run = view.run
    right = (f"{glyph('unknown')} unknown: {view.why or run.why}", "bold $text-warning")
    lines = [title(view.number, run.title, right, width)]
    if len(run.title) + len(right[0]) + INDENT + 4 > width:
        lines = [title(view.number, run.title, (f"{glyph('unknown')} unknown", "bold $text-warning"), width)]
        lines += wrapped((view.why or run.why, "$text-warning"), width - 1, INDENT)
    lines += command(run.text, width, INDENT)
    if run.started:
        lines += _prose((f"started {utc_second(run.started)}",), width, "$foreground-muted")
    lines += _prose(view.evidence or run.evidence, width)
    if view.leaning:
        lines += wrapped((f"{glyph('arrow')} {view.leaning}", "bold"), width - 1, INDENT)
    if view.again:
        lines += wrapped(
            join(("running it again: ", "$foreground-muted"), (view.again, "$text-warning")), width - 1, INDENT
        )
    return lines


def _waiting(view: WaitingFor, width: int) -> list[Content]:
    over = bool(view.late) or 0 < view.estimate < view.elapsed
    limit = f" of {clock(view.timeout)} at most" if view.timeout else ""
    of = f" of {about(view.estimate)}" if view.estimate and not over else limit
    right = join(
        (f"{glyph('live')} watching", "$text-accent"),
        (f"  {clock(view.elapsed)}", "bold $text-warning" if over else "bold"),
        (of, "$foreground-muted"),
    )
    lines = [title(view.number, view.title, right, width)]
    room = max(12, min(44, width - INDENT - 34))
    for standing in view.standings:
        at = join((state_glyph(standing.state), STATE_STYLE[standing.state]), f"  {standing.criterion.text}")
        value = amount(standing.value, standing.unit, standing.criterion.value)
        now = "no value" if standing.value is None else f"now {value}"
        value_now = join((now, "$foreground-muted"))
        if at.cell_length <= room:
            row = columns(((at, room), (value_now, 14), (_how_far(standing), 16)))
            lines.append(cut(Content(" " * INDENT) + row, width))
        else:  # what is waited for is read whole; the value stands in pane 1 as well
            side = value_now if standing.state == "not-met" else _how_far(standing)
            lines.append(spread(join(" " * INDENT, at), join(side, " "), width))
        if standing.state == "unknown" and standing.why:
            lines += wrapped((standing.why, "$text-warning"), width - 1, INDENT + 3)
        lines += [_look(look, width) for look in standing.parts]
    lines += _prose(view.late, width, "$text-warning")
    return lines + _prose(view.lines, width, "$foreground-muted")


def _look(look: Look, width: int) -> Content:
    """One of the looks that a value sums up."""
    state: State = "unknown" if look.ok is None else "met" if look.ok else "not-met"
    said = look.got if look.ok else f"{look.got}, expected {look.expected}"
    sign = (state_glyph(state), STATE_STYLE[state])
    return cut(join(" " * (INDENT + 3), sign, f"  {look.name}  ", (said, "$foreground-muted")), width)


def _how_far(standing: Standing) -> Content:
    hold = standing.criterion.hold
    words = {"met": "holds", "pending": "true", "not-met": "not yet", "unknown": "not known"}[standing.state]
    if hold and standing.state in ("pending", "met"):
        words = f"{clock(standing.covered)} of {clock(hold)}"
    return join((words, STATE_STYLE[standing.state]))
