"""Where a document's commands read numbers: health endpoints, JSON over HTTP, log files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from runbook.model import LogSource, Record, Signal, Step
from runbook.reading.document.attributes import language
from runbook.reading.document.blocks import Block
from runbook.reading.document.phrases import Names, slug
from runbook.reading.document.sections import Section
from runbook.reading.document.thresholds import Numbers, health_signal
from runbook.reading.fence import Piece, pieces
from runbook.signal_sources import HttpJson

_URL = re.compile(r"https?://[^\s'\"`<>|;)$]+")
_HEALTH = re.compile(r"/(?:[\w-]*health\w*|ready|readyz|readiness|live|livez|liveness|ping|status)/?(?:[?#]|$)", re.I)
_ELSEWHERE = re.compile(
    r"\b(?:ssh|exec|rsh|ssm|ansible)\s|\b(?:docker|podman|nerdctl|kubectl|oc|heroku|nomad)\b.*\b(?:exec|run)\b", re.I
)
_ASSIGNED = re.compile(r"^\s*(?:export\s+)?\w+=")
_NEAR = re.compile(r"^(?:localhost|127\.[\d.]+|0\.0\.0\.0|::1)$")
_NOT_LIVE = re.compile(
    r"staging|(?:^|[.-])(?:stag|stage|stg|dev|develop|development|test|testing|qa|uat|preview)\d*(?=[.-])", re.I
)
"""As the last part of a name `dev` and `test` are only where it is registered."""
_LIVE = re.compile(r"\bprod(?:uction)?\b", re.I)
_JQ = re.compile(r"\|\s*jq\s+(?:-\w+\s+)*[\"']?(?P<path>\.[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)[\"']?\s*['\"]?\s*$")
_NUMERIC = re.compile(
    r"rate|ratio|percent|pct|count|total|errors?|latency|duration|time|p\d\d|connections?|usage|memory|cpu|requests?|queue"
    r"|size|length|lag|depth|uptime|load",
    re.I,
)
_LOG = re.compile(r"(?:^|[|;&]\s*|\bsudo\s+)tail\b(?=[^|;&]*\s-\w*[fF]\b|[^|;&]*--follow)[^|;&]*?\s(?P<path>/[\w./-]+)")


class _Asked(Record, frozen=True):
    """An endpoint that a command asks, and what speaks for it."""

    url: str
    at: str
    verifies: bool
    live: bool


def health_endpoint(found: Iterable[Section]) -> Signal | None:
    """The signal of the health endpoint that curl asks; none where the document leaves open which of several it is."""
    asked = [
        _Asked(
            url=url.rstrip("."),
            at=urlsplit(url).netloc.lower(),
            verifies=section.role == "verify",
            live=any(_LIVE.search(said) for said in (piece.text, piece.title, piece.remark, section.heading)),
        )
        for section in found
        for block in section.blocks
        if block.kind == "fence"
        for piece in _asking_from_here(block)
        for url in _URL.findall(piece.text)
        if _HEALTH.search(url) and _is_address(url)
    ]
    for lesser in (_NEAR, _NOT_LIVE):
        asked = [one for one in asked if not lesser.search(urlsplit(one.url).hostname or "")] or asked
    narrowed = (
        asked,
        [one for one in asked if one.live],
        [one for one in asked if one.verifies],
        [one for one in asked if one.live and one.verifies],
    )
    sure = next((ones for ones in narrowed if len({one.at for one in ones}) == 1), ())
    return health_signal(sure[0].url) if sure else None


def _asking_from_here(fence: Block) -> Iterator[Piece]:
    """The commands and scripts in which curl asks from this machine, and those that set an address for it."""
    if not any("curl" in line for line in fence.lines):
        return
    for piece in pieces(fence.lines, fence.first_line, language(fence.info)):
        before, curl, _ = piece.text.partition("curl")
        asks = curl and not _ELSEWHERE.search(before[-1000:])
        if piece.kind in ("command", "script") and (asks or _ASSIGNED.match(piece.text)):
            yield piece


def _is_address(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def read_by(steps: Iterable[Step], numbers: Numbers) -> Iterator[Signal]:
    """The numbers that `curl … | jq '.path'` reads, under the names that their steps give them."""
    seen: set[str] = set()
    for step in steps:
        for command in step.commands:
            path = _JQ.search(command.text)
            url = _URL.search(command.text)
            before, curl, _ = command.text.partition("curl")
            if not path or not url or not curl or _ELSEWHERE.search(before[:1000]):
                continue
            if not _NUMERIC.search(path["path"].split(".")[-1]):
                continue
            dotted = path["path"].lstrip(".")
            name = slug(dotted).replace("-", "_")
            if name in seen or name in numbers.signals or not name[:1].isalpha():
                continue
            seen.add(name)
            title = step.title.rpartition(": ")[2]
            yield Signal(
                id=name,
                title=f"{title} ({dotted})" if title and not command.note else f"{command.note or dotted} ({dotted})",
                source=HttpJson(url=url[0], path=dotted),
            )


def logs(steps: Iterable[Step]) -> tuple[LogSource, ...]:
    """The log files that the document follows."""
    names = Names()
    found: dict[str, LogSource] = {}
    for step in steps:
        for command in step.commands:
            for place in _LOG.finditer(command.text):
                path = place["path"]
                if path not in found:
                    title = step.title.rpartition(": ")[2]
                    found[path] = LogSource(id=names.new(path.rpartition("/")[2], "log"), path=path, title=title)
    return tuple(found.values())
