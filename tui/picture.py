"""From the room to what each pane shows: pure functions of runbook, state and signals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from textual.content import Content

from runbook.figures import amount, clock
from runbook.incident.state import RoomState
from runbook.model import Criterion, Runbook, Seconds, Signal
from runbook.outlook import Outlook
from runbook.signals.advice import BETWEEN, ROLL_BACK
from runbook.signals.monitor import Monitor
from runbook.signals.standing import Advice, Fired, Standing, State, Verdict
from runbook.signals.verdict import unasked
from runbook.signals.words import label, phrase
from widgets.action_view import (
    Confirmation,
    Finished,
    Following,
    Looking,
    Nothing,
    NotStarted,
    Running,
    Starting,
    UnknownOutcome,
    WaitingFor,
    looking_on,
)
from widgets.chart import Mark, Threshold
from widgets.header import HeaderView
from widgets.signals_view import USUAL_WINDOW, HealthCheck, SignalRow, SignalsView, SourceDown, trend_of
from widgets.verdict_bar import VerdictView
from widgets.words import Said, glyph, in_words

STEADY: Seconds = 300
"""Without a reason to roll back, after which what failed now and then is called healthy; a drill's is shorter."""
_SHORT = {"error_rate": "err", "latency": "p95", "health": "health"}


def header(
    runbook: Runbook,
    state: RoomState,
    now: datetime,
    *,
    driving: bool,
    driven: bool = True,
    user: str,
    trouble: str,
    presenting: bool = False,
    replay: bool = False,
) -> HeaderView:
    drill = short = ""
    if state.drill:
        drill = "practice production"
        if state.pace > 1:
            run_as = in_words(300 / state.pace)
            drill, short = f"5 min windows run as {run_as}", f"5 min = {run_as}"
    end = state.closed or now
    if not driving:
        at_wheel = (one.user for one in state.responders if driven and one.driving and one.left is None)
        user = next(at_wheel, "")
    return HeaderView(
        service=state.service or runbook.service,
        environment=state.environment or runbook.environment,
        severity=state.severity,
        title=state.title or runbook.title,
        elapsed=(end - state.opened).total_seconds() if state.opened else 0,
        now=now,
        driving=driving,
        driven=driving or driven,
        driver=user,
        drill=drill,
        drill_short=short,
        closed=state.closed is not None,
        presenting=presenting,
        trouble=trouble,
        replay=replay,
    )


def verdict_bar(advice: Advice, verdict: Verdict, outlook: Outlook, state: RoomState, now: datetime) -> VerdictView:
    """What is said at the top: before a change the danger, after it whether it is over."""
    judged = outlook.last_change(state) is not None and not outlook.not_judged(state)
    said: Said = verdict.verdict if judged else _said_before(advice, outlook)
    calm = _calm(state, now) if said == "healthy" else None
    said = said if calm is None else "unsteady"
    left_out = outlook.left_out()
    without = unasked(left_out) if left_out else ""
    reasons: tuple[str, ...]
    if judged:
        reasons = (verdict.text.removeprefix("not known yet: ").removesuffix(f"; {without}"),)
        if said == "recovered" and state.recovered:
            left = outlook.runbook.relapse_watch - (now - state.recovered).total_seconds()
            if left > 0:
                reasons = (f"watching for a relapse, {in_words(left)} more", *reasons)
    elif advice.fired:
        reasons = _reasons(advice)
    else:
        asks = "nothing asks for a rollback"
        asks += f" for {clock(calm)}, steady after {clock(STEADY / state.pace)}" if calm is not None else ""
        reasons = {"unknown": (advice.text,), "failing": _unhealthy(outlook)}.get(said, (asks,))
        if said == "unknown" and not _numbers(outlook):
            reasons = ("the runbook gives no number to judge by",)
    quiet = judged and said != "failed"
    silent = quiet or advice.level == "none"
    # who has decided for another way is not told of the first one again, unless that other way has failed
    decided = bool(state.method) and state.method not in (*advice.methods[:1], *outlook.spent(state))
    return VerdictView(
        said=said,
        reasons=reasons,
        short=_short(outlook, () if quiet else advice.fired),
        level="none" if quiet else advice.level,
        advice="" if silent else "; ".join(filter(None, (_watching(advice) or advice.why, advice.blind))),
        brief="" if silent else _brief(advice, reasons),
        way="" if silent or decided else advice.way,
        without=without,
    )


def _reasons(advice: Advice) -> tuple[str, ...]:
    """The figures that speak for a rollback, each threshold once: triggers may share one and ask another time of it."""
    told: dict[object, str] = {}
    for fired in advice.fired:
        figure = fired.standing and fired.standing.criterion
        about = (figure.signal, figure.op, figure.value) if figure else fired.trigger
        told.setdefault(about, phrase(fired.standing) if fired.standing else fired.text)
    return tuple(told.values())[:3]


def _watching(advice: Advice) -> str:
    """What there is to wait for, beside figures that are said already; empty where a rollback is advised."""
    if advice.level != "watch":
        return ""
    left = min(fired.standing.remaining for fired in advice.fired if fired.standing)
    return f"watch: {clock(left) if left else 'a reading or two'} more and it is a reason to roll back"


def _brief(advice: Advice, reasons: tuple[str, ...]) -> str:
    """The advice alone, where all its reasons stand among the verdict's; else empty."""
    return ROLL_BACK if advice.why == f"{ROLL_BACK}: {BETWEEN.join(reasons)}" and not advice.blind else ""


def _said_before(advice: Advice, outlook: Outlook) -> Said:
    """Healthy is only what was measured against something; a health endpoint that says no is believed by itself."""
    if advice.level != "none" or _unhealthy(outlook):
        return "failing"
    return "unknown" if advice.blind or not _numbers(outlook) else "healthy"


def _calm(state: RoomState, now: datetime) -> Seconds | None:
    """For how long nothing has asked for a rollback, where something did until a moment ago; else None."""
    if state.advice is None or state.advice_since is None:
        return None
    calm = (now - state.advice_since).total_seconds() if state.advice.level == "none" else 0.0
    return max(0.0, calm) if calm < STEADY / state.pace else None


def _numbers(outlook: Outlook) -> bool:
    """Whether any trigger can be seen by a machine."""
    left_out = outlook.left_out()
    return any(trigger.criterion and trigger.criterion.signal not in left_out for trigger in outlook.runbook.triggers)


def _unhealthy(outlook: Outlook) -> tuple[str, ...]:
    return tuple(
        f"{signal.title or signal.id} {value:g}"
        for name, value, _ in outlook.monitor.readings()
        if (signal := outlook.monitor.signals[name]).kind == "health" and isinstance(value, float) and value >= 400
    )


def _short(outlook: Outlook, fired: tuple[Fired, ...]) -> str:
    """The figures for a narrow screen; several signals of a kind stand under its one name, alike ones once.

    First what speaks for a rollback and is none of them: beside good figures alone the advice would be a riddle.
    """
    said: dict[str, dict[str, None]] = {}
    shown = set()
    for signal_id, value, _ in outlook.monitor.readings():
        signal = outlook.monitor.signals[signal_id]
        if signal.kind in _SHORT and (signal.kind != "latency" or "95" in signal.id):
            said.setdefault(_SHORT[signal.kind], {})[amount(value, signal.unit)] = None
            shown.add(signal_id)
    figures = " ".join(f"{name} {'/'.join(values)}" for name, values in said.items())
    others = (one for one in fired if one.standing is None or one.standing.criterion.signal not in shown)
    return f" {glyph('dot')} ".join(filter(None, (*dict.fromkeys(map(_in_short, others)), figures)))


def _in_short(fired: Fired) -> str:
    at = fired.standing
    if at is None or at.state not in ("met", "pending"):
        return fired.text.strip().rstrip(".")
    return f"{label(at)} {amount(at.value, at.unit)}"


# ── pane 1 ────────────────────────────────────────────────────────────────────────────────────────


def signals(outlook: Outlook, state: RoomState, now: datetime, span: Seconds = USUAL_WINDOW) -> SignalsView:
    """Every signal with its value, what it should be, and its course over `span` (a drill's is shorter)."""
    monitor, at = outlook.monitor, now.timestamp()
    window = max(120.0 * span / USUAL_WINDOW, span / state.pace)
    readings = {signal: (value, why) for signal, value, why in monitor.readings()}
    rows = tuple(
        _row(outlook, signal, *readings[signal.id], at=at, window=window)
        for signal in _in_order(monitor.signals)
        if signal.id in readings
    )
    waiting = tuple((monitor.signals[name].title or name, needs) for name, needs in monitor.not_set_up().items())
    marks = tuple(
        Mark(run.confirmed.timestamp(), str(_number(outlook.runbook, run.method, run.step)))
        for run in state.runs.values()
        if run.effect != "read" and run.target == state.environment and run.state == "done"
    )
    return SignalsView(rows=rows, marks=_apart(marks), down=_down(monitor), waiting=waiting, window=window, now=at)


_BANNERS = 3


def _down(monitor: Monitor) -> tuple[SourceDown, ...]:
    """What does not answer, by why: a server that is gone takes all of its signals with it.

    What each would have read there (`500, and errors is not there`) makes no other reason of it.
    """
    together: dict[str, dict[str, str]] = {}
    for name, why in monitor.down.items():
        together.setdefault(why.partition(", and ")[0], {})[monitor.signals[name].title or name] = why
    found = [
        SourceDown(", ".join(said), same if len(set(said.values())) > 1 else next(iter(said.values())))
        for same, said in together.items()
    ]
    if len(found) > _BANNERS:
        more = [down.source for down in found[_BANNERS - 1 :]]
        found[_BANNERS - 1 :] = [SourceDown(", ".join(more), "each for another reason, beside it")]
    return tuple(found)


def _apart(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """The last mark of each label: the commands of one step are one mark."""
    return tuple({mark.label: mark for mark in marks}.values())


def _in_order(found: Mapping[str, Signal]) -> tuple[Signal, ...]:
    """The golden ones first, as the runbook orders them; versions are for waiting, not for looking."""
    kinds = ("error_rate", "latency", "health", "requests", "other")
    shown = [signal for signal in found.values() if signal.kind in kinds and signal.id != "uptime"]
    return tuple(sorted(shown, key=lambda signal: kinds.index(signal.kind)))


def _row(
    outlook: Outlook, signal: Signal, value: float | str | None, why: str, *, at: float, window: float
) -> SignalRow:
    monitor = outlook.monitor
    asked = _asked_of(outlook.runbook, signal.id)
    standing = outlook.standing(asked) if asked else None
    points = monitor.series[signal.id].points_since(at - window)
    age = monitor.age(signal.id)
    drawn = signal.kind in ("error_rate", "latency", "requests", "other") and any(v is not None for _, v in points)
    main = signal.kind in ("error_rate", "latency")
    return SignalRow(
        id=signal.id,
        title=signal.title.lower() if signal.title[1:2].islower() else signal.title,
        value=amount(value, signal.unit) if value is not None else "",
        criterion=_bare(asked, signal),
        state=_state(standing),
        why=why or (standing.why if standing else ""),
        trend=trend_of(points, at) if main else None,
        points=points if drawn else (),
        thresholds=_thresholds(outlook.runbook, signal) if drawn else (),
        checks=tuple(HealthCheck(name, ok) for name, ok in monitor.health_checks.get(signal.id, ())),
        no_data_for=age if age is not None and monitor.is_stale(signal.id) else 0,
        chart=main and signal.id != "p50",
        unit=signal.unit,
    )


def _state(standing: Standing | None) -> State | None:
    """Whether it is good right now; for how long is the verdict's matter."""
    if standing is None:
        return None
    return "met" if standing.state == "pending" else standing.state


def _asked_of(runbook: Runbook, signal: str) -> Criterion | None:
    return next(
        (
            o.criterion
            for o in runbook.outcomes
            if o.level == "success" and o.criterion and o.criterion.signal == signal
        ),
        None,
    )


def _bare(criterion: Criterion | None, signal: Signal) -> str:
    return f"{criterion.op} {amount(criterion.value, signal.unit)}" if criterion else ""


def _thresholds(runbook: Runbook, signal: Signal) -> tuple[Threshold, ...]:
    found: dict[float, Threshold] = {}
    for outcome in runbook.outcomes:
        c = outcome.criterion
        if outcome.level == "success" and c and c.signal == signal.id and isinstance(c.value, float | int):
            found[c.value] = Threshold(c.value, amount(c.value, signal.unit), "good")
    for trigger in runbook.triggers:
        c = trigger.criterion
        if c and c.signal == signal.id and isinstance(c.value, float | int):
            found[c.value] = Threshold(c.value, amount(c.value, signal.unit), "danger")
    return tuple(found.values())


def _number(runbook: Runbook, method: str, step: str) -> int:
    steps = next((p.steps for p in runbook.procedures() if p.id == method), ())
    return next((number for number, s in enumerate(steps, 1) if s.id == step), 0)


# ── pane 4 on a narrow screen ────────────────────────────────────────────────────────────────────


def still_open(words: tuple[str, ...]) -> str:
    """What stands on pane 4's rule as long as something has to be switched back."""
    more = f" (+{len(words) - 1})" if words[1:] else ""
    return f"still open: {words[0]}{more}" if words else ""


def short_action(view: object, *, watching: bool = False) -> Content:
    """Two lines that stand for pane 4 on a narrow screen; to a room that is `watching` no key that acts is named."""
    first, second = "", "4 look"
    match view:
        case Looking():
            # the first of several lines, `umask 077`, would be taken for all that the step does
            text = view.text if view.text and "\n" not in view.text.strip() else view.title
            first = f"{view.number} {text}".strip()
            enters = view.enter and (not watching or view.enter == "look")
            first, second = f"{first}   {view.words}" if view.enter else first, f"enter {view.enter}" if enters else ""
        case Nothing():
            hints = looking_on(view.hints) if watching else view.hints
            first, second = view.title, "   ".join(f"{hint.key} {hint.words}" for hint in hints) or second
        case Confirmation():
            first = view.prepared.step.title
        case Starting():
            first = f"{glyph('live')} confirmed  {view.title}"
        case NotStarted():
            first, second = f"{glyph('bad')} not started  {view.title}", f"4 look   {' '.join(view.why.split())}"
        case Running():
            first = f"{glyph('live')} running  {view.run.title}"
        case Following():
            first, second = f"{glyph('live')} follows  {view.run.title}", "2 its output   4 look"
        case Finished():
            first = f"{_ended(view)}  {view.run.title}"
            second += f"   next: {view.next_step}" if view.next_step else ""
        case UnknownOutcome():
            first = f"{glyph('unknown')} unknown  {view.run.title}"
            second = second if watching else "4 say how it ended"
        case WaitingFor():
            late = "late: " if view.late else ""
            first = f"{glyph('live')} watching  {late}{clock(view.elapsed)}  {view.title}"
        case _:
            first = getattr(view, "title", "")
    return Content(f"{first}\n{second}".rstrip()) if first else Content("")


def _ended(view: Finished) -> str:
    if view.run.already:
        return f"{glyph('ok')} was there already"
    if view.run.state == "done":
        return f"{glyph('ok')} {view.part or 'done'}"
    return f"{glyph('bad')} {'failed' if view.run.state == 'failed' else 'not done'}"
