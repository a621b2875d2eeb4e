"""What the command line opens: a room on a runbook or an incident, on a practice production, on a record."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.app import Opener, Progress, WarRoom
from tui.entry import speaks_unicode

if TYPE_CHECKING:
    from runbook.conductor import Conductor
    from runbook.drill.drill import Drill
    from runbook.opening import Opening


def run(opener: Opener, args: argparse.Namespace) -> int:
    ascii_only = args.ascii or not speaks_unicode()
    app = WarRoom(opener, theme=args.theme or "dark", ascii_only=ascii_only, present=args.present)
    said = app.run()
    if said:
        print(said, file=sys.stderr if app.return_code else sys.stdout)
    return app.return_code or 0


def run_room(opening: Opening, args: argparse.Namespace) -> int:
    """A room on a runbook or on an incident; a drill's incident finds its practice production again."""

    async def opener(app: WarRoom) -> tuple[Opening, Conductor]:
        from runbook.opening import open_room

        chosen = opening
        if opening.folder is not None:
            chosen, app.drill = await asyncio.to_thread(_with_drill, opening)
        return chosen, await _opened(chosen, open_room, app.drill)

    return run(opener, args)


def run_drill(args: argparse.Namespace, values: dict[str, str]) -> int:
    """A room on a practice production: the one that runs already with its incident, or a new one."""

    async def opener(app: WarRoom) -> tuple[Opening, Conductor]:
        from runbook.opening import open_room

        opening, app.drill = await asyncio.to_thread(_drill_opening, args, values, app.tell)
        return opening, await _opened(opening, open_room, app.drill)

    return run(opener, args)


def run_replay(folder: Path, args: argparse.Namespace) -> int:
    """A room on the record of an incident, played back."""
    with tempfile.TemporaryDirectory(prefix="warroom-replay-") as scratch:
        return run(replaying(folder, args.speed, Path(scratch)), args)


def replaying(folder: Path, speed: float, scratch: Path) -> Opener:
    """Opens a room on a record; what such a room keeps lies in an empty `scratch`."""

    async def opener(app: WarRoom) -> tuple[Opening, Conductor]:
        from runbook.opening import Opening
        from runbook.replay import Replay, load
        from tui.replaying import Player

        replay = Replay(await asyncio.to_thread(load, folder), scratch)
        app.player = Player(replay, speed)
        return Opening(source=folder.name, repository=None, read_only=True), replay

    return opener


async def _opened(
    opening: Opening, open_room: Callable[..., Coroutine[Any, Any, Conductor]], drill: Drill | None
) -> Conductor:
    from runbook.opening import method_named

    practice = {"SENTRY_URL": "", **drill.environment} if drill else {}  # a practice asks nobody outside
    conductor = await open_room(opening, environ={**os.environ, **practice})
    method = method_named(conductor.runbook, opening.method)
    if method is not None and conductor.driving:
        await conductor.choose_method(method.id, "named on the command line")
    return conductor


def _with_drill(opening: Opening) -> tuple[Opening, Drill | None]:
    import msgspec

    from runbook.drill.drill import of_incident
    from runbook.incident.journal import read_incident
    from runbook.incident.room import fold

    assert opening.folder is not None
    state = fold(read_incident(opening.folder))
    found = of_incident(Path(state.drill), state.opened) if state.drill else None
    if found is None:
        return opening, None
    return msgspec.structs.replace(opening, repository=found.repository), found


def _drill_opening(args: argparse.Namespace, values: dict[str, str], tell: Progress) -> tuple[Opening, Drill]:
    from runbook.drill import drill
    from runbook.drill.world import DrillError
    from runbook.incident import home
    from runbook.opening import Opening, drill_incident
    from runbook.signals.pace import DRILL_PACE

    on_postgres = args.postgres is not None
    named = drill.default_folder(home.home(), args.scenario, args.seed, on_postgres=on_postgres)
    folder = Path(args.dir) if args.dir else named
    running = None if args.new else drill.attach(folder)
    if running is not None and on_postgres and not running.on_postgres:
        raise DrillError(f"The drill that runs in {folder} is not on PostgreSQL. Take another folder, or --new.")
    if running is None:
        if (left := drill.attach(folder)) is not None:
            left.stop()
        tell(f"making a practice production: {args.scenario}, seed {args.seed}")
        running = drill.start(args.scenario, args.seed, folder, postgres_at=args.postgres, progress=tell)
    scenario = running.scenario
    return Opening(
        source=running.source,
        repository=running.repository,
        values={**running.values, **values},
        method=args.method or "",
        folder=None if args.new else drill_incident(str(running.folder), datetime.fromtimestamp(running.started, UTC)),
        service="shop-web",
        title=scenario.title,
        severity=scenario.severity.replace("-", ""),
        pace=DRILL_PACE,
        drill=str(running.folder),
        read_only=args.read_only,
    ), running
