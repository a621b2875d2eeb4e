"""A number, a rate of counters, or a text out of a JSON document; whatever is not clearly one is a hole."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Mapping

import msgspec

from runbook.logs.clean import clean
from runbook.model import Seconds, Signal
from runbook.signal_sources import HttpJson
from runbook.signals.criteria import convert, quantity
from runbook.signals.fetch import Reply, Unreadable

TEXT_LIMIT = 200
"""Characters kept of a text value: a commit or a version is shorter."""

NUMBER_LIMIT = 60
"""Characters up to which a text is looked at as a number with a unit."""


class Hole(Exception):
    """No value this time, and why, in a few words. Not a fault of the source by itself (`no traffic`)."""


class _Increase(msgspec.Struct, frozen=True):
    """What two counters grew by between two readings."""

    start: float
    end: float
    numerator: float
    denominator: float
    reset: bool


class Counters:
    """The recent increases of a signal's counters, by the local monotonic clock.

    A counter that falls was started again: its increase is its new value. Two of those in one window are
    a service that keeps restarting, and no rate.
    """

    def __init__(self, window: Seconds) -> None:
        self.window = window
        self.was_there = False
        """Whether the upper counter of a ratio was ever read."""
        self._last: tuple[float, float, float] | None = None
        self._increases: deque[_Increase] = deque()

    def add(self, seen: float, numerator: float, denominator: float = 0) -> None:
        """Takes one reading of both counters in, at the monotonic time `seen`."""
        last, self._last = self._last, (seen, numerator, denominator)
        if last is not None and seen - last[0] > self.window:
            last = None  # an increase over longer than the window would tell of the past
        if last is not None:
            before, *old = last
            fell = [new < was for new, was in zip((numerator, denominator), old, strict=True)]
            grown = [
                new if down else new - was for new, was, down in zip((numerator, denominator), old, fell, strict=True)
            ]
            self._increases.append(_Increase(before, seen, grown[0], grown[1], any(fell)))
        while self._increases and self._increases[0].end <= seen - self.window:
            self._increases.popleft()

    @property
    def resets(self) -> int:
        """How often a counter fell in the window."""
        return sum(increase.reset for increase in self._increases)

    def ratio(self, min_requests: float, scale: float) -> float:
        """Δnumerator / Δdenominator × scale over the window. Raises Hole."""
        above, below = self._sums()
        if below <= 0:
            raise Hole("no traffic")
        if below < min_requests:
            raise Hole(f"low traffic ({below:.0f} of {min_requests:.0f} requests)")
        if above > below:
            raise Hole(f"more errors than requests ({above:.0f} of {below:.0f})")
        return _rounded(above * scale / below)

    def increase(self, per: Seconds, scale: float) -> float:
        """Δnumerator per so many seconds, or over the whole window for `per` 0. Raises Hole."""
        above, _ = self._sums()
        watched = self._increases[-1].end - self._increases[0].start
        needed = self.window / 2 if per else self.window - self._step()
        if watched < needed:
            raise Hole(f"{watched:.0f} s of {self.window:.0f} s counted")
        return _rounded(above * per * scale / watched if per else above * scale)

    def _step(self) -> Seconds:
        return max(increase.end - increase.start for increase in self._increases)

    def _sums(self) -> tuple[float, float]:
        if not self._increases:
            raise Hole("first reading; a rate needs two")
        if self.resets > 1:
            raise Hole(f"the counters started again {self.resets} times in {self.window:.0f} s")
        return (
            sum(increase.numerator for increase in self._increases),
            sum(increase.denominator for increase in self._increases),
        )


def document_of(reply: Reply) -> object:
    """The JSON of an answer, whatever its status. Raises Unreadable."""
    try:
        found: object = json.loads(reply.body)
    except (ValueError, RecursionError):
        if reply.status >= 400:
            raise Unreadable(f"{reply.status} with no JSON") from None
        raise Unreadable(f"not JSON ({reply.content_type or 'no content type'})") from None
    if reply.may_be_cut and isinstance(found, int | float):
        raise Unreadable("the number may be cut off: it has no length, and its line does not end")
    return found


def value_of(signal: Signal, source: HttpJson, document: object, counters: Counters, seen: float) -> float | str:
    """What the document says about a signal, in the signal's unit. Raises Hole, Unreadable for what is not there."""
    if source.numerator:
        numerator = number(dig(document, source.numerator), source.numerator)
        if not source.denominator:
            counters.add(seen, numerator)
            return counters.increase(source.per, source.scale)
        counters.add(seen, numerator, number(dig(document, source.denominator), source.denominator))
        return counters.ratio(source.min_requests, source.scale)
    found = dig(document, source.path)
    if signal.kind == "version":
        return text(found, source.path)
    return share(signal, number(found, source.path, signal.unit, source.scale), source.path)


def dig(document: object, path: str) -> object:
    """The part of a document at a dotted path; a key may hold dots itself, a number picks from a list.

    Raises Unreadable when it is not there or null.
    """
    found = _dig(document, path.split(".") if path else [])
    if found is _ABSENT:
        raise Unreadable(f"{path} is not there")
    if found is None:
        raise Unreadable(f"{path or 'the document'} is null")
    return found


def number(found: object, path: str, unit: str = "", scale: float = 1) -> float:
    """A finite number that is not negative, times `scale`; a text with a unit of its own is converted by that.

    Raises Unreadable.
    """
    if isinstance(found, str):
        read = quantity(found) if len(found) <= NUMBER_LIMIT else None
        if read is None:
            raise Unreadable(f"{path} is text ({clean(found, 30)})")
        value, written = read
        if written:
            converted = convert(value, written, unit)
            if converted is None:
                raise Unreadable(f"{path} is in {clean(written, 20)}, not in {unit or 'a bare number'}")
            value = converted
        else:
            value *= scale
    elif isinstance(found, bool) or not isinstance(found, int | float):
        raise Unreadable(f"{path} is no number")
    else:
        try:
            value = float(found) * scale
        except OverflowError:
            value = math.inf
    if not math.isfinite(value):
        raise Unreadable(f"{path} is not finite")
    if value < 0:
        raise Unreadable(f"{path} is negative")
    return _rounded(value)


def share(signal: Signal, value: float, where: str) -> float:
    """The value; that of an error rate is a part of all requests. Raises Unreadable for one that is more."""
    most = {"%": 100, "": 1}.get(signal.unit)
    if signal.kind == "error_rate" and most is not None and value > most:
        raise Unreadable(f"{where} is {value:g}, more than all requests")
    return value


def text(found: object, path: str) -> str:
    """A commit or a version as one clean line. Raises Unreadable."""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        raise Unreadable(f"{path} is no text")
    said = clean(str(found), TEXT_LIMIT).strip()
    if not said:
        raise Unreadable(f"{path} is empty")
    return said


_ABSENT = object()


def _dig(document: object, keys: list[str]) -> object:
    if not keys:
        return document
    if isinstance(document, Mapping):
        for length in range(len(keys), 0, -1):
            key = ".".join(keys[:length])
            if key in document:
                return _dig(document[key], keys[length:])
    elif isinstance(document, list) and keys[0].isascii() and keys[0].isdigit() and int(keys[0]) < len(document):
        return _dig(document[int(keys[0])], keys[1:])
    return _ABSENT


def _rounded(value: float) -> float:
    """Without the last digits' noise: 7 of 100 requests are 7 %, not 7.000000000000001 %."""
    return float(f"{value:.12g}")
