"""Signals and the criteria on them, from the form to the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from runbook.model import Criterion, Effect, Signal
from runbook.reading.form import RunbookForm
from runbook.reading.problems import Problems
from runbook.reading.signal_form import (
    CdnForm,
    CommandOutputForm,
    ExpositionForm,
    HealthForm,
    HttpJsonForm,
    LighthouseForm,
    LogRateForm,
    NoSourceForm,
    PrometheusForm,
    SentryForm,
    SignalForm,
    SmokeForm,
)
from runbook.reading.tree import line_of
from runbook.signal_sources import (
    Cdn,
    CommandOutput,
    Exposition,
    Health,
    HttpJson,
    Lighthouse,
    LogRate,
    NoSource,
    Prometheus,
    Sentry,
    SignalSource,
    Smoke,
    open_texts,
    settings,
)

ParseCriterion = Callable[[str, Mapping[str, Signal]], Criterion]
"""Reads `error_rate > 5% for 5m`; raises ValueError with a sentence."""

InferEffect = Callable[[str], Effect]
_SELECTOR = re.compile(r"\s*[a-zA-Z_:][\w:]*\s*(?:\{.*\})?\s*\Z", re.DOTALL)
_SIGNAL_WORD = re.compile(r"\s*([A-Za-z][\w.-]*)\s*[<>=!]")


LONGEST_RUN = 600
"""Seconds that one reading of a slow source may take."""
ONLY_READ = (
    "This is run again and again without a confirmation, so it may only read, and this command is not known to."
    " `reads: true` is your word that it does."
)


class Signals:
    """The signals of one runbook, and what is asked of them."""

    def __init__(self, form: RunbookForm, problems: Problems, parse: ParseCriterion, infer: InferEffect | None) -> None:
        self.problems = problems
        self.parse = parse
        self.infer = infer
        self.by_id = {str(name): self._signal(name, signal) for name, signal in form.signals.items()}
        self.named: dict[str, Criterion | None] = {}
        for index, criterion in enumerate(form.criteria):
            held = f" for {criterion.for_:g}s" if criterion.for_ else ""
            text = f"{criterion.signal} {criterion.is_}{held}"
            self.named[criterion.id] = self._parsed(text, line_of(criterion.id), f"criteria[{index}]")

    @property
    def all(self) -> tuple[Signal, ...]:
        return tuple(self.by_id.values())

    def criterion(self, text: str, key: str) -> Criterion | None:
        """The criterion of an id or a text; None for an empty one and, with a problem noted, a wrong one."""
        if not text.strip():
            return None
        if text.strip() in self.named:
            return self.named[text.strip()]
        return self._parsed(text, line_of(text), key)

    def _parsed(self, text: str, line: int, key: str) -> Criterion | None:
        word = _SIGNAL_WORD.match(text)
        if word is None and re.fullmatch(r"\s*[\w.-]+\s*", text):
            self.problems.unknown("criterion", text.strip(), self.named, line, key)
            return None
        if word is not None and word[1] not in self.by_id:
            self.problems.unknown("signal", word[1], self.by_id, line, key)
            return None
        try:
            return self.parse(str(text), self.by_id)
        except ValueError as error:
            self.problems.add(str(error), line, key)
            return None

    def _signal(self, name: str, form: SignalForm) -> Signal:
        key = f"signals.{name}"
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", name):
            self.problems.add("A signal's name is made of a-z, 0-9, - and _.", line_of(name), key)
        for field, text in open_texts(form):
            if isinstance(form, LighthouseForm) and not text:
                continue
            if field.endswith("url") and (text or hasattr(form, "url")) and not re.match(r"https?://|<", text):
                why = "A signal's `url` begins with http:// or https://."
                self.problems.add(why, line_of(text), f"{key}.{field}")
        if form.every < 1:
            self.problems.add("A signal is asked once a second at most: `every: 5s`.", line_of(name), f"{key}.every")
        source = self._source(form, name, key)
        optional = not isinstance(form, NoSourceForm) and form.optional
        if optional and not settings(source):
            why = "Nothing has to be set for this signal, no variable and no <param>: `optional` says nothing here."
            self.problems.add(why, line_of(name), f"{key}.optional")
        return Signal(
            id=name,
            title=form.title or name,
            source=source,
            unit=form.unit or _usual_unit(form),
            every=form.every,
            kind=form.kind,
            optional=optional,
        )

    def _source(self, form: SignalForm, name: str, key: str) -> SignalSource:
        self._one_way(form, name, key)
        kind = SOURCES[type(form)]
        given = {field: getattr(form, field) for field in kind.__struct_fields__}
        if given.get("denominator") and form.unit == "%" and given["scale"] == 1:
            given["scale"] = 100  # a ratio is a part of 1: as it stands, an outage would read as 1 %
        source: SignalSource = kind(**given)
        return source

    def _one_way(self, form: SignalForm, name: str, key: str) -> None:
        """Each source is read in exactly one of the ways that it knows."""
        if isinstance(form, HttpJsonForm) and bool(form.path) == bool(form.numerator):
            self.problems.add(
                "A signal takes either one `path`, or a `numerator` with a `denominator` or `per`.", line_of(name), key
            )
        elif isinstance(form, ExpositionForm):
            if sum(map(bool, (form.metric, form.numerator, form.histogram))) != 1:
                why = "A signal takes one of `metric`, `histogram`, or a `numerator` with a `denominator` or `per`."
                self.problems.add(why, line_of(name), key)
            for field in ("metric", "numerator", "denominator", "histogram"):
                self._selector(getattr(form, field), f"{key}.{field}")
            if not 0 < form.quantile < 1:
                self.problems.add("A `quantile` lies between 0 and 1.", line_of(name), f"{key}.quantile")
        elif isinstance(form, CommandOutputForm):
            self._command(form, name, key)
        self._bounds(form, name, key)
        counts = isinstance(form, HttpJsonForm | ExpositionForm) and (form.numerator, form.denominator, form.per)
        if counts and counts[0] and bool(counts[1]) == bool(counts[2]):
            self.problems.add("A `numerator` needs either a `denominator` or `per`.", line_of(name), key)

    def _command(self, form: CommandOutputForm, name: str, key: str) -> None:
        if self.infer is not None and not form.reads and self.infer(form.run) is not Effect.READ:
            self.problems.add(ONLY_READ, line_of(form.run), f"{key}.run")
        if form.path and form.regex:
            self.problems.add("A number is either at a `path` or found by a `regex`.", line_of(name), key)
        self._regex(form.regex, f"{key}.regex")

    def _regex(self, text: str, key: str) -> None:
        try:
            re.compile(text)
        except re.error as wrong:
            self.problems.add(f"This is no regular expression: {wrong}.", line_of(text), key)

    def _bounds(self, form: SignalForm, name: str, key: str) -> None:
        """What a value of a source's keys may be."""
        if isinstance(form, CommandOutputForm | LighthouseForm) and not 0 <= form.deadline <= LONGEST_RUN:
            self.problems.add("A `deadline` is 10 minutes at most.", line_of(name), f"{key}.deadline")
        if isinstance(form, SmokeForm):
            self._smoke(form, name, key)
        elif isinstance(form, CdnForm):
            if not re.fullmatch(r"[\w-]*", form.header, re.ASCII):
                self.problems.add("This is no name of a header.", line_of(form.header), f"{key}.header")
            if form.min_probes < 1:
                self.problems.add("A share needs at least one probe.", line_of(name), f"{key}.min_probes")
        elif isinstance(form, SentryForm):
            self._sentry(form, name, key)
        elif isinstance(form, LighthouseForm):
            if bool(form.url) == bool(form.file):
                why = "Lighthouse visits either a `url`, or a report is read from a `file`."
                self.problems.add(why, line_of(name), key)
        elif isinstance(form, LogRateForm):
            self._regex(form.match, f"{key}.match")
            if form.window <= 0:
                self.problems.add("A rate needs a `window`, such as 1m.", line_of(name), f"{key}.window")

    def _sentry(self, form: SentryForm, name: str, key: str) -> None:
        for field in ("org", "project"):
            if not re.fullmatch(r"[\w-]+", getattr(form, field), re.ASCII):
                why = f"The {field} is written as its address writes it: a-z, 0-9, - and _."
                self.problems.add(why, line_of(getattr(form, field)), f"{key}.{field}")
        for field in ("url_env", "token_env"):
            if not re.fullmatch(r"[A-Za-z_]\w*", getattr(form, field), re.ASCII):
                why = f"`{field}` is the name of a variable, not what it holds."
                self.problems.add(why, line_of(getattr(form, field)), f"{key}.{field}")
        if form.seen == "last" and form.counts == "events":
            why = "Sentry tells of an issue all events that it ever had: with `seen: last` count the issues."
            self.problems.add(why, line_of(name), f"{key}.counts")
        if form.window < 60 or form.window % 60:
            self.problems.add("The `window` is in whole minutes: 5m.", line_of(name), f"{key}.window")

    def _smoke(self, form: SmokeForm, name: str, key: str) -> None:
        if not form.tests:
            self.problems.add(
                "A smoke test needs a request: `tests:` is a list of them.", line_of(name), f"{key}.tests"
            )
        for place, test in enumerate(form.tests):
            if not test.expected or any(not 100 <= status <= 599 for status in test.expected):
                why = "What is expected is a status between 100 and 599, or a list of them."
                self.problems.add(why, line_of(test.name), f"{key}.tests[{place}].expect")

    def _selector(self, text: str, key: str) -> None:
        if text and not _SELECTOR.match(text):
            self.problems.add('A selector looks like name{label="value"}.', line_of(text), key)


def _usual_unit(form: SignalForm) -> str:
    return "s" if isinstance(form, LighthouseForm) and form.measure not in ("score", "cls") else ""


SOURCES: dict[type[Any], type[Any]] = {
    HttpJsonForm: HttpJson,
    HealthForm: Health,
    PrometheusForm: Prometheus,
    ExpositionForm: Exposition,
    CommandOutputForm: CommandOutput,
    SmokeForm: Smoke,
    CdnForm: Cdn,
    SentryForm: Sentry,
    LighthouseForm: Lighthouse,
    LogRateForm: LogRate,
    NoSourceForm: NoSource,
}
"""The source that a form becomes; their fields have the same names."""
