"""What the runbook's pane is given: plain frozen rows, ready to be shown."""

from __future__ import annotations

from typing import Literal

from runbook.model import Record

RowKind = Literal["phase", "method", "step", "item", "trigger", "outcome", "note"]
Tone = Literal["plain", "muted", "good", "bad", "warn", "live"]


class OutlineRow(Record, frozen=True):
    """One line of the outline. `target` names what it stands for: (method, step), (item,), (phase,) …"""

    key: str
    kind: RowKind
    depth: int
    text: str
    right: str = ""
    sign: str = ""
    tone: Tone = "plain"
    right_tone: Tone = "muted"
    settled: bool = False
    """Nothing more is asked of it."""
    next: bool = False
    """The first thing left to do in its method."""
    left: bool = False
    """Something of it is left to do: a step that is not settled, and does not go on beside the others."""
    selectable: bool = True
    target: tuple[str, ...] = ()


class RunbookView(Record, frozen=True):
    """The outline with the words for the pane's rule."""

    rows: tuple[OutlineRow, ...]
    title: str = ""
    progress: str = ""
    """`4/5 before · 0/5 during`."""


OPEN_AT_FIRST = frozenset({"phase:before", "phase:method"})
"""The phases that are open when a room opens; `phase:method` stands for the chosen one."""
