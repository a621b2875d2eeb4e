"""A run of the `lighthouse` program, or the report that one left behind: the score of a page, or one of its times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from runbook.figures import clock
from runbook.logs.clean import clean
from runbook.model import Seconds, Signal
from runbook.signal_sources import Lighthouse
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.http_json import dig, document_of, number

_AUDITS = {
    "lcp": "largest-contentful-paint",
    "fcp": "first-contentful-paint",
    "tbt": "total-blocking-time",
    "speed_index": "speed-index",
    "cls": "cumulative-layout-shift",
}


def value_of(signal: Signal, source: Lighthouse, reply: Reply, asked: float, oldest: Seconds) -> tuple[float, Seconds]:
    """The score (0 to 100), a time in the signal's unit (s where it has none), or the bare shift of the layout.

    With it, how long before `asked` (Unix seconds) it was measured. Raises Unreadable: also where that is longer
    than `oldest`.
    """
    report = document_of(reply)
    if not isinstance(report, Mapping) or "lighthouseVersion" not in report:
        raise Unreadable("no report of lighthouse")
    failed = report.get("runtimeError")
    if isinstance(failed, Mapping) and failed.get("code", "NO_ERROR") != "NO_ERROR":
        raise Unreadable(f"lighthouse could not judge the page: {clean(str(failed.get('code')), 40)}")
    age = _age(report.get("fetchTime"), asked, oldest)
    if source.measure == "score":
        return number(dig(report, "categories.performance.score"), "the score", "", 100), age
    found = number(dig(report, f"audits.{_AUDITS[source.measure]}.numericValue"), source.measure)
    return (found if source.measure == "cls" or signal.unit == "ms" else found / 1000), age


def _age(fetched: object, asked: float, oldest: Seconds) -> Seconds:
    try:
        age = asked - datetime.fromisoformat(str(fetched)).timestamp()
    except ValueError:
        raise Unreadable("its report does not say when it was made") from None
    if abs(age) > oldest:
        raise Unreadable(f"its report is from {clock(abs(age))} {'ago' if age > 0 else 'ahead'}")
    return max(0.0, age)  # one that was made by this very poll is of when it was asked for
