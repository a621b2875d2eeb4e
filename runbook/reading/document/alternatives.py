"""Ways of which one is carried out: told apart in one fence, in one sentence, or by the words between two fences."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from runbook.model import Effect
from runbook.reading.document.drafts import Draft
from runbook.reading.document.sections import Section
from runbook.reading.fence import Piece

_FOR_ALL = re.compile(r"(?:cd|pushd|export|source|\.|set)\s|[A-Za-z_]\w*=\S*$")
"""What every way after it needs."""
_TURN = re.compile(
    r"(?i)\W*(?:or\b(?! not| (?:else|later))|alternatively\b|alternative(?: way)?\s*(?:[:,]|$)|as an alternative\b"
    r"|otherwise\b|instead\s*(?:[:,]|$)|alternativ\b|oder\b|sinon\b|en su lugar\b|o bien\b|altrimenti\b"
    r"|または|或者|또는)"
)


def numbered(found: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces with each way named apart by a number; the first is what stands before the first `or`."""
    made: list[Piece] = []
    words, number = "", 1
    for piece in found:
        if piece.kind != "command" or not piece.branch:
            made.append(piece)
            continue
        if number == 1:
            for before in _first_way(made):
                made[before] = msgspec.structs.replace(made[before], branch="1")
        if piece.branch != words:
            words, number = piece.branch, number + 1
        made.append(msgspec.structs.replace(piece, branch=str(number)))
    return tuple(made)


def _first_way(made: Sequence[Piece]) -> list[int]:
    """The command before the first `or`, with those right above it that no comment and no empty line parts from it."""
    last = next((n for n in reversed(range(len(made))) if made[n].kind == "command"), None)
    if last is None:
        return []
    way = [last]
    while (at := way[-1]) and not made[at].title and not made[at].label:
        above = made[at - 1]
        if above.kind != "command" or above.last_line + 1 != made[at].line or _FOR_ALL.match(above.text):
            break
        way.append(at - 1)
    return way


def turns(words: str) -> bool:
    """Whether words in prose say that what follows is done in place of what stands above."""
    return bool(_TURN.match(words))


def other_way(drafts: list[Draft], before: int, since: int, name: str) -> bool:
    """Makes of what was told since one way and of what was told right before it the other; no way replaces a look."""
    one, other = drafts[before:since], drafts[since:]
    if not (one and other and all(draft.commands for draft in (*one, *other))):
        return False
    if len({any(draft.effect is not Effect.READ for draft in way) for way in (one, other)}) > 1:
        return False
    name = one[-1].either or name
    drafts[before:] = [*_in_one_piece(one), *_in_one_piece(other)]
    for draft in drafts[before:]:
        draft.either = name if draft.either else ""
    return True


def _in_one_piece(way: list[Draft]) -> list[Draft]:
    """A way whose steps are all carried out, as one; a choice of its own stays one."""
    if any(draft.either for draft in way):
        return way
    first = way[0]
    for draft in way[1:]:
        first.commands += draft.commands
        first.notes += [draft.title, *draft.notes]
    first.either = "one"
    return [first]


def one_of(made: Sequence[Draft], section: Section, name: str) -> list[Draft]:
    """An `Option B` inside of a way as one step, which is carried out instead of its siblings."""
    if not made:
        return []
    whole = Draft(title=section.heading, line=section.line, commands=[c for draft in made for c in draft.commands])
    whole.either = name
    whole.message = next((draft.message for draft in made if draft.message), "")
    for draft in made:
        whole.notes += [draft.title, *draft.notes]
    return [whole]


def apart(draft: Draft, new_choice: Callable[[], str]) -> list[Draft]:
    """The step of a sentence that leaves a choice, as one step for each of its commands that may be chosen."""
    if not draft.others:
        return [draft]
    name = ""
    made: list[Draft] = []
    for at, command in enumerate(draft.commands):
        chosen = at in draft.others or at + 1 in draft.others
        if made and not chosen and not made[-1].either:
            made[-1].commands.append(command)
            continue
        if chosen and at not in draft.others:
            name = new_choice()
        part = Draft(command.as_written or command.text if chosen or made else draft.title, draft.line, [command])
        part.role, part.either, part.under = draft.role, name if chosen else "", draft.under
        part.notes = [draft.title] if chosen else []
        made.append(part)
    made[0].notes += draft.notes
    made[0].message = draft.message
    return made
