"""A name that leads elsewhere once its command has run (`HEAD`, a branch) is judged by what it was before."""

from __future__ import annotations

import os
import shutil

import pytest

from runbook.providers import git_stage
from runbook.providers.git import Git
from runbook.providers.provider import Place, Proof
from tests.unit.git_world import World


async def carried_out(world: World, git: Git, text: str) -> Proof | None:
    at = Place(git.folder)
    seen = await git.preview(text, at)
    assert seen.blocked == "", seen.blocked
    done = world.shell(text, git.folder)
    assert done.returncode == 0, done.stderr.decode()
    return await git.proof(text, seen.expected, at)


@pytest.mark.parametrize(
    "text",
    [
        "git revert --no-edit HEAD",
        "git revert --no-edit main",
        "git revert --no-edit HEAD~1",
        "git revert --no-edit HEAD~2..HEAD",
        "git revert --no-edit @",
        "git checkout -q --detach origin/production && git revert --no-edit HEAD",
    ],
)
async def test_a_revert_of_what_head_was_is_proven_and_not_offered_a_second_time(
    world: World, git: Git, text: str
) -> None:
    before = (await git.preview(text, Place(git.folder))).expected
    assert await git.took_effect(text, before, Place(git.folder)) is False
    proof = await carried_out(world, git, text)
    assert proof is not None and proof.ok is True, proof
    assert await git.took_effect(text, before, Place(git.folder)) is True


async def test_where_nobody_saw_what_head_was_nothing_is_claimed(world: World, git: Git) -> None:
    assert world.shell("git revert --no-edit HEAD", git.folder).returncode == 0
    assert await git.took_effect("git revert --no-edit HEAD", {}, Place(git.folder)) is None


async def test_two_reverts_of_head_are_not_told_apart_by_its_name(world: World, git: Git) -> None:
    text = "git revert --no-edit HEAD && git revert --no-edit HEAD"
    proof = await carried_out(world, git, text)
    assert proof is not None and proof.ok is None


async def test_to_revert_a_revert_says_what_it_brings_back(world: World, git: Git) -> None:
    assert world.shell(f"git revert --no-edit {world.bad}", git.folder).returncode == 0
    seen = await git.preview("git revert --no-edit HEAD", Place(git.folder))
    assert any("is a revert itself" in said and '"New checkout flow" back' in said for said in seen.warnings)


async def test_a_revert_that_names_its_commit_short_is_known(world: World, git: Git) -> None:
    world.git("config", "revert.reference", "true", cwd=git.folder)
    proof = await carried_out(world, git, f"git revert --no-edit {world.bad}")
    assert world.bad not in world.git("log", "-1", "--format=%B", cwd=git.folder)
    assert proof is not None and proof.ok is True
    again = await git.preview(f"git revert --no-edit {world.bad}", Place(git.folder))
    assert "already reverted" in again.already


@pytest.mark.parametrize("text", ["git checkout {} checkout", "git reset {} checkout"])
async def test_files_of_a_commit_are_put_back_and_head_stays(world: World, git: Git, text: str) -> None:
    assert await carried_out(world, git, text.format(world.cart)) is None


@pytest.mark.parametrize("how", ["--squash", "--no-commit --no-ff"])
async def test_a_merge_without_a_commit_is_not_called_undone(world: World, git: Git, how: str) -> None:
    world.git("checkout", "-q", "-b", "fix", "HEAD~1", cwd=git.folder)
    world.commit("Fix", cwd=git.folder, fix="x\n")
    world.git("checkout", "-q", "main", cwd=git.folder)
    text = f"git merge {how} fix"
    assert await carried_out(world, git, text) is None
    world.git("reset", "-q", "--merge", cwd=git.folder)
    seen = await git.preview(f"{text} && git push origin main", Place(git.folder))
    assert any("makes no commit of it yet" in line for line in seen.lines)
    assert any("already at" in line for line in seen.lines)


async def test_a_push_that_only_asks_moves_nothing_and_is_not_called_failed(world: World, git: Git) -> None:
    world.commit("Mended", cwd=git.folder)
    seen = await git.preview("git push --dry-run origin main", Place(git.folder))
    assert not any("moves main" in line for line in seen.lines) and seen.expected == {}
    assert await carried_out(world, git, "git push -n origin main") is None


async def test_a_conflict_after_a_push_does_not_say_that_nothing_was_published(world: World, git: Git) -> None:
    world.git("checkout", "-q", "-b", "other", "HEAD~1", cwd=git.folder)
    world.commit("Another header", cwd=git.folder, page="other\n")
    text = "git push origin other; git checkout -q main; git merge other"
    done = world.shell(text, git.folder)
    failed = await git.failure(text, (done.stdout + done.stderr).decode(), Place(git.folder))
    assert failed is not None and "conflict in page" in failed.why
    assert "Nothing was published" not in failed.why


async def test_the_way_out_of_a_later_conflict_keeps_commits_that_an_old_sequence_does_not_know(
    world: World, git: Git
) -> None:
    world.commit("Checkout wording", cwd=git.folder, checkout="a\nREWORDED\nc\n")
    world.shell(f"git revert --no-edit {world.header} {world.bad} {world.cart}", git.folder)
    world.git("reset", "-q", "--merge", cwd=git.folder)
    kept = world.commit("Mended by hand", cwd=git.folder, mended="x\n")
    assert (git.folder / ".git/sequencer/head").exists()
    text = f"git revert --no-edit {world.bad}"
    done = world.shell(text, git.folder)
    failed = await git.failure(text, (done.stdout + done.stderr).decode(), Place(git.folder))
    assert failed is not None and failed.remedy is not None
    assert world.shell(failed.remedy.text, git.folder).returncode == 0
    assert world.git("rev-parse", "HEAD", cwd=git.folder) == kept


async def test_a_reset_to_a_place_before_head_is_proven_and_not_offered_a_second_time(world: World, git: Git) -> None:
    text, at = "git reset --hard HEAD~1", Place(git.folder)
    seen = await git.preview(text, at)
    assert await git.took_effect(text, seen.expected, at) is False
    assert world.shell(text, git.folder).returncode == 0
    assert await git.took_effect(text, seen.expected, at) is True
    assert world.git("rev-parse", "HEAD", cwd=git.folder) == world.bad


async def test_a_merge_that_takes_too_long_to_be_foreseen_stops_no_revert(
    world: World, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = world.root / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\ncase "$*" in *merge-tree*) sleep 20 ;; esac\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setattr(git_stage, "MERGING", 0.3)
    at = Place(git.folder, env={"PATH": f"{slow.parent}:{os.environ['PATH']}"})
    seen = await git.preview(f"git revert --no-edit {world.bad}", at)
    assert seen.blocked == "" and any("Whether it will conflict cannot be told" in one for one in seen.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "git tag -f v1.1.0 HEAD~1 && git push -f origin v1.1.0",
        "git branch -f production HEAD~2 && git push -f origin production",
        "git update-ref refs/heads/production HEAD~2 && git push -f origin production",
        "git revert --no-edit HEAD && git push origin main",
    ],
)
async def test_a_ref_that_the_text_itself_was_to_move_is_not_pushed_as_long_as_it_stands(
    world: World, git: Git, text: str
) -> None:
    at = Place(git.folder)
    seen = await git.preview(text, at)
    assert seen.blocked == ""
    assert await git.took_effect(text, seen.expected, at) is False
    done = world.shell(git.safer(text, seen.expected)[0], git.folder)
    assert done.returncode == 0, done.stderr.decode()
    assert await git.took_effect(text, seen.expected, at) is True


async def test_a_push_of_what_is_there_already_has_worked(world: World, git: Git) -> None:
    text, at = "git checkout -q main && git merge -q production && git push origin main", Place(git.folder)
    seen = await git.preview(text, at)
    assert "Nothing to push" in seen.already
    assert world.shell(text, git.folder).returncode == 0
    proof = await git.proof(text, seen.expected, at)
    assert proof is not None and proof.ok is True, proof


@pytest.mark.parametrize("text", ["git reset --hard v1.2.0^", "git checkout -q v1.2.0~1", "git checkout -q v1.0.0^0"])
async def test_a_commit_before_a_tag_is_no_tag_that_origin_lacks(world: World, git: Git, text: str) -> None:
    assert (await git.preview(text, Place(git.folder))).blocked == ""
    assert world.shell(text, git.folder).returncode == 0
