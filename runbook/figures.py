"""How numbers, titles and spans of time are said: on screen, in the record, in the report."""

from __future__ import annotations

import re

from runbook.model import Seconds

_TIGHT = re.compile(r"/\w+")
"""Units written without a space: `10/min`."""


def clock(seconds: Seconds) -> str:
    """`3:20`, or `1:02:03` from an hour on."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def amount(value: float | str | None, unit: str = "", beside: float | str | None = None) -> str:
    """A value in three digits with its unit: `24.8 %`, `503`, `10/min`; `3.6 ms` where it would be 0.0036 s.

    `beside` is the threshold it stands next to: a value that is not it never reads like it.
    """
    if value is None:
        return "?"
    if isinstance(value, str):
        return value
    if unit == "s" and 0 < abs(value) < 0.1:
        return amount(value * 1000, "ms", beside * 1000 if isinstance(beside, float | int) else beside)
    text = _digits(value)
    if isinstance(beside, float | int) and value != beside and text == _digits(beside):
        text = f"{value:.12g}"
    return with_unit(text, unit)


def with_unit(number: str, unit: str) -> str:
    """A number's text and its unit, with a space where people write one."""
    if not unit:
        return number
    return f"{number}{unit}" if _TIGHT.fullmatch(unit) else f"{number} {unit}"


def _digits(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def name(title: str) -> str:
    """A title as it reads inside a sentence: `Error rate` → `error rate`, `CDN hits` as it is."""
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title
