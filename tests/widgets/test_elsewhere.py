"""A change that stands behind a step on another machine says that it runs on this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rooms import entered, room_with
from tests.widgets.hosts import shown, until

BOOK = """
methods:
  - id: back
    title: Go back
    where: repository
    steps:
      - {id: go, title: Go there, run: [{run: ssh deploy@web1, kind: interactive}]}
      - {id: look, title: Look, run: uptime}
      - {id: restart, title: Restart, run: touch restarted}
      - {id: leave, title: Come back, run: exit}
      - {id: here, title: Restart here, run: touch restarted}
      - {id: pod, title: Into the pod, run: [{run: docker exec -it web sh, kind: interactive}]}
      - {id: inside, title: Clear the cache, run: touch cleared}
      - {id: roll, title: Roll it, run: kubectl rollout restart deploy/web}
      - {id: after, title: Clear the cache here, run: touch cleared}
"""


@pytest.mark.parametrize(
    ("step", "warned"),
    [("look", False), ("restart", True), ("here", False), ("inside", True), ("roll", False), ("after", False)],
)
async def test_a_change_behind_a_step_on_another_machine_says_where_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, warned: bool
) -> None:
    led = {"restart": "ssh deploy@web1", "inside": "docker exec -it web sh"}
    room = room_with(BOOK, tmp_path, monkeypatch)
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        prepared = await conductor.prepare("back", step)
        assert bool(prepared.warnings) is warned
        if warned:
            await conductor.choose_method("back")
            await pilot.pause()
            room.room_screen.checklist.select(f"step:back:{step}")
            await pilot.pause()
            await pilot.press("3", "enter")
            await until(pilot, lambda: f"runs here, on this machine, and not where “{led[step]}”" in shown(room))


WORDS = """
methods:
  - id: back
    title: Go back
    where: repository
    steps:
      - {id: first, title: Clear the cache, run: touch cleared}
      - {id: told, title: "SSH into web-1 and restart it", run: touch restarted}
      - {id: looked, title: "Log in to the database server and look", run: uptime}
      - {id: drain, title: "On each node:", run: kubectl cordon web-1}
      - {id: each, title: Stop it, note: "Run this on all the web servers, one by one.", run: touch stopped}
      - {id: own, title: "On this machine, log the run", run: touch logged}
      - {id: go, title: "Log in to the second web server", manual: "With your own key."}
      - {id: there, title: Clear the cache there, run: touch cleared}
      - {id: home, title: "Log out again", manual: "The session is closed."}
      - {id: after, title: Note the time, run: touch noted}
      - {id: console, title: "Log in to the AWS console", manual: "It shows the alarms."}
      - {id: end, title: Tell of it, run: touch told}
"""


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("first", ""),
        ("told", "“SSH into web-1” may mean another"),
        ("looked", ""),
        ("drain", ""),
        ("each", "“on all the web servers” may mean another"),
        ("own", ""),
        ("there", "“Log in to the second web server” before it may mean another"),
        ("after", ""),
        ("end", ""),
    ],
)
async def test_a_change_that_words_send_to_another_machine_says_that_it_runs_on_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, words: str
) -> None:
    room = room_with(WORDS, tmp_path, monkeypatch)
    async with room.run_test(size=(160, 45)) as pilot:
        conductor = await entered(pilot, room)
        prepared = await conductor.prepare("back", step)
        assert prepared.warnings == ((f"runs here, on this machine; {words}",) if words else ())
