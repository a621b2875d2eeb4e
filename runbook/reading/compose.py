"""The filled form → the model: what one key cannot tell alone is checked here, across the whole runbook."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from runbook.model import (
    Checklist,
    Contact,
    Effect,
    FollowUp,
    Lesson,
    LogSource,
    Method,
    Outcome,
    Param,
    Runbook,
    Step,
    Trigger,
    Where,
)
from runbook.reading.compose_platforms import platforms
from runbook.reading.compose_signals import ONLY_READ, Signals
from runbook.reading.compose_steps import VALUE, Infer, Steps, check_ids, placeholders, said
from runbook.reading.form import MethodForm, RunbookForm
from runbook.reading.problems import Problems
from runbook.reading.tree import Text, line_of
from runbook.signal_sources import open_texts

StructT = TypeVar("StructT", bound=msgspec.Struct)


def compose(form: RunbookForm, signals: Signals, problems: Problems, infer: Infer | None) -> Runbook:
    """The runbook of a form. Raises ReadingError with everything that does not hold together."""
    runbook = _Composer(form, signals, problems, infer).runbook()
    problems.stop_if_any()
    return plain(runbook)


def plain(record: StructT) -> StructT:
    """The same data with ordinary texts, which no longer know their lines."""
    return msgspec.structs.replace(record, **{name: _plain(getattr(record, name)) for name in record.__struct_fields__})


def _plain(value: object) -> object:
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return plain(value) if isinstance(value, msgspec.Struct) else value


def open_params(steps: tuple[Step, ...], params: tuple[Param, ...]) -> tuple[str, ...]:
    """The params without a default that the commands leave open and no step captures."""
    commands = [command for step in steps for command in step.commands]
    captured = {capture.param for command in commands for capture in command.captures}
    asked = {param.id for param in params if not param.default} - captured
    used = dict.fromkeys(name for command in commands for name in placeholders(command.text))
    return tuple(name for name in used if name in asked)


def where_it_runs(steps: tuple[Step, ...]) -> Where:
    """Where a method runs that does not say it: as soon as it names git, in the clean room, not in your own copy."""
    named = any(re.search(r"\bgit\b", command.text) for step in steps for command in step.commands)
    return Where.CLEAN_ROOM if named else Where.REPOSITORY


class _Composer:
    """Makes the model part by part and notes what does not fit."""

    def __init__(self, form: RunbookForm, signals: Signals, problems: Problems, infer: Infer | None) -> None:
        self.form = form
        self.signals = signals
        self.problems = problems
        self.infer = infer
        self.steps = Steps((param.id for param in form.params), signals, problems, infer, form.literals)
        self.methods = [method.id for method in form.methods]

    def runbook(self) -> Runbook:
        form = self.form
        self._every_id()
        self._addresses()
        return Runbook(
            id=form.id,
            title=form.title,
            service=form.service,
            environment=form.environment,
            owner=form.owner,
            version=form.revision,
            last_tested=form.last_tested,
            notes=form.notes,
            params=form.params,
            guard=self.steps.checks(form.guard, "guard"),
            platforms=platforms(form, self.problems, self.infer),
            signals=self.signals.all,
            logs=form.logs,
            triggers=self._triggers(),
            methods=tuple(
                self._method(method, f"methods[{index}]", str(index + 1)) for index, method in enumerate(form.methods)
            ),
            others=tuple(self._method(other, f"procedures[{index}]") for index, other in enumerate(form.procedures)),
            checklists=tuple(
                Checklist(id=listed.id, title=listed.title, phase=listed.phase, items=listed.items)
                for listed in form.checklists
            ),
            verification=self.steps.made(form.verification, "verification"),
            monitoring=self.steps.made(form.monitoring, "monitoring"),
            outcomes=self._outcomes(),
            next_when_failed=form.next_when_failed,
            settle=form.settle,
            relapse_watch=form.relapse_watch,
            contacts=tuple(
                Contact(level=contact.level, who=contact.who, how=contact.how, when=contact.when)
                for contact in form.contacts
            ),
            follow_ups=tuple(
                FollowUp(text=item.text, due_in=item.due_in, group=item.group) for item in form.follow_ups
            ),
            lessons=tuple(Lesson(cause=lesson.cause, answer=lesson.answer) for lesson in form.lessons),
            practices=form.practices,
            report_template=form.report_template,
        )

    def _every_id(self) -> None:
        form = self.form
        families: tuple[tuple[str, Iterable[tuple[str, str]]], ...] = (
            ("runbook", ((form.id, "id"),)),
            ("criterion", ((criterion.id, f"criteria[{index}]") for index, criterion in enumerate(form.criteria))),
            ("log", ((log.id, f"logs[{index}]") for index, log in enumerate(form.logs))),
            ("trigger", ((trigger.id, f"triggers[{index}]") for index, trigger in enumerate(form.triggers))),
            ("method", self._ways()),
            ("checklist", ((listed.id, f"checklists[{index}]") for index, listed in enumerate(form.checklists))),
            ("item", self._tickable()),
        )
        for what, named in families:
            check_ids(named, what, self.problems)
        check_ids(((p.id, f"params[{index}]") for index, p in enumerate(form.params)), "param", self.problems, VALUE)
        for index, literal in enumerate(form.literals):
            if literal in self.steps.declared:
                why = f'"{literal}" is a param; it cannot be plain text as well.'
                self.problems.add(why, line_of(literal), f"literals[{index}]")

    def _ways(self) -> Iterable[tuple[str, str]]:
        """Methods and procedures: the record names each of them by its id alone."""
        for family, listed in (("methods", self.form.methods), ("procedures", self.form.procedures)):
            for index, method in enumerate(listed):
                yield method.id, f"{family}[{index}]"
                taken = getattr(self.form, method.id) if method.id in ("verification", "monitoring") else ()
                if taken:
                    why = f'The id "{method.id}" stands for the steps under `{method.id}:`; choose another.'
                    self.problems.add(why, line_of(method.id), f"{family}[{index}]")

    def _tickable(self) -> Iterable[tuple[str, str]]:
        """Whatever a person ticks: the record names each of them by its id alone."""
        for place, listed in enumerate(self.form.checklists):
            for index, item in enumerate(listed.items):
                yield item.id, f"checklists[{place}].items[{index}]"
        for index, outcome in enumerate(self.form.outcomes):
            yield outcome.id, f"outcomes[{index}]"

    def _addresses(self) -> None:
        for index, log in enumerate(self.form.logs):
            self._log(log, f"logs[{index}]")
        for name, signal in self.form.signals.items():
            for field, text in open_texts(signal):
                self.steps.open_values(text, self.steps.declared, f"signals.{name}.{field}")

    def _log(self, log: LogSource, key: str) -> None:
        self.steps.open_values(log.path, self.steps.declared, f"{key}.path")
        self.steps.open_values(log.run, self.steps.declared, f"{key}.run")
        if bool(log.path) == bool(log.run):
            self.problems.add("A log is either a file at its `path` or a command to `run`.", line_of(log.id), key)
        elif log.run and self.infer is not None and not log.reads and self.infer(log.run) is not Effect.READ:
            self.problems.add(ONLY_READ, line_of(log.run), f"{key}.run")

    def _triggers(self) -> tuple[Trigger, ...]:
        made = []
        for index, trigger in enumerate(self.form.triggers):
            for method in trigger.suggests:
                self._method_exists(method, f"triggers[{index}].suggests")
            made.append(
                Trigger(
                    id=trigger.id,
                    text=trigger.text,
                    group=trigger.group,
                    urgency=trigger.urgency,
                    criterion=self.signals.criterion(trigger.criterion, f"triggers[{index}].criterion"),
                    suggests=trigger.suggests,
                    line=line_of(trigger.id),
                )
            )
        return tuple(made)

    def _outcomes(self) -> tuple[Outcome, ...]:
        return tuple(
            Outcome(
                id=outcome.id,
                text=outcome.text,
                level=outcome.level,
                criterion=self.signals.criterion(outcome.criterion, f"outcomes[{index}].criterion"),
                line=line_of(outcome.id),
            )
            for index, outcome in enumerate(self.form.outcomes)
        )

    def _method(self, method: MethodForm, key: str, label: str = "") -> Method:
        for param in method.params or ():
            if param not in self.steps.declared:
                self.problems.unknown("param", param, self.steps.declared, line_of(param), f"{key}.params")
        if method.fallback:
            self._method_exists(method.fallback, f"{key}.fallback")
        if not method.steps:
            self.problems.add("A method needs at least one step.", line_of(method.id), f"{key}.steps")
        steps = self.steps.made(method.steps, f"{key}.steps")
        return Method(
            id=method.id,
            label=label if method.label is None else method.label,
            title=method.title,
            use_when=method.use_when,
            avoid_when=method.avoid_when,
            estimate=sum(step.estimate for step in steps) if method.estimate is None else method.estimate,
            risk=method.risk,
            data_loss=method.data_loss,
            where=method.where or where_it_runs(steps),
            requires=self.steps.checks(method.requires, f"{key}.requires"),
            params=open_params(steps, self.form.params) if method.params is None else method.params,
            steps=steps,
            fallback=method.fallback,
            caution=method.caution,
            guess=said(method.guess),
            line=line_of(method.id),
        )

    def _method_exists(self, method: str, key: str) -> None:
        if method not in self.methods:
            self.problems.unknown("method", method, self.methods, line_of(method), key)
