"""From the command line to an open room: which runbook, which incident, which production."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import tui
from tui import exit_codes
from tui.skeleton import first_frame, no_room, no_terminal, piped

if TYPE_CHECKING:
    from runbook.incident.state import RoomState


FASTEST = 10_000


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
        trusted = _trusted(source, folder)
    except (Unfit, OSError, JournalTrouble) as trouble:
        return _unfit(str(trouble))
    if why := no_terminal():
        return _unfit(why)
    first_frame(source)
    repository, here = _place(folder)
    from runbook.opening import Opening
    from tui.openers import run_room

    return run_room(
        Opening(
            source=source,
            repository=repository,
            here=here,
            values=values,
            method=args.method or "",
            folder=folder,
            read_only=args.read_only,
            untrusted=not trusted,
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
    from tui.openers import run_drill

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


def open_replay(args: argparse.Namespace) -> int:
    """Open the room on what was recorded of an incident."""
    from tui.records import named

    if (folder := named(args.id)) is None:
        return exit_codes.USAGE
    if not 0 < args.speed <= FASTEST:
        return _unfit(f"--speed is how many seconds pass in one: above 0, at most {FASTEST}.")
    if why := no_terminal():
        return _unfit(why)
    first_frame(folder.name)
    from tui.openers import run_replay

    return run_replay(folder, args)


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


def _place(folder: Path | None) -> tuple[Path | None, Path]:
    """The repository, and where commands begin that need none; of an incident, those that it was opened in."""
    here = repository_here()
    there = _goes_on_in(folder, here) if folder is not None else here
    return there, Path.cwd() if there == here or folder is None else folder


def _goes_on_in(folder: Path, here: Path | None) -> Path | None:
    from runbook.whereabouts import goes_on_in

    return goes_on_in(folder, here)


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
    found = home.find_incident(args.resume) if args.resume else next(still_open(), (None,))[0]
    if found is None:
        which = home.not_one(args.resume) if args.resume else "There is no open incident to go on with."
        raise Unfit(f"{which} `warroom incidents` lists what was recorded.")
    return found


def _offered(args: argparse.Namespace) -> Path | None:
    """The incident that is still open, of the runbook named if one is, if the person wants to go on with it."""
    if args.new or not sys.stdin.isatty() or no_terminal():
        return None
    named = None if args.runbook is None else _bytes(Path(args.runbook))
    if args.runbook is not None and named is None:
        return None
    if why := damaged(named):
        no_room()
        print(f"{why}\nEnter opens another incident all the same, ctrl+c leaves: ", end="", file=sys.stderr, flush=True)
        sys.stdin.readline()
        return None
    folder, state = next(still_open(named), (None, None))
    if folder is None or state is None:
        return None
    no_room()
    there = _goes_on_in(folder, here := repository_here())
    elsewhere = "" if there in (here, None) else f"\nIt was opened in {there}, and goes on there."
    print(f"{offer(folder, state, datetime.now(UTC), elsewhere)}: ", end="", file=sys.stderr, flush=True)
    return None if sys.stdin.readline().strip().lower().startswith("n") else folder


def offer(folder: Path, state: RoomState, now: datetime, elsewhere: str = "") -> str:
    """What somebody has to know about an open incident to go on with it, or not."""
    from widgets.words import in_words

    age = in_words((now - state.opened).total_seconds()) if state.opened else "?"
    what = f"{'a drill, ' if state.drill else ''}{state.title or 'no title'}"
    where = f"{state.service} {state.environment}".strip()
    verdict = f", last seen {state.verdict.verdict}" if state.verdict else ""
    return (
        f"Still open: {what}{f' ({where})' if where else ''}, since {age} ago{verdict}.{elsewhere}\n"
        f"{folder.name}. Enter goes on with it, n opens a new one"
    )


LOOKED_AT = 50
"""How many incidents are read to find an open one: a start must not take longer every month."""


def still_open(runbook: bytes | None = None) -> Iterator[tuple[Path, RoomState]]:
    """The incidents (of this runbook, to the letter) that nobody closed, newest first.

    One that cannot be read is passed over, or that nothing was recorded of; so is a drill whose production has ended.
    """
    from runbook.incident import home
    from runbook.incident.journal import read_incident
    from runbook.incident.room import fold
    from runbook.incident.stream import JournalTrouble

    for folder in home.list_incidents()[:LOOKED_AT]:
        if runbook is not None and _bytes(home.runbook_copy(folder)) != runbook:
            continue
        try:
            state = fold(read_incident(folder))
        except JournalTrouble:
            continue
        if state.opened and state.closed is None and not (state.drill and _has_ended(Path(state.drill), state.opened)):
            yield folder, state


def damaged(runbook: bytes | None = None) -> str:
    """Why the newest incident (of this runbook, to the letter) cannot be gone on with, where it may not be over."""
    from runbook.incident import home
    from runbook.incident.journal import salvage
    from runbook.incident.room import fold

    of_it = (f for f in home.list_incidents()[:LOOKED_AT] if runbook is None or _bytes(home.runbook_copy(f)) == runbook)
    if (newest := next(of_it, None)) is None:
        return ""
    events, troubles = salvage(newest)
    if not troubles or fold(events).closed is not None:
        return ""
    look = f"`warroom timeline {newest.name}` tells what can be read of it, and a command of it may still run."
    return " ".join((*troubles, look))


def _has_ended(drill: Path, opened: datetime | None) -> bool:
    from runbook.drill.drill import of_incident

    return of_incident(drill, opened) is None


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
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
    """Whether somebody drove this incident before, so that its copy of the runbook was trusted, and it is the same."""
    from runbook.incident import home
    from runbook.incident.journal import read_incident
    from runbook.incident.room import fold
    from runbook.incident.stream import JournalTrouble
    from runbook.reading.trust import digest

    try:
        state = fold(read_incident(folder))
    except JournalTrouble as trouble:
        mend = f"`warroom timeline {folder.name}` tells what can be read; `warroom --new` opens another incident."
        raise Unfit(f"{trouble}\n{mend}") from None
    same = state.runbook is not None and digest(str(home.runbook_copy(folder))) == state.runbook.sha256
    return same and any(responder.driving for responder in state.responders)
