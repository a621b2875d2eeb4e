"""The YAML form of a runbook, version 1: which keys there are and what each may hold.

These types are the published contract. `runbook.reading.fill` fills them from a file and tells every
misfit, `runbook.reading.yaml` makes the model of them. They bend less than the model may.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from runbook.model import Contact, Effect, Item, Lesson, LogSource, Param, Where

VERSION = 1

Duration = Annotated[
    float,
    msgspec.Meta(
        extra={"form": "duration"},
        extra_json_schema={"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d|w))+$|^0$"},
        description="A length of time: `45s`, `5m`, `1h30m`, `7d`.",
    ),
]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the forms: a mapping with a closed set of keys."""


class ExpectForm(Form, frozen=True):
    """What a command's result must be. `exit: any` accepts every exit code."""

    exit: int | Literal["any"] = 0
    contains: str = ""
    matches: str = ""
    equals: str = ""


class CheckForm(Form, frozen=True):
    """A read-only test: exactly one of `run`, `tool`, `file`, `env`."""

    id: str = ""
    title: str = ""
    run: str = ""
    tool: str = ""
    file: str = ""
    env: str = ""
    expect: ExpectForm = ExpectForm()
    on_fail: Literal["stop", "warn"] = "stop"
    hint: str = ""


class CommandForm(Form, frozen=True):
    """One command of a step that has several."""

    run: str
    effect: Effect | None = None
    target: str = ""
    kind: Literal["run", "follow", "interactive"] = "run"
    capture: str | dict[str, str] = ""
    """A param that takes the last line of the output, or params with a pattern each."""
    expect: ExpectForm | None = None
    as_written: str = ""
    note: str = ""


class UndoForm(Form, frozen=True):
    """The way back from a step."""

    run: str
    effect: Effect | None = None
    target: str = ""
    note: str = ""


Commands = str | tuple[str | CommandForm, ...]


class StepForm(Form, frozen=True):
    """One step: exactly one of `run`, `check`, `manual`, `wait_for`, `message`, `stream`."""

    id: str
    title: str
    run: Commands = ""
    check: Commands = ""
    manual: str = ""
    wait_for: str | tuple[str, ...] = ()
    message: str = ""
    stream: str = ""
    effect: Effect | None = None
    target: str = ""
    kind: Literal["run", "follow", "interactive"] | None = None
    capture: str | dict[str, str] = ""
    expect: ExpectForm | None = None
    as_written: str = ""
    note: str = ""
    together: bool = False
    estimate: Duration = 0
    timeout: Duration = 600
    quiet_after: Duration = 45
    done_when: str | CheckForm | None = None
    rerun: Literal["safe", "ask", "never"] = "ask"
    undo: str | UndoForm | None = None
    no_return: bool = False


class MethodForm(Form, frozen=True):
    """One way to roll back."""

    id: str
    title: str
    steps: tuple[StepForm, ...]
    label: str = ""
    use_when: str = ""
    avoid_when: str = ""
    estimate: Duration = 0
    risk: Literal["very low", "low", "medium", "high"] = "medium"
    data_loss: str = "none"
    where: Where = Where.CLEAN_ROOM
    requires: tuple[CheckForm, ...] = ()
    params: tuple[str, ...] = ()
    fallback: str = ""
    caution: str = ""


class HttpJsonForm(Form, frozen=True, tag_field="source", tag="http_json"):
    """A number or a text out of a JSON document over HTTP."""

    url: str
    path: str = ""
    numerator: str = ""
    denominator: str = ""
    per: Duration = 0
    window: Duration = 60
    min_requests: int = 100
    scale: float = 1
    title: str = ""
    unit: str = ""
    every: Duration = 5
    kind: Literal["error_rate", "latency", "health", "requests", "version", "other"] = "other"


class HealthForm(Form, frozen=True, tag_field="source", tag="health"):
    """A health endpoint: its status code is the value."""

    url: str
    checks: str = "checks"
    title: str = ""
    unit: str = ""
    every: Duration = 5
    kind: Literal["error_rate", "latency", "health", "requests", "version", "other"] = "health"


class CriterionForm(Form, frozen=True):
    """A condition with a name, for use in `wait_for`, triggers and outcomes."""

    id: str
    signal: str
    is_: str = msgspec.field(name="is")
    for_: Duration = msgspec.field(name="for", default=0)


class TriggerForm(Form, frozen=True):
    """A reason to roll back."""

    id: str
    text: str
    group: str
    urgency: Literal["immediate", "conditional"]
    criterion: str = ""
    suggests: tuple[str, ...] = ()


class OutcomeForm(Form, frozen=True):
    """One line of the success criteria."""

    id: str
    text: str
    level: Literal["success", "partial", "failed"]
    criterion: str = ""


class ChecklistForm(Form, frozen=True):
    """Items to tick, in one phase of the incident."""

    id: str
    title: str
    phase: Literal["before", "during", "after"]
    items: tuple[Item, ...]


class FollowUpForm(Form, frozen=True):
    """Something to do after the incident."""

    text: str
    due_in: Duration
    group: str = ""


class RunbookForm(Form, frozen=True):
    """The whole file."""

    version: int
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
    guard: tuple[CheckForm, ...] = ()
    signals: dict[str, HttpJsonForm | HealthForm] = {}
    criteria: tuple[CriterionForm, ...] = ()
    logs: tuple[LogSource, ...] = ()
    triggers: tuple[TriggerForm, ...] = ()
    methods: tuple[MethodForm, ...] = ()
    checklists: tuple[ChecklistForm, ...] = ()
    verification: tuple[StepForm, ...] = ()
    monitoring: tuple[StepForm, ...] = ()
    outcomes: tuple[OutcomeForm, ...] = ()
    next_when_failed: str = ""
    settle: Duration = 60
    relapse_watch: Duration = 1800
    contacts: tuple[Contact, ...] = ()
    follow_ups: tuple[FollowUpForm, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    practices: tuple[str, ...] = ()
    report_template: str = ""
