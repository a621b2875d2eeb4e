"""What the doctor says about one thing."""

from __future__ import annotations

from typing import Literal

from runbook.model import Record

Level = Literal["green", "amber", "red"]


class Finding(Record, frozen=True):
    """One thing looked at. Red: tonight would fail because of it. Amber: worth knowing before."""

    area: str
    title: str
    level: Level
    found: str = ""
    mend: str = ""
    blocks: tuple[str, ...] = ()
    """The labels of the methods that cannot be carried out for it, while others perhaps can."""
