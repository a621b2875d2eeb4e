"""psql killed in the middle of a statement: the server goes on with it, and no room takes that for its end.

What stands in a transaction is rolled back when the statement has ended; what does not is kept, though nobody is
there any more to be told. Either way the next room says so, and the statement has its effect once.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from runbook.conductor import Refused
from runbook.providers.provider import Place
from tests.clients.grounds import Ground
from tests.clients.postgres import Server, running
from tests.clients.test_deaths_on_platforms import Night, until

SHOP = """
create table orders (id int primary key, title text);
insert into orders values (1, 'one');
create table stock (sku text primary key, quantity int);
insert into stock values ('mug', 1);
"""
IN_A_TRANSACTION = "psql -X -w -v ON_ERROR_STOP=1 --single-transaction -d shop -f {}/down.sql"
BY_ITSELF = "psql -X -w -d shop -c 'update stock set quantity = quantity + 1'"
WAITING = "select count(*) from pg_stat_activity where datname = 'shop' and wait_event_type = 'Lock'"
AT_WORK = "select count(*) from pg_stat_activity where datname = 'shop' and query ~ '^update'"
STANDS = """select (select string_agg(to_jsonb(o)::text, ' ') from orders o),
            (select quantity from stock)"""
BEFORE, ONCE = '{"id": 1, "title": "one"}|1', '{"id": 1, "what": "one"}|2'


@contextmanager
def held(server: Server) -> Iterator[subprocess.Popen[str]]:
    """Somebody else's transaction, which the statement waits for until it is committed."""
    with subprocess.Popen(
        ["psql", "-X", "-w", "-qAt", "-d", "shop"], env=server.env | {"PGAPPNAME": "shop"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdin and other.stdout
        other.stdin.write("begin; select 'held' from stock for update;\n")
        other.stdin.flush()
        while "held" not in other.stdout.readline():
            pass
        yield other
        other.kill()


@pytest.mark.parametrize("keeper_too", [True, False], ids=["with its keeper", "alone"])
@pytest.mark.parametrize("text", [IN_A_TRANSACTION, BY_ITSELF], ids=["in a transaction", "by itself"])
async def test_a_statement_whose_psql_was_killed_is_never_taken_for_ended_nor_carried_out_twice(
    text: str, keeper_too: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    place = tmp_path / "place"
    place.mkdir()
    (place / "down.sql").write_text(
        "alter table orders rename column title to what;\nupdate stock set quantity = quantity + 1;\n"
    )
    with running() as server:
        server.sql("create database shop")
        server.sql(SHOP, "shop")

        def stands() -> str:
            return server.sql(STANDS, "shop")

        done = """test "$(psql -X -w -d shop -Atc 'select quantity from stock')" = 2"""
        ground = Ground(
            text.format(place), Place(place, server.env), "psql", "never", stands, target="shop", done_when=done
        )
        night = Night(ground, tmp_path)
        with held(server) as other:
            room = await night.open()
            try:
                await room.confirm(await room.prepare("back", "go"), typed="shop")
                await until(lambda: server.sql(WAITING) == "1")
                run = night.last()
                child = msgspec.json.decode((room.carrier.run_folder(run.id) / "child.json").read_bytes())["pid"]
                if keeper_too:
                    os.kill(run.pid, signal.SIGKILL)
                os.killpg(child, signal.SIGKILL)
                if keeper_too:
                    room = await night.open()
                    await until(lambda: room.state.runs[run.id].state == "unknown")
                    lost = room.state.runs[run.id]
                    assert lost.took_effect is None
                    assert any("Still at work in shop" in line and "update stock" in line for line in lost.evidence)
                    with pytest.raises(Refused, match="unknown"):
                        await room.confirm(await room.prepare("back", "go", again=True), typed="shop")
                    await room.resolve(run.id, "not-done", "looked")
                else:
                    await until(lambda: room.state.runs[run.id].state == "failed")
                assert server.sql(WAITING) == "1", "the server goes on with it"
                too_early = await room.prepare("back", "go", again=True)
                assert not too_early.already
                assert any("at work" in line.title and "update stock" in line.found for line in too_early.failed_checks)
                with pytest.raises(Refused):
                    await room.confirm(too_early, typed="shop")

                assert other.stdin
                other.stdin.write("commit;\n")
                other.stdin.flush()
                await until(lambda: server.sql(AT_WORK) == "0")
                again = await room.prepare("back", "go", again=True)
                if text == BY_ITSELF:
                    assert again.already and stands() == '{"id": 1, "title": "one"}|2'
                    return
                assert stands() == BEFORE and not again.already
                assert (await night.go(again=True)).state == "done"
                assert stands() == ONCE
            finally:
                await night.close()
