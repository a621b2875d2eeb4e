"""From the command line to an open room: which runbook, which incident, which production."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import tui
from tui import exit_codes
from tui.skeleton import first_frame, no_room, no_terminal, piped


class Unfit(Exception):
    """What was asked for cannot be opened: a sentence with the mend."""


def open_room(args: argparse.Namespace) -> int:
    """Open the room on the runbook named, or found here, or on the open incident."""
    from runbook.incident.stream import JournalTrouble

    from_pipe = piped()
    try:
        values = values_of(args.values)
        folder = _incident(args)
        source = _copy(folder) if folder else _source(args.runbook)
    except (Unfit, OSError, JournalTrouble) as trouble:
        return _unfit(str(trouble))
    if why := no_terminal():
        return _unfit(why)
    first_frame(source)
    from runbook.opening import Opening
    from tui.app import run_room

    return run_room(
        Opening(
            source=source,
            repository=repository_here(),
            values=values,
            folder=folder,
            read_only=args.read_only,
            untrusted=not _trusted(source, folder),
            version=tui.VERSION,
            piped=from_pipe,
        ),
        args,
    )


def open_drill(args: argparse.Namespace) -> int:
    """Open the room on a practice production, made now or still running from before."""
    from runbook.drill.scenarios import SCENARIOS

    names = [scenario.name for scenario in SCENARIOS]
    if args.postgres in names:  # `drill --postgres bad-migration`
        args.scenario, args.postgres = args.postgres, ""
    if args.scenario not in names:
        return _unfit(f"There is no scenario {args.scenario!r}. There are: {', '.join(names)}.")
    if why := no_terminal() or _no_postgres(args):
        return _unfit(why)
    try:
        values = values_of(args.values)
    except Unfit as trouble:
        return _unfit(str(trouble))
    from tui.app import run_drill

    return run_drill(args, values)


def _no_postgres(args: argparse.Namespace) -> str:
    """Why the drill cannot be on PostgreSQL as it was asked for; empty when it can, or was not asked for."""
    if args.postgres is None:
        return ""
    if args.scenario != "bad-migration":
        return f"Only bad-migration has a database: warroom drill bad-migration --postgres, not {args.scenario}."
    from runbook.drill import postgres

    try:
        if args.postgres:
            postgres.given(args.postgres)
    except postgres.PostgresError as trouble:
        return str(trouble)
    return postgres.missing(own=not args.postgres)


def _unfit(why: str) -> int:
    no_room()
    print(why, file=sys.stderr)
    return exit_codes.USAGE


def repository_here() -> Path | None:
    """The top of the git repository that contains this folder."""
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=False, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Path(asked.stdout.rstrip("\n")) if asked.returncode == 0 else None


def values_of(pairs: list[str]) -> dict[str, str]:
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Unfit(f"--set wants NAME=VALUE; this is {pair!r}.")
        values[name] = value
    return values


def _incident(args: argparse.Namespace) -> Path | None:
    from runbook.incident import home

    if args.resume is None:
        return _offered(args)
    found = home.find_incident(args.resume) if args.resume else _latest_open()
    if found is None:
        raise Unfit("There is no open incident to go on with. `warroom incidents` lists what was recorded.")
    return found


def _offered(args: argparse.Namespace) -> Path | None:
    """Without a runbook named: the incident that is still open, if the person wants to go on with it."""
    if args.new or args.runbook is not None or not sys.stdin.isatty():
        return None
    found = _latest_open()
    if found is None:
        return None
    print(
        f"{found.name} is still open. Enter goes on with it, n opens a new one: ", end="", file=sys.stderr, flush=True
    )
    return None if sys.stdin.readline().strip().lower().startswith("n") else found


def _latest_open() -> Path | None:
    """The newest incident that nobody closed; one that cannot be read is passed over."""
    from runbook.incident import home
    from runbook.incident.journal import read_incident
    from runbook.incident.room import fold
    from runbook.incident.stream import JournalTrouble

    for folder in home.list_incidents():
        try:
            if fold(read_incident(folder)).closed is None:
                return folder
        except JournalTrouble:
            continue
    return None


def _copy(folder: Path) -> str:
    from runbook.incident import home

    copy = home.runbook_copy(folder)
    if not copy.is_file():
        raise Unfit(f"{folder} has no copy of its runbook; it cannot be gone on with.")
    return str(copy)


def _source(name: str | None) -> str:
    from runbook import books
    from runbook.reading.find import find

    if name is not None and name.startswith(books.PREFIX):
        if name.removeprefix(books.PREFIX) not in books.names():
            raise Unfit(f"There is no {name}. There are: {', '.join(books.PREFIX + n for n in books.names())}.")
        return name
    if name is not None:
        if not Path(name).is_file():
            raise Unfit(f"{name}: there is no such file.")
        return str(Path(name).absolute())
    found = find(Path.cwd())
    if found is None:
        raise Unfit(
            "No runbook was found here. Name one (`warroom open ops/rollback.yaml`), use the one that ships\n"
            "(`warroom open book:production-rollback`), or practise first (`warroom drill`)."
        )
    return str(found)


def _trusted(source: str, folder: Path | None) -> bool:
    from runbook.incident import home
    from runbook.reading.trust import digest, is_trusted

    return _was_driven(folder) if folder is not None else is_trusted(source, digest(source), home.home())


def _was_driven(folder: Path) -> bool:
    """Whether somebody drove this incident before: then its copy of the runbook was trusted, and is the same still."""
    from runbook.incident.journal import read_incident
    from runbook.incident.room import fold

    return any(responder.driving for responder in fold(read_incident(folder)).responders)
