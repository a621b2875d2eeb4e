"""The world that a runbook acts on: repository and remote, its own checks, its sources."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from runbook.checking.calls import calls
from runbook.command_signals import runner
from runbook.doctor.finding import Finding, Level
from runbook.model import Method, Runbook, Where
from runbook.providers import clean_room, needs
from runbook.providers.git_ask import NETWORK, Ask, complaint
from runbook.providers.provider import Unavailable
from runbook.signal_sources import NoSource
from runbook.signals.monitor import Monitor
from runbook.signals.prometheus import NO_DATA
from runbook.steps.checks import filled


async def repository(runbook: Runbook, folder: Path | None, env: Mapping[str, str]) -> tuple[Finding, ...]:
    """Make the clean room once, in a temporary place: it asks for everything that it will need tonight."""
    blocks = tuple(method.label for method in runbook.methods if method.where is Where.CLEAN_ROOM)
    level: Level = "red" if blocks else "amber"
    if folder is None:
        mend = "Go into the repository that you deploy from."
        return (Finding("repository", "git", level, "no git repository here", mend, blocks),)
    pushing = tuple(method.label for method in runbook.methods if _pushes(method))
    with tempfile.TemporaryDirectory(prefix="warroom-doctor-") as place:
        try:
            room = await clean_room.make(folder, Path(place) / "clean-room", env)
            closed = await _why_no_push(room, env) if pushing and not room.trouble else ""
        except clean_room.GitRefused as refused:
            return (Finding("repository", "git", level, refused.what, refused.mend, blocks),)
    if room.trouble:
        mend = "Nothing can be pushed until it answers."
        return (Finding("repository", "remote", level, room.trouble, mend, blocks),)
    if closed:
        level = "amber" if len(pushing) < len(runbook.methods) else "red"
        mend = "Get the right to write there, or sign in as somebody who has it."
        return (Finding("repository", "push", level, f"nothing can be pushed: {closed}", mend, pushing),)
    found = [Finding("repository", "remote", "green", f"{room.url} answers; {room.branch} is checked out here")]
    if room.pre_push:
        said = "your pre-push hook does not run in the clean room"
        found.append(Finding("repository", "hooks", "amber", said, "Know what it would have checked."))
    return tuple(found)


async def _why_no_push(room: clean_room.CleanRoom, env: Mapping[str, str]) -> str:
    """What the remote says to somebody who wants to write; empty where it lets them. Nothing is sent."""
    asked = ("push", "--dry-run", "--porcelain", "origin", "HEAD:refs/heads/warroom-doctor")
    try:
        said = await Ask(room.folder, env).answer(*asked, limit=NETWORK)
    except Unavailable as silent:
        return str(silent)
    return "" if said.ok else complaint(said)


def _pushes(method: Method) -> bool:
    texts = (command.text for step in method.steps for command in step.commands)
    return any(call.says("git push") for text in texts for call in calls(text))


async def checks(
    runbook: Runbook, folder: Path, env: Mapping[str, str], values: Mapping[str, str]
) -> tuple[Finding, ...]:
    """The runbook's guard, and what each method requires; what still waits for a value is no failure of tonight."""
    found = []
    for line in await needs.look(filled(runbook.guard, values, runbook.params), folder, env):
        level: Level = "green" if line.ok else "amber" if line.ok is None else "red"
        found.append(Finding("guard", line.title, level, line.found, line.mend))
    for method in runbook.methods:
        for line in await needs.look(filled(method.requires, values, runbook.params), folder, env):
            blocks = (method.label,) if line.stops and line.ok is False else ()
            level = "green" if line.ok else "amber"
            found.append(Finding(f"method {method.label}", line.title, level, line.found, line.mend, blocks))
    return tuple(found)


def methods(runbook: Runbook, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Which methods could be carried out by all that was found; red only when none could."""
    blocked = {label for finding in found for label in finding.blocks}
    ready = [method.label for method in runbook.methods if method.label not in blocked]
    if not runbook.methods:
        mend = f"See what was read of it: warroom check {runbook.path}"
        return (Finding("methods", "ready", "red", "the runbook holds no way to roll back", mend),)
    if not ready:
        mend = "Mend what stands above for the one you would choose first."
        return (Finding("methods", "ready", "red", "none of them", mend),)
    rest = [method.label for method in runbook.methods if method.label in blocked]
    said = ", ".join(ready) + (f"; not {', '.join(rest)}" if rest else "")
    return (Finding("methods", "ready", "amber" if rest else "green", said, "See above for the others."),)


async def sources(
    runbook: Runbook, folder: Path, env: Mapping[str, str], values: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Ask every signal once: is it reachable, and does it say a number?"""
    monitor = Monitor(runbook.signals, values=dict(values), run=runner(folder, env, runbook.params), environ=env)
    await monitor.look()
    found = [
        Finding(
            "sources", monitor.signals[name].title, "amber", "not set up: it is optional, and takes no part",
            f"Set {' and '.join(missing)} to have it judged.",
        )
        for name, missing in monitor.not_set_up().items()
    ]  # fmt: skip
    for name, value, why in monitor.readings():
        signal = monitor.signals[name]
        title = signal.title or name
        if isinstance(signal.source, NoSource):
            mend = f"Say in the runbook where to read {name}."
            found.append(Finding("sources", title, "amber", "no source: it stays unknown", mend))
        elif value is not None:
            said = f"{value:g} {signal.unit}".strip() if isinstance(value, float) else str(value)
            found.append(Finding("sources", title, "green", said))
        elif why == NO_DATA:
            mend = (
                "Ask the server what the query gives: a name or a label that is wrong gives nothing, for ever. Where "
                "nothing is good news, write … or vector(0)."
            )
            found.append(Finding("sources", title, "amber", why, mend))
        elif not monitor.is_failing(name) and "is not set yet" not in why:
            found.append(Finding("sources", title, "green", f"answers; {why}"))
        else:
            found.append(Finding("sources", title, "red", why, "Until it answers, the room cannot judge by it."))
    return tuple(found)
