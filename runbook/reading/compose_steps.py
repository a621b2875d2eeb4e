"""Steps, commands and checks, from the form to the model, with the rules that keep them safe to confirm."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from runbook.model import Capture, Check, Command, Criterion, Effect, Expect, Step, Undo
from runbook.reading.compose_signals import ONLY_READ, Signals
from runbook.reading.form import CheckForm, CommandForm, Commands, ExpectForm, StepForm, UndoForm
from runbook.reading.problems import Problems, shortened
from runbook.reading.tree import line_of

Infer = Callable[[str], Effect]

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
VALUE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
"""The id of a value, which stands in a command as `<id>`."""
_WORDS = {
    ID: "is missing, or holds more than a-z, 0-9, - and _",
    VALUE: "is missing, begins with no letter, or holds more than A-Z, a-z, 0-9, - and _",
}
_PLACEHOLDER = re.compile(r"(?<!<)<([A-Za-z][A-Za-z0-9_-]*)>")
_KINDS = ("run", "check", "manual", "wait_for", "message", "stream")
_OF_ONE_COMMAND = ("kind", "capture", "expect", "expected", "typed_inside")
_OF_COMMANDS = ("effect", "target", *_OF_ONE_COMMAND, "together")


def placeholders(text: str) -> tuple[str, ...]:
    """The values that a text leaves open, in the order of their first use."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def said(text: str) -> str:
    """A text without the line end that a YAML block puts behind it."""
    return text.removesuffix("\n")


def check_ids(named: Iterable[tuple[str, str]], what: str, problems: Problems, shape: re.Pattern[str] = ID) -> None:
    """Notes ids that are malformed or taken; `named` pairs each with its key path."""
    seen: dict[str, int] = {}
    for name, key in named:
        line = line_of(name)
        if not shape.fullmatch(name):
            problems.add(f"The {what}'s id {_WORDS[shape]}.", line, key)
        elif name in seen:
            problems.add(f'The {what} id "{name}" is taken already, on line {seen[name]}.', line, key)
        seen.setdefault(name, line)


class Steps:
    """Makes the steps of one runbook; `declared` are the params that any of them may use.

    `literals` are words in angle brackets that are text: no value is asked for them.
    """

    def __init__(
        self,
        declared: Iterable[str],
        signals: Signals,
        problems: Problems,
        infer: Infer | None,
        literals: Iterable[str] = (),
    ) -> None:
        self.declared = frozenset(declared)
        self.literals = frozenset(literals)
        self.signals = signals
        self.problems = problems
        self.infer = infer

    def made(self, forms: tuple[StepForm, ...], key: str) -> tuple[Step, ...]:
        """The steps of one procedure, in order: each may use what the ones before it captured."""
        check_ids(((step.id, f"{key}[{index}]") for index, step in enumerate(forms)), "step", self.problems)
        self._belong_together(forms, key)
        known = set(self.declared)
        return tuple(self._step(step, known, f"{key}[{index}]") for index, step in enumerate(forms))

    def open_values(self, text: str, known: Iterable[str], key: str) -> None:
        """Notes every `<value>` in a text that nothing fills."""
        fillable = sorted(known)
        for name in placeholders(text):
            if name not in fillable and name not in self.literals:
                what = "param, and no value captured by an earlier step,"
                self.problems.unknown(what, name, fillable, line_of(text), key)

    def _belong_together(self, forms: tuple[StepForm, ...], key: str) -> None:
        """What steps say of one another: who takes whom back, and which of them are alternatives."""
        places = {str(step.id): index for index, step in reversed(list(enumerate(forms)))}
        sharing = Counter(step.either for step in forms)
        for index, step in enumerate(forms):
            here, closer = f"{key}[{index}]", step.closed_by
            if closer and closer not in places:
                self.problems.unknown("step", closer, places, line_of(closer), f"{here}.closed_by")
            elif closer and places[closer] <= index:
                why = f'A step is closed by a later one, and "{closer}" is not later.'
                self.problems.add(why, line_of(closer), f"{here}.closed_by")
            if step.either and step.together:
                why = "`together` may not stand in an alternative: each of its commands is confirmed on its own."
                self.problems.add(why, line_of(step.id), f"{here}.together")
            if step.either and sharing[step.either] == 1:
                why = f"This is the only step with `either: {shortened(step.either)}`; alternatives are two at least."
                self.problems.add(why, line_of(step.either), f"{here}.either")

    # ── one step ──────────────────────────────────────────────────────────────────────────────────

    def _step(self, form: StepForm, known: set[str], key: str) -> Step:
        """One step; `known` grows by what it captures."""
        kinds = [kind for kind in _KINDS if getattr(form, kind) or (kind == "manual" and form.manual is not None)]
        if kinds == ["manual", "message"]:
            kinds = ["manual"]
        if len(kinds) != 1:
            found = f"this one has {' and '.join(kinds)}" if kinds else "this one has none of them"
            self.problems.add(f"A step is exactly one of {', '.join(_KINDS)}; {found}.", line_of(form.id), key)
        kind = kinds[0] if kinds else "manual"
        commands = self._commands(form, kind, known, key)
        self._step_holds(form, kind, commands, key)
        return Step(
            id=form.id,
            title=form.title,
            kind=kind,  # type: ignore[arg-type]
            commands=commands,
            note="\n".join(text for text in (said(form.manual or ""), said(form.note)) if text),
            as_written="" if commands else said(form.as_written),
            together=form.together,
            wait_for=self._waits(form, known, key),
            message=said(form.message),
            either=form.either,
            estimate=form.estimate,
            timeout=form.timeout,
            quiet_after=form.quiet_after,
            done_when=self._done_when(form, known, key),
            rerun=form.rerun,
            undo=self._undo(form, known, key),
            no_return=form.no_return,
            closed_by=form.closed_by,
            guess=said(form.guess),
            line=line_of(form.id),
        )

    def _step_holds(self, form: StepForm, kind: str, commands: tuple[Command, ...], key: str) -> None:
        effects = {command.effect for command in commands}
        line = line_of(form.id)
        if form.together and Effect.DESTROY in effects:
            why = "`together` may not cover a command that destroys: each of those is confirmed on its own."
            self.problems.add(why, line, f"{key}.together")
        if form.together or effects == {Effect.READ}:
            self._group_holds(commands, key)
        if not form.timeout:
            self.problems.add("A time limit of 0 would stop the step at once.", line, f"{key}.timeout")
        given = [name for name in _OF_COMMANDS if getattr(form, name)]
        if given and not commands:
            self.problems.add(f"`{given[0]}` belongs to a command, and this step has none.", line, key)
        if kind in {"check", "stream"} and effects - {Effect.READ}:
            why = f"A {kind} only reads, and this command looks as if it changed something."
            self.problems.add(f"{why} Say `effect: read` if it does not, or use `run`.", line, f"{key}.{kind}")

    def _group_holds(self, commands: tuple[Command, ...], key: str) -> None:
        """One key shows the whole text before it runs, so no value in it may come from within."""
        taken: set[str] = set()
        for command in commands:
            for name in sorted(taken.intersection(placeholders(command.text))):
                why = f"<{name}> is captured in this very step, which runs on one key: use it in a later step."
                self.problems.add(why, command.line, key)
            taken.update(capture.param for capture in command.captures)

    def _waits(self, form: StepForm, known: set[str], key: str) -> tuple[Criterion, ...]:
        texts = (form.wait_for,) if isinstance(form.wait_for, str) else form.wait_for
        for text in texts:
            self.open_values(text, known, f"{key}.wait_for")
        found = (self.signals.criterion(text, f"{key}.wait_for") for text in texts)
        return tuple(criterion for criterion in found if criterion)

    # ── commands ──────────────────────────────────────────────────────────────────────────────────

    def _commands(self, form: StepForm, kind: str, known: set[str], key: str) -> tuple[Command, ...]:
        given: Commands = {"run": form.run, "check": form.check, "stream": form.stream}.get(kind, ())
        if isinstance(given, str):
            whole = CommandForm(
                run=given,
                kind=form.kind,
                capture=form.capture,
                expect=form.expect,
                as_written=form.as_written,
                expected=form.expected,
                typed_inside=form.typed_inside,
            )
            return (self._command(whole, form, kind, known, f"{key}.{kind}"),)
        for name in (*_OF_ONE_COMMAND, "as_written"):
            if given and getattr(form, name):
                why = f"Write `{name}` beside the command it belongs to, not beside the list."
                self.problems.add(why, line_of(form.id), f"{key}.{name}")
        forms = [CommandForm(run=item) if isinstance(item, str) else item for item in given]
        return tuple(
            self._command(command, form, kind, known, f"{key}.{kind}[{index}]") for index, command in enumerate(forms)
        )

    def _command(self, form: CommandForm, step: StepForm, kind: str, known: set[str], key: str) -> Command:
        line = line_of(form.run)
        effect = form.effect or step.effect or self._effect(form.run, reads=kind in {"check", "stream"})
        target = step.target if form.target is None else form.target
        how = form.kind or ("follow" if kind == "stream" else "run")
        if not form.run.strip():
            self.problems.add("The command says nothing.", line, key)
        if effect is Effect.DESTROY and not target:
            why = "A command that destroys needs a `target`: its name is typed out to confirm it."
            self.problems.add(why, line, key)
        if form.typed_inside and how != "interactive":
            why = "`typed_inside` belongs to a command of `kind: interactive`."
            self.problems.add(why, line_of(form.typed_inside), f"{key}.typed_inside")
        for text in (form.run, target):
            self.open_values(text, known, key)
        captures = self._captures(form.capture, key)
        known.update(capture.param for capture in captures)
        return Command(
            text=said(form.run),
            effect=effect,
            target=target,
            kind=how,
            captures=captures,
            expect=self._expect(form.expect, key),
            as_written=said(form.as_written),
            note=said(form.note),
            expected=said(form.expected),
            typed_inside=said(form.typed_inside),
            guess=said(form.guess),
            line=line,
        )

    def _captures(self, given: str | dict[str, str], key: str) -> tuple[Capture, ...]:
        named = {given: ""} if isinstance(given, str) else given
        captures = tuple(Capture(param=param, regex=regex) for param, regex in named.items() if param)
        check_ids(((capture.param, f"{key}.capture") for capture in captures), "capture", self.problems, VALUE)
        for capture in captures:
            self._pattern(capture.regex, f"{key}.capture", wants_group=True)
        return captures

    def _effect(self, text: str, reads: bool) -> Effect:
        if self.infer is not None:
            return self.infer(str(text))
        return Effect.READ if reads else Effect.CHANGE

    def _undo(self, form: StepForm, known: set[str], key: str) -> Undo | None:
        if not form.undo:
            return None
        undo = UndoForm(run=form.undo) if isinstance(form.undo, str) else form.undo
        target = form.target if undo.target is None else undo.target
        self.open_values(undo.run, known, f"{key}.undo")
        effect = undo.effect or self._effect(undo.run, reads=False)
        if effect is Effect.DESTROY and not target:
            self.problems.add("A way back that destroys needs a `target`.", line_of(undo.run), f"{key}.undo")
        return Undo(text=said(undo.run), effect=effect, target=target, note=said(undo.note))

    # ── checks ────────────────────────────────────────────────────────────────────────────────────

    def checks(self, forms: tuple[CheckForm, ...], key: str) -> tuple[Check, ...]:
        """Preflight and guard checks, which know the declared params only."""
        check_ids(((check.id, f"{key}[{index}]") for index, check in enumerate(forms)), "check", self.problems)
        return tuple(self._check(check, self.declared, f"{key}[{index}]") for index, check in enumerate(forms))

    def _done_when(self, form: StepForm, known: set[str], key: str) -> Check | None:
        if not form.done_when:
            return None
        check = CheckForm(run=form.done_when) if isinstance(form.done_when, str) else form.done_when
        return self._check(check, known, f"{key}.done_when")

    def _check(self, form: CheckForm, known: Iterable[str], key: str) -> Check:
        asks = [name for name in ("run", "tool", "file", "env") if getattr(form, name)]
        if len(asks) != 1:
            found = f"this one has {' and '.join(asks)}" if asks else "this one has none of them"
            self.problems.add(f"A check is exactly one of run, tool, file, env; {found}.", _first_line(form), key)
        self.open_values(form.run, known, f"{key}.run")
        if form.run and self.infer is not None and not form.reads and self.infer(form.run) is not Effect.READ:
            self.problems.add(ONLY_READ, line_of(form.run), f"{key}.run")
        return Check(
            id=form.id or "done",
            title=form.title,
            run=said(form.run),
            tool=form.tool,
            file=form.file,
            env=form.env,
            reads=form.reads,
            expect=self._expect(form.expect, key),
            on_fail=form.on_fail,
            hint=form.hint,
        )

    def _expect(self, form: ExpectForm | None, key: str) -> Expect:
        if form is None:
            return Expect()
        self._pattern(form.matches, f"{key}.expect.matches")
        exit_code = form.exit if isinstance(form.exit, int) else None
        return Expect(exit=exit_code, contains=form.contains, matches=form.matches, equals=form.equals)

    def _pattern(self, pattern: str, key: str, wants_group: bool = False) -> None:
        try:
            groups = re.compile(pattern).groups
        except (re.error, OverflowError, RecursionError) as error:
            self.problems.add(f"The pattern cannot be read: {error}.", line_of(pattern), key)
            return
        if pattern and wants_group and not groups:
            why = "The pattern needs a group (…): what it holds is the value."
            self.problems.add(why, line_of(pattern), key)


def _first_line(form: CheckForm) -> int:
    """Where a check stands: the line of whatever text it has."""
    return next((line for name in form.__struct_fields__ if (line := line_of(getattr(form, name)))), 0)
