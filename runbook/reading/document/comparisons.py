"""What a sentence says around a number: that it does not hold, for how long it must, and what it is joined to.

What is not understood is never left out: a criterion that says less than its sentence would advise or tick too early.
"""

from __future__ import annotations

import re

from runbook.model import Seconds
from runbook.reading.document.spans import spans

OPPOSITE = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
NUMBER = r"(?<![\d.,])(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)(?![.,]?\d)"

_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_EITHER = re.compile(r"[1-9]\d{0,2}\.\d{3}")
"""1.500 is one and a half in English, and fifteen hundred in German."""
_DIRECT = re.compile(
    r"\b(?:(?:(?:do|does|did|is|are|was|were|has|have|had|will|would|must|should|can|could|may|shall)\s+)?"
    r"(?:not|no longer|never|no)|\w+n['’]t|cannot|stop(?:s|ped)?|cease[sd]?|fail(?:s|ed)? to|unable to)\s+"
    r"(?:(?:to|be|being|go|get|rise|climb|fall|drop|stay|remain|ever|\w+ly)\s+)*$",
    re.I,
)
_NEGATION = re.compile(
    r"\b(?:not(?! found\b)|no(?!-)|never|none|neither|nor|without|unless|cannot|nicht|kein\w*|pas)\b|n['’]t\b", re.I
)
_OR_MORE = re.compile(
    r"\b(?:or|and)\s+(?:more|longer|higher|greater|above|over|less|lower|below|fewer)\b|\bnow and then\b", re.I
)
_JOINED = re.compile(r"\b(?:and|or|as well as|plus|und|oder|et|ou|y)\b|&", re.I)
_PARTS = re.compile(r"[,;]\s+|(?<=[\w%)])\.\s+(?=[A-Z])")
_BRACKETS = re.compile(r"\([^()]*\)")
_ASIDE = re.compile(
    r"\s*(?:sustained|for|over|during|throughout|measured|averaged|consistently|as|in|on|at|after|once|when|if|within|then"
    r"|also|overall|finally|per|every|by|see|check|look|dashboard|i\.e|e\.g)\b",
    re.I,
)
_BESIDE = re.compile(r"(?<=\d)(\+?)\s+(?:consecutive|straight|continuous|full|solid|successive|or more)\s+(?=\w)", re.I)
_LASTS = re.compile(
    r"(?:\b(?:for|sustained|over|during|throughout|last(?:s|ing)?|next|past|consecutive)\b|[(\[])\s*"
    r"(?:(?:at least|more than|longer than|over|for|during|an?|the|any|all|of|full|whole|last|next|past|rolling|period"
    r"|consecutive|sustained|about|~|>=|[>≥])\s*)*$",
    re.I,
)
_VAGUE = re.compile(
    r"\b(?:few|several|couple of|some|many|two|three|four|five|six|eight|ten|fifteen|twenty|thirty|sixty)\s+"
    r"(?:\w+\s+)?(?:second|minute|hour|day)s\b"
    r"|\b(?:\d+|two|three|five)\s+(?:times|checks|probes|samples|attempts|tries|retries|polls)\b|\bin a row\b",
    re.I,
)
_FOR_NUMBER = re.compile(r"\bfor\s+(?:at least\s+|more than\s+|over\s+)?(?=\d)", re.I)


def evened(words: str) -> str:
    """The words with `5 consecutive minutes` as 5 minutes."""
    return _BESIDE.sub(r"\1 ", words)


def cut_negation(before: str) -> tuple[str, bool]:
    """What stands before a comparison, and whether it ends by saying that the comparison does not hold."""
    found = _DIRECT.search(before)
    return (before[: found.start()], True) if found else (before, False)


def is_more(*around: str) -> bool:
    """Whether the words around a comparison negate it or join another condition to it."""
    for text in around:
        rest = _OR_MORE.sub(" ", _without_spans(text))
        if _JOINED.search(rest) or _NEGATION.search(rest):
            return True
    return False


def lists_more(words: str, *states: re.Pattern[str]) -> bool:
    """Whether a part of the sentence states something else than the comparison in another part."""
    parts = [part for part in _PARTS.split(_BRACKETS.sub(" ", words)) if not any(each.search(part) for each in states)]
    return any(part.strip() and not _ASIDE.match(part) for part in parts)


def hold(*around: str) -> Seconds | None:
    """For how long a comparison must hold, told by the words around it; None where they name a time that says else."""
    held: list[Seconds] = []
    for text in around:
        found = list(spans(text))
        starts = {start for start, _, _ in found}
        if _VAGUE.search(text) or any(each.end() not in starts for each in _FOR_NUMBER.finditer(text)):
            return None
        for start, _, seconds in found:
            if not _LASTS.search(text[:start]):
                return None
            held.append(seconds)
    return None if len(held) > 1 else sum(held)


def number(written: str, unit: str) -> str | None:
    """The number as digits and a point; None where it may be read in two ways."""
    if _THOUSANDS.fullmatch(written):
        return None if unit == "%" else written.replace(",", "")
    if _EITHER.fullmatch(written) and unit != "%":
        return None
    return written.replace(",", ".")


def _without_spans(text: str) -> str:
    for start, end, _ in reversed(list(spans(text))):
        text = f"{text[:start]} {text[end:]}"
    return text
