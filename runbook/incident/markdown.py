"""Text from the record as Markdown that says what it says and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from runbook.incident.timeline import shown
from runbook.logs.clean import clean, redact

WHOLE = 1 << 20
"""Characters of a command's line that a report shows; it is the place for the exact text."""

_MEANS_SOMETHING = re.compile(r"([\\`*{}\[\]|~$#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_STARTS_SOMETHING = re.compile(r"^(\s*)([-+=>]|\d+(?=[.)](?:\s|$)))")
_TAG, _ENTITY = re.compile(r"<(?![\s\d=])"), re.compile(r"&(?=#|[A-Za-z])")
"""Only these begin HTML; `error rate 0 % < 1 %` is read as it is written, on a page and in the file."""


def plain(text: str) -> str:
    """One line of text from outside: no markup, no HTML, no line break, no control character, no secret."""
    line = shown(" ".join(text.splitlines()))
    line = _MEANS_SOMETHING.sub(r"\\\1", _TAG.sub("&lt;", _ENTITY.sub("&amp;", line)))
    return _STARTS_SOMETHING.sub(lambda m: m[1] + (f"\\{m[2]}" if not m[2].isdigit() else f"{m[2]}&#8203;"), line)


def code(text: str) -> str:
    """A code span that no backtick in the text can end."""
    line = shown(" ".join(text.splitlines()))
    fence = "`" * (_longest_ticks(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def block(text: str, language: str = "") -> list[str]:
    """A code block that no line of the text can end."""
    lines = [redact(clean(line, WHOLE)) for line in text.splitlines()] or [""]
    fence = "`" * max(3, max(map(_longest_ticks, lines)) + 1)
    return [f"{fence}{language}", *lines, fence]


def utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _longest_ticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
