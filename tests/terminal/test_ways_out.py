"""Wrong place, wrong time: what stops a rollback, and the way on that the room offers."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal import walks
from tests.terminal.conftest import DrillRoom

Drill = Callable[..., DrillRoom]

PROTECTED = r"""#!/bin/sh
while read -r old new ref; do
  case $ref in
    refs/heads/production) echo 'production is protected: send a pull request' >&2; exit 1 ;;
    refs/heads/warroom/*) printf 'Create a pull request by visiting:\n  https://git.example.com/pull/new/it\n' >&2 ;;
  esac
done
"""


def culprit(room: DrillRoom) -> str:
    return str(json.loads((room.drill / "world.json").read_text())["bad"])


def colleague(room: DrillRoom, branch: str, change: Callable[[Path], None]) -> str:
    """Somebody else pushes to a branch; the commit."""
    copy = room.drill.parent / f"colleague-{branch}"

    def git(*args: str) -> str:
        name = ("-c", "user.name=Bo Lind", "-c", "user.email=bo@example.com")
        done = subprocess.run(
            ["git", *name, *args], cwd=copy.parent, capture_output=True, text=True, check=True, timeout=30
        )
        return done.stdout.strip()

    git("clone", "-q", "-b", branch, str(room.drill / "remote.git"), str(copy))
    change(copy)
    git("-C", str(copy), "add", "-A")
    git("-C", str(copy), "commit", "-q", "-m", "Quick fix by hand")
    git("-C", str(copy), "push", "-q", "origin", branch)
    return git("-C", str(copy), "rev-parse", "HEAD")


def by_hand(copy: Path) -> None:
    (copy / "NOTE").write_text("by hand\n")


def to_the_push(room: DrillRoom, tag: str) -> None:
    """Method 2 up to the open confirmation of its push to production."""
    walks.until_red(room)
    walks.choose(room, "2")
    room.tmux.keys("Enter")
    walks.confirm(room, 1)
    walks.enter(room)
    walks.pick(room, tag)
    walks.confirm(room, 2)
    walks.enter(room)
    room.tmux.wait(walks.CONFIRM)


def take_the_way_out(room: DrillRoom, title: str) -> None:
    """`p`, a look at what it is, and `y`."""
    room.tmux.wait("p +the way out")
    room.tmux.keys("p")
    room.tmux.wait(rf"\d  {title}")
    room.tmux.wait(walks.CONFIRM)
    walks.press_until_taken(room, "y", walks.CONFIRM)
    room.tmux.wait(rf"\d  {title}.*✓ done")


def again(room: DrillRoom, step: int, *moves: str) -> None:
    """A step that is done, all of it once more, found by some moves in the runbook."""
    room.tmux.keys("3")
    room.tmux.wait("▸ 3 ")
    room.tmux.keys(*moves)
    room.tmux.wait(f"▌ +✓ {step} ")
    room.tmux.keys("Enter")
    room.tmux.wait("r +all of it again")
    walks.press_until_taken(room, "r", "all of it again")
    walks.confirm(room, step)


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
def test_production_that_moved_meanwhile_is_left_alone_until_one_has_looked_again(
    drill: Drill, size: tuple[int, int]
) -> None:
    room = drill("bad-deploy", seed=5, size=size)
    room.tmux.wait(walks.READY, 40)
    tag = room.git("tag", "-l", "v*", "--sort=-version:refname").split()[1]
    to_the_push(room, tag)
    moved = colleague(room, "production", by_hand)
    walks.press_until_taken(room, "y", walks.CONFIRM)
    refused = room.tmux.wait("✗ not started")
    assert "production moved since the preview" in refused and f"{moved[:7]}" in refused
    assert "Bo Lind" in refused
    room.tmux.keys("y", "Enter")  # nothing is armed
    room.tmux.keys("r")
    room.tmux.wait("cannot run: production on origin")
    take_the_way_out(room, "Fetch what is new on origin")
    room.tmux.keys("r")
    room.tmux.wait("cannot run: This would be refused")
    assert room.git("rev-parse", "production") == moved

    again(room, 1, "k", "k")  # on top of what is there now
    walks.enter(room)  # the room leads to what used where production was before
    walks.confirm(room, 2)
    walks.enter(room)
    walks.confirm(room, 3)
    assert room.git("rev-parse", "production^") == moved
    kinds = [str(entry["kind"]) for entry in room.timeline()]
    assert kinds.count("step-refused") == 1


def test_a_conflict_is_left_by_the_way_out_and_another_commit_is_reverted(drill: Drill) -> None:
    room = drill("bad-deploy", seed=5, size=(80, 24))
    walks.until_red(room)
    bad, own = culprit(room), room.working_copy()
    files = room.git("diff", "--name-only", f"{bad}^", bad).split()

    def touch(copy: Path) -> None:
        for name in files:
            (copy / name).write_text(room.git("show", f"{bad}^:{name}").replace("\n", "  # touched\n"))

    main = colleague(room, "main", touch)
    walks.choose(room, "1")
    room.tmux.keys("Enter")
    walks.confirm(room, 1)
    walks.enter(room)
    walks.pick(room, room.git("log", "-1", "--format=%s", bad))
    screen = room.tmux.wait(walks.CONFIRM)
    assert "will conflict in: " in screen
    walks.press_until_taken(room, "y", walks.CONFIRM)
    failed = room.tmux.wait("stopped at a conflict")
    assert all(name in failed for name in files)
    take_the_way_out(room, "Leave the conflict: put the files back")
    assert "Go back to a tagged release" in room.tmux.screen()  # another way is named
    room.tmux.keys("e")
    walks.pick(room, "Quick fix")
    walks.confirm(room, 2)
    assert room.git("rev-parse", "main") == main  # nothing was published
    assert room.working_copy() == own


def test_a_merge_asks_which_parent_to_keep(drill: Drill) -> None:
    room = drill("bad-deploy", seed=5)
    room.tmux.wait(walks.READY, 40)
    walks.choose(room, "1")
    room.tmux.keys("Enter")
    walks.confirm(room, 1)
    walks.enter(room)
    walks.pick(room, "Merge branch")
    asked = room.tmux.wait("p +choose the parent")
    assert "parent 1: " in asked and "parent 2: " in asked
    room.tmux.keys("p")
    assert "2 entries" in room.tmux.wait("The parent to keep")
    room.tmux.keys("Enter")
    room.tmux.wait(r"git revert -m 1 --no-edit [0-9a-f]{40}")
    walks.confirm(room, 2)
    edited = [entry for entry in room.timeline() if entry["kind"] == "command-edited"]
    assert len(edited) == 1 and "The parent to keep (mainline): 1, " in str(edited[0]["text"])


def test_a_push_that_is_refused_goes_to_a_branch_with_the_address_of_its_pull_request(drill: Drill) -> None:
    room = drill("bad-deploy", seed=5)
    room.tmux.wait(walks.READY, 40)
    tag = room.git("tag", "-l", "v*", "--sort=-version:refname").split()[1]
    before = room.git("rev-parse", "production")
    hook = room.drill / "remote.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(PROTECTED)
    hook.chmod(0o755)
    to_the_push(room, tag)
    walks.press_until_taken(room, "y", walks.CONFIRM)
    room.tmux.wait("production is protected: send a pull request")
    take_the_way_out(room, "Push it to a branch of its own")
    screen = room.tmux.wait("https://git.example.com/pull/new/it")
    assert re.search("C +copy address", screen)
    branches = room.git("for-each-ref", "--format=%(refname)", "refs/heads/warroom/").split()
    assert len(branches) == 1
    assert room.git("rev-parse", f"{branches[0]}^{{tree}}") == room.git("rev-parse", f"{tag}^{{tree}}")
    assert room.git("rev-parse", "production") == before
    text = walks.report(room)
    assert "the way out that the room offered" in text and "https://git.example.com/pull/new/it" in text


def test_where_gh_is_installed_the_pull_request_is_a_ready_command(drill: Drill, tmp_path: Path) -> None:
    programs, kept = tmp_path / "programs", tmp_path / "gh.said"
    programs.mkdir()
    (programs / "gh").write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >> {kept}\necho https://git.example.com/pull/7\n")
    (programs / "gh").chmod(0o755)
    room = drill("bad-deploy", seed=5, size=(80, 24), path=programs)
    room.tmux.wait(walks.READY, 40)
    tag = room.git("tag", "-l", "v*", "--sort=-version:refname").split()[1]
    hook = room.drill / "remote.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(PROTECTED)
    hook.chmod(0o755)
    to_the_push(room, tag)
    walks.press_until_taken(room, "y", walks.CONFIRM)
    take_the_way_out(room, "Push it to a branch of its own")
    room.tmux.wait("p +what comes next")
    assert not kept.exists()
    room.tmux.keys("p")
    room.tmux.wait(r"\d  Open a pull request into production")
    room.tmux.wait(walks.CONFIRM)
    walks.press_until_taken(room, "y", walks.CONFIRM)
    room.tmux.wait(r"\d  Open a pull request into production.*✓ done")
    said = kept.read_text().splitlines()
    assert said[:4] == ["pr", "create", "--base", "production"]
    assert said[5].startswith("warroom/production-")
    assert "gh pr create --base production" in walks.report(room)
