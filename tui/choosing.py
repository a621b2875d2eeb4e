"""The method chooser: it opens at once, and each method learns how it stands while a person compares."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runbook.incident.progress import next_step
from runbook.incident.state import RoomState
from runbook.model import Method, Record, Where
from runbook.providers.provider import Standing
from runbook.signals.advice import ROLL_BACK
from widgets.chooser import Chooser, MethodCard
from widgets.words import utc_minute

if TYPE_CHECKING:
    from runbook.conductor import Conductor
    from runbook.signals.standing import Advice
    from tui.room_screen import RoomScreen

LOOK_AHEAD = 1.0
_NEVER = datetime.min.replace(tzinfo=UTC)


class _Found(Record, frozen=True):
    """What is known of one method: None for `ready` while it is being asked, or where nobody can tell."""

    ready: bool | None = None
    text: str = "being asked"
    mend: str = ""
    standing: Standing | None = None


class Comparison:
    """The chooser while it is open, with what has become known of each method."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor
        self.found = {method.id: _Found() for method in conductor.runbook.methods}
        advice = conductor.outlook.advice(conductor.state)
        self.chooser = Chooser(_cards(conductor, self.found, advice), advice.text)

    def show(self, advice: Advice) -> None:
        """How the methods stand now, and what is advised now."""
        self.chooser.learn(_cards(self._conductor, self.found, advice), advice.text)


def compare_methods(screen: RoomScreen) -> None:
    """Show the methods side by side; what each needs is asked of the world meanwhile."""
    screen.comparison = comparison = Comparison(screen.conductor)

    async def ask(method: Method) -> None:
        comparison.found[method.id] = await _look(screen, method)
        screen.ask_redraw()

    async def work() -> None:
        await asyncio.gather(*(ask(method) for method in screen.conductor.runbook.methods))

    def take(method: str | None) -> None:
        screen.comparison = None
        if method:
            choose_method(screen, method)

    screen.app.push_screen(comparison.chooser, take)
    screen.do(work())


def _cards(conductor: Conductor, found: dict[str, _Found], advice: Advice) -> tuple[MethodCard, ...]:
    methods = conductor.runbook.methods
    spent = conductor.outlook.spent(conductor.state)
    able = [method.id for method in methods if found[method.id].ready is not False and method.id not in spent]
    best = next((name for name in (*advice.methods, *able) if name in able), "")
    reason = advice.why if advice.methods else "the runbook's first choice"
    told = [one.standing for one in found.values() if one.standing and one.standing.schema_at]
    schema = max(told, key=lambda standing: standing.schema_at or _NEVER, default=None)
    return tuple(
        MethodCard(
            id=method.id,
            label=method.label,
            title=method.title,
            estimate=method.estimate,
            risk=method.risk,
            data_loss=method.data_loss,
            ready=found[method.id].ready,
            ready_text=found[method.id].text,
            mend=found[method.id].mend,
            warning=older_than_the_schema(found[method.id].standing, schema),
            recommended=method.id == best,
            reason=reason if method.id == best else "",
            use_when=method.use_when,
            avoid_when=method.avoid_when,
            steps=len(method.steps),
            standing=", ".join(
                filter(None, ("chosen" if method.id == conductor.state.method else "", tried(method, conductor.state)))
            ),
        )
        for method in methods
    )


def tried(method: Method, state: RoomState) -> str:
    """What came of a method in this incident: `tried at 03:20, failed`; empty where nothing of it was carried out."""
    steps = (state.step(method.id, step.id) for step in method.steps)
    marks = [(at.at, at.mark) for at in steps if at.at and at.mark not in ("todo", "skipped", "already")]
    for mark, how in (("failed", "failed"), ("unknown", "outcome unknown")):
        if when := [at for at, found in marks if found == mark]:
            return f"tried at {utc_minute(max(when))}, {how}"
    times = [at for at, _ in marks]
    if not times:
        return ""
    left = next_step(method, state) is not None
    return f"begun at {utc_minute(min(times))}" if left else f"carried out at {utc_minute(max(times))}"


def older_than_the_schema(standing: Standing | None, schema: Standing | None) -> str:
    """Said of a release made before the database was last migrated; empty where that is not so or not known."""
    if standing is None or schema is None or standing.target_at is None or schema.schema_at is None:
        return ""
    if standing.target_at >= schema.schema_at:
        return ""
    return f"{schema.schema} changed the database after that release was made. Can it read the new schema?"


async def look_ahead(screen: RoomScreen) -> None:
    """While a rollback is advised, ask of the advised way whether it can be taken here: else the next one is named."""
    conductor = screen.conductor
    asked: set[str] = set()
    while True:
        if conductor.state.advice and conductor.state.advice.level == "roll-back":
            for name in conductor.outlook.advice(conductor.state).methods[:1]:
                if name not in asked:
                    asked.add(name)
                    await _look(screen, conductor.procedure(name))
        await asyncio.sleep(LOOK_AHEAD)


async def _look(screen: RoomScreen, method: Method) -> _Found:
    found = await _ask(screen, method)
    screen.conductor.outlook.learn(method.id, found.ready)
    return found


async def _ask(screen: RoomScreen, method: Method) -> _Found:
    """Whether a method can be carried out here: its own checks first, then the platform's word."""
    conductor, carrier = screen.conductor, screen.conductor.carrier
    await carrier.made(method)
    lines = await carrier.look(method.requires, method, "", conductor.known_values())
    for check, line in zip(method.requires, lines, strict=True):
        if line.stops and line.ok is not True:
            asked = f"“{line.title}” {'does not hold' if line.ok is False else 'is not known'}: " if check.run else ""
            return _Found(line.ok, f"{asked}{line.found}", line.mend)
    if method.where is Where.CLEAN_ROOM and carrier.no_clean_room:
        return _Found(False, carrier.no_clean_room)
    standing = await carrier.standing(method, conductor.known_values())
    lacking = next((line for line in lines if line.ok is False), None)
    if lacking is not None and (standing is None or standing.ok):
        return _Found(None, lacking.found, lacking.mend, standing)
    if standing is None:
        return _Found(True, "ready")
    return _Found(standing.ok, standing.line, standing.mend, standing)


def choose_method(screen: RoomScreen, method: str) -> None:
    async def work() -> None:
        conductor = screen.conductor
        advice = conductor.outlook.advice(conductor.state)
        why = advice.why.removeprefix(f"{ROLL_BACK}: ") if advice.level != "none" else ""
        await conductor.choose_method(method, why)
        if screen.desk is not None:
            screen.desk.close()  # a confirmation of the other method must not stand beside this one's steps
        first = next(iter(conductor.procedure(method).steps), None)
        screen.open_phases = screen.open_phases | {"phase:method"}
        screen.draw()
        screen.go("runbook")
        if first is not None:
            screen.checklist.select(f"step:{method}:{first.id}")

    screen.do(work())
