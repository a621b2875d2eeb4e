"""What one answer says about one signal: a sample, with everything that goes wrong turned into a hole."""

from __future__ import annotations

import msgspec

from runbook.figures import clock
from runbook.model import Record, Seconds, Signal
from runbook.signal_sources import (
    Cdn,
    CommandOutput,
    Exposition,
    Health,
    HttpJson,
    Lighthouse,
    LogRate,
    NoSource,
    Prometheus,
    Sentry,
    SignalSource,
    Smoke,
    counted_over,
)
from runbook.signals import (
    cdn,
    command_output,
    exposition,
    health,
    http_json,
    lighthouse,
    log_rate,
    prometheus,
    sentry,
    smoke,
)
from runbook.signals.fetch import Reply, Request, Unreadable
from runbook.signals.health import Check, checks_of
from runbook.signals.http_json import Counters, Hole
from runbook.signals.series import Sample
from runbook.signals.standing import Part

NO_SOURCE = "the runbook does not say where to read it"


class Observed(Record, frozen=True):
    """A sample and what came with it. `failed`: the source is at fault, not the traffic."""

    sample: Sample
    failed: bool = False
    checks: tuple[Check, ...] = ()
    parts: tuple[Part, ...] = ()
    took: Seconds | None = None
    skew: Seconds | None = None
    """The server's clock minus ours; None where the answer does not say."""


Memory = Counters | exposition.Buckets | prometheus.Targets | health.Manner | cdn.Probes | log_rate.Lines
"""What a source remembers from one reading to the next."""


def memory_for(signal: Signal) -> Memory:
    """The memory that a signal's source needs between two readings."""
    source = signal.source
    window = counted_over(source, signal.every)
    if isinstance(source, Prometheus):
        return prometheus.Targets()
    if isinstance(source, Health):
        return health.Manner()
    if isinstance(source, Cdn):
        return cdn.Probes(window)
    if isinstance(source, LogRate):
        return log_rate.Lines(window)
    if isinstance(source, Exposition) and source.histogram:
        return exposition.Buckets(window)
    return Counters(window)


def request_for(source: SignalSource) -> Request | None:
    """What a poll of the source asks; None where there is nothing to ask."""
    match source:
        case NoSource():
            return None
        case CommandOutput():
            request = Request(source.run, "command", deadline=source.deadline)
        case Lighthouse():
            request = Request(source.run, "command", deadline=source.deadline)
        case Smoke():
            request = Request("\n".join(test.url for test in source.tests), "each")
        case LogRate():
            request = Request(source.file, "file")
        case Sentry():
            request = Request(sentry.path_of(source), "sentry", (source.url_env, source.token_env))
        case Cdn():
            request = Request(source.url, "probe")
        case Prometheus():
            request = Request(prometheus.address(source))
        case _:
            request = Request(source.url)
    return request


def read(
    signal: Signal, reply: Reply | Unreadable, memory: Memory, asked: float, seen: float, *, max_skew: Seconds
) -> Observed:
    """One answer as a sample of a signal; never raises for what an answer holds.

    The sample is dated when it was asked for (`asked`, Unix seconds, less a cache's `Age`), so that nothing
    counts as later than an action that it preceded; `seen` is the monotonic clock then. An answer whose
    clock is off by more than `max_skew` may be an old one and is a hole.
    """
    if isinstance(reply, Unreadable):
        return Observed(_hole(asked, seen, str(reply)), failed=True)
    if isinstance(signal.source, Cdn):  # how old the page is does not matter: what the cache did with it is new
        reply = msgspec.structs.replace(reply, age=0, date=None)
    at = asked - reply.age
    seen -= reply.age
    skew = None if reply.made is None else reply.made - (asked + reply.took)
    checks: tuple[Check, ...] = ()
    parts = smoke.parts_of(signal.source, reply) if isinstance(signal.source, Smoke) else ()
    try:
        if skew is not None and abs(skew) > max_skew:
            raise Unreadable(f"its clock is {clock(abs(skew))} {'ahead' if skew > 0 else 'behind'}: skewed or cached")
        checks = _checks(signal, reply)
        if isinstance(signal.source, Lighthouse):
            # what a report says is of when it was made: read again after a change, it still tells of before
            measured, age = lighthouse.value_of(signal, signal.source, reply, asked, max_skew)
            value: float | str = measured
            at, seen = at - age, seen - age
        else:
            value = _told(signal, reply, memory, seen)
    except Unreadable as wrong:
        told = reply.status < 400 or str(wrong).startswith(str(reply.status))
        why = str(wrong) if told else f"{reply.status}, and {wrong}"
        return Observed(_hole(at, seen, why), failed=True, checks=checks, parts=parts, took=reply.took, skew=skew)
    except Hole as hole:
        return Observed(_hole(at, seen, str(hole)), took=reply.took, skew=skew)
    why = "a counter started again" if isinstance(memory, Counters) and memory.resets else smoke.why_of(parts)
    return Observed(Sample(at, value, why, seen), checks=checks, parts=parts, took=reply.took, skew=skew)


def _checks(signal: Signal, reply: Reply) -> tuple[Check, ...]:
    """What is shown beside the value: a health endpoint's parts, each of the smoke tests."""
    source = signal.source
    if isinstance(source, Smoke):
        return smoke.checks_of(source, reply)
    return checks_of(reply, source.checks) if isinstance(source, Health) else ()


def _told(signal: Signal, reply: Reply, memory: Memory, seen: float) -> float | str:
    """The value in an answer. Raises Hole, Unreadable."""
    match signal.source, memory:
        case Health(), health.Manner():
            value: float | str = health.value_of(reply, memory)
        case Prometheus() as source, prometheus.Targets():
            value = prometheus.value_of(signal, source, reply, memory)
        case Exposition() as source, Counters() | exposition.Buckets():
            value = exposition.value_of(signal, source, exposition.page_of(reply), memory, seen)
        case CommandOutput() as source, _:
            value = command_output.value_of(signal, source, reply)
        case Smoke() as source, _:
            value = smoke.value_of(source, reply)
        case Cdn() as source, cdn.Probes():
            value = cdn.value_of(source, reply, memory, seen)
        case Sentry() as source, _:
            value = sentry.value_of(source, reply)
        case LogRate() as source, log_rate.Lines():
            value = log_rate.value_of(source, reply, memory, seen)
        case HttpJson() as source, Counters():
            value = http_json.value_of(signal, source, http_json.document_of(reply), memory, seen)
        case _:
            raise Unreadable(NO_SOURCE)
    if signal.kind == "latency" and value == 0:
        raise Hole("0 is no response time: nothing was measured")
    return value


def _hole(at: float, seen: float, why: str) -> Sample:
    return Sample(at, None, why, seen)
