"""The practice production: its history, its faults under real requests, and what mends them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook.drill import drill as drills
from runbook.drill.deployer import Environment
from runbook.drill.drill import Drill
from runbook.drill.service import Log
from runbook.drill.world import DrillError

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


@pytest.mark.parametrize("seed", [1, 2])
def test_silent_mends_the_shop_and_takes_the_metrics_away_with_the_bad_commit(
    start: Callable[..., Drill], tmp_path: Path, seed: int
) -> None:
    drill = start("silent", seed)
    assert 0.15 <= error_rate(drill) <= 0.35
    assert "KeyError" in drill.log.read_text()
    folder = tmp_path / "clean"
    git(tmp_path, "clone", "-q", str(drill.remote), str(folder))
    for name, value in (("user.name", "Tester"), ("user.email", "tester@shop.example")):
        git(folder, "config", name, value)
    git(folder, "checkout", "-q", "-B", "work", "origin/production")
    git(folder, "revert", "--no-edit", drill.world.bad)
    git(folder, "push", "-q", "origin", "HEAD:production")
    commit = git(folder, "rev-parse", "HEAD")
    wait_for(lambda: get(f"{drill.production_url}/api/health")[1]["commit"] == commit, "the new version")
    assert get(f"{drill.production_url}/api/health")[0] == 200
    assert get(f"{drill.production_url}/api/cart?items=mug-07&country=AT")[0] == 200
    for path in ("/api/metrics", "/metrics"):
        assert get(f"{drill.production_url}{path}") == (500, {"error": "internal server error"})
    assert "shop.metrics  metrics failed: ValueError: invalid literal for int()" in drill.log.read_text()


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


@pytest.mark.parametrize("seed", [1, 4])
def test_wrong_diagnosis(start: Callable[..., Drill], tmp_path: Path, seed: int) -> None:
    drill = start("wrong-diagnosis", seed)
    assert 0.15 <= error_rate(drill) <= 0.35
    change(drill, tmp_path / "clean", "production", "revert", "--no-edit", drill.world.decoy)
    assert 0.15 <= error_rate(drill) <= 0.35, "the commit that looks guilty is innocent"
    change(drill, tmp_path / "clean", "production", "revert", "--no-edit", drill.world.bad)
    assert error_rate(drill, 200) == 0


def test_rolling_back_to_the_tag_mends_the_wrong_diagnosis(start: Callable[..., Drill], tmp_path: Path) -> None:
    drill = start("wrong-diagnosis", 7)
    assert error_rate(drill, 200) > 0.1
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


def test_a_large_log_is_set_aside_and_the_next_line_goes_to_a_new_file(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        environment = Environment("production", "production", tmp_path, listener, {}, 0)
        log = Log(environment.log)
        log.write("INFO", "shop.access", "x" * 200)
        environment.rotate(limit=1000)
        assert "x" * 200 in environment.log.read_text(), "not yet"
        environment.rotate(limit=100)
        log.reopen()
        log.write("INFO", "shop.access", "after")
    assert environment.log.read_text().endswith("INFO  shop.access  after\n")
    assert "x" * 200 in (tmp_path / "logs" / "production.log.1").read_text()


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), subprocess.TimeoutExpired("git", 30)])
def test_a_push_that_could_not_be_taken_up_is_taken_up_at_the_next_look(tmp_path: Path, trouble: Exception) -> None:
    head = tmp_path / "remote.git/refs/heads/production"
    head.parent.mkdir(parents=True)
    head.write_text("a" * 40 + "\n")
    asked: list[str] = []

    def pushed(commit: str) -> None:
        asked.append(commit)
        if len(asked) == 1:
            raise trouble

    with socket.create_server(("127.0.0.1", 0)) as listener:
        environment = Environment("production", "production", tmp_path, listener, {}, 0)
        environment.pushed = pushed
        environment.follow(lambda: environment.seen != "")
    assert asked == ["a" * 40] * 2


# ── what a person can meet ────────────────────────────────────────────────────────────────────────


def test_a_folder_that_is_no_drill_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(DrillError, match="holds something that is no drill"):
        drills.start("slow", 1, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"


def test_an_unknown_scenario_is_a_key_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        drills.start("earthquake", 1, tmp_path)


def test_each_step_of_the_start_is_told(start: Callable[..., Drill]) -> None:
    lines: list[str] = []
    start("bad-deploy", progress=lines.append)
    assert lines == ["making the remote and your clone", "deploying production and staging", "letting the customers in"]


def edge(drill: Drill) -> dict[str, Any]:
    answer: dict[str, Any] = get(f"{drill.production_url}/cdn/metrics")[1]
    return answer


def share_fetched(drill: Drill) -> float:
    """Of the next 200 requests, the share that the shop itself had to answer."""
    before = edge(drill)
    wait_for(lambda: edge(drill)["requests"] >= before["requests"] + 200, "200 requests")
    after = edge(drill)
    share: float = (after["fetched_from_origin"] - before["fetched_from_origin"]) / (
        after["requests"] - before["requests"]
    )
    return share


def cache_says(drill: Drill, method: str = "GET") -> str:
    request = urllib.request.Request(f"{drill.production_url}/", method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.headers.get("X-Cache"))


@pytest.mark.parametrize("seed", [1, 3])
def test_cdn_fetches_every_page_from_the_shop_until_the_bad_commit_is_reverted(
    start: Callable[..., Drill], tmp_path: Path, seed: int
) -> None:
    drill = start("cdn", seed)
    assert share_fetched(drill) == 1
    assert [cache_says(drill) for _ in range(2)] == ["PASS", "PASS"]
    slow = edge(drill)["homepage"]["p95"]
    change(drill, tmp_path / "clean", "production", "revert", "--no-edit", drill.world.bad)
    wait_for(lambda: cache_says(drill) == "HIT", "the homepage is kept again")
    assert share_fetched(drill) < 0.9
    wait_for(lambda: edge(drill)["homepage"]["p95"] < slow / 10, "the homepage is quick again")
