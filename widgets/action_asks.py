"""What a person asks for in the action pane. One of them, `Confirmed`, lets a command run; no other does.

A handler is named `on_action_panel_confirmed` and so on, or uses `@on(Confirmed)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.message import Message

from widgets.action_view import ActionView

if TYPE_CHECKING:
    from runbook.steps.plan import Prepared

StopGrade = Literal["interrupt", "terminate", "kill"]


class Asked(Message, namespace="action_panel"):
    """Base of what the person asks for here; `view` is what the screen showed when they did."""

    def __init__(self, view: ActionView) -> None:
        super().__init__()
        self.view = view


class Confirmed(Asked, namespace="action_panel"):
    """The one message after which a command may run: exactly this `prepared`, as it was shown."""

    def __init__(self, view: ActionView, prepared: Prepared, typed: str) -> None:
        super().__init__(view)
        self.prepared, self.typed = prepared, typed


class Cancelled(Asked, namespace="action_panel"):
    """Back, nothing run."""


class OverrideAsked(Asked, namespace="action_panel"):
    """Run despite a failed check: a reason is to be asked for."""


class EditAsked(Asked, namespace="action_panel"):
    """Another value, or other words."""


class SkipAsked(Asked, namespace="action_panel"):
    """Skip the step: a reason is to be asked for."""


class RetryAsked(Asked, namespace="action_panel"):
    """Look at the same command again, to confirm it anew."""


class UndoAsked(Asked, namespace="action_panel"):
    """Look at the step's way back."""


class WayOutAsked(Asked, namespace="action_panel"):
    """Look at the way out that is offered, or pick what the command lacks."""


class NextAsked(Asked, namespace="action_panel"):
    """On to the next step's confirmation."""


class LookAgain(Asked, namespace="action_panel"):
    """Prepare the same step anew, or poll again."""


class LookAsked(Asked, namespace="action_panel"):
    """Enter on a step that is only selected."""


class CopyAsked(Asked, namespace="action_panel"):
    """A text is wanted in the clipboard: a message, an address, what is typed into another program."""


class StopAsked(Asked, namespace="action_panel"):
    """Stop the running command, one grade at a time."""

    def __init__(self, view: ActionView, how: StopGrade) -> None:
        super().__init__(view)
        self.how = how


class Resolved(Asked, namespace="action_panel"):
    """The person's word: the unknown command took effect or not, the manual step is done, the message sent."""

    def __init__(self, view: ActionView, outcome: Literal["done", "not-done"]) -> None:
        super().__init__(view)
        self.outcome = outcome
