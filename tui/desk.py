"""What the person at this screen is doing: which row is selected, what is open, what is asked."""

from __future__ import annotations

from datetime import datetime

from runbook.conductor import Conductor
from runbook.incident import progress
from runbook.model import Method, Step
from runbook.steps.plan import Prepared
from widgets.outline import with_values
from widgets.outline_view import OutlineRow
from widgets.words import glyph

Key = tuple[str, str]


class Desk:
    """A person's place in the room. Nothing here acts; the app does, through the conductor."""

    def __init__(self, conductor: Conductor) -> None:
        self.conductor = conductor
        self.row: OutlineRow | None = None
        self.opened: Key | None = None
        """A step without commands that the person opened: manual, message, wait."""
        self.prepared: Prepared | None = None
        self.overrides: tuple[str, ...] = ()
        self.refused: tuple[Prepared, str] | None = None
        """What was confirmed and did not start, and why: shown until the person looks again or goes back."""
        self.preparing: Key | None = None
        self.asked_at: datetime
        """When the world was asked last; set with each question."""
        self.starting: Prepared | None = None
        """What was confirmed and has not begun: the world is asked once more."""
        self._questions = 0
        self.choosing: object = None
        """The choice of a value for which the world is being asked; another one once the person has gone on."""
        self.result: Key | None = None
        """The step whose end is shown until the person moves on."""
        self.tail: tuple[str, ...] = ()
        self.silent_since: datetime | None = None

    # ── what is selected ──────────────────────────────────────────────────────────────────────────

    @property
    def selected(self) -> Key | None:
        row = self.row
        return (row.target[0], row.target[1]) if row is not None and row.kind == "step" else None

    def step_of(self, key: Key) -> tuple[Method, Step, int]:
        method = self.conductor.procedure(key[0])
        index = next(i for i, step in enumerate(method.steps) if step.id == key[1])
        return method, method.steps[index], index + 1

    def following(self, key: Key) -> Key | None:
        """The next step of the method that is left to do."""
        step = progress.next_step(self.conductor.procedure(key[0]), self.conductor.state, after=key[1])
        return (key[0], step.id) if step else None

    def open_words(self) -> tuple[str, ...]:
        """What was switched on and has to be switched off again: `maintenance mode is on → step 7 Off`."""
        found = progress.still_open(self.conductor.runbook.procedures(), self.conductor.state)
        return tuple(
            f"{with_values(one.title, self.conductor.state)} {glyph('arrow')} step {one.closing}" for one in found
        )

    def close(self) -> None:
        """Back to the selection: whatever was open is put away, nothing was run."""
        self.prepared, self.opened, self.result, self.preparing = None, None, None, None
        self.overrides, self.refused, self.choosing = (), None, None
        self._questions += 1

    def ask(self, key: Key) -> int:
        """The world is being asked about a step; returns the number of the question."""
        self.preparing, self.prepared, self.refused, self.overrides, self.choosing = key, None, None, (), None
        self._questions += 1
        self.asked_at = self.conductor.clock()
        return self._questions

    def answered(self, question: int, prepared: Prepared | None) -> bool:
        """Take an answer in; False where the person has gone on since the question."""
        if question != self._questions:
            return False
        self.prepared, self.preparing = prepared, None
        return True

    def params_of(self, step: Step) -> tuple[str, ...]:
        """The declared params that a step's commands leave open, in their order."""
        text = " ".join(command.text for command in step.commands)
        return tuple(param.id for param in self.conductor.runbook.params if f"<{param.id}>" in text)

    def undo_words(self, key: Key) -> str:
        """The step's way back in words: the runbook's, or the one that was offered after it ran; empty without."""
        undo, offered = self.step_of(key)[1].undo, self.conductor.state.way_back(*key)
        return (undo.note or undo.text) if undo else offered.title if offered else ""
