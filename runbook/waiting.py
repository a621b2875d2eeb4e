"""A step that waits: what its criteria say now, and the end of the wait, into the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runbook.outlook import overdue
from runbook.providers.git_text import FULL_SHA
from runbook.signals.standing import Standing

if TYPE_CHECKING:
    from runbook.conductor import Conductor


def standings(room: Conductor, method: str, step: str) -> tuple[Standing, ...]:
    """How the criteria of a waiting step stand."""
    known = room.known_values()
    changed = room.outlook.last_change(room.state)
    found = []
    for criterion in room.step(method, step).wait_for:
        filled = criterion
        if isinstance(criterion.value, str):
            value = room.carrier.fill_plain(criterion.value, known)
            text = criterion.text.replace(criterion.value, value[:7] if FULL_SHA.match(value) else value)
            filled = msgspec.structs.replace(criterion, value=value, text=text)
        # what must hold for a time is watched once the change has settled; the rest counts from the change itself on
        since = room.outlook.watched_from(criterion, room.state) if criterion.hold else changed
        found.append(room.outlook.standing(filled, since))
    return tuple(found)


async def look(room: Conductor) -> None:
    """End the wait in progress where it is fulfilled; say once that it takes longer than its step allows."""
    if room.waiting is None:
        return
    method, step, since = room.waiting
    key, stand, waited = (method, step), standings(room, method, step), room.clock() - since
    if stand and all(standing.state == "met" for standing in stand):
        room.waiting = None
        facts = " · ".join(standing.criterion.text for standing in stand)
        await room.mark(method, step, "done", f"{facts}, after {waited.total_seconds():.0f} s")
    elif room.overdue != room.waiting and waited.total_seconds() > room.step(*key).timeout:
        room.overdue = room.waiting
        await room.record(overdue(key, room.step(*key), stand, waited))
