"""The database's ways back in the shipped runbook, carried out as they stand against a real server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook import books
from runbook.model import Check, Command, Method, Runbook, Step
from runbook.opening import read_runbook
from runbook.steps import expect
from runbook.steps.values import fill
from tests.clients.postgres import Server, running

ROWS, FEW = 1_000_000, 20_000
SHOP = """
create table orders (id bigint primary key, what text not null, cents int not null);
create table customers (id int primary key, name text);
insert into orders select n, 'order ' || n, n % 1000 from generate_series(1, :rows) n;
insert into customers select n, 'c' || n from generate_series(1, 500) n;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as it:
        for name, rows in (("large", ROWS), ("small", FEW)):
            it.sql(f"create database {name}")
            it.sql(SHOP.replace(":rows", str(rows)), name)
        yield it


class World:
    """A database of our own with the book's values for it; each command in a shell of its own."""

    def __init__(self, server: Server, incident: Path) -> None:
        self.server, self.incident = server, incident
        self.book: Runbook = read_runbook(books.text("production-rollback"), "book:production-rollback")
        self.values = {param.id: param.default for param in self.book.params} | {
            "db_host": "127.0.0.1", "db_port": str(server.port), "db_user": "owner", "database": "shop",
            "backup": str(incident / "good.dump"), "down_script": str(incident / "down.sql"),
        }  # fmt: skip
        self.left_out: tuple[str, ...] = ()

    def bash(self, text: str) -> subprocess.CompletedProcess[str]:
        return self.server.bash(text, self.incident, WARROOM_DIR=str(self.incident))

    def fails(self, wanted: Check | Command, text: str) -> str:
        """Why what was expected does not hold; empty when it does."""
        ran = self.bash(fill(text, self.values, self.book.params))
        ok, why = expect.judge(wanted.expect, ran.returncode, ran.stdout + ran.stderr)
        return "" if ok else f"{text}: {why}\n{ran.stdout[-1000:]}{ran.stderr[-1000:]}"

    def carry_out(self, method: Method, *, until: str = "") -> None:
        for check in method.requires:
            if check.run:
                assert not self.fails(check, check.run)
        for step in method.steps:
            if step.id == until:
                return
            done = step.done_when
            assert done is None or self.fails(done, done.run), f"{step.id} says that it is done before it ran"
            for command in step.commands:
                assert not self.fails(command, command.text), step.id
            assert done is None or not self.fails(done, done.run), f"{step.id} ran and does not say so"

    def take_back(self, step: Step) -> None:
        assert step.undo is not None
        ran = self.bash(fill(step.undo.text, self.values, self.book.params))
        assert ran.returncode == 0, ran.stderr

    def sums(self, database: str = "shop") -> str:
        return self.server.sql(
            "select count(*), sum(hashtextextended(o::text, 0)::numeric) from orders o; "
            "select count(*), sum(hashtextextended(c::text, 0)::numeric) from customers c",
            database,
        )


@pytest.fixture(params=[FEW])
def world(server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    server.sql(f"create database shop template {'large' if request.param == ROWS else 'small'}")
    yield World(server, tmp_path)
    for name in server.sql("select datname from pg_database where datname ~ '^(shop|rehearsal)'").split():
        server.sql(f'alter database "{name}" with allow_connections true')
        server.sql(f'drop database "{name}" with (force)')


def the(method: Method, name: str) -> Step:
    return next(step for step in method.steps if step.id == name)


@pytest.mark.parametrize("world", [ROWS], indirect=True)
def test_a_million_rows_come_back_by_a_switch_and_the_damaged_ones_are_kept(world: World) -> None:
    before = world.sums()
    assert world.bash("pg_dump -w -Fc -f good.dump shop").returncode == 0
    world.server.sql("delete from orders where id % 3 = 0; update customers set name = 'gone'", "shop")
    damaged = world.sums()
    method = world.book.method("database-restore")
    world.carry_out(method)
    assert world.sums() == before
    dump = world.incident / "before.dump"
    assert dump.stat().st_mode & 0o077 == 0, "the dump is for its owner alone"
    world.take_back(the(method, "switch"))
    assert (world.sums(), world.sums("rehearsal")) == (damaged, before)


def test_up_to_the_last_question_nothing_has_happened_to_the_database(world: World) -> None:
    world.bash("pg_dump -w -Fc -f good.dump shop")
    (world.incident / "down.sql").write_text("drop table customers;\n")
    before = world.sums()
    for name in ("database-restore", "database-script"):
        world.carry_out(world.book.method(name), until="judge")
        assert world.sums() == before
        world.server.sql("drop database rehearsal")
        (world.incident / "before.dump").unlink()


@pytest.mark.parametrize("world", [ROWS], indirect=True)
def test_a_down_script_is_rehearsed_and_leaves_every_value_where_it_was(world: World) -> None:
    before = world.sums()
    world.server.sql("alter table orders rename column what to title", "shop")  # the migration that went wrong
    (world.incident / "down.sql").write_text("alter table orders rename column title to what;\n")
    method = world.book.method("database-script")
    world.carry_out(method)
    assert world.sums() == before
    assert world.server.sql("select what from orders where id = 7", "shop") == "order 7"
    assert world.sums("rehearsal") == before


def test_a_down_script_that_fails_in_the_rehearsal_never_reaches_the_database(world: World) -> None:
    (world.incident / "down.sql").write_text("drop table customers;\nalter table orders drop column nowhere;\n")
    before = world.sums()
    with pytest.raises(AssertionError, match='column "nowhere"'):
        world.carry_out(world.book.method("database-script"))
    assert (world.sums(), world.sums("rehearsal")) == (before, before), "one transaction: not even the first statement"


def test_a_script_that_lost_rows_is_taken_back_from_the_dump(world: World) -> None:
    before = world.sums()
    (world.incident / "down.sql").write_text("delete from customers where id > 10;\n")
    method = world.book.method("database-script")
    world.carry_out(method)
    changed = (world.incident / "sums-rehearsed.txt").read_text()
    assert "customers|10|" in changed and f"orders|{FEW}|" in changed
    assert world.server.sql("select count(*) from customers", "shop") == "10"
    world.take_back(the(method, "take-back"))
    assert world.sums() == before


def test_a_script_gives_up_where_somebody_holds_a_lock_and_changes_nothing(world: World) -> None:
    (world.incident / "down.sql").write_text("alter table orders drop column cents;\n")
    step = the(world.book.method("database-script"), "take-back").commands[0]
    text = step.text.replace("lock_timeout=10s", "lock_timeout=200ms")
    assert text != step.text
    with subprocess.Popen(
        ["psql", "-X", "-w", "-d", "shop"], env=world.server.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    ) as other:  # fmt: skip
        assert other.stdin and other.stdout
        other.stdin.write("begin; select 'held' from orders limit 1;\n")
        other.stdin.flush()
        while "held" not in other.stdout.readline():
            pass
        assert "lock timeout" in world.fails(step, text)
        other.stdin.close()
    assert world.server.sql("select count(cents) from orders", "shop") == str(FEW)


def test_a_server_that_is_down_stops_before_the_first_step(world: World) -> None:
    world.values["db_port"] = "1"
    failed = [check.id for check in world.book.method("database-script").requires
              if check.run and world.fails(check, check.run)]  # fmt: skip
    assert "signed-in" in failed and "primary" in failed


def test_a_dump_cut_off_in_its_data_still_lists_and_is_noticed(world: World) -> None:
    world.bash("pg_dump -w -Fc -f before.dump shop")
    dump = world.incident / "before.dump"
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])
    listed, read = the(world.book.method("database-restore"), "dump-readable").commands
    assert not world.fails(listed, listed.text), "the list alone does not tell"
    assert "end of file" in world.fails(read, read.text)
