"""Opens an incident, new or again: runbook, folder, lock, journal, clean room, signals; returns its conductor."""

from __future__ import annotations

import asyncio
import codecs
import os
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

from runbook import books
from runbook.carrier import Carrier
from runbook.command_signals import runner
from runbook.conductor import Conductor
from runbook.incident import events as ev
from runbook.incident import home, snapshot
from runbook.incident.journal import Journal, JournalTrouble, read_incident
from runbook.incident.room import Room, fold
from runbook.model import Method, Record, Runbook
from runbook.outlook import Outlook
from runbook.providers import clean_room
from runbook.providers.declared import Declared
from runbook.providers.git import Git
from runbook.providers.on_platform import OnPlatform
from runbook.providers.platforms import PLATFORMS
from runbook.providers.together import Together
from runbook.reading import yaml
from runbook.reading.problems import Problems
from runbook.signal_sources import settings
from runbook.signals import criteria
from runbook.signals.monitor import Monitor
from runbook.signals.pace import Pace, shorten
from runbook.steps import effects, values
from runbook.steps.plan import Trap

Clock = Callable[[], datetime]

MARKDOWN = (".md", ".markdown", ".mdx")


class Opening(Record, frozen=True):
    """What a room is opened on. `folder` names an incident to go on with; None opens a new one."""

    source: str
    """`book:NAME`, or the path of a file."""
    repository: Path | None
    here: Path | None = None
    """Where commands begin without a repository: where the room was opened."""
    values: dict[str, str] = {}
    method: str = ""
    """The method to choose at once, by its id or its label; empty for none."""
    folder: Path | None = None
    service: str = ""
    """What is in trouble, where it is not the runbook's own service."""
    title: str = ""
    severity: str = "SEV?"
    pace: float = 1
    drill: str = ""
    read_only: bool = False
    untrusted: bool = False
    """Nobody said yet that this content may run commands: the room only looks until somebody does."""
    version: str = ""
    piped: int = -1
    """The descriptor of what is piped into warroom: another log."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def source_text(source: str) -> str:
    """The text of `book:NAME` or of a file. Raises KeyError for an unknown book, OSError, UnicodeDecodeError."""
    if source.startswith(books.PREFIX):
        return books.text(source)
    if not is_markdown(source):
        return Path(source).read_text(encoding="utf-8")
    raw = Path(source).read_bytes()
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:  # an old document; the YAML form has always been UTF-8
        return raw.decode("cp1252", "replace")


def read_runbook(text: str, source: str) -> Runbook:
    """A runbook in either form, by its ending. Raises ReadingError, with file, line and key of each problem."""
    if is_markdown(source):
        from runbook.reading import markdown  # noqa: PLC0415 (its parser is not loaded for a YAML runbook)

        return markdown.loads(text, source, infer=effects.infer, kind_of=effects.kind, parse_criterion=criteria.parse)
    return yaml.loads(text, source, infer=effects.infer, parse_criterion=criteria.parse)


def is_markdown(source: str) -> bool:
    """Whether a source is read as a document; a shipped book never is."""
    return not source.startswith(books.PREFIX) and Path(source).suffix.lower() in MARKDOWN


def refuse_unfit(runbook: Runbook, given: Mapping[str, str], method: str = "") -> None:
    """Raises ReadingError for what a command line sets and the runbook does not ask for, or not so."""
    captured = (
        c.param for p in runbook.procedures() for s in p.steps for command in s.commands for c in command.captures
    )
    asked = (name.strip("<>") for signal in runbook.signals for name in settings(signal.source) if name.startswith("<"))
    known = dict.fromkeys((*(param.id for param in runbook.params), *captured, *asked))
    wrong = Problems(runbook.path)
    for name, value in given.items():
        declared = runbook.param(name)
        if name not in known:
            wrong.unknown("value", name, known, 0, "--set")
        elif declared is not None and (why := values.check_kind(declared, value)):
            wrong.add(f"{name}: {why}", key="--set")
    if method and method_named(runbook, method) is None:
        wrong.unknown("method", method, [one.id for one in runbook.methods], 0, "--method")
    wrong.stop_if_any()


def method_named(runbook: Runbook, name: str) -> Method | None:
    """The method with this id, or with this label."""
    by_id = next((method for method in runbook.methods if method.id == name), None)
    return by_id or next((method for method in runbook.methods if method.label == name), None)


async def open_room(opening: Opening, *, clock: Clock = utc_now, environ: Mapping[str, str] = os.environ) -> Conductor:
    """Open or go on with an incident.

    Raises ReadingError, UnicodeDecodeError, JournalTrouble or OSError before anything is recorded.
    """
    source = str(home.runbook_copy(opening.folder)) if opening.folder else opening.source
    text = source_text(source)
    runbook = await asyncio.to_thread(read_runbook, text, source)
    refuse_unfit(runbook, opening.values, opening.method)
    folder = opening.folder or home.new_incident(opening.service or runbook.service or runbook.id, clock())
    driving = not (opening.read_only or opening.untrusted) and home.take_wheel(folder)
    history = read_incident(folder)
    journal = Journal.open(folder, incident=folder.name, seat=home.new_seat(), clock=clock)
    room = Room()
    for event in history:
        room.apply(event)
        journal.observe(event.lamport)
    state = room.state()
    pace = state.pace if history else opening.pace
    runbook = shorten(runbook, pace)
    known = {param.id: param.default for param in runbook.params} | opening.values
    known |= {name: value.text for name, value in state.values.items()}
    here = opening.repository or opening.here
    run = runner(here or folder, environ, runbook.params)
    monitor = Monitor(runbook.signals, values=known, pace=Pace(pace), run=run, environ=environ)
    await asyncio.to_thread(monitor.remember, folder / home.SAMPLES)
    carrier = Carrier(
        folder,
        runbook,
        here,
        environ,
        world=Together(PLATFORMS),
        no_clean_room="The clean room is still being made.",
    )
    carrier.in_the_making, carrier.being_read = asyncio.Event(), asyncio.Event()
    conductor = Conductor(
        folder, runbook, journal, room, carrier, Outlook(runbook, monitor), driving=driving, clock=clock
    )
    conductor.trusted = not opening.untrusted
    if driving:
        conductor.keep_samples()
    if not history:
        ending = Path(source).suffix.lower() if is_markdown(source) else ".yaml"
        copy = snapshot.store(folder, f"files/runbook{ending}", text.encode())
        await conductor.record(
            ev.IncidentOpened(
                title=opening.title or runbook.title,
                service=opening.service or runbook.service,
                environment=runbook.environment,
                severity=opening.severity,
                runbook=copy,
                pace=pace,
                drill=opening.drill,
            )
        )
    await conductor.record(
        ev.RoomEntered(
            user=home.user_name(), host=socket.gethostname(), pid=os.getpid(), driving=driving, version=opening.version
        )
    )
    for name, value in opening.values.items():
        if history and (not driving or conductor.known_values().get(name) == value):
            continue
        await conductor.record(ev.ValueSet(param=name, value=value, source="preset"))
    return conductor


def drill_incident(drill: str, since: datetime) -> Path | None:
    """The open incident of a practice production, so that coming back to it goes on where one was.

    What was opened before the production was is not read: a drill must not begin later every month.
    """
    for folder in takewhile(lambda folder: folder.name >= f"{since:%Y-%m-%d-%H%M}", home.list_incidents()):
        try:
            state = fold(read_incident(folder))
        except JournalTrouble:
            continue
        if state.drill == drill and state.closed is None and state.opened and state.opened >= since:
            return folder
    return None


async def make_ready(conductor: Conductor, repository: Path | None) -> None:
    """Make the clean room (a fetch can take seconds) and settle what an earlier room left open."""
    carrier, driving = conductor.carrier, conductor.driving
    looked = asyncio.create_task(_look_for_traps(conductor))
    platforms = (
        *PLATFORMS,
        *(OnPlatform(Declared(platform, lambda: conductor.driving)) for platform in conductor.runbook.platforms),
    )
    carrier.world = Together(platforms)
    if repository is None:
        carrier.no_clean_room = "There is no git repository here. Start warroom inside the one you deploy from."
    else:
        try:
            made = await clean_room.make(repository, conductor.folder / "clean-room")
        except clean_room.GitRefused as refused:
            carrier.no_clean_room = f"{refused.what} {refused.mend}"
        else:
            carrier.no_clean_room = ""
            carrier.world = Together((Git(made.folder), *platforms))
    if carrier.in_the_making is not None:
        carrier.in_the_making.set()
    await looked
    if driving:  # a room that took the wheel meanwhile has settled it already
        await conductor.recover()
    conductor.on_change()


async def _look_for_traps(conductor: Conductor) -> None:
    conductor.traps = await asyncio.to_thread(_traps, conductor.runbook)
    if conductor.carrier.being_read is not None:
        conductor.carrier.being_read.set()


def _traps(runbook: Runbook) -> Mapping[tuple[str, str, int], tuple[Trap, ...]]:
    from runbook.checking.check import traps  # noqa: PLC0415 (the rules are not needed for the first picture)

    try:
        return traps(runbook)
    except Exception:  # a rule that stumbles over one command takes nobody's room away at night
        return {}
