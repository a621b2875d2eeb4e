"""The practice production on PostgreSQL: on a server of the drill's own, or in databases of its own on a given one.

On a given server everything the drill makes has a name that begins with a word of its own, drawn anew each time, and
nothing else is touched. Standard library only: the supervisor runs without site-packages.
"""

from __future__ import annotations

import importlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from runbook.drill.shop.app.catalogue import PRODUCTS, TABLE

FACTS = "postgres.json"
PASSWORDS = "pgpass"
LIBRARY = "psycopg"
CLIENTS = ("psql", "pg_dump", "pg_restore", "createdb", "dropdb")
ORDERS = 20_000
LIMIT = 60.0
_GET = "Debian and Ubuntu: apt-get install postgresql; macOS: brew install postgresql"


class PostgresError(Exception):
    """PostgreSQL is not to be had; in words, with the mend."""


@dataclass(frozen=True)
class Server:
    """Where the databases are. On a server of the drill's own, `host` is the folder of its socket."""

    host: str
    port: str
    user: str
    own: bool
    word: str
    """What every database of the drill is called, or begins with."""
    sslmode: str = ""

    @property
    def production(self) -> str:
        return self.word if self.own else f"{self.word}_production"

    @property
    def staging(self) -> str:
        return f"{self.word}_staging"

    @property
    def copy(self) -> str:
        return f"{self.word}_rehearsal"

    def address(self, database: str) -> str:
        """Without a password: that is in a file of its own, if there is one."""
        return f"postgresql://{quote(self.user, '')}@/{database}?host={quote(self.host, '')}&port={self.port}"


# ── asked for, before anything is made ────────────────────────────────────────────────────────────


def missing(*, own: bool) -> str:
    """Why a drill on PostgreSQL cannot be made on this machine, with the mend; empty when it can."""
    if absent := [name for name in CLIENTS if not shutil.which(name)]:
        return f"The drill on PostgreSQL needs {' and '.join(absent)}, not found here. {_GET}."
    if own and programs() is None:
        return (
            f"The programs of a PostgreSQL server (initdb, postgres) are not on this machine. {_GET}. "
            "Or name a server of yours: --postgres postgresql://USER@HOST/."
        )
    try:
        importlib.import_module(LIBRARY)
    except ImportError as trouble:
        why = str(trouble).splitlines()[0]
        return f"The practice shop asks PostgreSQL through {LIBRARY}, which is missing ({why}). pip install {LIBRARY}."
    return ""


def programs() -> Path | None:
    """The folder with a server's programs, the newest first; Debian keeps them off PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    if found := shutil.which("postgres"):
        places.insert(0, Path(found).resolve().parent)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


def _version(place: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in place.parent.name.split(".") if part.isdigit())


def given(address: str) -> tuple[Server, str]:
    """The server that an address names, with a new word for the drill's databases; and the password in it.

    Raises PostgresError for an address that says something else.
    """
    parts = urlsplit(address)
    try:
        port = str(parts.port or 5432)
    except ValueError:
        port = ""
    if parts.scheme not in ("postgresql", "postgres") or not port:
        raise PostgresError("--postgres takes the address of a server: postgresql://USER@HOST:PORT/, or nothing.")
    more = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if other := sorted(more.keys() - {"host", "sslmode"}):
        raise PostgresError(f"The drill does not know {', '.join(other)} in the address; it takes host and sslmode.")
    server = Server(
        host=more.get("host") or unquote(parts.hostname or "localhost"),
        port=port,
        user=unquote(parts.username or "") or os.environ.get("PGUSER") or os.environ.get("USER") or "postgres",
        own=False,
        word=f"warroom_drill_{secrets.token_hex(3)}",
        sslmode=more.get("sslmode", ""),
    )
    return server, unquote(parts.password or "")


def ask_for(folder: Path, address: str) -> None:
    """Keeps in the drill's folder what its supervisor is to make: a server of its own (empty address), or databases.

    Raises PostgresError.
    """
    if why := missing(own=not address):
        raise PostgresError(why)
    server, password = given(address) if address else (Server("", "5432", "shop", True, "shop"), "")
    (folder / "database").mkdir(mode=0o700)
    if password:
        fields = (server.host, server.port, "*", server.user, password)
        line = ":".join(field.replace("\\", "\\\\").replace(":", "\\:") if field != "*" else field for field in fields)
        keep(folder / "database" / PASSWORDS, line + "\n")
    library = importlib.import_module(LIBRARY).__file__
    assert library is not None
    note(folder, server, str(Path(library).parents[1]))


def note(folder: Path, server: Server, libraries: str) -> None:
    keep(folder / "database" / FACTS, json.dumps(asdict(server) | {"libraries": libraries}, indent=2) + "\n")


def keep(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


# ── what the drill's folder says ──────────────────────────────────────────────────────────────────


def read(folder: Path) -> Server | None:
    """The server of a drill; None for a drill that is not on PostgreSQL."""
    facts = _facts(folder)
    return Server(**{name: facts[name] for name in Server.__dataclass_fields__}) if facts else None


def _facts(folder: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((folder / "database" / FACTS).read_bytes())
    except (OSError, ValueError):
        return {}
    return facts


def environment(folder: Path) -> dict[str, str]:
    """Variables for whatever asks the server, in a drill that is on one."""
    server = read(folder)
    passwords = folder / "database" / PASSWORDS
    found = {"PGSSLMODE": server.sslmode} if server and server.sslmode else {}
    return found | ({"PGPASSFILE": str(passwords), "PGPASSWORD": ""} if passwords.exists() else {})


def service(folder: Path, name: str) -> dict[str, str]:
    """Variables of the shop's `production` or `staging`."""
    server = read(folder)
    if server is None:
        return {}
    database = server.production if name == "production" else server.staging
    where = {"SHOP_DATABASE": server.address(database), "SHOP_LIBRARIES": _facts(folder)["libraries"]}
    return environment(folder) | where


def values(folder: Path) -> dict[str, str]:
    """The values of the database methods' params."""
    server = read(folder)
    if server is None:
        return {}
    return {
        "db_host": server.host,
        "db_port": server.port,
        "db_user": server.user,
        "database": server.production,
        "copy": server.copy,
        "backup": str(folder / "database" / "before-release.dump"),
    }


# ── made and ended by the supervisor ──────────────────────────────────────────────────────────────


class Database:
    """What a running drill has on PostgreSQL; with a server of its own, that server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cluster: subprocess.Popen[bytes] | None = None

    def begin(self, up: Path) -> None:
        """Makes the databases of production and staging, keeps a dump, and migrates both as the release did.

        Raises PostgresError.
        """
        server = read(self.folder)
        assert server is not None
        if not server.own and (taken := self._databases(server)):
            (self.folder / "database" / FACTS).unlink()  # or they would be dropped as the drill's
            raise PostgresError(f"There is a {taken[0]} on {server.host} already, which is not this drill's.")
        try:
            self._fill(self._own(server) if server.own else server, up)
        except (PostgresError, OSError, subprocess.TimeoutExpired):
            if self.cluster is None:
                clear(self.folder)
            raise

    def _own(self, server: Server) -> Server:
        place = programs()
        if place is None:
            raise PostgresError(missing(own=True))
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("cluster.py"))]
        self.cluster = subprocess.Popen(
            [*command, "--programs", str(place), "--user", server.user],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a signal for the drill's group is none for the server: it ends after the shop
        )
        assert self.cluster.stdout is not None
        word, _, said = self.cluster.stdout.readline().decode(errors="replace").strip().partition(" ")
        if word != "ready":
            raise PostgresError(f"PostgreSQL did not start: {said or 'it said nothing'}")
        server = Server(**{**asdict(server), "host": said})
        note(self.folder, server, _facts(self.folder)["libraries"])
        return server

    def _fill(self, server: Server, up: Path) -> None:
        production, staging = server.production, server.staging
        for name in (production, staging):
            self._psql("postgres", f'CREATE DATABASE "{name}" TEMPLATE template0')
            self._psql("postgres", f"COMMENT ON DATABASE \"{name}\" IS 'Made by a drill of warroom'")
            self._psql(name, rows())
        dump = ["pg_dump", "-w", *self._where(), "-Fc", "--file", values(self.folder)["backup"], production]
        self._run(dump)
        Path(values(self.folder)["backup"]).chmod(0o600)
        for name in (production, staging):
            self._psql(name, up.read_text(encoding="utf-8"))

    def _where(self) -> list[str]:
        server = read(self.folder)
        assert server is not None
        return ["-h", server.host, "-p", server.port, "-U", server.user]

    def _psql(self, database: str, text: str) -> str:
        command = ["psql", "-X", "-w", "-q", "-At", *self._where(), "-v", "ON_ERROR_STOP=1", "-d", database]
        return self._run(command, text)

    def _run(self, command: list[str], text: str = "") -> str:
        ran = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            env={**os.environ, "PGCONNECT_TIMEOUT": "5", **environment(self.folder)},
            timeout=LIMIT,
            check=False,
        )
        if ran.returncode != 0:
            raise PostgresError((ran.stderr.strip().splitlines() or [f"{command[0]} failed"])[0])
        return ran.stdout

    def end(self) -> None:
        """Ends the server, if it is the drill's own; else drops what has the drill's word for its name's beginning."""
        server = read(self.folder)
        if self.cluster is not None:
            assert self.cluster.stdin is not None
            self.cluster.stdin.close()
            self.cluster.wait()
        elif server is not None and not server.own:
            drops = (
                f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false;\n'
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';\n"
                f'DROP DATABASE "{name}";\n'
                for name in self._databases(server)
            )
            self._psql("postgres", "".join(drops))

    def _databases(self, server: Server) -> list[str]:
        """Those of the drill, by their name."""
        found = self._psql("postgres", "SELECT datname FROM pg_database ORDER BY 1").splitlines()
        return [name for name in found if name.startswith(f"{server.word}_")]


def clear(folder: Path) -> None:
    """Drops what a drill that died left on a given server, if that server can be reached."""
    with suppress(PostgresError, OSError, subprocess.TimeoutExpired):
        Database(folder).end()


def rows() -> str:
    """The tables of the shop, as SQL."""

    def literal(value: object) -> str:
        return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"

    products = ", ".join(f"({', '.join(map(literal, row))})" for row in PRODUCTS)
    skus = ", ".join(literal(row[0]) for row in PRODUCTS)
    return (
        f"{TABLE};\n"
        f"INSERT INTO product VALUES {products};\n"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, sku TEXT NOT NULL, cents INTEGER NOT NULL);\n"
        f"INSERT INTO orders SELECT n, (ARRAY[{skus}])[n % {len(PRODUCTS)} + 1], n * 7919 % 50000\n"
        f"  FROM generate_series(1, {ORDERS}) AS n;\n"
        "ANALYZE;\n"
    )
