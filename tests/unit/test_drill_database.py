"""The drill whose release migrated the database: what goes wrong, what does not help, and what does."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runbook.drill import drill as drills
from runbook.drill.database import runbook
from runbook.drill.drill import Drill
from runbook.model import Effect, Method
from runbook.opening import read_runbook
from runbook.steps import expect
from runbook.steps.values import fill
from tests.unit.test_drill import change, error_rate, get, wait_for

pytestmark = pytest.mark.skipif(
    not shutil.which("sqlite3"), reason="sqlite3 is not installed (apt-get install sqlite3)"
)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[int], Drill]]:
    running: list[Drill] = []

    def begin(seed: int) -> Drill:
        running.append(drills.start("bad-migration", seed, tmp_path / "drill", build_seconds=0, rate=60))
        return running[-1]

    yield begin
    for each in running:
        each.stop()


def rows(drill: Drill) -> tuple[list[object], list[object]]:
    with closing(sqlite3.connect(drill.folder / "database" / "production.db")) as database:
        orders = database.execute("select * from orders order by id").fetchall()
        return orders, database.execute("select * from product order by sku").fetchall()


def carry_out(method: Method, drill: Drill, incident: Path) -> None:
    """Every command of the method, as it stands, up to the waits."""
    book = read_runbook(runbook(), "drill.yaml")
    for step in method.steps:
        for command in step.commands:
            text = fill(command.text, drill.values, book.params)
            ran = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", text], cwd=drill.repository, capture_output=True, text=True,
                env={"PATH": "/usr/bin:/bin", "WARROOM_DIR": str(incident)}, timeout=60, check=False,
            )  # fmt: skip
            ok, why = expect.judge(command.expect, ran.returncode, ran.stdout + ran.stderr)
            assert ok, (text, why, ran.stderr)


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_git_alone_does_not_help_and_the_down_script_does_without_losing_a_row(
    start: Callable[[int], Drill], tmp_path: Path, seed: int
) -> None:
    drill = start(seed)
    before = rows(drill)
    assert len(before[0]) == 20_000
    assert error_rate(drill) > 0.5
    assert "OperationalError: no such column" in drill.log.read_text()
    assert get(f"{drill.production_url}/api/health")[0] == 200, "the database answers: health sees nothing"

    commit = change(drill, tmp_path / "clean", "production", "revert", "--no-edit", drill.world.bad)
    wait_for(lambda: get(f"{drill.production_url}/api/health")[1]["commit"] == commit, "the revert is live")
    assert error_rate(drill, 100) > 0.5

    carry_out(read_runbook(runbook(), "drill.yaml").method("database"), drill, tmp_path)
    wait_for(lambda: get(f"{drill.production_url}/api/products")[0] == 200, "products are shown again")
    change(drill, tmp_path / "again", "production", "commit", "-q", "--allow-empty", "-m", "count anew")
    wait_for(lambda: get(f"{drill.production_url}/api/health")[1]["commit"] != commit, "the counters begin anew")
    assert error_rate(drill, 100) == 0
    assert rows(drill) == before


def test_the_drills_book_suggests_the_database_and_destroys_only_by_name() -> None:
    book = read_runbook(runbook(), "drill.yaml")
    assert next(trigger for trigger in book.triggers if trigger.id == "migrated").suggests == ("database",)
    method = book.method("database")
    destroying = [step.id for step in method.steps if step.effect is Effect.DESTROY]
    assert destroying == ["take-back"]
    assert [step.id for step in method.steps if step.no_return] == ["take-back"]
    assert not {"database-restore", "database-script", "database-forward"} & {m.id for m in book.methods}
