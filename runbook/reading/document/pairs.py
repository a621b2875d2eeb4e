"""Inverse pairs: a step that a later one takes back (maintenance on and off, stop and start, scale to 0 and up)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from runbook.model import Command, Effect, Step

_OPPOSITES = (
    ("on", "off"), ("enable", "disable"), ("disable", "enable"), ("lock", "unlock"), ("freeze", "unfreeze"),
    ("pause", "resume"), ("pause", "unpause"), ("suspend", "resume"), ("stop", "start"), ("cordon", "uncordon"),
    ("down", "up"), ("true", "false"), ("block", "unblock"), ("silence", "unsilence"), ("drain", "undrain"),
    ("drain", "uncordon"),
)  # fmt: skip
_CLOSERS = {opens: [closes for first, closes in _OPPOSITES if first == opens] for opens, _ in _OPPOSITES}
_WORD = re.compile(r"[A-Za-z]+")
_REPLICAS = re.compile(r"(--replicas[= ]|(?<=\s)\w+=)(?P<count>\d+|<[\w-]+>)")
_SCALES = re.compile(r"\bscale\b")
_OPTION = re.compile(r"\s--?(?:no-pager|ignore-daemonsets|delete-emptydir-data|force|timeout=\S+)")


def with_pairs(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, each of a pair's first ones naming the step that takes it back."""
    waiting: dict[str, list[int]] = {}
    closed: dict[int, str] = {}
    for number, step in enumerate(steps):
        for command in step.commands:
            if command.effect is Effect.READ:
                continue
            said = _said(command)
            for open_at in waiting.pop(said, ()):
                if open_at != number:
                    closed.setdefault(open_at, step.id)
            for way_back in _ways_back(command, said):
                waiting.setdefault(way_back, []).append(number)
    return tuple(
        msgspec.structs.replace(step, closed_by=closed[number]) if number in closed else step
        for number, step in enumerate(steps)
    )


def _said(command: Command) -> str:
    """The command's words; a scale to anything but nothing counts as a scale up."""
    text = _OPTION.sub("", " ".join(command.text.split()))
    if _SCALES.search(text):
        text = _REPLICAS.sub(lambda found: found[1] + ("0" if found["count"] == "0" else "n"), text)
    return text


def _ways_back(command: Command, text: str) -> list[str]:
    if len(text) > 300:
        return []
    found = []
    if _SCALES.search(text) and _REPLICAS.search(command.text):
        back = re.sub(r"(--replicas[= ]|(?<=\s)\w+=)0\b", r"\1n", text)
        return [back] if back != text else []
    for word in _WORD.finditer(text):
        for opposite in _CLOSERS.get(word[0], ()):
            found.append(text[: word.start()] + opposite + text[word.end() :])
    return found[:8]
