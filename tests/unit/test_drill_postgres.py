"""The drill's PostgreSQL: a server of its own that goes with it, or databases of its own on one that was given."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runbook.drill import drill as drills
from runbook.drill import postgres
from runbook.drill.database import runbook_for_postgres
from runbook.drill.drill import Drill
from runbook.drill.world import DrillError
from runbook.opening import read_runbook
from tests.clients.postgres import SECRET, Server, running
from tests.unit.test_drill import change, error_rate, get, wait_for

needs_a_server = pytest.mark.skipif(bool(postgres.missing(own=True)), reason=postgres.missing(own=True))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Drill]]:
    begun: list[Drill] = []

    def begin(address: str) -> Drill:
        begun.append(
            drills.start("bad-migration", 3, tmp_path / "drill", postgres_at=address, build_seconds=0, rate=60)
        )
        return begun[-1]

    yield begin
    for each in begun:
        each.stop()


@pytest.fixture
def given() -> Iterator[Server]:
    with running() as server:
        server.sql("create database warroom_drill_of_somebody_else")
        yield server


def psql(drill: Drill, *words: str) -> str:
    values = drill.values
    where = ("-h", values["db_host"], "-p", values["db_port"], "-U", values["db_user"], "-d", values["database"])
    return subprocess.run(
        ["psql", "-X", "-w", "-v", "ON_ERROR_STOP=1", *where, *words],
        env=os.environ | drill.environment, capture_output=True, text=True, check=True, timeout=60,
    ).stdout.strip()  # fmt: skip


def leftovers(drill: Drill) -> bool:
    return Path(drill.values["db_host"]).exists()


@needs_a_server
def test_git_alone_does_not_help_and_the_down_script_does(start: Callable[[str], Drill], tmp_path: Path) -> None:
    drill = start("")
    assert error_rate(drill) > 0.5
    assert 'UndefinedColumn: column "stock" does not exist' in drill.log.read_text()
    assert get(f"{drill.production_url}/api/health")[0] == 200, "the database answers: health sees nothing"
    commit = change(drill, tmp_path / "clean", "production", "revert", "--no-edit", drill.world.bad)
    wait_for(lambda: get(f"{drill.production_url}/api/health")[1]["commit"] == commit, "the revert is live")
    assert error_rate(drill, 100) > 0.5
    psql(drill, "-f", drill.values["down_script"])
    wait_for(lambda: get(f"{drill.production_url}/api/products")[0] == 200, "products are shown again")


@needs_a_server
def test_the_shop_finds_its_database_again_when_its_sessions_were_ended(start: Callable[[str], Drill]) -> None:
    drill = start("")
    psql(drill, "-f", drill.values["down_script"])
    wait_for(lambda: get(f"{drill.production_url}/api/products")[0] == 200, "products are shown")
    psql(drill, "-c", "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
    wait_for(lambda: get(f"{drill.production_url}/api/products")[0] == 200, "products are shown again")


@needs_a_server
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_its_own_server_is_for_its_owner_alone_and_goes_however_the_drill_ends(
    start: Callable[[str], Drill], how: signal.Signals
) -> None:
    drill = start("")
    place = Path(drill.values["db_host"])
    assert place.stat().st_mode & 0o777 == 0o700
    assert psql(drill, "-Atc", "show listen_addresses") == ""
    pid = int((place / "data" / "postmaster.pid").read_text().split()[0])
    assert Path(f"/proc/{pid}").stat().st_uid == place.stat().st_uid != 0
    os.kill(drill.pid, how)
    wait_for(lambda: not place.exists() and not Path(f"/proc/{pid}").exists(), "server and folder are gone")


@needs_a_server
def test_on_a_given_server_it_touches_only_what_it_made(
    start: Callable[[str], Drill], given: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = given.sql("select string_agg(datname, ' ' order by datname) from pg_database")
    drill = start(f"postgresql://owner:{SECRET}@127.0.0.1:{given.port}/")
    made = set(given.sql("select datname from pg_database").split()) - set(before.split())
    assert made == {drill.values["database"], drill.values["database"].replace("production", "staging")}
    assert all(name.startswith("warroom_drill_") for name in made)
    assert error_rate(drill) > 0.5
    said = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    written = "".join(path.read_text() for path in drill.folder.glob("*.json")) + drill.log.read_text()
    assert SECRET not in said and SECRET not in written + repr(drill)
    given.sql(f"create database {drill.values['copy']}")
    drill.stop()
    assert given.sql("select string_agg(datname, ' ' order by datname) from pg_database") == before

    drill = start(f"postgresql://owner:{SECRET}@127.0.0.1:{given.port}/")
    os.kill(drill.pid, signal.SIGKILL)
    wait_for(lambda: not drill.running, "the drill is dead")
    assert given.sql("select string_agg(datname, ' ' order by datname) from pg_database") != before
    drill = start(f"postgresql://owner:{SECRET}@127.0.0.1:{given.port}/")
    drill.stop()
    assert given.sql("select string_agg(datname, ' ' order by datname) from pg_database") == before, (
        "the dead one's too"
    )


@needs_a_server
def test_a_server_that_lets_nobody_in_is_a_sentence(start: Callable[[str], Drill], given: Server) -> None:
    with pytest.raises(DrillError, match="password authentication failed"):
        start(f"postgresql://owner:wrong@127.0.0.1:{given.port}/")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("shop", "postgresql://USER@HOST"),
        ("mysql://db/", "postgresql://USER@HOST"),
        ("postgresql://me@db:many/", "postgresql://USER@HOST"),
        ("postgresql://me@db/?schema=public", "does not know schema"),
    ],
)
def test_an_address_that_says_something_else_is_refused_in_words(address: str, why: str) -> None:
    with pytest.raises(postgres.PostgresError, match=why):
        postgres.given(address)


def test_an_address_is_taken_apart_and_every_drill_has_a_word_of_its_own() -> None:
    server, password = postgres.given("postgresql://o%40c:p%3Aw@db.test:6432/shop?sslmode=require")
    assert (server.user, server.host, server.port, server.sslmode, password) == (
        "o@c", "db.test", "6432", "require", "p:w",
    )  # fmt: skip
    assert "p:w" not in server.address(server.production)
    assert server.word != postgres.given("postgresql://db.test/")[0].word


def test_where_it_cannot_be_had_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "needs psql" in postgres.missing(own=True) and "apt-get install postgresql" in postgres.missing(own=True)
    for name in postgres.CLIENTS:
        shutil.copy("/bin/true", tmp_path / name)
    monkeypatch.setattr(postgres, "programs", lambda: None)
    assert "--postgres postgresql://" in postgres.missing(own=True)
    assert "initdb" not in postgres.missing(own=False)


def test_the_drills_book_suggests_the_ways_back_for_a_database() -> None:
    book = read_runbook(runbook_for_postgres(), "drill.yaml")
    suggested = next(trigger for trigger in book.triggers if trigger.id == "migrated").suggests
    assert suggested == ("database-script", "database-restore")
