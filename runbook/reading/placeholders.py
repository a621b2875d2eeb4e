"""The values that a command leaves open, in the ways that documents write them. An interim reader."""

from __future__ import annotations

import re

_ANGLE = re.compile(r"(?<![<\w])<(?P<name>[A-Za-z_$][\w $./:-]{0,60}?)>(?!>)")
_SQUARE = re.compile(r"(?<![\w$\[)\]}\"'])\[(?P<name>[A-Za-z][A-Za-z _/-]{1,40})\](?!\]|\()")
_YOUR = re.compile(r"\b(?P<name>YOUR[_-][A-Z0-9_-]+|your-[a-z0-9-]+)\b")
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z_]\w*)\}|(?P<name>[A-Za-z_]\w*))")
_KNOWN = frozenset(
    "HOME PATH USER PWD SHELL EDITOR RANDOM HOSTNAME LANG TERM IFS OLDPWD UID SECONDS LINENO BASHPID".split()
)
_NONE = frozenset("none unknown nil br b i eof".split())


def placeholders(text: str, assigned: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The names of the open values, in order."""
    return tuple(re.findall(r"(?<!<)<([A-Za-z][A-Za-z0-9_-]*)>", normalised(text, assigned)))


def normalised(text: str, assigned: frozenset[str] = frozenset()) -> str:
    """The text with every open value written `<id>`."""
    text = _ANGLE.sub(lambda found: found[0] if found["name"].lower() in _NONE else f"<{_id(found['name'])}>", text)
    text = _YOUR.sub(lambda found: f"<{_id(found['name'])}>", text)
    if not re.match(r"\s*(?:if\s+|while\s+)?\[", text):
        text = _SQUARE.sub(lambda found: f"<{_id(found['name'])}>", text)
    return text


def _id(name: str) -> str:
    made = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "value"
    return made if made[0].isalpha() else f"v-{made}"
