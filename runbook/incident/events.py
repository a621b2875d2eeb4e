"""What can happen in an incident: the closed set of events that the journal holds.

An event is never changed once written. Bodies are strict JSON: finite numbers, 64-bit integers, text
that passed the cleaning gate. A reader that meets an unknown kind keeps it as `Unknown`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from runbook.model import Effect, Remedy


class Body(msgspec.Struct, frozen=True, tag_field="kind"):
    """Base of all bodies; the tag is the kind."""


class Reading(msgspec.Struct, frozen=True):
    """What a signal said at the second of an event; `value` is None where it said nothing, `why` tells."""

    signal: str
    value: float | str | None
    why: str = ""


class File(msgspec.Struct, frozen=True):
    """A file beside the journal, named relative to the incident's folder."""

    path: str
    sha256: str
    size: int


# ── the incident and who is in the room ───────────────────────────────────────────────────────────


class IncidentOpened(Body, frozen=True, tag="incident-opened"):
    title: str
    service: str
    environment: str
    severity: str
    runbook: File
    pace: float = 1
    """The drill divides every window by this; 1 is a real incident."""
    drill: str = ""


class RoomEntered(Body, frozen=True, tag="room-entered"):
    user: str
    host: str
    pid: int
    driving: bool
    version: str = ""


class RoomLeft(Body, frozen=True, tag="room-left"):
    reason: str


class SeverityDeclared(Body, frozen=True, tag="severity-declared"):
    severity: str
    title: str


class IncidentClosed(Body, frozen=True, tag="incident-closed"):
    reason: str


# ── what people say and decide ────────────────────────────────────────────────────────────────────


class NoteAdded(Body, frozen=True, tag="note-added"):
    text: str


class ItemTicked(Body, frozen=True, tag="item-ticked"):
    """A box of a checklist, an outcome or a follow-up that a person ticked or unticked."""

    item: str
    text: str
    done: bool
    note: str = ""


class TriggerReported(Body, frozen=True, tag="trigger-reported"):
    """A person says that a trigger which no machine can see has fired (or not)."""

    trigger: str
    text: str
    active: bool


class DecisionMade(Body, frozen=True, tag="decision-made"):
    decision: Literal["roll-back", "wait", "no-rollback"]
    reason: str = ""


class MethodChosen(Body, frozen=True, tag="method-chosen"):
    method: str
    title: str
    reason: str = ""


class ValueSet(Body, frozen=True, tag="value-set"):
    param: str
    value: str
    source: Literal["typed", "picked", "captured", "preset"]
    shown: str = ""
    """What the person saw beside it: a commit's subject, a tag's date."""


class ContactCalled(Body, frozen=True, tag="contact-called"):
    level: str
    who: str


# ── steps ─────────────────────────────────────────────────────────────────────────────────────────


class StepConfirmed(Body, frozen=True, tag="step-confirmed"):
    """The intent. Committed before anything starts; `text` is what the screen showed and bash gets."""

    run: str
    """Names the run's folder, `runs/<run>`."""
    method: str
    step: str
    title: str
    commands: tuple[int, ...]
    """The indexes of the step's commands that this run carries out."""
    text: str
    effect: Effect
    target: str = ""
    expected: dict[str, str] = {}
    """What the preview saw and the command relies on: `refs/heads/production` → its SHA."""
    shown: tuple[str, ...] = ()
    """The preview's lines, as the person read them."""
    typed: str = ""
    overrides: tuple[str, ...] = ()
    of: int = 1
    """How many commands the step has in all."""
    undo: bool = False
    """The step's way back, not the step."""
    remedy: bool = False
    """A ready step that was offered after a failure or a refusal, not the step."""
    mode: Literal["run", "follow", "interactive"] = "run"
    """Whether it returns by itself, goes on beside the others, or was given the terminal."""


class StepRefused(Body, frozen=True, tag="step-refused"):
    """A confirmed command that did not start: the world was no longer what the screen had shown."""

    method: str
    step: str
    text: str
    why: str


class StepStarted(Body, frozen=True, tag="step-started"):
    run: str
    pid: int


class StopAsked(Body, frozen=True, tag="stop-asked"):
    run: str
    how: Literal["interrupt", "terminate", "kill"]


class StepFinished(Body, frozen=True, tag="step-finished"):
    run: str
    exit: int
    ok: bool
    """Exit and expectations together."""
    duration: float
    output: File
    why: str = ""
    last_lines: tuple[str, ...] = ()
    recovered: bool = False
    """Learned from the keeper's exit record after the room had died."""
    already: bool = False
    """Nothing ran: `done_when` said that the effect is there."""
    offered: Remedy | None = None
    """The way out of the failure, as a ready step; nothing of it has run."""
    address: str = ""
    """The page that the other side named for going on: where a pull request is opened."""
    unproven: bool = False
    """It ended well, and what it did to the world could not be told: `why` says so."""


class StepUnknown(Body, frozen=True, tag="step-unknown"):
    """An intent with neither a finish nor an exit record nor a living keeper."""

    run: str
    why: str
    evidence: tuple[str, ...] = ()
    took_effect: bool | None = None
    """What the world said then: all of it happened, none of it did, or (None) that is not sure."""


class StepResolved(Body, frozen=True, tag="step-resolved"):
    """The person's word on an unknown outcome."""

    run: str
    outcome: Literal["done", "not-done"]
    reason: str = ""


class StepMarked(Body, frozen=True, tag="step-marked"):
    """A manual step done, a wait fulfilled, or any step skipped or done elsewhere."""

    method: str
    step: str
    title: str
    mark: Literal["done", "skipped", "already"]
    reason: str = ""


class WaitOverdue(Body, frozen=True, tag="wait-overdue"):
    """What a step waits for is not there within the step's time limit; the wait itself goes on."""

    method: str
    step: str
    title: str
    waited: float
    missing: tuple[str, ...] = ()
    """The conditions that do not hold, each with what is there instead."""


class CommandEdited(Body, frozen=True, tag="command-edited"):
    """A deviation: what ran instead of the runbook's words, and why."""

    method: str
    step: str
    command: int
    was: str
    now: str
    reason: str
    line: int = 0


# ── what the signals said ─────────────────────────────────────────────────────────────────────────


class AdviceChanged(Body, frozen=True, tag="advice-changed"):
    level: Literal["none", "watch", "roll-back"]
    text: str
    triggers: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


class VerdictChanged(Body, frozen=True, tag="verdict-changed"):
    verdict: Literal["recovered", "partial", "failed", "unknown"]
    text: str
    relapsed: bool = False

    @property
    def word(self) -> str:
        """The verdict as it is said."""
        return "not known yet" if self.verdict == "unknown" else self.verdict

    @property
    def why(self) -> str:
        """The text without that word, for a line that has it already."""
        return self.text.removeprefix(f"{self.word}: ")


# ── files ─────────────────────────────────────────────────────────────────────────────────────────


class SnapshotSaved(Body, frozen=True, tag="snapshot-saved"):
    files: tuple[File, ...]
    reason: str = ""


class ReportWritten(Body, frozen=True, tag="report-written"):
    file: str
    sha256: str


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a kind that this version does not know: kept whole."""

    kind: str
    raw: bytes


Known = (
    IncidentOpened
    | RoomEntered
    | RoomLeft
    | SeverityDeclared
    | IncidentClosed
    | NoteAdded
    | ItemTicked
    | TriggerReported
    | DecisionMade
    | MethodChosen
    | ValueSet
    | ContactCalled
    | StepConfirmed
    | StepRefused
    | StepStarted
    | StopAsked
    | StepFinished
    | StepUnknown
    | StepResolved
    | StepMarked
    | WaitOverdue
    | CommandEdited
    | AdviceChanged
    | VerdictChanged
    | SnapshotSaved
    | ReportWritten
)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One fact, in its place: who recorded it (`seat`), as their how-manieth (`seq`), and when."""

    incident: str
    seat: str
    seq: int
    at: datetime
    lamport: int
    body: Known | Unknown
    readings: tuple[Reading, ...] = ()

    @property
    def order(self) -> tuple[int, str, int]:
        """The place of an event in the merge of all streams."""
        return self.lamport, self.seat, self.seq


_decoder: msgspec.json.Decoder[Known] = msgspec.json.Decoder(Known)
_kind = msgspec.json.Decoder(dict[str, object])


def kind_of(body: Known | Unknown) -> str:
    """The name of an event's kind as the journal writes it."""
    return body.kind if isinstance(body, Unknown) else str(type(body).__struct_config__.tag)


def encode_body(body: Known | Unknown) -> bytes:
    """The bytes that are stored and hashed (msgspec writes a NaN or an infinity as null)."""
    return body.raw if isinstance(body, Unknown) else msgspec.json.encode(body)


def decode_body(raw: bytes) -> Known | Unknown:
    """The body of stored bytes; anything that is not a known event comes back as `Unknown`."""
    try:
        return _decoder.decode(raw)
    except msgspec.MsgspecError:
        return Unknown(kind=_kind_of_raw(raw), raw=raw)


def _kind_of_raw(raw: bytes) -> str:
    try:
        return str(_kind.decode(raw).get("kind", "unreadable"))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "unreadable"
