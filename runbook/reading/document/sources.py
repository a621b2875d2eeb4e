"""Where a document's commands read numbers: health endpoints, JSON over HTTP, log files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from runbook.model import LogSource, Signal, Step
from runbook.reading.document.phrases import Names, slug
from runbook.reading.document.thresholds import Numbers, health_signal
from runbook.signal_sources import HttpJson

_URL = re.compile(r"https?://[^\s'\"`<>|;)$]+")
_HEALTH = re.compile(r"/(?:[\w-]*health\w*|ready|readyz|readiness|live|livez|liveness|ping|status)/?(?:[?#]|$)", re.I)
_JQ = re.compile(r"\|\s*jq\s+(?:-\w+\s+)*[\"']?(?P<path>\.[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)[\"']?\s*['\"]?\s*$")
_NUMERIC = re.compile(
    r"rate|ratio|percent|pct|count|total|errors?|latency|duration|time|p\d\d|connections?|usage|memory|cpu|requests?|queue"
    r"|size|length|lag|depth|uptime|load",
    re.I,
)
_LOG = re.compile(r"(?:^|[|;&]\s*|\bsudo\s+)tail\b(?=[^|;&]*\s-\w*[fF]\b|[^|;&]*--follow)[^|;&]*?\s(?P<path>/[\w./-]+)")


def health_endpoint(texts: Iterable[str]) -> Signal | None:
    """The signal of the first health endpoint that a curl asks; none whose address leaves a value open."""
    for text in texts:
        if "curl" not in text:
            continue
        for url in _URL.findall(text):
            if _HEALTH.search(url):
                return health_signal(url.rstrip("."))
    return None


def read_by(steps: Iterable[Step], numbers: Numbers) -> Iterator[Signal]:
    """The numbers that `curl … | jq '.path'` reads, under the names that their steps give them."""
    seen: set[str] = set()
    for step in steps:
        for command in step.commands:
            path = _JQ.search(command.text)
            url = _URL.search(command.text)
            if not path or not url or "curl" not in command.text or not _NUMERIC.search(path["path"].split(".")[-1]):
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
