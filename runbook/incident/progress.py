"""How far a method is: which step comes next, which needs no doing, and what was opened and not yet closed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from runbook.incident.state import SETTLED, Mark, RoomState, StepState
from runbook.model import Effect, Method, Record, Step

_TAKEN: frozenset[Mark] = frozenset({"done", "already"})
_IN_HAND: frozenset[Mark] = frozenset({"running", "unknown"})
_MAY_BE_OPEN: frozenset[Mark] = frozenset({"done", "already", "partly", "unknown"})


class StillOpen(Record, frozen=True):
    """A step that another one takes back later, and that one has not run."""

    title: str
    closing: str
    """The number and title of the step that closes it."""
    number: str
    method: str
    step: str


def stands(method: Method, step: Step, state: RoomState) -> StepState:
    """Where a step stands in its method: to be done again, where a step in front of it changed something once more.

    So is each wait, and each step that used what the other found out anew.
    """
    at = state.step(method.id, step.id)
    if at.mark != "done":
        return at
    before, acts = takewhile(lambda other: other.id != step.id, method.steps), acting(method)
    later = [other for other in before if other in acts and state.step(method.id, other.id).told > at.told]
    return StepState() if later and (step.wait_for or _used_other_values(method, step, later, state)) else at


def is_outdated(method: Method, step: Step, state: RoomState) -> bool:
    """Whether a step is done, and one in front of it has found out anew since what it ran with."""
    at = state.step(method.id, step.id)
    before = takewhile(lambda other: other.id != step.id, method.steps)
    later = [other for other in before if state.step(method.id, other.id).told > at.told]
    return at.mark == "done" and bool(later) and _used_other_values(method, step, later, state)


def _used_other_values(method: Method, step: Step, later: Iterable[Step], state: RoomState) -> bool:
    """Whether a step ran with a value that one of the others has found out anew since."""
    found = {capture.param for other in later for command in other.commands for capture in command.captures}
    used = [name for name in found if any(f"<{name}>" in command.text for command in step.commands)]
    mine = (run for run in state.runs.values() if (run.method, run.step) == (method.id, step.id))
    ran = [run.text for run in mine if run.state == "done" and not run.undo and not run.remedy]
    last = " ".join(ran[-len(step.commands) :])
    return any(name in state.values and state.values[name].text not in last for name in used)


def found_before_a_change(method: Method, step: Step, state: RoomState) -> tuple[Step, Step] | None:
    """Of a step that is done once more: which one found out a value of it, and which one behind it changed something.

    None where every value was found out since, as it is on the way through a method for the first time.
    """
    place = method.steps.index(step) if step in method.steps else len(method.steps)
    acts = [other for other in method.steps[place + 1 :] if other in acting(method)]
    changed = [other for other in acts if state.step(method.id, other.id).mark in _TAKEN]
    for finder in method.steps[:place]:
        found = {capture.param for command in finder.commands for capture in command.captures}
        told = state.step(method.id, finder.id).told
        later = next((other for other in changed if state.step(method.id, other.id).told > told), None)
        if later and any(f"<{name}>" in command.text for name in found for command in step.commands):
            return finder, later
    return None


def taken_instead(method: Method, step: Step, state: RoomState) -> Step | None:
    """The alternative that was carried out in this step's place; None where the step is still wanted."""
    if not step.either or state.step(method.id, step.id).mark in SETTLED | _IN_HAND:
        return None
    return next(
        (
            other
            for other in method.steps
            if other.either == step.either and other.id != step.id and state.step(method.id, other.id).mark in _TAKEN
        ),
        None,
    )


def asks_nothing(method: Method, step: Step, state: RoomState) -> bool:
    """Whether nothing more is to be done for a step: settled, not needed, or following beside the others."""
    if stands(method, step, state).mark in SETTLED or taken_instead(method, step, state):
        return True
    following = {index for run in state.follows_of(method.id, step.id) for index in run.commands}
    done = state.step(method.id, step.id).done_commands
    return bool(following) and (following | done).issuperset(range(len(step.commands)))


def by_hand(method: Method) -> tuple[Step, ...]:
    """The steps that a person carries out, of a method in which no command changes anything."""
    if any(step.effect is not Effect.READ for step in method.steps):
        return ()
    return tuple(step for step in method.steps if step.kind == "manual")


def acting(method: Method) -> tuple[Step, ...]:
    """The steps by which a method changes something."""
    return by_hand(method) or tuple(step for step in method.steps if step.effect is not Effect.READ)


def changes_left(method: Method, state: RoomState) -> int:
    """How many steps of a method still have something to change."""
    return sum(not asks_nothing(method, step, state) for step in acting(method))


def is_begun(method: Method, step: Step, state: RoomState) -> bool:
    """Whether a step is in the middle: some of its commands ran or follow, and others are left."""
    begun = state.step(method.id, step.id).mark == "partly" or bool(state.follows_of(method.id, step.id))
    return begun and not asks_nothing(method, step, state)


def next_step(method: Method, state: RoomState, after: str = "") -> Step | None:
    """The first step left to do, looked for behind `after` first; `after` itself while it is in the middle."""
    at = next((number for number, step in enumerate(method.steps, 1) if step.id == after), 0)
    if at and is_begun(method, method.steps[at - 1], state):
        return method.steps[at - 1]
    rest = (*method.steps[at:], *method.steps[:at])
    left = next((step for step in rest if not asks_nothing(method, step, state)), None)
    # what has to be done anew comes before what is left; where nothing is, only for whoever has just found it out
    ahead = rest[: rest.index(left)] if left else method.steps[at:] if at else ()
    return next((step for step in ahead if is_outdated(method, step, state)), left)


def still_open(methods: tuple[Method, ...], state: RoomState) -> tuple[StillOpen, ...]:
    """What was switched on and not yet off again, in every method that was begun."""
    found = []
    for method in methods:
        for step in method.steps:
            at = state.step(method.id, step.id)
            if not step.closed_by or at.mark not in _MAY_BE_OPEN:
                continue
            closing, number = next(
                ((s, str(n)) for n, s in enumerate(method.steps, 1) if s.id == step.closed_by), (None, "")
            )
            if closing is None or not _is_closed(method, step, closing, state):
                words = f"{number} {closing.title}" if closing else step.closed_by
                found.append(StillOpen(step.title, words, number, method.id, step.id))
    return tuple(found)


def _is_closed(method: Method, step: Step, closing: Step, state: RoomState) -> bool:
    """Whether the closing step ran after the opening one did: what was opened again is open again."""
    end, begin = state.step(method.id, closing.id), state.step(method.id, step.id)
    return end.mark in _TAKEN and (end.at is None or begin.at is None or end.at >= begin.at)
