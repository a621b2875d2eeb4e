"""What a command acts on: the one protocol of all providers, and the plain data they answer with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from runbook.model import Record, Remedy
from runbook.providers.needs import CheckLine


class Place(Record, frozen=True):
    """Where a command runs, and so where it is asked about.

    `env` is the command's whole environment, `variables` what its session has set without exporting it.
    """

    cwd: Path
    env: dict[str, str] = {}
    variables: dict[str, str] = {}


MOST_COMMITS, MOST_TAGS = 200, 50
"""Of the newest so many one is picked (a tag costs more to tell about); whatever is older is named by hand."""


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
    choosing: str = ""
    """What is chosen, as a title: `The parent to keep (mainline)`."""
    remedy: Remedy | None = None
    """What leads out of being blocked, as a ready step."""
    checks: tuple[CheckLine, ...] = ()
    """Am I where I think I am, as far as the platform can tell."""


class Proof(Record, frozen=True):
    """What the world says after a command: `ok` is None where it cannot be told."""

    ok: bool | None
    line: str


def as_one(told: Sequence[Proof]) -> Proof | None:
    """Several proofs as one: not done where one is not, and then only that is told; None without any."""
    if not told:
        return None
    oks = {proof.ok for proof in told}
    ok = False if False in oks else None if None in oks else True
    return Proof(ok=ok, line=" ".join(proof.line for proof in told if ok is not False or proof.ok is False))


class Standing(Record, frozen=True):
    """How a way back stands, before anybody has chosen it: `ok` is None where the platform could not be asked."""

    ok: bool | None
    line: str
    mend: str = ""
    target_at: datetime | None = None
    """When the release was made to which it leads: the chosen one, else the one before what serves now."""
    schema_at: datetime | None = None
    """When the database's schema was last changed, where this provider knows."""
    schema: str = ""
    """The change's name."""
    absent: bool = False
    """Whether what the command acts on is not there: an earlier step may be to make it."""


class Failure(Record, frozen=True):
    """What a provider makes of a command that failed: why, in a sentence, and the way out where it knows one."""

    why: str
    remedy: Remedy | None = None


class Provider(Protocol):
    """One kind of thing that commands act on. Nothing here changes anything."""

    name: str

    def concerns(self, text: str) -> bool:
        """Whether this provider understands the command."""

    def orders(self, text: str) -> bool:
        """Whether the text holds a command that it shows before and proves after."""

    async def targets(self, kind: str, on: str) -> tuple[Target, ...]:
        """What a param of this kind can be picked from. Raises Unavailable."""

    async def check_value(self, kind: str, value: str, on: str) -> str:
        """Why the value is not what its kind and `on` say, as a sentence; empty when it is."""

    async def standing(self, text: str, at: Place) -> Standing | None:
        """How the way back that the command is part of stands now; None where this provider has no say in it."""

    def safer(self, text: str, expected: dict[str, str]) -> tuple[str, str]:
        """The text made safer by what its preview saw, and why; unchanged with an empty why where nothing is to do."""

    async def targets_of(self, text: str, value: str, at: Place) -> tuple[Target, ...]:
        """What could stand in the command's text where `value` stands; none where nobody knows. Raises Unavailable."""

    async def preview(self, text: str, at: Place) -> Preview:
        """What would change, and what the command relies on."""

    async def moved(self, text: str, expected: dict[str, str], at: Place) -> str:
        """What is no longer as the preview saw it, as a sentence; empty when all is."""

    async def proof(self, text: str, expected: dict[str, str], at: Place) -> Proof | None:
        """Whether the command took effect, asked from the world and not from its exit code."""

    async def evidence(self, text: str, expected: dict[str, str], at: Place) -> tuple[str, ...]:
        """For an outcome that was lost: what the world says now, a sentence each."""

    async def took_effect(self, text: str, expected: dict[str, str], at: Place) -> bool | None:
        """For an outcome that was lost: whether all of it happened, or none of it; None where that is not sure."""

    def chosen(self, text: str, value: str) -> str:
        """The text with one of its preview's choices written in; unchanged where it does not know how."""

    async def failure(self, text: str, output: str, at: Place) -> Failure | None:
        """Why a command failed and the way out, by its output and the world; None where that tells nothing."""

    async def back(self, text: str, expected: dict[str, str], at: Place) -> Remedy | None:
        """The way back from a command that took effect, as a ready step; None where there is none to be had."""

    def address(self, output: str) -> str:
        """The page that the other side named for going on (to open a pull request); empty where it named none."""


class Unavailable(Exception):
    """The world could not be asked: what was tried, why it failed, and the mend."""
