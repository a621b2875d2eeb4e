"""The database: a file of SQLite, or PostgreSQL at an address. One connection, made again after it was lost."""

import sqlite3
import threading
from typing import Any

POSTGRESQL = "postgresql:"
CONNECT_TIMEOUT = 3


class Sqlite:
    """A file, or a practice database in memory."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()


class Postgresql:
    """A server; each question is a transaction of its own."""

    def __init__(self, address: str) -> None:
        import psycopg

        self._lock = threading.Lock()
        self._library, self._address = psycopg, address
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._connection is None or self._connection.closed:
                self._connection = self._library.connect(
                    self._address, autocommit=True, connect_timeout=CONNECT_TIMEOUT
                )
            return self._connection.execute(query.replace("?", "%s").encode(), values).fetchall()


def connect(address: str) -> Sqlite | Postgresql:
    """The database that an address leads to."""
    return Postgresql(address) if address.startswith(POSTGRESQL) else Sqlite(address)
