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

    async def check_value(self, kind: str, value: str) -> str:
        """Why the value is not what its kind says, as a sentence; empty when it is."""

    async def preview(self, text: str, cwd: Path) -> Preview:
        """What would change, and what the command relies on."""

    async def moved(self, expected: dict[str, str], cwd: Path) -> str:
        """What is no longer as the preview saw it, as a sentence; empty when all is."""

    async def proof(self, text: str, expected: dict[str, str], cwd: Path) -> Proof | None:
        """Whether the command took effect, asked from the world and not from its exit code."""


class Unavailable(Exception):
    """The world could not be asked: what was tried, why it failed, and the mend."""
