"""How commands for a PostgreSQL server are read: words, addresses, statements."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.providers.pg_ask import Rows, quoted
from runbook.providers.pg_failure import meaning
from runbook.providers.pg_orders import Order, orders
from runbook.providers.pg_script import script
from runbook.providers.pg_where import at_address
from runbook.providers.provider import Place


def read(text: str, **env: str) -> Order | None:
    found = tuple(orders(text, Place(Path("/x"), env)))
    return found[0] if found else None


@pytest.mark.parametrize(
    ("text", "kind", "database", "file"),
    [
        ("pg_dump -Fc -f a.dump shop", "dump", "shop", "/x/a.dump"),
        ('pg_dump -w --format=custom --file "${WARROOM_DIR:-.}/a.dump" -d shop', "dump", "shop", "/x/a.dump"),
        ("pg_dump --dbname='host=db dbname=shop user=me' > a.sql", "dump", "shop", None),
        ("cd sub && pg_restore -1d shop a.dump", "restore", "shop", "/x/sub/a.dump"),
        ("PGDATABASE=other pg_restore -d '' a.dump", "restore", "other", "/x/a.dump"),
        ("psql -Xwd shop -f a.sql", "script", "shop", "/x/a.sql"),
        ("psql shop -Atc 'delete from x'", "script", "shop", None),
        ("psql shop < a.sql", "script", "shop", None),
        ("createdb -T shop copy", "create", "postgres", None),
        ("dropdb -f -U me copy", "drop", "postgres", None),
        ("pg_dump -e hstore -f a.dump shop", "dump", "shop", "/x/a.dump"),
    ],
)
def test_an_order_is_read_as_the_program_reads_it(text: str, kind: str, database: str, file: str | None) -> None:
    order = read(text)
    assert order and order.at and (order.kind, order.at.database) == (kind, database)
    assert order.file == (Path(file) if file else None)


@pytest.mark.parametrize(
    "text",
    [
        "pg_restore --list a.dump",
        "pg_restore -f - a.dump",
        "psql -l",
        "psql shop -Atc 'select 1'",
        "psql --version",
        'psql shop -c "with n as (select 1) select * from n"',
        "psql shop -c '\\dt'",
        "pg_isready",
    ],
)
def test_what_only_looks_is_no_order(text: str) -> None:
    assert read(text) is None


def test_a_database_that_the_shell_decides_is_not_guessed() -> None:
    order = read('pg_restore -d "$(head -1 names)" a.dump')
    assert order and order.at is None


def test_prismas_own_words_are_left_out_of_an_address_and_said() -> None:
    url = "postgresql://me:p%40ss@[::1]:6543/shop?schema=app&sslmode=require&connection_limit=3"
    found = at_address(url, {})
    assert (found.database, found.server, found.user) == ("shop", "::1:6543", "me")
    assert found.env["PGPASSWORD"] == "p@ss" and found.env["PGSSLMODE"] == "require"
    assert found.refused == "schema" and found.schema == "app"
    assert "p@ss" not in found.server


@pytest.mark.parametrize(
    ("address", "server", "database", "password"),
    [
        ("postgresql://me:pa#ss@db.live:5433/shop", "db.live:5433", "shop", "pa#ss"),
        ("postgres://me:p?s@db.live/shop?keepalives_idle=30", "db.live:5432", "shop", "p?s"),
        ("postgres://me:p@one:5432,two:5433/shop?target_session_attrs=primary", "one,two:5432,5433", "shop", "p"),
        ("postgres://one,two/shop?load_balance_hosts=random&ssl=true", "one,two:5432", "shop", None),
        ("postgresql:///shop?host=/run/pg", "/run/pg:5432", "shop", None),
    ],
)
def test_an_address_means_the_server_that_libpq_takes_it_for(
    address: str, server: str, database: str, password: str | None
) -> None:
    """One that is read wrongly is no address, and then the machine's own server would be asked."""
    found = at_address(address, {"USER": "somebody"})
    assert (found.server, found.database, found.refused) == (server, database, "")
    assert found.env.get("PGPASSWORD") == password


def test_what_an_option_takes_is_not_the_name_of_the_database() -> None:
    order = read("createdb --template template0 --lc-collate C -S wal_log shop_new")
    assert order and order.name == "shop_new"


@pytest.mark.parametrize(
    ("text", "changing", "losing"),
    [
        ("select 1; show all", 0, 0),
        ("with gone as (delete from a returning *) select count(*) from gone", 1, 0),
        ("explain analyze delete from a; explain delete from a", 1, 0),
        ("insert into a values ('x; drop table b')", 1, 0),
        ("do $x$ begin; drop table a; end $x$; select 1", 1, 0),
        ("alter table a drop column b; alter table a drop constraint c; alter table a add d int", 3, 1),
        ("alter table a alter column b type int; truncate a; drop table if exists b cascade", 3, 3),
        ("copy a from stdin;\n1\tdrop table b;\n\\.\nselect 1", 1, 0),
        ("copy a to stdout", 0, 0),
        ("/* drop table a; */ -- drop table b;\nselect pg_terminate_backend(1)", 1, 0),
    ],
)
def test_a_scripts_statements_are_told_apart(text: str, changing: int, losing: int) -> None:
    found = script(text)
    assert (len(found.changing), len(found.losing)) == (changing, losing)


def test_databases_that_a_script_names_are_read_as_the_server_does() -> None:
    found = script('ALTER DATABASE Shop RENAME TO "Old ""Shop"; drop database if exists x; create database "Y"')
    assert found.renames == (("shop", 'Old "Shop'),) and found.drops == ("x",) and found.creates == ("Y",)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading_of_a_script(text: str) -> None:
    assert len(script(text).changing) <= len(script(text).statements)


@given(st.lists(st.text("ab\\.\t ", max_size=6).filter(lambda row: row != "\\."), max_size=20), st.integers(1, 9))
def test_rows_are_counted_whatever_the_pieces_are(rows: list[str], size: int) -> None:
    text = "SET x;\n\nCOPY public.a (b) FROM stdin;\n" + "".join(f"{row}\n" for row in rows) + "\\.\n\nselect 1;\n"
    count = Rows()
    for place in range(0, len(text), size):
        count.take(text[place : place + size].encode())
    assert count.rows == {"public.a": len(rows)}


def test_a_literal_cannot_be_left() -> None:
    assert quoted("a'b") == "'a''b'" and quoted("a\\'b") == "E'a\\\\''b'"


def test_a_failure_without_a_meaning_says_nothing() -> None:
    assert meaning("something else") == ""
    assert "no role ana" in meaning('pg_restore: error: role "ana" does not exist')


def test_a_script_that_the_command_itself_writes_is_read_as_it_will_be(tmp_path: Path) -> None:
    """Its file is not there yet, or is an older one."""
    write = 'cat > "${{WARROOM_DIR:-.}}/s.sql" <<\'SQL\'\n{}\nSQL\npsql -X -d shop -f "${{WARROOM_DIR:-.}}/s.sql"'
    at = Place(tmp_path, {"WARROOM_DIR": str(tmp_path)})
    assert not list(orders(write.format("select count(*) from orders"), at))
    (tmp_path / "s.sql").write_text("select 1")
    [order] = orders(write.format("delete from orders"), at)
    assert order.script and order.script.losing and not order.unread
    (tmp_path / "s.sql").unlink()
    [unknown] = orders(write.format("select 1").replace("'SQL'", "SQL"), at)
    assert "cannot be read" in unknown.unread, "what the shell fills in is not known before"
