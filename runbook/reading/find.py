"""Where a team keeps its rollback runbook: the places that are looked at when none is named."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

_STEMS = (
    "rollback",
    "docs/rollback",
    "docs/runbooks/rollback",
    "docs/rollback_runbook",
    "docs/runbooks/deployment-rollback",
    "runbooks/rollback",
    "ops/runbooks/rollback",
    "docs/deployment-rollback",
)
_FOLDERS = ("", "docs/", "docs/runbooks/", "runbooks/", "ops/runbooks/")

PLACES = (
    *(f"{stem}.{ending}" for stem in _STEMS for ending in ("yaml", "yml")),
    *(f"{folder}*.rollback.{ending}" for folder in _FOLDERS for ending in ("yaml", "yml")),
    *(f"{stem}.md" for stem in _STEMS),
)
"""The places in one folder, best first, in any case. The exact form goes before Markdown."""


def find(folder: Path | str) -> Path | None:
    """The runbook of a folder, or of the nearest folder above it inside the same git repository."""
    start = Path(folder).expanduser().absolute()
    for here in _up_to_git_root(start):
        for place in PLACES:
            found = _match(here, tuple(place.lower().split("/")))
            if found is not None:
                return found
    return None


def _up_to_git_root(start: Path) -> tuple[Path, ...]:
    """The folder and those above it up to the repository's root; the folder alone outside of any."""
    way = (start, *start.parents)
    for depth, here in enumerate(way):
        if (here / ".git").exists():
            return way[: depth + 1]
    return (start,)


def _match(folder: Path, parts: tuple[str, ...]) -> Path | None:
    """The file under a folder whose path matches in any case; of several, the first by name."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:  # not a folder, gone, or not ours to read: nothing is found there
        return None
    for entry in (entry for entry in entries if fnmatchcase(entry.name.lower(), parts[0])):
        if len(parts) > 1:
            below = _match(entry, parts[1:]) if entry.is_dir() else None
            if below is not None:
                return below
        elif entry.is_file():
            return entry
    return None
