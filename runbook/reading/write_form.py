"""The model → the filled form: what `compose` does, backwards.

What a key would say by itself is left out, so that a file holds what somebody decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from runbook.model import Capture, Check, Command, Criterion, Effect, Expect, Method, Runbook, Signal, Step, Undo
from runbook.reading.compose import open_params, where_it_runs
from runbook.reading.compose_platforms import platform_form
from runbook.reading.compose_signals import SOURCES
from runbook.reading.compose_steps import placeholders
from runbook.reading.form import (
    VERSION,
    CheckForm,
    ChecklistForm,
    CommandForm,
    Commands,
    ContactForm,
    ExpectForm,
    FollowUpForm,
    LessonForm,
    MethodForm,
    OutcomeForm,
    RunbookForm,
    StepForm,
    TriggerForm,
    UndoForm,
)
from runbook.reading.signal_form import SignalForm
from runbook.signal_sources import open_texts


def form_of(book: Runbook) -> RunbookForm:
    """The form that composes to this runbook, whatever effects the reader of it would infer."""
    return RunbookForm(
        version=VERSION,
        id=book.id,
        title=book.title,
        service=book.service,
        environment=book.environment,
        owner=book.owner,
        revision=book.version,
        last_tested=book.last_tested,
        notes=book.notes,
        params=book.params,
        literals=_literals(book),
        guard=tuple(_check(check) for check in book.guard),
        platforms={platform.id: platform_form(platform) for platform in book.platforms},
        signals={signal.id: _signal(signal) for signal in book.signals},
        logs=book.logs,
        triggers=tuple(
            TriggerForm(
                id=trigger.id,
                text=trigger.text,
                urgency=trigger.urgency,
                group=trigger.group,
                criterion=_said(trigger.criterion),
                suggests=trigger.suggests,
            )
            for trigger in book.triggers
        ),
        methods=tuple(_method(method, book, str(number)) for number, method in enumerate(book.methods, 1)),
        procedures=tuple(_method(other, book, "") for other in book.others),
        checklists=tuple(
            ChecklistForm(id=listed.id, title=listed.title, phase=listed.phase, items=listed.items)
            for listed in book.checklists
        ),
        verification=tuple(_step(step) for step in book.verification),
        monitoring=tuple(_step(step) for step in book.monitoring),
        outcomes=tuple(
            OutcomeForm(id=outcome.id, text=outcome.text, level=outcome.level, criterion=_said(outcome.criterion))
            for outcome in book.outcomes
        ),
        next_when_failed=book.next_when_failed,
        settle=book.settle,
        relapse_watch=book.relapse_watch,
        contacts=tuple(
            ContactForm(who=contact.who, level=contact.level, how=contact.how, when=contact.when)
            for contact in book.contacts
        ),
        follow_ups=tuple(
            FollowUpForm(text=item.text, due_in=item.due_in, group=item.group) for item in book.follow_ups
        ),
        lessons=tuple(LessonForm(cause=lesson.cause, answer=lesson.answer) for lesson in book.lessons),
        practices=book.practices,
        report_template=book.report_template,
    )


def _said(criterion: Criterion | None) -> str:
    return criterion.text if criterion else ""


def _block(text: str) -> str:
    """The text with the one line end that is taken off again on reading, where it has one of its own."""
    return text + "\n" if text.endswith("\n") else text


# ── methods and steps ─────────────────────────────────────────────────────────────────────────────


def _method(method: Method, book: Runbook, label: str) -> MethodForm:
    return MethodForm(
        id=method.id,
        title=method.title,
        steps=tuple(_step(step) for step in method.steps),
        label=None if method.label == label else method.label,
        use_when=method.use_when,
        avoid_when=method.avoid_when,
        estimate=None if method.estimate == sum(step.estimate for step in method.steps) else method.estimate,
        risk=method.risk,
        data_loss=method.data_loss,
        where=None if method.where is where_it_runs(method.steps) else method.where,
        requires=tuple(_check(check) for check in method.requires),
        params=None if method.params == open_params(method.steps, book.params) else method.params,
        fallback=method.fallback,
        caution=method.caution,
        guess=_block(method.guess),
    )


def _step(step: Step) -> StepForm:
    effect, target = _shared(step)
    commands = tuple(_command(command, step.kind, effect, target) for command in step.commands)
    alone = commands[0] if len(commands) == 1 and not (commands[0].note or commands[0].guess) else None
    given: Commands = alone.run if alone else tuple(_bare(command) for command in commands)
    return StepForm(
        id=step.id,
        title=step.title,
        run=given if step.kind == "run" else "",
        check=given if step.kind == "check" else "",
        manual=_block(step.note) if step.kind == "manual" else None,
        wait_for=_waits(step.wait_for),
        message=_block(step.message),
        stream=given if step.kind == "stream" else "",
        effect=effect,
        target=target,
        kind=alone.kind if alone else None,
        capture=alone.capture if alone else "",
        expect=alone.expect if alone else None,
        as_written=alone.as_written if alone else _block(step.as_written),
        note="" if step.kind == "manual" else _block(step.note),
        expected=alone.expected if alone else "",
        typed_inside=alone.typed_inside if alone else "",
        together=step.together,
        either=step.either,
        estimate=step.estimate,
        timeout=step.timeout,
        quiet_after=step.quiet_after,
        done_when=_done_when(step.done_when),
        rerun=step.rerun,
        undo=_undo(step.undo, target),
        no_return=step.no_return,
        closed_by=step.closed_by,
        guess=_block(step.guess),
    )


def _shared(step: Step) -> tuple[Effect | None, str]:
    """The effect and the target that all commands of a step have, and that are said once for it."""
    effects = {command.effect for command in step.commands}
    targets = {command.target for command in step.commands}
    return (effects.pop() if len(effects) == 1 else None), (targets.pop() if len(targets) == 1 else "")


def _command(command: Command, kind: str, effect: Effect | None, target: str) -> CommandForm:
    return CommandForm(
        run=_block(command.text),
        effect=None if command.effect is effect else command.effect,
        target=None if command.target == target else command.target,
        kind=None if command.kind == ("follow" if kind == "stream" else "run") else command.kind,
        capture=_captures(command.captures),
        expect=_expect(command.expect),
        as_written=_block(command.as_written),
        note=_block(command.note),
        expected=_block(command.expected),
        typed_inside=_block(command.typed_inside),
        guess=_block(command.guess),
    )


def _bare(command: CommandForm) -> str | CommandForm:
    """The command's text alone where it says nothing else."""
    return command.run if command == CommandForm(run=command.run) else command


def _captures(captures: tuple[Capture, ...]) -> str | dict[str, str]:
    if len(captures) == 1 and not captures[0].regex:
        return captures[0].param
    return {capture.param: capture.regex for capture in captures} or ""


def _waits(criteria: tuple[Criterion, ...]) -> str | tuple[str, ...]:
    return criteria[0].text if len(criteria) == 1 else tuple(criterion.text for criterion in criteria)


def _undo(undo: Undo | None, target: str) -> UndoForm | None:
    if undo is None:
        return None
    own = None if undo.target == target else undo.target
    return UndoForm(run=_block(undo.text), effect=undo.effect, target=own, note=_block(undo.note))


def _done_when(check: Check | None) -> str | CheckForm | None:
    if check is None:
        return None
    form = _check(check, unnamed="done")
    return form.run if form == CheckForm(run=form.run) else form


def _check(check: Check, unnamed: str = "") -> CheckForm:
    return CheckForm(
        id="" if check.id == unnamed else check.id,
        title=check.title,
        run=_block(check.run),
        tool=check.tool,
        file=check.file,
        env=check.env,
        reads=check.reads,
        expect=_expect(check.expect) or ExpectForm(),
        on_fail=check.on_fail,
        hint=check.hint,
    )


def _expect(expect: Expect) -> ExpectForm | None:
    if expect == Expect():
        return None
    code: int | str = "any" if expect.exit is None else expect.exit
    return ExpectForm(exit=code, contains=expect.contains, matches=expect.matches, equals=expect.equals)  # type: ignore[arg-type]


# ── signals, and words that are no values ─────────────────────────────────────────────────────────


def _signal(signal: Signal) -> SignalForm:
    source = signal.source
    kind = next(form for form, made in SOURCES.items() if made is type(source))
    own = {field: getattr(source, field) for field in type(source).__struct_fields__}
    title = "" if signal.title == signal.id else signal.title
    more = {"optional": True} if signal.optional else {}
    form: SignalForm = kind(**own, title=title, unit=signal.unit, every=signal.every, kind=signal.kind, **more)
    return form


def _literals(book: Runbook) -> tuple[str, ...]:
    """What stands in angle brackets somewhere and is neither a param nor captured: to the model it is text."""
    steps = [step for procedure in book.procedures() for step in procedure.steps]
    commands = [command for step in steps for command in step.commands]
    values = {param.id for param in book.params} | {got.param for command in commands for got in command.captures}
    found = Counter(name for text in _texts(book, steps, commands) for name in placeholders(text))
    return tuple(name for name in found if name not in values)


def _texts(book: Runbook, steps: list[Step], commands: list[Command]) -> Iterable[str]:
    """Every text in which `<name>` is a value."""
    for command in commands:
        yield from (command.text, command.target)
    for step in steps:
        yield from (criterion.text for criterion in step.wait_for)
        yield step.done_when.run if step.done_when else ""
        yield step.undo.text if step.undo else ""
    yield from (check.run for check in book.guard)
    yield from (check.run for procedure in book.procedures() for check in procedure.requires)
    yield from (text for log in book.logs for text in (log.path, log.run))
    for signal in book.signals:
        yield from (text for _, text in open_texts(signal.source))
