"""The clean room, made from real repositories: it borrows, it fetches, and it leaves the engineer's copy alone."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from runbook.providers.clean_room import GitRefused, absolute, make
from tests.unit.git_world import World, fingerprint


async def test_it_is_a_clone_of_origin_with_borrowed_objects(world: World) -> None:
    room = await world.clean_room()
    assert world.git("rev-parse", "origin/production", cwd=room.folder) == world.header
    assert world.git("tag", "-l", cwd=room.folder).split() == ["v1.0.0", "v1.1.0", "v1.2.0"]
    assert world.git("remote", "get-url", "origin", cwd=room.folder) == str(world.remote)
    borrowed = (room.folder / ".git/objects/info/alternates").read_text().strip()
    assert borrowed == str(world.copy / ".git/objects")
    assert list((room.folder / ".git/objects").glob("[0-9a-f][0-9a-f]")) == []
    assert room.branch == "main"
    assert room.trouble == ""
    assert (room.folder / "page").read_text() == "hello again\n"
    assert room.folder.stat().st_mode & 0o077 == 0
    assert world.git("status", "--porcelain", cwd=room.folder) == ""


async def test_the_engineers_copy_stays_byte_identical(world: World) -> None:
    (world.copy / "cart").write_text("to be stashed\n")
    world.git("stash")
    (world.copy / "page").write_text("dirty\n")
    (world.copy / "staged").write_text("staged\n")
    world.git("add", "staged")
    (world.copy / "untracked").write_text("untracked\n")
    world.colleague_pushes("Newer than the engineer knows")
    before = fingerprint(world.copy)
    room = await world.clean_room()
    done = world.shell(
        f"git fetch origin && git checkout -q --detach origin/production && git revert --no-edit {world.bad}"
        " && git push -q origin HEAD:refs/heads/production && git reset -q --hard origin/main",
        room.folder,
    )
    assert done.returncode == 0, done.stderr
    assert fingerprint(world.copy) == before
    (world.copy / "untracked").write_text("other\n")
    assert fingerprint(world.copy) != before


async def test_a_second_call_returns_the_one_that_is_there(world: World) -> None:
    room = await world.clean_room()
    (room.folder / "trace").write_text("mine")
    again = await world.clean_room()
    assert again == room
    assert (room.folder / "trace").exists()


async def test_half_a_clean_room_left_by_a_kill_is_made_anew(world: World) -> None:
    half = world.root / "incident" / "clean-room.making"
    half.mkdir(parents=True)
    (half / ".git").mkdir()
    room = await world.clean_room()
    assert room.branch == "main"
    assert not half.exists()


async def test_branches_stand_where_origin_is_and_not_where_the_engineer_is(world: World) -> None:
    world.commit("Not pushed", page="mine\n")
    world.git("branch", "private")
    room = await world.clean_room()
    assert world.git("rev-parse", "main", cwd=room.folder) == world.header
    assert world.git("branch", "--format=%(refname:short)", cwd=room.folder).split() == ["main", "production"]


async def test_settings_are_copied_by_an_allow_list(world: World) -> None:
    world.git("config", "credential.https://git.example.com.helper", "store")
    world.git("config", "core.sshCommand", "ssh -i key")
    world.git("config", "url.git@host:.insteadOf", "gh:")
    world.git("config", "core.fsmonitor", "evil-program")
    world.git("config", "alias.push", "!evil")
    world.git("config", "filter.x.clean", "evil")
    room = await world.clean_room()
    assert world.git("config", "user.email", cwd=room.folder) == "ana@example.com"
    assert world.git("config", "credential.https://git.example.com.helper", cwd=room.folder) == "store"
    assert world.git("config", "core.sshCommand", cwd=room.folder) == "ssh -i key"
    assert world.git("config", "url.git@host:.insteadOf", cwd=room.folder) == "gh:"
    assert world.git("config", "core.fsmonitor", cwd=room.folder) == "false"
    assert "evil" not in (room.folder / ".git/config").read_text()
    assert (room.folder / ".git/config").stat().st_mode & 0o077 == 0


async def test_ssh_does_not_wait_for_ever_and_the_engineers_own_stays(world: World) -> None:
    room = await world.clean_room()
    assert world.git("config", "core.sshCommand", cwd=room.folder) == "ssh -oConnectTimeout=10"
    world.git("config", "--global", "core.sshCommand", "ssh -i work")
    other = await make(world.copy, world.root / "other" / "clean-room", world.env)
    assert world.git("config", "core.sshCommand", cwd=other.folder) == "ssh -i work"


async def test_hooks_do_not_come_along_but_a_pre_push_hook_is_remembered(world: World) -> None:
    hook = world.copy / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    room = await world.clean_room()
    assert room.pre_push == str(hook)
    assert world.shell("git push -q origin HEAD:refs/heads/side", room.folder).returncode == 0


async def test_hooks_of_the_engineers_whole_machine_do_not_run_either(world: World) -> None:
    hooks = world.root / "hooks"
    hooks.mkdir()
    (hooks / "pre-push").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-push").chmod(0o755)
    Path(world.env["GIT_CONFIG_GLOBAL"]).write_text(f"[core]\n\thooksPath = {hooks}\n")
    room = await world.clean_room()
    assert room.pre_push == str(hooks / "pre-push")
    assert world.shell("git push -q origin HEAD:refs/heads/side", room.folder).returncode == 0


async def test_a_moved_tag_does_not_break_the_fetch(world: World) -> None:
    room = await world.clean_room()
    world.git("tag", "-f", "v1.2.0", world.cart)
    world.push("--force", "v1.2.0")
    assert world.shell("git fetch origin", room.folder).returncode == 0
    assert world.git("rev-parse", "v1.2.0", cwd=room.folder) == world.cart


async def test_a_relative_remote_is_made_absolute(world: World) -> None:
    world.git("remote", "set-url", "origin", "../remote.git")
    room = await world.clean_room()
    assert room.url == str(world.remote)
    assert room.trouble == ""


async def test_a_worktree_borrows_from_its_repository(world: World) -> None:
    tree = world.root / "deep" / "tree"
    world.git("worktree", "add", "-q", "--detach", str(tree))
    room = await make(tree, world.root / "room", world.env)
    assert (room.folder / ".git/objects/info/alternates").read_text().strip() == str(world.copy / ".git/objects")
    assert world.git("rev-parse", "origin/main", cwd=room.folder) == world.header


async def test_a_bare_repository_is_good_enough(world: World) -> None:
    bare = world.root / "bare.git"
    world.git("clone", "-q", "--bare", str(world.remote), str(bare), cwd=world.root)
    world.git("config", "user.name", "Ana", cwd=bare)
    world.git("config", "user.email", "a@b.c", cwd=bare)
    room = await make(bare, world.root / "room", world.env)
    assert (room.branch, room.url) == ("main", str(world.remote))


def test_urls_are_made_absolute_as_git_reads_them() -> None:
    base = Path("/srv/copy")
    assert absolute("../remote.git", base) == "/srv/remote.git"
    assert absolute("git@host:team/app.git", base) == "git@host:team/app.git"
    assert absolute("https://host/app.git", base) == "https://host/app.git"
    assert absolute("./a:b", base) == "/srv/copy/a:b"


# ── the remote is down ────────────────────────────────────────────────────────────────────────────


async def test_a_dead_remote_falls_back_to_what_the_engineer_last_fetched(world: World) -> None:
    away = world.remote.rename(world.root / "away.git")
    room = await world.clean_room()
    assert "could not be asked" in room.trouble
    assert "last fetched" in room.trouble
    assert world.git("rev-parse", "origin/production", cwd=room.folder) == world.header
    assert "v1.1.0" in world.git("tag", "-l", cwd=room.folder)
    away.rename(world.remote)
    assert (await world.clean_room()).trouble == ""


async def test_a_closed_port_is_a_dead_remote(world: World) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    world.git("remote", "set-url", "origin", f"http://user:hunter2secret@127.0.0.1:{port}/app.git")
    room = await world.clean_room()
    assert room.trouble
    assert "hunter2secret" not in room.trouble + room.url


# ── refusals ──────────────────────────────────────────────────────────────────────────────────────


async def test_no_git_program(world: World, tmp_path: Path) -> None:
    with pytest.raises(GitRefused, match="no git program") as refused:
        await make(world.copy, tmp_path / "room", world.env | {"PATH": str(tmp_path)})
    assert "Install git" in str(refused.value)


async def test_not_a_repository(world: World) -> None:
    with pytest.raises(GitRefused, match="is not a git repository"):
        await make(world.root / "home", world.root / "room", world.env)
    assert not (world.root / "room").exists()


async def test_no_origin(world: World) -> None:
    world.git("remote", "rename", "origin", "upstream")
    with pytest.raises(GitRefused, match="no remote called origin") as refused:
        await world.clean_room()
    assert refused.value.mend == "git remote add origin <url>"


async def test_no_identity(world: World) -> None:
    world.git("config", "--unset", "user.email")
    with pytest.raises(GitRefused, match="does not know who you are") as refused:
        await world.clean_room()
    assert "git config --global user.name" in refused.value.mend
    assert not (world.root / "incident" / "clean-room").exists()


async def test_a_shallow_clone_fetches_everything_and_borrows_nothing(world: World) -> None:
    shallow = world.root / "shallow"
    world.git("clone", "-q", "--depth", "1", f"file://{world.remote}", str(shallow), cwd=world.root)
    world.git("config", "user.name", "Ana", cwd=shallow)
    world.git("config", "user.email", "a@b.c", cwd=shallow)
    room = await make(shallow, world.root / "room", world.env)
    assert not (room.folder / ".git/objects/info/alternates").exists()
    assert world.git("rev-parse", "--is-shallow-repository", cwd=room.folder) == "false"
    assert world.git("rev-list", "--count", "origin/main", cwd=room.folder) == "4"


async def test_a_shallow_clone_of_a_dead_remote_is_refused(world: World) -> None:
    shallow = world.root / "shallow"
    world.git("clone", "-q", "--depth", "1", f"file://{world.remote}", str(shallow), cwd=world.root)
    world.git("config", "user.name", "Ana", cwd=shallow)
    world.git("config", "user.email", "a@b.c", cwd=shallow)
    world.remote.rename(world.root / "away.git")
    with pytest.raises(GitRefused, match="only a part of its history") as refused:
        await make(shallow, world.root / "room", world.env)
    assert "--unshallow" in refused.value.mend


async def test_a_shallow_remote_is_refused(world: World) -> None:
    shallow = world.root / "shallow.git"
    world.git("clone", "-q", "--bare", "--depth", "1", f"file://{world.remote}", str(shallow), cwd=world.root)
    fresh = world.root / "fresh"
    world.git("clone", "-q", f"file://{shallow}", str(fresh), cwd=world.root)
    world.git("config", "user.name", "Ana", cwd=fresh)
    world.git("config", "user.email", "a@b.c", cwd=fresh)
    with pytest.raises(GitRefused, match=r"shallow|part of its history|No branch of origin"):
        await make(fresh, world.root / "room", world.env)
