"""The way back after a rollback was published: production's former files, on top of what is there, never by force."""

from __future__ import annotations

from runbook.model import Effect, Remedy
from runbook.providers.git import Git
from runbook.providers.provider import Place
from tests.unit.git_world import World


async def run(world: World, git: Git, text: str) -> dict[str, str]:
    """Preview a command and run it as the room would; what its preview relied on."""
    seen = await git.preview(text, Place(git.folder))
    assert seen.blocked == seen.already == ""
    done = world.shell(text, git.folder)
    assert done.returncode == 0, done.stderr
    return seen.expected


async def back_of(git: Git, text: str, expected: dict[str, str]) -> Remedy:
    back = await git.back(text, expected, Place(git.folder))
    assert back is not None
    assert back.effect is Effect.CHANGE
    assert "--force" not in back.text
    return back


def head(world: World, git: Git) -> str:
    return world.git("rev-parse", "HEAD", cwd=git.folder)


def tree(world: World, revision: str) -> str:
    return world.git("rev-parse", f"{revision}^{{tree}}", cwd=world.remote)


def history(world: World) -> list[str]:
    """Production's subjects on the remote, newest first."""
    return world.git("log", "--format=%s", "production", cwd=world.remote).splitlines()


async def revert(world: World, git: Git) -> tuple[str, dict[str, str]]:
    """The push of method 1: a revert that stands on production, by its SHA."""
    await run(world, git, f"git checkout -q --detach origin/production\ngit revert --no-edit {world.bad}")
    text = f"git push --porcelain origin {head(world, git)}:refs/heads/production"
    return text, await run(world, git, text)


async def test_a_revert_is_taken_back_with_a_commit_of_its_own_on_top(world: World, git: Git) -> None:
    text, expected = await revert(world, git)
    pushed = world.on_remote("production")
    back = await back_of(git, text, expected)
    seen = await git.preview(back.text, Place(git.folder))
    assert seen.blocked == seen.already == ""
    assert f"makes a commit with the files of {world.header} on top of {pushed[:7]}" in "\n".join(seen.lines)
    assert seen.expected == {"origin refs/heads/production": pushed}
    assert world.shell(back.text, git.folder).returncode == 0
    assert await git.took_effect(back.text, seen.expected, Place(git.folder)) is True
    assert tree(world, "production") == tree(world, world.header)
    assert world.git("rev-parse", "production^", cwd=world.remote) == pushed
    assert history(world)[:3] == [
        f"Bring production back to {world.header[:7]}",
        'Revert "New checkout flow"',
        "Fix header",
    ]


async def test_a_commit_after_the_way_back_is_no_revert_of_a_revert_and_the_bad_one_can_be_reverted_again(
    world: World, git: Git
) -> None:
    text, expected = await revert(world, git)
    await run(world, git, (await back_of(git, text, expected)).text)
    assert not any(subject.startswith('Revert "Revert') for subject in history(world))
    await run(world, git, "git fetch -q origin; git checkout -q --detach origin/production")
    again = await git.preview(f"git revert --no-edit {world.bad}", Place(git.folder))
    assert again.blocked == again.already == ""


async def test_a_tag_rollback_is_taken_back_forward(world: World, git: Git) -> None:
    made = world.git("commit-tree", "refs/tags/v1.1.0^{tree}", "-p", world.header, "-m", "Roll back", cwd=git.folder)
    text = f"git push --porcelain origin {made}:refs/heads/production"
    expected = await run(world, git, text)
    assert tree(world, "production") == tree(world, "v1.1.0")
    await run(world, git, (await back_of(git, text, expected)).text)
    assert tree(world, "production") == tree(world, world.header)
    assert world.git("rev-parse", "production^", cwd=world.remote) == made


async def test_a_rewind_is_taken_back_by_its_former_commit_itself(world: World, git: Git) -> None:
    world.git("config", "receive.denyNonFastForwards", "false", cwd=world.remote)
    lease = f"--force-with-lease=refs/heads/production:{world.header}"
    text = f"git push --porcelain {lease} origin 'refs/tags/v1.1.0^{{commit}}:refs/heads/production'"
    expected = await run(world, git, text)
    assert world.on_remote("production") == world.cart
    back = await back_of(git, text, expected)
    assert back.text == f"git push --porcelain origin {world.header}:refs/heads/production"
    await run(world, git, back.text)
    assert world.on_remote("production") == world.header


async def test_the_way_back_has_a_way_back_itself(world: World, git: Git) -> None:
    text, expected = await revert(world, git)
    reverted = world.on_remote("production")
    back = await back_of(git, text, expected)
    forth = await back_of(git, back.text, await run(world, git, back.text))
    await run(world, git, forth.text)
    assert tree(world, "production") == tree(world, reverted)
    assert len(history(world)) == 7


async def test_what_a_colleague_has_pushed_meanwhile_is_never_swept_away(world: World, git: Git) -> None:
    text, expected = await revert(world, git)
    back = await back_of(git, text, expected)
    theirs = world.colleague_pushes("Urgent fix")
    assert (await git.preview(back.text, Place(git.folder))).blocked
    assert world.shell(back.text, git.folder).returncode != 0
    assert world.on_remote("production") == theirs
    # Asked afresh, after a fetch, nothing is offered: the former files would take the colleague's away.
    world.git("fetch", "-q", "origin", cwd=git.folder)
    assert await git.back(text, expected, Place(git.folder)) is None


async def test_no_way_back_is_offered_where_no_branch_was_moved(world: World, git: Git) -> None:
    backup = f"git push --porcelain origin {world.header}:refs/warroom/backup/production-{world.header}"
    assert await git.back(backup, await run(world, git, backup), Place(git.folder)) is None
    new = f"git push --porcelain origin {world.header}:refs/heads/rollback"
    assert await git.back(new, await run(world, git, new), Place(git.folder)) is None


async def test_a_branch_with_characters_for_the_shell_goes_back_unharmed(world: World, git: Git) -> None:
    name = "release/it's-$(id)"
    world.push(f"production:refs/heads/{name}")
    made = world.git("commit-tree", "v1.1.0^{tree}", "-p", world.header, "-m", "Roll back", cwd=git.folder)
    text = f"git push origin {made}:'refs/heads/release/it'\\''s-$(id)'"
    expected = await run(world, git, text)
    await run(world, git, (await back_of(git, text, expected)).text)
    assert tree(world, f"refs/heads/{name}") == tree(world, world.header)
