"""The runbook as one outline: what was decided, what is done, what is next, made from runbook and state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from runbook.incident.progress import asks_nothing, next_step, stands, still_open, taken_instead
from runbook.incident.state import SETTLED, Mark, RoomState, StepState
from runbook.logs.clean import clean
from runbook.model import Effect, FollowUp, Method, Runbook, Step
from runbook.signals.standing import OutcomeStanding, Part
from widgets.outline_view import OPEN_AT_FIRST, OutlineRow, RunbookView, Tone
from widgets.words import MARK_WORDS, about, clock, glyph, in_words, mark_glyph, step_words, utc_minute


def follow_up_id(index: int) -> str:
    """The name under which a follow-up's tick is recorded."""
    return f"follow-up-{index + 1}"


def runbook_view(
    runbook: Runbook,
    state: RoomState,
    open_phases: frozenset[str] = OPEN_AT_FIRST,
    outcomes: tuple[OutcomeStanding, ...] = (),
) -> RunbookView:
    """Everything that the runbook's pane shows."""
    parts = []
    for phase in ("before", "during", "after"):
        items = [item for checklist in runbook.checklists if checklist.phase == phase for item in checklist.items]
        if items:
            parts.append(f"{sum(_ticked(state, item.id) for item in items)}/{len(items)} {phase}")
    rows = outline(runbook, state, open_phases, outcomes)
    return RunbookView(rows=rows, title=clean(runbook.title), progress=f" {glyph('dot')} ".join(parts[:2]))


def outline(
    runbook: Runbook,
    state: RoomState,
    open_phases: frozenset[str] = OPEN_AT_FIRST,
    outcomes: tuple[OutcomeStanding, ...] = (),
) -> tuple[OutlineRow, ...]:
    """The rows in the order of an incident: why, before, the method, during, after, verify, outcome, follow-ups."""
    return tuple(
        row
        for rows in (
            _triggers(runbook, state, open_phases),
            _checklists(runbook, state, open_phases, "before"),
            _methods(runbook, state, open_phases),
            _checklists(runbook, state, open_phases, "during"),
            _checklists(runbook, state, open_phases, "after"),
            _procedures(runbook, state, open_phases),
            _outcomes(runbook, state, open_phases, outcomes),
            _follow_ups(runbook, state, open_phases),
        )
        for row in rows
    )


def _phase(key: str, title: str, right: str, opened: frozenset[str], tone: Tone = "muted") -> OutlineRow:
    sign = glyph("open") if key in opened else glyph("closed")
    return OutlineRow(key, "phase", 0, title, right, sign, right_tone=tone, target=(key,))


# ── triggers ──────────────────────────────────────────────────────────────────────────────────────


def _triggers(runbook: Runbook, state: RoomState, opened: frozenset[str]) -> Iterator[OutlineRow]:
    if not runbook.triggers:
        return
    fired = frozenset(state.advice.triggers if state.advice else ()) | state.reported
    words = {"roll-back": "decided: roll back", "wait": "decided: wait", "no-rollback": "decided: no rollback"}
    holding = sum(trigger.id in fired for trigger in runbook.triggers)
    right = words.get(state.decision) or (f"{holding} of {len(runbook.triggers)} hold" if holding else "none holds")
    yield _phase("phase:triggers", "Reasons to roll back", right, opened, "bad" if holding else "muted")
    if "phase:triggers" not in opened:
        return
    for trigger in runbook.triggers:
        on = trigger.id in fired
        if trigger.id in state.reported:
            right = "reported"
        else:
            right = trigger.urgency if trigger.criterion else f"{trigger.urgency}, by hand"
        yield OutlineRow(
            f"trigger:{trigger.id}",
            "trigger",
            1,
            trigger.text,
            right,
            glyph("failing") if on else glyph("todo"),
            tone="bad" if on else "plain",
            target=(trigger.id,),
        )


# ── checklists ────────────────────────────────────────────────────────────────────────────────────


def _ticked(state: RoomState, item: str) -> bool:
    tick = state.ticks.get(item)
    return tick is not None and tick.done


def _checklists(runbook: Runbook, state: RoomState, opened: frozenset[str], phase: str) -> Iterator[OutlineRow]:
    lists = [checklist for checklist in runbook.checklists if checklist.phase == phase]
    for index, checklist in enumerate(lists):
        key = f"phase:{phase}" if index == 0 else f"phase:{checklist.id}"
        title = phase.capitalize() if len(lists) == 1 else checklist.title
        done = sum(_ticked(state, item.id) for item in checklist.items)
        yield _phase(key, title, f"{done}/{len(checklist.items)}", opened)
        if key in opened:
            for item in checklist.items:
                yield _item(state, item.id, item.text)


def _item(state: RoomState, item: str, text: str, waiting: str = "") -> OutlineRow:
    tick = state.ticks.get(item)
    done = tick is not None and tick.done
    right = f"{utc_minute(tick.at)}  {tick.note or tick.by}" if tick is not None and tick.done else waiting
    sign = glyph("ok") if done else glyph("todo")
    tone: Tone = "good" if done else "plain"
    return OutlineRow(f"item:{item}", "item", 1, text, right, sign, tone, settled=done, target=(item,))


# ── methods and steps ─────────────────────────────────────────────────────────────────────────────


def _methods(runbook: Runbook, state: RoomState, opened: frozenset[str]) -> Iterator[OutlineRow]:
    chosen = [method for method in runbook.methods if method.id == state.method]
    begun = [method for method in runbook.methods if method.id != state.method and _begun(state, method)]
    for method in begun:
        key = f"method:{method.id}"
        yield from _method(method, state, key in opened, "left")
    for method in chosen:
        yield from _method(method, state, "phase:method" in opened, "")
    if not chosen:
        right = "m  compare"
        yield OutlineRow("phase:choose", "note", 0, "Choose a method", right, glyph("dot"), selectable=False)
        for method in runbook.methods:
            if method not in begun:
                right = _dotted(about(method.estimate), f"risk {method.risk}")
                text = f"{method.label} {method.title}"
                yield OutlineRow(f"method:{method.id}", "method", 1, text, right, target=(method.id,))


def _begun(state: RoomState, method: Method) -> bool:
    return any(state.step(method.id, step.id).mark != "todo" for step in method.steps)


def _dotted(*parts: str) -> str:
    return f" {glyph('dot')} ".join(part for part in parts if part)


def _method(method: Method, state: RoomState, is_open: bool, standing: str) -> Iterator[OutlineRow]:
    done = sum(_settled(method, step, state) for step in method.steps)
    right = _dotted(standing or about(method.estimate), f"risk {method.risk}", f"{done}/{len(method.steps)}")
    sign = glyph("open") if is_open else glyph("closed")
    key = f"method:{method.id}" if standing else "phase:method"
    yield OutlineRow(key, "phase", 0, method.title, right, sign, target=(key,))
    if is_open:
        if method.caution:
            yield _note(f"{key}:caution", method.caution)
        yield from _steps(method, state)


def _note(key: str, text: str, tone: Tone = "warn") -> OutlineRow:
    return OutlineRow(key, "note", 1, text, "", glyph("warn"), tone, selectable=False)


def _steps(method: Method, state: RoomState) -> Iterator[OutlineRow]:
    following = next_step(method, state)
    opened = {found.step: found for found in still_open((method,), state)}
    before: Step | None = None
    for number, step in enumerate(method.steps, 1):
        at = stands(method, step, state)
        if before is not None and step.either and step.either == before.either:
            yield OutlineRow(f"step:{method.id}:{step.id}:or", "note", 1, "or", tone="muted", selectable=False)
        before = step
        if step.no_return and at.mark == "todo":
            yield _note(f"step:{method.id}:{step.id}:no-return", "point of no return: the next step cannot be undone")
        right, tone = _step_right(step, at, state)
        if taken_instead(method, step, state) and at.mark == "todo":
            right, tone = "not needed", "muted"
        elif state.follows_of(method.id, step.id):
            right = "follows, in pane 2"
        elif step.id in opened:
            right, tone = f"open {glyph('arrow')} {opened[step.id].number or opened[step.id].closing}", "warn"
        yield OutlineRow(
            f"step:{method.id}:{step.id}",
            "step",
            1,
            f"{number} {with_values(step.title, state)}",
            right,
            "" if at.mark == "todo" else mark_glyph(at.mark),
            tone=_MARK_TONE[at.mark],
            right_tone=tone,
            settled=_settled(method, step, state),
            next=following is not None and step.id == following.id,
            left=not asks_nothing(method, step, state),
            target=(method.id, step.id),
        )


_MARK_TONE: dict[Mark, Tone] = {
    "todo": "plain",
    "running": "live",
    "partly": "live",
    "done": "good",
    "failed": "bad",
    "unknown": "warn",
    "skipped": "muted",
    "already": "good",
}


def _settled(method: Method, step: Step, state: RoomState) -> bool:
    return stands(method, step, state).mark in SETTLED or taken_instead(method, step, state) is not None


def _step_right(step: Step, at: StepState, state: RoomState) -> tuple[str, Tone]:
    """The column at the right: what it will do, or when and by whom it was done."""
    when = utc_minute(at.at) if at.at else ""
    match at.mark:
        case "todo":
            guessed = "~ " if step.guess or any(command.guess for command in step.commands) else ""
            return guessed + with_values(step_words(step), state), "bad" if step.effect is Effect.DESTROY else "muted"
        case "partly":
            return f"{len(at.done_commands)} of {len(step.commands)} done", "live"
        case "running":
            return "running", "live"
        case "done":
            return "  ".join(part for part in (when, at.by) if part), "muted"
        case "failed" | "unknown":
            return f"{MARK_WORDS[at.mark]} {when}".rstrip(), _MARK_TONE[at.mark]
        case _:
            return "  ".join(part for part in (when, MARK_WORDS[at.mark]) if part), "muted"


def with_values(text: str, state: RoomState) -> str:
    """The text with its `<values>` filled in as far as they are set; a long SHA in its short form."""
    for name, value in state.values.items():
        if f"<{name}>" in text:
            text = text.replace(f"<{name}>", short_value(value.text))
    return text


def short_value(value: str) -> str:
    """A 40- or 64-digit hash as its first seven digits; anything else as it is."""
    is_hash = len(value) in (40, 64) and set(value) <= set("0123456789abcdef")
    return value[:7] if is_hash else value


def _procedures(runbook: Runbook, state: RoomState, opened: frozenset[str]) -> Iterator[OutlineRow]:
    for procedure in runbook.procedures()[len(runbook.methods) :]:
        key = f"phase:{procedure.id}"
        done = sum(_settled(procedure, step, state) for step in procedure.steps)
        yield _phase(key, procedure.title, f"{done}/{len(procedure.steps)}", opened)
        if key in opened:
            yield from _steps(procedure, state)


# ── outcome and follow-ups ────────────────────────────────────────────────────────────────────────


def _outcomes(
    runbook: Runbook, state: RoomState, opened: frozenset[str], standings: tuple[OutcomeStanding, ...]
) -> Iterator[OutlineRow]:
    if not runbook.outcomes:
        return
    said = state.verdict.verdict if state.verdict else "unknown"
    words = {"recovered": "recovered", "partial": "partial", "failed": "failed: escalate", "unknown": "not known yet"}
    tones: dict[str, Tone] = {"recovered": "good", "partial": "warn", "failed": "bad", "unknown": "muted"}
    yield _phase("phase:outcome", "Is it over?", words[said], opened, tones[said])
    if "phase:outcome" not in opened:
        return
    known = {standing.outcome: standing for standing in standings}
    for outcome in runbook.outcomes:
        standing = known.get(outcome.id)
        if outcome.criterion is None or (standing is not None and standing.standing is None):
            how = "by hand" if outcome.criterion is None else "by hand: its signal is not set up"
            row = _item(state, outcome.id, outcome.text, f"{outcome.level}, {how}")
            yield OutlineRow(
                f"outcome:{outcome.id}", "outcome", 1, row.text, row.right, row.sign, row.tone,
                settled=row.settled, target=(outcome.id,),
            )  # fmt: skip
            continue
        ok = standing.ok if standing else None
        bad_news = outcome.level != "success"
        sign = glyph("unknown") if ok is None else glyph("ok" if ok else "bad" if not bad_news else "todo")
        tone: Tone = (
            "plain" if ok is None else ("good" if ok and not bad_news else "bad" if ok != bad_news else "plain")
        )
        if ok is not None and ok and bad_news:
            sign, tone = glyph("failing"), "bad" if outcome.level == "failed" else "warn"
        right, right_tone = _holding(standing, outcome.level)
        yield OutlineRow(
            f"outcome:{outcome.id}", "outcome", 1, outcome.text, right, sign, tone, right_tone,
            selectable=False, target=(outcome.id,),
        )  # fmt: skip
        parts = standing.standing.parts if standing is not None and standing.standing is not None else ()
        yield from (_part(outcome.id, part) for part in parts)


def _part(outcome: str, part: Part) -> OutlineRow:
    """One of the looks that an outcome's signal sums up: what it should say, and what it said instead."""
    right = part.got if part.ok else f"{part.got}, expected {part.expected}"
    tones: dict[bool | None, Tone] = {True: "good", False: "bad", None: "warn"}
    sign = glyph("unknown" if part.ok is None else "ok" if part.ok else "bad")
    tone = tones[part.ok]
    return OutlineRow(
        f"part:{outcome}:{part.name}", "outcome", 2, part.name, right, sign, tone, "muted" if part.ok else tone,
        selectable=False, target=(outcome,),
    )  # fmt: skip


def _holding(standing: OutcomeStanding | None, level: str) -> tuple[str, Tone]:
    if standing is None or standing.standing is None:
        return level, "muted"
    at = standing.standing
    if at.state == "unknown":
        return at.why or "not known", "warn"
    if at.criterion.hold and at.state == "pending":
        return f"{clock(at.covered)} of {clock(at.criterion.hold)}", "live"
    return level, "muted"


def _follow_ups(runbook: Runbook, state: RoomState, opened: frozenset[str]) -> Iterator[OutlineRow]:
    if not runbook.follow_ups:
        return
    done = sum(_ticked(state, follow_up_id(index)) for index in range(len(runbook.follow_ups)))
    yield _phase("phase:follow-ups", "Follow-ups", f"{done}/{len(runbook.follow_ups)}", opened)
    if "phase:follow-ups" in opened:
        for index, follow_up in enumerate(runbook.follow_ups):
            yield _item(state, follow_up_id(index), follow_up.text, _due(follow_up, state))


def _due(follow_up: FollowUp, state: RoomState) -> str:
    if state.recovered is None:
        return f"within {in_words(follow_up.due_in)}"
    due = state.recovered + timedelta(seconds=follow_up.due_in)
    return f"by {utc_minute(due)}" if follow_up.due_in < 43200 else f"by {due:%d %b %H:%M}"
