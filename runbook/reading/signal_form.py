"""The part of the YAML form that says where numbers over time are read, one form for each kind of source."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from runbook.signal_sources import SmokeTest

Duration = Annotated[
    float,
    msgspec.Meta(
        extra={"form": "duration"},
        extra_json_schema={"pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d|w)\s*)+$|^0$"},
        description="A length of time: `45s`, `5m`, `1h30m`, `7d`.",
    ),
]
SignalKind = Literal["error_rate", "latency", "health", "requests", "version", "other"]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the forms: a mapping with a closed set of keys."""


class HttpJsonForm(Form, frozen=True, tag_field="source", tag="http_json"):
    """A number or a text out of a JSON document over HTTP."""

    url: str
    path: str = ""
    """Where it stands in the document, with dots: `custom.latency.p95`."""
    numerator: str = ""
    """A counter, with `denominator` for a ratio or with `per` for a rate."""
    denominator: str = ""
    per: Duration = 0
    window: Duration = 60
    min_requests: int = 100
    scale: float = 1
    """Multiplies the result. A ratio of two counters in `%` is multiplied by 100 without it."""
    title: str = ""
    unit: str = ""
    every: Duration = 5
    kind: SignalKind = "other"
    optional: bool = False
    """As long as nobody sets what it needs (a variable, a `<param>` in it) it is not judged; see `Signal`."""


class HealthForm(Form, frozen=True, tag_field="source", tag="health"):
    """A health endpoint: its status code is the value."""

    url: str
    checks: str = "checks"
    title: str = ""
    unit: str = ""
    every: Duration = 5
    kind: SignalKind = "health"
    optional: bool = False


class PrometheusForm(Form, frozen=True, tag_field="source", tag="prometheus"):
    """An expression of PromQL, asked of a Prometheus server; it must give one series."""

    url: str
    """The server's address, without `/api/v1`."""
    query: str
    targets: str = ""
    """A selector of `up`, such as `up{job="shop"}`: with fewer of them up than at first the data is partial."""
    scale: float = 1
    title: str = ""
    unit: str = ""
    every: Duration = 15
    kind: SignalKind = "other"
    optional: bool = False


class ExpositionForm(Form, frozen=True, tag_field="source", tag="exposition"):
    """A metrics page in Prometheus' text form. Each selector, `name{label="value"}`, sums the series it picks."""

    url: str
    metric: str = ""
    """A gauge."""
    numerator: str = ""
    """A counter, with `denominator` for a ratio or with `per` for a rate."""
    denominator: str = ""
    per: Duration = 0
    histogram: str = ""
    """A histogram by its name, of which `quantile` is taken."""
    quantile: float = 0.95
    window: Duration = 60
    min_requests: int = 100
    scale: float = 1
    """Multiplies the result. A ratio of two counters in `%` is multiplied by 100 without it."""
    title: str = ""
    unit: str = ""
    every: Duration = 5
    kind: SignalKind = "other"
    optional: bool = False


class CommandOutputForm(Form, frozen=True, tag_field="source", tag="command"):
    """A number that a read-only command prints: its last line, what `regex` finds, or at `path` in its JSON."""

    run: str
    path: str = ""
    regex: str = ""
    """The first group counts."""
    reads: bool = False
    """Your word that a program which warroom does not know only reads."""
    deadline: Duration = 0
    """It is ended after so long; without it after an interval, at most 10 s."""
    scale: float = 1
    title: str = ""
    unit: str = ""
    every: Duration = 60
    kind: SignalKind = "other"
    optional: bool = False


class SmokeForm(Form, frozen=True, tag_field="source", tag="smoke"):
    """Requests as a customer makes them, redirects not followed: the value is how many of them fail."""

    tests: tuple[SmokeTest, ...]
    """Each with `name`, `url` and, where it is not 200, `expect`: a status or a list of them."""
    title: str = ""
    unit: str = ""
    every: Duration = 15
    kind: SignalKind = "other"
    optional: bool = False


class CdnForm(Form, frozen=True, tag_field="source", tag="cdn"):
    """A page behind a content delivery network, probed at each poll: the share of cache hits, in per cent."""

    url: str
    header: str = ""
    """The header that tells hit from miss; where nothing is said, those of the usual networks."""
    window: Duration = 300
    min_probes: int = 5
    """With fewer in the window it is unknown."""
    title: str = ""
    unit: str = "%"
    every: Duration = 15
    kind: SignalKind = "other"
    optional: bool = False


class SentryForm(Form, frozen=True, tag_field="source", tag="sentry"):
    """Issues of a level that Sentry saw in the last minutes: how many, or how many events they hold."""

    org: str
    project: str
    level: Literal["fatal", "error", "warning", "info", "debug"] = "error"
    seen: Literal["first", "last"] = "first"
    """`first`: those that are new, seen in these minutes for the first time; `last`: all that still happen."""
    counts: Literal["issues", "events"] = "issues"
    window: Duration = 600
    """Whole minutes."""
    environment: str = ""
    url_env: str = "SENTRY_URL"
    """The variable with the server's address, `https://sentry.io`."""
    token_env: str = "SENTRY_AUTH_TOKEN"  # noqa: S105 - the name of a variable
    """The variable with a token that may read the project's events; its value never stands here."""
    title: str = ""
    unit: str = ""
    every: Duration = 30
    kind: SignalKind = "other"
    optional: bool = False


class LighthouseForm(Form, frozen=True, tag_field="source", tag="lighthouse"):
    """A run of the `lighthouse` program on a page every few minutes, or the JSON report that another run left."""

    url: str = ""
    file: str = ""
    """Instead of `url`: the report that CI or another machine leaves here again and again; an old one is unknown."""
    measure: Literal["score", "lcp", "fcp", "tbt", "cls", "speed_index"] = "score"
    """The score of performance, 0 to 100; a time in seconds; or the bare shift of the layout."""
    program: str = "lighthouse"
    """`npx --no-install lighthouse` where it belongs to a project."""
    chrome_flags: str = "--headless=new"
    deadline: Duration = 120
    """A run is ended after so long."""
    title: str = ""
    unit: str = ""
    every: Duration = 600
    kind: SignalKind = "other"
    optional: bool = False


class LogRateForm(Form, frozen=True, tag_field="source", tag="log_rate"):
    """Lines a minute of a log file that match; a file that is not there or not written any more is unknown."""

    file: str
    match: str
    """A regular expression that is found in a line."""
    window: Duration = 60
    silence: Duration = 300
    """So long without any line at all, and nobody writes it any more; 0: a log that may be silent."""
    title: str = ""
    unit: str = "/min"
    every: Duration = 5
    kind: SignalKind = "other"
    optional: bool = False


class NoSourceForm(Form, frozen=True, tag_field="source", tag="none"):
    """A number that the runbook speaks of and that nobody has said where to read: a person looks it up."""

    title: str = ""
    unit: str = ""
    every: Duration = 5
    kind: SignalKind = "other"


SignalForm = (
    HttpJsonForm
    | HealthForm
    | PrometheusForm
    | ExpositionForm
    | CommandOutputForm
    | SmokeForm
    | CdnForm
    | SentryForm
    | LighthouseForm
    | LogRateForm
    | NoSourceForm
)
