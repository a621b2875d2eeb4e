"""Numbers that would lie: rates over too little, servers that are half gone, pages that look like health."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import urlsplit

from runbook.checking.findings import Finding, Rule
from runbook.checking.scene import Scene
from runbook.model import Signal
from runbook.signal_sources import Health, Prometheus, Smoke, Source

SHORTEST_RATE = 60
"""Seconds: four scrapes at the interval that is usual, 15 s."""
_RATE = re.compile(r"\b(rate|irate|increase|delta)\s*\(.*?\[(\d+)(ms|s|m)\]", re.S)
S = TypeVar("S", bound=Source)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def rate_window(scene: Scene) -> Iterator[Finding]:
    """Rates of PromQL over fewer than four scrapes: one that is missed leaves nothing, or a jump."""
    for signal, source in _asked(scene, Prometheus):
        for found in _RATE.finditer(source.query):
            if int(found[2]) * _SECONDS[found[3]] < SHORTEST_RATE:
                yield Finding(
                    scene.line_with(source.query),
                    "warning",
                    f"{signal.id}: {found[1]}() over {found[2]}{found[3]} holds fewer than four scrapes at the usual"
                    " 15 s: one that is missed leaves a gap; write [1m] or more.",
                )


def no_targets(scene: Scene) -> Iterator[Finding]:
    """A number that is judged, of servers of which nobody would notice that half are gone."""
    book = scene.runbook
    criteria = [*(one.criterion for one in book.triggers), *(one.criterion for one in book.outcomes)]
    judged = {criterion.signal for criterion in criteria if criterion}
    for signal, source in _asked(scene, Prometheus):
        if not source.targets and signal.id in judged:
            yield Finding(
                scene.line_with(source.query),
                "note",
                f'{signal.id}: what a server that is down would say is not in it; `targets: up{{job="…"}}` makes that '
                "partial data instead of good news.",
            )


def page_as_health(scene: Scene) -> Iterator[Finding]:
    """A homepage as health, or as a smoke test, by its status alone: a sign-in or an error page may say 200 too."""
    for signal, source in _asked(scene, Health):
        if not source.contains and _is_homepage(source.url):
            yield Finding(
                scene.line_with(source.url),
                "warning",
                f"{signal.id}: a web page with 200 may be a sign-in, so it stays unknown; ask an endpoint for health,"
                " or say with `contains` what the page shows when all is well.",
            )
    for signal, smoke in _asked(scene, Smoke):
        for test in smoke.tests:
            if test.expected == (200,) and not test.contains and _is_homepage(test.url):
                yield Finding(
                    scene.line_with(test.url),
                    "note",
                    f"{signal.id}: a sign-in or an error page with 200 passes “{test.name}”;"
                    " `contains` tells them apart.",
                )


def _is_homepage(url: str) -> bool:
    parts = urlsplit(re.sub(r"^<[^<>]*>", "http://param", url))
    return parts.path in ("", "/") and not parts.query and not url.endswith(">")


def _asked(scene: Scene, kind: type[S]) -> Iterator[tuple[Signal, S]]:
    for signal in scene.runbook.signals:
        if isinstance(signal.source, kind):
            yield signal, signal.source


RULES: dict[str, Rule] = {
    "rate-window": rate_window,
    "no-targets": no_targets,
    "page-as-health": page_as_health,
}
