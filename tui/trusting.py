"""The runbook's own text, and the act by which a person lets it run commands."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.incident import home
from runbook.model import Effect, Runbook
from runbook.opening import source_text
from runbook.reading.trust import TrustError, digest, trust, trusted_before
from runbook.signal_sources import CommandOutput, Lighthouse, Sentry
from widgets.document import Document
from widgets.prompt import Prompt
from widgets.trusting import Offered, Trusting

if TYPE_CHECKING:
    from tui.room_screen import RoomScreen

WORD = "trust"


def show_document(screen: RoomScreen) -> None:
    """The incident's own copy, at the lines of the selected step."""
    copy = home.runbook_copy(screen.conductor.folder)
    here: tuple[int, ...] = ()
    selected = screen.desk.selected if screen.desk is not None else None
    if screen.desk is not None and selected is not None:
        step = screen.desk.step_of(selected)[1]
        here = tuple(filter(None, (step.line, *(command.line for command in step.commands))))
    lines = copy.read_text(encoding="utf-8", errors="replace").splitlines()
    screen.app.push_screen(Document(lines, here, screen.conductor.runbook.path or copy.name))


def ask_trust(screen: RoomScreen) -> None:
    """Everything that could run, then a word that nobody types by accident."""
    conductor, source = screen.conductor, screen.room.untrusted
    text = home.runbook_copy(conductor.folder).read_text(encoding="utf-8", errors="replace")
    before = trusted_before(source, home.home())
    changes = (
        [line.rstrip() for line in difflib.unified_diff(before.splitlines(), text.splitlines(), "before", "now", n=1)]
        if before is not None
        else []
    )
    commands = list(offered(conductor.runbook))

    def looked(wanted: bool | None) -> None:
        if wanted:
            about = (
                f"{Path(source).name} may then run its commands here, each confirmed by you;"
                " its checks, signals and logs are asked without that."
            )
            screen.app.push_screen(
                Prompt(f"Type {WORD} to trust it as it is now", about=about, enter="trust it"), typed
            )

    def typed(word: str | None) -> None:
        if word is None:
            return
        if word.lower() != WORD:
            screen.say(f"That was not the word {WORD}. Nothing is trusted.")
            return
        screen.do(_bind(screen, source, text))

    screen.app.push_screen(Trusting(source, commands, changes), looked)


def offered(book: Runbook) -> Iterator[Offered]:
    """Every command of the runbook: those that wait for a confirmation, then those that are asked without one."""
    for method in book.procedures():
        name = f"{method.label}  {method.title}".strip()
        for step in method.steps:
            yield from (Offered(name, command.text, command.effect, command.line) for command in step.commands)
            if step.undo is not None:
                yield Offered(name, step.undo.text, step.undo.effect, step.line)
    steps = [step for method in book.procedures() for step in method.steps]
    checks = [*book.guard, *(check for method in book.procedures() for check in method.requires)]
    asked = [check.run for check in (*checks, *(step.done_when for step in steps if step.done_when)) if check.run]
    asked += [signal.source.run for signal in book.signals if isinstance(signal.source, CommandOutput | Lighthouse)]
    asked += [log.run for log in book.logs if log.run]
    for source in (signal.source for signal in book.signals if isinstance(signal.source, Sentry)):
        asked.append(
            f"GET ${source.url_env}, Sentry's {source.org}/{source.project}, with the token in ${source.token_env}"
        )
    questions = [one for own in book.platforms for one in (own.live, own.releases) if one is not None]
    asked += [one.run or " ".join(("GET", one.url, *one.headers.values())) for one in questions]
    for text in dict.fromkeys(asked):
        yield Offered("Asked without a confirmation", text, Effect.READ, 0)


async def _bind(screen: RoomScreen, source: str, text: str) -> None:
    """Trust what this room was opened on, not what lies there by now; then take the wheel, or go on watching."""
    try:
        known_by = digest(source)
        if source_text(source).splitlines() != text.splitlines():
            screen.say(f"{source} changed since the room was opened. Leave and open it again to see what it says now.")
            return
        trust(source, known_by, home.home(), text)
    except (OSError, TrustError) as trouble:
        screen.say(f"Nothing was trusted: {trouble}")
        return
    screen.conductor.trusted = True
    if not screen.room.read_only:
        await screen.conductor.drive()
    screen.room.untrusted, screen.room.asks = "", True
    screen.room.watch_signals()
    screen.say(f"Trusted as it is now. {'You drive.' if screen.conductor.driving else 'This room watches.'}", good=True)
