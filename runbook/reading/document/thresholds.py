"""Numbers in sentences: `Error rate > 5% for 5+ minutes` as a criterion, and the signal that it speaks of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from runbook.model import Criterion, Signal
from runbook.reading.document.comparisons import (
    NUMBER,
    OPPOSITE,
    cut_negation,
    evened,
    hold,
    is_more,
    lists_more,
    number,
)
from runbook.reading.document.phrases import bare, slug
from runbook.signal_sources import Health, NoSource, SignalSource

ParseCriterion = Callable[[str, Mapping[str, Signal]], Criterion]
SignalKind = Literal["error_rate", "latency", "health", "requests", "version", "other"]

_WORDED = {
    "above": ">", "over": ">", "exceeds": ">", "exceed": ">", "exceeding": ">", "exceeded": ">", "more than": ">",
    "greater than": ">", "higher than": ">", "below": "<", "under": "<", "less than": "<", "lower than": "<",
    "fewer than": "<", "at least": ">=", "at most": "<=", "≥": ">=", "≤": "<=", "＞": ">", "＜": "<",
    "mayor que": ">", "menor que": "<", "supérieur à": ">", "inférieur à": "<", "über": ">", "unter": "<",
}  # fmt: skip
_OPERATOR = re.compile(
    r"(?P<op>>=|<=|=>|=<|[<>≥≤＞＜]|\b(?:above|over|exceed(?:s|ing|ed)?|more than|greater than|higher than|below|under"
    r"|less than|lower than|fewer than|at least|at most|mayor que|menor que|supérieur à|inférieur à|über|unter)\b)"
    rf"\s*(?:of\s+|than\s+)?(?P<number>{NUMBER})(?P<thousands>k(?![a-z]))?"
    r"(?:\s*(?P<unit>%|percent\b|ms\b|milliseconds?\b|s\b|secs?\b|seconds?\b|min(?:ute)?s?\b|h(?:(?:ou)?rs?)?\b|[KMGT]i?B\b))?"
    r"(?P<per>(?:\s*[a-z]+)?\s*(?:/|per )\s*(?:s|sec(?:ond)?|m|min(?:ute)?|h|hour)\b)?",
    re.I,
)
_UNREAD = re.compile(
    r"[a-z‰°]|\s*(?:in|of|out of|/|:)\s*\d|\s*(?:percentage\s+)?(?:points?|pp|bps)\b|\s*[km]bps\b|\s*[µμun]s\b"
    r"|\s*(?:days?|weeks?|months?|hundred|thousand|million|billion|mio|mrd|mln|bn)\b",
    re.I,
)
"""What makes the number before it another one."""
_RANGE = re.compile(rf"(?P<low>{NUMBER})\s*%?\s*(?:-|–|to)\s*(?P<high>{NUMBER})\s*(?P<unit>%|ms\b|s\b)")
_STATUS = re.compile(
    r"(?:return(?:s|ed|ing)?|respond(?:s|ed|ing)?(?: with)?|answers?(?: with)?|(?P<bare>=|\bis))\s+(?:HTTP\s*)?(?P<not>non-)?"
    r"(?P<code>[1-5]\d\d)\b(?![.,/]\d|\s*(?:%|(?:ms|s|sec\w*|min\w*|h|[KMGT]i?B)\b))",
    re.I,
)
_ANOTHER_CODE = re.compile(r"\s*,\s*\d")
_COUNTED = re.compile(r"\s+(?!status)[a-z]+s\b", re.I)
_HEALTH = re.compile(r"health|liveness|readiness|\bup\b", re.I)
_UNHEALTHY = re.compile(r"fail|down|unhealthy|not respond|error", re.I)
_WELL_AGAIN = re.compile(r"\b(?:stop|ceas|gone\b|resolv|clear|recover)", re.I)
_RELATIVE = re.compile(
    r"baseline|normal|usual|compared|\bvs\b|increase|drop(?:s|ped)? by|degrad|times|\dx\b"
    r"|\b(?:drop|fall|fell|ris|rose|increas|decreas|grow|climb|jump|declin|shr[iu]nk|reduc)\w*\s+"
    r"(?:by\b|of\b|(?:more|less|greater|higher|fewer) than|at least|at most)"
    r"|\b(?:drop(?:s|ped)?|falls?|fell|decreases?|declin\w+|shr[iu]nks?|reduc\w+)\s*(?:>|exceed|over\b|above\b)"
    r"|\b(?:up|down)\s+(?:(?:by|more than|at least|over|>)\s*)+[\d.,]+\s*%"
    r"|\d\s*(?:%|[a-z]+)?\s+(?:slow|fast|high|low|great|small)er\b",
    re.I,
)
_FILLER = re.compile(
    r"^(?:the|a|an|if|when|any|is|are|was|rises?|goes|stays?|remains?|should|be|still|has|have|been|consistently"
    r"|average|avg|for|of|in|with|and|than|by|to|at|or)\b\s*|\s*\b(?:is|are|was|rises?|goes|stays?|remains?|should|be|has"
    r"|have|been|consistently|at|of|with|by|to|and|than|reaches?|drops?|falls?|climbs?|spikes?)$",
    re.I,
)

_KNOWN: tuple[tuple[str, SignalKind, re.Pattern[str]], ...] = (
    ("error_rate", "error_rate", re.compile(r"error rate|rate of errors|errors?\b.{0,12}\brate|5xx rate|\berrors$|taux d.erreur|tasa de error|fehlerrate|エラー率|错误率|오류율", re.I)),
    ("p99", "latency", re.compile(r"\bp99\b|99th", re.I)),
    ("p95", "latency", re.compile(r"\bp95\b|95th", re.I)),
    ("p50", "latency", re.compile(r"\bp50\b|median", re.I)),
    ("lcp", "latency", re.compile(r"\blcp\b|largest contentful", re.I)),
    ("latency", "latency", re.compile(r"latency|response times?|load times?|latencia|latence|latenz|レイテンシ|延迟|지연", re.I)),
)  # fmt: skip


class Numbers:
    """Collects the signals that a document's numbers speak of, and states its criteria on them."""

    def __init__(self, parse: ParseCriterion, health: Signal | None) -> None:
        self.parse = parse
        self.signals: dict[str, Signal] = {}
        self.health = health

    def criterion(self, text: str, band: Literal["from", "up to"] = "from") -> Criterion | None:
        """The one condition that a sentence states in numbers; None where it states none that is certain.

        Of a band such as `1-3%` a reason to act begins at its lower end, a result is still good up to its upper one.
        """
        words = evened(bare(text))
        if len(words) > 300:
            return None
        stated = [found for found in _OPERATOR.finditer(words) if not _before_is_hold(words, found.start())]
        if len(stated) > 1:
            stated = [found for found in stated if not _is_window(found)]
        if band == "up to" and (stated or _STATUS.search(words)) and lists_more(words, _OPERATOR, _STATUS):
            return None  # half of what is good would tick all of it
        if stated:
            # two conditions in one sentence, or one against a baseline: a person judges those
            return self._threshold(words, stated[0]) if len(stated) == 1 and not _RELATIVE.search(words) else None
        return self._failing_health(words) or self._status(words) or self._range(words, band)

    def _threshold(self, words: str, found: re.Match[str]) -> Criterion | None:
        before, negated = cut_negation(words[: found.start()])
        after = words[found.end() :]
        held = hold(before, after)
        unit, per = _unit(found["unit"] or ""), (found["per"] or "").rpartition("/")[2].rpartition("per ")[2].strip()
        value = number(found["number"], unit)
        if held is None or value is None or _UNREAD.match(after) or _STATUS.search(words):
            return None
        if is_more(_own(before), after):
            return None
        op = _WORDED.get(found["op"].lower(), {"=>": ">=", "=<": "<="}.get(found["op"], found["op"]))
        unit = unit + ("/" + per[0].lower().replace("m", "min") if per else "")
        subject = _subject(before) or _subject(after, last=False)
        if not subject:
            return None
        value = f"{float(value) * 1000:.12g}" if found["thousands"] else value
        return self._stated(subject, unit, f"{OPPOSITE[op] if negated else op} {value}{unit}{_held(held)}")

    def _status(self, words: str) -> Criterion | None:
        found = _STATUS.search(words)
        if found is None:
            return None
        before, negated = cut_negation(words[: found.start()])
        after = words[found.end() :]
        held = hold(before, after)
        op = "!=" if negated != bool(found["not"]) else "=="
        subject = _subject(before)
        if not subject or held is None or is_more(_own(before), after) or _STATUS.search(after):
            return None
        if _ANOTHER_CODE.match(after) or (found["bare"] and _COUNTED.match(after)):
            return None
        if op == "!=" and found["code"][0] not in "23":
            return None  # what is no 503 may be a 500: neither a recovery nor a reason
        said = f"{op} {found['code']}{_held(held)}"
        if _HEALTH.search(subject):
            return self._of_health(said)
        name = slug(subject, 40).replace("-", "_") + "_status"
        signal = Signal(id=name, title=f"{subject[:60]} (status)", source=NoSource(), kind="health")
        return self._said(self.signals.get(name, signal), said)

    def _range(self, words: str, band: str) -> Criterion | None:
        found = _RANGE.search(words)
        if found is None or _RELATIVE.search(words):
            return None
        before, negated = cut_negation(re.sub(r"\b(?:between|within|in)\s*$", "", words[: found.start()]))
        after = words[found.end() :]
        held, unit = hold(before, after), _unit(found["unit"])
        low, high = number(found["low"], unit), number(found["high"], unit)
        if negated or before.rstrip().endswith("from") or held is None or low is None or high is None:
            return None
        if _known(before) is None or float(low) > float(high) or is_more(after):
            return None
        return self._stated(before, unit, (f">= {low}" if band == "from" else f"<= {high}") + unit + _held(held))

    def _failing_health(self, words: str) -> Criterion | None:
        """`Health check failing` has no number, and needs none where the document names the endpoint."""
        if self.health is None or not re.search(r"health[ -]?(?:check|endpoint)s?\b", words, re.I):
            return None
        if not _UNHEALTHY.search(words) or _WELL_AGAIN.search(words):
            return None
        held = hold(words)
        if held is None or is_more(re.sub(r"\bnot respond", "", words, flags=re.I)):
            return None
        return self._of_health(f"!= 200{_held(held)}")

    def _of_health(self, said: str) -> Criterion | None:
        return self._said(self.health or Signal(id="health", title="Health", source=NoSource(), kind="health"), said)

    def _stated(self, subject: str, unit: str, said: str) -> Criterion | None:
        known = _known(subject)
        name, kind = known or (slug(subject, 40).replace("-", "_"), "other")
        if not name or not name[0].isalpha():
            return None
        signal = self.signals.get(name)
        if not _measures(kind, unit) or (not unit and signal is not None and signal.unit):
            return None
        if signal is None:
            signal = Signal(id=name, title=_title(name, subject), source=NoSource(), unit=unit, kind=kind)
        return self._said(signal, said)

    def _said(self, signal: Signal, said: str) -> Criterion | None:
        try:
            criterion = self.parse(f"{signal.id} {said}", {**self.signals, signal.id: signal})
        except ValueError:  # units that do not fit, a hold that is too long: then a person judges it
            return None
        self.signals[signal.id] = signal
        return criterion

    def sourced(self, name: str, source: SignalSource) -> None:
        """Says where a signal is read, when that is found out later."""
        if name in self.signals:
            self.signals[name] = msgspec.structs.replace(self.signals[name], source=source)


def health_signal(url: str) -> Signal:
    """The signal of a health endpoint."""
    return Signal(id="health", title="Health", source=Health(url=url), kind="health")


def _known(subject: str) -> tuple[str, SignalKind] | None:
    return next(((name, kind) for name, kind, words in _KNOWN if words.search(subject)), None)


def _title(name: str, subject: str) -> str:
    return {"error_rate": "Error rate", "p95": "Response time p95", "p99": "Response time p99"}.get(name, subject[:60])


def _unit(written: str) -> str:
    lowered = written.lower()
    if lowered in ("%", "percent"):
        return "%"
    if lowered.startswith("ms") or lowered.startswith("milli"):
        return "ms"
    return {"s": "s", "m": "min", "h": "h"}.get(lowered[:1], written) if written[-1:] not in ("B", "b") else written


def _subject(text: str, last: bool = True) -> str:
    """What a number is about: the few words beside it."""
    if last and "(" in text:
        inside = text.rpartition("(")[2]
        return _few(inside, last) or _few(text.rpartition("(")[0], last)
    return _few(text, last)


def _few(text: str, last: bool) -> str:
    for mark in (":", ";", " - ", " – ", ". ", " or ", " and ", ", ") if last else (".", ";", "(", ",", " for "):
        if mark in text.strip(" (:-"):
            before, _, after = text.strip().rpartition(mark) if last else text.strip().partition(mark)
            text = (after if after.strip() else before) if last else before
    words = bare(text.strip().strip("():,-–—~≈").strip())
    for _ in range(6):
        shorter = _FILLER.sub("", words, count=1).strip()
        if shorter == words:
            break
        words = shorter
    parts = words.split()
    return " ".join(parts[-6:] if last else parts[:5]).strip("`'\"")


def _before_is_hold(words: str, at: int) -> bool:
    """Whether `> 5 minutes` only tells for how long."""
    return re.search(r"\b(?:for|within|after|every|durante|pendant)\s*$", words[max(0, at - 12) : at], re.I) is not None


def _is_window(found: re.Match[str]) -> bool:
    """Whether `over 15 minutes` tells for how long, beside the comparison of a sentence."""
    return found["op"].lower() == "over" and _unit(found["unit"] or "") in ("s", "min", "h") and not found["per"]


def _own(before: str) -> str:
    """What stands before a comparison without the label that a colon ends."""
    return before.rpartition(": ")[2]


def _measures(kind: SignalKind, unit: str) -> bool:
    """Whether a number in this unit can be one of such a signal: 20 errors are no error rate."""
    if kind == "error_rate":
        return unit == "%" or unit.startswith("/")
    return kind != "latency" or unit in ("ms", "s", "min", "h")


def _held(seconds: float) -> str:
    return f" for {seconds:g}s" if seconds else ""
