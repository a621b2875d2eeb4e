"""The commands about the YAML form: a document turned into it, its schema, the runbooks that ship in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from runbook import books
from runbook.model import Runbook
from tui import exit_codes
from tui.checks import why_unreadable


def convert(source: str, output: str | None) -> int:
    """Print a document in the YAML form, or write it to a file that does not exist yet."""
    from runbook.reading.problems import ReadingError

    try:
        text, said = _converted(source)
    except (OSError, ReadingError, UnicodeDecodeError, KeyError) as trouble:
        return _tell(why_unreadable(source, trouble), exit_codes.USAGE)
    if not text:
        return _tell(said, exit_codes.NOT_OK)
    if output is None:
        sys.stdout.write(text)
        return exit_codes.OK
    try:
        with Path(output).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return _tell(f"{output} is there already, and nothing was written. Name another file.", exit_codes.NOT_OK)
    except OSError as trouble:
        return _tell(f"{output} was not written: {trouble.strerror}.", exit_codes.NOT_OK)
    sys.stdout.write(f"{output}\n")
    return _tell(f"{said} `warroom check {output}` says what is unclear.", exit_codes.OK)


def schema() -> int:
    """Print the JSON Schema of the YAML form."""
    from runbook.reading.schema import schema as made

    sys.stdout.write(json.dumps(made(), indent=2, ensure_ascii=False) + "\n")
    return exit_codes.OK


def shipped() -> int:
    """List the runbooks that ship with the program: name, title, what for."""
    width = max(len(name) for name in books.names())
    for name in books.names():
        sys.stdout.write(f"{name:{width}}  {books.title(name)}\n{'':{width}}  {books.purpose(name)}\n")
    return _tell("`warroom open book:NAME` opens one; `warroom convert book:NAME -o FILE` copies it.", exit_codes.OK)


def _converted(source: str) -> tuple[str, str]:
    """The YAML text and what there is to say about it; an empty text where it would not be the same runbook."""
    from runbook.opening import read_runbook, source_text
    from runbook.reading.problems import ReadingError
    from runbook.reading.write import dumps, placeless, visible

    text = source_text(source)
    if source.startswith(books.PREFIX):
        return text, "Copied as it ships."
    book = read_runbook(text, source)
    written = dumps(book)
    try:
        same = placeless(read_runbook(written, f"{source}.yaml")) == placeless(visible(book)[0])
    except ReadingError as trouble:
        return "", f"{source} says something that the YAML form does not hold; nothing was written.\n{trouble}"
    if not same:
        return "", f"{source} would not be the same runbook in the YAML form; nothing was written."
    return written, _counted(book, written)


def _counted(book: Runbook, written: str) -> str:
    commands = sum(len(step.commands) for procedure in book.procedures() for step in procedure.steps)
    guesses = sum(line.lstrip(" -").startswith("guess:") for line in written.splitlines())
    return f"Methods: {len(book.methods)}, commands: {commands}, guesses to look at: {guesses}."


def _tell(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code
