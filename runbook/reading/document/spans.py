"""Spans of time, risks and deadlines as documents write them: `~10 minutes`, `Risk: HIGH`, `within 24 hours`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from runbook.model import Seconds
from runbook.reading.once import once

Risk = Literal["very low", "low", "medium", "high"]

_UNIT = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "segundos": 1, "secondes": 1, "secondi": 1, "sekunden": 1,
    "秒": 1, "초": 1,
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60, "minuto": 60, "minutos": 60, "minuti": 60,
    "minuten": 60, "分": 60, "分钟": 60, "分鐘": 60, "分間": 60, "분": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600, "hora": 3600, "horas": 3600, "heure": 3600,
    "heures": 3600, "ore": 3600, "ora": 3600, "stunde": 3600, "stunden": 3600, "時間": 3600, "小时": 3600, "小時": 3600,
    "시간": 3600,
    "d": 86400, "day": 86400, "days": 86400, "día": 86400, "días": 86400, "dia": 86400, "dias": 86400, "jour": 86400,
    "jours": 86400, "giorni": 86400, "giorno": 86400, "tag": 86400, "tage": 86400, "tagen": 86400, "日": 86400,
    "天": 86400, "일": 86400, "business day": 86400, "business days": 86400, "working days": 86400,
    "week": 604800, "weeks": 604800, "semana": 604800, "semanas": 604800, "semaine": 604800, "semaines": 604800,
    "settimana": 604800, "woche": 604800, "wochen": 604800, "週間": 604800, "周": 604800, "주": 604800,
    "sprint": 1209600, "month": 2592000, "months": 2592000, "mes": 2592000, "mois": 2592000, "mese": 2592000,
    "monat": 2592000, "か月": 2592000, "个月": 2592000, "개월": 2592000,
}  # fmt: skip
_UNITS = "|".join(sorted((re.escape(unit) for unit in _UNIT), key=len, reverse=True))
_SPAN = re.compile(
    rf"(?P<low>\d+(?:\.\d+)?)\s*\+?\s*(?:(?:-|–|—|to|a|à|bis|~)\s*(?P<high>\d+(?:\.\d+)?))?\s*\+?[\s-]*"
    rf"(?P<unit>{_UNITS})(?![a-zA-Z])",
    re.I,
)
_ONE = re.compile(rf"\b(?:an?|one|una?|une?|ein(?:e|er)?)\s+(?P<unit>{_UNITS})(?![a-zA-Z])", re.I)
_PART = re.compile(rf"(?P<half>\bhalf\s+)?(?P<one>{_ONE.pattern})", re.I)
_BETWEEN = re.compile(r"\s*(?:,\s*)?(?:and\s+)?", re.I)
_SPAN_IN_HEADING = re.compile(r"[(\[（]\s*(?P<said>[^()\[\]（）]{0,40}?\d[^()\[\]（）]{0,40})[)\]）]")

_RISKS: tuple[tuple[Risk, re.Pattern[str]], ...] = (
    ("very low", re.compile(r"very low|minimal|none\b|no risk|trivial|muy bajo|sehr gering", re.I)),
    ("high", re.compile(r"high|critical|severe|danger|alto|alta|élevé|hoch|高|높", re.I)),
    ("medium", re.compile(r"medium|moderate|medio|moyen|mittel|中|중간", re.I)),
    ("low", re.compile(r"low|safe|bajo|baixo|basso|faible|gering|niedrig|低|낮", re.I)),
)


def span(text: str) -> Seconds:
    """The longest that a text says something takes; 0 where it names no span of time."""
    found = _SPAN.search(text[:200])
    if found:
        return float(found["high"] or found["low"]) * _UNIT[found["unit"].lower()]
    one = _ONE.search(text[:200])
    return float(_UNIT[one["unit"].lower()]) if one else 0.0


def spans(text: str) -> Iterator[tuple[int, int, Seconds]]:
    """Where a text names spans of time and how long each is; `1 h 30 min` and `half an hour` are one."""
    found = [(each.start(), each.end(), span(each[0])) for each in _SPAN.finditer(text)]
    found += [
        (each.start(), each.end(), span(each["one"]) / (2 if each["half"] else 1)) for each in _PART.finditer(text)
    ]
    whole: tuple[int, int, Seconds] | None = None
    for start, end, seconds in sorted(found):
        if whole and _BETWEEN.fullmatch(text, whole[1], start):
            whole = whole[0], end, whole[2] + seconds
            continue
        if whole:
            yield whole
        whole = start, end, seconds
    if whole:
        yield whole


@once
def span_in_heading(heading: str) -> Seconds:
    """The span that a heading gives in brackets: `Quick rollback (< 5 minutes)`."""
    return next(
        (seconds for found in _SPAN_IN_HEADING.finditer(heading[:200]) if (seconds := span(found["said"]))), 0.0
    )


@once
def without_span(heading: str) -> str:
    """The heading without a span in brackets."""
    return _SPAN_IN_HEADING.sub(lambda found: "" if span(found["said"]) else found[0], heading[:300]).strip() or heading


def risk(text: str) -> Risk | None:
    """The risk that a phrase names."""
    return next((name for name, words in _RISKS if words.search(text[:80])), None)


def deadline(heading: str) -> Seconds:
    """By when something is due, counted from recovery, as a heading tells: `Short-term (within 24 hours)`."""
    said = span(heading)
    if said:
        return said
    for words, seconds in _DEADLINES:
        if words.search(heading):
            return float(seconds)
    return 0.0


_DEADLINES = (
    (re.compile(r"immediate|inmediat|immédiat|imediat|sofort|同日|立即|即時|즉시|same day", re.I), 3600),
    (
        re.compile(
            r"short[ -]?term|corto plazo|court terme|curto prazo|breve termine|kurzfristig|短期|단기|next day", re.I
        ),
        86400,
    ),
    (re.compile(r"medium[ -]?term|mittelfristig|中期", re.I), 259200),
    (
        re.compile(r"long[ -]?term|largo plazo|long terme|longo prazo|lungo termine|langfristig|長期|长期|장기", re.I),
        604800,
    ),
)
