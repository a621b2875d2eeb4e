"""What is wrong with a runbook: each finding with its file, line, key and mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from runbook.model import Record


class Problem(Record, frozen=True):
    """One finding. `line` counts from 1 and is 0 where no line can be named."""

    sentence: str
    file: str = ""
    line: int = 0
    key: str = ""
    """The path of keys that leads there: `methods[0].steps[2].run`."""
    nearest: str = ""
    """The right word that lies nearest to the wrong one; empty where none is near."""

    def __str__(self) -> str:
        place = ":".join(part for part in (self.file, str(self.line) if self.line else "") if part)
        mend = f' Did you mean "{self.nearest}"?' if self.nearest else ""
        return ": ".join(part for part in (place, self.key, self.sentence + mend) if part)


class ReadingError(Exception):
    """The document is not a runbook that can be used; `problems` says why, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems:
    """Collects the findings of one file while it is read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []

    def add(self, sentence: str, line: int = 0, key: str = "", nearest: str = "") -> None:
        self.found.append(Problem(sentence=sentence, file=self.file, line=line, key=key, nearest=nearest))

    def unknown(self, what: str, word: str, known: Iterable[str], line: int, key: str) -> None:
        """Adds "there is no …", with the nearest of the known words."""
        names = tuple(known)
        near = nearest(word, names)
        choice = "" if near or not names or len(names) > 12 else f" Known: {', '.join(names)}."
        self.add(f'There is no {what} "{shortened(word)}".{choice}', line, key, near)

    def stop_if_any(self) -> None:
        """Raises ReadingError when anything was found."""
        if self.found:
            raise ReadingError(self.found)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that a person most likely meant; empty where none is near."""
    folded = {_folded(name): name for name in known}
    close = difflib.get_close_matches(_folded(word[:80]), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def _folded(word: str) -> str:
    return word.lower().replace("-", "_")


def shortened(text: str, limit: int = 60) -> str:
    """The text on one line, printable, and no longer than `limit` characters."""
    line = "".join(char if char.isprintable() else "·" for char in text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"
