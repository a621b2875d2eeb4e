"""Several commits reverted in one go, a conflict in their middle, and what is carried on to production."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.providers.git import Git
from runbook.providers.git_way_out import WAY_OUT, unfinished
from runbook.providers.provider import Place
from tests.unit.git_world import World


class Shop(World):
    """Production as ever; `main` is ahead of it by two faults, one beside them, and a change on top of one fault."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.tax = self.commit("New tax rule", tax="20\n")
        self.prices = self.commit("New prices", prices="9.99\n")
        self.push("main")


@pytest.fixture
def world(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
async def git(world: Shop) -> Git:
    git = await world.provider()
    world.git("checkout", "-q", "--detach", "origin/main", cwd=git.folder)
    return git


def head(world: World, git: Git, revision: str = "HEAD") -> str:
    return world.git("rev-parse", revision, cwd=git.folder)


def at(git: Git) -> Place:
    return Place(git.folder)


async def test_several_commits_are_reverted_newest_first(world: Shop, git: Git) -> None:
    text = f"git revert --no-edit {world.prices} {world.tax} {world.bad}"
    seen = await git.preview(text, at(git))
    assert seen.blocked == seen.already == ""
    assert seen.warnings == ()
    assert [line for line in seen.lines if line.startswith("reverts ")] == [
        f'reverts {sha[:7]} "{subject}", by Ana Lima, {seen.lines[0].rpartition(", ")[2]}'
        for sha, subject in (
            (world.prices, "New prices"),
            (world.tax, "New tax rule"),
            (world.bad, "New checkout flow"),
        )
    ]
    assert await git.took_effect(text, {}, at(git)) is False
    assert world.shell(text, git.folder).returncode == 0
    assert await git.took_effect(text, {}, at(git)) is True
    files = world.git("ls-tree", "-r", "--name-only", "HEAD", cwd=git.folder).split()
    assert files == ["cart", "checkout", "page"]
    assert world.git("show", "HEAD:checkout", cwd=git.folder) == "a\nb\nc"


async def test_the_wrong_order_is_said(world: Shop, git: Git) -> None:
    seen = await git.preview(f"git revert --no-edit {world.bad} {world.tax}", at(git))
    assert any("The newest is reverted first" in warning for warning in seen.warnings)


async def test_a_revert_is_known_also_where_git_shows_signatures_before_each_commit(world: Shop, git: Git) -> None:
    signing = world.root / "gpg"
    signing.write_text(
        "#!/bin/sh\ncat >/dev/null\ncase $* in\n*--verify*) echo 'gpg: Good signature' >&2 ;;\n"
        "*) echo '[GNUPG:] SIG_CREATED D' >&2\n"
        "echo '-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----' ;;\nesac\n"
    )
    signing.chmod(0o755)
    for name, value in (("gpg.program", str(signing)), ("commit.gpgsign", "true"), ("log.showSignature", "true")):
        world.git("config", name, value, cwd=git.folder)
    text = f"git revert --no-edit {world.tax}"
    assert world.shell(text, git.folder).returncode == 0
    proof = await git.proof(text, {}, at(git))
    assert proof is not None and proof.ok is True and "signature" not in proof.line
    assert "already reverted" in (await git.preview(text, at(git))).already


async def in_a_conflict(world: Shop, git: Git) -> str:
    """A revert of three, whose second is in conflict with what was changed on top of it; its text."""
    on_top = world.commit("Checkout wording", checkout="a\nREWORDED\nc\n")
    world.push("main")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    world.git("checkout", "-q", "--detach", "origin/main", cwd=git.folder)
    assert head(world, git) == on_top
    text = f"git revert --no-edit {world.prices} {world.bad} {world.cart}"
    seen = await git.preview(text, at(git))
    assert any(warning.startswith("will conflict in: checkout") for warning in seen.warnings)
    return text


async def test_a_conflict_in_the_middle_has_one_clean_way_out(world: Shop, git: Git) -> None:
    text = await in_a_conflict(world, git)
    start = head(world, git)
    done = world.shell(text, git.folder)
    assert done.returncode != 0
    assert head(world, git) != start  # the first revert is made already
    assert await git.took_effect(text, {}, at(git)) is False
    failed = await git.failure(text, (done.stdout + done.stderr).decode(), at(git))
    assert failed is not None and failed.remedy is not None
    assert failed.why.startswith("The revert stopped at a conflict in checkout with 2 commits left to do.")
    assert failed.remedy.text == f"{WAY_OUT} {start}\ngit revert --quit"
    blocked = await git.preview(text, at(git))
    assert "is in the middle of a conflict in checkout" in blocked.blocked
    assert blocked.remedy == failed.remedy
    out = await git.preview(failed.remedy.text, at(git))
    assert out.blocked == ""
    assert any("forgets what is left of the revert" in line for line in out.lines)
    assert world.shell(failed.remedy.text, git.folder).returncode == 0
    assert head(world, git) == start
    assert world.git("status", "--porcelain", cwd=git.folder) == ""
    assert (await unfinished(git.ask)).began == ""
    alone = f"git revert --no-edit {world.prices}"
    assert (await git.preview(alone, at(git))).blocked == ""
    assert world.shell(alone, git.folder).returncode == 0


async def test_half_a_way_out_still_blocks_the_next_revert_and_leads_out(world: Shop, git: Git) -> None:
    text = await in_a_conflict(world, git)
    start = head(world, git)
    world.shell(text, git.folder)
    world.git("reset", "-q", "--merge", cwd=git.folder)  # git remembers the sequence all the same
    two = f"git revert --no-edit {world.tax} {world.first}"
    assert "revert is already in progress" in world.fails(*two.split()[1:], cwd=git.folder)
    assert (await git.preview(f"git revert --no-edit {world.tax}", at(git))).blocked == ""
    blocked = await git.preview(f"git revert --no-edit {world.prices} {world.tax}", at(git))
    assert "is in the middle of a revert of several commits" in blocked.blocked
    assert blocked.remedy is not None
    assert world.shell(blocked.remedy.text, git.folder).returncode == 0
    assert head(world, git) == start
    assert (await git.preview(f"git revert --no-edit {world.prices} {world.tax}", at(git))).blocked == ""


# ── on to production ──────────────────────────────────────────────────────────────────────────────


async def carry(world: Shop, git: Git) -> str:
    """Two reverts stand on main; the text that carries them to production."""
    before = head(world, git)
    world.shell(f"git revert --no-edit {world.tax} {world.bad}", git.folder)
    reverts = head(world, git)
    world.git("checkout", "-q", "--detach", "origin/production", cwd=git.folder)
    return f"git cherry-pick --ff {before}..{reverts}"


async def test_only_the_reverts_go_to_production_where_main_holds_more(world: Shop, git: Git) -> None:
    world.git("push", "-q", "origin", f"{world.tax}:production")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    text = await carry(world, git)
    seen = await git.preview(text, at(git))
    assert seen.blocked == ""
    assert await git.took_effect(text, {}, at(git)) is False
    assert world.shell(text, git.folder).returncode == 0
    assert await git.took_effect(text, {}, at(git)) is True
    assert world.git("log", "--format=%s", "origin/production..HEAD", cwd=git.folder).splitlines() == [
        'Revert "New checkout flow"',
        'Revert "New tax rule"',
    ]
    assert "prices" not in world.git("ls-tree", "--name-only", "HEAD", cwd=git.folder).split()


async def test_production_takes_the_very_commits_of_staging_where_nothing_else_would_ship(
    world: Shop, git: Git
) -> None:
    world.push("main:production")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    text = await carry(world, git)
    staged = text.rpartition("..")[2]
    seen = await git.preview(text + "\ngit push origin HEAD:refs/heads/production", at(git))
    assert any("the same commit, nothing else with it" in line for line in seen.lines)
    assert "adds 2 commits:" in seen.lines
    assert await git.took_effect(text, {}, at(git)) is False
    assert world.shell(text, git.folder).returncode == 0
    assert head(world, git) == staged
    assert await git.took_effect(text, {}, at(git)) is True
