"""The whole thing, as a person does it: a broken production, a real rollback, the record of it."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.growth import Lines, grow
from tests.terminal import walks
from tests.terminal.conftest import DrillRoom

Drill = Callable[..., DrillRoom]


def good_tag(room: DrillRoom) -> str:
    """The release before the one that production runs."""
    tags = room.git("tag", "-l", "v*", "--sort=-version:refname").split()
    return tags[1]


def culprit(room: DrillRoom) -> tuple[str, str]:
    """Hash and subject of the commit that broke production, as the drill made it."""
    world = json.loads((room.drill / "world.json").read_text())
    return world["bad"], room.git("log", "-1", "--format=%s", world["bad"])


def test_reverting_the_bad_commit_mends_production_and_leaves_a_whole_record(drill: Drill) -> None:
    room = drill("bad-deploy")
    walks.until_red(room)
    before, own = room.git("rev-parse", "production"), room.working_copy()
    bad, subject = culprit(room)
    walks.revert_to_production(room, subject)
    room.tmux.wait("RECOVERED", 90)
    ended = room.tmux.wait("Every step of this method is settled")
    assert "it is done" not in ended  # a wait that was fulfilled is not asked for by hand
    text = walks.report(room)

    production = room.git("rev-parse", "production")
    assert room.git("rev-list", "--parents", "-1", production).split()[1] == before  # history kept, one commit on top
    assert f"This reverts commit {bad}" in room.git("log", "-1", "--format=%B", production)
    assert room.git("rev-parse", f"refs/warroom/backup/production-{before}") == before
    changed = room.git("diff", "--name-only", before, production).split()
    assert changed == room.git("diff", "--name-only", f"{bad}^", bad).split()  # nothing else of main was shipped
    assert room.working_copy() == own
    kinds = [str(entry["kind"]) for entry in room.timeline()]
    assert kinds.count("step-finished") == kinds.count("step-confirmed")
    assert "verdict-changed" in kinds and "advice-changed" in kinds
    assert "git push --porcelain origin" in text and subject in text
    assert "The next merge of main leaves rolled back what was rolled back" in " ".join(text.split())
    assert room.warroom("incidents", "--verify").count("every record is as it was written") == 1


def test_rolling_back_to_a_tag_works_on_a_small_screen_by_keyboard_alone(drill: Drill) -> None:
    room = drill("bad-deploy", size=(80, 24), seed=5)
    walks.until_red(room)
    before, own, tag = room.git("rev-parse", "production"), room.working_copy(), good_tag(room)
    walks.tag_to_production(room, tag)
    room.tmux.wait("RECOVERED", 90)
    text = walks.report(room)

    production = room.git("rev-parse", "production")
    assert room.git("rev-parse", f"{production}^{{tree}}") == room.git("rev-parse", f"{tag}^{{tree}}")
    assert room.git("rev-parse", f"{production}^") == before
    assert room.git("rev-parse", f"refs/warroom/backup/production-{before}") == before
    assert room.working_copy() == own
    assert tag in text
    assert re.search(r"The next merge of main \w+|Merging main now says", text)


def test_a_wrong_diagnosis_is_seen_as_failed_and_the_tag_mends_it(drill: Drill) -> None:
    room = drill("wrong-diagnosis", seed=4)
    walks.until_red(room)
    tag = good_tag(room)
    walks.revert_to_production(room, "New checkout flow")
    room.tmux.wait("FAILED, ESCALATE", 90)
    walks.tag_to_production(room, tag)
    room.tmux.wait("RECOVERED", 90)
    assert room.git("rev-parse", "production^{tree}") == room.git("rev-parse", f"{tag}^{{tree}}")
    verdicts = [str(entry["text"]) for entry in room.timeline() if entry["kind"] == "verdict-changed"]
    assert any("failed" in text for text in verdicts) and "recovered" in verdicts[-1]


def test_a_log_that_pours_holds_up_no_step(drill: Drill, tmp_path: Path) -> None:
    room = drill("bad-deploy", seed=9)
    quiet = timed_walk(room)
    room.close()
    other = DrillRoom(tmp_path / "pouring", "bad-deploy", size=(160, 45), seed=9, extra="", path=None)
    try:
        walks.until_red(other)
        with grow(other.drill / "logs" / "production.log", 100_000, Lines()):
            other.tmux.wait(r"errors/min|errors in")
            pouring = timed_walk(other)
            other.tmux.wait("RECOVERED", 90)
            assert re.search(r"#\d{9}", other.tmux.screen()), "the log goes on being followed"
    finally:
        other.close()
    sys.stdout.write(f"\nthe walk beside 100,000 lines a second: {pouring / quiet:.2f} × without\n")


def timed_walk(room: DrillRoom) -> float:
    """Seconds from red to the last wait of a rollback by tag."""
    walks.until_red(room)
    began = time.monotonic()
    walks.tag_to_production(room, good_tag(room))
    return time.monotonic() - began
