"""Whether what the providers say of a text is said of all of it: it may change more, at which nobody looks."""

from __future__ import annotations

import shlex

from runbook.model import Effect
from runbook.providers.provider import Place
from runbook.providers.together import Together
from runbook.steps.effects import infer, simple_commands
from runbook.steps.shell_tokens import Unbalanced

_KEEP_OUTPUT = frozenset(("tee",))


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
