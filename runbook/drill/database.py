"""The practice production's database: a file of SQLite with rows that matter, migrated by the bad release.

Or PostgreSQL (postgres.py), where that was asked for.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from runbook import books
from runbook.drill import postgres
from runbook.drill.shop.app.catalogue import PRODUCTS, TABLE

RUNBOOK = "runbook.yaml"
ORDERS = 20_000
_METHOD = Path(__file__).with_name("database_method.yaml")
_SHIPPED = ("  - id: database\n", "# ── boxes to tick")
"""Where the shipped runbook's methods for PostgreSQL begin and end."""

_TRIGGER = (
    "  - {{id: migrated, urgency: immediate, group: Damaged data, criterion: error_rate > 5% for 30s, "
    "text: Requests fail since the last release migrated the database, suggests: [{methods}]}}\n"
)


def make(folder: Path, repository: Path) -> None:
    """Makes the databases of production and staging, migrates both as the release did, and the runbook for them."""
    (folder / "database").mkdir(mode=0o700)
    scripts = migrations(repository)
    assert scripts is not None
    up = scripts.up
    for name in ("production", "staging"):
        with closing(sqlite3.connect(folder / "database" / f"{name}.db")) as database, database:
            database.execute(TABLE)
            database.executemany("INSERT INTO product VALUES (?, ?, ?, ?, ?)", PRODUCTS)
            database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, sku TEXT NOT NULL, cents INTEGER NOT NULL)")
            rows = ((n, PRODUCTS[n % len(PRODUCTS)][0], n * 7919 % 50_000) for n in range(1, ORDERS + 1))
            database.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
            database.commit()
            database.executescript(up.read_text(encoding="utf-8"))
    (folder / RUNBOOK).write_text(runbook(), encoding="utf-8")


def values(folder: Path) -> dict[str, str]:
    """The values of the methods' params; none in a drill without a database of its own."""
    path = folder / "database" / "production.db"
    found = {"database_file": str(path)} if path.exists() else postgres.values(folder)
    scripts = migrations(folder / "shop-web")
    return found | ({"down_script": str(scripts.down)} if scripts else {}) if found else {}


class Scripts(NamedTuple):
    """A migration and what takes it back."""

    up: Path
    down: Path


def migrations(repository: Path) -> Scripts | None:
    """The scripts of the bad release; None while another release is checked out, which has none."""
    found = (path for path in (repository / "db" / "migrations").glob("*.sql") if ".down" not in path.suffixes)
    up = next(found, None)
    return Scripts(up, up.with_suffix(".down.sql")) if up is not None else None


def runbook_for_postgres() -> str:
    """The shipped runbook, with a trigger for what the drill's migration does."""
    return _triggered(books.text("production-rollback"), "database-script, database-restore")


def runbook() -> str:
    """The shipped runbook, its method 4 for a database of SQLite."""
    text = books.text("production-rollback")
    head, rest = text.split(_SHIPPED[0], 1)
    method = _METHOD.read_text(encoding="utf-8")
    text = head + method + "\n" + _SHIPPED[1] + rest.split(_SHIPPED[1], 1)[1]
    text = text.replace("[database-restore, database-script, database, ", "[database, ")
    params = "  - {id: database_file, label: File of the database, kind: text}\n"
    text = text.replace("params:\n", f"params:\n{params}", 1)
    return _triggered(text, "database")


def _triggered(text: str, methods: str) -> str:
    return text.replace("triggers:\n", f"triggers:\n{_TRIGGER.format(methods=methods)}", 1)
