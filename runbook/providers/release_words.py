"""How a release is told of in a line."""

from __future__ import annotations

from datetime import UTC, datetime

from runbook.logs.clean import clean
from runbook.providers.platform import Release


def titled(release: Release) -> str:
    """`v7 (Deploy 1f3c)`."""
    said = clean(release.value, 60)
    return f"{said} ({clean(release.title, 80)})" if release.title and release.title != release.value else said


def told_of(release: Release) -> str:
    """` · by ana, 2 h ago · sha256:…`."""
    age = _age(release.at) if release.at else ""
    parts = [f"by {release.by}" if release.by else "", age, release.detail]
    return "".join(f" · {clean(part, 120)}" for part in parts if part)


def _age(at: datetime) -> str:
    seconds = (datetime.now(UTC) - at).total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return "just now"
