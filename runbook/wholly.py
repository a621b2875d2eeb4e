"""Whether what the providers say of a text is said of all of it: it may change more, at which nobody looks."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from runbook.model import Effect
from runbook.providers.provider import Place
from runbook.providers.together import Together
from runbook.steps.effect_words import name, unwrapped
from runbook.steps.effects import infer, simple_commands
from runbook.steps.shell_tokens import Unbalanced

_KEEP_OUTPUT = frozenset(("tee",))
_DEEPEST = 3
"""So many programs that start one another are looked through."""


async def told_wholly(world: Together, text: str, at: Place) -> bool:
    """Whether each command of a text that changes something is understood by one of the providers."""
    try:
        changing = [
            said
            for one in simple_commands(text)
            if one.words[:1]
            and one.words[0] not in _KEEP_OUTPUT
            and infer(said := shlex.join(one.words)) is not Effect.READ
        ]
    except Unbalanced:
        return False
    if len(changing) < 2:
        return True
    return all([await world.has_a_say(one, at) for one in changing])


def hidden_behind(world: Together, text: str) -> str:
    """The program that hides an order from those who would show and prove it; empty where none does."""
    try:
        for one in simple_commands(text):
            line = shlex.join(one.words)
            if one.words and infer(line) is not Effect.READ and not world.orders(line):
                for inner in _carried(one.words, _DEEPEST):
                    if world.orders(inner) and infer(inner) is not Effect.READ:
                        return name(one.words[0])
    except Unbalanced:
        pass
    return ""


def _carried(words: tuple[str, ...], deep: int) -> Iterator[str]:
    _, *inside = unwrapped(words)
    for said in inside if deep else ():
        yield said if isinstance(said, str) else shlex.join(said)
        yield "" if isinstance(said, str) else shlex.join(said[1:])  # `aws-vault exec live kubectl …`
        for one in simple_commands(said) if isinstance(said, str) else ():
            yield from _carried(one.words, deep - 1) if one.words else ()
        if isinstance(said, tuple) and said:
            yield from _carried(said, deep - 1)
