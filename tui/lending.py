"""The terminal lent to one command: the screen steps back, the command has it all, the screen comes back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import App

from runbook.logs.clean import clean

if TYPE_CHECKING:
    from runbook.steps.plan import Prepared

Lend = Callable[["Prepared", Callable[[], None]], None]
RULE = "─" * 60


def lender(app: App[str]) -> Lend | None:
    """How this app lends its terminal; None where it has none to give (headless, in a browser)."""
    if app.is_headless or app.is_web:
        return None

    def lend(prepared: Prepared, attend: Callable[[], None]) -> None:
        trouble: BaseException | None = None
        with app.suspend():
            try:  # suspend() restores nothing when something is raised inside it
                sys.__stdout__.write(_before(prepared))  # type: ignore[union-attr]
                sys.__stdout__.flush()  # type: ignore[union-attr]
                attend()
            except BaseException as raised:
                trouble = raised
        if trouble is not None:
            raise RuntimeError(f"{type(trouble).__name__}: {trouble}")

    return lend


def _before(prepared: Prepared) -> str:
    """What stands above the command's own words: whose terminal it is now, and how the room comes back."""
    lines = [
        RULE,
        f"warroom: step “{clean(prepared.step.title)}” has the terminal, and is recorded.",
        *(f"  $ {clean(line)}" for line in prepared.text.splitlines()),
        "End it as you always do (exit, \\q, ctrl+d): the room comes back.",
    ]
    if prepared.typed_inside:
        lines += ["To be typed inside:", *(f"  {clean(line)}" for line in prepared.typed_inside.splitlines())]
    return "\n".join(["", *lines, RULE, ""])
