"""What one answer says about one signal: a sample, with everything that goes wrong turned into a hole."""

from __future__ import annotations

from runbook.model import Health, HttpJson, NoSource, Record, Seconds, Signal
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.health import Check, checks_of
from runbook.signals.http_json import Counters, Hole, document_of, value_of
from runbook.signals.series import Sample
from runbook.signals.words import clock

NO_SOURCE = "the runbook does not say where to read it"


class Observed(Record, frozen=True):
    """A sample and what came with it. `failed`: the source is at fault, not the traffic."""

    sample: Sample
    failed: bool = False
    checks: tuple[Check, ...] = ()
    took: Seconds | None = None
    skew: Seconds | None = None
    """The server's clock minus ours; None where the answer does not say."""


def counters_for(signal: Signal) -> Counters:
    """The memory that a signal's source needs between two readings.

    A window is never shorter than three polls: with less, one missed poll would leave nothing to count.
    """
    return Counters(max(signal.source.window if isinstance(signal.source, HttpJson) else 0, 3 * signal.every))


def read(
    signal: Signal, reply: Reply | Unreadable, counters: Counters, asked: float, seen: float, *, max_skew: Seconds
) -> Observed:
    """One answer as a sample of a signal; never raises for what an answer holds.

    The sample is dated when it was asked for (`asked`, Unix seconds, less a cache's `Age`), so that nothing
    counts as later than an action that it preceded; `seen` is the monotonic clock then. An answer whose
    clock is off by more than `max_skew` may be an old one and is a hole.
    """
    if isinstance(reply, Unreadable):
        return Observed(_hole(asked, seen, str(reply)), failed=True)
    at = asked - reply.age
    seen -= reply.age
    skew = None if reply.made is None else reply.made - (asked + reply.took)
    checks: tuple[Check, ...] = ()
    value: float | str | None
    try:
        if skew is not None and abs(skew) > max_skew:
            raise Unreadable(f"its clock is {clock(abs(skew))} {'ahead' if skew > 0 else 'behind'}: skewed or cached")
        if isinstance(signal.source, NoSource):
            raise Unreadable(NO_SOURCE)
        if isinstance(signal.source, Health):
            value, checks = float(reply.status), checks_of(reply, signal.source.checks)
        else:
            value = value_of(signal, signal.source, document_of(reply), counters, seen)
    except Unreadable as wrong:
        told = reply.status < 400 or str(wrong).startswith(str(reply.status))
        why = str(wrong) if told else f"{reply.status}, and {wrong}"
        return Observed(_hole(at, seen, why), failed=True, took=reply.took, skew=skew)
    except Hole as hole:
        return Observed(_hole(at, seen, str(hole)), took=reply.took, skew=skew)
    why = "a counter started again" if counters.resets else ""
    return Observed(Sample(at, value, why, seen), checks=checks, took=reply.took, skew=skew)


def _hole(at: float, seen: float, why: str) -> Sample:
    return Sample(at, None, why, seen)
