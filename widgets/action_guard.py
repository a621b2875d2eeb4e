"""Which keys of a view decide something, and when its question has become another one."""

from __future__ import annotations

from widgets.action_view import (
    ActionView,
    Confirmation,
    Finished,
    Following,
    ManualStep,
    MessageStep,
    Nothing,
    NotStarted,
    Running,
    UnknownOutcome,
    keys_for,
    needs_override,
)
from widgets.confirm import Guarded


def question(view: ActionView) -> object:
    """What a view asks: as long as it stays the same, fresher figures around it need no new look."""
    match view:
        case Confirmation():
            return "confirm", view.prepared, view.overrides
        case NotStarted():
            return "not started", view.prepared, view.why
        case Running() | Following():
            return "running", view.run.id, view.run.stop_asked
        case Finished() | UnknownOutcome():
            return type(view), view.run.id, view.run.state
        case Nothing():
            return "nothing"
        case _:
            return type(view), view.number, view.title


def guard_for(view: ActionView) -> Guarded:
    """The guard before the keys of a view that decide something."""
    keys: frozenset[str] = frozenset()
    name = ""
    override = False
    match view:
        case Confirmation() if view.prepared.may_confirm:
            name = view.prepared.typed
            keys = frozenset() if name else frozenset({"y"})
            override = needs_override(view)
        case Running() | Following():
            keys = frozenset({"x", "X", "K"} & {hint.key for hint in keys_for(view)})
        case UnknownOutcome():
            keys = frozenset({"d", "n", "r"} & {hint.key for hint in keys_for(view)})
        case ManualStep() | MessageStep():
            keys = frozenset({"enter"})
        case _:
            pass
    return Guarded(keys=keys, name=name, needs_override=override)
