"""What a command would do to a PostgreSQL database, asked just before: what is there, and what is in the way."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from runbook.logs.clean import clean, redact
from runbook.model import Record
from runbook.providers import pg_ask as ask
from runbook.providers.needs import CheckLine
from runbook.providers.pg_orders import Order
from runbook.providers.pg_where import Where
from runbook.providers.provider import Preview, Unavailable

READ_WHOLE = 256 << 20
"""A dump up to this size is read to its end before it is restored; a larger one is only listed."""
_SHOWN = 3


class Seen(Record, frozen=True):
    """What is told about one order."""

    lines: tuple[str, ...] = ()
    expected: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    already: str = ""
    way_back: str = ""
    checks: tuple[CheckLine, ...] = ()


async def preview(order: Order) -> Preview:
    """Lines, what is relied on, and what is in the way; a server that does not answer stands among the checks."""
    at = order.at
    if at is None:
        return Preview(warnings=("Which database it acts on is decided only when it runs.",))
    if at.refused:
        return Preview(
            blocked=f"PostgreSQL's programs refuse `{clean(at.refused, 40)}` in an address: it is Prisma's own word. "
            f"Leave it out, as in ${{DATABASE_URL%%\\?*}}, or give host, user and database each by itself."
        )
    try:
        seen = await _LOOKS[order.kind](order, at)
    except Unavailable as silent:
        title = f"{clean(at.database, 80)} on {at.server} can be asked"
        return Preview(checks=(CheckLine(title=title, ok=None, found=str(silent), mend=mend(str(silent))),))
    return Preview(
        lines=seen.lines,
        expected={order.key(part): value for part, value in seen.expected.items()},
        warnings=seen.warnings,
        blocked=" ".join(seen.blocked),
        already=seen.already,
        way_back=seen.way_back,
        checks=seen.checks,
    )


def mend(why: str) -> str:
    """What to do about a server that does not let one in."""
    said = why.lower()
    if "password" in said:
        return "Put the right password into ~/.pgpass (mode 0600) or PGPASSWORD."
    if "does not exist" in said:
        return "Look at the name of the database and of the user."
    if "refused" in said or "no such file" in said or "timeout" in said or "translate host" in said:
        return "Look at host and port, and whether the server runs."
    return ""


# ── what is there ─────────────────────────────────────────────────────────────────────────────────


async def about(at: Where) -> tuple[ask.Facts, tuple[str, ...]]:
    """A database's facts, and the lines that tell them. Raises Unavailable."""
    found = await ask.facts(at)
    there = await ask.sessions(at, at.database)
    name = clean(at.database, 80)
    lines = [
        f"{name} on {at.server} as {clean(found.user, 60)} (PostgreSQL {clean(found.version, 20)}): "
        f"{ask.size(found.size)}, {_number(found.tables, 'table')}, about {found.rows:,} rows",
        f"connected to {name}: {_number(len(there), 'session')}{_who(there)}",
    ]
    if found.history:
        try:
            past = await ask.migrations(at, found.history)
        except Unavailable:
            past = ()
        if past:
            lines.append(f"last migration: {clean(past[-1].name, 120)} ({past[-1].state})")
    return found, tuple(lines)


def _who(there: tuple[ask.Session, ...]) -> str:
    names = list(dict.fromkeys(clean(one.who, 40) for one in there))
    return f" ({', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''})" if names else ""


async def _alone(at: Where) -> tuple[CheckLine, ...]:
    """That nobody else is at work in it, such as the same script whose program was killed; nothing while that is so."""
    return tuple(
        CheckLine(
            title=f"nothing else is at work in {clean(at.database, 80)}",
            ok=False,
            found=work.told,
            mend=f"Wait until it has ended, or end it: select pg_terminate_backend({work.pid}). Then look again.",
        )
        for work in await ask.under_way(at)
    )


def _free(found: ask.Facts, at: Where) -> int | None:
    return ask.room(found.data) if found.data and at.is_here else None


# ── each kind of order ────────────────────────────────────────────────────────────────────────────


async def _dump(order: Order, at: Where) -> Seen:
    found, lines = await about(at)
    expected = {"oid": found.oid, "tables": str(found.tables)}
    expected |= {"file": ask.stamp(order.file)} if order.file is not None else {}
    if order.file is None:
        return Seen(
            lines=lines, expected=expected, warnings=("Its file is named by a redirection: see that it is new.",)
        )
    folder, blocked, warnings = order.file.parent, list[str](), list[str]()
    free = ask.room(folder)
    if free is None:
        blocked.append(f"There is no folder {clean(str(folder), 200)} to put the dump into.")
    else:
        lines += (f"into {clean(str(order.file), 200)}: {ask.size(free)} are free there",)
        if free < found.size // 4:
            warnings.append("The disk has less room than a quarter of the database's size: the dump may not fit.")
    if order.file.is_dir() and expected["file"]:
        blocked.append(f"{order.file.name} is a folder with a dump in it already: pg_dump refuses it.")
    elif order.file.exists():
        warnings.append(f"{order.file.name} is there already, and is replaced.")
    if order.partial:
        warnings.append("It takes a part of the database only: no way back for the rest.")
    return Seen(lines=lines, expected=expected, blocked=tuple(blocked), warnings=tuple(warnings))


async def _restore(order: Order, at: Where) -> Seen:
    if order.file is None:
        return Seen(blocked=("The file of the dump is named only when it runs: name it in the command.",))
    try:
        holds, large = await _held(order.file, at)
    except Unavailable as broken:
        return Seen(blocked=(f"{broken} Nothing can be restored from it.",))
    if not holds.archive:
        return Seen(blocked=(f"{order.file.name} is a plain script: psql -f carries it out, pg_restore does not.",))
    rows = f", {sum(holds.rows.values()):,} rows" if holds.rows is not None else ""
    told = f"{order.file.name} holds {_number(len(holds.tables), 'table')}{rows}"
    expected = {"tables": json.dumps(holds.tables)}
    expected |= {"rows": json.dumps(holds.rows)} if holds.rows is not None and not order.partial else {}
    warnings, blocked = list[str](), list[str]()
    if large:
        warnings.append(
            "The dump is large: its list was read, its data was not. A cut-off end shows only on restoring."
        )
    if order.said.has("-C", "--create"):
        return await _made_anew(order, at, holds, told, warnings)
    found, lines = await about(at)
    expected |= {"oid": found.oid, "objects": str(found.objects)}
    free = _free(found, at)
    if free is not None:
        lines += (f"{ask.size(free)} are free on the server's disk",)
        if free < 3 * ask.bytes_of(order.file):
            warnings.append("The server's disk has less than three times the dump's size free: it may not fit.")
    name = clean(at.database, 80)
    if found.objects and not order.cleans and not order.said.has("-a", "--data-only"):
        blocked.append(
            f"{name} is not empty ({_number(found.tables, 'table')}, about {found.rows:,} rows): restoring into it "
            "fails half-way or mixes old and new rows. Restore into a new database, then switch by renaming."
        )
    if found.replica:
        blocked.append(f"{name} takes no changes: it is a replica or set to read only. Name the primary.")
    if found.objects and order.cleans:
        warnings.append(f"It drops the tables of {name} that the dump holds: their rows of now are gone.")
    if not order.one_transaction:
        warnings.append("Without --single-transaction an error leaves a half-restored database.")
    return Seen(
        lines=(*lines, told),
        expected=expected,
        warnings=tuple(warnings),
        blocked=tuple(blocked),
        way_back="" if found.objects else f"drop {name}: it was empty before",
        checks=await _alone(at),
    )


async def _made_anew(order: Order, at: Where, holds: ask.Contents, told: str, warnings: list[str]) -> Seen:
    """With --create the dump's own database is made, and with --clean the one of that name is dropped first."""
    there, name = await ask.databases(at), clean(holds.database or "the one that the dump names", 80)
    lines, blocked = [told, f"makes the database {name} on {at.server}, whatever stands after -d"], list[str]()
    if holds.database in there and order.cleans:
        lines.append(f"drops {name} first: {ask.size(there[holds.database])}")
        blocked += await _sessions(at, holds.database, "dropped")
        warnings.append(f"What is in {name} now is gone: only another dump brings it back.")
    elif holds.database in there:
        blocked.append(f"There is a database {name} already: it would go on in that one, and mix old and new rows.")
    return Seen(lines=tuple(lines), warnings=tuple(warnings), blocked=tuple(blocked))


async def _held(file: Path, at: Where) -> tuple[ask.Contents, bool]:
    """What a dump holds, and whether it is too large to be read to its end first. Raises Unavailable."""
    if ask.bytes_of(file) <= READ_WHOLE:
        with contextlib.suppress(ask.TooLong):
            return await ask.contents(file, at.env, whole=True), False
    return await ask.contents(file, at.env, whole=False), True


async def _script(order: Order, at: Where) -> Seen:
    if order.unread and order.file is not None and not (order.script and order.script.statements):
        return Seen(blocked=(order.unread,))
    found, lines = await about(at)
    work = order.script
    expected = {"oid": found.oid, "schema": found.schema, "tables": str(found.tables)}
    if work is None or not work.changing:
        return Seen(lines=lines, expected=expected, warnings=(order.unread,) if order.unread else ())
    lines += (work.told, *(f"loses data: {redact(clean(one, 160))}" for one in work.losing[:_SHOWN]))
    warnings = [order.unread] if order.unread else []
    blocked = list[str]()
    if found.replica:
        blocked.append(f"{clean(at.database, 80)} takes no changes: it is a replica or set to read only.")
    if work.connects:
        goals = clean(", ".join(work.connects[:_SHOWN]), 160)
        warnings.append(
            f"It goes on in another database ({goals}): what is told here is of {clean(at.database, 80)} only."
        )
    sets = " ".join(value or "" for value in order.said.every("-v", "--set", "--variable"))
    if len(work.statements) > 1 and "ON_ERROR_STOP" not in sets:
        warnings.append("Without -v ON_ERROR_STOP=1 psql goes on after an error and still ends with 0.")
    if len(work.changing) > 1 and not order.one_transaction:
        warnings.append("Without --single-transaction an error leaves the statements before it in place.")
    if work.renames or work.drops or work.creates:
        on_server = await _named(order, at)
        return Seen(
            lines=(*lines, *on_server.lines),
            expected=expected | on_server.expected,
            warnings=(*warnings, *on_server.warnings),
            blocked=(*blocked, *on_server.blocked),
            way_back=on_server.way_back,
        )
    return Seen(
        lines=lines, expected=expected, warnings=tuple(warnings), blocked=tuple(blocked), checks=await _alone(at)
    )


async def _named(order: Order, at: Where) -> Seen:
    """Databases renamed, dropped or made by statements: names, sessions in the way."""
    work = order.script
    assert work is not None
    there = await ask.databases(at)
    names, lines, blocked = set(there), list[str](), list[str]()
    for before, after in work.renames:
        if before not in names:
            blocked.append(f"There is no database {clean(before, 80)} to rename.")
        elif after in names:
            blocked.append(f"There is a database {clean(after, 80)} already: nothing can be renamed to it.")
        names = (names - {before}) | {after}
        lines.append(f"{clean(before, 80)} ({ask.size(there.get(before, 0))}) is called {clean(after, 80)} afterwards")
        blocked += await _sessions(at, before, "renamed") if before in there and not work.ends_sessions else []
    for gone in work.drops:
        if gone in there:
            lines.append(f"drops {clean(gone, 80)}: {ask.size(there[gone])}")
            blocked += await _sessions(at, gone, "dropped") if not work.ends_sessions else []
    blocked += [f"There is a database {clean(new, 80)} already." for new in work.creates if new in there]
    back = "; ".join(f"rename {after} to {before}" for before, after in reversed(work.renames))
    return Seen(
        lines=tuple(lines), blocked=tuple(blocked), expected={"names": json.dumps(sorted(there))}, way_back=clean(back)
    )


async def _sessions(at: Where, database: str, done: str) -> list[str]:
    there = await ask.sessions(at, database)
    if not there:
        return []
    return [
        f"{clean(database, 80)} has {_number(len(there), 'session')}{_who(there)}: a database with sessions cannot be "
        f"{done}. Close it to new ones and end these first."
    ]


async def _create(order: Order, at: Where) -> Seen:
    there = await ask.databases(at)
    template = order.said.last("-T", "--template") or ""
    name = clean(order.name, 80)
    lines = [f"{name} on {at.server}: a new database"]
    blocked = [f"There is a database {name} already ({ask.size(there[order.name])})."] if order.name in there else []
    expected = {"template": template}
    if template and not template.startswith("template"):
        if template not in there:
            blocked.append(f"There is no database {clean(template, 80)} to copy.")
        else:
            found, told = await about(at.other(template))
            free = _free(found, at)
            lines += [f"a copy of {told[0]}", *([f"{ask.size(free)} are free on the server's disk"] if free else [])]
            blocked += await _sessions(at, template, "copied")
            if free is not None and free < there[template]:
                blocked.append(f"The server's disk has {ask.size(free)} free, and the copy needs more.")
    return Seen(lines=tuple(lines), expected=expected, blocked=tuple(blocked), way_back=f"drop {name} again")


async def _drop(order: Order, at: Where) -> Seen:
    there = await ask.databases(at)
    name = clean(order.name, 80)
    if order.name not in there:
        return Seen(already=f"There is no database {name} on {at.server}.")
    _, lines = await about(at.other(order.name))
    blocked = [] if order.said.has("-f", "--force") else await _sessions(at, order.name, "dropped")
    return Seen(
        lines=lines, blocked=tuple(blocked), warnings=(f"{name} is gone afterwards: only a dump brings it back.",)
    )


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


_LOOKS = {"dump": _dump, "restore": _restore, "script": _script, "create": _create, "drop": _drop}
