"""The program calls of a shell text, as providers read them: what is called, with which words, in which directory.

Nothing is run here. Calls inside quotes or substitutions are left out: their place in the text is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runbook.model import Record
from runbook.providers.shell_words import Operator, Word, shell_words

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.DOTALL)
_PREFIXES = frozenset(
    ("!", "{", "if", "then", "else", "while", "until", "do", "time", "exec", "command", "nohup", "sudo", "env")
)
_LIMITERS = ("timeout", "nice")
_RUNNERS = {
    "npx": 0,
    "bunx": 0,
    "timeout": 1,
    "nice": 0,
    **dict.fromkeys(("pnpm", "yarn", "npm", "bun"), 1),  # `pnpm exec vercel …`
}
"""Programs that start the one that counts, with how many of their own words come before it."""


class Call(Record, frozen=True):
    """One call. `words` are its arguments; None stands for one that the shell decides when it runs."""

    program: str
    words: tuple[str | None, ...]
    directory: str = ""
    """By `cd`, relative to where the text starts; empty for the same."""
    settings: dict[str, str] = {}
    """`NAME=value` in front of it."""
    end: int = 0
    """Where its last word ends in the text."""
    runner: tuple[str, ...] = ()
    """What starts it out of a project's own packages: `npx --no-install`."""

    def split(self, valued: str = "") -> Arguments:
        """Options told from plain words. `valued` names the options that take the following word."""
        return _split(self.words, frozenset(valued.split()))


class Arguments(Record, frozen=True):
    """A call's plain words in order, and its options with their last value (empty for a bare one)."""

    plain: tuple[str | None, ...]
    options: dict[str, str | None]

    def option(self, *names: str) -> str | None:
        """The value of an option under any of its names: empty where it is not given, None where the shell decides."""
        return next((self.options[name] for name in names if name in self.options), "")

    def has(self, *names: str) -> bool:
        return any(name in self.options for name in names)


def calls(text: str, variables: Mapping[str, str]) -> tuple[Call, ...]:
    """Every program call of a text, in order. `variables` are those that session and environment have set."""
    return tuple(_calls(text, dict(variables)))


def _calls(text: str, known: dict[str, str]) -> Iterator[Call]:
    words: list[Word] = []
    directory = ""
    for token in (*shell_words(text), Operator(text="\n")):
        if isinstance(token, Word):
            words.append(token)
            continue
        settings, rest = _settings(words, known)
        if not rest:
            known |= settings
        elif rest[0].value(known) == "export":
            known |= _settings(rest[1:], known)[0]
        elif rest[0].value(known) == "cd" and len(rest) == 2:
            step = rest[1].value(known) or rest[1].shown
            directory = step if step.startswith("/") or not directory else f"{directory}/{step}"
        elif call := _call(rest, directory, settings, known):
            yield call
        words = []


def _settings(words: list[Word], known: Mapping[str, str]) -> tuple[dict[str, str], list[Word]]:
    """Leading assignments and words like `then`, `sudo`, `env` off a simple command."""
    found: dict[str, str] = {}
    for place, word in enumerate(words):
        head = word.parts[0] if word.parts and isinstance(word.parts[0], str) else ""
        if match := _ASSIGNMENT.match(head):
            value = Word(parts=(match[2], *word.parts[1:]), start=word.start, end=word.end).value(known)
            found |= {match[1]: value} if value is not None else {}
        elif head not in _PREFIXES or len(word.parts) != 1:
            return found, words[place:]
    return found, []


def _call(words: list[Word], directory: str, settings: dict[str, str], known: Mapping[str, str]) -> Call | None:
    values = [word.value(known) for word in words]
    place, runner = 0, list[str]()
    while (name := _name(values[place])) in _RUNNERS:
        own, first = _RUNNERS[name], place
        place += 1
        while place < len(values) and ((values[place] or "").startswith("-") or own):
            own -= not (values[place] or "").startswith("-")
            place += 1
        if place >= len(values):
            return None
        runner += [value or "" for value in values[first:place]] if name not in _LIMITERS else []
    return Call(
        program=name,
        words=tuple(values[place + 1 :]),
        directory=directory,
        settings=settings,
        end=words[-1].end,
        runner=tuple(runner),
    )


def _name(value: str | None) -> str:
    return (value or "").rpartition("/")[2].partition("@")[0]


def _split(words: tuple[str | None, ...], valued: frozenset[str]) -> Arguments:
    plain: list[str | None] = []
    options: dict[str, str | None] = {}
    rest = iter(words)
    for word in rest:
        if word == "--":
            plain += rest
        elif word is None or not word.startswith("-") or word == "-":
            plain.append(word)
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            options[name] = value if equals else next(rest, "") if name in valued else ""
        elif word[:2] in valued:
            options[word[:2]] = word[2:].removeprefix("=") or next(rest, "")
        else:
            options[word] = ""
    return Arguments(plain=tuple(plain), options=options)
