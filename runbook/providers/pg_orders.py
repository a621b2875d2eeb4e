"""Reads what a command wants of a PostgreSQL server: a dump, a restore, a script, a database made or dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from runbook.model import Record
from runbook.providers.calls import Call, calls
from runbook.providers.pg_script import Script, script
from runbook.providers.pg_where import Given, Where, given, where
from runbook.providers.provider import Place
from runbook.providers.shell_words import Word, shell_words

PROGRAMS = ("pg_dump", "pg_restore", "psql", "createdb", "dropdb")
Kind = Literal["dump", "restore", "script", "create", "drop"]
_PARTIAL = (
    *("-t", "--table", "-T", "--exclude-table", "-n", "--schema", "-N", "--exclude-schema", "-L", "--use-list"),
    *("-s", "--schema-only", "--section", "--exclude-table-data", "-I", "--index", "-P", "--function", "--trigger"),
)
_HELP = frozenset(("--help", "--version", "-V", "-?"))
_HERE_DOCUMENT = re.compile(
    r"""^[ \t]*cat[ \t]*>[ \t]*(?P<file>"[^"\n]*"|[^\s"'<>]+)[ \t]*<<(?P<quote>['"])(?P<end>\w+)(?P=quote)[ \t]*\n"""
    r"(?P<body>.*?)^(?P=end)$",
    re.DOTALL | re.MULTILINE,
)
_BIGGEST = 8 << 20
"""Bytes of a script that are read."""


class Order(Record, frozen=True):
    """A call that takes, restores, changes, makes or drops a database."""

    kind: Kind
    at: Where | None
    """None where the shell decides it when the command runs."""
    said: Given
    name: str = ""
    """The database that is made or dropped."""
    file: Path | None = None
    script: Script | None = None
    unread: str = ""
    """Why the script could not be read."""

    @property
    def what(self) -> str:
        return f"{self.kind} {self.name or (self.at.database if self.at else '?')}"

    def key(self, part: str) -> str:
        return f"{self.what} · {part}"

    @property
    def partial(self) -> bool:
        """Whether it takes only a part of the database or of the dump."""
        return self.said.has(*_PARTIAL)

    @property
    def cleans(self) -> bool:
        return self.said.has("-c", "--clean")

    @property
    def one_transaction(self) -> bool:
        return self.said.has("-1", "--single-transaction") or bool(self.script and self.script.transaction)


def orders(text: str, at: Place) -> Iterator[Order]:
    """Every order of a text that changes something or takes a dump."""
    known = at.env | at.variables
    written = dict(_written(text, known, at.cwd))
    for call in calls(text, known):
        if call.program in PROGRAMS and not _HELP & set(call.words):
            order = _order(call, call.environment(at.env), Path(at.cwd, call.directory), written)
            if order is not None:
                yield msgspec.structs.replace(order, at=None) if call.unclear or call.through else order


def _written(text: str, known: dict[str, str], cwd: Path) -> Iterator[tuple[Path, str]]:
    """The files that a text itself writes out word for word, for a later command of it to read."""
    for match in _HERE_DOCUMENT.finditer(text):
        match shell_words(match["file"]):
            case (Word() as word,) if name := word.value(known):
                yield Path(cwd, name), match["body"]


def _order(call: Call, env: dict[str, str], cwd: Path, written: dict[Path, str]) -> Order | None:
    said = given(call)
    first = said.plain[0] if said.plain else ""
    if call.program == "psql":
        return _script(said, where(said, env, first), cwd, written)
    if call.program == "pg_dump":
        return Order(kind="dump", at=where(said, env, first), said=said, file=_path(said.last("-f", "--file"), cwd))
    if call.program == "pg_restore":
        if said.has("-l", "--list") or not said.has("-d", "--dbname"):
            return None
        return Order(kind="restore", at=where(said, env, ""), said=said, file=_path(first, cwd))
    kind: Kind = "create" if call.program == "createdb" else "drop"
    address = where(said, env, said.last("--maintenance-db") or "postgres")
    name = first or (address.user if address and kind == "create" else "")
    return Order(kind=kind, at=address if first is not None else None, said=said, name=name)


def _script(said: Given, at: Where | None, cwd: Path, written: dict[Path, str]) -> Order | None:
    texts, unread, file = list[str](), "", None
    if said.has("-l", "--list"):
        return None
    for name, value in said.options:
        if name in ("-c", "--command"):
            texts.append(value or "")
            unread = unread if value is not None else "What it runs is decided only when it runs."
        elif name in ("-f", "--file"):
            file = _path(value, cwd)
            if file is None or value == "-":
                unread = "What it runs comes from a place that is known only when it runs."
                continue
            if file in written:
                texts.append(written[file])
                continue
            try:
                with file.open(encoding="utf-8", errors="replace") as opened:
                    texts.append(opened.read(_BIGGEST))
            except OSError as broken:
                unread = f"{file} cannot be read: {broken.strerror}."
    if not said.has("-c", "--command", "-f", "--file"):
        unread = "What it runs comes from its standard input, which is not known before it runs."
    read = script(";\n".join(texts))
    if not unread and not read.changing:
        return None
    return Order(kind="script", at=at, said=said, file=file, script=read, unread=unread)


def _path(value: str | None, cwd: Path) -> Path | None:
    return Path(cwd, value) if value else None
