"""Where a number over time is read: one struct for each kind of source, as a runbook declares it.

`scale` multiplies what is read: 100 turns a ratio into per cent, 0.001 milliseconds into seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from shlex import quote
from typing import Literal

import msgspec

Seconds = float
_SPANS: dict[str, Seconds] = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_SPAN = re.compile(r"(\d+)(ms|[smhdwy])")
_RANGE = re.compile(r"\[\s*((?:\d+(?:ms|[smhdwy]))+)\s*(:?)|\boffset\s+((?:\d+(?:ms|[smhdwy]))+)")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="source"):
    """Base of the sources."""


class HttpJson(Source, frozen=True, tag="http_json"):
    """A number (or a text) out of a JSON document over HTTP.

    Either `path` (dotted) or a ratio of two counters: Δ`numerator` / Δ`denominator` over `window`.
    """

    url: str
    path: str = ""
    numerator: str = ""
    denominator: str = ""
    per: Seconds = 0
    """With `numerator` alone: its increase per so many seconds (60: per minute)."""
    window: Seconds = 60
    min_requests: int = 100
    scale: float = 1


class Health(Source, frozen=True, tag="health"):
    """A health endpoint: the status code is the value; its JSON `checks` are shown beside it."""

    url: str
    checks: str = "checks"


class Prometheus(Source, frozen=True, tag="prometheus"):
    """An expression of PromQL, asked of a Prometheus server (or what speaks its API); it must give one series."""

    url: str
    """The server's address, without `/api/v1`."""
    query: str
    targets: str = ""
    """A selector of the `up` of what is measured, `up{job="shop"}`: fewer of them up than at first is partial data."""
    scale: float = 1


class Exposition(Source, frozen=True, tag="exposition"):
    """A metrics page in Prometheus' text form, scraped directly: no server is needed.

    One of: `metric`, a gauge; `numerator` with `denominator` or `per`, counters; `histogram` with `quantile`.
    Each is a selector such as `http_requests_total{status="500"}`; the series it selects are summed.
    """

    url: str
    metric: str = ""
    numerator: str = ""
    denominator: str = ""
    per: Seconds = 0
    histogram: str = ""
    quantile: float = 0.95
    window: Seconds = 60
    min_requests: int = 100
    scale: float = 1


class CommandOutput(Source, frozen=True, tag="command"):
    """A number that a read-only command prints: the last line, what `regex` finds, or at `path` in its JSON."""

    run: str
    path: str = ""
    regex: str = ""
    reads: bool = False
    """The author's word that a program which is not known only reads."""
    deadline: Seconds = 0
    """It is ended after so long; 0: an interval, 10 s at most."""
    scale: float = 1


class SmokeTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request, and the statuses that it should be answered with."""

    name: str
    url: str
    expect: int | tuple[int, ...] = 200

    @property
    def expected(self) -> tuple[int, ...]:
        return (self.expect,) if isinstance(self.expect, int) else self.expect

    @property
    def wanted(self) -> str:
        """What it should be answered with, in words: `200 or 401`."""
        return " or ".join(map(str, self.expected))


class Smoke(Source, frozen=True, tag="smoke"):
    """Requests as a customer makes them: the value is how many of them fail; each is shown beside it."""

    tests: tuple[SmokeTest, ...]


class Cdn(Source, frozen=True, tag="cdn"):
    """A page behind a content delivery network, probed at each poll: the share of cache hits, in per cent."""

    url: str
    header: str = ""
    """The header that tells hit from miss; where nothing is said, those of the usual networks."""
    window: Seconds = 300
    min_probes: int = 5


class Sentry(Source, frozen=True, tag="sentry"):
    """Issues of a level that Sentry saw in the last minutes: how many, or how many events they hold."""

    org: str
    project: str
    level: Literal["fatal", "error", "warning", "info", "debug"] = "error"
    counts: Literal["issues", "events"] = "issues"
    window: Seconds = 600
    environment: str = ""
    url_env: str = "SENTRY_URL"
    token_env: str = "SENTRY_AUTH_TOKEN"  # noqa: S105 - the name of a variable
    seen: Literal["first", "last"] = "first"
    """`first`: those that are new, seen in these minutes for the first time; `last`: all that still happen."""


class Lighthouse(Source, frozen=True, tag="lighthouse"):
    """A run of the `lighthouse` program on a page, or the JSON report that another run left in `file`."""

    url: str = ""
    file: str = ""
    measure: Literal["score", "lcp", "fcp", "tbt", "cls", "speed_index"] = "score"
    program: str = "lighthouse"
    chrome_flags: str = "--headless=new"
    deadline: Seconds = 120

    @property
    def run(self) -> str:
        """The command of a poll; `<param>`s in it are still open."""
        if self.file:
            return f"cat -- {quote(self.file)}"
        what = "--quiet --only-categories=performance --disable-full-page-screenshot --output=json --output-path=stdout"
        return f"{self.program} {quote(self.url)} {what} --chrome-flags={quote(self.chrome_flags)}"


class LogRate(Source, frozen=True, tag="log_rate"):
    """Lines a minute of a log file that match; a file that is not there or not written any more is unknown."""

    file: str
    match: str
    window: Seconds = 60
    silence: Seconds = 300
    """So long without any line at all, and nobody writes it any more; 0: a log that may be silent."""


class NoSource(Source, frozen=True, tag="none"):
    """A number that the runbook speaks of without saying where to read it: unknown until somebody says."""


SignalSource = (
    HttpJson | Health | Prometheus | Exposition | CommandOutput | Smoke | Cdn | Sentry | Lighthouse | LogRate | NoSource
)


def counted_over(source: object, every: Seconds) -> Seconds:
    """Over how long a source counts that is asked so often; 0 where it does not count.

    Never less than three polls: with that, one missed poll would leave nothing to count.
    """
    if isinstance(source, Cdn):
        return max(source.window, (source.min_probes + 1) * every)
    if isinstance(source, HttpJson | Exposition | LogRate):
        return max(source.window, 3 * every)
    return source.window if isinstance(source, Sentry) else 0


def looks_back(source: object, every: Seconds) -> Seconds:
    """How far back a reading of a source counts; 0 where it tells of its own moment."""
    if isinstance(source, Prometheus):
        return _ranges(source.query)
    is_gauge = isinstance(source, HttpJson | Exposition) and not (source.numerator or getattr(source, "histogram", ""))
    return 0 if is_gauge else counted_over(source, every)


def _ranges(query: str) -> Seconds:
    """The longest range of an expression of PromQL, `[5m]`; a subquery's `[1h:]` and an offset lie before it.

    Not an offset of days: with that, now is compared with then.
    """
    longest = {"range": 0.0, "subquery": 0.0, "offset": 0.0}
    for inside, goes_on, offset in _RANGE.findall(_QUOTED.sub("", query)):
        kind = "offset" if offset else "subquery" if goes_on else "range"
        span = sum(int(number) * _SPANS[unit] for number, unit in _SPAN.findall(inside or offset))
        if kind != "offset" or span <= _SPANS["h"]:
            longest[kind] = max(longest[kind], span)
    return sum(longest.values())


def open_texts(source: object) -> Iterator[tuple[str, str]]:
    """Where a source (or its form) may hold `<param>`s: each key with its text."""
    for field in ("url", "query", "run", "file"):
        yield field, getattr(source, field, "")
    for place, test in enumerate(getattr(source, "tests", ())):
        yield f"tests[{place}].url", test.url


def settings(source: SignalSource) -> tuple[str, ...]:
    """Everything that can be set for a source: its variables by name, its values as `<param>`."""
    variables = (source.url_env, source.token_env) if isinstance(source, Sentry) else ()
    values = (name for _, text in open_texts(source) for name in re.findall(r"<[A-Za-z][\w-]*>", text))
    return (*variables, *dict.fromkeys(values))
