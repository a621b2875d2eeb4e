"""What one fence of a document holds: commands one by one, acts for a person, output, and text for other programs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from runbook.reading.belonging import Found
from runbook.reading.comments import comment, numbered_words, tells_result
from runbook.reading.dialect import Dialect, dialect, whole_script
from runbook.reading.extent import Extent, extent
from runbook.reading.forbidding import forbids
from runbook.reading.inner import Inside, leads_into, leaves, still_inside
from runbook.reading.once import once
from runbook.reading.piece import Piece, only_shown
from runbook.reading.placeholders import masked
from runbook.reading.powershell import statements
from runbook.reading.prompts import behind_prompts, item, machine, typed_inside
from runbook.reading.recognise import (
    LONGEST_LINE,
    Sort,
    head,
    known_program,
    looks_like_command,
    plain_english,
    sort_of,
)
from runbook.reading.shell import shell
from runbook.reading.whole import shown_whole

__all__ = ["Piece", "looks_like_command", "pieces"]

_GOES_ON = re.compile(r"\s*(?:\||&&|\|\|)\s*([\w./-]+)(?!.*\|\s*$)|\s+--[a-z][\w-]+(?:[ =]|$)")
_REACH = 400
"""How many lines one command may take; a longer one is a script."""


def pieces(lines: Sequence[str], first_line: int, language: str) -> tuple[Piece, ...]:
    """What the lines of a fence hold, in order; `language` is its label as written. Never raises."""
    return tuple(
        msgspec.structs.replace(piece, line=piece.line + first_line, last_line=piece.last_line + first_line)
        for piece in _pieces(tuple(lines), language)
    )


@once
def _pieces(lines: tuple[str, ...], language: str) -> tuple[Piece, ...]:
    """The pieces, their lines counted from the fence's first."""
    text = [line.rstrip("\r\n").replace("\0", "�").replace("\u00a0", " ") for line in lines]
    spoken = dialect(language, text)
    if spoken == "shell" and whole_script(text):
        return shown_whole("script", text)
    if spoken in ("shell", "plain"):
        return _Fence(text, spoken).read()
    if spoken == "powershell" and (found := statements(text)):
        return found
    return shown_whole(
        "typed" if spoken in ("typed", "powershell") else "script" if spoken == "file" else "output", text
    )


class _Fence:
    """One pass over the lines of a fence."""

    def __init__(self, lines: list[str], spoken: Dialect) -> None:
        self.lines = lines
        self.labelled = spoken == "shell"
        self.found = Found()
        self.names: set[str] = set()
        """The programs and functions of the commands found so far."""
        self.inside: Inside = ""
        self.depth = 0
        """How many programs are open one inside the other."""
        self.entry = self.entry_prompt = ""
        self.patience = 2_000 + 4 * len(lines)
        """Lines that may still be looked at in vain for the end of a command."""
        self.behind = [
            behind if len(line) <= LONGEST_LINE else None
            for line, behind in zip(lines, behind_prompts(lines, self.labelled), strict=True)
        ]
        self.prompted = any(behind is not None for behind in self.behind)
        self.bare = [self.unprompted(at) for at in range(len(lines))]
        opens = [at for at, behind in enumerate(self.behind) if behind and re.match(r"(?:ssh|mosh)\s", behind)]
        self.home = {machine(self.mark(at)) for at in opens}
        """The machine from which the fence goes to others."""
        self.masked = [masked(line) if len(line) <= LONGEST_LINE else "" for line in self.bare]

    def unprompted(self, at: int) -> str:
        """A line without its prompt, or without the mark of a line that continues one."""
        behind = self.behind[at]
        if behind is not None:
            return behind
        return re.sub(r"^\s*> ", "", self.lines[at]) if self.prompted else self.lines[at]

    # ── the pass ──────────────────────────────────────────────────────────────────────────────────

    def read(self) -> tuple[Piece, ...]:
        at = 0
        while at < len(self.lines):
            at += self.take(at)
        return self.found.finished()

    def take(self, at: int) -> int:
        """Reads what begins on a line; how many lines it took."""
        line = self.lines[at]
        stripped = line.strip()
        if not stripped:
            self.braces = 0
            self.found.blank()
        elif len(line) > LONGEST_LINE:
            self.other(at, "output")
        elif self.inside and self.is_inside(at):
            return self.inner(at, self.bare[at].strip())
        elif self.behind[at] is not None:
            return self.command(at)
        elif self.braces > 0 and not stripped.startswith("#"):
            self.other(at, "output")
        elif stripped.startswith("#") and not stripped.startswith("#!"):
            self.braces = 0
            self.found.comment(at, stripped.lstrip("#").strip())
        elif numbered_words(stripped):
            self.found.comment(at, stripped)
        elif (inside := typed_inside(stripped[:LONGEST_LINE])) is not None:
            self.found.typed(at, inside)
        else:
            return self.by_its_look(at, stripped)
        return 1

    def by_its_look(self, at: int, stripped: str) -> int:
        last = self.found.last
        below = last is not None and last.kind in ("command", "output") and not self.found.comments
        sort: Sort = sort_of(stripped, self.labelled and not self.prompted, below)
        if stripped in ("(", "{") and self.opens_group(at):
            sort = "command"
        program = head(masked(stripped[:LONGEST_LINE]))[0]
        if sort == "output" and program in self.names and not known_program(program) and not plain_english(stripped):
            sort = "command"
        number, words = item(stripped)
        if words != stripped and looks_like_command(words):
            self.bare[at], self.masked[at], self.number, sort = words, masked(words), number, "command"
        doubtful = not (self.labelled and looks_like_command(stripped)) if sort == "command" else not self.inside
        if self.prompted and doubtful:
            sort = "output"
        if below and self.goes_on(at):
            return 1
        if sort == "command":
            return self.command(at)
        if sort == "typed":
            self.found.typed(at, stripped)
        else:
            self.other(at, sort)
        return 1

    def goes_on(self, at: int) -> bool:
        """Takes a line that can only go on the command above it, whose author forgot the backslash."""
        found = _GOES_ON.match(self.lines[at])
        if not found or (found[1] and not known_program(found[1])):
            return False
        return self.found.lengthen(at, self.bare[at].strip())

    def opens_group(self, at: int) -> bool:
        """Whether a bracket alone on its line begins a group of commands, and not data."""
        following = next((line for line in self.lines[at + 1 : at + 5] if line.strip()), "")
        return self.labelled and sort_of(following, True, False) == "command"

    def is_inside(self, at: int) -> bool:
        """Whether a line is still meant for the program that was opened above it."""
        line = self.lines[at].strip()
        if self.behind[at] is None and (self.prompted or line.startswith("#")):
            return False
        if self.inside == "database" and machine(self.mark(at)):
            return False
        return still_inside(self.inside, self.entry, self.bare[at].strip(), self.entry_prompt, self.mark(at))

    def mark(self, at: int) -> str:
        """The prompt of a line."""
        return self.lines[at][: len(self.lines[at]) - len(self.bare[at])].strip()

    def inner(self, at: int, stripped: str) -> int:
        """What is typed in the program that was opened; its end closes it."""
        reach = self.reach(at) if self.inside != "database" else None
        count = reach.lines if reach else 1
        self.depth += bool(leads_into(stripped)) - leaves(stripped)
        if self.depth < 1:
            self.inside = ""
        self.found.typed(
            at, "\n".join(re.sub(r"^\s*> ", "", line) for line in self.bare[at : at + count]).strip(), count
        )
        return count

    def command(self, at: int) -> int:
        reach = self.reach(at)
        above = self.found.heading()
        above["label"] = above["label"] or self.number
        self.number = ""
        if reach is None or shell(masked(reach.text)).broken:
            count = reach.lines if reach else 1
            text = reach.text if reach else self.bare[at].strip()
            self.found.add(Piece("script", text, at, at + count - 1, branch=self.found.branch, **above))
            return count
        behind = reach.comment
        if behind and tells_result(behind):
            above["expected"] = "\n".join(filter(None, (above["expected"], behind)))
        elif behind:
            above["remark"] = " ".join(filter(None, (above["remark"], behind)))
        last = at + reach.lines - 1
        if not above["title"] and (note := self.found.last) and note.kind == "note" and note.title:
            above["title"] = reach.text  # or it would go on the step that the words above are not about
        if self.found.forbidden or forbids(behind or ""):
            words = " ".join(filter(None, (above["title"], above["remark"]))) or self.found.forbidden
            self.found.add(only_shown(words, reach.text, at, last))
        elif (host := machine(self.mark(at))) and host not in self.home:
            self.found.add(Piece("typed", reach.text, at, last, branch=self.found.branch, host=host, **above))
        else:
            sample = self.found.fills_in(reach.text)
            self.found.add(Piece("command", reach.text, at, last, branch=self.found.branch, sample=sample, **above))
        self.inside, self.entry, self.entry_prompt = leads_into(reach.text), reach.text, self.mark(at)
        self.depth = 1
        defined = re.match(r"(?:function\s+)?([\w:.-]+)\s*\(\)|function\s+([\w:.-]+)", reach.text)
        self.names |= {(defined[1] or defined[2]) if defined else head(masked(reach.text))[0]}
        return reach.lines

    def reach(self, at: int) -> Extent | None:
        limit = _REACH if self.patience > 0 else 8
        found = extent(self.bare, self.masked, at, limit)
        if found is None:
            self.patience -= limit
        return found

    def other(self, at: int, sort: Sort) -> None:
        """What is neither run nor typed: an act of a person, output, or a line of a file."""
        text = self.lines[at].strip() if sort == "manual" else self.lines[at].rstrip()
        if sort == "output" and (self.braces or text.strip()[-1:] in ("{", "[")):
            opened = sum(text.count(each) for each in "{[") - sum(text.count(each) for each in "}]")
            self.braces = max(0, self.braces + opened)
        if sort == "manual":
            said = comment(re.sub(r"^\s*[-*•]\s+", "", text))
            above = self.found.heading()
            above["label"] = above["label"] or said.label
            self.found.add(Piece("manual", said.words, at, at, branch=self.found.branch, **above))
        elif sort == "output":
            self.found.output(at, text)
        else:
            self.found.add(Piece("script", text, at, at, **self.found.heading()))

    number = ""
    """The number in front of the command being read."""
    braces = 0
    """How many brackets of a JSON document in the output are open."""
