"""Whether a command on a PostgreSQL database took effect: asked of the server and the dump, not of an exit code."""

from __future__ import annotations

import json

from runbook.logs.clean import clean
from runbook.providers import pg_ask as ask
from runbook.providers.pg_orders import Order
from runbook.providers.pg_where import Where
from runbook.providers.provider import Proof, Unavailable


async def proof(order: Order, expected: dict[str, str]) -> Proof:
    """What the world says after an order; `ok` is None where it cannot tell."""
    if order.at is None or order.at.refused:
        return Proof(ok=None, line="Which database it acted on is not known here.")
    known = {part: expected[order.key(part)] for part in _PARTS if order.key(part) in expected}
    try:
        return await _PROOFS[order.kind](order, order.at, known)
    except Unavailable as silent:
        return Proof(ok=None, line=f"Whether it worked is not known: {silent}")


_PARTS = ("oid", "file", "tables", "rows", "objects", "schema", "template", "names")


async def untouched(order: Order, expected: dict[str, str]) -> bool | None:
    """Whether everything is still as before: nothing of the order has happened. None where that is not sure."""
    if order.at is None:
        return None
    known = {part: expected[order.key(part)] for part in _PARTS if order.key(part) in expected}
    try:
        return await _BEFORE[order.kind](order, order.at, known)
    except Unavailable:
        return None


async def under_way(order: Order) -> tuple[str, ...]:
    """What is still at work in a database that an order changes: nobody can say yet what comes of it."""
    if order.at is None or order.at.refused or order.kind not in ("script", "restore"):
        return ()
    try:
        there = await ask.under_way(order.at)
    except Unavailable:
        return ()  # the proof says that the server does not answer
    name = clean(order.at.database, 80)
    return tuple(f"Still at work in {name}, also without its client: {work.told}. Wait for its end." for work in there)


async def _no_dump(order: Order, at: Where, known: dict[str, str]) -> bool | None:
    if order.file is None:
        return False
    return not order.file.exists() or ("file" in known and ask.stamp(order.file) == known["file"])


async def _still_empty(order: Order, at: Where, known: dict[str, str]) -> bool | None:
    return True if known.get("objects") == "0" and not (await ask.facts(at)).objects else None


async def _same_names(order: Order, at: Where, known: dict[str, str]) -> bool | None:
    work, there = order.script, await ask.databases(at)
    only_names = work is not None and len(work.renames) == len(work.changing)
    return known.get("names") == json.dumps(sorted(there)) if only_names else None


async def _not_made(order: Order, at: Where, known: dict[str, str]) -> bool | None:
    return order.name not in await ask.databases(at)


async def _not_dropped(order: Order, at: Where, known: dict[str, str]) -> bool | None:
    return order.name in await ask.databases(at)


async def _dump(order: Order, at: Where, known: dict[str, str]) -> Proof:
    if order.file is None:
        return Proof(ok=None, line="Whether the dump is whole was not looked at: its file is not named in the command.")
    if known.get("file") and ask.stamp(order.file) == known["file"]:
        return Proof(ok=False, line=f"{order.file.name} is the one that was there before: no dump was written.")
    try:
        holds = await ask.contents(order.file, at.env, whole=True)
    except ask.TooLong as large:
        return Proof(ok=None, line=f"Whether the dump is whole is not known: {large}")
    except Unavailable as broken:
        return Proof(ok=False, line=str(broken))
    rows = sum((holds.rows or {}).values())
    said = f"{order.file.name} was read to its end: {len(holds.tables)} tables, {rows:,} rows"
    if not order.partial and known.get("tables", "0").isdigit() and len(holds.tables) < int(known.get("tables", "0")):
        return await _missing(order, at, holds, said)
    return Proof(ok=True, line=f"{said}.")


async def _missing(order: Order, at: Where, holds: ask.Contents, said: str) -> Proof:
    """A partitioned table has no data of its own, so only tables that hold rows are missed."""
    missed = sorted(set(await ask.counts(at)) - set(holds.tables))
    if not missed:
        return Proof(ok=True, line=f"{said}.")
    return Proof(ok=False, line=f"{said}, but not {clean(', '.join(missed[:5]), 200)}.")


async def _restore(order: Order, at: Where, known: dict[str, str]) -> Proof:
    wanted: dict[str, int] = json.loads(known.get("rows", "{}"))
    tables: list[str] = json.loads(known.get("tables", "[]"))
    if order.said.has("-C", "--create") or not tables:
        return Proof(ok=None, line="What it restored was not counted.")
    there = await ask.counts(at)
    name = clean(at.database, 80)
    if not order.partial and (missed := sorted(set(tables) - set(there))):
        return Proof(ok=False, line=f"{name} lacks {clean(', '.join(missed[:5]), 200)}, which the dump holds.")
    if not wanted or order.said.has("-a", "--data-only"):
        return Proof(ok=None, line=f"{name} has {len(there)} tables, {sum(there.values()):,} rows; not compared.")
    wrong = [f"{table}: {there[table]:,} instead of {rows:,}" for table, rows in wanted.items() if there[table] != rows]
    if wrong:
        return Proof(ok=False, line=f"{name} differs from the dump: {clean('; '.join(wrong[:5]), 300)}.")
    return Proof(ok=True, line=f"{name} has every table and every row of the dump: {sum(wanted.values()):,} rows.")


async def _script(order: Order, at: Where, known: dict[str, str]) -> Proof:
    work = order.script
    if work is not None and (work.renames or work.creates or work.drops):
        there = set(await ask.databases(at))
        names = set(json.loads(known["names"])) if "names" in known else None
        return _renamed(order, there, names)
    found = await ask.facts(at)
    if known.get("schema") is None:
        return Proof(ok=None, line=f"{clean(at.database, 80)}: {found.tables} tables, about {found.rows:,} rows.")
    changed = found.schema != known["schema"]
    if ask.is_beside(at, found) and not changed:
        return Proof(ok=None, line="It was given in postgres, which is as before; of others its exit code alone tells.")
    return Proof(
        ok=None,
        line=f"{clean(at.database, 80)}: tables and columns {'have changed' if changed else 'are as before'}, "
        f"{known.get('tables', '?')} tables before, {found.tables} now.",
    )


def _renamed(order: Order, there: set[str], before: set[str] | None) -> Proof:
    work = order.script
    assert work is not None
    names = set(before if before is not None else there)
    for old, new in work.renames:
        names = (names - {old}) | {new}
    names = (names | set(work.creates)) - set(work.drops)
    about = {name for pair in work.renames for name in pair} | set(work.creates) | set(work.drops)
    wrong = sorted((names ^ there) & about)
    if wrong:
        return Proof(ok=False, line=f"The databases are not called as ordered: look at {clean(', '.join(wrong), 200)}.")
    listed = ", ".join(sorted(about & there)) or "none of them"
    return Proof(ok=True, line=f"Of those named there are now: {clean(listed, 200)}.")


async def _create(order: Order, at: Where, known: dict[str, str]) -> Proof:
    name = clean(order.name, 80)
    if order.name not in await ask.databases(at):
        return Proof(ok=False, line=f"There is no database {name} on {at.server}.")
    template = known.get("template", "")
    if not template or template.startswith("template"):
        return Proof(ok=True, line=f"{name} is there.")
    original, copy = await ask.counts(at.other(template)), await ask.counts(at.other(order.name))
    same = original == copy
    said = f"{name} has {len(copy)} tables, {sum(copy.values()):,} rows"
    if same:
        return Proof(ok=True, line=f"{said}, as {clean(template, 80)} has.")
    return Proof(ok=None, line=f"{said}; {clean(template, 80)} has {sum(original.values()):,} rows now.")


async def _drop(order: Order, at: Where, known: dict[str, str]) -> Proof:
    there = order.name in await ask.databases(at)
    return Proof(ok=not there, line=f"{clean(order.name, 80)} is {'still there' if there else 'gone'}.")


_PROOFS = {"dump": _dump, "restore": _restore, "script": _script, "create": _create, "drop": _drop}
_BEFORE = {
    "dump": _no_dump,
    "restore": _still_empty,
    "script": _same_names,
    "create": _not_made,
    "drop": _not_dropped,
}
