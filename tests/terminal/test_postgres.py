"""The drill whose release migrated a PostgreSQL database, as a person walks it, on a server of the drill's own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.drill import drill as drills
from runbook.drill import postgres
from tests.terminal import walks
from tests.terminal.conftest import DrillRoom

pytestmark = pytest.mark.skipif(bool(postgres.missing(own=True)), reason=postgres.missing(own=True))

ROWS = (
    "select count(*), sum(hashtextextended(o::text, 0)::numeric) from orders o; "
    "select count(*), sum(hashtextextended(p::text, 0)::numeric) from product p"
)
COLUMNS = "select string_agg(column_name, ' ' order by ordinal_position) from information_schema.columns where table_name = 'product'"  # noqa: E501
DATABASES = "select string_agg(datname, ' ' order by datname) from pg_database where datname ~ '^shop'"
BEFORE = "sku name price stock restock"


def ask(room: DrillRoom, text: str, database: str = "shop") -> str:
    server = postgres.read(room.drill)
    assert server is not None
    where = ("-h", server.host, "-p", server.port, "-U", server.user, "-d", database)
    return subprocess.run(
        ["psql", "-X", "-w", "-Atc", text, *where], capture_output=True, text=True, check=True, timeout=30
    ).stdout.strip()


def until_red(room: DrillRoom) -> None:
    """Once the server is made, which takes its time on a busy machine."""
    room.tmux.wait(walks.READY, 180)
    walks.until_red(room)


def until_proposed(room: DrillRoom) -> str:
    """The room advises a database's way back, the chooser recommends it; what the database holds."""
    until_red(room)
    assert 'UndefinedColumn: column "stock" does not exist' in (room.drill / "logs" / "production.log").read_text()
    assert ask(room, COLUMNS) != BEFORE
    room.tmux.keys("m")
    room.tmux.wait(r"4c Take a migration back by a reviewed down script +recommended")
    room.tmux.wait(r"✓ shop on /tmp/warroom-pg-\w+:5432: .* 2 tables")
    room.tmux.keys("Escape")
    room.tmux.gone(walks.CHOOSER)
    return ask(room, ROWS)


def carry_out(room: DrillRoom, method: str, plan: str, names: dict[int, str]) -> None:
    """Every step up to the wait: `y` by its key, `d` by its target's name, `m` done by hand."""
    walks.choose(room, method)
    for number, kind in enumerate(plan, 1):
        walks.enter(room)
        if kind == "y":
            walks.confirm(room, number, seconds=60)
        elif kind == "d":
            walks.confirm_by_name(room, number, names[number], seconds=60)
        else:
            room.tmux.wait(r"enter +it is done")
            walks.press_until_taken(room, "Enter", r"enter +it is done")
            room.tmux.wait(rf"✓ {number} ")
    walks.enter(room)
    room.tmux.wait("RECOVERED", 120)


def of_the_rehearsal(room: DrillRoom, name: str) -> str:
    return (room.home / "incidents" / room.incident() / name).read_text()


def gone(room: DrillRoom, server: postgres.Server) -> bool:
    return not Path(server.host).exists() and not drills.is_running(room.drill)


def test_a_migration_is_taken_back_on_a_server_that_goes_with_the_drill(drill: Callable[..., DrillRoom]) -> None:
    room = drill("bad-migration", extra="--postgres")
    before = until_proposed(room)
    assert before.startswith("20000|")
    carry_out(room, "4c", "yyyyyyydyymmdymm", {8: "shop_rehearsal", 13: "shop"})
    assert (ask(room, COLUMNS), ask(room, ROWS)) == (BEFORE, before)
    assert ask(room, ROWS, "shop_rehearsal") == before
    assert of_the_rehearsal(room, "sums-before.txt") == of_the_rehearsal(room, "sums-rehearsed.txt")
    report = walks.report(room)
    assert "Carry the script out on the database (shop)" in report
    assert "Restore the dump into the copy (shop_rehearsal)" in report
    assert walks.starts_of(room, "lock_timeout=10s") == 1
    server = postgres.read(room.drill)
    assert server is not None
    assert Path(server.host).stat().st_mode & 0o077 == 0
    room.close()
    assert drills.wait_until(lambda: gone(room, server), 20), "the server is left behind"


def test_the_dump_from_before_the_release_is_restored_beside_and_put_in_its_place(
    drill: Callable[..., DrillRoom],
) -> None:
    room = drill("bad-migration", extra="--postgres")
    before = until_proposed(room)
    carry_out(room, "4a", "yyyyyyyyymmyydym", {14: "shop"})
    assert (ask(room, COLUMNS), ask(room, ROWS)) == (BEFORE, before)
    assert ask(room, DATABASES) == "shop shop_damaged shop_staging"
    assert walks.starts_of(room, "rename to") == 1


def test_the_server_outlives_a_killed_room_and_the_next_one_finds_it(drill: Callable[..., DrillRoom]) -> None:
    room = drill("bad-migration", extra="--postgres", size=(80, 24))
    until_red(room)
    before = ask(room, ROWS)
    os.kill(room.pid(), 9)
    room.tmux.wait(r"Killed")
    assert ask(room, ROWS) == before
    room.tmux.run(f"reset; {room.command}")
    until_red(room)
    server, facts = postgres.read(room.drill), json.loads((room.drill / "drill.json").read_bytes())
    assert server is not None
    os.kill(facts["pid"], 9)
    assert drills.wait_until(lambda: gone(room, server), 30), "the server is left behind"
