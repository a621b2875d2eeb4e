"""Numbers in sentences: `Error rate > 5% for 5+ minutes` as a criterion, and the signal that it speaks of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from runbook.model import Criterion, Signal
from runbook.reading.document.phrases import bare, slug
from runbook.reading.document.spans import span
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
    r"\s*(?:of\s+|than\s+)?(?P<number>\d[\d,]*(?:\.\d+)?)\s*"
    r"(?P<unit>%|percent\b|ms\b|milliseconds?\b|s\b|secs?\b|seconds?\b|min(?:ute)?s?\b|h\b|hours?\b|[KMGT]i?B\b)?"
    r"(?P<per>\s*(?:/|per )\s*(?:s|sec(?:ond)?|m|min(?:ute)?|h|hour)\b)?",
    re.I,
)
_HOLD = re.compile(r"\bfor\s*(?:at least|more than|over|>|≥|>=)?\s*(?=\d|an?\s)", re.I)
_RANGE = re.compile(r"(?P<low>\d+(?:\.\d+)?)\s*%?\s*(?:-|–|to)\s*(?P<high>\d+(?:\.\d+)?)\s*(?P<unit>%|ms\b|s\b)")
_STATUS = re.compile(
    r"(?:return(?:s|ing)?|respond(?:s|ing)?(?: with)?|answers?(?: with)?|=|is)\s+(?:HTTP\s*)?(?P<not>non-)?"
    r"(?P<code>[1-5]\d\d)\b",
    re.I,
)
_HEALTH = re.compile(r"health|liveness|readiness|\bup\b", re.I)
_UNHEALTHY = re.compile(r"fail|down|unhealthy|not respond|error", re.I)
_RELATIVE = re.compile(r"baseline|normal|usual|compared|\bvs\b|increase|drop(?:s|ped)? by|degrad|times|\dx\b", re.I)
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
        words = bare(text)[:300]
        return self._threshold(words) or self._status(words) or self._range(words, band)

    def _threshold(self, words: str) -> Criterion | None:
        stated = [found for found in _OPERATOR.finditer(words) if not _before_is_hold(words, found.start())]
        if not stated:
            return self._failing_health(words)
        if len(stated) > 1 or _RELATIVE.search(words):
            return None  # two conditions in one sentence, or one against a baseline: a person judges those
        found = stated[0]
        op = _WORDED.get(found["op"].lower(), {"=>": ">=", "=<": "<="}.get(found["op"], found["op"]))
        unit, per = _unit(found["unit"] or ""), (found["per"] or "").replace(" ", "").lower()
        unit = unit + ("/" + per.lstrip("/").removeprefix("per")[0].replace("m", "min") if per else "")
        subject = _subject(words[: found.start()]) or _subject(words[found.end() :], last=False)
        if not subject:
            return None
        hold = _hold(words, found)
        return self._stated(subject, unit, f"{op} {found['number'].replace(',', '')}{unit}", hold)

    def _status(self, words: str) -> Criterion | None:
        found = _STATUS.search(words)
        if found is None:
            return None
        op = "!=" if found["not"] else "=="
        subject = _subject(words[: found.start()])
        if not subject:
            return None
        hold = _hold(words, found)
        if _HEALTH.search(subject):
            return self._of_health(f"{op} {found['code']}", hold)
        name = slug(subject, 40).replace("-", "_") + "_status"
        signal = Signal(id=name, title=f"{subject[:60]} (status)", source=NoSource(), kind="health")
        return self._said(self.signals.get(name, signal), f"{op} {found['code']}", hold)

    def _range(self, words: str, band: str) -> Criterion | None:
        found = _RANGE.search(words)
        known = _known(words[: found.start()]) if found else None
        if found is None or known is None:
            return None
        unit = _unit(found["unit"])
        return self._stated(
            words[: found.start()],
            unit,
            f">= {found['low']}{unit}" if band == "from" else f"<= {found['high']}{unit}",
            "",
        )

    def _failing_health(self, words: str) -> Criterion | None:
        """`Health check failing` has no number, and needs none where the document names the endpoint."""
        if self.health is None or not re.search(r"health[ -]?(?:check|endpoint)s?\b", words, re.I):
            return None
        if not _UNHEALTHY.search(words):
            return None
        held = _HOLD.search(words)
        return self._of_health("!= 200", f" for {_clock(span(words[held.end() - 1 :]))}" if held else "")

    def _of_health(self, said: str, hold: str) -> Criterion | None:
        return self._said(
            self.health or Signal(id="health", title="Health", source=NoSource(), kind="health"), said, hold
        )

    def _stated(self, subject: str, unit: str, said: str, hold: str) -> Criterion | None:
        known = _known(subject)
        name, kind = known or (slug(subject, 40).replace("-", "_"), "other")
        if not name or not name[0].isalpha():
            return None
        signal = self.signals.get(name)
        if signal is None:
            signal = Signal(id=name, title=_title(name, subject), source=NoSource(), unit=unit, kind=kind)
        return self._said(signal, said, hold)

    def _said(self, signal: Signal, said: str, hold: str) -> Criterion | None:
        try:
            criterion = self.parse(f"{signal.id} {said}{hold}", {**self.signals, signal.id: signal})
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


def _hold(words: str, found: re.Match[str]) -> str:
    rest = words[found.end() :]
    held = _HOLD.search(rest)
    seconds = span(rest[held.end() - 1 :]) if held else 0
    return f" for {_clock(seconds)}" if seconds else ""


def _clock(seconds: float) -> str:
    return f"{seconds:g}s"
