"""The PostgreSQL provider against a real server: what it says before and after, and that it changes nothing."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.providers import pg_ask
from runbook.providers.postgres import Postgres
from runbook.providers.provider import Place, Preview, Proof
from tests.clients.postgres import SECRET, Server, running

POSTGRES = Postgres()
SHOP = """
create table orders (id bigint primary key, what text not null, cents int not null);
create table customers (id int primary key, name text);
insert into orders select n, 'order ' || n, n % 1000 from generate_series(1, 1000000) n;
insert into customers select n, 'c' || n from generate_series(1, 500) n;
analyze;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as it:
        it.sql("create database shop")
        it.sql(SHOP, "shop")
        it.sql("create role reader login password 'reader-only-1'")
        yield it


class Desk:
    """Somebody's shell in a folder, and what the provider says of the commands there."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder, self.env = server, folder, server.env

    @property
    def at(self) -> Place:
        return Place(self.folder, self.env)

    async def preview(self, text: str) -> Preview:
        return await POSTGRES.preview(text, self.at)

    async def carry_out(self, text: str) -> tuple[int, Proof]:
        seen = await self.preview(text)
        ran = self.server.bash(text, self.folder, **self.env)
        proof = await POSTGRES.proof(text, seen.expected, self.at)
        assert proof is not None
        return ran.returncode, proof

    async def dump(self) -> None:
        code, proof = await self.carry_out("pg_dump -w -Fc -f shop.dump shop")
        assert (code, proof.ok) == (0, True), proof.line


@pytest.fixture
def desk(server: Server, tmp_path: Path) -> Iterator[Desk]:
    before = set(server.sql("select datname from pg_database").split())
    yield Desk(server, tmp_path)
    for name in set(server.sql("select datname from pg_database").split()) - before:
        server.sql(f'drop database "{name}" with (force)')


def sums(server: Server, database: str) -> str:
    """Rows and a checksum over every value of every table."""
    return server.sql(
        "select count(*), sum(hashtextextended(o::text, 0)::numeric) from orders o; "
        "select count(*), sum(hashtextextended(c::text, 0)::numeric) from customers c",
        database,
    )


async def test_a_service_of_the_environment_leads_no_question_to_another_database(desk: Desk) -> None:
    """What its file says counts more than PGDATABASE, and less than what the command names."""
    file = desk.folder / "pg_service.conf"
    file.write_text(f"[stage]\nhost={desk.env['PGHOST']}\nport={desk.server.port}\ndbname=postgres\n")
    desk.env = desk.env | {"PGSERVICEFILE": str(file), "PGSERVICE": "stage"}
    seen = await desk.preview("pg_dump -w -Fc -f shop.dump -d shop")
    assert seen.lines[0].startswith("shop on the service stage as") and "2 tables" in seen.lines[0]


# ── before ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_dump_says_which_database_it_takes_and_where_to(desk: Desk) -> None:
    seen = await desk.preview("pg_dump -w -h 127.0.0.1 --format=custom --file out.dump shop")
    said = "\n".join(seen.lines)
    assert f"shop on 127.0.0.1:{desk.server.port} as owner (PostgreSQL 15" in said
    assert "2 tables, about 1,000,500 rows" in said and "0 sessions" in said and "are free there" in said
    assert not seen.blocked and not seen.checks and not (desk.folder / "out.dump").exists()


async def test_a_restore_into_a_database_that_is_not_empty_is_stopped(desk: Desk) -> None:
    await desk.dump()
    seen = await desk.preview("pg_restore -w -d shop shop.dump")
    assert "shop is not empty (2 tables" in seen.blocked and "new database" in seen.blocked
    assert "single-transaction" in " ".join(seen.warnings)
    over = await desk.preview("pg_restore -w --clean --if-exists --single-transaction -d shop shop.dump")
    assert not over.blocked and "rows of now are gone" in " ".join(over.warnings)


async def test_a_dump_that_takes_too_long_to_read_is_neither_damaged_nor_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.dump()
    monkeypatch.setattr(pg_ask, "READING", 0)
    _, proof = await desk.carry_out("pg_dump -w -Fc -f again.dump shop")
    assert proof.ok is None and "not known" in proof.line
    desk.server.sql("create database fresh")
    seen = await desk.preview("pg_restore -w -1 --dbname=fresh shop.dump")
    assert not seen.blocked and any("its data was not" in line for line in seen.warnings)


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
async def test_a_dump_that_was_cut_off_is_refused_wherever_it_was_cut(desk: Desk, share: float) -> None:
    await desk.dump()
    desk.server.sql("create database fresh")
    dump = desk.folder / "shop.dump"
    dump.write_bytes(dump.read_bytes()[: int(dump.stat().st_size * share)])
    seen = await desk.preview("pg_restore -w --single-transaction -d fresh shop.dump")
    assert "Nothing can be restored from it" in seen.blocked


async def test_open_sessions_in_the_way_of_a_rename_are_named_before_it(desk: Desk) -> None:
    desk.server.sql("create database busy")
    rename = """psql -X -w -d postgres -c 'alter database busy rename to aside'"""
    assert not (await desk.preview(rename)).blocked
    with subprocess.Popen(
        ["psql", "-X", "-w", "-d", "busy"], env=desk.env | {"PGAPPNAME": "forgotten worker"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdin and other.stdout
        other.stdin.write("select 'here';\n")
        other.stdin.flush()
        while "here" not in other.stdout.readline():
            pass
        other.stdout.readline()
        seen = await desk.preview(rename)
        assert "busy has 1 session (forgotten worker)" in seen.blocked
        ran = desk.server.bash(rename, desk.folder)
        failure = await POSTGRES.failure(rename, ran.stderr, desk.at)
        assert ran.returncode != 0 and failure and "Somebody is still connected" in failure.why
        other.stdin.close()


@pytest.mark.parametrize(
    ("change", "found", "mend"),
    [
        ({"PGPASSWORD": "wrong-one"}, "password authentication failed", "pgpass"),
        ({"PGPORT": "1"}, "refused", "host and port"),
        ({"PGDATABASE": "nowhere"}, "does not exist", "name of the database"),
    ],
)
async def test_a_server_that_lets_nobody_in_is_no_pass_and_says_the_mend(
    desk: Desk, change: dict[str, str], found: str, mend: str
) -> None:
    desk.env = desk.env | {"PGDATABASE": "shop"} | change
    seen = await desk.preview("psql -X -w -c 'drop table orders'")
    assert seen.checks[0].ok is None and seen.checks[0].stops
    assert found in seen.checks[0].found and mend in seen.checks[0].mend
    ran = desk.server.bash("psql -X -w -c 'drop table orders'", desk.folder, **desk.env)
    failure = await POSTGRES.failure("psql", ran.stderr, desk.at)
    assert ran.returncode != 0 and failure is not None
    assert desk.server.sql("select count(*) from orders", "shop") == "1000000"


async def test_a_password_in_an_address_reaches_the_server_and_is_shown_nowhere(desk: Desk) -> None:
    address = f"postgresql://owner:{SECRET}@127.0.0.1:{desk.server.port}/shop"
    desk.env = {name: value for name, value in desk.env.items() if not name.startswith("PG")} | {"URL": address}
    seen = await desk.preview('psql -X -w "$URL" -c "delete from customers"')
    assert "as owner" in seen.lines[0] and SECRET not in repr(seen)
    assert "loses data: delete from customers" in seen.lines
    bad = await desk.preview(f'psql -X -w "{address}?schema=public" -c "delete from customers"')
    assert "refuse `schema`" in bad.blocked and SECRET not in repr(bad)


async def test_a_user_without_rights_is_told_so(desk: Desk) -> None:
    desk.env = desk.env | {"PGUSER": "reader", "PGPASSWORD": "reader-only-1"}
    for text, why in (("createdb -w another", "CREATEDB"), ("psql -X -w -d shop -c 'drop table orders'", "owner")):
        ran = desk.server.bash(text, desk.folder, **desk.env)
        failure = await POSTGRES.failure(text, ran.stderr, desk.at)
        assert ran.returncode != 0 and failure and why in failure.why
    assert "a new database" in (await desk.preview("createdb -w another")).lines[0]


async def test_what_a_script_loses_is_said_and_a_pure_question_is_none_of_its_business(desk: Desk) -> None:
    (desk.folder / "down.sql").write_text(
        "-- drop table customers\nalter table orders drop column what;\nupdate orders set cents = 0; select 1;\n"
    )
    seen = await desk.preview("psql -X -w -d shop -f down.sql")
    assert "2 statements that change something: 1 alter table, 1 update" in seen.lines
    assert "loses data: alter table orders drop column what" in seen.lines
    assert not any("customers" in line and "loses" in line for line in seen.lines)
    said = " ".join(seen.warnings)
    assert "ON_ERROR_STOP" in said and "--single-transaction" in said
    assert await desk.preview("psql -X -w -d shop -Atc 'select count(*) from orders'") == Preview()
    assert "cannot be read" in (await desk.preview("psql -X -w -d shop -f nothing.sql")).blocked


# ── after ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_million_rows_are_restored_beside_and_every_row_is_proven(desk: Desk) -> None:
    server = desk.server
    before = sums(server, "shop")
    await desk.dump()
    assert (await desk.carry_out("createdb -w -T template0 restored"))[1].ok
    code, proof = await desk.carry_out("pg_restore -w --single-transaction -d restored shop.dump")
    assert (code, proof.ok) == (0, True) and "1,000,500 rows" in proof.line
    assert sums(server, "restored") == before == sums(server, "shop")
    server.sql("create database standin template restored")
    switch = (
        "psql -X -w -d postgres -v ON_ERROR_STOP=1 --single-transaction"
        " -c 'alter database standin rename to standin_before' -c 'alter database restored rename to standin'"
    )
    code, proof = await desk.carry_out(switch)
    assert (code, proof.ok) == (0, True) and "standin, standin_before" in proof.line
    assert sums(server, "standin") == before


async def test_a_restore_that_is_killed_half_way_leaves_the_original_and_an_empty_copy(desk: Desk) -> None:
    server = desk.server
    before = sums(server, "shop")
    await desk.dump()
    server.sql("create database half")
    text = "pg_restore -w --single-transaction -d half shop.dump"
    seen = await desk.preview(text)
    with subprocess.Popen(shlex.split(text), cwd=desk.folder, env=desk.env, stderr=subprocess.DEVNULL) as restoring:
        asked = "select count(*) from pg_stat_activity where datname = 'half' and query ~* '^copy'"
        while server.sql(asked) == "0":
            assert restoring.poll() is None, "it ended before it could be killed"
        restoring.kill()
    while server.sql("select count(*) from pg_stat_activity where datname = 'half'") != "0":
        pass
    assert await POSTGRES.took_effect(text, seen.expected, desk.at) is False
    proof = await POSTGRES.proof(text, seen.expected, desk.at)
    assert proof and proof.ok is False and "lacks public." in proof.line
    assert sums(server, "shop") == before
    code, again = await desk.carry_out(text)
    assert (code, again.ok) == (0, True)
    assert await POSTGRES.took_effect(text, seen.expected, desk.at) is True


async def test_a_restored_database_that_lost_a_row_is_no_proof(desk: Desk) -> None:
    await desk.dump()
    desk.server.sql("create database short")
    text = "pg_restore -w --single-transaction -d short shop.dump"
    seen = await desk.preview(text)
    desk.server.bash(text, desk.folder)
    desk.server.sql("delete from customers where id = 7", "short")
    proof = await POSTGRES.proof(text, seen.expected, desk.at)
    assert proof and proof.ok is False and "public.customers: 499 instead of 500" in proof.line


async def test_a_dump_that_ran_out_of_room_is_no_proof(desk: Desk) -> None:
    full = await desk.carry_out("(ulimit -f 200; pg_dump -w -Fc -f shop.dump shop) || true")
    assert full[1].ok is False and "shop.dump" in full[1].line
    missing = await desk.preview("pg_dump -w -Fc -f no/such/folder/shop.dump shop")
    assert "There is no folder" in missing.blocked


async def test_a_copy_made_for_a_rehearsal_has_the_originals_counts(desk: Desk) -> None:
    code, proof = await desk.carry_out("createdb -w -T shop rehearsal")
    assert (code, proof.ok) == (0, True) and "as shop has" in proof.line
    assert "already" in (await desk.preview("createdb -w -T shop rehearsal")).blocked
    gone = await desk.preview("dropdb -w rehearsal")
    assert "2 tables, about" in gone.lines[0] and "only a dump" in gone.warnings[0]
    assert (await desk.carry_out("dropdb -w rehearsal"))[1].ok
    assert (await desk.preview("dropdb -w rehearsal")).already


async def test_a_database_that_was_made_anew_meanwhile_is_noticed(desk: Desk) -> None:
    await desk.dump()
    desk.server.sql("create database swapped")
    text = "pg_restore -w --single-transaction -d swapped shop.dump"
    seen = await desk.preview(text)
    assert await POSTGRES.moved(text, seen.expected, desk.at) == ""
    desk.server.sql("create table intruder (id int)", "swapped")
    assert "was empty and is not any more" in await POSTGRES.moved(text, seen.expected, desk.at)
    desk.server.sql("drop database swapped")
    desk.server.sql("create database swapped")
    assert "another database than before" in await POSTGRES.moved(text, seen.expected, desk.at)


async def test_how_it_stands_names_the_last_migration(desk: Desk) -> None:
    desk.server.sql("create database prisma_shop")
    desk.server.sql(
        "create table _prisma_migrations (migration_name text, started_at timestamptz, finished_at timestamptz, "
        "rolled_back_at timestamptz); insert into _prisma_migrations values "
        "('1_init', '2026-01-01Z', '2026-01-01Z', null), ('2_broke', '2026-02-01Z', null, null)",
        "prisma_shop",
    )
    found = await POSTGRES.standing("pg_dump -w -Fc -f out.dump prisma_shop", desk.at)
    assert found and found.ok and found.schema == "2_broke" and "2_broke (failed)" in found.line
    assert found.schema_at is not None and found.schema_at.month == 2


async def test_how_it_stands_is_told_of_the_database_that_is_meant(desk: Desk) -> None:
    """Not of the one in which another is ordered; and one that an earlier step is to make is no trouble by itself."""
    assert await POSTGRES.standing("createdb -w --template template0 rehearsal", desk.at) is None
    made_later = await POSTGRES.standing("pg_restore -w --dbname rehearsal shop.dump", desk.at)
    assert made_later and made_later.absent and made_later.ok is None
    found = await POSTGRES.standing("psql -X -w -d shop -f down.sql", desk.at)
    assert found and found.ok and "shop on" in found.line and "2 tables" in found.line and not found.absent
    switch = await POSTGRES.standing("psql -X -w -d postgres -c 'alter database shop rename to old'", desk.at)
    assert switch and switch.ok and switch.line.startswith("the server answers: ") and "0 tables" not in switch.line


async def test_what_is_ordered_beside_a_database_is_not_proven_by_the_tables_of_the_empty_one(desk: Desk) -> None:
    text = "psql -X -w -d postgres -c 'alter database shop with allow_connections false'"
    seen = await desk.preview(text)
    proof = await POSTGRES.proof(text, seen.expected, desk.at)
    assert proof and proof.ok is None and "0 tables" not in proof.line and "exit code alone" in proof.line
    desk.env |= {"PGUSER": "nobody-known"}
    refused = await POSTGRES.standing("psql -X -w -d shop -f down.sql", desk.at)
    assert refused and refused.ok is None and not refused.absent


async def test_looking_changes_nothing(desk: Desk) -> None:
    before = desk.server.sql("select xact_commit > 0, tup_inserted, tup_updated, tup_deleted from pg_stat_database "
                             "where datname = 'shop'")  # fmt: skip
    for text in ("dropdb -w shop", "psql -w -d shop -c 'truncate orders'", "createdb -w -T shop copy"):
        await desk.preview(text)
    after = desk.server.sql("select xact_commit > 0, tup_inserted, tup_updated, tup_deleted from pg_stat_database "
                            "where datname = 'shop'")  # fmt: skip
    assert before == after and desk.server.sql("select count(*) from orders", "shop") == "1000000"


async def test_a_restore_that_makes_the_dumps_own_database_anew_says_which_one_it_drops(desk: Desk) -> None:
    await desk.dump()
    seen = await desk.preview("pg_restore -w --clean --create -d postgres shop.dump")
    assert any(line.startswith("drops shop first: ") for line in seen.lines)
    assert any("What is in shop now is gone" in warning for warning in seen.warnings)
    mixed = await desk.preview("pg_restore -w --create -d postgres shop.dump")
    assert "There is a database shop already" in mixed.blocked


async def test_a_dump_that_was_there_before_is_no_proof_of_one_that_failed(desk: Desk) -> None:
    text = "pg_dump -w -Fp -f shop.sql shop"
    assert (await desk.carry_out(text))[1].ok is True
    seen = await desk.preview(text)
    failed = desk.server.bash(text, desk.folder, **desk.env | {"PGPASSWORD": "wrong"})
    assert failed.returncode != 0
    proof = await POSTGRES.proof(text, seen.expected, desk.at)
    assert proof is not None and proof.ok is False and "was there before" in proof.line
    assert await POSTGRES.took_effect(text, seen.expected, desk.at) is False
    assert (await desk.carry_out(text))[1].ok is True


async def test_a_folder_with_a_dump_in_it_is_refused_as_pg_dump_does(desk: Desk) -> None:
    text = "pg_dump -w -Fd -f shop.d shop"
    assert (await desk.carry_out(text))[1].ok is True
    assert "a folder with a dump in it already" in (await desk.preview(text)).blocked
    assert desk.server.bash(text, desk.folder, **desk.env).returncode != 0


async def test_a_script_that_goes_on_in_another_database_says_so(desk: Desk) -> None:
    (desk.folder / "x.sql").write_text("\\connect shop\ndelete from orders where id < 0;\n")
    seen = await desk.preview("psql -w -v ON_ERROR_STOP=1 -d postgres -f x.sql")
    assert any("goes on in another database (shop)" in warning for warning in seen.warnings)
