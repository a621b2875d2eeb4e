"""A section's blocks as steps: its fences, its sentences with commands, its items, in the order of the document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runbook.model import Command, Step
from runbook.reading.document.alternatives import apart, numbered, one_of, turns
from runbook.reading.document.attributes import asked_unseen, is_shell, language, said_of_fence
from runbook.reading.document.blocks import Block
from runbook.reading.document.commands import Commands, noting
from runbook.reading.document.drafts import Draft, Mode, finished, introduced, under_heading
from runbook.reading.document.expectations import expectation
from runbook.reading.document.facts import only_facts, warns
from runbook.reading.document.leads import comes_by_itself, describes, holds_for_all, is_example
from runbook.reading.document.making import Making
from runbook.reading.document.phrases import NOTES, Names, bare, heading_of, plain
from runbook.reading.document.sections import Section
from runbook.reading.document.tables import is_choice, rows_of
from runbook.reading.fence import Piece, pieces
from runbook.reading.forbidding import forbids


class Steps:
    """Makes the steps of one document's sections; `directives` are its comments to the reader, by line."""

    def __init__(self, commands: Commands, directives: dict[int, dict[str, str]]) -> None:
        self.commands = commands
        self.directives = directives

    def of(
        self, sections: Iterable[Section], mode: Mode, names: Names, head: Section | None = None
    ) -> tuple[Step, ...]:
        """The steps of these sections, in order; `names` keeps their ids apart."""
        drafts: list[Draft] = []
        for section in sections:
            made = _Walk(self, section, mode).drafts_of(section.blocks)
            if mode == "method" and section is not head and section.is_choice:
                made = one_of(made, section, f"either-{self.commands.choice(section.parent)}")
            if section is not head:
                under_heading(made, section, head)
            drafts += made
        return finished(introduced(drafts), mode, names)


class _Walk(Making):
    """One section's blocks, told to its drafts."""

    def __init__(self, steps: Steps, section: Section, mode: Mode) -> None:
        super().__init__(steps.commands, section, mode)
        self.steps = steps

    def drafts_of(self, blocks: Sequence[Block]) -> list[Draft]:
        for block in blocks:
            getattr(self, f"_{block.kind}")(block)
            self.above = block.kind
        self._settle_notes()
        return [part for draft in self.drafts for part in apart(draft, self._choice)]

    # ── words ─────────────────────────────────────────────────────────────────────────────────────

    def _bold(self, block: Block) -> None:
        words = heading_of(block.text)
        if expectation(words) is not None:
            self.shows_result = True
            return
        if block.depth and self.open is not None and not turns(words):
            self.open.notes.append(words)
            return
        self._close()
        if warns(block.text):
            self.notes.append(words)
            return
        self._settle_lead()
        self.notes += self.lead.begins(words, block.line)

    def _paragraph(self, block: Block) -> None:
        text = block.text
        said = plain(text)
        if self._is_expectation(said) or only_facts(block):
            return
        if self._is_bare(block):
            self._pieces(text.split("\n"), block.line, "bash", block)
            return
        if not block.depth and (forbids(self.lead.words) or self.lead.is_above_list):
            self.lead.words = ""  # which spoke of what stood directly below it
            self._close()
        told = self._told(text, block)
        turned = turns(said) and bool(told or said.endswith((":", "：")))
        if block.depth and self.open is not None and not turned:
            self._into_open(told, said, block)
            return
        if told:
            self._close()
            self._new(bare(said), block.line, told)
            self._way(len(self.drafts) - 1, turned)
        elif said.endswith((":", "：")) or (forbids(said) and "`" not in said and self.above != "fence"):
            self._close()
            self.notes += self.lead.begins(heading_of(said.rpartition(". ")[2] if len(said) > 140 else said))
        else:
            self.notes.append(said)

    def _is_expectation(self, said: str) -> bool:
        """Whether words tell what the command above should show, which is then noted; or that the next fence does."""
        expected = expectation(said)
        if expected is None or not self._last_command():
            return False
        if expected:
            self._expect(expected)
        else:
            self.shows_result = True
        return True

    def _item(self, block: Block) -> None:
        said = plain(block.text)
        if self.open is not None and block.depth > self.open_depth and self._is_expectation(said):
            return
        told = self._told(block.text, block)
        if not told and "\n" not in block.text and self._is_bare(block) and not self._forbidden(block):
            told = [self.commands.made(block.text.strip().removeprefix("$ "), block.line)]
        if self.open is not None and block.depth > self.open_depth:
            self._into_open(told, f"- {said}", block)
            return
        if self.open is not None and self._goes_on(block, told):
            self.open.notes.append(f"- {said}")
            return
        if not said and not block.task:
            return
        self._close()
        if not told and self._is_only_told(block, f"- {said}"):
            self.lead.told = self.lead.words
            return
        if self.lead.words or (self.above == "paragraph" and block.number in ("", "1")):
            self.lead.context = self.lead.words
        if told or block.ordered:
            under = self._over(self.lead.context)
            draft = self._new(bare(said), block.line, told)
            draft.under = under
            self._way(len(self.drafts) - 1, bool(told) and turns(said))
        else:
            self.lead.told = self.lead.words
            draft = self._new(self.lead.words or self.section.title, block.line, told)
            draft.notes.append(f"- {said}")
            draft.bulleted, draft.words = True, said
        draft.ordered = block.ordered
        self.open, self.open_depth = draft, block.depth

    def _is_only_told(self, block: Block, words: str) -> bool:
        """Whether an item is nothing to do here: a box, which stands in a checklist; a remark; what a program does by
        itself, which is told at the step before; a cause or a sign, at the next."""
        lead = self.lead.words
        if block.task:
            return True
        if NOTES.match(lead) and self.drafts:
            self.drafts[-1].notes.append(words)
            return True
        if not describes(lead):
            return False
        notes = self.drafts[-1].notes if self.drafts and comes_by_itself(lead) else self.notes
        notes += [words] if self.lead.told == lead else [f"{lead}:", words]
        self.lead.line = 0
        return True

    def _goes_on(self, block: Block, told: list[Command]) -> bool:
        """Whether a bullet belongs to the step that the bullet before it began."""
        if self.open is None or told or block.ordered or block.task or block.depth != self.open_depth:
            return False
        return self.open.bulleted and not self.open.commands

    def _into_open(self, told: list[Command], words: str, block: Block) -> None:
        assert self.open is not None
        if not told or block.kind != "item" or self.others:
            self.open.notes.append(words)
            self.nested = words if block.kind == "item" else ""
        else:
            told = [noting(command, bare(block.text)) for command in told]
        self.open.others |= {len(self.open.commands) + at for at in self.others}
        self.others = set()
        self.open.commands += told

    def _table(self, block: Block) -> None:
        if self._forbidden(block):
            self.lead.words = ""
            return
        found = rows_of(block, self.commands.looks_like_one)
        if not any(row.mentions for row in found) and self.mode != "method":
            return
        self._close()
        either = self._choice() if is_choice(block) and len(found) > 1 else ""
        for row in found:
            under = self._over(self.lead.words)
            told = [
                self.commands.made(one.text, row.line, expected=one.expected or row.expected) for one in row.mentions
            ]
            draft = self._new(row.title or self.section.title, row.line, told)
            draft.under, draft.by_hand = under, row.by_hand
            draft.expected, draft.either = row.expected if row.by_hand else "", either
            draft.notes += row.notes
        self.lead.words = "" if found else self.lead.words

    # ── fences ────────────────────────────────────────────────────────────────────────────────────

    def _fence(self, block: Block) -> None:
        content = "\n".join(block.lines).strip("\n")
        if not content.strip():
            return
        self.lead.ends_with_list()
        if self.shows_result and self._last_command():
            self.shows_result = False
            self._expect(content)
            return
        self.shows_result = False
        if self.section.role in ("report", "communicate") and not is_shell(block.info):
            self._close()
            draft = self._new(self.lead.words or self.section.title, block.line, [])
            draft.message = content
            draft.is_message = True
            return
        if self.section.role == "history":
            self._shown(content, block)
            return
        self._pieces(list(block.lines), block.first_line, block.info, block)

    def _pieces(self, lines: list[str], first_line: int, info: str, block: Block) -> None:
        if self._forbidden(block):
            content = "\n".join(lines).strip("\n")
            if self.open is not None and self.open.takes_fence and not self.open.commands:
                self.open.message = content
            else:
                self._shown(content, block)
            return
        said = asked_unseen(said_of_fence(info, block.line, self.steps.directives), self.commands.infer)
        found = numbered(pieces(lines, first_line, language(info)))
        if not found:
            return
        if self.open is not None and (not self.open.takes_fence or block.depth < self.open_depth - 1):
            self.open = None
        item, self.open = self.open, None
        if self._is_filled_in(found):
            return
        if not any(piece.kind in ("command", "manual") for piece in found):
            self._not_run(found, block, item)
            self.open = item
            return
        self._told_by(found, said, item)
        # What follows at the item's depth still belongs to it.
        self.open = item if item is not None and block.depth >= self.open_depth else None

    def _told_by(self, found: Sequence[Piece], said: dict[str, str], item: Draft | None) -> None:
        """The drafts of a fence's pieces. An item that leads to the fence is the step of those without a title."""
        if item is not None and item.bulleted and len(item.notes) == 1:
            item.title, item.notes = bare(item.words), []
        branches = {piece.branch for piece in found if piece.kind == "command"}
        either = self._choice() if len(branches) > 1 else ""
        turned, since = turns(self.lead.words), len(self.drafts) - bool(self.drafts and self.drafts[-1] is item)
        under, nested = self._around(item), self._nested_in(item)
        here: Draft | None = item
        first = True
        for piece in found:
            if piece.sample:
                self.drafts[-1].notes.append(f"Example: {piece.text}")
            elif piece.kind == "command":
                title = bare(piece.title)
                fresh = here is None or bool(title) or (either and here.branch != piece.branch)
                if either and here is not None and here.either and here.branch == piece.branch:
                    fresh = False
                    here.notes += [title] if title else []
                if here is not None and first and here is item and not either:
                    fresh = False
                    if title and title.lower() != here.title.lower():
                        here.notes.append(title) if len(found) == 1 or not title else None
                        fresh = len([other for other in found if other.title]) > 1
                if fresh or here is None:
                    title = title or self.lead.words or (here.title if here is not None and not either else "")
                    here = self._new(title or self.section.title, piece.line, [])
                    here.label = piece.label
                if here is not item:
                    here.under = under
                here.branch = piece.branch
                here.either = either if piece.branch else ""
                command = self.commands.of_piece(piece, said)
                here.commands.append(noting(command, nested) if here is item and not title else command)
                here.directives.update(said)
                self.lead.words = "" if title else self.lead.words
                first = False
            elif piece.kind == "manual":
                here = None
                self._by_hand(piece, under)
            else:
                self._beside(piece, here)
        self.lead.told, self.lead.words = self.lead.words, ""
        self._way(since, turned)

    def _by_hand(self, piece: Piece, under: tuple[str, ...]) -> None:
        """An act that a comment or a line of a fence asks for."""
        made = self._new(bare(piece.text) or self.section.title, piece.line, [])
        made.by_hand, made.under = True, under
        made.expected = expectation(piece.expected) or piece.expected
        if piece.title and bare(piece.title) != made.title:
            made.notes.append(bare(piece.title))
        if piece.remark:
            made.notes.append(piece.remark)

    def _is_filled_in(self, found: Sequence[Piece]) -> bool:
        """Whether a fence under `Example:` is the command above with its values filled in, which is then its note."""
        above = self._last_command()
        if above is None or not is_example(self.lead.words) or not self.commands.open_in(above.text):
            return False
        written = (above.as_written or above.text).split()[:2]
        if any(piece.kind != "command" or piece.text.split()[:2] != written for piece in found):
            return False
        self.drafts[-1].notes += [f"Example: {piece.text}" for piece in found]
        self.lead.words = ""
        return True

    def _around(self, item: Draft | None) -> tuple[str, ...]:
        """The words above a fence that hold for each of its steps."""
        if item is None:
            return self._over(self.lead.words)
        around = (*item.under, item.title) if holds_for_all(item.title) else item.under
        return (*around, bare(self.nested)) if self.nested else around

    def _nested_in(self, item: Draft | None) -> str:
        """The words of the item inside of a step's item that leads to a fence; the commands have them then."""
        nested, self.nested = self.nested, ""
        if item is None or not nested or item.notes[-1:] != [nested]:
            return ""
        item.notes.pop()
        return bare(nested)

    def _beside(self, piece: Piece, here: Draft | None) -> None:
        """What a fence holds beside commands: notes, output, what is typed into a program, the content of a file."""
        last = self._last_command()
        if piece.kind == "output":
            if last:
                self._expect(piece.text)
        elif piece.kind == "typed":
            if last and last.kind == "interactive" and piece.host in last.text:
                self._replace(self.commands.typing(last, piece.text))
            else:
                draft = self._new(bare(piece.title) or self.lead.words or self.section.title, piece.line, [])
                draft.message, draft.by_hand = piece.text, True
                draft.notes += _on_machine([piece])
        elif piece.kind == "script":
            draft = self._new(bare(piece.title) or self.lead.words or self.section.title, piece.line, [])
            draft.message = piece.text
            draft.by_hand = True
        elif piece.text.strip():
            (here.notes if here is not None else self.notes).append(bare(piece.text))

    def _not_run(self, found: Sequence[Piece], block: Block, item: Draft | None) -> None:
        """A fence without a command: SQL and the like to copy, a configuration to write, or a picture in characters."""
        content = "\n".join(block.lines).strip("\n")
        if all(piece.kind == "output" for piece in found) and self._last_command() and not self.lead.words:
            self._expect(content)
        elif item is not None and not item.message and not item.commands:
            item.message = content
            item.notes += _on_machine(found)
        elif self.mode != "other" or self.section.role == "triggers" or any(piece.kind == "typed" for piece in found):
            self._shown(content, block)
            self.drafts[-1].notes += _on_machine(found)
            self.drafts[-1].typed = any(piece.kind == "typed" for piece in found)
        self.lead.words = ""

    def _shown(self, content: str, block: Block) -> None:
        draft = self._new(self.lead.words or self.section.title, block.line, [])
        draft.message = content
        draft.shown = True
        self.lead.words = ""


def _on_machine(found: Sequence[Piece]) -> list[str]:
    return [f"The document shows this on {host}." for host in dict.fromkeys(piece.host for piece in found) if host]
