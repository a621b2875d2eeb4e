"""The practice production: its history, its faults under real requests, and what mends them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runbook.drill import drill as drills
from runbook.drill.cache import CacheServer
from runbook.drill.deployer import branch_head
from runbook.drill.drill import Drill
from runbook.drill.history import CHANGES
from runbook.drill.scenarios import SCENARIOS, scenario
from runbook.drill.story import applied, shop_files, tell, undone
from runbook.drill.world import DrillError, World, build

NOW = datetime(2026, 11, 3, 3, 12, tzinfo=UTC)
NAMES = [each.name for each in SCENARIOS]
PATIENCE = 30.0
"""Seconds after which a test gives up; none of them needs as many."""


# ── asking the world ──────────────────────────────────────────────────────────────────────────────


def git(where: Path | str, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_EDITOR": "true"}
    done = subprocess.run(
        ["git", *words], cwd=where, capture_output=True, text=True, env=environment, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    assert drills.wait_until(condition, PATIENCE), f"in vain: {what}"


def get(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def metrics(drill: Drill) -> dict[str, Any]:
    answer: dict[str, Any] = get(f"{drill.production_url}/api/metrics")[1]
    return answer


def served(drill: Drill) -> tuple[int, int]:
    """Requests and errors of the live version so far."""
    custom = metrics(drill)["custom"]
    return custom["http_requests"], custom["http_errors"]


def error_rate(drill: Drill, requests: int = 400) -> float:
    wait_for(lambda: served(drill)[0] >= requests, f"{requests} requests")
    total, errors = served(drill)
    return errors / total


def change(drill: Drill, folder: Path, branch: str, *words: str) -> str:
    """Carries out a git command on a branch, pushes it and waits until it is live; the new commit."""
    if not folder.exists():
        git(folder.parent, "clone", "-q", str(drill.remote), str(folder))
        git(folder, "config", "user.name", "Tester")
        git(folder, "config", "user.email", "tester@shop.example")
    git(folder, "checkout", "-q", "-B", "work", f"origin/{branch}")
    git(folder, *words)
    git(folder, "push", "-q", "origin", f"+HEAD:{branch}")
    commit = git(folder, "rev-parse", "HEAD")
    if branch == "production":
        wait_for(lambda: metrics(drill)["commit"] == commit, "the new version")
    return commit


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Drill]]:
    running: list[Drill] = []

    def begin(name: str, seed: int = 1, **more: Any) -> Drill:
        drill = drills.start(name, seed, tmp_path / f"{name}-{seed}", **{"build_seconds": 0.2, "rate": 100} | more)
        running.append(drill)
        return drill

    yield begin
    for drill in running:
        drill.stop()


# ── the history ───────────────────────────────────────────────────────────────────────────────────


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


# ── the scenarios, under real requests ────────────────────────────────────────────────────────────


def test_bad_deploy_fails_a_quarter_of_the_requests_and_a_revert_mends_it(
    start: Callable[..., Drill], tmp_path: Path
) -> None:
    drill = start("bad-deploy")
    assert drill.values == {
        "production_url": drill.production_url,
        "staging_url": drill.staging_url,
        "production_log": str(drill.log),
    }
    assert 0.15 <= error_rate(drill) <= 0.35
    assert "TypeError" in drill.log.read_text()
    assert "\nTraceback (most recent call last):\n" in drill.log.read_text()
    status, health = get(f"{drill.production_url}/api/health")
    assert (status, health["status"], health["version"]) == (200, "healthy", drill.world.bad_tag)
    assert health["commit"] == drill.world.production
    assert {name: check["healthy"] for name, check in health["checks"].items()} == dict.fromkeys(
        ("redis", "database", "memory"), True
    )
    assert get(f"{drill.staging_url}/api/health")[1]["commit"] == drill.world.main

    before = served(drill)[0]
    refused = Knocking(drill.production_url)
    commit = change(drill, tmp_path / "clean", "production", "revert", "--no-edit", drill.world.bad)
    assert served(drill)[0] < before, "the counters start again with the new version"
    assert error_rate(drill, 200) == 0
    assert refused.stop() == []
    assert f"deployed {commit[:7]} to production" in drill.log.read_text()
    assert f"deployed {commit[:7]} to production" in drill.deploy_log.read_text()
    assert metrics(drill)["version"] == drill.world.bad_tag


class Knocking:
    """Opens a fresh connection again and again; keeps what went wrong."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.wrong: list[str] = []
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._knock)
        self.thread.start()

    def _knock(self) -> None:
        while not self.done.wait(0.02):
            try:
                get(f"{self.url}/api/metrics")
            except OSError as error:
                self.wrong.append(repr(error))

    def stop(self) -> list[str]:
        self.done.set()
        self.thread.join(PATIENCE)
        return self.wrong


def test_slow_makes_the_slowest_wait_six_seconds_without_stalling_the_rest(start: Callable[..., Drill]) -> None:
    drill = start("slow", rate=40)
    wait_for(lambda: (metrics(drill)["custom"]["http_request_duration"]["p95"] or 0) > 1, "a slow p95")
    custom = metrics(drill)["custom"]
    assert 4 <= custom["http_request_duration"]["p95"] <= 8
    assert custom["http_request_duration"]["p50"] < 1
    assert custom["http_errors"] == 0
    assert custom["http_in_flight"] > 5


def test_outage_fails_every_page_and_the_health_check(start: Callable[..., Drill], tmp_path: Path) -> None:
    drill = start("outage")
    assert error_rate(drill, 150) == 1
    assert get(drill.production_url + "/")[0] == 500
    status, health = get(f"{drill.production_url}/api/health")
    assert (status, health["status"]) == (503, "unhealthy")
    assert health["checks"]["redis"]["healthy"] is False
    assert health["checks"]["database"]["healthy"] is True
    assert "ConnectionRefusedError" in drill.log.read_text()
    change(drill, tmp_path / "clean", "production", "reset", "-q", "--hard", f"{drill.world.good_tag}^{{commit}}")


def test_flapping_turns_a_healthy_production_red(start: Callable[..., Drill]) -> None:
    drill = start("flapping")
    assert get(f"{drill.production_url}/api/health")[0] == 200
    wait_for(lambda: get(f"{drill.production_url}/api/health")[0] == 503, "an unhealthy answer")
    before, errors_before = served(drill)
    wait_for(lambda: served(drill)[0] > before + 50, "more requests")
    total, errors = served(drill)
    assert errors - errors_before == total - before
    assert "no cache connection, next attempt in" in drill.log.read_text()


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


@pytest.mark.parametrize("seed", [1, 3])
def test_wrong_diagnosis(start: Callable[..., Drill], tmp_path: Path, seed: int) -> None:
    drill = start("wrong-diagnosis", seed)
    assert 0.15 <= error_rate(drill) <= 0.35
    change(drill, tmp_path / "clean", "production", "revert", "--no-edit", drill.world.decoy)
    assert 0.15 <= error_rate(drill) <= 0.35, "the commit that looks guilty is innocent"
    change(drill, tmp_path / "clean", "production", "revert", "--no-edit", drill.world.bad)
    assert error_rate(drill, 200) == 0


def test_rolling_back_to_the_tag_mends_the_wrong_diagnosis(start: Callable[..., Drill], tmp_path: Path) -> None:
    drill = start("wrong-diagnosis", 2)
    tree = git(drill.remote, "rev-parse", f"{drill.world.good_tag}^{{tree}}")
    environment = {
        "GIT_AUTHOR_NAME": "T",
        "GIT_AUTHOR_EMAIL": "t@x",
        "GIT_COMMITTER_NAME": "T",
        "GIT_COMMITTER_EMAIL": "t@x",
    }
    words = ["git", "commit-tree", tree, "-p", drill.world.production, "-m", f"Roll back to {drill.world.good_tag}"]
    made = subprocess.run(
        words,
        cwd=drill.repository,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    git(drill.repository, "push", "-q", "origin", f"{made.stdout.strip()}:production")
    wait_for(lambda: metrics(drill)["commit"] == made.stdout.strip(), "the new version")
    assert metrics(drill)["version"] == drill.world.good_tag
    assert error_rate(drill, 200) == 0


# ── the service and the deployer ──────────────────────────────────────────────────────────────────


def test_a_tree_that_does_not_compile_never_goes_live(start: Callable[..., Drill], tmp_path: Path) -> None:
    drill = start("bad-deploy", rate=20)
    clean = tmp_path / "clean"
    git(tmp_path, "clone", "-q", "-b", "production", str(drill.remote), str(clean))
    (clean / "app" / "pricing.py").write_text("<<<<<<< HEAD\n")
    git(clean, "-c", "user.name=T", "-c", "user.email=t@x", "commit", "-qam", "Half a merge")
    git(clean, "push", "-q", "origin", "production")
    wait_for(lambda: "failed: the build stopped" in drill.deploy_log.read_text(), "the failed build")
    assert metrics(drill)["commit"] == drill.world.production


def test_prometheus_tells_the_same_numbers(start: Callable[..., Drill]) -> None:
    drill = start("bad-deploy")
    error_rate(drill, 100)
    with urllib.request.urlopen(f"{drill.production_url}/metrics", timeout=10) as answer:
        lines = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))
        assert (
            abs(
                time.time()
                - time.mktime(time.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT"))
                + time.timezone
            )
            < 5
        )
    total, errors = served(drill)
    assert 0 < int(lines['http_requests_total{code="500"}']) <= errors
    assert 100 <= int(lines["http_request_duration_seconds_count"]) <= total
    assert lines['http_request_duration_seconds_bucket{le="+Inf"}'] == lines["http_request_duration_seconds_count"]


def test_a_version_that_dies_is_started_again(start: Callable[..., Drill]) -> None:
    drill = start("bad-deploy", rate=20)
    before = metrics(drill)["uptime"]
    victims = [pid for pid in processes_of(drill) if "--environment production" in command_of(pid)]
    assert len(victims) == 1
    os.kill(victims[0], 9)
    wait_for(lambda: "ended unexpectedly" in drill.deploy_log.read_text(), "the deployer to notice")
    wait_for(lambda: metrics(drill)["commit"] == drill.world.production, "an answer")
    assert metrics(drill)["uptime"] < before + PATIENCE


def processes_of(drill: Drill) -> list[int]:
    """Every process with the drill's folder in its command line."""
    listed = subprocess.run(
        ["ps", "-wweo", "pid=,args="], capture_output=True, text=True, timeout=10, check=True
    ).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if f"{drill.folder}/" in line]


def command_of(pid: int) -> str:
    return subprocess.run(
        ["ps", "-wwo", "args=", "-p", str(pid)], capture_output=True, text=True, timeout=10, check=True
    ).stdout


# ── what a person can meet ────────────────────────────────────────────────────────────────────────


def test_a_folder_that_is_no_drill_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(DrillError, match="holds something that is no drill"):
        drills.start("slow", 1, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"


def test_without_git_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DrillError, match="needs git"):
        build(tmp_path / "world", scenario("slow"), 1)


def test_an_unknown_scenario_is_a_key_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        drills.start("earthquake", 1, tmp_path)


def test_each_step_of_the_start_is_told(start: Callable[..., Drill]) -> None:
    lines: list[str] = []
    start("bad-deploy", progress=lines.append)
    assert lines == ["making the remote and your clone", "deploying production and staging", "letting the customers in"]
