"""The practice host: what becomes of an order to roll back that fails, and of a push after it."""

from __future__ import annotations

import socket
from pathlib import Path

from runbook.drill.cloud import Cloud, Deployment, Job
from runbook.drill.deployer import Environment
from runbook.drill.hosted import Production
from runbook.drill.scenarios import scenario
from runbook.drill.world import build


def test_an_order_that_a_full_disk_stops_has_failed_and_the_next_one_is_taken() -> None:
    def full(_: Deployment) -> bool:
        raise OSError(28, "No space left on device")

    first, second = (Deployment(f"dpl_{name}", name, name, 0) for name in "ab")
    cloud = Cloud([first, second], ("shop.example.test",), full, token="t")
    job = Job("rollback", first.id, second.id)
    cloud.job = job
    cloud.carry_out(job, second)
    assert (job.status, cloud.live) == ("failed", first.id)
    assert cloud.order("rollback", second.id)[0] == 201


def test_a_push_goes_live_after_a_rollback_that_failed_and_waits_after_one_that_did_not(tmp_path: Path) -> None:
    world = build(tmp_path, scenario("cloud"), 1)
    deployed: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (tmp_path / "logs").mkdir()
        environment = Environment("production", "production", tmp_path, listener, {}, 0)
        production = Production(environment)
        environment.deploy = lambda commit, build: deployed.append(commit)  # type: ignore[method-assign]
        for status, live in (("failed", True), ("succeeded", False)):
            production.cloud.job = Job("rollback", "dpl_a", "dpl_b", status)
            production.pushed(world.main)
            assert (deployed == [world.main]) is live, status
            deployed.clear()
        production.host.server_close()
