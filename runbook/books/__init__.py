"""The runbooks that ship with the program: data, not code. `book:NAME` names one."""

from __future__ import annotations

from importlib import resources

PREFIX = "book:"


def names() -> tuple[str, ...]:
    """The names of the shipped runbooks, sorted."""
    entries = resources.files(__name__).iterdir()
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in entries if entry.name.endswith(".yaml")))


def text(name: str) -> str:
    """A shipped runbook's text, by its name with or without `book:`. Raises KeyError."""
    bare = name.removeprefix(PREFIX)
    if bare not in names():
        raise KeyError(f'There is no book "{bare}". The books are: {", ".join(names())}.')
    return (resources.files(__name__) / f"{bare}.yaml").read_text(encoding="utf-8")
