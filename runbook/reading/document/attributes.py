"""What an author says about a fence: a comment to the reader above it, or Runme's attributes behind its language."""

from __future__ import annotations

import re
from collections.abc import Callable

from runbook.model import Effect
from runbook.reading.document.wrapping import settings

_RUNME = re.compile(r"\{(?P<said>.*)\}\s*$", re.S)
_JSON_PAIR = re.compile(r"\"(?P<key>\w+)\"\s*:\s*(?:\"(?P<text>[^\"]*)\"|(?P<bare>[\w.-]+))")


def said_of_fence(info: str, line: int, directives: dict[int, dict[str, str]]) -> dict[str, str]:
    """The pairs that hold for the fence on this line; the comment above it goes before the attributes."""
    said = dict(directives.get(line - 1) or directives.get(line - 2) or {})
    attributes = _RUNME.search(info)
    if attributes:
        for pair in _JSON_PAIR.finditer(attributes[0]):
            said.setdefault(pair["key"], pair["text"] if pair["text"] is not None else pair["bare"])
        for key, value in settings(attributes["said"]).items():
            said.setdefault(key, value)
    return said


def asked_unseen(said: dict[str, str], infer: Callable[[str], Effect]) -> dict[str, str]:
    """The pairs without a `done_when` that may change something: it is asked without a confirmation."""
    asked = said.get("done_when", "")
    if not asked or infer(asked) is Effect.READ:
        return said
    return {key: value for key, value in said.items() if key != "done_when"} | {"not_asked": asked}


def language(info: str) -> str:
    """The language that a fence's label names."""
    return re.split(r"[\s{]", info.strip(), maxsplit=1)[0].lower().strip("{}.")


def is_shell(info: str) -> bool:
    """Whether a fence's label names a shell."""
    return re.match(r"(?:ba|z|da|k)?sh\b|shell|console|terminal|cmd|powershell", info.strip().lower()) is not None
