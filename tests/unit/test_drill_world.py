"""The practice repository: a believable history, a bad commit in it, and an engineer's dirty copy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbook.drill.cache import CacheServer
from runbook.drill.deployer import branch_head
from runbook.drill.history import CHANGES
from runbook.drill.scenarios import SCENARIOS, scenario
from runbook.drill.story import applied, shop_files, tell, undone
from runbook.drill.world import DrillError, World, build

NOW = datetime(2026, 11, 3, 3, 12, tzinfo=UTC)
NAMES = [each.name for each in SCENARIOS]


def git(where: Path | str, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_EDITOR": "true"}
    done = subprocess.run(
        ["git", *words], cwd=where, capture_output=True, text=True, env=environment, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_ordinary_change_can_be_undone_and_done_again() -> None:
    shop = shop_files()
    before = shop
    for each in CHANGES:
        before = undone(before, each.edits)
    after = before
    for each in reversed(CHANGES):
        after = applied(after, each.edits)
    assert before != shop
    assert after == shop


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_tells_the_same_story(tmp_path: Path, name: str) -> None:
    one = build(tmp_path / "one", scenario(name), 7, NOW)
    two = build(tmp_path / "two", scenario(name), 7, NOW)
    assert (one.main, one.production, one.bad, one.tags) == (two.main, two.production, two.bad, two.tags)


def test_other_seeds_tell_other_stories() -> None:
    stories = [tell(scenario("bad-deploy"), seed, NOW) for seed in range(12)]
    assert len({tuple(release.tag for release in story.releases) for story in stories}) == 12
    assert len({story.commits[story.bad - 1].subject for story in stories}) >= 3
    changed = {
        path
        for story in stories
        for path, text in story.commits[story.bad - 1].tree.items()
        if text != story.commits[story.bad - 2].tree.get(path)
    }
    assert len(changed) >= 3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(6))
def test_the_history_is_believable(name: str, seed: int) -> None:
    story = tell(scenario(name), seed, NOW)
    commits, releases = story.commits, story.releases
    assert 25 <= len(commits) <= 44
    assert 6 <= len(releases) <= 9
    assert len({commit.author.name for commit in commits}) >= 4
    ages = [NOW.timestamp() - commit.at for commit in commits]
    assert min(ages) > 0
    assert 14 * 60 <= NOW.timestamp() - commits[story.production - 1].at <= 18 * 60
    assert story.production == releases[-1].commit
    assert releases[-2].commit < story.bad < story.production < story.main
    for commit in commits:
        assert all(commits[parent - 1].at < commit.at for parent in commit.parents)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(4))
def test_the_bad_commit_reverts_cleanly_on_both_branches(tmp_path: Path, name: str, seed: int) -> None:
    world = build(tmp_path, scenario(name), seed, NOW)
    for branch in ("main", "production"):
        tree = tmp_path / branch
        git(world.repository, "worktree", "add", "-q", "--detach", str(tree), f"origin/{branch}")
        for commit in filter(None, (world.bad, world.decoy)):
            git(tree, "revert", "--no-edit", commit)


def test_the_engineers_copy_is_dirty_and_its_production_is_stale(tmp_path: Path) -> None:
    world = build(tmp_path, scenario("outage"), 3, NOW)
    assert git(world.repository, "status", "--porcelain").splitlines() == ["M README.md", "?? notes.txt"]
    assert git(world.repository, "config", "--local", "user.email").endswith("@shop.example")
    assert git(world.repository, "rev-parse", "origin/production") == world.production
    assert git(world.repository, "rev-parse", "production") != world.production
    assert git(world.repository, "rev-parse", "main") == world.main
    assert git(world.remote, "cat-file", "-t", world.bad_tag) == "tag"
    assert git(world.remote, "rev-parse", f"{world.bad_tag}^{{commit}}") == world.production


def answers_of_a_tree(world: World, revision: str, folder: Path) -> dict[str, int]:
    """Loads the shop of a revision in a process of its own and asks it for every page."""
    tree = folder / revision
    git(world.repository, "worktree", "add", "-q", "--detach", str(tree), revision)
    script = """
import io, json, sys
sys.path.insert(0, sys.argv[1])
from app.wsgi import application
from app.health import checks
def ask(method, path, query=""):
    said = []
    body = query.encode() if method == "POST" else b""
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "" if body else query,
               "CONTENT_LENGTH": str(len(body)), "HTTP_COOKIE": "session=c7", "wsgi.input": io.BytesIO(body)}
    list(application(environ, lambda status, headers: said.append(int(status[:3]))))
    return said[0]
order = "items=mug-07*2,lamp-02&coupon=SPRING10&country=AT&gift=1"
print(json.dumps({"home": ask("GET", "/"), "products": ask("GET", "/api/products"),
    "product": ask("GET", "/api/products/mug-07"), "cart": ask("GET", "/api/cart", order),
    "order": ask("POST", "/api/checkout", order), "projects": ask("GET", "/api/projects"),
    "nothing": ask("GET", "/nothing"), "health": 200 if all(c["healthy"] for c in checks().values()) else 503}))
"""
    answers: dict[str, int] = json.loads(run_in_a_shop(script, tree))
    return answers


def run_in_a_shop(script: str, tree: Path) -> str:
    """What a script says that is given the shop's tree, and a cache to talk to."""
    cache = CacheServer()
    threading.Thread(target=cache.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", script, str(tree)],
            env={"CACHE_URL": cache.url},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        cache.shutdown()
        cache.server_close()
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_shops_memory_is_its_own_and_not_that_of_whoever_started_it(tmp_path: Path) -> None:
    world = build(tmp_path / "world", scenario("bad-deploy"), 5, NOW)
    large = bytearray(600 * 2**20)
    large[::4096] = b"x" * len(large[::4096])  # touched, so that it counts
    answers = answers_of_a_tree(world, world.tags[0], tmp_path)
    del large
    assert answers["health"] == 200


def test_every_release_before_the_bad_one_works(tmp_path: Path) -> None:
    world = build(tmp_path / "world", scenario("bad-deploy"), 5, NOW)
    good = {"home": 200, "products": 200, "product": 200, "cart": 200, "order": 201, "projects": 200}
    for tag in world.tags[:-1]:
        assert answers_of_a_tree(world, tag, tmp_path) == good | {"nothing": 404, "health": 200}, tag
    with pytest.raises(AssertionError, match="TypeError"):
        answers_of_a_tree(world, world.bad_tag, tmp_path)


def test_a_branch_is_read_packed_or_loose(tmp_path: Path) -> None:
    world = build(tmp_path, scenario("slow"), 1, NOW)
    assert branch_head(Path(world.remote), "production") == world.production
    git(world.remote, "pack-refs", "--all")
    assert branch_head(Path(world.remote), "production") == world.production
    assert branch_head(Path(world.remote), "gone") == ""


def test_flapping_comes_and_goes(tmp_path: Path) -> None:
    world = build(tmp_path / "world", scenario("flapping"), 1, NOW)
    tree = tmp_path / "tree"
    git(world.repository, "worktree", "add", "-q", "--detach", str(tree), world.bad)
    script = """
import sys, time
sys.path.insert(0, sys.argv[1])
from app import cache
assert 11 <= cache.RECYCLE_AFTER <= 13 and 11 <= cache.RETRY_AFTER <= 13
cache.RECYCLE_AFTER = cache.RETRY_AFTER = 0.2
states, end = [], time.monotonic() + 20
while len(states) < 5 and time.monotonic() < end:
    try:
        state = cache.cache.ping()
    except ConnectionError:
        state = False
    if states[-1:] != [state]:
        states.append(state)
    time.sleep(0.01)
print(states)
"""
    assert run_in_a_shop(script, tree) == "[True, False, True, False, True]"


def test_without_git_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DrillError, match="needs git"):
        build(tmp_path / "world", scenario("slow"), 1)
