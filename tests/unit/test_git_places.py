"""Where a git command acts is read as bash and git read it; where that cannot be known, no other place is shown."""

from __future__ import annotations

import pytest

from runbook.providers.git import Git
from runbook.providers.git_text import invocations, pushes
from runbook.providers.provider import Place
from tests.unit.git_world import World


@pytest.mark.parametrize(
    ("text", "directories"),
    [
        ("pushd ../copy && git push origin main", ["../copy"]),
        ("pushd a >/dev/null; git push; popd; git push", ["a", ""]),
        ("{ cd a; git push; }", ["a"]),
        ("if cd a; then git push; fi", ["a"]),
        ("cd -- a && git push", ["a"]),
        ("cd -P a && git push", ["a"]),
        ("cd && git push", ["~"]),
        ("builtin cd a; sudo -u deploy git push", ["a"]),
    ],
)
def test_the_directory_of_a_call(text: str, directories: list[str]) -> None:
    assert [call.directory for call in invocations(text)] == directories


@pytest.mark.parametrize(
    "text",
    [
        "git --git-dir={} push origin main",
        "git --git-dir {} push origin main",
        "GIT_DIR={} git push origin main",
        "export GIT_DIR={}; git push origin main",
        "env -u X GIT_DIR={} git push origin main",
    ],
)
async def test_a_push_from_another_repository_is_not_shown_as_one_of_the_clean_room(
    world: World, git: Git, text: str
) -> None:
    world.commit("Only in the engineer's copy")
    text = text.format(world.copy / ".git")
    seen = await git.preview(text, Place(git.folder))
    assert "cannot be looked into now" in seen.blocked and seen.already == ""
    assert world.shell(text, git.folder).returncode == 0
    assert world.on_remote("main") == world.git("rev-parse", "main")
    proof = await git.proof(text, seen.expected, Place(git.folder))
    assert proof is not None and proof.ok is None


async def test_a_session_that_leads_git_elsewhere_is_known(world: World, git: Git) -> None:
    at = Place(git.folder, env={"GIT_DIR": str(world.copy / ".git")})
    assert "where GIT_DIR says" in (await git.preview("git push origin main", at)).blocked


async def test_pushes_from_two_directories_are_one_too_many(world: World, git: Git) -> None:
    text = f"git push origin main; git -C {world.copy} push origin main"
    assert "One at a time" in (await git.preview(text, Place(git.folder))).blocked


async def test_a_fetch_here_and_a_push_there_is_asked_again_there(world: World, git: Git) -> None:
    world.commit("Mended")
    text = f"git fetch -q origin && cd {world.copy} && git push origin main"
    seen = await git.preview(text, Place(git.folder))
    assert seen.blocked == "" and await git.moved(text, seen.expected, Place(git.folder)) == ""


# ── what the shell decides ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "git push origin HEAD:$(cat target)",
        'git push origin HEAD:refs/heads/"$WHERE"',
        'git push --force origin HEAD:refs/heads/rollback/"$WHERE"',
        'git push origin --delete "$(cat target)"',
        "git branch -r --merged | xargs git push origin --delete",
        "for b in a b; do git push origin --delete $b; done",
        "git push origin $(cat branches)",
    ],
)
async def test_a_ref_that_only_the_shell_knows_is_not_taken_for_another(world: World, git: Git, text: str) -> None:
    world.commit("Mended", cwd=git.folder)
    seen = await git.preview(text, Place(git.folder, env={"b": "old"}))
    assert "decided only when it runs" in seen.blocked
    assert seen.already == "" and seen.expected == {}


async def test_a_new_branch_may_get_its_name_when_it_runs(world: World, git: Git) -> None:
    world.commit("Mended", cwd=git.folder)
    text = 'git push origin "HEAD:refs/heads/rollback/$(git rev-parse --short HEAD)"'
    seen = await git.preview(text, Place(git.folder))
    assert seen.blocked == "" and seen.expected == {} and seen.already == ""
    assert any("rollback/$(git rev-parse --short HEAD)" in warning for warning in seen.warnings)
    assert world.shell(text, git.folder).returncode == 0
    proof = await git.proof(text, seen.expected, Place(git.folder))
    assert proof is not None and proof.ok is None


def test_sudo_with_options_hides_no_push() -> None:
    assert [push.dst for push in pushes("sudo -u deploy -H git push --force origin main")] == ["refs/heads/main"]


async def test_what_git_itself_writes_into_a_command_is_what_it_prints(world: World, git: Git) -> None:
    made = world.commit("Mended", cwd=git.folder)
    seen = await git.preview('git push origin "HEAD:$(git rev-parse --abbrev-ref HEAD)"', Place(git.folder))
    assert seen.lines[0].startswith("moves main on origin") and made[:7] in seen.lines[0]
    short = await git.preview('git push origin "HEAD:refs/heads/$(git rev-parse --short HEAD)"', Place(git.folder))
    assert "decided only when it runs" in short.blocked


# ── where a checkout or a reset goes ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text", ["git checkout .", "git checkout page", "git checkout page cart", "git checkout HEAD~1 page", "git reset ."]
)
async def test_files_that_are_named_without_dashes_are_no_commit(world: World, git: Git, text: str) -> None:
    seen = await git.preview(text, Place(git.folder))
    assert seen.blocked == "" and not any(line.startswith(("goes to", "moves")) for line in seen.lines)
    assert world.shell(text, git.folder).returncode == 0


async def test_a_reset_of_one_file_moves_no_branch(world: World, git: Git) -> None:
    seen = await git.preview("git reset HEAD~1 page", Place(git.folder))
    assert seen.blocked == "" and not any("commit back" in line for line in seen.lines)


async def test_a_checkout_of_what_only_the_shell_knows_is_not_called_wrong(world: World, git: Git) -> None:
    (git.folder / "last-good").write_text(world.cart)
    text = "git checkout $(cat last-good)"
    seen = await git.preview(text, Place(git.folder))
    assert seen.blocked == "" and any("decided only when it runs" in warning for warning in seen.warnings)
    assert world.shell(text, git.folder).returncode == 0
    push = await git.preview(f"{text}\ngit push origin HEAD:production", Place(git.folder))
    assert any("decided by the commands before it" in warning for warning in push.warnings)
    reset = await git.preview("git reset --hard $(cat last-good)", Place(git.folder))
    assert "decided only when it runs" in reset.blocked


@pytest.mark.parametrize("text", ["git checkout -", "git checkout -q production\ngit checkout -"])
async def test_the_branch_before_is_where_a_dash_goes(world: World, git: Git, text: str) -> None:
    world.git("checkout", "-q", "main", cwd=git.folder)
    if "\n" not in text:
        world.git("checkout", "-q", "production", cwd=git.folder)
    seen = await git.preview(text, Place(git.folder))
    assert seen.blocked == "" and any(line.startswith("goes to main at") for line in seen.lines)
