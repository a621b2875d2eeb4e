"""PostgreSQL: dumps, restores, scripts, databases made, renamed and dropped. Asks read-only, changes nothing."""

from __future__ import annotations

import re

from runbook.logs.clean import clean
from runbook.model import Remedy
from runbook.providers import pg_after, pg_preview
from runbook.providers import pg_ask as ask
from runbook.providers.calls import calls
from runbook.providers.pg_failure import meaning
from runbook.providers.pg_orders import PROGRAMS, Order, orders
from runbook.providers.provider import Failure, Place, Preview, Proof, Standing, Target, Unavailable, as_one

_BY_POSTGRES = re.compile(r"^(?:psql|pg_\w+|createdb|dropdb)\S*: |\b(?:FATAL|ERROR):  ", re.MULTILINE)
"""How server and programs begin a line: `Permission denied` alone may be anybody's word."""


class Postgres:
    """What `pg_dump`, `pg_restore`, `psql`, `createdb` and `dropdb` act on."""

    name = "postgres"

    def concerns(self, text: str) -> bool:
        """Whether one of PostgreSQL's programs is called by name."""
        return any(call.program in PROGRAMS for call in calls(text, {}))

    def orders(self, text: str) -> bool:
        """Every one of its commands is looked into."""
        return self.concerns(text)

    async def targets(self, kind: str, on: str) -> tuple[Target, ...]:
        """None: no kind of value is a database's."""
        return ()

    async def targets_of(self, text: str, value: str, at: Place) -> tuple[Target, ...]:
        """The databases of the server, where the text names one by the value. Raises Unavailable."""
        for order in orders(text, at):
            if order.at is not None and value in (order.at.database, order.name) and order.kind != "create":
                there = await ask.databases(order.at)
                return tuple(Target(value=name, title=name, detail=ask.size(there[name])) for name in sorted(there))
        return ()

    async def check_value(self, kind: str, value: str, on: str) -> str:
        """Nothing: whether a database is there is asked when its command is shown."""
        return ""

    async def standing(self, text: str, at: Place) -> Standing | None:
        """Whether the server answers, and what changed the schema last."""
        for order in orders(text, at):
            # A new database is ordered in the one beside it, which tells nothing of the one that is meant.
            if order.at is None or order.at.refused or order.kind == "create":
                continue
            try:
                found = await ask.facts(order.at)
                past = await ask.migrations(order.at, found.history) if found.history else ()
            except Unavailable as silent:
                absent = f'database "{order.at.database}" does not exist' in str(silent)
                return Standing(ok=None, line=str(silent), mend=pg_preview.mend(str(silent)), absent=absent)
            last = past[-1] if past else None
            told = f"; last migration {clean(last.name, 80)} ({last.state})" if last else ""
            holds = (
                f"{clean(order.at.database, 80)} on {order.at.server}: {ask.size(found.size)}, {found.tables} tables"
            )
            if ask.is_beside(order.at, found):
                holds = f"the server answers: {order.at.server}"
            return Standing(
                ok=not found.replica,
                line=f"{holds}{told}",
                mend="Name the primary: this server takes no changes." if found.replica else "",
                schema_at=last.at if last else None,
                schema=last.name if last else "",
            )
        return None

    def safer(self, text: str, expected: dict[str, str]) -> tuple[str, str]:
        """Unchanged: what a command lacks, its warnings say."""
        return text, ""

    async def preview(self, text: str, at: Place) -> Preview:
        """Which server and database, what is in it, what is in the way."""
        seen = [await pg_preview.preview(order) for order in orders(text, at)]
        return Preview(
            lines=tuple(dict.fromkeys(line for one in seen for line in one.lines)),
            expected={key: value for one in seen for key, value in one.expected.items()},
            warnings=tuple(dict.fromkeys(line for one in seen for line in one.warnings)),
            blocked=" ".join(dict.fromkeys(one.blocked for one in seen if one.blocked)),
            already=" ".join(one.already for one in seen) if seen and all(one.already for one in seen) else "",
            way_back="; ".join(one.way_back for one in seen if one.way_back),
            checks=tuple(line for one in seen for line in one.checks),
        )

    async def moved(self, text: str, expected: dict[str, str], at: Place) -> str:
        """Whether the name leads to another database since, or an empty one was filled."""
        for order in orders(text, at):
            was, objects = expected.get(order.key("oid")), expected.get(order.key("objects"))
            if order.at is None or was is None:
                continue
            name = clean(order.at.database, 80)
            try:
                found = await ask.facts(order.at)
            except Unavailable as silent:
                return f"{name} could not be asked again: {silent}"
            if found.oid != was:
                return f"{name} is another database than before: somebody has renamed or made it anew."
            if objects == "0" and found.objects:
                return f"{name} was empty and is not any more."
            if (was := expected.get(order.key("schema"))) is not None and found.schema != was:
                return f"The tables of {name} have changed since they were looked at."
        return ""

    async def proof(self, text: str, expected: dict[str, str], at: Place) -> Proof | None:
        """Whether dumps are whole, restored rows are those of the dump, databases are called as ordered."""
        return as_one([await pg_after.proof(order, expected) for order in orders(text, at)])

    async def evidence(self, text: str, expected: dict[str, str], at: Place) -> tuple[str, ...]:
        """What dumps and databases are now, and what still changes them."""
        told = [
            ((await pg_after.proof(order, expected)).line, *await pg_after.under_way(order))
            for order in orders(text, at)
        ]
        return tuple(line for lines in told for line in lines)

    async def took_effect(self, text: str, expected: dict[str, str], at: Place) -> bool | None:
        """Whether all orders took effect, or nothing has changed; None where neither is sure."""
        told = {await self._one(order, expected) for order in orders(text, at)}
        return told.pop() if len(told) == 1 else None

    async def _one(self, order: Order, expected: dict[str, str]) -> bool | None:
        if await pg_after.under_way(order):
            return None
        if (await pg_after.proof(order, expected)).ok:
            return True
        return False if await pg_after.untouched(order, expected) else None

    async def failure(self, text: str, output: str, at: Place) -> Failure | None:
        """Why a command failed, in the server's terms, where it was PostgreSQL that said so."""
        why = meaning(output) if self.concerns(text) or _BY_POSTGRES.search(output) else ""
        return Failure(why=why) if why else None

    async def back(self, text: str, expected: dict[str, str], at: Place) -> Remedy | None:
        """None: the way back is the runbook's own step."""
        return None

    def chosen(self, text: str, value: str) -> str:
        """Unchanged: nothing is chosen."""
        return text

    def address(self, output: str) -> str:
        """No page is named."""
        return ""
