"""Git's own settings change what a command does: the preview knows them, or says that it does not."""

from __future__ import annotations

import pytest

from runbook.providers.git import Git
from runbook.providers.provider import Place
from tests.unit.git_world import World


def everywhere(world: World, name: str, value: str) -> None:
    world.git("config", "--global", "--add", name, value)


def remote_heads(world: World) -> dict[str, str]:
    rows = world.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags", cwd=world.remote)
    return dict(row.split() for row in rows.splitlines())


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("git push origin hotfix", {"push.default": "upstream"}),
        ("git push --force origin hotfix", {"push.default": "upstream"}),
        ("git -c push.default=upstream push origin hotfix", {}),
        ("git push origin hotfix", {"remote.origin.push": "refs/heads/hotfix:refs/heads/production"}),
        ("git push origin hotfix", {"remote.origin.push": "refs/heads/*:refs/heads/team/*"}),
        ("git push origin", {"remote.origin.push": "refs/heads/main:refs/heads/production"}),
        ("git push", {"push.default": "matching"}),
    ],
)
async def test_a_push_that_the_settings_send_elsewhere_is_stopped(
    world: World, git: Git, text: str, settings: dict[str, str]
) -> None:
    world.git("checkout", "-q", "-b", "hotfix", "origin/production", cwd=git.folder)
    world.commit("Hot fix", cwd=git.folder, hot="fix\n")
    for name, value in settings.items():
        everywhere(world, name, value)
    seen = await git.preview(text, Place(git.folder))
    assert "Git's settings (" in seen.blocked and "Say where it is to go: git push origin" in seen.blocked
    world.shell(text, git.folder)
    assert "refs/heads/hotfix" not in remote_heads(world)  # it would have gone elsewhere indeed


async def test_a_branch_made_in_the_same_text_follows_where_it_was_made_from(world: World, git: Git) -> None:
    everywhere(world, "push.default", "upstream")
    text = "git checkout -q -b hotfix origin/production\ngit push origin hotfix"
    assert "to production on origin" in (await git.preview(text, Place(git.folder))).blocked


async def test_a_push_without_a_ref_goes_where_the_branch_follows(world: World, git: Git) -> None:
    world.git("checkout", "-q", "-b", "hotfix", "origin/production", cwd=git.folder)
    made = world.commit("Hot fix", cwd=git.folder, hot="fix\n")
    everywhere(world, "push.default", "upstream")
    seen = await git.preview("git push", Place(git.folder))
    assert seen.lines[0].startswith("moves production on origin")
    assert world.shell("git push", git.folder).returncode == 0 and world.on_remote("production") == made
    proof = await git.proof("git push", seen.expected, Place(git.folder))
    assert proof is not None and proof.ok is True


@pytest.mark.parametrize("how", ["push.followTags", "--follow-tags"])
async def test_tags_that_go_with_a_push_are_named(world: World, git: Git, how: str) -> None:
    world.commit("Mended", cwd=git.folder)
    world.git("tag", "-a", "v9.9.9", "-m", "Release", cwd=git.folder)
    if how == "push.followTags":
        everywhere(world, how, "true")
    text = f"git push {how if how.startswith('--') else ''} origin main"
    seen = await git.preview(text, Place(git.folder))
    assert any("go with it: v9.9.9." in warning for warning in seen.warnings)
    assert world.shell(text, git.folder).returncode == 0 and "refs/tags/v9.9.9" in remote_heads(world)


async def test_a_push_to_another_address_than_the_one_that_was_asked_says_so(world: World, git: Git) -> None:
    other = world.root / "other.git"
    world.git("clone", "-q", "--bare", str(world.remote), str(other), cwd=world.root)
    world.git("config", "remote.origin.pushurl", str(other), cwd=git.folder)
    world.commit("Mended", cwd=git.folder)
    seen = await git.preview("git push origin main", Place(git.folder))
    assert any(f"is pushed to {other}" in warning for warning in seen.warnings)
    world.git("config", "remote.origin.pushurl", str(world.remote), cwd=git.folder)
    assert not any(
        "is pushed to" in one for one in (await git.preview("git push origin main", Place(git.folder))).warnings
    )


# ── pull and merge ────────────────────────────────────────────────────────────────────────────────


async def test_a_pull_that_rebases_is_not_called_a_merge(world: World, git: Git) -> None:
    world.commit("Mine", cwd=git.folder, mine="x\n")
    world.colleague_pushes("Theirs", "main")
    everywhere(world, "pull.rebase", "true")
    seen = await git.preview("git pull", Place(git.folder))
    assert any("anew on top of main of origin" in line for line in seen.lines)
    assert not any(line.startswith("merges") for line in seen.lines)


async def test_a_pull_says_what_is_new_on_the_remote_and_never_that_nothing_is(world: World, git: Git) -> None:
    world.colleague_pushes("Theirs", "main")
    seen = await git.preview("git pull origin main", Place(git.folder))
    assert not any("nothing to merge" in line for line in seen.lines)
    assert any("not here yet" in warning for warning in seen.warnings)


async def test_a_pull_from_another_remote_is_asked_there(world: World, git: Git) -> None:
    other = world.root / "upstream.git"
    world.git("clone", "-q", "--bare", str(world.remote), str(other), cwd=world.root)
    world.git("remote", "add", "upstream", str(other), cwd=git.folder)
    world.git("push", "-q", str(other), f"+{world.cart}:refs/heads/main", cwd=git.folder)
    seen = await git.preview("git pull upstream main", Place(git.folder))
    assert seen.lines[0] == "fetches from upstream"
    assert any("holds all of main of upstream already" in line for line in seen.lines)


async def test_a_merge_that_always_makes_a_commit_is_shown_as_one(world: World, git: Git) -> None:
    world.git("checkout", "-q", "production", cwd=git.folder)
    world.git("branch", "-f", "fix", cwd=git.folder)
    world.git("checkout", "-q", "fix", cwd=git.folder)
    fix = world.commit("Fix", cwd=git.folder, fix="x\n")
    world.git("checkout", "-q", "production", cwd=git.folder)
    everywhere(world, "merge.ff", "false")
    seen = await git.preview("git merge fix\ngit push origin production", Place(git.folder))
    assert any("to a new commit" in line for line in seen.lines)
    everywhere(world, "merge.ff", "only")
    assert fix[:7] in "".join(
        line for line in (await git.preview("git merge fix\ngit push origin production", Place(git.folder))).lines
    )


async def test_an_alias_is_named_for_what_it_is(world: World, git: Git) -> None:
    everywhere(world, "alias.ship", "push --force origin HEAD:production")
    seen = await git.preview("git ship", Place(git.folder))
    assert any("push --force origin HEAD:production" in warning for warning in seen.warnings)


@pytest.mark.parametrize("default", ["", "simple", "nothing"])
async def test_a_push_that_git_would_refuse_by_its_settings_is_not_promised(
    world: World, git: Git, default: str
) -> None:
    world.git("checkout", "-q", "-b", "hotfix", "origin/production", cwd=git.folder)
    world.commit("Hot fix", cwd=git.folder, hot="fix\n")
    if default:
        everywhere(world, "push.default", default)
    seen = await git.preview("git push", Place(git.folder))
    assert "git would refuse" in seen.blocked
    world.fails("push", cwd=git.folder)


async def test_a_push_without_a_ref_follows_what_the_same_text_made(world: World, git: Git) -> None:
    everywhere(world, "push.default", "upstream")
    text = "git checkout -q -b hotfix origin/production\ngit commit -q --allow-empty -m Fix\ngit push"
    seen = await git.preview(text, Place(git.folder))
    assert list(seen.expected) == ["origin refs/heads/production"]
