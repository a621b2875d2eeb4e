"""What is said about the next merge of main after a rollback, and that git then really does so."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.providers.git import Git
from runbook.providers.provider import Place
from tests.unit.git_world import World


async def publish(world: World, git: Git, commit: str, *options: str) -> str:
    """Push a commit to production as the room would; what its proof says."""
    text = f"git push --porcelain {' '.join(options)} origin {commit}:refs/heads/production".replace("  ", " ")
    expected = (await git.preview(text, Place(git.folder))).expected
    done = world.shell(text, git.folder)
    assert done.returncode == 0, done.stderr
    proof = await git.proof(text, expected, Place(git.folder))
    assert proof is not None and proof.ok is True
    return proof.line


def roll_back(world: World, git: Git, tag: str) -> str:
    parent = world.on_remote("production")
    return world.git("commit-tree", f"refs/tags/{tag}^{{tree}}", "-p", parent, "-m", f"Back to {tag}", cwd=git.folder)


def revert(world: World, git: Git, commit: str, on: str = "production") -> str:
    world.git("fetch", "-q", "origin", cwd=git.folder)
    world.git("checkout", "-q", "--detach", f"origin/{on}", cwd=git.folder)
    world.git("revert", "--no-edit", commit, cwd=git.folder)
    return world.git("rev-parse", "HEAD", cwd=git.folder)


def merge_main(world: World, *, into: str = "production") -> tuple[str, Path]:
    """What a colleague sees who merges main into production; and their working copy, pushed."""
    other = world.root / f"release-{world.minute}"
    world.git("clone", "-q", "-b", into, str(world.remote), str(other), cwd=world.root)
    for key, value in (("user.name", "Bo"), ("user.email", "bo@example.com")):
        world.git("config", key, value, cwd=other)
    said = world.git("merge", "--no-edit", "origin/main", cwd=other)
    world.git("push", "-q", "origin", f"HEAD:{into}", cwd=other)
    return said, other


def on_main(world: World, subject: str, **files: str) -> str:
    sha = world.commit(subject, None, **files)
    world.push("main")
    return sha


async def test_after_a_tag_rollback_a_merge_says_already_up_to_date_as_announced(world: World, git: Git) -> None:
    line = await publish(world, git, roll_back(world, git, "v1.1.0"))
    now = world.on_remote("production")
    assert "Merging main now says “already up to date”" in line
    assert f"stays away with later merges too, until {now[:7]} is reverted or it is committed anew." in line
    said, copy = merge_main(world)
    assert said == "Already up to date."
    assert not (copy / "flow").exists()
    on_main(world, "Something new", new="new\n")
    said, copy = merge_main(world)
    assert (copy / "new").exists() and not (copy / "flow").exists()  # only what is new came
    world.git("revert", "--no-edit", now, cwd=copy)
    assert (copy / "flow").read_text() == "new\nflow\n"  # and this is how it comes back


async def test_after_a_revert_on_production_alone_a_merge_does_not_bring_the_commit_back(
    world: World, git: Git
) -> None:
    line = await publish(world, git, revert(world, git, world.bad))
    assert "Merging main now says “already up to date”" in line
    assert merge_main(world)[0] == "Already up to date."


async def test_after_a_revert_that_main_has_as_its_own_commit_the_next_merge_leaves_it_reverted(
    world: World, git: Git
) -> None:
    on_main(world, "Unreleased", new="new\n")
    reverted = revert(world, git, world.bad, on="main")
    world.git("push", "-q", "origin", f"{reverted}:main", cwd=git.folder)
    world.git("checkout", "-q", "--detach", "origin/production", cwd=git.folder)
    world.git("cherry-pick", "--ff", reverted, cwd=git.folder)
    line = await publish(world, git, world.git("rev-parse", "HEAD", cwd=git.folder))
    assert "The next merge of main leaves rolled back what was rolled back" in line
    _, copy = merge_main(world)
    assert (copy / "new").exists() and not (copy / "flow").exists()


async def test_after_a_rewind_the_next_merge_brings_everything_back_as_announced(world: World, git: Git) -> None:
    lease = f"--force-with-lease=refs/heads/production:{world.header}"
    line = await publish(world, git, world.cart, lease)
    assert "The next merge of main brings all of it back: mend main first." in line
    _, copy = merge_main(world)
    assert (copy / "flow").exists()


async def test_a_merge_that_will_conflict_is_announced_with_its_files(world: World, git: Git) -> None:
    on_main(world, "Checkout wording", checkout="a\nREWORDED\nc\n")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    line = await publish(world, git, roll_back(world, git, "v1.1.0"))
    assert "The next merge of main will conflict in checkout." in line
    with pytest.raises(AssertionError, match="merge"):
        merge_main(world)


async def test_part_of_it_comes_back_where_main_has_changed_the_rest(world: World, git: Git) -> None:
    on_main(world, "Page again", page="hello\n")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    lease = f"--force-with-lease=refs/heads/production:{world.header}"
    line = await publish(world, git, world.cart, lease)
    assert "The next merge of main brings part of it back (checkout, flow): mend main first." in line


async def test_nothing_is_said_of_a_push_that_is_no_rollback(world: World, git: Git) -> None:
    feature = world.commit("Feature", cwd=git.folder, feature="feature\n")
    assert "merge" not in (await publish(world, git, feature)).lower()


async def test_nothing_is_said_of_the_way_back_from_a_rollback(world: World, git: Git) -> None:
    text = f"git push origin {roll_back(world, git, 'v1.1.0')}:refs/heads/production"
    expected = (await git.preview(text, Place(git.folder))).expected
    world.shell(text, git.folder)
    back = await git.back(text, expected, Place(git.folder))
    assert back is not None
    expected = (await git.preview(back.text, Place(git.folder))).expected
    assert world.shell(back.text, git.folder).returncode == 0
    proof = await git.proof(back.text, expected, Place(git.folder))
    assert proof is not None and proof.ok is True
    assert "merge" not in proof.line.lower()
