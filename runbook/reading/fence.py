"""What one fence of a document holds: commands one by one, acts for a person, output, and text for other programs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from runbook.reading.comments import Comment, comment, starts_alternative, tells_result
from runbook.reading.dialect import Dialect, dialect, whole_script
from runbook.reading.extent import Extent, extent
from runbook.reading.forbidding import forbids
from runbook.reading.inner import Inside, leads_into, leaves, still_inside
from runbook.reading.once import once
from runbook.reading.piece import Heading, Kind, Piece
from runbook.reading.placeholders import masked, placeholders
from runbook.reading.powershell import statements
from runbook.reading.prompts import behind_prompts, item, machine, typed_inside
from runbook.reading.recognise import (
    LONGEST_LINE,
    Sort,
    asks_a_person,
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
        return shown_whole("script", text, 0)
    if spoken in ("shell", "plain"):
        return _Fence(text, spoken).read()
    if spoken == "powershell" and (found := statements(text)):
        return found
    return shown_whole(
        "typed" if spoken in ("typed", "powershell") else "script" if spoken == "file" else "output", text, 0
    )


class _Fence:
    """One pass over the lines of a fence."""

    def __init__(self, lines: list[str], spoken: Dialect) -> None:
        self.lines = lines
        self.labelled = spoken == "shell"
        self.found: list[Piece] = []
        self.growing: dict[str, list[str]] = {}
        """What was read since of the piece found last, by field: joined once, so that a long output costs no more."""
        self.comments: list[tuple[int, Comment]] = []
        self.gap = False
        """Whether a blank line lies between here and what was found last."""
        self.comments_gap = False
        self.names: set[str] = set()
        """The programs and functions of the commands found so far."""
        self.inside: Inside = ""
        self.depth = 0
        """How many programs are open one inside the other."""
        self.entry = self.entry_prompt = ""
        self.branch = ""
        self.branch_lasts = False
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
        self.flush_comments(below=True)
        self.settle()
        return tuple(self.found)

    def take(self, at: int) -> int:
        """Reads what begins on a line; how many lines it took."""
        line = self.lines[at]
        stripped = line.strip()
        if not stripped:
            self.blank()
        elif len(line) > LONGEST_LINE:
            self.other(at, "output")
        elif self.inside and self.is_inside(at):
            return self.inner(at, self.bare[at].strip())
        elif self.behind[at] is not None:
            return self.command(at)
        elif self.braces > 0 and not stripped.startswith("#"):
            self.other(at, "output")
        elif stripped.startswith("#") and not stripped.startswith("#!"):
            self.comment(at, stripped.lstrip("#").strip())
        elif (inside := typed_inside(stripped[:LONGEST_LINE])) is not None:
            self.typed(at, inside)
        else:
            return self.by_its_look(at, stripped)
        return 1

    def by_its_look(self, at: int, stripped: str) -> int:
        below = bool(self.found) and self.found[-1].kind in ("command", "output") and not self.comments
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
            self.typed(at, stripped)
        else:
            self.other(at, sort)
        return 1

    def goes_on(self, at: int) -> bool:
        """Takes a line that can only go on the command above it, whose author forgot the backslash."""
        last, line = self.found[-1], self.bare[at].strip()
        found = _GOES_ON.match(self.lines[at])
        if last.kind != "command" or self.growing or self.gap or not found or len(last.text) > LONGEST_LINE:
            return False
        if found[1] and not known_program(found[1]):
            return False
        self.found[-1] = msgspec.structs.replace(last, text=f"{last.text} {line}", last_line=at)
        return True

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
        self.typed(at, "\n".join(re.sub(r"^\s*> ", "", line) for line in self.bare[at : at + count]).strip(), count)
        return count

    def blank(self) -> None:
        self.gap = True
        self.telling = False
        self.braces = 0
        if self.comments and not self.comments_gap and self.comments_below:
            self.remark_above()
        if self.comments:
            self.comments_gap = True
        if not self.branch_lasts and not self.comments:
            self.branch = ""

    # ── comments ──────────────────────────────────────────────────────────────────────────────────

    def comment(self, at: int, words: str) -> None:
        self.braces = 0
        if self.telling:
            self.expect(words)
            return
        if not words or not re.search(r"\w", words):
            return
        said = comment(words)
        lists = said.words.endswith(":")
        if said.sort == "expected" and not self.comments and self.last_command() and (lists or not self.gap):
            self.expect(said.words)
            self.telling = lists
            return
        if self.comments and self.comments_gap:
            self.flush_comments(below=False)
        if not self.comments and not self.branch_lasts:
            self.branch = ""
        if not self.comments:
            self.forbidden = ""
            self.comments_below = not self.gap and self.last_command() is not None
        self.comments.append((at, said))

    def remark_above(self) -> None:
        """Comments directly below a command, with nothing directly below them: they speak of that command."""
        said = [each for _, each in self.comments]
        if any(each.sort not in ("title", "example") or each.label or asks_a_person(each.words) for each in said):
            return
        self.more("remark", " ".join(each.words for each in said))
        self.comments = []

    def last_command(self) -> Piece | None:
        return self.found[-1] if self.found and self.found[-1].kind in ("command", "typed", "alternative") else None

    def expect(self, words: str) -> None:
        self.more("expected", words)

    def more(self, field: str, words: str) -> None:
        """Adds a line to a field of the piece found last."""
        self.growing.setdefault(field, []).append(words)

    def settle(self) -> None:
        """Gives the piece found last what was read of it since."""
        if self.growing:
            last = self.found[-1]
            grown = {
                field: "\n".join(filter(None, (getattr(last, field), *said))) for field, said in self.growing.items()
            }
            self.found[-1] = msgspec.structs.replace(last, last_line=max(last.last_line, self.grown_to), **grown)
            self.growing = {}

    def flush_comments(self, below: bool) -> None:
        """Comments that title no command: a result of what is above, acts of their own, or notes."""
        if below and self.comments and not self.comments_gap and self.comments_below:
            self.remark_above()
        said, self.comments, self.comments_gap = self.comments, [], False
        items = False
        for at, each in said:
            if each.sort == "expected" and (self.last_command() or (self.found and self.found[-1].kind == "manual")):
                self.expect(each.words)
            elif each.sort == "command":
                self.commented_out(at, each)
            elif items and each.bullet and not asks_a_person(each.words) and each.sort in ("title", "example"):
                self.more("remark", each.words)
            else:
                items = not each.bullet
                kind: Kind = "manual" if asks_a_person(each.words) else "note"
                if each.sort in ("branch", "option"):
                    self.start_branch(each)
                self.add(Piece(kind, each.words, at, at, label=each.label, branch=self.branch))

    def commented_out(self, at: int, said: Comment, title: str = "") -> None:
        branch = said.words if starts_alternative(said.words) else self.branch
        kind: Kind = "alternative" if branch else "note"
        text = ": ".join(filter(None, (title.rstrip(" :"), said.command)))
        self.add(Piece(kind, text, at, at, title, said.label, branch=branch))

    def start_branch(self, said: Comment) -> None:
        self.branch, self.branch_lasts = said.words, said.sort == "option"

    def heading(self) -> Heading:
        """What the comments directly above a command say of it."""
        numbered = [index for index, (_, each) in enumerate(self.comments) if each.label]
        turns = [index for index, (_, each) in enumerate(self.comments) if each.sort in ("branch", "option")]
        own = max(numbered[1:][-1:] + turns[-1:], default=0)
        if own:
            kept = self.comments[own:]
            self.comments = self.comments[:own]
            self.flush_comments(below=False)
            self.comments = kept
        self.forbidden = next((each.words for _, each in self.comments if forbids(each.words)), self.forbidden)
        said: dict[str, list[str]] = {"title": [], "expected": [], "remark": [], "label": []}
        for at, each in self.comments:
            if each.sort == "command" and not starts_alternative(each.words):
                self.commented_out(at, each, " ".join(said["title"] + said["remark"]))
                said["title"], said["remark"] = [], []  # the words above it are about what it does
            elif each.sort == "command":
                self.commented_out(at, each)
            elif each.sort == "expected":
                said["expected"].append(each.words)
            elif not said["title"] or (each.words[:1].islower() and not said["remark"]):
                said["title"].append(each.words)
            else:
                said["remark"].append(each.words)
            if each.sort in ("branch", "option"):
                self.start_branch(each)
            if each.label:
                said["label"] = [each.label]
        self.example = bool(self.comments) and self.comments[0][1].sort == "example"
        self.comments, self.comments_gap = [], False
        return Heading(
            title=" ".join(said["title"]),
            remark=" ".join(said["remark"]),
            expected="\n".join(said["expected"]),
            label="".join(said["label"]),
        )

    forbidden = ""
    """The comment that forbids the commands below it, up to the next comment."""
    number = ""
    """The number in front of the command being read."""
    example = False
    telling = False
    """Whether the comments that follow are what should be seen."""
    braces = 0
    """How many brackets of a JSON document in the output are open."""
    grown_to = 0
    """The last line that belongs to the piece found last."""
    comments_below = False
    """Whether the comments kept so far stand directly below a command."""

    # ── what is not a comment ─────────────────────────────────────────────────────────────────────

    def command(self, at: int) -> int:
        reach = self.reach(at)
        above = self.heading()
        above["label"] = above["label"] or self.number
        self.number = ""
        if reach is None or shell(masked(reach.text)).broken:
            count = reach.lines if reach else 1
            text = reach.text if reach else self.bare[at].strip()
            self.add(Piece("script", text, at, at + count - 1, branch=self.branch, **above))
            return count
        behind = reach.comment
        if behind and tells_result(behind):
            above["expected"] = "\n".join(filter(None, (above["expected"], behind)))
        elif behind:
            above["remark"] = " ".join(filter(None, (above["remark"], behind)))
        last = at + reach.lines - 1
        if not above["title"] and self.found and self.found[-1].kind == "note" and self.found[-1].title:
            above["title"] = reach.text  # or it would go on the step that the words above are not about
        if self.forbidden or forbids(behind or ""):
            words = " ".join(filter(None, (above["title"], above["remark"]))) or self.forbidden
            self.add(Piece("note", f"{words.rstrip(' :')}: {reach.text}", at, last))
        elif (host := machine(self.mark(at))) and host not in self.home:
            self.add(Piece("typed", reach.text, at, last, branch=self.branch, host=host, **above))
        else:
            sample = self.fills_in(reach.text)
            self.add(Piece("command", reach.text, at, last, branch=self.branch, sample=sample, **above))
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

    def fills_in(self, text: str) -> bool:
        """Whether a command is the one above with its values filled in, and a comment says so."""
        above = next((piece for piece in reversed(self.found) if piece.kind == "command"), None)
        if not self.example or above is None or above.text.split()[:2] != text.split()[:2]:
            return False
        return any(not each.sample for each in placeholders(above.text)) or above.sample

    def typed(self, at: int, text: str, count: int = 1) -> None:
        last = self.found[-1] if self.found else None
        here = at + count - 1
        if last is not None and last.kind == "typed" and not self.comments and self.grown_to >= at - 2:
            self.more("text", text)
            self.grown_to = here
            return
        self.add(Piece("typed", text, at, here, branch=self.branch, **self.heading()))

    def other(self, at: int, sort: Sort) -> None:
        """Output goes to the command above it; acts and the rest stand for themselves."""
        text = self.lines[at].strip() if sort == "manual" else self.lines[at].rstrip()
        last = self.found[-1] if self.found else None
        if sort == "output" and (self.braces or text.strip()[-1:] in ("{", "[")):
            opened = sum(text.count(each) for each in "{[") - sum(text.count(each) for each in "}]")
            self.braces = max(0, self.braces + opened)
        if sort == "manual":
            said = comment(re.sub(r"^\s*[-*•]\s+", "", text))
            above = self.heading()
            above["label"] = above["label"] or said.label
            self.add(Piece("manual", said.words, at, at, branch=self.branch, **above))
        elif sort == "output" and last is not None and last.kind == "output" and not self.comments:
            self.more("text", text)
            self.grown_to = at
        elif sort == "output" and last is not None and last.kind in ("command", "typed"):
            if self.comments:
                self.flush_comments(below=True)
            if self.found[-1].kind in ("command", "typed"):
                self.expect(text)
            else:
                self.add(Piece("output", text, at, at))
        else:
            kind: Kind = "script" if sort == "file" else "output"
            self.add(Piece(kind, text, at, at, **self.heading()))

    def add(self, piece: Piece) -> None:
        self.settle()
        self.found.append(piece)
        self.grown_to = piece.last_line
        self.gap = False
