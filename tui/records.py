"""The commands about what was recorded: incidents, timeline, report; and trust."""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from runbook.incident import home
from runbook.incident.audit import verify
from runbook.incident.journal import JournalTrouble, salvage
from runbook.incident.room import fold
from runbook.incident.state import RoomState
from runbook.incident.timeline import by_id, render_text, shown, to_json
from runbook.model import Runbook
from tui import exit_codes
from tui.checks import why_unreadable


def incidents(*, as_json: bool, check: bool) -> int:
    """List the incidents, newest first; with `check`, every record's chain of hashes too."""
    result = exit_codes.OK
    try:
        folders = home.list_incidents()
    except JournalTrouble as unreadable:
        print(unreadable, file=sys.stderr)
        return exit_codes.NOT_OK
    if not folders:
        print(f"No incident is recorded in {home.home()}.", file=sys.stderr)
    for folder in folders:
        state, trouble = _state(folder)
        problems = verify(folder) if check else []
        if trouble or problems:
            result = exit_codes.NOT_OK
        if as_json:
            print(json.dumps(_facts(folder, state, trouble, problems if check else None), ensure_ascii=False))
            continue
        status = "damaged" if trouble else "closed" if state.closed else "open" if state.events else "empty"
        verdict = state.verdict.verdict if state.verdict else "-"
        what = shown(f"drill: {state.title}" if state.drill else state.title)
        print(f"{folder.name:36} {status:10} {verdict:10} {state.events:5} events  {what}")
        for line in problems or filter(None, [trouble]):
            print(f"    {line}")
        if check and not trouble and not problems:
            print("    every record is as it was written")
    return result


def timeline(name: str, *, as_json: bool) -> int:
    """Print what can be read of it; what cannot be is said on stderr, and fails."""
    folder = named(name)
    if folder is None:
        return exit_codes.USAGE
    state, trouble = _state(folder)
    if as_json:
        for entry in to_json(state):
            print(json.dumps(entry, ensure_ascii=False))
    else:
        book, _ = _book(folder)
        print(render_text(state, by_id(book.signals)))
    return _told(trouble)


def report(name: str, output: str | None) -> int:
    """Print the report, or write it to a file that does not exist yet."""
    from runbook.incident.report import render
    from runbook.signals.samples import readings

    folder = named(name)
    if folder is None:
        return exit_codes.USAGE
    state, trouble = _state(folder)
    book, unread = _book(folder)
    trouble = " ".join(filter(None, (trouble, unread)))
    text = render(state, book, datetime.now(UTC), readings(folder / home.SAMPLES), unreadable=trouble)
    if output is None:
        print(text)
        return _told(trouble)
    try:
        with Path(output).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        print(f"{output} is there already, and nothing was written. Name another file.", file=sys.stderr)
        return exit_codes.NOT_OK
    except OSError as wrong:
        print(f"{output} was not written: {wrong.strerror}.", file=sys.stderr)
        return exit_codes.NOT_OK
    print(output)
    return _told(trouble)


def trust(source: str) -> int:
    """Bind trust to the file as it is now, after saying what it could run; a change asks again."""
    from runbook.opening import read_runbook, source_text
    from runbook.reading.problems import ReadingError
    from runbook.reading.trust import TrustError, digest
    from runbook.reading.trust import trust as remember
    from widgets.words import counted

    if not source.startswith("book:") and not Path(source).is_file():
        print(f"{source}: there is no such file.", file=sys.stderr)
        return exit_codes.USAGE
    try:
        text, known_by = source_text(source), digest(source)
        book = read_runbook(text, source)
        remember(source, known_by, home.home(), text)
    except (OSError, UnicodeDecodeError, KeyError, ReadingError, TrustError) as trouble:
        print(f"{source} was not trusted. {why_unreadable(source, trouble)}", file=sys.stderr)
        return exit_codes.USAGE
    effects = Counter(c.effect.value for p in book.procedures() for step in p.steps for c in step.commands)
    said = ", ".join(f"{effects[effect]} {effect}" for effect in ("read", "change", "destroy") if effects[effect])
    what = f"{counted(effects.total(), 'command')}: {said}" if said else "no command"
    print(f"{source} may run commands, as it is now ({known_by[:12]}). It holds {what}.", file=sys.stderr)
    return exit_codes.OK


def named(name: str) -> Path | None:
    """The folder of the incident that a person names; None, with the reason on stderr, where there is not one."""
    try:
        folder = home.find_incident(name)
    except JournalTrouble as unreadable:
        print(unreadable, file=sys.stderr)
        return None
    if folder is None:
        print(f"{home.not_one(name)} `warroom incidents` lists them.", file=sys.stderr)
    return folder


def _state(folder: Path) -> tuple[RoomState, str]:
    """What can be read of an incident, and what cannot be, in sentences; empty where all can."""
    events, troubles = salvage(folder)
    return (fold(events) if events else RoomState(incident=folder.name)), " ".join(troubles)


def _book(folder: Path) -> tuple[Runbook, str]:
    """The incident's own copy of its runbook, and why it cannot be read: the record says what was done all the same."""
    from runbook.opening import read_runbook, source_text
    from runbook.reading.problems import ReadingError

    copy = str(home.runbook_copy(folder))
    try:
        return read_runbook(source_text(copy), copy), ""
    except (OSError, UnicodeDecodeError, ReadingError) as wrong:
        empty = Runbook(id=folder.name, title="not readable")
        return empty, f"Its copy of the runbook: {why_unreadable(copy, wrong)}"


def _told(trouble: str) -> int:
    if trouble:
        print(trouble, file=sys.stderr)
    return exit_codes.NOT_OK if trouble else exit_codes.OK


def _facts(folder: Path, state: RoomState, trouble: str, problems: list[str] | None) -> dict[str, object]:
    facts: dict[str, object] = {
        "id": folder.name,
        "title": state.title,
        "service": state.service,
        "severity": state.severity,
        "opened": state.opened.isoformat() if state.opened else None,
        "closed": state.closed.isoformat() if state.closed else None,
        "verdict": state.verdict.verdict if state.verdict else None,
        "method": state.method or None,
        "events": state.events,
        "drill": state.drill or None,
        "folder": str(folder),
    }
    if trouble:
        facts["trouble"] = trouble
    if problems is not None:
        facts["problems"] = [str(problem) for problem in problems]
    return facts
