"""A command in the engineer's own working copy is refused where that was changed since its preview."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.providers.git import Git
from runbook.providers.provider import Place
from tests.unit.git_world import World


@pytest.mark.parametrize("text", ["git push origin HEAD:refs/heads/production", "git revert --no-edit HEAD"])
async def test_another_commit_in_the_working_copy_is_noticed_before_it_is_pushed_or_reverted(
    world: World, tmp_path: Path, text: str
) -> None:
    git, at = Git(tmp_path / "clean-room", env=world.env), Place(world.copy)
    seen = await git.preview(text, at)
    assert await git.moved(text, seen.expected, at) == ""
    world.git("commit", "-q", "--allow-empty", "-m", "meanwhile", cwd=world.copy)
    assert "HEAD of your own working copy moved since the preview" in await git.moved(text, seen.expected, at)


async def test_another_branch_that_is_checked_out_meanwhile_is_noticed(world: World, tmp_path: Path) -> None:
    git, at = Git(tmp_path / "clean-room", env=world.env), Place(world.copy)
    seen = await git.preview("git revert --no-edit HEAD", at)
    world.git("checkout", "-q", "-b", "mine", cwd=world.copy)
    assert "on mine" in await git.moved("git revert --no-edit HEAD", seen.expected, at)


async def test_the_branch_that_is_pushed_is_noticed_where_head_is_another(world: World, tmp_path: Path) -> None:
    git, at = Git(tmp_path / "clean-room", env=world.env), Place(world.copy)
    world.git("branch", "fix", cwd=world.copy)
    seen = await git.preview("git push origin fix", at)
    world.git("branch", "-f", "fix", "HEAD~1", cwd=world.copy)
    assert "fix of your own working copy moved" in await git.moved("git push origin fix", seen.expected, at)


async def test_a_push_is_proven_where_the_settings_send_it(world: World, tmp_path: Path) -> None:
    world.git("clone", "-q", "--bare", str(world.remote), str(tmp_path / "upstream.git"), cwd=tmp_path)
    world.git("remote", "add", "upstream", str(tmp_path / "upstream.git"))
    world.git("config", "remote.pushDefault", "upstream")
    world.commit("Mended")
    git, at = Git(tmp_path / "clean-room", env=world.env), Place(world.copy)
    seen = await git.preview("git push", at)
    assert seen.expected["upstream refs/heads/main"] == world.header
    assert world.shell("git push", world.copy).returncode == 0
    proof = await git.proof("git push", seen.expected, at)
    assert proof is not None and proof.ok is True and "on upstream" in proof.line


@pytest.mark.parametrize("led", ["cd {} && git", "git -C {}", "cd ~/copy && git", "(cd $HOME/copy && git"])
async def test_a_command_that_goes_to_the_working_copy_itself_is_not_said_to_stay_in_the_clean_room(
    world: World, led: str
) -> None:
    git = await world.provider()
    at = Place(git.folder, env={"HOME": str(world.root)})
    (world.copy / "page").write_text("not committed")
    text = f"{led.replace('{}', str(world.copy))} reset --hard HEAD~1{')' * led.startswith('(')}"
    seen = await git.preview(text, at)
    assert "1 files with uncommitted work would be lost." in seen.warnings
    assert seen.way_back == f"git -C {world.copy} reset --hard {world.header}"
    assert await git.moved(text, seen.expected, at) == ""
    world.git("commit", "-q", "--allow-empty", "-m", "meanwhile")
    assert "moved since the preview" in await git.moved(text, seen.expected, at)


async def test_a_push_from_another_directory_is_seen_and_proven_there(world: World, tmp_path: Path) -> None:
    world.commit("Mended")
    git, at = Git(tmp_path / "clean-room", env=world.env), Place(tmp_path)
    text = "cd copy && git push origin main"
    seen = await git.preview(text, at)
    assert not seen.blocked and seen.expected["origin refs/heads/main"] == world.header
    assert await git.moved(text, seen.expected, at) == ""
    assert world.shell(text, tmp_path).returncode == 0
    proof = await git.proof(text, seen.expected, at)
    assert proof is not None and proof.ok is True


async def test_where_a_command_acts_that_cannot_be_looked_at_nothing_is_called_harmless(world: World) -> None:
    git = await world.provider()
    seen = await git.preview("cd gone && git reset --hard HEAD~1", Place(git.folder))
    assert "cannot be looked into" in seen.warnings[0] and not seen.way_back


async def test_what_only_looks_pins_nothing(world: World, tmp_path: Path) -> None:
    git, at = Git(tmp_path / "clean-room", env=world.env), Place(world.copy)
    assert (await git.preview("git log --oneline -3", at)).expected == {}


async def test_the_remote_is_asked_with_the_key_that_the_session_has_set(world: World, tmp_path: Path) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\n: >{tmp_path}/called\nexit 1\n")
    ssh.chmod(0o755)
    world.git("remote", "add", "far", "ssh://shop.invalid/x")
    git, at = Git(tmp_path / "clean-room", env=world.env), Place(world.copy, env={"GIT_SSH_COMMAND": str(ssh)})
    await git.preview("git push far main", at)
    assert (tmp_path / "called").exists()


@pytest.mark.parametrize(
    "text", ["git checkout $(cat good) -- page", "git checkout page", "git checkout -f main", "git restore page"]
)
async def test_work_that_a_checkout_throws_away_is_counted(world: World, tmp_path: Path, text: str) -> None:
    git = Git(tmp_path / "clean-room", env=world.env)
    for name in ("page", "cart"):
        (world.copy / name).write_text("not committed")
    lost = 2 if "-f" in text else 1
    seen = await git.preview(text, Place(world.copy))
    assert f"{lost} files with uncommitted work would be lost." in seen.warnings
