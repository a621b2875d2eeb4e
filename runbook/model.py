"""The runbook as data: what a team wrote down, after reading and before anything happened.

Everything here is frozen and plain. A reader (`runbook.reading`) makes it, the room shows it, the
conductor acts on it. Durations are seconds, times are aware UTC datetimes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from runbook.signal_sources import SignalSource

Seconds = float


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the data in this house: frozen, and strict about unknown fields."""


class Effect(StrEnum):
    """What running a command does to the world, from harmless to irrecoverable."""

    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"

    @property
    def rank(self) -> int:
        return _HARMLESS_FIRST.index(self)


_HARMLESS_FIRST = tuple(Effect)


def worst_effect(effects: tuple[Effect, ...]) -> Effect:
    """The most dangerous of several effects; `read` for none."""
    return max(effects, key=lambda effect: effect.rank, default=Effect.READ)


class Where(StrEnum):
    """The directory in which a method's session starts."""

    CLEAN_ROOM = "clean-room"
    """The incident's private clone: `origin` is the real remote, the engineer's own copy is untouched."""
    REPOSITORY = "repository"
    """The engineer's own working copy, for tools that need its untracked files (`.vercel/`)."""


# ── values ────────────────────────────────────────────────────────────────────────────────────────


class Param(Record, frozen=True):
    """A value that a command leaves open, written `<id>` in its text.

    `kind` decides the picker and the check: a `git_commit` must resolve, a `git_tag` must exist.
    """

    id: str
    label: str = ""
    kind: Literal["text", "git_commit", "git_tag", "number", "url", "secret"] = "text"
    default: str = ""
    on: str = ""
    """For git kinds: the branch whose commits, or the tag pattern whose tags, are offered."""
    allow_dash: bool = False
    """Whether a value may begin with `-`, where a program would take it for an option."""
    several: bool = False
    """Whether it may hold several values with spaces between them: each of them becomes a word of the command."""

    def each(self, value: str) -> tuple[str, ...]:
        """The single values of a value."""
        return tuple(value.split()) if self.several and value.strip() else (value,)


class Capture(Record, frozen=True):
    """A value taken from a command's output: the first group of `regex`, or the last line if empty."""

    param: str
    regex: str = ""


class Expect(Record, frozen=True):
    """What a command's result must be to count as good. Every part given must hold."""

    exit: int | None = 0
    contains: str = ""
    matches: str = ""
    equals: str = ""


class Check(Record, frozen=True):
    """A read-only test: a program on PATH, a file, a variable, or a command with an expectation."""

    id: str
    title: str = ""
    run: str = ""
    tool: str = ""
    file: str = ""
    env: str = ""
    expect: Expect = Expect()
    reads: bool = False
    """The author's word that a program which is not known only reads: a check is asked without a confirmation."""
    on_fail: Literal["stop", "warn"] = "stop"
    hint: str = ""
    """What to do about a failure, in words or as a command."""


# ── methods and steps ─────────────────────────────────────────────────────────────────────────────


class Command(Record, frozen=True):
    """One logical shell command, the unit of confirmation."""

    text: str
    effect: Effect
    target: str = ""
    """What it acts on, as a person names it (`production`); typed out to confirm a `destroy`."""
    kind: Literal["run", "follow", "interactive"] = "run"
    captures: tuple[Capture, ...] = ()
    expect: Expect = Expect()
    as_written: str = ""
    """The runbook's own text where `text` is a safer replacement, and `note` says why."""
    note: str = ""
    expected: str = ""
    """What the runbook says should be seen, in its own words; shown beside the live output."""
    typed_inside: str = ""
    """What a person types into an interactive command: text to copy, never run on this machine's shell."""
    guess: str = ""
    """What a reader inferred about it, in a sentence; empty where the runbook says it itself."""
    line: int = 0


class Undo(Record, frozen=True):
    """The way back from a step: another command, offered and confirmed like any."""

    text: str
    effect: Effect
    target: str = ""
    note: str = ""


class Remedy(msgspec.Struct, frozen=True):
    """A ready step: a command proposed after a failure or a refusal; offered and confirmed like any.

    It stands in the journal too, so that a reader of another version must not stumble over a field.
    """

    title: str
    text: str
    effect: Effect
    target: str = ""
    note: str = ""
    """What it does not do, and what comes after it."""


class Step(Record, frozen=True):
    """One step of a method. Exactly one of its kinds; only `run` and `check` steps have commands."""

    id: str
    title: str
    kind: Literal["run", "check", "manual", "wait_for", "message", "stream"]
    commands: tuple[Command, ...] = ()
    note: str = ""
    """Why the step is as it is, and what a plainer command would have done wrong."""
    as_written: str = ""
    """The runbook's own command where the step stands for it and has none itself (a wait in place of a `watch`)."""
    together: bool = False
    """Several changes on one key. Never across a `destroy`; the reader refuses that."""
    wait_for: tuple[Criterion, ...] = ()
    message: str = ""
    """Text to send; on a manual step, text to copy into another program (SQL, a console, a web form)."""
    either: str = ""
    """Steps of a method that share this name are alternatives: one is carried out, never one after the other."""
    estimate: Seconds = 0
    timeout: Seconds = 600
    quiet_after: Seconds = 45
    done_when: Check | None = None
    """A read-only test that the effect is already there; asked before the step, after a crash, before a retry."""
    rerun: Literal["safe", "ask", "never"] = "ask"
    undo: Undo | None = None
    no_return: bool = False
    """A point of no return: marked before it, not after."""
    closed_by: str = ""
    """The step that takes this one back later (unlock, scale up); until that ran, this one stays open on screen."""
    guess: str = ""
    """What a reader inferred about the step, in a sentence."""
    line: int = 0

    @property
    def effect(self) -> Effect:
        return worst_effect(tuple(command.effect for command in self.commands))

    @property
    def one_key(self) -> bool:
        """Whether one confirmation covers all of its commands."""
        return self.together or self.effect is Effect.READ


class Method(Record, frozen=True):
    """One way to roll back."""

    id: str
    label: str
    """The number a team says aloud: `1`, `2`, `3a`."""
    title: str
    use_when: str = ""
    avoid_when: str = ""
    estimate: Seconds = 0
    risk: Literal["very low", "low", "medium", "high"] = "medium"
    data_loss: str = "none"
    where: Where = Where.CLEAN_ROOM
    requires: tuple[Check, ...] = ()
    params: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    fallback: str = ""
    caution: str = ""
    guess: str = ""
    """What a reader inferred about the method, in a sentence."""
    line: int = 0


# ── signals, triggers, verdict ────────────────────────────────────────────────────────────────────


class Signal(Record, frozen=True):
    """A number over time."""

    id: str
    title: str
    source: SignalSource
    unit: str = ""
    every: Seconds = 5
    kind: Literal["error_rate", "latency", "health", "requests", "version", "other"] = "other"
    optional: bool = False
    """As long as what its source needs was never set, it takes no part; once it was asked, its silence counts."""


class Criterion(Record, frozen=True):
    """A condition that people write: `error_rate > 5% for 5m`, `health == 200`.

    `hold` is the time for which it must be true without a break; `value` is in the signal's unit.
    """

    text: str
    signal: str
    op: Literal["<", "<=", ">", ">=", "==", "!="]
    value: float | str
    hold: Seconds = 0


class Trigger(Record, frozen=True):
    """A reason to roll back. Without a criterion no machine can see it: a person reports it."""

    id: str
    text: str
    group: str
    urgency: Literal["immediate", "conditional"]
    criterion: Criterion | None = None
    suggests: tuple[str, ...] = ()
    """Methods that fit, best first."""
    line: int = 0


class Outcome(Record, frozen=True):
    """One line of the success criteria. Without a criterion a person ticks it."""

    id: str
    text: str
    level: Literal["success", "partial", "failed"]
    criterion: Criterion | None = None
    line: int = 0


# ── everything around the methods ─────────────────────────────────────────────────────────────────


class LogSource(Record, frozen=True):
    """A log to follow: the file at `path` (or all that it names, with `*`), or what the command `run` says."""

    id: str
    path: str = ""
    title: str = ""
    run: str = ""
    """A command that follows: `kubectl logs -f …`, `journalctl -f -u shop`, `ssh host tail -F …`."""
    reads: bool = False
    """The author's word that a program which is not known only reads."""


class Item(Record, frozen=True):
    """One box to tick."""

    id: str
    text: str
    note: str = ""


class Checklist(Record, frozen=True):
    """Items to tick, in one phase of the incident."""

    id: str
    title: str
    phase: Literal["before", "during", "after"]
    items: tuple[Item, ...]


class Contact(Record, frozen=True):
    """Somebody to call, and how."""

    level: str
    who: str
    how: str = ""
    when: str = ""


class FollowUp(Record, frozen=True):
    """Something to do after the incident, with its deadline counted from recovery."""

    text: str
    due_in: Seconds
    group: str = ""


class Lesson(Record, frozen=True):
    """A cause seen before, and what answers it."""

    cause: str
    answer: str


# ── a team's own platform ─────────────────────────────────────────────────────────────────────────


class Question(Record, frozen=True):
    """A read-only question to a platform: a program with its words, without a shell, or an HTTP GET."""

    run: str = ""
    url: str = ""
    headers: dict[str, str] = {}
    """By name; `$NAME` in a value is the variable of that name."""
    path: str = ""
    """Where the answer stands in the JSON, with dots; `*` stands for every entry of a list."""
    reads: bool = False
    """The author's word that a program which is not known only reads."""


class OwnPlatform(Record, frozen=True):
    """Something of the team's own that keeps releases, or the settings of a feature flag."""

    id: str
    order: str
    """The command that goes back, word for word, with `<release>` and any other `<name>` in it."""
    live: Question
    releases: Question | None = None
    values: tuple[str, ...] = ()
    """What can be gone back to where it is always the same: `true`, `false`."""
    noun: str = "release"
    what: str = ""
    """What it acts on, as a person names it."""


class Runbook(Record, frozen=True):
    """A team's rollback runbook."""

    id: str
    title: str
    service: str = ""
    environment: str = "production"
    owner: str = ""
    version: str = ""
    last_tested: str = ""
    notes: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    guard: tuple[Check, ...] = ()
    platforms: tuple[OwnPlatform, ...] = ()
    signals: tuple[Signal, ...] = ()
    logs: tuple[LogSource, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    methods: tuple[Method, ...] = ()
    others: tuple[Method, ...] = ()
    """Commands outside any way to roll back (triage, maintenance, reference), with the same shape."""
    checklists: tuple[Checklist, ...] = ()
    verification: tuple[Step, ...] = ()
    monitoring: tuple[Step, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    next_when_failed: str = ""
    settle: Seconds = 60
    """How long after the last change its effect is not judged yet."""
    relapse_watch: Seconds = 1800
    contacts: tuple[Contact, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    practices: tuple[str, ...] = ()
    report_template: str = ""
    path: str = ""
    sha256: str = ""

    def method(self, method_id: str) -> Method:
        """Raises KeyError."""
        return {method.id: method for method in self.methods}[method_id]

    def param(self, param_id: str) -> Param | None:
        return next((param for param in self.params if param.id == param_id), None)

    def procedures(self) -> tuple[Method, ...]:
        """Everything with steps: the methods, then verification, monitoring and the rest as methods of their own."""
        extra = (
            _procedure("verification", "V", "Verify", self.verification),
            _procedure("monitoring", "W", "Watch", self.monitoring),
        )
        return self.methods + tuple(procedure for procedure in extra if procedure.steps) + self.others


def _procedure(name: str, label: str, title: str, steps: tuple[Step, ...]) -> Method:
    return Method(id=name, label=label, title=title, risk="very low", where=Where.REPOSITORY, steps=steps)
