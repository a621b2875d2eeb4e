"""Did it work? The success criteria, joined into one word that is never better than what is known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from runbook.figures import clock
from runbook.model import Outcome
from runbook.signals.standing import OutcomeStanding, Standing, Verdict
from runbook.signals.words import phrase


def decide(
    outcomes: Iterable[Outcome],
    standings: Mapping[str, Standing],
    ticks: Mapping[str, bool],
    *,
    judged_from: datetime | None,
    now: datetime,
    firing: Iterable[Standing] = (),
    left_out: Mapping[str, str] = {},
) -> Verdict:
    """The verdict by the standing of each outcome (by outcome id) and by what people ticked.

    `judged_from` is the end of the last change plus the settle time, None before any change. The criteria decide;
    a line that only a person can see is asked for, and counts against recovery only when the answer was no, or when it
    says that part of it was reached.
    Nothing is recovered while a reason to roll back is `firing`: its trigger's standing is met. `left_out` holds the
    titles of optional signals that nobody set up: a line on one of them is for a person to see, and the text says so.
    """
    lines = tuple(_line(outcome, standings.get(outcome.id), ticks.get(outcome.id), left_out) for outcome in outcomes)
    without = f"; {unasked(left_out)}" if left_out else ""
    if judged_from is None:
        return Verdict("unknown", "nothing was changed yet", lines)
    if now < judged_from:
        left = math.ceil((judged_from - now).total_seconds())
        return Verdict("unknown", f"not known yet: settling, {clock(left)} more", lines)
    judged = _settled(lines)
    still = [phrase(standing) for standing in firing if standing.state == "met"]
    if judged.verdict == "recovered" and still:
        judged = Verdict("partial", f"partial: still a reason to roll back: {' · '.join(still)}", lines)
    return Verdict(judged.verdict, judged.text + without, lines)


def unasked(left_out: Mapping[str, str]) -> str:
    """That a judgement was made without some signals: `without Sentry (not set up)`."""
    return f"without {', '.join(left_out.values())} (not set up)"


def ends_recovery(now: Verdict) -> bool:
    """Whether a recovery is over by this verdict: something that was good is known to have been bad since.

    Not for what is merely not known any more.
    """
    return now.verdict in ("failed", "partial") or any(
        line.level == "success"
        and line.standing is not None
        and line.standing.state == "pending"
        and line.standing.broken == "breach"
        for line in now.lines
    )


def _settled(lines: tuple[OutcomeStanding, ...]) -> Verdict:
    """Failure outranks ignorance, ignorance outranks everything better."""
    success = [line for line in lines if line.level == "success"]
    failed = [line for line in lines if line.level == "failed"]
    broken = [line for line in failed if line.ok is False] or _below_partial(lines)
    if broken:
        return Verdict("failed", f"failed: {_said(broken)}; escalate", lines)
    measured = [line for line in success if line.standing is not None]
    blind = [line for line in (*measured, *failed) if line.standing is not None and line.standing.state == "unknown"]
    if blind:
        return Verdict("unknown", f"not known yet: {_said(blind)}", lines)
    partly = [line for line in lines if line.level == "partial" and line.standing is None and line.ok]
    wrong = [line for line in success if line.ok is False] + partly
    if wrong:
        return Verdict("partial", f"partial: {_said(wrong)}", lines)
    holding = [line for line in measured if line.ok is None]
    if holding:
        return Verdict("unknown", f"not known yet: holding: {_said(holding)}", lines)
    asked = [line for line in success if line.ok is None]
    return _good(lines, measured, asked)


def _below_partial(lines: tuple[OutcomeStanding, ...]) -> list[OutcomeStanding]:
    """The bands of partial success that were missed for the worse: what is not even partly good has failed."""
    wrong = {
        line.standing.criterion.signal
        for line in lines
        if line.level == "success" and line.standing and _breached(line)
    }
    bands = [line for line in lines if line.level == "partial" and line.standing is not None]
    reached = {line.standing.criterion.signal for line in bands if line.standing and not _breached(line)}
    return [line for line in bands if line.standing and line.standing.criterion.signal in wrong - reached]


def _breached(line: OutcomeStanding) -> bool:
    return line.standing is not None and line.standing.state == "not-met"


def _good(
    lines: tuple[OutcomeStanding, ...], measured: Sequence[OutcomeStanding], asked: Sequence[OutcomeStanding]
) -> Verdict:
    """Nothing speaks against recovery; it still takes a signal, or a person's word on every line."""
    ask = f"{len(asked)} for a person to confirm: {_said(asked)}" if asked else ""
    if measured:
        text = f"recovered by the signals: {_said(measured)}"
        return Verdict("recovered", f"{text}; {ask}" if ask else text, lines)
    if ask or not any(line.level == "success" for line in lines):
        return Verdict("unknown", f"not known yet: {ask or 'the runbook has no success criteria'}", lines)
    return Verdict("recovered", "recovered: confirmed by a person", lines)


def _line(
    outcome: Outcome, standing: Standing | None, tick: bool | None, left_out: Mapping[str, str]
) -> OutcomeStanding:
    """`ok` is whether the line is good news: a failed-line that holds is not."""
    ok: bool | None
    if outcome.criterion is not None and outcome.criterion.signal not in left_out:
        standing = standing or Standing(criterion=outcome.criterion, state="unknown", why="not read yet")
        ok = {"met": True, "not-met": False}.get(standing.state)
    else:
        standing, ok = None, tick
    if outcome.level == "failed" and ok is not None:
        ok = not ok
    return OutcomeStanding(outcome.id, outcome.text, outcome.level, ok, standing, ticked=tick is True)


def _said(lines: Iterable[OutcomeStanding]) -> str:
    found: Sequence[str] = [phrase(line.standing) if line.standing else _manual(line) for line in lines]
    return " · ".join(dict.fromkeys(found))


def _manual(line: OutcomeStanding) -> str:
    text = line.text.strip().rstrip(".")
    if line.level == "success" and line.ok is False:
        return f"“{text}” was answered no"
    return text
