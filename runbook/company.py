"""The other rooms on the same incident: what they record comes in, and the wheel that one of them left is taken."""

from __future__ import annotations

import asyncio
import os
from socket import gethostname
from typing import TYPE_CHECKING

from runbook.incident import events as ev
from runbook.incident import home

if TYPE_CHECKING:
    from runbook.conductor import Conductor


async def hear(room: Conductor) -> None:
    """Take in what the others recorded since the last time, and whether one of them drives."""
    async with room.hearing:
        told, driven = await asyncio.to_thread(_listen, room)
        for event in told:
            room.journal.observe(event.lamport)
        changed, room.driven = room.driven != driven, driven
        if told:
            room.take_in(*told)
        elif changed:
            room.on_change()


def _listen(room: Conductor) -> tuple[list[ev.Event], bool]:
    # the lock is asked, not the record: a driver that was killed said no goodbye
    return room.others.news(), room.driving or home.holder(room.folder) is not None


async def take_over(room: Conductor) -> None:
    """Drive, with the wheel in hand: say so in the record, and settle what the room before left open."""
    try:
        await hear(room)  # its last words decide what is still open
        await room.record(ev.RoomEntered(user=home.user_name(), host=gethostname(), pid=os.getpid(), driving=True))
    except BaseException:  # whatever it was: who does not drive must not hold the wheel
        home.leave_wheel(room.folder)
        raise
    room.driving = True
    room.keep_samples()
    room.on_change()
    await room.recover()
