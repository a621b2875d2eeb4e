"""What a command acts on: the one protocol of all providers, and the plain data they answer with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Protocol

from runbook.model import Record


class Target(Record, frozen=True):
    """Something a value can be picked from: a commit, a tag, a deployment."""

    value: str
    title: str
    by: str = ""
    at: datetime | None = None
    detail: str = ""
    current: bool = False
    warning: str = ""


class Preview(Record, frozen=True):
    """What a command would do, asked from the world just now."""

    lines: tuple[str, ...] = ()
    expected: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    blocked: str = ""
    already: str = ""
    way_back: str = ""
    choices: tuple[Target, ...] = ()
    """Where the command lacks a decision, what can be chosen: the parents of a merge, as mainline numbers."""


class Proof(Record, frozen=True):
    """What the world says after a command: `ok` is None where it cannot be told."""

    ok: bool | None
    line: str


class Provider(Protocol):
    """One kind of thing that commands act on. Nothing here changes anything."""

    name: str

    def concerns(self, text: str) -> bool:
        """Whether this provider understands the command."""

    async def targets(self, kind: str, on: str) -> tuple[Target, ...]:
        """What a param of this kind can be picked from. Raises Unavailable."""

    async def check_value(self, kind: str, value: str, on: str) -> str:
        """Why the value is not what its kind and `on` say, as a sentence; empty when it is."""

    def safer(self, text: str, expected: dict[str, str]) -> tuple[str, str]:
        """The text made safer by what its preview saw, and why; unchanged with an empty why where nothing is to do."""

    async def preview(self, text: str, cwd: Path) -> Preview:
        """What would change, and what the command relies on."""

    async def moved(self, expected: dict[str, str], cwd: Path) -> str:
        """What is no longer as the preview saw it, as a sentence; empty when all is."""

    async def proof(self, text: str, expected: dict[str, str], cwd: Path) -> Proof | None:
        """Whether the command took effect, asked from the world and not from its exit code."""

    async def evidence(self, text: str, expected: dict[str, str], cwd: Path) -> tuple[str, ...]:
        """For an outcome that was lost: what the world says now, a sentence each."""

    async def took_effect(self, text: str, expected: dict[str, str], cwd: Path) -> bool | None:
        """For an outcome that was lost: whether all of it happened, or none of it; None where that is not sure."""

    def refusal(self, output: str) -> tuple[str, str] | None:
        """A refusal that the output of a failed command shows: the rule in a sentence, and the mend."""


class Unavailable(Exception):
    """The world could not be asked: what was tried, why it failed, and the mend."""
