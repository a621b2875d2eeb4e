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
    text = _outside_single_quotes(text, assigned)
    if not re.match(r"\s*(?:if\s+|while\s+)?\[", text):
        text = _SQUARE.sub(lambda found: f"<{_id(found['name'])}>", text)
    return text


def _outside_single_quotes(text: str, assigned: frozenset[str]) -> str:
    """The variables that nothing sets, as open values; the shell expands none inside single quotes."""
    own = {
        name
        for names in re.findall(r"(?:^|[;&|(\s])([A-Za-z_]\w*)=|\bfor\s+(\w+)\s|\bread\s+(\w+)", text)
        for name in names
    }

    def opened(found: re.Match[str]) -> str:
        name = found["braced"] or found["name"]
        if name in _KNOWN or name in assigned or name in own or not name.isupper():
            return found[0]
        return f"<{_id(name)}>"

    parts = re.split(r"('[^']*')", text)
    inside_double = 0
    made = []
    for part in parts:
        quoted = part.startswith("'") and part.endswith("'") and len(part) > 1 and not inside_double % 2
        made.append(part if quoted else _VARIABLE.sub(opened, part))
        inside_double += part.count('"') if not quoted else 0
    return "".join(made)


def _id(name: str) -> str:
    made = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "value"
    return made if made[0].isalpha() else f"v-{made}"
