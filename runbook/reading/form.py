"""The YAML form of a runbook, version 1: which keys there are and what each may hold.

These types are the published contract. `runbook.reading.fill` fills them from a file and tells every
misfit, `runbook.reading.yaml` makes the model of them, `runbook.reading.write` makes them of a model.
They bend less than the model may. What stands below a key is its description in the JSON Schema.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from runbook.model import Effect, Item, LogSource, Param, Where
from runbook.reading.signal_form import Duration, Form, SignalForm

VERSION = 1


class ExpectForm(Form, frozen=True):
    """What a command's result must be to count as good. Every part given must hold."""

    exit: int | Literal["any"] = 0
    """The exit code; `any` accepts every one."""
    contains: str = ""
    """A text that the output holds."""
    matches: str = ""
    """A regular expression that is found in the output."""
    equals: str = ""
    """The whole output, without the space around it."""


class CheckForm(Form, frozen=True):
    """A read-only test: exactly one of `run`, `tool`, `file`, `env`."""

    id: str = ""
    title: str = ""
    run: str = ""
    """A command that only reads: it is asked again and again, without a confirmation."""
    reads: bool = False
    """Your word that a program which warroom does not know only reads."""
    tool: str = ""
    """A program that must be on PATH."""
    file: str = ""
    """A file that must be there, seen from the folder in which the method runs."""
    env: str = ""
    """A variable that must be set. Its value is never shown."""
    expect: ExpectForm = ExpectForm()
    on_fail: Literal["stop", "warn"] = "stop"
    hint: str = ""
    """What to do about a failure, in words or as a command."""


class CommandForm(Form, frozen=True):
    """One command of a step that has several."""

    run: str
    """The command, as bash gets it. `<id>` is a value that is filled in before."""
    effect: Effect | None = None
    """`read` looks, `change` changes, `destroy` cannot be taken back. Inferred where nothing is said."""
    target: str | None = None
    """What it acts on, as a person names it; typed out to confirm a `destroy`."""
    kind: Literal["run", "follow", "interactive"] | None = None
    """`follow` does not return by itself and goes to the log pane; `interactive` wants the terminal."""
    capture: str | dict[str, str] = ""
    """A value that takes the last line of the output, or values with a pattern each (its first group counts)."""
    expect: ExpectForm | None = None
    as_written: str = ""
    """The team's own text where `run` is a safer replacement; `note` says why."""
    note: str = ""
    expected: str = ""
    """What should be seen, in words; shown beside the live output."""
    typed_inside: str = ""
    """What a person types into an interactive command: text to copy, never run by itself."""
    guess: str = ""
    """What a reader inferred about it. Correct what is wrong and take the key out."""


class UndoForm(Form, frozen=True):
    """The way back from a step."""

    run: str
    effect: Effect | None = None
    target: str | None = None
    """What it acts on; the step's own target where nothing is said."""
    note: str = ""


Commands = str | tuple[str | CommandForm, ...]


class StepForm(Form, frozen=True):
    """One step: exactly one of `run`, `check`, `manual`, `wait_for`, `message`, `stream`."""

    id: str
    title: str
    run: Commands = ""
    """One command, or a list of them. Each that changes something is confirmed on its own."""
    check: Commands = ""
    """Commands that only read, with what is expected of them."""
    manual: str | None = None
    """What a person does by hand; may be empty where the title says it all."""
    wait_for: str | tuple[str, ...] = ()
    """Criteria that must hold: an id, or a condition such as `error_rate < 1% for 5m`."""
    message: str = ""
    """Text to send; beside `manual`, text to copy into another program."""
    stream: Commands = ""
    """A command that goes on: its output goes to the log pane."""
    effect: Effect | None = None
    target: str = ""
    kind: Literal["run", "follow", "interactive"] | None = None
    capture: str | dict[str, str] = ""
    expect: ExpectForm | None = None
    as_written: str = ""
    note: str = ""
    """Why the step is as it is, and what a plainer command would have done wrong."""
    expected: str = ""
    typed_inside: str = ""
    together: bool = False
    """Several changes on one key. Never across a `destroy`."""
    either: str = ""
    """Steps that share this name are alternatives: one of them is carried out."""
    estimate: Duration = 0
    timeout: Duration = 600
    quiet_after: Duration = 45
    """How long it may say nothing before the room says so."""
    done_when: str | CheckForm | None = None
    """A read-only test that the effect is already there."""
    rerun: Literal["safe", "ask", "never"] = "ask"
    undo: str | UndoForm | None = None
    no_return: bool = False
    """A point of no return: marked before it, not after."""
    closed_by: str = ""
    """A later step of the same method that takes this one back (unlock, scale up)."""
    guess: str = ""
    """What a reader inferred about the step. Correct what is wrong and take the key out."""


class MethodForm(Form, frozen=True, kw_only=True):
    """One way to roll back; under `procedures`, commands outside any."""

    id: str
    label: str | None = None
    """The number a team says aloud; counted where nothing is said."""
    title: str
    use_when: str = ""
    avoid_when: str = ""
    estimate: Duration | None = None
    """The sum of the steps' where nothing is said."""
    risk: Literal["very low", "low", "medium", "high"] = "medium"
    data_loss: str = "none"
    where: Where | None = None
    """`clean-room` is a private clone of the incident; `repository` is your own working copy, or the directory that
    the room was opened in. Where nothing is said: the clean room for a method that names git."""
    requires: tuple[CheckForm, ...] = ()
    """What must be there before it can start."""
    params: tuple[str, ...] | None = None
    """The values to ask for first; where nothing is said, those its commands leave open."""
    fallback: str = ""
    """The method to take when this one does not work."""
    caution: str = ""
    guess: str = ""
    """What a reader inferred about the method. Correct what is wrong and take the key out."""
    steps: tuple[StepForm, ...]


class QuestionForm(Form, frozen=True):
    """A read-only question to a platform: either `run` or `url`."""

    run: str = ""
    """One program with its words, without a shell. `<name>` is what stands there in the command."""
    url: str = ""
    """Asked with GET."""
    headers: dict[str, str] = {}
    """`$NAME` in a value is the variable of that name, so that no secret stands here."""
    path: str = ""
    """Where the answer stands in the JSON, with dots: `flags.checkout.on`, `releases.*.id`; else the lines count."""
    reads: bool = False
    """Your word that a program which warroom does not know only reads."""


class PlatformForm(Form, frozen=True):
    """A platform of your own: how its way back is written, what is live there, what there is to go back to."""

    order: str
    """The command that goes back, word for word, with `<release>` where that stands; other `<names>` are free."""
    live: QuestionForm
    """What serves now, named as in the command."""
    releases: QuestionForm | None = None
    """What can be gone back to, newest first."""
    values: tuple[str, ...] = ()
    """The same where it never changes: `[on, off]` for a feature flag."""
    noun: str = "release"
    """What a release is called there."""
    what: str = ""
    """What it acts on, as a person names it: `flag <flag>`."""


class CriterionForm(Form, frozen=True):
    """A condition with a name, for use in `wait_for`, triggers and outcomes."""

    id: str
    signal: str
    is_: str = msgspec.field(name="is")
    """A comparison and a value: `< 1%`, `== 200`."""
    for_: Duration = msgspec.field(name="for", default=0)
    """How long it must hold without a break."""


class TriggerForm(Form, frozen=True):
    """A reason to roll back."""

    id: str
    text: str
    urgency: Literal["immediate", "conditional"]
    group: str = ""
    criterion: str = ""
    """An id, or a condition. Without one a person reports it."""
    suggests: tuple[str, ...] = ()
    """Methods that fit, best first."""


class OutcomeForm(Form, frozen=True):
    """One line of the success criteria."""

    id: str
    text: str
    level: Literal["success", "partial", "failed"]
    criterion: str = ""
    """An id, or a condition. Without one a person ticks it."""


class ChecklistForm(Form, frozen=True):
    """Items to tick, in one phase of the incident."""

    id: str
    title: str
    phase: Literal["before", "during", "after"]
    items: tuple[Item, ...]


class ContactForm(Form, frozen=True):
    """Somebody to call, and how."""

    who: str
    level: str = ""
    how: str = ""
    when: str = ""


class FollowUpForm(Form, frozen=True):
    """Something to do after the incident."""

    text: str
    due_in: Duration
    """Counted from recovery."""
    group: str = ""


class LessonForm(Form, frozen=True):
    """A cause seen before, and what answers it."""

    cause: str
    answer: str = ""


class RunbookForm(Form, frozen=True):
    """A team's rollback runbook."""

    version: int
    """The version of this form: 1."""
    id: str
    title: str
    service: str = ""
    environment: str = "production"
    owner: str = ""
    revision: str = ""
    """The team's own version of the document; `version` is the form's."""
    last_tested: str = ""
    notes: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    """The values that commands leave open, written `<id>` there."""
    literals: tuple[str, ...] = ()
    """Words in angle brackets that are text and no values: `none` for `grep '<none>'`."""
    guard: tuple[CheckForm, ...] = ()
    """Asked again just before every change: right repository, right cluster?"""
    platforms: dict[str, PlatformForm] = {}
    """Platforms of your own, each under its name: their ways back get preview, picker, proof and undo."""
    signals: dict[str, SignalForm] = {}
    """Numbers over time, each under its name."""
    criteria: tuple[CriterionForm, ...] = ()
    logs: tuple[LogSource, ...] = ()
    triggers: tuple[TriggerForm, ...] = ()
    methods: tuple[MethodForm, ...] = ()
    """The ways to roll back."""
    procedures: tuple[MethodForm, ...] = ()
    """Commands outside any way to roll back: triage, maintenance, reference."""
    checklists: tuple[ChecklistForm, ...] = ()
    verification: tuple[StepForm, ...] = ()
    """How to see whether it works again."""
    monitoring: tuple[StepForm, ...] = ()
    """What to watch meanwhile."""
    outcomes: tuple[OutcomeForm, ...] = ()
    """What counts as success, as half of it, and as failure."""
    next_when_failed: str = ""
    settle: Duration = 60
    """How long after the last change its effect is not judged yet."""
    relapse_watch: Duration = 1800
    """How long after recovery a relapse opens the incident again."""
    contacts: tuple[ContactForm, ...] = ()
    follow_ups: tuple[FollowUpForm, ...] = ()
    lessons: tuple[LessonForm, ...] = ()
    practices: tuple[str, ...] = ()
    report_template: str = ""
    """The report's text; `{{name}}` is filled in."""
