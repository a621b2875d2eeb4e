"""Steps in the making, and what becomes of them: which stay, what they are called, which belong together."""

from __future__ import annotations

import re
from collections import Counter
from typing import Literal

import msgspec

from runbook.model import Check, Command, Effect, Seconds, Step, worst_effect
from runbook.reading.document.leads import LABEL, says_nothing
from runbook.reading.document.pairs import with_pairs
from runbook.reading.document.phrases import Names, bare, heading_of
from runbook.reading.document.sections import Section
from runbook.reading.document.spans import span_in_heading, without_span
from runbook.reading.document.words import Role
from runbook.reading.recognise import asks_a_person

Mode = Literal["method", "verify", "monitor", "other"]

_QUIET: frozenset[Role] = frozenset(
    {"contacts", "after", "success", "triggers", "lessons", "practices", "reference", "history", "report", "never",
     "checklist"}
)  # fmt: skip
"""Where words without a command are told elsewhere, or only read."""
_SAYS_NOTHING = re.compile(
    r"^(?:steps?|step[- ]by[- ]step|procedure|process|runbook|instructions?|commands?"
    r"|pasos|étapes|passi|schritte|手順|步骤)$",
    re.I,
)

SHOWN = "Read as text to look at or to copy, not as a command."
_PREFIX = 60
"""More letters than stand before a title; longer words are its note."""


class Draft:
    """A step before its section is read to the end."""

    def __init__(self, title: str, line: int, commands: list[Command]) -> None:
        self.title = title
        self.line = line
        self.commands = commands
        self.notes: list[str] = []
        self.section = ""
        self.under: tuple[str, ...] = ()
        """The words above it that hold for it, from the outermost inwards."""
        self.role: Role = ""
        self.label = ""
        self.expected = ""
        self.message = ""
        self.is_message = False
        self.shown = False
        """A text that is only to be looked at."""
        self.typed = False
        """Whether that text is meant for another program: a statement of SQL, what a chat takes for a command."""
        self.by_hand = False
        """An act that the document words as a command's comment, or a text to copy."""
        self.ordered = False
        self.bulleted = False
        self.words = ""
        """The first bullet's own words, which are its title when a fence follows."""
        self.words_only = False
        self.in_order = False
        """Whether its section is numbered, and so a step even where it only describes."""
        self.branch = ""
        self.either = ""
        self.others: set[int] = set()
        """Which of its commands are run in place of the one before them."""
        self.estimate: Seconds = 0
        self.directives: dict[str, str] = {}

    @property
    def takes_fence(self) -> bool:
        """Whether a fence below may be what this item tells to run."""
        return not self.message

    @property
    def effect(self) -> Effect:
        return worst_effect(tuple(command.effect for command in self.commands))


def under_heading(made: list[Draft], section: Section, head: Section | None) -> None:
    """Puts the heading before the steps' own titles, so that a row of steps still shows its parts.

    A heading that says nothing by itself, `Rollback` under `Database`, gives way to the one above it.
    """
    title = without_span(section.title)
    around = section.parent
    if says_nothing(title) and around is not None and around is not head and around.level > 1:
        title = without_span(around.title)
    for draft in made:
        draft.in_order = bool(section.number)
        draft.section = "" if _SAYS_NOTHING.match(title) and draft.title != section.title else title
    if made and span_in_heading(section.heading):
        made[0].estimate = span_in_heading(section.heading)


def introduced(drafts: list[Draft]) -> list[Draft]:
    """Words that only introduce a way are a note of its first step, and a step of their own where there is none."""
    if any(draft.commands for draft in drafts):  # what only describes is read in the document itself
        drafts = [draft for draft in drafts if not draft.words_only or not draft.section or _is_told_to(draft)]
    first = drafts[0] if drafts else None
    if first is None or not first.words_only or first.section or len(drafts) == 1:
        return drafts
    drafts[1].notes[:0] = first.notes
    return drafts[1:]


def _is_told_to(draft: Draft) -> bool:
    """Whether words without a command are something to do all the same: a numbered part, or a sentence that asks."""
    sentences = (part for note in draft.notes for part in re.split(r"(?<=[.!?:;])\s+", note))
    return draft.in_order or any(asks_a_person(bare(sentence)) for sentence in sentences)


def finished(drafts: list[Draft], mode: Mode, names: Names) -> tuple[Step, ...]:
    """The steps of these drafts."""
    kept = [draft for draft in drafts if _stays(draft, mode)]
    ways = Counter(draft.either for draft in kept)
    for draft in kept:
        if ways[draft.either] == 1:  # what stood beside it is nothing to do
            draft.either = ""
    if mode == "verify":
        kept = _grouped(kept)
    return with_pairs([_step(draft, mode, names) for draft in kept])


def _stays(draft: Draft, mode: Mode) -> bool:
    """Whether a draft is something to do: a command always is."""
    if draft.commands or draft.by_hand:
        return True
    if draft.is_message:
        return draft.role == "communicate"
    if draft.role == "triggers" and draft.shown:
        return True  # a decision tree in box characters is looked at as it is
    if draft.role in _QUIET:
        return False
    if mode == "other":
        return draft.ordered or (draft.shown and (draft.typed or draft.role == "trouble"))
    return not draft.shown or mode == "method"


def _grouped(drafts: list[Draft]) -> list[Draft]:
    """In a verification, the looks under one heading are one step; each keeps its title as a note."""
    made: list[Draft] = []
    for draft in drafts:
        before = made[-1] if made else None
        looks = bool(draft.commands) and draft.effect is Effect.READ and not draft.either and not draft.directives
        plain_run = all(command.kind == "run" for command in draft.commands)
        if not (looks and plain_run and draft.section):
            made.append(draft)
            continue
        titled = [_noted(command, draft) for command in draft.commands]
        if before is not None and before.section == draft.section and getattr(before, "group", False):
            before.commands += titled
            before.notes += draft.notes
            continue
        group = Draft(title=draft.section, line=draft.line, commands=titled)
        group.notes, group.role, group.estimate = draft.notes, draft.role, draft.estimate
        group.section = draft.section
        group.group = True  # type: ignore[attr-defined]
        made.append(group)
    return made


def _noted(command: Command, draft: Draft) -> Command:
    words = ": ".join((*_holding(draft, draft.title, draft.section), draft.title))
    if not draft.title or words == draft.section or command.note:
        return command
    return msgspec.structs.replace(command, note=words)


def _step(draft: Draft, mode: Mode, names: Names) -> Step:
    title = _title(draft)
    done_when = draft.directives.get("done_when", "")
    whole = bare(draft.title)
    told = [whole] if len(whole) > len(title) and not title.endswith(whole) else []
    around = [words for words in _holding(draft, title) if words not in title]
    notes = list(dict.fromkeys(note for note in (*around, *told, *draft.notes) if note and not _repeats(note, title)))
    if draft.expected:
        notes.append(f"Expected: {draft.expected}")
    if not_asked := draft.directives.get("not_asked"):
        notes.append(f"Not asked whether it is done: `{not_asked}` is not known to only read.")
    return Step(
        id=names.new(draft.directives.get("name", "") or title, "step"),
        title=title,
        kind=_kind(draft, mode),
        commands=tuple(draft.commands),
        note="\n".join(notes),
        message=draft.message,
        either=draft.either,
        estimate=draft.estimate,
        done_when=Check(id="done", run=done_when) if done_when else None,
        guess=_guess(draft),
        line=draft.line,
    )


def _title(draft: Draft) -> str:
    title = _short(bare(draft.title).rstrip(":：")) or draft.section or "Step"
    title = ": ".join((*(words for words in _holding(draft, title) if len(words) <= _PREFIX), title))
    if draft.section and len(draft.section) <= 60 and draft.section.lower() not in title.lower():
        if title.lower() in draft.section.lower():
            return draft.section
        return f"{draft.section}: {title}"
    return title


def _repeats(note: str, title: str) -> bool:
    words = bare(note).rstrip(":：")
    return words == title or (title.endswith(f": {words}") and len(words) > LABEL)


def _holding(draft: Draft, *said: str) -> list[str]:
    """The words above a step that say more of it than its own words do."""
    known = " ".join(said).lower()
    found = (heading_of(words).rstrip(".") for words in draft.under)
    return [words for words in found if words and words.lower() not in known and not says_nothing(words)]


def _short(words: str) -> str:
    """A long sentence's first part, which is what it is about."""
    if len(words) <= 90:
        return words
    for mark in (": ", ". ", "; ", " - ", " – ", " — ", " ("):
        head = words[:90].partition(mark)
        if head[1] and len(head[0]) > 8:
            return head[0]
    return words if len(words) <= 140 else words[:139].rsplit(" ", 1)[0] + "…"


def _kind(draft: Draft, mode: Mode) -> Literal["run", "check", "manual", "message", "stream"]:
    if not draft.commands:
        return "message" if draft.is_message else "manual"
    if draft.effect is Effect.READ:
        if len(draft.commands) == 1 and draft.commands[0].kind == "follow":
            return "stream"
        if mode == "verify" and all(command.kind == "run" for command in draft.commands):
            return "check"
    return "run"


def _guess(draft: Draft) -> str:
    if draft.either:
        return "Read as one of several alternatives, of which one is carried out."
    if draft.words_only:
        return "The document only describes this; it is read as something to do by hand."
    if draft.shown:
        return SHOWN
    return ""
