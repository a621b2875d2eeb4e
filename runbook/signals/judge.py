"""How a criterion stands: met, pending, not met or unknown, by one rule for recovery and one for danger.

Unknown is never good and never a reason by itself. Turning good samples into holes never makes a
criterion pass that did not.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from runbook.figures import clock
from runbook.model import Criterion, Seconds
from runbook.signals.series import Sample, Series
from runbook.signals.standing import Standing

MIN_SAMPLES = 5
"""A hold needs so many readings, however long they span."""
DOWN_AFTER = 5
"""So many failed readings in a row are a source that is down, and a hold starts again."""
STALE_FLOOR: Seconds = 45
"""Below this age a reading is still current, unless a short hold asks for more."""

NOTHING_YET = "no reading yet"

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_SHA = re.compile(r"[0-9a-f]{7,64}", re.I)
_PLACEHOLDER = re.compile(r"<[^<>]+>")


class _Moment(msgspec.Struct, frozen=True):
    """All that was read at one instant: whether the criterion held then, None for a hole."""

    at: float
    holds: bool | None
    sample: Sample


def gap_allowed(interval: Seconds, hold: Seconds = 0, floor: Seconds = STALE_FLOOR) -> Seconds:
    """The longest time between readings that still counts as watching, and the age from which one is stale.

    Three intervals or `floor`, at most a fifth of the hold; never below two intervals, or a single missed
    reading would end a short hold each time.
    """
    allowed = max(3 * interval, floor)
    return max(min(allowed, hold / 5), 2 * interval) if hold else allowed


def holds(criterion: Criterion, value: float | str) -> bool | None:
    """Whether one value fulfils the criterion; None where the two cannot be compared.

    Commits (seven or more hexadecimal digits on both sides) are equal when one begins with the other.
    """
    wanted = criterion.value
    if isinstance(wanted, str) or isinstance(value, str):
        if not (isinstance(wanted, str) and isinstance(value, str)) or criterion.op not in ("==", "!="):
            return None
        return _same_text(wanted, value) == (criterion.op == "==")
    return _COMPARE[criterion.op](value, wanted) if math.isfinite(value) else None


def judge(
    criterion: Criterion,
    series: Series,
    now: float,
    since: float = 0,
    *,
    max_gap: Seconds | None = None,
    interval: Seconds = 5,
    danger: bool = False,
    void: Callable[[Sample], bool] = lambda _: False,
) -> Standing:
    """How `criterion` stands at `now` by the samples of `[since, now]` (Unix seconds) that are not `void`; pure.

    Recovery (the default): a breach, a gap over `max_gap` or five holes in a row start the hold again.
    Danger: a gap pauses it, only a reading that says otherwise ends it.
    """
    allowed = gap_allowed(interval, criterion.hold) if max_gap is None else max_gap
    if isinstance(criterion.value, str) and _PLACEHOLDER.search(criterion.value):
        return _unknown(criterion, f"{criterion.value} is not set yet")

    def evidence() -> Iterator[Sample]:
        return (sample for sample in series.newest_first(since, now) if not void(sample))

    moments = _newest_first(criterion, evidence(), worse=danger)
    newest, failed = _newest_reading(moments)
    if newest is None:
        return _unknown(criterion, _why_nothing(evidence(), series, now, since))
    age = now - newest.at
    value = newest.sample.value
    if failed >= DOWN_AFTER or age > allowed:
        why = _last_word(evidence()) if failed else ""
        return _unknown(criterion, f"no reading for {clock(age)}" + (f": {why}" if why else ""))
    if not newest.holds:
        return Standing(criterion=criterion, state="not-met", value=value, why=_flag(series, now))
    covered, samples, broken = _covered(moments, newest, allowed, danger=danger)
    enough = not criterion.hold or (covered >= criterion.hold and samples >= MIN_SAMPLES)
    why = _flag(series, now)
    if not enough and covered >= criterion.hold:
        why = f"{samples} of {MIN_SAMPLES} readings" + (f"; {why}" if why else "")
    return Standing(
        criterion=criterion,
        state="met" if enough else "pending",
        value=value,
        covered=covered,
        why=why,
        broken=broken,
    )


def _newest_first(criterion: Criterion, samples: Iterator[Sample], *, worse: bool) -> Iterator[_Moment]:
    """Samples as moments, newest first. Two that disagree at one instant: the worse, `worse` being the bad answer."""
    merged: _Moment | None = None
    for sample in samples:
        answer = None if sample.value is None else holds(criterion, sample.value)
        moment = _Moment(sample.at, answer, sample)
        if merged is None or merged.at != sample.at:
            if merged is not None:
                yield merged
            merged = moment
        else:
            rank = (worse, None, not worse)
            merged = min(merged, moment, key=lambda m: (rank.index(m.holds), _from_worst(criterion, m, danger=worse)))
    if merged is not None:
        yield merged


def _from_worst(criterion: Criterion, moment: _Moment, *, danger: bool) -> tuple[float, str]:
    """Orders answers that agree: the worse value is the one to show."""
    value = moment.sample.value
    if not isinstance(value, float | int):
        return 0.0, str(value)
    return (value if criterion.op in (">", ">=") and not danger else -value), ""


def _newest_reading(moments: Iterator[_Moment]) -> tuple[_Moment | None, int]:
    """The newest moment that is not a hole, and how many holes came after it."""
    failed = 0
    for moment in moments:
        if moment.holds is not None:
            return moment, failed
        failed += 1
    return None, failed


def _covered(
    moments: Iterator[_Moment], newest: _Moment, allowed: Seconds, *, danger: bool
) -> tuple[Seconds, int, Literal["", "breach", "gap"]]:
    """For how long it has held, back from `newest`, over how many samples, and what came before that."""
    covered, samples, failed, later = 0.0, 1, 0, newest
    for moment in moments:
        if moment.holds is None:
            failed += 1
            continue
        watched = later.at - moment.at <= allowed and failed < DOWN_AFTER
        if not moment.holds:
            return covered, samples, "breach"
        if watched:
            covered += later.at - moment.at
        elif not danger:
            return covered, samples, "gap"
        samples, failed, later = samples + 1, 0, moment
    return covered, samples, ""


def _same_text(wanted: str, value: str) -> bool:
    wanted, value = wanted.strip(), value.strip()
    if _SHA.fullmatch(wanted) and _SHA.fullmatch(value):
        wanted, value = wanted.lower(), value.lower()
        return wanted.startswith(value) or value.startswith(wanted)
    return wanted == value


def _unknown(criterion: Criterion, why: str) -> Standing:
    return Standing(criterion=criterion, state="unknown", why=why)


def _why_nothing(samples: Iterator[Sample], series: Series, now: float, since: float) -> str:
    if since > now:
        return f"settling, {clock(math.ceil(since - now))} more"
    return _last_word(samples) or _flag(series, now) or NOTHING_YET


def _last_word(samples: Iterator[Sample]) -> str:
    """Why the newest sample told nothing; empty when there is none."""
    newest = next(samples, None)
    if newest is None:
        return ""
    return newest.why if newest.value is None else f"{newest.value} is nothing to compare with"


def _flag(series: Series, now: float) -> str:
    ahead = series.after(now)
    return f"{ahead} from the future left out: a clock is wrong" if ahead else ""
