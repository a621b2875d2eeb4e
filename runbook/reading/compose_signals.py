"""Signals and the criteria on them, from the form to the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from runbook.model import Criterion, Health, HttpJson, NoSource, Signal, SignalSource
from runbook.reading.form import HealthForm, NoSourceForm, RunbookForm, SignalForm
from runbook.reading.problems import Problems
from runbook.reading.tree import line_of

ParseCriterion = Callable[[str, Mapping[str, Signal]], Criterion]
"""Reads `error_rate > 5% for 5m`; raises ValueError with a sentence."""

_SIGNAL_WORD = re.compile(r"\s*([A-Za-z][\w.-]*)\s*[<>=!]")


class Signals:
    """The signals of one runbook, and what is asked of them."""

    def __init__(self, form: RunbookForm, problems: Problems, parse: ParseCriterion) -> None:
        self.problems = problems
        self.parse = parse
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
        if not isinstance(form, NoSourceForm) and not re.match(r"https?://|<", form.url):
            self.problems.add("A signal's `url` begins with http:// or https://.", line_of(form.url), f"{key}.url")
        if form.every < 1:
            self.problems.add("A signal is asked once a second at most: `every: 5s`.", line_of(name), f"{key}.every")
        return Signal(
            id=name,
            title=form.title or name,
            source=self._source(form, name, key),
            unit=form.unit,
            every=form.every,
            kind=form.kind,
        )

    def _source(self, form: SignalForm, name: str, key: str) -> SignalSource:
        if isinstance(form, NoSourceForm):
            return NoSource()
        if isinstance(form, HealthForm):
            return Health(url=form.url, checks=form.checks)
        if bool(form.path) == bool(form.numerator):
            self.problems.add(
                "A signal takes either one `path`, or a `numerator` with a `denominator` or `per`.", line_of(name), key
            )
        elif form.numerator and bool(form.denominator) == bool(form.per):
            self.problems.add("A `numerator` needs either a `denominator` or `per`.", line_of(name), key)
        return HttpJson(
            url=form.url,
            path=form.path,
            numerator=form.numerator,
            denominator=form.denominator,
            per=form.per,
            window=form.window,
            min_requests=form.min_requests,
            scale=form.scale,
        )
