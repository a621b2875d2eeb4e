"""The git provider against real repositories: previews that say what will happen, and proofs that it did."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from runbook.model import Effect
from runbook.providers.git import Git
from runbook.providers.git_refusal import refusal
from runbook.providers.git_way_out import WAY_OUT, conflicts
from runbook.providers.provider import Place, Preview, Unavailable
from tests.unit.git_world import World, fingerprint


async def preview(git: Git, text: str) -> Preview:
    """The preview, which must not have written anything."""
    before = fingerprint(git.folder)
    seen = await git.preview(text, Place(git.folder))
    assert fingerprint(git.folder) == before
    return seen


def said(seen: Preview) -> str:
    return "\n".join((*seen.lines, *seen.warnings))


REVERT_ALL = (
    "git checkout -q --detach origin/production\ngit revert --no-edit {}\ngit push origin HEAD:refs/heads/production"
)


# ── what can be picked ────────────────────────────────────────────────────────────────────────────


async def test_commits_newest_first_with_what_they_changed(world: World, git: Git) -> None:
    targets = await git.targets("git_commit", "origin/production")
    assert [t.title for t in targets] == ["Fix header", "New checkout flow", "Cart", "First page"]
    assert [t.value for t in targets][1] == world.bad
    assert targets[1].detail == "2 files +3 −1"
    assert targets[1].by == "Ana Lima"
    assert targets[1].at is not None
    assert targets[1].at.isoformat().startswith("2026-11-20T00:")
    assert targets[0].warning == ""
    assert "first commit" in targets[3].warning


async def test_merges_and_reverted_commits_are_marked(world: World, git: Git) -> None:
    world.git("checkout", "-q", "-b", "side", world.cart)
    world.commit("On the side", side="x\n")
    world.git("checkout", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    world.git("revert", "--no-edit", world.bad)
    world.push("main")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    by_title = {t.title: t for t in await git.targets("git_commit", "origin/main")}
    assert by_title["New checkout flow"].warning.startswith("already reverted by ")
    assert by_title["On the side"].warning == "not in production's history"
    assert by_title["Fix header"].warning == ""
    assert "a merge" in by_title["Merge side"].warning
    assert by_title["Merge side"].detail == "1 file +1 −0"


async def test_a_commit_that_only_raises_the_version_says_so_and_is_not_the_first_to_be_offered(
    world: World, git: Git
) -> None:
    many = {f"f{number}": "x\n" for number in range(4)}
    for subject, files in (
        ("chore(release): 2.0.1", {"VERSION": "2.0.1\n"}),
        ("Bump version to 2.0.2", {"VERSION": "2.0.2\n", "lock": "x\n"}),
        ("v2.0.3-rc.1", {"VERSION": "2.0.3\n"}),
        ("Release 2.1.0", many),
        ("Release the brakes", {"brakes": "x\n"}),
        ("Bump requests from 2.0 to 3.0", {"lock": "y\n"}),
    ):
        world.commit(subject, None, **files)
    world.push("main", "main:refs/heads/production")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    targets = await git.targets("git_commit", "origin/production")
    raising = [target.title for target in targets if target.warning == "raises the version, by its words"]
    assert raising == ["v2.0.3-rc.1", "Bump version to 2.0.2", "chore(release): 2.0.1"]


async def test_where_production_gets_copies_no_commit_is_said_to_be_missing_in_it(world: World, git: Git) -> None:
    world.git("checkout", "-q", "--orphan", "elsewhere")
    world.commit("All of it, squashed", all="x\n")
    world.git("push", "-q", "--force", "origin", "HEAD:refs/heads/production")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    assert [t.warning for t in await git.targets("git_commit", "origin/main")][:-1] == [""] * 3


async def test_tags_newest_first_with_their_distance(world: World, git: Git) -> None:
    world.git("tag", "v1.2.1", world.header)
    world.git("tag", "other")
    world.push("--tags")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    targets = await git.targets("git_tag", "v*")
    assert {t.value for t in targets} == {"v1.0.0", "v1.1.0", "v1.2.0", "v1.2.1"}
    by_name = {t.value: t for t in targets}
    assert (by_name["v1.1.0"].title, by_name["v1.1.0"].detail) == ("Cart", "2 commits back")
    assert (by_name["v1.2.0"].title, by_name["v1.2.0"].detail) == ("New checkout flow", "1 commit back")
    assert by_name["v1.2.1"].current
    assert not by_name["v1.2.0"].current
    assert [t.at for t in targets] == sorted([t.at for t in targets if t.at], reverse=True)


async def test_the_release_that_a_rollback_went_away_from_is_told(world: World, git: Git) -> None:
    bad = world.git("rev-parse", "v1.2.0^{}")
    world.push(f"{bad}:refs/warroom/backup/production-{bad}")
    warned = {target.value: target.warning for target in await git.targets("git_tag", "v*")}
    assert warned == {"v1.2.0": "a rollback went away from it", "v1.1.0": "", "v1.0.0": ""}
    world.remote.rename(world.remote.with_name("gone"))
    assert not any(target.warning for target in await git.targets("git_tag", "v*"))


@pytest.mark.parametrize(
    "looks", ["git tag -l 'v*' --sort=-version:refname", "git tag --contains HEAD", "git branch -vv", "git branch -r"]
)
async def test_a_list_of_tags_or_branches_is_not_taken_for_a_new_one(git: Git, looks: str) -> None:
    assert "makes the" not in said(await preview(git, looks))


HOSTILE = ("v1$(id)", "v1;x", "v1\u202egpj", "v1`id`", "v1|x", "v1'x")


async def test_hostile_tags_and_subjects_are_shown_harmless(world: World, git: Git) -> None:
    world.commit("\x1b]52;c;eA==\x07\x1b[31mred\u202e [@click=app.quit]x", page="1\n")
    for name in HOSTILE:
        world.git("tag", name)
    world.push("main", "--tags")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    targets = await git.targets("git_tag", "v1[$;\u202e`|']*")
    assert len(targets) == len(HOSTILE)
    for target in targets:
        assert target.warning
        assert target.title.isprintable()
        assert target.value.isprintable()
        assert "\u202e" not in str(target)
    (commit, *_) = await git.targets("git_commit", "origin/main")
    assert commit.title.isprintable()
    assert "\x1b" not in str(commit)
    seen = await preview(git, f"git checkout -q --detach origin/main\ngit revert --no-edit {commit.value}")
    assert not {"\x1b", "\x07", "\u202e"} & set(said(seen) + seen.blocked)


async def test_unknown_branches_and_folders_are_unavailable(world: World, git: Git) -> None:
    with pytest.raises(Unavailable, match="nowhere is not known"):
        await git.targets("git_commit", "origin/nowhere")
    with pytest.raises(Unavailable, match="is not there"):
        await Git(world.root / "gone", env=world.env).targets("git_commit", "origin/main")


async def test_values_are_checked_for_what_they_are(world: World, git: Git) -> None:
    assert await git.check_value("git_commit", world.bad, "origin/production") == ""
    assert await git.check_value("git_commit", world.bad[:9], "origin/production") == ""
    assert "not a commit that this clone knows" in await git.check_value("git_commit", "deadbeef", "origin/production")
    assert "dash" in await git.check_value("git_commit", "--output=/tmp/x", "origin/production")
    elsewhere = world.colleague_pushes("Only on side", "main")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    assert "is not in origin/production" in await git.check_value("git_commit", elsewhere, "origin/production")
    assert await git.check_value("git_tag", "v1.1.0", "v*") == ""
    assert await git.check_value("git_tag", "v9", "v*") == "origin has no tag v9."
    assert "does not fit" in await git.check_value("git_tag", "w1", "v*")
    assert "invisible" in await git.check_value("git_tag", "v1\u202e", "v*")
    assert await git.check_value("text", "anything", "") == ""
    world.git("tag", "v3", cwd=git.folder)
    assert await git.check_value("git_tag", "v3", "v*") == "origin has no tag v3."
    world.git("tag", "-f", "v1.2.0", world.cart)
    world.push("--force", "v1.2.0")
    assert "git fetch --tags" in await git.check_value("git_tag", "v1.2.0", "v*")


# ── reverting ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_revert_says_which_commit_and_which_files(world: World, git: Git) -> None:
    seen = await preview(git, f"git revert --no-edit {world.bad}")
    assert seen.blocked == seen.already == ""
    assert f'reverts {world.bad[:7]} "New checkout flow", by Ana Lima' in said(seen)
    assert "undoes 2 files +3 −1: checkout, flow" in said(seen)
    assert f"on main at {world.header[:7]}" in said(seen)
    assert seen.warnings == ()


async def test_revert_and_push_in_one_text_are_foreseen(world: World, git: Git) -> None:
    seen = await preview(git, REVERT_ALL.format(world.bad))
    assert seen.blocked == seen.already == ""
    assert seen.expected == {"origin refs/heads/production": world.header}
    assert "adds 1 commit:" in seen.lines
    assert '  (new) Revert "New checkout flow"' in seen.lines
    assert 'to a new commit "Revert "New checkout flow""' in said(seen)
    assert "changes 2 files +1 −3" in seen.lines
    assert "drops" not in said(seen)
    assert world.header in seen.way_back
    done = world.shell(REVERT_ALL.format(world.bad), git.folder)
    assert done.returncode == 0, done.stderr
    text = REVERT_ALL.format(world.bad)
    proof = await git.proof(text, seen.expected, Place(git.folder))
    assert proof is not None
    assert proof.ok is True
    assert await git.took_effect(text, seen.expected, Place(git.folder)) is True
    again = await preview(git, text)
    assert "already reverted" in again.already
    back = world.shell(seen.way_back, git.folder)
    assert back.returncode == 0, back.stderr
    assert world.git("rev-parse", "production^{tree}", cwd=world.remote) == world.git(
        "rev-parse", f"{world.header}^{{tree}}"
    )


async def test_a_revert_that_was_reverted_does_not_count(world: World, git: Git) -> None:
    room = git.folder
    text = f"git revert --no-edit {world.bad}"
    world.git("revert", "--no-edit", world.bad, cwd=room)
    first = world.git("rev-parse", "HEAD", cwd=room)
    assert "already reverted" in (await preview(git, text)).already
    assert (await git.took_effect(text, {}, Place(room))) is True
    world.git("revert", "--no-edit", "HEAD", cwd=room)
    seen = await preview(git, text)
    assert (seen.already, seen.blocked) == ("", "")
    assert (await git.took_effect(text, {}, Place(room))) is False
    assert "already reverted" in (await preview(git, f"git revert --no-edit {first}")).already
    world.git("revert", "--no-edit", world.bad, cwd=room)
    assert "already reverted" in (await preview(git, text)).already


async def test_a_merge_needs_its_mainline(world: World, git: Git) -> None:
    world.git("checkout", "-q", "-b", "side", world.cart)
    world.commit("On the side", side="x\n")
    world.git("checkout", "-q", "main")
    world.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    merge = world.git("rev-parse", "HEAD")
    world.push("main")
    world.git("pull", "-q", cwd=git.folder)
    seen = await preview(git, f"git revert --no-edit {merge}")
    assert "is a merge" in seen.blocked
    assert "-m 1" in seen.blocked
    assert [(choice.value, choice.title) for choice in seen.choices] == [
        ("1", f'{world.header[:7]} "Fix header"'),
        ("2", f'{world.git("rev-parse", "side")[:7]} "On the side"'),
    ]
    told = await preview(git, f"git revert -m 1 --no-edit {merge}")
    assert told.blocked == ""
    assert "undoes 1 file +1 −0: side" in told.lines
    assert "not 3" in (await preview(git, f"git revert -m 3 --no-edit {merge}")).blocked


async def test_what_cannot_be_reverted(world: World, git: Git) -> None:
    assert "first commit" in (await preview(git, f"git revert --no-edit {world.first}")).blocked
    assert "not a commit" in (await preview(git, "git revert --no-edit deadbeefdeadbeef")).blocked
    assert "decided only when it runs" in (await preview(git, "git revert --no-edit $BAD")).blocked
    elsewhere = world.colleague_pushes("Elsewhere")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    assert "nothing to revert" in (await preview(git, f"git revert --no-edit {elsewhere}")).blocked


async def test_variables_of_the_session_are_used(world: World, git: Git) -> None:
    seen = await git.preview("git revert --no-edit $BAD", Place(git.folder, variables={"BAD": world.bad}))
    assert "New checkout flow" in said(seen)


async def test_a_conflict_is_foreseen_and_has_a_way_out(world: World, git: Git) -> None:
    world.commit("Checkout again", checkout="a\nBROKEN more\nc\n", flow="other\n")
    world.push("main")
    world.git("pull", "-q", cwd=git.folder)
    text = f"git revert --no-edit {world.bad}"
    seen = await preview(git, text)
    assert seen.blocked == ""
    assert any(w.startswith("will conflict in: ") and "checkout" in w and "flow" in w for w in seen.warnings)
    assert world.shell(text, git.folder).returncode != 0
    assert set(await conflicts(git.ask)) == {"checkout", "flow"}
    proof = await git.proof(text, {}, Place(git.folder))
    assert proof is not None
    assert proof.ok is False
    assert "stopped at a conflict" in proof.line
    stuck = await preview(git, text)
    assert "middle of a conflict" in stuck.blocked
    assert "middle of a conflict" in (await preview(git, f"{text}\ngit rev-parse --verify HEAD")).blocked
    assert (await preview(git, f"git rev-parse HEAD; {WAY_OUT}; {text}")).blocked == ""
    assert WAY_OUT in stuck.blocked
    assert stuck.remedy is not None
    assert stuck.remedy.text == WAY_OUT
    assert world.shell(WAY_OUT, git.folder).returncode == 0
    assert await conflicts(git.ask) == ()
    assert world.git("status", "--porcelain", cwd=git.folder) == ""
    assert not (git.folder / ".git" / "REVERT_HEAD").exists()
    assert "conflict in:" in said(await preview(git, text))


async def test_cherry_picking_the_revert_to_production(world: World, git: Git) -> None:
    room = git.folder
    world.git("revert", "--no-edit", world.bad, cwd=room)
    revert = world.git("rev-parse", "HEAD", cwd=room)
    world.git("checkout", "-q", "--detach", "origin/production", cwd=room)
    text = f"git cherry-pick -x {revert}"
    seen = await preview(git, text)
    assert seen.blocked == seen.already == ""
    assert "brings 2 files +1 −3: checkout, flow" in seen.lines
    assert await git.took_effect(text, {}, Place(room)) is False
    assert world.shell(text, room).returncode == 0
    assert await git.took_effect(text, {}, Place(room)) is True
    assert "already" in (await preview(git, text)).already
    assert "already reverted" in (await preview(git, f"git revert --no-edit {world.bad}")).already


# ── the files of a tag ────────────────────────────────────────────────────────────────────────────

TAG = "NEW=$(git commit-tree 'refs/tags/{0}^{{tree}}' -p {1} -m 'Roll back to {0}')\n"
TAG_AND_PUSH = TAG + 'git push origin "$NEW:refs/heads/production"'


async def test_rolling_back_to_the_files_of_a_tag(world: World, git: Git) -> None:
    text = TAG_AND_PUSH.format("v1.1.0", "origin/production")
    seen = await preview(git, text)
    assert seen.blocked == seen.already == ""
    assert f'makes a commit with the files of v1.1.0 on top of {world.header[:7]} "Fix header"' in said(seen)
    assert "v1.1.0 is 2 commits back" in seen.lines
    assert "changes 3 files +2 −4" in seen.lines
    assert "adds 1 commit:" in seen.lines
    assert seen.expected == {"origin refs/heads/production": world.header}
    assert await git.took_effect(text, seen.expected, Place(git.folder)) is False
    assert world.shell(text, git.folder).returncode == 0
    assert await git.took_effect(text, seen.expected, Place(git.folder)) is True
    world.git("fetch", "-q", "origin", cwd=git.folder)
    again = await preview(git, text)
    assert "already has exactly the files of v1.1.0" in again.already
    assert "production on origin has exactly these files already." in again.already
    assert world.git("rev-parse", "production^{tree}", cwd=world.remote) == world.git("rev-parse", "v1.1.0^{tree}")
    assert world.git("rev-parse", "production^", cwd=world.remote) == world.header


async def test_a_tag_whose_files_are_there_already(world: World, git: Git) -> None:
    world.git("tag", "v1.2.1", world.header)
    world.push("v1.2.1")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    seen = await preview(git, TAG.format("v1.2.1", world.header))
    assert "already has exactly the files of v1.2.1" in seen.already


async def test_tags_that_are_missing_or_moved(world: World, git: Git) -> None:
    assert "origin has no tag v9" in (await preview(git, TAG.format("v9", "origin/production"))).blocked
    world.git("tag", "v3", cwd=git.folder)
    assert "origin has no tag v3" in (await preview(git, TAG.format("v3", "origin/production"))).blocked
    world.git("tag", "-f", "v1.2.0", world.cart)
    world.push("--force", "v1.2.0")
    assert "it was moved" in (await preview(git, TAG.format("v1.2.0", "origin/production"))).blocked
    assert "drop all history" in (await preview(git, "git commit-tree 'refs/tags/v1.1.0^{tree}' -m x")).blocked


async def test_what_stays_in_the_clean_room_needs_no_way_back(world: World, git: Git) -> None:
    inside = TAG.format("v1.1.0", "origin/production")
    for one in (inside, "git checkout production", "git checkout -b rescue v1.1.0"):
        assert (await preview(git, one)).way_back.startswith("none is needed")
    for more in ("curl -X POST http://127.0.0.1:1/deploy", "git maintenance run"):
        assert "none is needed" not in (await preview(git, inside + more)).way_back
    assert "none is needed" not in (await preview(git, TAG_AND_PUSH.format("v1.1.0", "origin/production"))).way_back


# ── pushing ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_rewind_says_what_it_drops(world: World, git: Git) -> None:
    text = "git push --force origin 'refs/tags/v1.1.0^{commit}:refs/heads/production'"
    seen = await preview(git, text)
    assert seen.blocked == ""
    assert "drops 2 commits from production:" in seen.lines
    assert f"  {world.bad[:7]} New checkout flow" in seen.lines
    assert any("bare force" in warning for warning in seen.warnings)
    assert seen.way_back == (
        f"git push --force-with-lease=refs/heads/production:{world.cart} origin {world.header}:refs/heads/production"
    )
    safer, why = git.safer(text, seen.expected)
    assert f"--force-with-lease=refs/heads/production:{world.header}" in safer
    assert why
    assert "bare force" not in said(await preview(git, safer))
    assert world.shell(safer, git.folder).returncode == 0
    proof = await git.proof(safer, seen.expected, Place(git.folder))
    assert proof is not None
    assert proof.ok is True
    assert world.shell(seen.way_back, git.folder).returncode == 0
    assert world.on_remote("production") == world.header


async def test_long_lists_are_cut(world: World, git: Git) -> None:
    for number in range(14):
        world.commit(f"Number {number}", page=f"{number}\n")
    world.push("main")
    world.git("pull", "-q", cwd=git.folder)
    seen = await preview(git, "git push origin main:production")
    assert "adds 14 commits:" in seen.lines
    assert "  … 4 more" in seen.lines


async def test_a_push_that_would_be_refused_is_blocked(world: World, git: Git) -> None:
    seen = await preview(git, f"git push origin {world.cart}:refs/heads/production")
    assert "would be refused: production has 2 commits that this does not contain" in seen.blocked
    stale = await preview(
        git, f"git push --force-with-lease=production:{world.bad} origin {world.cart}:refs/heads/production"
    )
    assert "the lease expects" in stale.blocked


async def test_what_is_there_already_and_what_is_new(world: World, git: Git) -> None:
    assert "Nothing to push" in (await preview(git, "git push origin main")).already
    new = await preview(git, "git push origin main:refs/heads/rollback/v1")
    assert f"creates rollback/v1 on origin, at {world.header[:7]}" in said(new)
    assert new.expected == {"origin refs/heads/rollback/v1": ""}
    backup = await preview(
        git, f"git push --porcelain origin {world.header}:refs/warroom/backup/production-{world.header}"
    )
    assert "creates warroom/backup/production-" in said(backup)
    assert backup.blocked == ""


async def test_the_way_back_begins_with_what_was_done_last_and_keeps_the_backup(world: World, git: Git) -> None:
    backup = f"git push origin {world.header}:refs/warroom/backup/production-{world.header}"
    first = "git push origin main:refs/heads/one"
    seen = await preview(git, f"{backup}\n{first}\ngit push origin main:refs/heads/two")
    assert seen.way_back.splitlines() == [
        "git push origin --delete refs/heads/two",
        "git push origin --delete refs/heads/one",
    ]


async def test_deletions_are_blocked_or_named(world: World, git: Git) -> None:
    assert "this deletes production on origin" in (await preview(git, "git push origin :production")).blocked
    assert "would be deleted" in (await preview(git, 'git push origin "$UNSET:refs/heads/production"')).blocked
    seen = await git.preview('git push origin "$X:refs/heads/production"', Place(git.folder, variables={"X": ""}))
    assert "this deletes production" in seen.blocked
    asked = await preview(git, "git push origin --delete production")
    assert "This deletes production on origin" in said(asked)
    assert asked.way_back == f"git push origin {world.header}:refs/heads/production"
    world.colleague_pushes("Elsewhere", "main")
    world.git("branch", "topic", cwd=world.remote)
    wide = await preview(git, "git push --mirror origin")
    assert "deletes 1 refs on origin" in wide.blocked


async def test_tags_are_pushed_as_tags(world: World, git: Git) -> None:
    world.git("tag", "-a", "hotfix", "-m", "x", cwd=git.folder)
    seen = await preview(git, "git push origin hotfix")
    assert seen.expected == {"origin refs/tags/hotfix": ""}
    assert "creates tags/hotfix on origin" in said(seen)
    branch = await preview(git, "git push --force origin refs/tags/v1.1.0:refs/heads/production")
    assert "refs/tags/v1.1.0^{commit}:refs/heads/production" in branch.blocked


async def test_pushes_that_git_would_not_understand(world: World, git: Git) -> None:
    assert "no remote upstream" in (await preview(git, "git push upstream main")).blocked
    assert "on no branch" in (await preview(git, "git checkout -q --detach\ngit push origin HEAD")).blocked
    missing = await preview(git, "git checkout -q --detach\ngit push origin topic")
    assert "git push origin HEAD:refs/heads/topic" in missing.blocked


async def test_a_remote_that_moved_is_noticed(world: World, git: Git) -> None:
    text = REVERT_ALL.format(world.bad)
    seen = await preview(git, text)
    assert await git.moved("", seen.expected, Place(git.folder)) == ""
    sha = world.colleague_pushes("Meanwhile")
    before = fingerprint(git.folder)
    moved = await git.moved("", seen.expected, Place(git.folder))
    was = f"production moved since the preview: it was {world.header[:7]}"
    assert moved.startswith(f'{was}, now {sha[:7]} "Meanwhile" by Bo, ')
    assert moved.endswith(". Look again: r")
    assert fingerprint(git.folder) == before  # who it was is looked up without changing the clean room
    unknown = await preview(git, text)
    assert "a commit that this clone does not know" in unknown.blocked
    assert unknown.remedy is not None
    assert (unknown.remedy.text, unknown.remedy.effect) == ("git fetch origin", Effect.READ)
    assert "newer than what this clone has" in said(unknown)
    world.git("fetch", "-q", "origin", cwd=git.folder)
    assert '"Meanwhile"' in await git.moved("", seen.expected, Place(git.folder))
    assert (await preview(git, text)).blocked == ""
    world.git("branch", "-D", "production", cwd=world.remote)
    assert "was deleted since" in await git.moved("", seen.expected, Place(git.folder))
    assert "was created since" in await git.moved("", {"origin refs/heads/main": ""}, Place(git.folder))


async def test_a_dead_remote_blocks_and_counts_as_moved(world: World, git: Git) -> None:
    expected = (await preview(git, REVERT_ALL.format(world.bad))).expected
    world.remote.rename(world.root / "away.git")
    seen = await preview(git, REVERT_ALL.format(world.bad))
    assert "could not be asked" in seen.blocked
    assert "Retry: r" in seen.blocked
    assert ". So whether it is still as previewed is not known" in await git.moved("", expected, Place(git.folder))
    assert (await preview(git, f"git revert --no-edit {world.bad}")).blocked == ""
    assert await git.took_effect(REVERT_ALL.format(world.bad), expected, Place(git.folder)) is None
    assert "could not be asked" in (await git.evidence(REVERT_ALL.format(world.bad), expected, Place(git.folder)))[0]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    world.git("remote", "set-url", "origin", f"http://127.0.0.1:{port}/app.git", cwd=git.folder)
    assert "could not be asked" in (await preview(git, "git push origin main:side")).blocked


async def test_a_shallow_clone_is_blocked(world: World, git: Git) -> None:
    shallow = world.root / "shallow"
    world.git("clone", "-q", "--depth", "1", f"file://{world.remote}", str(shallow), cwd=world.root)
    seen = await git.preview("git revert --no-edit HEAD", Place(shallow))
    assert "shallow" in seen.blocked
    assert "git fetch --unshallow" in seen.blocked


async def test_the_engineers_own_copy_is_named(world: World, git: Git) -> None:
    (world.copy / "page").write_text("dirty\n")
    before = fingerprint(world.copy)
    seen = await git.preview("git reset --hard v1.1.0", Place(world.copy))
    assert fingerprint(world.copy) == before
    assert "own working copy" in said(seen)
    assert "1 files with uncommitted work would be lost." in seen.warnings
    inside = await preview(git, "git reset --hard v1.1.0")
    assert "only the clean room changes" in inside.lines
    assert inside.warnings == ()
    assert inside.way_back == f"git reset --hard {world.header}"


async def test_a_pre_push_hook_is_announced_and_not_run(world: World) -> None:
    hook = world.copy / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {world.root}/ran\n")
    hook.chmod(0o755)
    git = await world.provider()
    assert any("does not run" in warning for warning in (await preview(git, "git push origin main:side")).warnings)
    assert any("will run" in w for w in (await git.preview("git push origin main:side", Place(world.copy))).warnings)
    assert not (world.root / "ran").exists()


async def test_the_runbook_as_the_user_wrote_it(world: World, git: Git) -> None:
    seen = await preview(git, "git checkout production\ngit merge main\ngit push origin production")
    assert seen.already or "nothing to merge" in said(seen)
    world.commit("Something else", page="else\n")
    world.push("main")
    world.git("fetch", "-q", "origin", cwd=git.folder)
    behind = await preview(git, "git checkout production\ngit merge main\ngit push origin production")
    assert "Your local main is behind origin/main" in said(behind)
    ahead = await preview(git, "git checkout production\ngit merge origin/main\ngit push origin production")
    assert f"moves production on origin from {world.header[:7]}" in said(ahead)
    rewind = await preview(git, "git checkout production\ngit reset --hard v1.1.0\ngit push origin production --force")
    assert "drops 2 commits from production:" in rewind.lines


async def test_git_in_another_directory(world: World, git: Git) -> None:
    (git.folder / "sub").mkdir()
    inside = await git.preview("cd sub && git push origin main:side", Place(git.folder))
    assert "creates side on origin" in said(inside)
    other = await git.preview(f"git -C {world.copy} push origin {world.cart}:side", Place(git.folder))
    assert f'creates side on origin, at {world.cart[:7]} "Cart"' in said(other)
    assert "cannot be looked into" in (await git.preview("cd $DIR; git push origin main", Place(git.folder))).blocked
    assert "cannot be looked into" in said(await git.preview("git -C gone revert HEAD", Place(git.folder)))


async def test_half_done_is_said_and_is_not_already(world: World, git: Git) -> None:
    world.git("revert", "--no-edit", world.bad, cwd=git.folder)
    seen = await preview(git, f"git revert --no-edit {world.bad}\ngit push origin HEAD:production")
    assert seen.already == ""
    assert any("already reverted" in warning for warning in seen.warnings)


# ── refusals by the remote ────────────────────────────────────────────────────────────────────────


def push_output(world: World, git: Git, *args: str) -> str:
    return world.fails("push", "--porcelain", *args, cwd=git.folder)


async def test_a_hook_of_the_remote_is_quoted(world: World, git: Git) -> None:
    world.remote_refuses("Deploys are frozen until Monday")
    refused = refusal(push_output(world, git, "origin", f"{world.header}:refs/heads/side"))
    assert refused is not None
    assert refused[0] == "A hook on the remote refused the push to side: Deploys are frozen until Monday."
    assert "git push origin" in refused[1]
    assert "pull request" in refused[1]


async def test_a_remote_that_denies_rewinds(world: World, git: Git) -> None:
    world.git("config", "receive.denyNonFastForwards", "true", cwd=world.remote)
    output = push_output(world, git, "--force", "origin", f"{world.cart}:refs/heads/production")
    refused = refusal(output)
    assert refused is not None
    assert refused[0] == "The remote takes no push that drops commits from production."
    assert "keeps history" in refused[1]


async def test_stale_leases_and_missing_commits_are_told_apart(world: World, git: Git) -> None:
    world.colleague_pushes("Meanwhile")
    lease = f"--force-with-lease=refs/heads/production:{world.header}"
    stale = refusal(push_output(world, git, lease, "origin", f"{world.cart}:refs/heads/production"))
    assert stale is not None
    assert "moved on the remote" in stale[0]
    behind = refusal(push_output(world, git, "origin", f"{world.header}:refs/heads/production"))
    assert behind is not None
    assert "does not contain" in behind[0]


@pytest.mark.parametrize(
    ("output", "rule", "mend"),
    [
        (
            "remote: error: GH006: Protected branch update failed for refs/heads/production.\n"
            "remote: error: Changes must be made through a pull request.\n"
            "To github.com:acme/shop.git\n ! [remote rejected] HEAD -> production (protected branch hook declined)\n",
            "production is a protected branch",
            "rollback/",
        ),
        (
            "remote: error: GH013: Repository rule violations found for refs/heads/main.\n"
            "remote: Review all repository rules at https://github.com/acme/shop/rules?ref=refs%2Fheads%2Fmain\n"
            " ! [remote rejected] HEAD -> main (push declined due to repository rule violations)\n",
            "rules do not let anyone push to main",
            "https://github.com/acme/shop/rules",
        ),
        (
            "fatal: Authentication failed for 'https://github.com/acme/shop.git/'",
            "did not accept the sign-in",
            "gh auth",
        ),
        (
            "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
            "sign-in",
            "r",
        ),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", "did not answer", "Retry"),
        (" ! [remote rejected] a -> a (\x1b[31mquota\u202e exceeded)", "refused the push to a", "pull request"),
    ],
)
def test_refusals_of_hosts(output: str, rule: str, mend: str) -> None:
    refused = refusal(output)
    assert refused is not None
    assert rule in refused[0]
    assert mend in refused[1]
    assert "".join(refused).isprintable()


def test_ordinary_output_is_no_refusal() -> None:
    assert refusal("Everything up-to-date") is None
    assert refusal("To r\n\trefs/heads/a:refs/heads/a\t1..2\nDone") is None


# ── after a lost outcome ──────────────────────────────────────────────────────────────────────────


async def test_killed_between_revert_and_push(world: World, git: Git) -> None:
    text = REVERT_ALL.format(world.bad)
    expected = (await preview(git, text)).expected
    assert await git.took_effect(text, expected, Place(git.folder)) is False
    world.git("checkout", "-q", "--detach", "origin/production", cwd=git.folder)
    world.git("revert", "--no-edit", world.bad, cwd=git.folder)
    assert await git.took_effect(text, expected, Place(git.folder)) is None
    evidence = await git.evidence(text, expected, Place(git.folder))
    assert any("contains the revert of" in line for line in evidence)
    assert any("is still" in line for line in evidence)


async def test_another_push_is_neither_done_nor_not_done(world: World, git: Git) -> None:
    text = f"git push origin {world.header}:refs/heads/production"
    world.colleague_pushes("Something else")
    assert await git.took_effect(text, {"origin refs/heads/production": world.cart}, Place(git.folder)) is None
    world.git("fetch", "-q", "origin", cwd=git.folder)
    assert await git.took_effect(text, {"origin refs/heads/production": world.cart}, Place(git.folder)) is True
    assert (
        "contains what was pushed"
        in (await git.evidence(text, {"origin refs/heads/production": ""}, Place(git.folder)))[0]
    )


async def test_a_push_that_did_not_happen_is_no_proof(world: World, git: Git) -> None:
    world.git("commit", "-q", "--allow-empty", "-m", "x", cwd=git.folder)
    proof = await git.proof(
        "git push origin HEAD:production", {"origin refs/heads/production": world.header}, Place(git.folder)
    )
    assert proof is not None
    assert proof.ok is False
    assert proof.line.startswith("production on origin is still")


async def test_texts_without_effects_have_no_proof(world: World, git: Git) -> None:
    assert await git.proof("git fetch origin", {}, Place(git.folder)) is None
    assert git.concerns("git fetch && git push")
    assert not git.concerns("git --no-pager log --oneline -10")
    assert not git.concerns("echo git push")


def test_the_module_costs_no_gitpython_at_start() -> None:
    code = "import sys, runbook.providers.git; assert 'git' not in sys.modules; assert 'gitdb' not in sys.modules"
    from sys import executable

    subprocess.run((executable, "-c", code), check=True, cwd=Path(__file__).parents[2])


# ── ways out ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_refused_push_can_go_to_a_branch_of_its_own(world: World, git: Git) -> None:
    world.remote_refuses("Protected: ask for a pull request")
    text = f"git push --porcelain origin {world.cart}:refs/heads/production"
    failed = await git.failure(text, push_output(world, git, "--force", *text.split()[3:]), Place(git.folder))
    assert failed is not None
    assert failed.why == "A hook on the remote refused the push to production: Protected: ask for a pull request."
    assert failed.remedy is not None
    head = f"warroom/production-{world.cart[:12]}"
    assert failed.remedy.text == f"git push --porcelain origin {world.cart}:refs/heads/{head}"
    assert failed.remedy.target == head
    (world.remote / "hooks" / "pre-receive").unlink()
    assert world.shell(failed.remedy.text, git.folder).returncode == 0
    assert world.on_remote(head) == world.cart
    assert world.on_remote("production") == world.header


RULES = (
    "remote: error: GH013: Repository rule violations found for refs/heads/production.\n"
    "remote: Review all repository rules at https://github.com/acme/shop/rules?ref=refs%2Fheads%2Fproduction\n"
    "!\tHEAD:refs/heads/production\t[remote rejected] (push declined due to repository rule violations)\n"
)
REJECTED_AS_SHOWN = "!       HEAD:refs/heads/production       [remote rejected] (pre-receive hook declined)"
BEHIND = "!\tHEAD:refs/heads/production\t[rejected] (fetch first)\nerror: failed to push some refs\n"


async def test_the_commit_that_was_refused_is_named_whole_with_the_page_of_the_rule(world: World, git: Git) -> None:
    text = "git push --porcelain origin HEAD:refs/heads/production"
    failed = await git.failure(text, RULES, Place(git.folder))
    assert failed is not None and failed.remedy is not None
    assert f" {world.header}:refs/heads/warroom/" in failed.remedy.text  # HEAD may be another by then
    assert failed.why.endswith("The rule: https://github.com/acme/shop/rules?ref=refs%2Fheads%2Fproduction")
    behind = await git.failure(text, BEHIND, Place(git.folder))
    assert behind is not None and behind.remedy is not None
    cleaned = await git.failure(text, REJECTED_AS_SHOWN, Place(git.folder))  # the room's output has no tabs any more
    assert cleaned is not None and cleaned.why == "A hook on the remote refused the push to production."


async def test_installed_programs_that_open_a_pull_request_are_named(world: World, git: Git, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "glab").write_text("#!/bin/sh\n")
    (programs / "glab").chmod(0o755)
    git.ask.env["PATH"] = f"{programs}:{git.ask.env['PATH']}"
    failed = await git.failure("git push origin HEAD:refs/heads/production", RULES, Place(git.folder))
    assert failed is not None and failed.remedy is not None
    head = f"warroom/production-{world.header[:12]}"
    assert f"glab mr create --target-branch production --source-branch {head}" in failed.remedy.note


@pytest.mark.parametrize(
    "output",
    [
        "fatal: Authentication failed for 'https://x/'",
        "fatal: unable to access 'https://x/': Could not resolve host: x",
    ],
)
async def test_no_branch_is_offered_where_no_push_would_arrive(output: str, git: Git) -> None:
    failed = await git.failure("git push origin HEAD:refs/heads/production", output, Place(git.folder))
    assert failed is not None
    assert failed.remedy is None


async def test_a_conflict_names_its_files_and_the_way_out(world: World, git: Git) -> None:
    world.commit("Checkout again", checkout="a\nBROKEN more\nc\n", flow="other\n")
    world.push("main")
    world.git("pull", "-q", cwd=git.folder)
    text = f"git revert --no-edit {world.bad}"
    ended = world.shell(text, git.folder)
    failed = await git.failure(text, (ended.stdout + ended.stderr).decode(), Place(git.folder))
    assert failed is not None and failed.remedy is not None
    assert failed.why == "The revert stopped at a conflict in checkout, flow. Nothing was published."
    assert (failed.remedy.text, failed.remedy.target) == (WAY_OUT, "the clean room")


@pytest.mark.parametrize(
    ("output", "address"),
    [
        (
            "remote: \nremote: Create a pull request for 'warroom/x' on GitHub by visiting:        \n"
            "remote:      https://github.com/acme/shop/pull/new/warroom/x        \nremote: \nTo github.com:acme/shop\n",
            "https://github.com/acme/shop/pull/new/warroom/x",
        ),
        (
            "remote: To create a merge request for warroom/x, visit:\n"
            "remote:   https://gitlab.com/acme/shop/-/merge_requests/new?merge_request%5Bsource_branch%5D=warroom%2Fx\n",
            "https://gitlab.com/acme/shop/-/merge_requests/new?merge_request%5Bsource_branch%5D=warroom%2Fx",
        ),
        ("remote: docs at https://example.com/help\n", ""),
        ("To https://example.com/acme/pull/1\n", ""),
        ("remote: https://example.com/pull/\x1b[31mred\n", "https://example.com/pull/"),
        (f"remote: https://example.com/pull/{'x' * 600}\n", ""),
    ],
)
def test_the_page_for_a_pull_request_is_read_from_the_remotes_answer(output: str, address: str, tmp_path: Path) -> None:
    assert Git(tmp_path).address(output) == address


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("git revert --no-edit <bad>", "git revert -m 2 --no-edit <bad>"),
        ("git revert -m 1 --no-edit <bad>", "git revert -m 2 --no-edit <bad>"),
        ("git revert --mainline=1 <bad>", "git revert -m 2 <bad>"),
        ("git -C room cherry-pick -x <bad> && git push", "git -C room cherry-pick -m 2 -x <bad> && git push"),
        ("git push origin <bad>", "git push origin <bad>"),
    ],
)
def test_a_mainline_is_written_into_the_runbooks_own_words(text: str, told: str, tmp_path: Path) -> None:
    assert Git(tmp_path).chosen(text, "2") == told
