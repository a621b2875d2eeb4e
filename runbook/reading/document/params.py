"""The values that a document's commands leave open, each asked for once, with the picker that its name suggests."""

from __future__ import annotations

import re
from typing import Literal

from runbook.model import Param
from runbook.reading.document.phrases import slug

ParamKind = Literal["text", "git_commit", "git_tag", "number", "url", "secret"]

_KINDS: tuple[tuple[ParamKind, re.Pattern[str]], ...] = (
    ("secret", re.compile(r"token|passw|secret|credential|private[ _-]?key|api[ _-]?key|auth[ _-]?key|webhook", re.I)),
    ("git_commit", re.compile(r"commit|\bsha\b|[_ -]sha|sha[_ -]|hash|^(?:last[ _-])?(?:good|bad)$|git[ _-]?(?:ref|sha)|revert", re.I)),
    ("git_tag", re.compile(r"\btag\b|[_ -]tag|tag[_ -]|version|release", re.I)),
    ("url", re.compile(r"\burl\b|[_ -]url|^url|endpoint|address", re.I)),
    ("number", re.compile(r"\b(?:number|count|replicas|port|pid|seconds|minutes|percent)\b|^n$|[_ -](?:count|replicas|port|number)$", re.I)),
)  # fmt: skip
_OF_GIT = re.compile(r"\bgit\b|\bgh\b|\bhub\b")
_OF_OTHERS = re.compile(
    r"\b(?:kubectl|helm|docker|podman|ecs|aws|gcloud|vercel|railway|heroku|fly|npm|terraform|alembic|oc)\b"
)


class Params:
    """Collects the open values of a document."""

    def __init__(self) -> None:
        self.found: dict[str, Param] = {}

    def add(self, name: str, written: str, command: str, sample: str = "") -> None:
        """Notes one open value of a command; the first use decides, unless a later one knows a picker."""
        kind = kind_of_value(name, command)
        known = self.found.get(name)
        if known is None or (known.kind == "text" and kind != "text"):
            self.found[name] = Param(id=name, label=_label(name, written), kind=kind, default="", on="")

    def all(self) -> tuple[Param, ...]:
        return tuple(self.found.values())


def kind_of_value(name: str, command: str) -> ParamKind:
    """The picker for a value, by its name and by the program that takes it."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace("-", " ")
    for kind, pattern in _KINDS:
        if pattern.search(words):
            if kind in ("git_commit", "git_tag") and _OF_OTHERS.search(command) and not _OF_GIT.search(command):
                return "text"  # an image's tag or a chart's version is no tag of the repository
            if kind == "url" and re.search(r"vercel|railway|deployment", command):
                return "text"
            return kind
    return "text"


def _label(name: str, written: str) -> str:
    words = written.strip("<>[]{}$ ").replace("_", " ").replace("-", " ") or name
    return " ".join(words.split())[:60]


def fits(name: str) -> str:
    """A value's name as the model allows it."""
    made = slug(name).replace("-", "_")
    return made if made[:1].isalpha() else f"value_{made}" if made else "value"
