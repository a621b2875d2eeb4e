"""What a reader sees in a line's short form and types: found as well where the line itself has it otherwise."""

from __future__ import annotations

import re

from runbook.logs.levels import CODES, MONGO, WORDS, level_named
from runbook.logs.structured import said

_LEVEL = r'(?:(?:[lL]evel|[lL]vl|[sS]everity|[pP]riority)\w{0,8}|@l|"s)'
_NUMBERS = range(70)
"""Those that stand for a level: syslog's and pino's."""
_PAIR = re.compile(r'([A-Za-z_@][\w@/-]*(?:\.[\w@/-]+)*)=("?)([^"]+)("?)')


def seen_as(text: str) -> str:
    """An expression for a text that stands so in a line, or is shown so of it: `ERROR`, `status=500`; else empty."""
    if pair := _PAIR.fullmatch(text):
        return f"{escaped(text)}|{_field(pair[1], pair[3], closed=bool(pair[2] and pair[4]))}"
    values = [_any_case(word) for word, level in WORDS.items() if said(level, word.upper()) == text]
    if not values:
        return ""
    values += [str(number) for number in _NUMBERS if level_named(number).upper() == text]
    values += [letter for letter, level in MONGO.items() if level.upper() == text]
    return rf'{text}|{_LEVEL}"? ?[=:] ?"?(?:{"|".join(values)})\b'


def in_colours(text: str) -> str:
    """An expression for a text between whose words the colours of a program may stand; empty for a single word."""
    words = re.split(r"(?<=\w)(?=\W)|(?<=\W)(?=\w)", text)
    return CODES.join(map(escaped, words)) if len(words) > 1 else ""


def escaped(text: str) -> str:
    """As `re.escape`, with blanks as they are, so that ripgrep reads it too."""
    return re.escape(text).replace(r"\ ", " ")


def _field(key: str, value: str, *, closed: bool) -> str:
    """A field of a JSON line, which may stand in others."""
    above, dot, name = key.rpartition(".")
    whole = f"(?:{escaped(above + dot)})?{escaped(name)}" if above else escaped(name)
    return f'"{whole}" ?: ?"?{escaped(value)}{chr(34) * closed}'


def _any_case(word: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" for letter in word)
