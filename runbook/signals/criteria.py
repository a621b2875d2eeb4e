"""Criteria as people write them: `error_rate > 5% for 5m`, `p95 < 800 ms`, `health == 200`."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, cast, get_args

from runbook.figures import with_unit
from runbook.model import Criterion, Seconds, Signal

Operator = Literal["<", "<=", ">", ">=", "==", "!="]

LONGEST_HOLD: Seconds = 4 * 3600
"""What the room keeps of a signal; a longer hold could never be met."""

_SHAPE = re.compile(r"(?P<signal>[A-Za-z][\w.-]*)\s*(?P<op>[<>=!]+)\s*(?P<value>.*?)(?:\s+for\b\s*(?P<hold>.*))?", re.S)
_NUMBER = re.compile(r"(?P<number>[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?)\s*(?P<unit>[^\d\s.].*)?", re.I)
_SPAN_PART = re.compile(r"\s*(\d+(?:\.\d+)?(?:e-\d+)?)\s*([a-z]+)\s*")

_TIME = {"ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "min": Fraction(60), "h": Fraction(3600)}
_RATE = {"/s": Fraction(1), "/min": Fraction(1, 60), "/m": Fraction(1, 60), "/h": Fraction(1, 3600)}
_SHARE = {"%": Fraction(1)}
_SCALES = (_TIME, _RATE, _SHARE)
_WORDS = {
    "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "mins": "min", "minute": "min", "minutes": "min",
    "hour": "h", "hours": "h",
}  # fmt: skip


class CriterionError(ValueError):
    """A criterion that cannot be read; the text says what is wrong and what was meant, perhaps."""


def parse(text: str, signals: Mapping[str, Signal]) -> Criterion:
    """The criterion that `text` states, its value converted to the signal's unit and its `text` in canonical form.

    Raises CriterionError. A version signal is compared with a text; a placeholder in it (`<revert_commit>`) stays.
    """
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise CriterionError(f"“{text.strip()}” is not a condition; write one like `error_rate > 5% for 5m`.")
    signal = _signal(found["signal"], signals)
    op = _operator(found["op"])
    written = found["value"].strip()
    if not written:
        raise CriterionError(f"“{text.strip()}”: there is no value after {op}.")
    value = _text_value(written, op, signal) if signal.kind == "version" else _number_value(written, signal)
    hold = 0.0
    if found["hold"] is not None:
        hold = span(found["hold"])
        if hold > LONGEST_HOLD:
            raise CriterionError(f"“for {found['hold'].strip()}” is longer than the room remembers (4h).")
    bare = Criterion(text="", signal=signal.id, op=op, value=value, hold=hold)
    return Criterion(text=describe(bare, signal.unit), signal=signal.id, op=op, value=value, hold=hold)


def describe(criterion: Criterion, unit: str | None = None) -> str:
    """The criterion as text that `parse` reads back: `error_rate > 5 % for 5m`.

    `unit` is its signal's; without one the number stands alone, which means the same.
    """
    value = criterion.value if isinstance(criterion.value, str) else with_unit(_plain(criterion.value), unit or "")
    held = f" for {describe_span(criterion.hold)}" if criterion.hold else ""
    return f"{criterion.signal} {criterion.op} {value}{held}"


def span(text: str) -> Seconds:
    """Seconds of a span of time: `5m`, `90 s`, `1h30m`, `5 minutes`. Raises CriterionError."""
    total, position = Fraction(0), 0
    lowered = text.strip().lower()
    for part in _SPAN_PART.finditer(lowered):
        unit = _WORDS.get(part[2], part[2])
        if part.start() != position or unit not in _TIME:
            break
        total += Fraction(part[1]) * _TIME[unit]
        position = part.end()
    if not lowered or position != len(lowered):
        raise CriterionError(f"“for {text.strip()}” is not a span of time; write it like 5m, 90s or 1h30m.")
    return float(min(total, Fraction(10**9)))


def describe_span(seconds: Seconds) -> str:
    """`5m`, `90s` as `1m30s`, `1h`; what `span` reads back."""
    if seconds != int(seconds):
        return f"{_plain(seconds)}s"
    hours, rest = divmod(int(seconds), 3600)
    minutes, secs = divmod(rest, 60)
    parts = (f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{secs}s" if secs else "")
    return "".join(parts) or "0s"


def convert(value: float, unit: str, wanted: str) -> float | None:
    """`value` in another unit, exactly; None where the two do not measure the same."""
    if unit == wanted:
        return value
    unit, wanted = _WORDS.get(unit.lower(), unit), _WORDS.get(wanted.lower(), wanted)
    for scale in _SCALES:
        if unit in scale and wanted in scale:
            exact = Fraction(str(value)) * scale[unit] / scale[wanted]
            return float(exact) if abs(exact) < 10**300 else None
    return None


def quantity(text: str) -> tuple[float, str] | None:
    """The number and the unit of a text such as `12.5 ms`; None for anything else."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    number = float(found["number"])
    return (number, (found["unit"] or "").strip()) if math.isfinite(number) else None


def _signal(written: str, signals: Mapping[str, Signal]) -> Signal:
    if written in signals:
        return signals[written]
    nearest = difflib.get_close_matches(written, signals, n=1, cutoff=0.5)
    if nearest:
        raise CriterionError(f"There is no signal “{written}”; did you mean “{nearest[0]}”?")
    known = ", ".join(sorted(signals)) or "none"
    raise CriterionError(f"There is no signal “{written}”; the runbook has: {known}.")


def _operator(written: str) -> Operator:
    if written in get_args(Operator):
        return cast(Operator, written)
    meant = {"=": "==", "=<": "<=", "=>": ">=", "<>": "!=", "===": "=="}.get(written)
    hint = f"; did you mean “{meant}”?" if meant else "; use one of < <= > >= == !=."
    raise CriterionError(f"“{written}” is not a comparison{hint}")


def _text_value(written: str, op: Operator, signal: Signal) -> str:
    if op not in ("==", "!="):
        raise CriterionError(f"{signal.id} is a text: it can be == or != something, not {op}.")
    text = written[1:-1] if len(written) > 1 and written[0] == written[-1] and written[0] in "'\"" else written
    if not text or any(character.isspace() or character in "'\"" for character in text):
        raise CriterionError(f"“{written}” is not one word to compare {signal.id} with.")
    return text


def _number_value(written: str, signal: Signal) -> float:
    found = quantity(written)
    if found is None:
        hint = "; only a signal of kind `version` is compared with a text" if written[0].isalpha() else ""
        raise CriterionError(f"“{written}” is not a number for {signal.id}{hint}.")
    number, unit = found
    if not unit:
        return number
    converted = convert(number, unit, signal.unit)
    if converted is None:
        measured = f"is measured in {signal.unit}" if signal.unit else "has no unit"
        raise CriterionError(f"“{written}”: {signal.id} {measured}, which {unit} cannot be turned into.")
    return converted


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)
