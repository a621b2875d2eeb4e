"""A content delivery network: how many of the last probes its cache answered, by the header in which it says so."""

from __future__ import annotations

import re
from collections import deque

from runbook.logs.clean import clean
from runbook.model import Seconds
from runbook.signal_sources import Cdn
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.http_json import Hole

HEADERS = ("x-vercel-cache", "cf-cache-status", "cdn-cache", "x-cache", "cache-status")
"""Where a cache says whether it had the answer; the first of them that is there counts."""
_HIT = frozenset({"hit", "stale", "updating", "prerender", "refreshhit"})
_MISS = frozenset({"miss", "expired", "revalidated", "bypass", "dynamic", "refreshmiss", "pass"})


class Probes:
    """Whether the cache had the answer, for the probes of the last while, by the local monotonic clock."""

    def __init__(self, window: Seconds) -> None:
        self.window = window
        self._hits: deque[tuple[float, bool]] = deque()

    def add(self, seen: float, hit: bool) -> None:
        self._hits.append((seen, hit))
        while self._hits[0][0] <= seen - self.window:
            self._hits.popleft()

    def share(self, least: int) -> float:
        """Hits in per cent. Raises Hole while there are too few probes."""
        if len(self._hits) < least:
            raise Hole(f"{len(self._hits)} of {least} probes so far")
        return round(100 * sum(hit for _, hit in self._hits) / len(self._hits), 3)


def value_of(source: Cdn, reply: Reply, memory: Probes, seen: float) -> float:
    """The share of hits over the window, in per cent. Raises Hole, Unreadable."""
    memory.add(seen, _is_hit(source, reply))
    return memory.share(source.min_probes)


def _is_hit(source: Cdn, reply: Reply) -> bool:
    if reply.status >= 400:
        raise Unreadable(f"{reply.status}: an error page tells nothing of the cache")
    found = dict(reply.headers)
    names = (source.header.lower(),) if source.header else HEADERS
    name = next((name for name in names if name in found), "")
    if not name:
        raise Unreadable(f"no {source.header} header" if source.header else "no header of a cache: name it in `header`")
    said = found[name].split(",")[-1].strip()  # of several caches in a row the last one is the nearest
    words = re.findall(r"[a-z]+", said.lower().removeprefix("tcp_").replace("mem_", ""))
    if name == "cache-status":  # RFC 9211: the cache's name, then what it did
        words = re.findall(r";\s*(hit|fwd)\b", said.lower())
        words = ["hit" if "hit" in words else "miss" if "fwd" in words else ""]
    word = words[0] if words else ""
    if word not in _HIT | _MISS:
        raise Unreadable(f"{name} says {clean(said, 40) or 'nothing'}, which is neither a hit nor a miss")
    return word in _HIT
