"""Questions to a PostgreSQL server and to a dump: read-only, bounded in time, by the clients that are installed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from runbook.logs.clean import clean, redact
from runbook.model import Record, Seconds
from runbook.providers.child import bounded
from runbook.providers.pg_where import Where
from runbook.providers.provider import Unavailable

CONNECT = "5"
STATEMENT: Seconds = 8
COUNTING: Seconds = 30
LISTING: Seconds = 60
READING: Seconds = 120
OWN = "n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'"
_PSQL = ("psql", "-X", "-w", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1")
_FACTS = f"""
select json_build_object(
  'version', split_part(current_setting('server_version'), ' ', 1),
  'user', current_user,
  'oid', (select oid::text from pg_database where datname = current_database()),
  'size', pg_database_size(current_database()),
  'replica', pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on',
  'tables', (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p') and {OWN}),
  'rows', (select coalesce(sum(case when c.reltuples > 0 then c.reltuples else s.n_live_tup end), 0)::bigint
           from pg_stat_user_tables s join pg_class c on c.oid = s.relid),
  'objects', (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and {OWN}
              and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')),
  'schema', (select md5(coalesce(string_agg(format('%s.%s.%s %s %s', n.nspname, c.relname, a.attname,
               format_type(a.atttypid, a.atttypmod), a.attnotnull), ',' order by n.nspname, c.relname, a.attname), ''))
             from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
             where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm') and {OWN}),
  'history', (select format('%I.%I', n.nspname, c.relname)
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relname = '_prisma_migrations' order by n.nspname limit 1),
  'data', case when pg_has_role('pg_read_all_settings', 'member') then current_setting('data_directory') else '' end)
"""  # noqa: S608 - made of constants
_COUNTS = f"""
select coalesce(json_object_agg(t.name, t.n), '{{}}') from (
  select n.nspname || '.' || c.relname as name, (xpath('/row/n/text()', query_to_xml(
    format('select count(*) as n from %I.%I', n.nspname, c.relname), false, true, '')))[1]::text::bigint as n
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and {OWN}) t
"""  # noqa: S608 - made of constants


class Facts(Record, frozen=True):
    """A database as it is now. `rows` is the server's estimate; `objects` leaves extensions out."""

    version: str
    user: str
    oid: str
    size: int
    replica: bool
    tables: int
    rows: int
    objects: int
    schema: str
    """A digest of every table's columns."""
    history: str | None
    data: str


class Session(Record, frozen=True):
    """Somebody who is connected."""

    pid: int
    who: str
    state: str


class Work(Record, frozen=True):
    """What a session is in the middle of."""

    pid: int
    who: str
    seconds: int
    query: str

    @property
    def told(self) -> str:
        return f"{clean(self.who, 40)} (pid {self.pid}) for {self.seconds} s: {redact(clean(self.query, 160))}"


class Migration(Record, frozen=True):
    """A row of Prisma's history."""

    name: str
    state: str
    """applied, failed, rolled back."""
    at: datetime | None = None


class Contents(Record, frozen=True):
    """What a dump holds: tables in its list, and rows where it was read to its end."""

    tables: tuple[str, ...]
    rows: dict[str, int] | None = None
    database: str = ""
    """The one that it was taken of, by its own words."""
    archive: bool = True
    """Whether pg_restore reads it; a plain script is psql's."""


class TooLong(Unavailable):
    """A dump that is larger than there is time to read it, which says nothing against it."""


def is_beside(at: Where, found: Facts) -> bool:
    """Whether it is the empty database in which others are altered: what it holds tells nothing of those."""
    return at.database == "postgres" and not found.tables


async def facts(at: Where) -> Facts:
    """Raises Unavailable."""
    try:
        return msgspec.convert(await _json(at, _FACTS), Facts)
    except msgspec.ValidationError as wrong:
        raise Unavailable(f"{at.server} answered in an unexpected form: {clean(str(wrong), 200)}.") from None


async def counts(at: Where) -> dict[str, int]:
    """The exact number of rows of every table. Raises Unavailable, also where counting takes too long."""
    found: dict[str, int] = await _json(at, _COUNTS, limit=COUNTING)
    return found


async def databases(at: Where) -> dict[str, int]:
    """Every database of the server with its size, asked in `postgres`. Raises Unavailable."""
    sql = """select json_object_agg(datname, case when has_database_privilege(datname, 'connect')
             then pg_database_size(datname) else 0 end) from pg_database"""
    found: dict[str, int] = await _json(at.other("postgres"), sql)
    return found


async def sessions(at: Where, database: str) -> tuple[Session, ...]:
    """Who is connected to a database of the server. Raises Unavailable."""
    sql = f"""select coalesce(json_agg(json_build_object('pid', pid, 'who', coalesce(nullif(application_name, ''),
              usename, 'unknown'), 'state', coalesce(state, ''))), '[]') from pg_stat_activity
              where datname = {quoted(database)} and pid <> pg_backend_pid()"""  # noqa: S608 - quoted
    return msgspec.convert(await _json(at.other("postgres"), sql), tuple[Session, ...])


async def under_way(at: Where) -> tuple[Work, ...]:
    """What PostgreSQL's own programs are changing in a database, or ask it just now. Raises Unavailable.

    A statement goes on in the server when its program is killed, and without a transaction around it, it is kept.
    """
    names = ", ".join(quoted(name) for name in ("psql", "pg_restore", at.env.get("PGAPPNAME") or "psql"))
    sql = f"""select coalesce(json_agg(json_build_object('pid', pid, 'who', application_name,
              'query', coalesce(query, ''),
              'seconds', coalesce(extract(epoch from clock_timestamp() - query_start)::int, 0))), '[]')
              from pg_stat_activity
              where datname = {quoted(at.database)} and pid <> pg_backend_pid() and application_name in ({names})
              and (state = 'active' or backend_xid is not null)"""  # noqa: S608 - quoted
    return msgspec.convert(await _json(at.other("postgres"), sql), tuple[Work, ...])


async def migrations(at: Where, history: str) -> tuple[Migration, ...]:
    """Prisma's history, oldest first. Raises Unavailable."""
    sql = f"""select coalesce(json_agg(json_build_object('name', migration_name, 'at',
              coalesce(finished_at, rolled_back_at, started_at), 'state', case when rolled_back_at is not null
              then 'rolled back' when finished_at is null then 'failed' else 'applied' end) order by started_at), '[]')
              from {history}"""  # noqa: S608 - quoted by the server with %I
    return msgspec.convert(await _json(at, sql), tuple[Migration, ...])


async def _json(at: Where, sql: str, limit: Seconds = STATEMENT) -> Any:
    """One value, read in a transaction that can change nothing."""
    ms = int(limit * 1000)
    feed = (
        f"begin transaction isolation level repeatable read read only; set local statement_timeout = {ms}; "
        f"set local lock_timeout = 1000; {sql};\nrollback;\n"
    )
    env = at.env | {"PGCONNECT_TIMEOUT": CONNECT, "PGAPPNAME": "warroom", "PGCLIENTENCODING": "UTF8", "LC_ALL": "C"}
    try:
        said = await bounded((*_PSQL, *_to(at)), Path("/"), env, limit + 10, feed=feed.encode())
    except OSError as broken:
        raise Unavailable(f"psql could not be run: {broken.strerror or broken}. Install PostgreSQL's client.") from None
    if said.exit is None:
        raise Unavailable(f"{at.server} gave no answer within {limit + 10:.0f} s.")
    if not said.ok:
        raise Unavailable(f"{clean(at.database, 80)} on {at.server}: {reason(said.err)}")
    try:
        return json.loads(said.out)
    except ValueError:
        raise Unavailable(f"{at.server} did not answer as PostgreSQL does.") from None


def _to(at: Where) -> tuple[str, ...]:
    """The database that the command names, in an argument: a service's file counts more than the environment."""
    pairs = []
    for name, value in at.named.items():
        escaped = re.sub(r"([\\'])", r"\\\1", value)
        pairs.append(f"{name}='{escaped}'")
    return ("-d", " ".join(pairs)) if at.named else ()


async def contents(dump: Path, env: dict[str, str], *, whole: bool) -> Contents:
    """What a dump holds. `whole`: read it to its end and count its rows. Raises Unavailable where it cannot be read.

    The list stands at a dump's beginning and is there in one that was cut off too; only reading all of it tells.
    """
    if not dump.exists():
        raise Unavailable(f"There is no {clean(str(dump), 200)}.")
    try:
        said = await bounded(("pg_restore", "--list", str(dump)), Path("/"), env | {"LC_ALL": "C"}, LISTING)
    except OSError as broken:
        raise Unavailable(f"pg_restore could not be run: {broken.strerror or broken}.") from None
    if said.exit is None:
        raise Unavailable(f"{dump.name} could not be listed within {LISTING:.0f} s.")
    if not said.ok and b"text format dump" in said.err:
        return await asyncio.to_thread(_plain, dump)
    if not said.ok:
        raise Unavailable(f"{dump.name} cannot be read as a dump: {reason(said.err)}")
    listed = said.out.decode("utf-8", "replace")
    taken = re.search(r"^;\s+dbname: (.+)$", listed, re.MULTILINE)
    found = re.findall(r"^\d+; \d+ \d+ TABLE DATA (\S+) (.+) \S+$", listed, re.MULTILINE)
    tables = tuple(f"{schema}.{name}" for schema, name in found)
    rows = await _rows(dump, env) if whole else None
    return Contents(tables=tables, rows=rows, database=taken[1] if taken else "")


async def _rows(dump: Path, env: dict[str, str]) -> dict[str, int]:
    """Reads the data of a dump to its end. Raises Unavailable where it was cut off or takes too long."""
    child = await asyncio.create_subprocess_exec(
        *("pg_restore", "--data-only", "--file=-", str(dump)),
        env=env | {"LC_ALL": "C"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None and child.stderr is not None
    errors = asyncio.create_task(child.stderr.read(65536))
    count = Rows()
    try:
        async with asyncio.timeout(READING):
            while piece := await child.stdout.read(1 << 18):
                await asyncio.to_thread(count.take, piece)
            await child.wait()
    except TimeoutError:
        raise TooLong(f"{dump.name} could not be read to its end within {READING:.0f} s.") from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode != 0:
        raise Unavailable(f"{dump.name} is cut off or damaged: {reason(await errors)}")
    return count.rows


class Rows:
    """Counts the rows of each table in the text of a dump, piece by piece."""

    _COPY = re.compile(rb'COPY ("(?:[^"]|"")*"|\w+)\.("(?:[^"]|"")*"|\w+) ')

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self._table = ""
        self._left = b""

    def take(self, piece: bytes) -> None:
        lines = (self._left + piece).split(b"\n")
        self._left = lines.pop()
        place = 0
        while place < len(lines):
            if self._table:
                try:
                    end = lines.index(rb"\.", place)
                except ValueError:
                    self.rows[self._table] += len(lines) - place
                    return
                self.rows[self._table] += end - place
                self._table, place = "", end
            elif found := self._COPY.match(lines[place]):
                self._table = ".".join(part.decode("utf-8", "replace").strip('"') for part in found.groups())
                self.rows.setdefault(self._table, 0)
            place += 1


def _plain(dump: Path) -> Contents:
    """A plain script: whole when its last lines say so."""
    size = dump.stat().st_size
    count = Rows()
    with dump.open("rb") as file:
        tail = os.pread(file.fileno(), 400, max(0, size - 400))
        while piece := file.read(1 << 20):
            count.take(piece)
    if b"database dump complete" not in tail:
        raise Unavailable(f"{dump.name} does not end as a dump does: it was cut off.")
    return Contents(tables=tuple(count.rows), rows=count.rows, archive=False)


def stamp(dump: Path) -> str:
    """What tells a dump that was written anew from the one that lay there before; empty where there is none."""
    try:
        told = (dump / "toc.dat" if dump.is_dir() else dump).stat()
    except OSError:
        return ""
    return f"{told.st_ino} {told.st_size} {told.st_mtime_ns}"


def bytes_of(dump: Path) -> int:
    """The size of a dump, which may be a directory of files; 0 where there is none."""
    files = dump.rglob("*") if dump.is_dir() else (dump,)
    return sum(file.stat().st_size for file in files if file.is_file())


def room(folder: str | Path) -> int | None:
    """Free bytes of the disk that a folder lies on; None where it cannot be looked at."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def quoted(text: str) -> str:
    """A literal of SQL."""
    return (
        "'" + text.replace("'", "''") + "'"
        if "\\" not in text
        else "E'" + text.replace("\\", r"\\").replace("'", "''") + "'"
    )


def size(number: float) -> str:
    """`1.2 GB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 10 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def reason(errors: bytes) -> str:
    """The client's own words about a failure, without its name in front of them."""
    lines = [clean(line, 300).strip() for line in errors.splitlines()]
    said = next((line for line in lines if line), "it failed without a word")
    return redact(re.sub(r"^(psql|pg_\w+|createdb|dropdb)(:\S*)*: (error: )?", "", said))
