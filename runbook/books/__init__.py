"""The runbooks that ship with the program: data, not code. `book:NAME` names one.

`aws` (ECS, Lambda) · `docker-compose` · `helm` · `heroku` · `kubernetes` · `postgres-restore` ·
`production-rollback` (git, Vercel, Railway, Prisma).
"""

from __future__ import annotations

import re
from importlib import resources

PREFIX = "book:"

_HEAD = re.compile(r"(?:#.*\n)+")
_TITLE = re.compile(r"^title: (.*)$", re.M)


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


def title(name: str) -> str:
    """A shipped runbook's title. Raises KeyError."""
    found = _TITLE.search(text(name))
    return found[1].strip("'\"") if found else name


def purpose(name: str) -> str:
    """What a shipped runbook is for: the first sentence of its head. Raises KeyError."""
    head = _HEAD.match(text(name))
    words = " ".join(line.removeprefix("#").strip() for line in head[0].splitlines()) if head else ""
    return words.partition(". ")[0].rstrip(".")
