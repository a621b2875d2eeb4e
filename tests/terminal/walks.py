"""How a person walks through the drill: keys pressed only after the screen showed what they are for."""

from __future__ import annotations

import re
from typing import Protocol

from tests.terminal.conftest import DrillRoom
from tests.terminal.tmux import Tmux

CONFIRM = r"y  run it"
CHOOSER = r"▸ Choose a method ━"
READY = r"error rate +\d+|err \d+"


class Room(Protocol):
    """Any room in a tmux."""

    @property
    def tmux(self) -> Tmux: ...


def trust(room: Room) -> None:
    """Let an unknown runbook run commands, by the typed word."""
    room.tmux.wait("May this runbook run commands", 40)
    room.tmux.keys("T")
    room.tmux.wait("Type trust")
    room.tmux.type("trust")
    room.tmux.keys("Enter")
    room.tmux.wait("you drive")


def until_red(room: Room) -> None:
    """The room is open and the signals are bad enough that it advises to roll back."""
    room.tmux.wait(READY, 40)
    room.tmux.wait(r"roll back now(:| →) |ROLL BACK", 90)


def choose(room: Room, label: str) -> None:
    room.tmux.keys("m")
    room.tmux.wait(CHOOSER)
    room.tmux.keys(*label)
    room.tmux.wait(rf"▌{label} ")
    room.tmux.keys("Enter")
    room.tmux.gone(CHOOSER)
    room.tmux.wait(r"enter +(look|next|open|start)")


def pick(room: Room, words: str, *, seconds: float = 20) -> None:
    """Take the first entry of the open picker that fits; it opens when its entries are there."""
    room.tmux.wait(r"filter: ", seconds)
    room.tmux.type(words)
    room.tmux.wait(rf"filter: {words}")
    room.tmux.keys("Enter")
    room.tmux.gone("filter: ")


def confirm(room: Room, number: int, *, seconds: float = 30) -> None:
    """The open confirmation of a step, by `y`; comes back when the step is done."""
    room.tmux.wait(CONFIRM, seconds)
    press_until_taken(room, "y", CONFIRM)
    room.tmux.wait(rf"(?<!\d){number} +\S.*✓ done", seconds)


def confirm_until_well(room: Room, number: int) -> None:
    """The open confirmation of a check of what may come and go: tried again, as a person would, until it is well."""
    for _ in range(8):
        room.tmux.wait(CONFIRM, 30)
        press_until_taken(room, "y", CONFIRM)
        screen = room.tmux.wait(rf"(?<!\d){number} +\S.*(✓ done|✗ failed)", 30)
        if "✗ failed" not in screen:
            return
        room.tmux.keys("r")
    raise AssertionError(f"step {number} never ended well\n{room.tmux.screen()}")


def press_until_taken(room: Room, key: str, shown: str) -> None:
    """A key that comes within the first 400 ms does not count, by design: a person presses it again."""
    for _ in range(10):
        room.tmux.keys(key)
        try:
            room.tmux.gone(shown, 3)
        except AssertionError:
            continue
        return
    raise AssertionError(f"{key} was never taken\n{room.tmux.screen()}")


def confirm_by_name(room: Room, number: int, name: str, *, seconds: float = 30) -> None:
    """The open confirmation of a step that destroys."""
    type_name(room, name, seconds=seconds)
    room.tmux.wait(rf"(?<!\d){number} +\S.*✓ done", seconds)


def type_name(room: Room, name: str, *, seconds: float = 30) -> None:
    """A destroying command's target, letter by letter, as a person types it: what comes too early does not count."""
    room.tmux.wait(rf"type +{re.escape(name)} +to run it", seconds)
    for place in range(1, len(name) + 1):
        typed = re.escape(name[:place])
        for _ in range(10):
            room.tmux.type(name[place - 1])
            try:  # only the first can be too early; typed once more, a later one would stand there twice
                room.tmux.wait(rf"to run it: +{typed}(?!\w)", 3 if place == 1 else seconds)
            except AssertionError:
                continue
            break
    press_until_taken(room, "Enter", "to run it: ")


def enter(room: Room) -> None:
    """On to the next step."""
    room.tmux.wait(r"enter +(next|look|open|start to watch)")
    room.tmux.keys("Enter")


def revert_up_to_production(room: DrillRoom, subject: str) -> None:
    """Method 1 up to its push to production, which is done."""
    choose(room, "1")
    room.tmux.keys("Enter")
    confirm(room, 1)
    enter(room)
    pick(room, subject)
    confirm(room, 2)
    enter(room)
    confirm(room, 3)
    enter(room)
    room.tmux.wait(r"5  Check that staging", 60)
    enter(room)
    confirm_until_well(room, 5)
    enter(room)
    confirm(room, 6)
    enter(room)
    confirm(room, 7)


def revert_to_production(room: DrillRoom, subject: str) -> None:
    """Method 1 up to its last wait: everything that changes something."""
    revert_up_to_production(room, subject)
    enter(room)
    room.tmux.wait(r"9  Wait until the success", 60)
    enter(room)


def tag_to_production(room: DrillRoom, tag: str) -> None:
    """Method 2 up to its last wait."""
    choose(room, "2")
    room.tmux.keys("Enter")
    confirm(room, 1)
    enter(room)
    pick(room, tag)
    confirm(room, 2)
    enter(room)
    confirm(room, 3)
    enter(room)
    room.tmux.wait(r"5  Wait until the success", 60)
    enter(room)


def report(room: DrillRoom) -> str:
    """Write the report by its key; its text."""
    room.tmux.keys("R")
    room.tmux.wait("The report is written")
    incident = room.home / "incidents" / room.incident()
    return next(iter(incident.glob("report*.md"))).read_text()


def starts_of(room: DrillRoom, words: str) -> int:
    """How often a command with these words was really started, not only confirmed."""
    confirmed, count = "", 0
    for entry in room.timeline():
        if entry["kind"] == "step-confirmed":
            confirmed = str(entry["text"])
        count += entry["kind"] == "step-started" and words in confirmed
    return count
