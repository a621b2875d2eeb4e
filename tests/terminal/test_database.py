"""The drill whose release migrated the database, as a person walks it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.terminal import walks
from tests.terminal.conftest import DrillRoom


def rows(room: DrillRoom) -> list[object]:
    with closing(sqlite3.connect(room.drill / "database" / "production.db")) as database:
        orders = database.execute("select * from orders order by id").fetchall()
        return orders + database.execute("select * from product order by sku").fetchall()


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="sqlite3 is not installed (apt-get install sqlite3)")
def test_a_migration_is_taken_back_and_every_row_is_as_before(drill: Callable[..., DrillRoom]) -> None:
    room = drill("bad-migration")
    walks.until_red(room)
    before = rows(room)
    assert len(before) > 20_000
    room.tmux.keys("m")
    room.tmux.wait(r"4 Take a migration back by its down script +recommended")
    room.tmux.keys("Enter")
    room.tmux.gone(walks.CHOOSER)
    room.tmux.wait(r"enter +(look|next|open|start)")
    room.tmux.keys("Enter")
    for number in (1, 2, 3, 4):
        walks.confirm(room, number)
        walks.enter(room)
    room.tmux.wait("point of no return")
    assert rows(room) == before, "up to the rehearsal nothing has happened to the database"
    walks.confirm_by_name(room, 5, "production.db")
    walks.enter(room)
    walks.confirm(room, 6)
    walks.enter(room)
    room.tmux.wait("RECOVERED", 90)
    assert rows(room) == before
    text = walks.report(room)
    assert "Carry the script out on the database" in text
    assert walks.starts_of(room, "sqlite3 -bail -cmd '.timeout 5000'") == 1
