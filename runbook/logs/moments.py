"""When a line was written, by its own words, and where in a log a moment is.

A time without a zone is taken as UTC, as the room shows it. Lines may be out of order by some seconds and undated.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from runbook.logs.index import SPAN, Bytes, Line, OpenFile, back, line_begin, lines
from runbook.logs.traces import prefix_of
from runbook.model import Record, Seconds

WITHIN = 300
"""Bytes of a line in which its time is looked for."""
UNDATED = 2000
"""Lines without a time, such as a long trace, that are passed over."""
SLACK = 500
"""Lines around the place found that are looked at one by one, for lines out of order."""
NARROW = 32 * 1024

_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")
_MONTH = rb"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_ISO = re.compile(rb"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)([.,]\d{1,9})?\s?(Z\b|[+-]\d\d:?\d\d\b)?")
_COMMON = re.compile(rb"(\d\d)/" + _MONTH + rb"/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})")
_SYSLOG = re.compile(rb"(?:<\d{1,3}>)?" + _MONTH + rb" ([ \d]\d) (\d\d):(\d\d):(\d\d)")
_KLOG = re.compile(rb"[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d)")
_EPOCH = re.compile(
    rb"(?:\"@?(?:time|ts|timestamp|t|timeMillis|__REALTIME_TIMESTAMP)\":\s*\"?|\b(?:ts|time|t)=|^)(\d{10}(?:\d{3}){0,3})(\.\d+)?\b"
)
_CLOCK = re.compile(rb"\[?(\d\d):(\d\d):(\d\d)([.,]\d{1,9})?")

_TIME_FIELD = re.compile(rb'"@?(?:time|timestamp|ts|t|datetime|date|asctime)":\s*"')
_Meaning = Callable[[re.Match[bytes], float], float]
ZONES: Seconds = 15 * 3600
"""What a zone may make of a time at most."""

_AGO = re.compile(r"-\s*(\d{1,6})\s*(s|m|h|d)")
_UNITS: dict[str, Seconds] = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_OF_DAY = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?\s*Z?", re.IGNORECASE)


class BadMoment(ValueError):
    """What was typed is no time; the text says what is."""


class Place(Record, frozen=True):
    """Where a moment is: the line nearest after it."""

    position: int
    at: float
    """When that line was written."""
    first: float
    """The moment that the log begins with."""


def typed_moment(typed: str, now: float, last: float | None = None) -> float:
    """`-5m` before now, `03:14` and `03:14:05` as last passed (by the log's last line), or a date with time; UTC.

    Raises BadMoment.
    """
    text = typed.strip().removeprefix("@").strip()
    try:
        if match := _AGO.fullmatch(text):
            ago = now - int(match[1]) * _UNITS[match[2]]
            return datetime.fromtimestamp(ago, UTC).timestamp()
        if match := _OF_DAY.fullmatch(text):
            until = min(now, last) if last is not None else now
            day = datetime.fromtimestamp(until, UTC)
            at = day.replace(hour=int(match[1]), minute=int(match[2]), second=int(match[3] or 0), microsecond=0)
            # the same minute counts as now: 03:14 typed at 03:14:20 or a moment before it
            return (at if at.timestamp() <= until + 60 else at - timedelta(days=1)).timestamp()
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise BadMoment("No time: type 03:14, 03:14:05, -5m, -2h, or 2026-11-01 03:14:05 (UTC).") from None


def moment_of(head: bytes, near: float) -> float | None:
    """When a line was written; None where it does not say. `near` gives the day or the year that it leaves out.

    What it begins with tells, or its field for it: a message may speak of other times.
    """
    own = head[prefix_of(head) :]
    head = own[: WITHIN if not own.startswith(b"{") else 8 * WITHIN]
    if (match := _ISO.match(head, head.startswith(b"["))) and (at := _read(_iso, match, near)) is not None:
        return at
    if head.startswith(b"{"):
        for field in _TIME_FIELD.finditer(head):
            if (match := _ISO.match(head, field.end())) and (at := _read(_iso, match, near)) is not None:
                return at
        if match := _EPOCH.search(head):
            return _read(_epoch, match, near)
    header = next((_read(meaning, match, near) for form, meaning in _HEADERS if (match := form.match(head))), None)
    inside, end = None, len(head)
    for form, meaning in _ANYWHERE:  # the first of them in the line
        if match := form.search(head, 0, end):
            inside, end = _read(meaning, match, near), match.start()
    # a header has no zone: a time behind it that may be the same one is told exactly
    return inside if header is None or (inside is not None and abs(inside - header) <= ZONES) else header


def _read(meaning: _Meaning, match: re.Match[bytes], near: float) -> float | None:
    try:
        return meaning(match, near)
    except (ValueError, OverflowError, IndexError):
        return None


def _iso(match: re.Match[bytes], _near: float) -> float:
    year, month, day, hour, minute, second = map(int, match.group(1, 2, 3, 4, 5, 6))
    at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return at.timestamp() + _part(match[7]) - _east(match[8])


def _common(match: re.Match[bytes], _near: float) -> float:
    return _dated(int(match[3]), match[2], match.group(1, 4, 5, 6)) - _east(match[7])


def _syslog(match: re.Match[bytes], near: float) -> float:
    return _this_year(near, match[1], match.group(2, 3, 4, 5))


def _klog(match: re.Match[bytes], near: float) -> float:
    return _this_year(near, _MONTHS[int(match[1]) - 1], match.group(2, 3, 4, 5))


def _epoch(match: re.Match[bytes], _near: float) -> float:
    # seconds, or thousandths and so on of one, by the number of digits
    return float(int(match[1]) / 10 ** (len(match[1]) - 10)) + _part(match[2])


def _clock(match: re.Match[bytes], near: float) -> float:
    day = datetime.fromtimestamp(near, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    hour, minute, second = map(int, match.group(1, 2, 3))
    at = day.timestamp() + hour * 3600 + minute * 60 + second + _part(match[4])
    return at if at <= near + 60 else at - 86400


_HEADERS: tuple[tuple[re.Pattern[bytes], _Meaning], ...] = ((_SYSLOG, _syslog), (_KLOG, _klog), (_CLOCK, _clock))
_ANYWHERE: tuple[tuple[re.Pattern[bytes], _Meaning], ...] = ((_COMMON, _common), (_ISO, _iso), (_EPOCH, _epoch))


def _part(digits: bytes | None) -> float:
    return float(b"0." + digits[1:]) if digits else 0.0


def _east(zone: bytes | None) -> float:
    """Seconds that a zone is ahead of UTC."""
    if not zone or zone == b"Z":
        return 0.0
    ahead = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return -ahead if zone[:1] == b"-" else ahead


def _dated(year: int, month: bytes, clock: Sequence[bytes]) -> float:
    """Of a day, hour, minute and second as they are written."""
    day, hour, minute, second = map(int, clock)
    return datetime(year, _MONTHS.index(month.lower()) + 1, day, hour, minute, second, tzinfo=UTC).timestamp()


def _this_year(near: float, month: bytes, clock: Sequence[bytes]) -> float:
    year = datetime.fromtimestamp(near, UTC).year
    at = _dated(year, month, clock)
    return at if at <= near + 86400 else _dated(year - 1, month, clock)


# ── where a moment is ─────────────────────────────────────────────────────────────────────────────


def seek(parts: Mapping[int, Bytes], target: float) -> Place | None:
    """The line nearest after a moment, by halving each file; the last line when all are before. Raises OSError.

    None when no line says when it was written.
    """
    begun = [(number, part, first) for number, part in sorted(parts.items()) if (first := _first(part)) is not None]
    if not begun:
        return None
    earlier = [entry for entry in begun if entry[2] <= target] or begun[:1]
    number, part, first = earlier[-1]
    found = _within(part, target, _near(part))
    if found[1] == -math.inf:  # nothing around it says when: a file that begins with a long trace
        found = (_first_line(part), first)
    after = [entry for entry in begun if entry[0] > number]
    if found[1] < target and after:
        number, part, at = after[0]
        found = (_first_line(part), at)
    return Place(number * SPAN + found[0], found[1], begun[0][2])


def last_moment(parts: Mapping[int, Bytes]) -> float | None:
    """When the newest dated line was written. Raises OSError."""
    for _, part in sorted(parts.items(), reverse=True):
        near, end = _near(part), part.size()
        found, _ = lines(part, back(part, end, 200), 200)
        dated = [at for line in found if (at := moment_of(line.head, near)) is not None]
        if dated:
            return dated[-1]
    return None


def _near(part: Bytes) -> float:
    return os.fstat(part.fd).st_mtime if isinstance(part, OpenFile) else 0.0


def _first(part: Bytes) -> float | None:
    if not isinstance(part, OpenFile):
        return None
    dated = _dated_from(part, 0, part.size(), _near(part))
    return dated[1] if dated else None


def _first_line(part: Bytes) -> int:
    dated = _dated_from(part, 0, part.size(), _near(part))
    return dated[0].offset if dated else 0


def _dated_from(part: Bytes, start: int, end: int, near: float) -> tuple[Line, float] | None:
    """The first dated line in [start, end)."""
    passed = 0
    while start < end and passed < UNDATED:
        found, start = lines(part, start, 64)
        for line in found:
            if line.offset >= end:
                return None
            if (at := moment_of(line.head, near)) is not None:
                return line, at
        passed += len(found)
        if not found:
            return None
    return None


def _within(part: Bytes, target: float, near: float) -> tuple[int, float]:
    low, high = 0, part.size()
    while high - low > NARROW:
        middle = line_begin(part, (low + high) // 2)
        if middle <= low:
            break  # one line is longer than what is left
        dated = _dated_from(part, middle, high, near)
        if dated is None or dated[1] >= target:
            high = middle
        else:
            low = dated[0].offset
    best: tuple[int, float] = (0, math.inf)
    last: tuple[int, float] = (0, -math.inf)
    start = back(part, low, SLACK)
    beyond = 0
    while beyond < SLACK:
        found, start = lines(part, start, 64)
        if not found:
            break
        for line in found:
            beyond += line.offset >= high
            at = moment_of(line.head, near)
            if at is None:
                continue
            last = (line.offset, at)
            if target <= at < best[1]:
                best = last
    return best if best[1] < math.inf else last
