"""Whether a command returns by itself, goes on for ever, or wants a terminal: tables, and a reader for them."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from runbook.steps.effect_tables import GLOBAL_VALUES
from runbook.steps.effect_tables_kinds import CONSOLES, FOLLOW, INTERACTIVE
from runbook.steps.effect_words import called, line_of, name, positionals, simple_commands, unwrapped
from runbook.steps.shell_tokens import Unbalanced

Kind = Literal["run", "follow", "interactive"]


def kind(text: str) -> Kind:
    """Whether a text returns by itself (`run`), goes on for ever (`follow`), or wants a terminal (`interactive`)."""
    try:
        commands = simple_commands(text)
    except Unbalanced:
        return "run"
    if re.search(r"\bwhile +(true|:|\[ *1 *\]) *[;\n]|\buntil +false\b", text) and "break" not in text:
        return "follow"
    found: set[Kind] = set()
    for number, command in enumerate(commands):
        if not command.words or command.ends == "&":
            continue
        one = _kind(command.words, command.fed)
        reader = commands[number + 1].words if command.ends == "|" and number + 1 < len(commands) else ()
        if one == "follow" and reader and re.match(r"head\b|grep .*(-\w*q|-m)", line_of(reader)):
            one = "run"
        if one == "interactive" and command.ends == "|" and name(command.words[0]) in ("less", "more", "man"):
            one = "run"
        found.add(one)
    return "interactive" if "interactive" in found else "follow" if "follow" in found else "run"


def _kind(words: tuple[str, ...], fed: bool) -> Kind:
    program = re.sub(r"\.(sh|bat)$", "", name(words[0]))
    line = line_of(words)
    whole = " ".join((program, *words[1:]))
    if program == "timeout":
        return "run"
    if (script := called(words)) != words and _kind(script, fed) != "run":
        return _kind(script, fed)
    piped = fed and re.search(r"\s(exec|run)\s(.*\s)?(-i|--stdin|--interactive)\s", whole) and " -t " not in whole
    if not piped and (_matches(INTERACTIVE, line) or _matches(INTERACTIVE, whole)):
        return "interactive"
    if _matches(FOLLOW, line) or _matches(FOLLOW, whole):
        return "follow"
    _own, *carried = unwrapped(words)
    for text in carried:
        inner = kind(text) if isinstance(text, str) else _kind(text, fed) if text else "run"
        if inner != "run":
            return inner
    if program == "ssh":
        return "run" if carried or fed or re.search(r"\s-\w*(fN|Nf|O)", whole) else "interactive"
    if program in CONSOLES and not fed:
        given = words[1:] if program != "redis-cli" else tuple(positionals(words[1:], GLOBAL_VALUES[program]))
        return "run" if any(re.fullmatch(CONSOLES[program], word) for word in given) else "interactive"
    return "run"


def _matches(patterns: tuple[str, ...], line: str) -> bool:
    return _joined(patterns).match(line) is not None


@cache
def _joined(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.DOTALL)
