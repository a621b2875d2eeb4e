"""What of a fence belongs to which piece: a comment to the one below or above it, output to the command before it."""

from __future__ import annotations

import re

import msgspec

from runbook.reading.comments import Comment, comment, starts_alternative
from runbook.reading.forbidding import forbids
from runbook.reading.piece import Heading, Kind, Piece
from runbook.reading.placeholders import placeholders
from runbook.reading.recognise import LONGEST_LINE, asks_a_person


class Found:
    """The pieces of a fence so far, and the comments that no piece has yet."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.growing: dict[str, list[str]] = {}
        """What was read since of the last piece, by field: joined once, so that a long output costs no more."""
        self.grown_to = 0
        """The last line that belongs to the last piece."""
        self.gap = False
        """Whether a blank line lies between here and the last piece."""
        self.comments: list[tuple[int, Comment]] = []
        self.comments_gap = False
        self.comments_below = False
        """Whether the comments kept so far stand directly below a command."""
        self.telling = False
        """Whether the comments that follow are what should be seen."""
        self.branch = ""
        self.branch_lasts = False
        self.forbidden = ""
        """The comment that forbids the commands below it, up to the next comment."""
        self.example = False

    @property
    def last(self) -> Piece | None:
        return self.pieces[-1] if self.pieces else None

    def finished(self) -> tuple[Piece, ...]:
        self.flush_comments(below=True)
        self.settle()
        return tuple(self.pieces)

    def blank(self) -> None:
        self.gap = True
        self.telling = False
        if self.comments and not self.comments_gap and self.comments_below:
            self.remark_above()
        if self.comments:
            self.comments_gap = True
        if not self.branch_lasts and not self.comments:
            self.branch = ""

    # ── comments ──────────────────────────────────────────────────────────────────────────────────

    def comment(self, at: int, words: str) -> None:
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
        return self.pieces[-1] if self.pieces and self.pieces[-1].kind in ("command", "typed", "alternative") else None

    def expect(self, words: str) -> None:
        self.more("expected", words)

    def more(self, field: str, words: str) -> None:
        """Adds a line to a field of the piece found last."""
        self.growing.setdefault(field, []).append(words)

    def settle(self) -> None:
        """Gives the piece found last what was read of it since."""
        if self.growing:
            last = self.pieces[-1]
            grown = {
                field: "\n".join(filter(None, (getattr(last, field), *said))) for field, said in self.growing.items()
            }
            self.pieces[-1] = msgspec.structs.replace(last, last_line=max(last.last_line, self.grown_to), **grown)
            self.growing = {}

    def flush_comments(self, below: bool) -> None:
        """Comments that title no command: a result of what is above, acts of their own, or notes."""
        if below and self.comments and not self.comments_gap and self.comments_below:
            self.remark_above()
        said, self.comments, self.comments_gap = self.comments, [], False
        items = False
        for at, each in said:
            if each.sort == "expected" and (self.last_command() or (self.pieces and self.pieces[-1].kind == "manual")):
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

    # ── what is not a comment ─────────────────────────────────────────────────────────────────────

    def lengthen(self, at: int, line: str) -> bool:
        """Gives a line to the command right above it, where nothing was told of that one yet."""
        last = self.last
        if last is None or last.kind != "command" or self.growing or self.gap or len(last.text) > LONGEST_LINE:
            return False
        self.pieces[-1] = msgspec.structs.replace(last, text=f"{last.text} {line}", last_line=at)
        return True

    def fills_in(self, text: str) -> bool:
        """Whether a command is the one above with its values filled in, and a comment says so."""
        above = next((piece for piece in reversed(self.pieces) if piece.kind == "command"), None)
        if not self.example or above is None or above.text.split()[:2] != text.split()[:2]:
            return False
        return any(not each.sample for each in placeholders(above.text)) or above.sample

    def typed(self, at: int, text: str, count: int = 1) -> None:
        last = self.last
        here = at + count - 1
        if last is not None and last.kind == "typed" and not self.comments and self.grown_to >= at - 2:
            self.more("text", text)
            self.grown_to = here
            return
        self.add(Piece("typed", text, at, here, branch=self.branch, **self.heading()))

    def output(self, at: int, text: str) -> None:
        last = self.last
        if last is not None and last.kind == "output" and not self.comments:
            self.more("text", text)
            self.grown_to = at
        elif last is not None and last.kind in ("command", "typed"):
            if self.comments:
                self.flush_comments(below=True)
            if self.pieces[-1].kind in ("command", "typed"):
                self.expect(text)
            else:
                self.add(Piece("output", text, at, at))
        else:
            self.add(Piece("output", text, at, at, **self.heading()))

    def add(self, piece: Piece) -> None:
        self.settle()
        self.pieces.append(piece)
        self.grown_to = piece.last_line
        self.gap = False
