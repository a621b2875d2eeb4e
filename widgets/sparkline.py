"""Numbers over time in one row of text."""

from __future__ import annotations

from collections.abc import Sequence

from widgets.words import in_ascii

BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-=+*#@"


def sparkline(values: Sequence[float | None], top: float = 0) -> str:
    """A bar a value, from zero to `top` or the largest; a gap for a missing one."""
    bars = ASCII_BARS if in_ascii() else BARS
    largest = max([top, *(value for value in values if value is not None)])
    if largest <= 0:
        return "".join(" " if value is None else bars[0] for value in values)
    steps = len(bars) - 1
    return "".join(
        " " if value is None else bars[max(0, min(steps, round(value / largest * steps)))] for value in values
    )
