"""`watch` where there is no screen for it: what it would repeat, repeated as lines."""

from __future__ import annotations

import re

from runbook.steps.shell_tokens import Token, Unbalanced, tokens

WHY = "watch needs a screen of its own and shows nothing in a log: its command is repeated, a failure said."
_EVERY = re.compile(r"(?:-n|--interval[= ]?)(\d+(?:\.\d+)?)?")
_HARMLESS = re.compile(r"-[bcdptwx]+|--(?:beep|color|differences|precise|no-title|no-wrap|exec)")


def as_lines(text: str) -> tuple[str, str]:
    """A lone `watch` as a loop that prints, and why; any other text unchanged with an empty why.

    A watch that ends by itself (`-e`, `-g`), or that is part of something larger, stays as it is.
    """
    try:
        words = tokens(text.strip())
    except Unbalanced:
        return text, ""
    if not words or words[0].plain != "watch" or any(word.kind != "word" for word in words):
        return text, ""
    every, rest = _options(words[1:])
    if not rest:
        return text, ""
    repeated = text.strip()[rest[0].start :]
    if len(rest) == 1 and repeated != rest[0].plain:  # quoted: a text for a shell of its own
        repeated = f"bash -o pipefail -c {repeated}"
    return f'while :; do date +%T; {repeated} || echo "failed, exit $?"; sleep {every}; done', WHY


def _options(words: list[Token]) -> tuple[str, list[Token]]:
    """The interval in seconds, and the words of the command; no words where an option means more than its looks."""
    every, rest = "2", list(words)
    while rest and rest[0].plain.startswith("-"):
        option = rest.pop(0).plain
        if option == "--":
            break
        if interval := _EVERY.fullmatch(option):
            every = interval[1] or (rest.pop(0).plain if rest else "")
        elif not _HARMLESS.fullmatch(option):
            return "", []
    return every, rest if re.fullmatch(r"\d+(?:\.\d+)?", every) else []
