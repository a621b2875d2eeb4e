"""The practice production's database: a file of SQLite with rows that matter, migrated by the bad release."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from runbook import books
from runbook.drill.shop.app.catalogue import PRODUCTS, TABLE

RUNBOOK = "runbook.yaml"
ORDERS = 20_000
_METHOD = Path(__file__).with_name("database_method.yaml")
_SHIPPED = ("  - id: database\n", "# ── boxes to tick")
"""Where the shipped runbook's methods for PostgreSQL begin and end."""

_TRIGGER = (
    "  - {id: migrated, urgency: immediate, group: Damaged data, criterion: error_rate > 5% for 30s, "
    "text: Requests fail since the last release migrated the database, suggests: [database]}\n"
)


def make(folder: Path, repository: Path) -> None:
    """Makes the databases of production and staging, migrates both as the release did, and the runbook for them."""
    (folder / "database").mkdir(mode=0o700)
    up = next(path for path in migrations(repository) if not path.name.endswith(".down.sql"))
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
    """The values of the method's params; none in a drill without a database of its own."""
    path = folder / "database" / "production.db"
    if not path.exists():
        return {}
    down = next((path for path in migrations(folder / "shop-web") if path.name.endswith(".down.sql")), None)
    return {"database_file": str(path)} | ({"down_script": str(down)} if down else {})


def migrations(repository: Path) -> list[Path]:
    return sorted((repository / "db" / "migrations").glob("*.sql"))


def runbook() -> str:
    """The shipped runbook, its method 4 for a database of SQLite."""
    text = books.text("production-rollback")
    head, rest = text.split(_SHIPPED[0], 1)
    method = _METHOD.read_text(encoding="utf-8")
    text = head + method + "\n" + _SHIPPED[1] + rest.split(_SHIPPED[1], 1)[1]
    text = text.replace("[database-restore, database-script, database, ", "[database, ")
    params = "  - {id: database_file, label: File of the database, kind: text}\n"
    text = text.replace("params:\n", f"params:\n{params}", 1)
    return text.replace("triggers:\n", f"triggers:\n{_TRIGGER}", 1)
