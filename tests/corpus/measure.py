"""What a reader offered beside what a document has: pairs, misses, extras, and the figures over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from runbook.model import Effect
from tests.corpus.truth import Param, Place, Truth, Wanted, comparable, param_name, plain

Shares = tuple[int, int]
"""So many of so many."""


class Offered(msgspec.Struct, frozen=True):
    """A command that `warroom check --json` printed."""

    text: str
    line: int
    effect: str
    kind: str
    params: tuple[str, ...] = ()


class Outcome(msgspec.Struct, frozen=True):
    """One document, measured."""

    truth: Truth
    pairs: tuple[tuple[Wanted, Offered], ...]
    missed: tuple[Wanted, ...]
    extra: tuple[Offered, ...]
    refused: tuple[tuple[Offered, str], ...]
    """Those of `extra` that the truth names as text never to be offered, with its reason."""
    lost_items: tuple[str, ...]


def offered_in(checked: object) -> Iterator[Offered]:
    """Every command anywhere in what `check --json` printed."""
    if isinstance(checked, dict):
        if {"text", "line", "effect", "kind"} <= checked.keys():
            yield Offered(
                comparable(checked["text"]),
                checked["line"],
                checked["effect"],
                checked["kind"],
                tuple(dict.fromkeys(param_name(name) for name in checked.get("params", ()))),
            )
        for value in checked.values():
            yield from offered_in(value)
    elif isinstance(checked, list):
        for value in checked:
            yield from offered_in(value)


def strings_in(checked: object) -> Iterator[str]:
    if isinstance(checked, str):
        yield checked
    elif isinstance(checked, dict):
        for value in checked.values():
            yield from strings_in(value)
    elif isinstance(checked, list):
        for value in checked:
            yield from strings_in(value)


def measure(truth: Truth, checked: dict[str, Any]) -> Outcome:
    """Pair what was offered with what is there: same text on its own line first, then same text elsewhere."""
    left = list(offered_in(checked))
    wanted = list(truth.commands)
    pairs: list[tuple[Wanted, Offered]] = []
    for nearby in (True, False):
        for command in tuple(wanted):
            same = [one for one in left if one.text == command.text and (not nearby or _within(one, command))]
            if same:
                pairs.append((command, same[0]))
                left.remove(same[0])
                wanted.remove(command)
    extra = [one for one in left if not any(_is_mention(one, place) for place in truth.mentions)]
    texts = {plain(text) for text in strings_in(checked)}
    return Outcome(
        truth=truth,
        pairs=tuple(pairs),
        missed=tuple(wanted),
        extra=tuple(extra),
        refused=tuple((one, place.reason) for one in extra for place in truth.refused if _is_refused(one, place)),
        lost_items=tuple(item for item in truth.items if item not in texts),
    )


def _within(one: Offered, place: Wanted | Place) -> bool:
    return place.first <= one.line <= place.last


def _is_mention(one: Offered, place: Place) -> bool:
    return _within(one, place) and one.text == place.text


def _is_refused(one: Offered, place: Place) -> bool:
    return _within(one, place) and (not place.inline or one.text == place.text)


# ── figures ───────────────────────────────────────────────────────────────────────────────────────


def recall(outcomes: Sequence[Outcome]) -> Shares:
    return sum(len(one.pairs) for one in outcomes), sum(len(one.truth.commands) for one in outcomes)


def precision(outcomes: Sequence[Outcome]) -> Shares:
    right = sum(len(one.pairs) for one in outcomes)
    return right, right + sum(len(one.extra) for one in outcomes)


def on_their_line(outcomes: Sequence[Outcome]) -> Shares:
    found = [_within(one, command) for outcome in outcomes for command, one in outcome.pairs]
    return sum(found), len(found)


def exact_effect(outcomes: Sequence[Outcome]) -> Shares:
    found = [one.effect in command.effects for outcome in outcomes for command, one in outcome.pairs]
    return sum(found), len(found)


def exact_kind(outcomes: Sequence[Outcome]) -> Shares:
    """Over the commands that do not just run: by the truth, or because the reader says so."""
    found = [right for outcome in outcomes for command, one in outcome.pairs for right in _kind_is_right(command, one)]
    return sum(found), len(found)


def _kind_is_right(command: Wanted, one: Offered) -> Iterator[bool]:
    if one.kind not in command.kinds or (len(command.kinds) == 1 and one.kind != "run"):
        yield one.kind in command.kinds


def understated(outcome: Outcome) -> tuple[tuple[Wanted, Offered], ...]:
    """Commands that destroy and were taken for less."""
    return tuple(
        (command, one)
        for command, one in outcome.pairs
        if command.effects == {Effect.DESTROY} and one.effect != Effect.DESTROY
    )


def params_recall(outcomes: Sequence[Outcome]) -> Shares:
    asked = [
        bool(param.names & set(one.params))
        for outcome in outcomes
        for command, one in outcome.pairs
        if command.params_judged
        for param in command.params
        if param.asked
    ]
    return sum(asked), len(asked)


def params_precision(outcomes: Sequence[Outcome]) -> Shares:
    given = [
        any(name in param.names for param in command.params)
        for outcome in outcomes
        for command, one in outcome.pairs
        if command.params_judged
        for name in one.params
    ]
    return sum(given), len(given)


def items_kept(outcomes: Sequence[Outcome]) -> Shares:
    whole = sum(len(one.truth.items) for one in outcomes)
    return whole - sum(len(one.lost_items) for one in outcomes), whole


def share(part: Shares) -> float:
    """1.0 for nothing of nothing: there was nothing to get wrong."""
    return part[0] / part[1] if part[1] else 1.0


def lost_params(command: Wanted, one: Offered) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of values not found, and of values found that are none."""
    if not command.params_judged:
        return (), ()
    missing = tuple(_shown(param) for param in command.params if param.asked and not param.names & set(one.params))
    known = {name for param in command.params for name in param.names}
    return missing, tuple(name for name in one.params if name not in known)


def _shown(param: Param) -> str:
    return "|".join(sorted(param.names))
