"""Prisma's migrations on PostgreSQL: what `migrate resolve` and `migrate deploy` do, by its own history table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from runbook.logs.clean import clean
from runbook.model import Record
from runbook.providers import pg_ask as ask
from runbook.providers import pg_preview
from runbook.providers.calls import Arguments, Call, calls
from runbook.providers.needs import CheckLine
from runbook.providers.pg_where import Where, at_address
from runbook.providers.postgres import Postgres
from runbook.providers.provider import Failure, Place, Preview, Proof, Standing, Target, Unavailable

_MEANT: tuple[tuple[str, str], ...] = (
    (r"\bP3012\b", "Prisma refuses (P3012): it was not left failed, and only a failed migration can be marked."),
    (
        r"\bP3009\b",
        "Prisma refuses (P3009): an earlier migration failed and is not settled. `prisma migrate status` names it.",
    ),
    (
        r"\bP3018\b[\s\S]*?Migration name: (\S+)|\bwith migration_name=\"([^\"]+)\"|\bP3018\b",
        "{0} broke off half-way: what of it took effect stays, and no other runs until it is settled.",
    ),
    (r"\b(?:P1001|P1002)\b", "The database of DATABASE_URL did not answer. Look at its address, and whether it runs."),
    (r"\b(?:P1000|P1010)\b", "The database of DATABASE_URL refuses user or password."),
)
_UNASKED = (
    "Not looked into: no DATABASE_URL of a PostgreSQL is known here. Prisma may read one from an .env file: look which "
    "database that is."
)
_NO_FOLDER = "the folder of the migrations is not where it was looked for, beside the schema."


class _Order(Record, frozen=True):
    deploys: bool
    migration: str
    """The one to be marked as rolled back; empty for another order."""
    at: Where
    folder: Path | None
    """Of the migrations; None where it cannot be told."""


class Prisma(Postgres):
    """`prisma migrate resolve --rolled-back` and `prisma migrate deploy`."""

    name = "prisma"

    def concerns(self, text: str) -> bool:
        """Whether prisma is called by name."""
        return any(call.program == "prisma" for call in calls(text, {}))

    def orders(self, text: str) -> bool:
        """Not where something signs it in: only that knows its DATABASE_URL."""
        return any(call.program == "prisma" and not call.through for call in calls(text, {}))

    async def targets_of(self, text: str, value: str, at: Place) -> tuple[Target, ...]:
        """The migrations of the history, newest first. Raises Unavailable."""
        for order in _orders(text, at):
            if order.migration == value:
                return tuple(Target(value=m.name, title=m.name, at=m.at, detail=m.state) for m in await _past(order))[
                    ::-1
                ]
        return ()

    async def standing(self, text: str, at: Place) -> Standing | None:
        """None: how the database stands, PostgreSQL's own commands tell."""
        return None

    async def preview(self, text: str, at: Place) -> Preview:
        """What the history says, and in plain words what the order does and does not."""
        for order in _orders(text, at):
            try:
                _, lines = await pg_preview.about(order.at)
                states = {one.name: one.state for one in await _past(order)}
            except Unavailable as silent:
                title = "the database of DATABASE_URL can be asked"
                return Preview(
                    checks=(CheckLine(title=title, ok=None, found=str(silent), mend=pg_preview.mend(str(silent))),)
                )
            return _deploy(order, lines, states) if order.deploys else _mark(order, lines, states)
        return Preview(warnings=(_UNASKED,)) if any(_ordered(text, at)) else Preview()

    async def failure(self, text: str, output: str, at: Place) -> Failure | None:
        """Why Prisma refused or broke off, in its own terms; else in the server's."""
        for pattern, why in _MEANT:
            if found := re.search(pattern, output):
                name = next((clean(group, 120) for group in found.groups() if group), "A migration")
                return Failure(why=why.format(name))
        return await super().failure(text, output, at)

    async def moved(self, text: str, expected: dict[str, str], at: Place) -> str:
        """Nothing: Prisma itself takes a lock and refuses what does not fit its history."""
        return ""

    async def proof(self, text: str, expected: dict[str, str], at: Place) -> Proof | None:
        """What the history says afterwards."""
        for order in _orders(text, at):
            try:
                states = {one.name: one.state for one in await _past(order)}
            except Unavailable as silent:
                return Proof(ok=None, line=f"Whether it worked is not known: {silent}")
            if order.deploys:
                left = _pending(order, states)
                failed = [name for name, state in states.items() if state == "failed"]
                if left is None and not failed:
                    return Proof(ok=None, line=f"Whether every migration is applied is not known: {_NO_FOLDER}")
                left = left or []
                said = f"not applied: {', '.join(left + failed)}" if left or failed else "every migration is applied"
                return Proof(ok=not left and not failed, line=f"{said[0].upper()}{clean(said[1:], 300)}.")
            state = states.get(order.migration, "not in the history")
            marked = state == "rolled back"
            said = (
                "marked as rolled back in the history; the database is as it was"
                if marked
                else f"{state} in the history"
            )
            return Proof(ok=marked, line=f"{clean(order.migration, 120)} is {said}.")
        return None

    async def evidence(self, text: str, expected: dict[str, str], at: Place) -> tuple[str, ...]:
        """What the history says."""
        told = await self.proof(text, expected, at)
        return (told.line,) if told else ()

    async def took_effect(self, text: str, expected: dict[str, str], at: Place) -> bool | None:
        """True where the history says so; a half-run migration is never called undone."""
        told = await self.proof(text, expected, at)
        return True if told and told.ok else None


def _mark(order: _Order, lines: tuple[str, ...], states: dict[str, str]) -> Preview:
    name, state = clean(order.migration, 120), states.get(order.migration, "")
    blocked = {
        "": f"The history has no migration {name}.",
        "applied": f"{name} was applied: Prisma refuses to mark it (P3012), and marking would undo nothing. "
        "It is taken back by a restored dump, a new forward migration or a reviewed down script.",
    }.get(state, "")
    return Preview(
        lines=(*lines, f"marks {name} ({state or 'unknown'}) as rolled back in the history"),
        warnings=("This is bookkeeping: it undoes nothing in the database, and the next deploy applies it again.",),
        blocked=blocked,
        already=f"{name} is marked as rolled back already." if state == "rolled back" else "",
    )


def _deploy(order: _Order, lines: tuple[str, ...], states: dict[str, str]) -> Preview:
    left = _pending(order, states)
    failed = [name for name, state in states.items() if state == "failed"]
    again = [name for name in left or () if states.get(name) == "rolled back"]
    warnings = [f"Applied once more: {clean(', '.join(again), 200)}, marked as rolled back before."] if again else []
    if left is None:
        warnings.append(f"What it applies is not known: {_NO_FOLDER}")
    return Preview(
        lines=lines if left is None else (*lines, f"applies: {clean(', '.join(left), 300) or 'nothing'}"),
        warnings=tuple(warnings),
        blocked=f"{clean(failed[0], 120)} failed and is not settled: deploy refuses (P3009)." if failed else "",
        already="" if left is None or left or failed else "Every migration is applied.",
    )


def _pending(order: _Order, states: dict[str, str]) -> list[str] | None:
    """What is still to be applied; None where its migrations are not found."""
    if order.folder is None or not order.folder.is_dir():
        return None
    found = sorted(path.parent.name for path in order.folder.glob("*/migration.sql"))
    return [name for name in found if states.get(name, "rolled back") == "rolled back"]


async def _past(order: _Order) -> tuple[ask.Migration, ...]:
    history = (await ask.facts(order.at)).history
    return await ask.migrations(order.at, history) if history else ()


def _orders(text: str, at: Place) -> Iterator[_Order]:
    for call, said in _ordered(text, at):
        url = call.environment(at.env).get("DATABASE_URL", "")
        if not call.unclear and url.startswith(("postgres://", "postgresql://")):
            folder = _migrations(said.option("--schema"), Path(at.cwd, call.directory))
            marked = said.option("--rolled-back") or ""
            yield _Order(deploys=not marked, migration=marked, at=at_address(url, at.env), folder=folder)


def _ordered(text: str, at: Place) -> Iterator[tuple[Call, Arguments]]:
    for call in calls(text, at.env | at.variables):
        said = call.split("--rolled-back --applied --schema --config")
        marks = said.plain[:2] == ("migrate", "resolve") and said.option("--rolled-back")
        if call.program == "prisma" and not call.through and (marks or said.plain[:2] == ("migrate", "deploy")):
            yield call, said


def _migrations(schema: str | None, cwd: Path) -> Path | None:
    """The migrations lie beside the schema, wherever call or package.json say that it is."""
    if schema is None:
        return None
    try:
        package = json.loads((cwd / "package.json").read_bytes())
    except (OSError, ValueError):
        package = {}
    own = package.get("prisma") if isinstance(package, dict) else None
    named = schema or (own.get("schema") if isinstance(own, dict) else None)
    places = (named,) if isinstance(named, str) else ("prisma/schema.prisma", "schema.prisma")
    place = next((found for one in places if (found := cwd / one).exists()), cwd / places[0])
    return (place if place.is_dir() else place.parent) / "migrations"
