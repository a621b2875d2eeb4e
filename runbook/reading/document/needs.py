"""What a way needs to be carried out: the programs it starts, and the directory it can run in."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runbook.model import Check, Effect, Step, Where
from runbook.reading.document.phrases import Names

_PROGRAM = re.compile(
    r"^(?:\w+=\S*\s+)*(?:sudo\s+(?:-\w+\s+)*|time\s+|watch\s+(?:-\w+\s+\S+\s+)*[\"']?)?(?P<name>[a-z][\w.-]*)(?=\s|$)"
)
_FUNCTION = re.compile(r"(?m)^\s*(?:function\s+([\w:.-]+)|([\w:.-]+)\s*\(\s*\))")
_BUILTIN = frozenset(
    [
        "cd",
        "export",
        "echo",
        "source",
        "set",
        "unset",
        "if",
        "for",
        "while",
        "until",
        "case",
        "do",
        "done",
        "then",
        "fi",
        "esac",
        "test",
        "true",
        "false",
        "read",
        "exit",
        "return",
        "alias",
        "eval",
        "exec",
        "printf",
        "pwd",
        "wait",
        "trap",
        "ulimit",
        "umask",
        "function",
        "local",
        "declare",
        "ls",
        "cat",
        "cp",
        "mv",
        "rm",
        "mkdir",
        "grep",
        "sed",
        "awk",
        "head",
        "tail",
        "sort",
        "cut",
        "tr",
        "wc",
        "find",
        "xargs",
        "tee",
        "date",
        "sleep",
        "chmod",
        "chown",
        "touch",
        "kill",
        "ps",
        "df",
        "du",
        "which",
        "env",
        "sh",
        "bash",
        "less",
        "more",
        "diff",
    ]
)
_LOOKS = frozenset("git curl jq watch head grep tail echo sleep wc sort".split())  # noqa: SIM905


def required(steps: Iterable[Step]) -> tuple[Check, ...]:
    """A look for each program that the commands start; a missing one warns, since a part of the way may do without."""
    names = Names()
    return tuple(
        Check(
            id=names.new(program, "tool"),
            title=f"{program} is installed",
            tool=program,
            on_fail="warn",
            hint=f"Install {program}, or carry these steps out where it is.",
        )
        for program in programs(steps)
    )


def programs(steps: Iterable[Step]) -> tuple[str, ...]:
    """The programs that these steps start, by name, in order."""
    found: dict[str, None] = {}
    own: set[str] = set()
    for step in steps:
        for command in step.commands:
            own.update(one or other for one, other in _FUNCTION.findall(command.text))
            name = _PROGRAM.match(command.text)
            if name and name["name"] not in _BUILTIN:
                found[name["name"]] = None
    return tuple(name for name in found if name not in own)


def where(steps: Iterable[Step]) -> Where:
    """The clean room for a way that changes things with git alone; the engineer's own copy for any other."""
    commands = [command for step in steps for command in step.commands]
    changes = [command for command in commands if command.effect is not Effect.READ]
    by_git = all(re.match(r"git\s", command.text) for command in changes)
    looks = all((name := _PROGRAM.match(command.text)) and name["name"] in _LOOKS for command in commands)
    return Where.CLEAN_ROOM if changes and by_git and looks else Where.REPOSITORY
