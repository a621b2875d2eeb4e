"""A section's steps in the making: what was said so far, what it names, and which command was told last."""

from __future__ import annotations

from collections.abc import Iterable

from runbook.model import Command
from runbook.reading.document.alternatives import other_way
from runbook.reading.document.blocks import Block
from runbook.reading.document.commands import Commands
from runbook.reading.document.drafts import Draft, Mode
from runbook.reading.document.leads import Lead
from runbook.reading.document.mentions import Mention, is_bare_command, mentions
from runbook.reading.document.phrases import NO_STEP
from runbook.reading.document.sections import Section
from runbook.reading.fence import looks_like_command
from runbook.reading.forbidding import forbids
from runbook.reading.inner import Inside, goes_elsewhere, is_of_outside, leads_into


class Making:
    """The drafts of one section so far, and the words that no draft has yet."""

    def __init__(self, commands: Commands, section: Section, mode: Mode) -> None:
        self.commands = commands
        self.section = section
        self.mode = mode
        self.drafts: list[Draft] = []
        self.lead = Lead()
        self.notes: list[str] = []
        self.nested = ""
        """The item of the step's own list that a fence below it belongs to."""
        self.open: Draft | None = None
        """The step of the item that the following blocks belong to."""
        self.open_depth = 0
        self.shows_result = False
        """Whether the next fence is what should be seen."""
        self.above = ""
        self.way_from = 0
        """The first draft of what was told last."""
        self.others: set[int] = set()
        """Which of the commands told last are run in place of the one before them."""

    def _over(self, words: str) -> tuple[str, ...]:
        under, notes = self.lead.over(words)
        self.notes += notes
        return under

    def _told(self, text: str, block: Block) -> list[Command]:
        if self._forbidden(block):
            return []
        found: Iterable[Mention] = mentions(
            text, self.commands.looks_like_one, lead=self.lead.words or self.section.title
        )
        armed = [mention for mention in found if mention.armed]
        self.others = {at for at, mention in enumerate(armed) if at and mention.other}
        told = [self.commands.made(one.text, block.line + one.line, expected=one.expected) for one in armed]
        return told if self.others else self._typed_there(told)

    def _typed_there(self, told: list[Command]) -> list[Command]:
        """The commands of a sentence; behind one that leads to another machine or into a container they are typed."""
        made: list[Command] = []
        inside: Inside = ""
        for command in told:
            if inside == "host" or (inside == "shell" and not is_of_outside(command)):
                made[-1] = self.commands.typing(made[-1], command.as_written or command.text)
                continue
            made.append(command)
            inside = leads_into(command.text) if goes_elsewhere(command) else ""
        return made

    def _way(self, since: int, turned: bool) -> None:
        """Takes note of where a way began; the words above it may say that it is the other one."""
        if turned and other_way(self.drafts, self.way_from, since, self._choice()):
            self.way_from = len(self.drafts) - 1
        elif len(self.drafts) > since:
            self.way_from = since

    def _choice(self) -> str:
        return f"either-{self.commands.choice(None)}"

    def _forbidden(self, block: Block) -> bool:
        """Whether the words above a block say that what it shows is not to be run."""
        within = self.open if block.kind == "fence" or block.depth > self.open_depth else None
        own = "" if within is None else within.notes[-1] if within.bulleted and within.notes else within.title
        return any(forbids(words) for words in (self.lead.words, self.section.title, own))

    def _is_bare(self, block: Block) -> bool:
        """Whether every line of a paragraph is a command that somebody forgot to put into a fence."""
        lines = [line.strip() for line in block.text.split("\n")]
        return all(is_bare_command(line, looks_like_command) for line in lines)

    def _new(self, title: str, line: int, commands: list[Command]) -> Draft:
        draft = Draft(title=title, line=line, commands=commands)
        draft.role = self.section.role
        draft.others, self.others = self.others if commands else set(), set()
        draft.notes, self.notes = self.notes, []
        self.lead.line = 0
        self.drafts.append(draft)
        return draft

    def _close(self) -> None:
        self.open = None

    def _last(self) -> Draft | None:
        return next((draft for draft in reversed(self.drafts) if draft.commands), None)

    def _last_command(self) -> Command | None:
        return last.commands[-1] if (last := self._last()) else None

    def _replace(self, command: Command) -> None:
        if last := self._last():
            last.commands[-1] = command

    def _expect(self, words: str) -> None:
        if last := self._last_command():
            self._replace(self.commands.expecting(last, words))

    def _settle_lead(self) -> None:
        """A bold line under which only words stand is something to do by hand."""
        if self.lead.line and self.lead.words and self.notes and self.mode == "method":
            self._new(self.lead.words, self.lead.line, []).by_hand = True
            self.lead.told = self.lead.words
        self.lead.line = 0

    def _settle_notes(self) -> None:
        """What was said and led to nothing belongs to the last step, or is one where a way has only words."""
        self._settle_lead()
        self.notes += self.lead.left()
        notes, self.notes = self.notes, []
        kept = [note for note in notes if not NO_STEP.match(note)]
        if not kept:
            return
        if self.drafts:
            self.drafts[-1].notes += kept
        elif self.mode == "method" and self.section.level:
            draft = self._new(self.section.title, self.section.line, [])
            draft.notes += kept
            draft.words_only = True
