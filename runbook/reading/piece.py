"""One thing that a fence of a document holds."""

from __future__ import annotations

from typing import Literal, TypedDict

from runbook.model import Record

Kind = Literal["command", "manual", "note", "output", "script", "typed", "alternative"]
"""Run here · done by a person · words · what is seen · a file's text · typed into another program · the other way,
commented out. Only a `command` is ever offered for running."""


class Piece(Record, frozen=True):
    """One thing that a fence holds."""

    kind: Kind
    text: str
    """As the document says it, continuations joined by one space, without prompt and trailing comment."""
    line: int
    last_line: int
    title: str = ""
    label: str = ""
    """The number the document gives it: `1`, `2a`."""
    expected: str = ""
    """What should be seen, in the document's words, or its sample of the output."""
    remark: str = ""
    branch: str = ""
    """Where it is one of several ways: the words that say so."""
    runs: str = ""
    """What this machine's shell runs, where `text` is another shell's."""
    host: str = ""
    """The other machine whose prompt stands before it."""
    sample: bool = False
    """A filled-in example of the command above, not a second step."""


def only_shown(words: str, text: str, line: int, last_line: int) -> Piece:
    """A command that is not to be run, with the words that say so."""
    return Piece("note", f"{words.rstrip(' :')}: {text}", line, last_line)


class Heading(TypedDict):
    """What the comments above a piece say of it."""

    title: str
    remark: str
    expected: str
    label: str
