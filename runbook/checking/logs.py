"""The runbook's logs: commands that do not follow, programs that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.checking.calls import calls
from runbook.checking.findings import Finding, Rule
from runbook.checking.scene import Scene
from runbook.checking.whole import BUILTINS, FAR
from runbook.steps import effects


def does_not_follow(scene: Scene) -> Iterator[Finding]:
    for log in scene.runbook.logs:
        if log.run and effects.kind(log.run) == "run":
            yield Finding(
                scene.line_with(log.run),
                "warning",
                "This log's command may not follow: where it ends it is run again and shows its lines again. "
                "Add what makes it follow, as -f.",
            )
        elif log.run and effects.kind(log.run) == "interactive":
            yield Finding(
                scene.line_with(log.run), "problem", "This log's command wants a terminal, and a log has none."
            )


def program_absent(scene: Scene) -> Iterator[Finding]:
    for log in scene.runbook.logs:
        for program in programs(log.run) if log.run else ():
            if not scene.is_installed(program):
                yield Finding(
                    scene.line_with(log.run),
                    "note",
                    f"{program} is not installed on this machine; until it is, this log stays empty.",
                )


def programs(text: str) -> Iterator[str]:
    """The programs that a command calls on this machine."""
    return (
        call.program
        for call in calls(text)
        if call.program not in BUILTINS and "<" not in call.program and not FAR & set(call.via)
    )


RULES: dict[str, Rule] = {"log-follow": does_not_follow, "log-program": program_absent}
