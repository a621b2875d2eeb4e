"""A protected branch on a remote whose hook answers as GitHub and GitLab do: a branch, its page, its request."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from runbook.model import Remedy
from runbook.providers.git import Git
from runbook.providers.provider import Place
from tests.unit.git_world import World

HOOK = """#!/bin/sh
while read -r old new ref; do
  case $ref in
    refs/heads/production) cat >&2 <<'END'
{refusal}
END
      exit 1 ;;
    refs/heads/warroom/*) cat >&2 <<'END'
{welcome}
END
  esac
done
"""
NEW_PULL = "https://github.com/acme/shop/pull/new/warroom/production-abc"
NEW_MERGE = "https://gitlab.com/acme/shop/-/merge_requests/new?merge_request%5Bsource_branch%5D=warroom"
GITHUB = f"\nCreate a pull request for 'warroom/x' on GitHub by visiting:\n     {NEW_PULL}\n"
GITLAB = f"\nTo create a merge request for warroom/x, visit:\n  {NEW_MERGE}\n"
HOSTS = [
    pytest.param(
        "error: GH006: Protected branch update failed for refs/heads/production.\n"
        "error: Changes must be made through a pull request.",
        GITHUB,
        "production is a protected branch on the remote: GH006: Protected branch update failed",
        NEW_PULL,
        id="GH006",
    ),
    pytest.param(
        "error: GH013: Repository rule violations found for refs/heads/production.\n"
        "Review all repository rules at https://github.com/acme/shop/rules?ref=refs%2Fheads%2Fproduction\n"
        "- Changes must be made through a pull request.",
        GITHUB,
        "The remote's rules do not let anyone push to production: GH013",
        NEW_PULL,
        id="GH013",
    ),
    pytest.param(
        "GitLab: You are not allowed to push code to protected branches on this project.",
        GITLAB,
        "production is a protected branch on the remote",
        NEW_MERGE,
        id="GitLab",
    ),
    pytest.param(
        "Pushes to production go through review",
        "",
        "A hook on the remote refused the push to production",
        "",
        id="own",
    ),
]


@pytest.fixture
async def git(world: World) -> Git:
    git = await world.provider()
    bare = "/usr/bin:/bin"
    git.ask.env["PATH"] = world.env["PATH"] = bare
    return git


def program(world: World, git: Git, name: str) -> Path:
    """A stand-in for `gh` or `glab`; the file in which it leaves its arguments."""
    folder = world.root / "programs"
    folder.mkdir(exist_ok=True)
    kept = world.root / f"{name}.said"
    (folder / name).write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {shlex.quote(str(kept))}\n")
    (folder / name).chmod(0o755)
    git.ask.env["PATH"] = world.env["PATH"] = f"{folder}:/usr/bin:/bin"
    return kept


def protect(world: World, refusal: str, welcome: str) -> None:
    hook = world.remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(refusal=refusal, welcome=welcome))
    hook.chmod(0o755)


async def refused(world: World, git: Git) -> tuple[str, Remedy, str]:
    """A rollback that production does not take: its commit, the way around, and why it was refused."""
    made = world.git("commit-tree", "v1.1.0^{tree}", "-p", world.header, "-m", "Roll back 'it' $(id)", cwd=git.folder)
    text = f"git push --porcelain origin {made}:refs/heads/production"
    assert (await git.preview(text, Place(git.folder))).blocked == ""
    done = world.shell(text, git.folder)
    assert done.returncode != 0
    failed = await git.failure(text, (done.stdout + done.stderr).decode(), Place(git.folder))
    assert failed is not None and failed.remedy is not None
    assert world.on_remote("production") == world.header
    return made, failed.remedy, failed.why


@pytest.mark.parametrize(("refusal", "welcome", "why", "address"), HOSTS)
async def test_a_refused_commit_goes_to_a_branch_and_the_remote_names_the_page(
    refusal: str, welcome: str, why: str, address: str, world: World, git: Git
) -> None:
    protect(world, refusal, welcome)
    made, around, said = await refused(world, git)
    assert said.startswith(why)
    seen = await git.preview(around.text, Place(git.folder))
    assert seen.blocked == ""
    assert await git.took_effect(around.text, seen.expected, Place(git.folder)) is False
    done = world.shell(around.text, git.folder)
    assert done.returncode == 0
    assert await git.took_effect(around.text, seen.expected, Place(git.folder)) is True
    assert world.on_remote(f"warroom/production-{made[:12]}") == made
    assert git.address((done.stdout + done.stderr).decode()) == address
    assert await git.back(around.text, seen.expected, Place(git.folder)) is None  # no program is installed


@pytest.mark.parametrize(("name", "host"), [("gh", "github.com"), ("glab", "gitlab.example.com"), ("gh", "code.acme")])
async def test_an_installed_program_opens_the_request_as_a_ready_command(
    name: str, host: str, world: World, git: Git
) -> None:
    protect(world, "no", GITHUB)
    kept = program(world, git, name)
    made, around, _ = await refused(world, git)
    world.shell(around.text, git.folder)
    world.git("remote", "set-url", "origin", f"https://{host}/acme/shop.git", cwd=git.folder)
    opening = await git.back(around.text, {}, Place(git.folder))
    assert opening is not None
    assert world.shell(opening.text, git.folder).returncode == 0
    said = kept.read_text().splitlines()
    head = f"warroom/production-{made[:12]}"
    if name == "gh":
        assert said[:6] == ["pr", "create", "--base", "production", "--head", head]
    else:
        assert said[:7] == ["mr", "create", "--target-branch", "production", "--source-branch", head, "--yes"]
    assert "Roll back 'it' $(id)" in said  # the subject as it is, never run
    assert said[-1] == f"production did not take this commit directly: {made}"


async def test_a_program_of_another_host_is_not_offered(world: World, git: Git) -> None:
    protect(world, "no", GITLAB)
    program(world, git, "gh")
    _, around, _ = await refused(world, git)
    world.shell(around.text, git.folder)
    world.git("remote", "set-url", "origin", "git@gitlab.com:acme/shop.git", cwd=git.folder)
    assert await git.back(around.text, {}, Place(git.folder)) is None


# ── a lost outcome ────────────────────────────────────────────────────────────────────────────────


async def test_a_promote_push_that_was_cut_off_is_known_by_what_the_remote_holds(world: World, git: Git) -> None:
    staged = world.commit("Revert", None, checkout="a\nb\nc\n")
    world.push("main")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    backup = f"git push --porcelain origin {world.header}:refs/warroom/backup/production-{world.header}"
    push = f"git push --porcelain origin {staged}:refs/heads/production"
    both = f"{backup}\n{push}"
    expected = (await git.preview(both, Place(git.folder))).expected
    assert await git.took_effect(both, expected, Place(git.folder)) is False
    assert world.shell(backup, git.folder).returncode == 0
    assert await git.took_effect(both, expected, Place(git.folder)) is None  # the backup is there, the push is not
    assert world.shell(push, git.folder).returncode == 0
    assert await git.took_effect(both, expected, Place(git.folder)) is True
    world.colleague_pushes("Later work")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    assert await git.took_effect(both, expected, Place(git.folder)) is True  # theirs stands on top of it
