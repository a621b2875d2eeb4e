"""Other teams' runbooks in the room: a method of theirs is carried out, word for word, by programs of ours.

Runs where the corpus is (`WARROOM_CORPUS`); its documents are not part of the project.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.truth import CORPUS
from tests.terminal import walks
from tests.terminal.test_documents import STUB, Desk, begin

ANSWER = "echo redis_fallback_active 1\n"
"""What every program of ours says: one of the documents looks for it in a metrics page."""
SMALL, WIDE = (80, 24), (160, 45)


def open_room(folder: Path, number: str, programs: tuple[str, ...], size: tuple[int, int]) -> Desk:
    found = next(iter(CORPUS.glob(f"{number}__*.md")), None)
    if found is None:
        pytest.skip(f"there is no corpus in {CORPUS}; WARROOM_CORPUS names another folder")
    room = Desk(folder, found.read_text(encoding="utf-8", errors="replace"), size)
    for program in programs:
        stub = folder / "bin" / program
        stub.write_text(STUB.format(calls=room.calls) + ANSWER)
        stub.chmod(0o755)
    return room


def take_step(room: Desk) -> None:
    """Look at the step that is next, see its command whole, run it, go on."""
    room.tmux.wait(walks.CONFIRM.replace("  ", " +"))
    walks.press_until_taken(room, "y", walks.CONFIRM.replace("  ", " +"))


@pytest.mark.parametrize(
    ("number", "method", "programs", "size", "calls"),
    [
        ("038", "1", ("just",), WIDE, ["just [ops-pause-transfers]"]),
        ("041", "4", ("curl",), SMALL, ["curl [http://api.godel.local/metrics]"]),
        ("061", "6", ("npm",), WIDE, ["npm [run] [api:version:revert]", "npm [run] [deploy:rollback]"]),
    ],
    ids=("steps between prose", "an outage's playbook at 80x24", "a long document of many procedures"),
)
def test_a_method_of_another_team_runs_to_the_letter(
    tmp_path: Path, number: str, method: str, programs: tuple[str, ...], size: tuple[int, int], calls: list[str]
) -> None:
    room = open_room(tmp_path, number, programs, size)
    try:
        walks.trust(room)
        begin(room, method)
        for done in range(len(calls)):
            if done:
                walks.enter(room)
            take_step(room)
            room.tmux.wait(lambda _screen, done=done: len(room.called()) > done)  # type: ignore[misc]
            room.tmux.wait(r"✓ (\d of \d )?done")
        assert room.called() == calls
        confirmed = [event for event in room.events() if event["kind"] == "step-confirmed"]
        assert len(confirmed) == len(calls)
    finally:
        room.tmux.close()
