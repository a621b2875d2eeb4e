"""How far one logical command reaches over the lines of a document: quotes, here-documents, loops, continuations."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runbook.model import Record

_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([A-Za-z_][\w.-]*))")
_WORD = re.compile(r"[^\s;&|<>()'\"`$\\#{}]+|[{}#]")
_OPENS = {"if": "fi", "for": "done", "while": "done", "until": "done", "select": "done", "case": "esac", "{": "}"}
_CLOSES = frozenset(_OPENS.values())
_COMMAND_FOLLOWS = frozenset({"if", "while", "until", "then", "do", "else", "elif", "!", "{", "time"})
_ENDS = re.compile(r"\\(?:\s*$|\s+#\s)")
"""A continuation, as people write it: with blanks or a comment behind the backslash, too."""
_TOLD = re.compile(r"\s(?:→|⇒|->|=>)\s")
"""An arrow to what a command does or shows; no shell knows one."""
_FUNCTION = re.compile(r"\s*(?:function\s+[\w:.-]+\s*(?:\(\s*\))?|[\w:.-]+\s*\(\s*\))\s*$")


class Extent(Record, frozen=True):
    """One logical command: its text with continuations joined, how many lines it took, the comment after it."""

    text: str
    lines: int
    comment: str = ""


def extent(lines: Sequence[str], masked: Sequence[str], start: int, limit: int) -> Extent | None:
    """The command that begins on a line; None where it is still open after so many lines.

    `masked` are the same lines, column for column, with placeholders as plain words.
    """
    scan = _Scan()
    text, joined = "", True
    for at in range(start, min(len(lines), start + limit)):
        if joined and at > start and masked[at].lstrip().startswith("#"):
            continue  # a comment between continued lines: bash would end the command there, its author did not mean it
        ends = scan.line(masked[at])
        line = lines[at][: scan.code_ends] if ends or scan.complete else lines[at]
        text += line.lstrip() if joined and at > start else line
        if scan.complete:
            comment = lines[at][scan.code_ends :].lstrip("# \t").rstrip()
            return Extent(text.strip(), at - start + 1, comment)
        joined = ends in ("\\", "operator")
        text = text[: -1 if ends == "\\" else None].rstrip() + " " if joined else text + "\n"
    return None


class _Scan:
    """The state of the shell at the end of a line."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        """What is open, innermost last: a quote, `(`, `((`, `${`, or the word that will close a compound."""
        self.heredocs: list[str] = []
        self.command_may_start = True
        self.function = False
        self.naming = False
        """Whether the next word is the name of a function."""
        self.complete = False
        self.code_ends = 0

    def line(self, text: str) -> str:
        """Goes over one line; how it ends: `\\`, `operator`, or nothing of the kind."""
        self.code_ends = len(text)
        if self.heredocs and not self.reading_line_of_heredoc:
            self._heredoc(text)
            return ""
        self.ended = ""
        at = 0
        while at < len(text):
            at = self._step(text, at)
        code = text[: self.code_ends].rstrip()
        self.function = bool(_FUNCTION.match(code)) and not self.inside
        quiet = not self.inside and not self.heredocs
        self.complete = quiet and not self.ended and not self.function
        if not self.inside or self.inside[-1] not in ("'", '"', "`"):
            self.command_may_start = self.ended != "\\"
        if self.heredocs:
            self.reading_line_of_heredoc = False
        return self.ended

    reading_line_of_heredoc = True
    ended = ""

    def _heredoc(self, text: str) -> None:
        if text.strip() == self.heredocs[0]:
            self.heredocs.pop(0)
        if not self.heredocs:
            self.reading_line_of_heredoc = True
            self.complete = not self.inside
            self.command_may_start = True

    def _step(self, text: str, at: int) -> int:
        top, char = self.inside[-1] if self.inside else "", text[at]
        if top == "'":
            end = text.find("'", at)
            if end >= 0:
                self.inside.pop()
            return len(text) if end < 0 else end + 1
        if char == "\\":
            if _ENDS.match(text, at) and top != '"':
                self.ended = "\\"
                self.code_ends = at + 1
                return len(text)
            if at + 1 == len(text):
                return len(text)
            self._word_seen()
            return at + 2
        if char == "$":
            return self._dollar(text, at)
        if char == "`":
            self._toggle("`")
            return at + 1
        if char == '"':
            self._toggle('"')
            return at + 1
        if top == '"':
            return at + 1
        if top == "${":
            if char == "}":
                self.inside.pop()
            elif char == "'":
                self.inside.append("'")
            return at + 1
        return self._code(text, at, char)

    def _toggle(self, quote: str) -> None:
        if self.inside and self.inside[-1] == quote:
            self.inside.pop()
        else:
            self.inside.append(quote)
            self.command_may_start = quote == "`"
        self.ended = ""

    def _word_seen(self) -> None:
        self.ended = ""
        self.command_may_start = False

    def _dollar(self, text: str, at: int) -> int:
        self._word_seen()
        for opener in ("$((", "$(", "${"):
            if text.startswith(opener, at):
                if opener == "${":
                    self.inside.append("${")
                else:
                    self.inside.extend(["(", "(("][: len(opener) - 1])
                    self.command_may_start = True
                return at + len(opener)
        if text.startswith("$'", at) and (not self.inside or self.inside[-1] != '"'):
            end = re.compile(r"(?:[^'\\]|\\.)*'").match(text, at + 2)
            return end.end() if end else at + 1
        return at + 1

    def _code(self, text: str, at: int, char: str) -> int:
        if char in " \t\r":
            return at + 1
        if (char == "#" and (at == 0 or text[at - 1] in " \t;&|()")) or (at and _TOLD.match(text, at - 1)):
            self.code_ends = len(text[:at].rstrip())
            return len(text)
        if char == "'":
            self._word_seen()
            self.inside.append("'")
            return at + 1
        if char == "(":
            arithmetic = text.startswith("((", at) and self.command_may_start
            self.inside.extend(["(", "(("] if arithmetic else ["("])
            self.command_may_start, self.ended = True, ""
            return at + (2 if arithmetic else 1)
        if char == ")":
            if self.inside and self.inside[-1] in ("(", "(("):
                self.inside.pop()
                self.ended = ""
            self.command_may_start = True
            return at + 1
        if char in ";&|":
            both = text[at : at + 2]
            self.ended = "operator" if both in ("&&", "||", "|&") or char == "|" else ""
            self.command_may_start = True
            return at + (2 if both in ("&&", "||", ";;", "|&") else 1)
        if char in "<>":
            return self._redirect(text, at)
        return self._bare_word(text, at)

    def _redirect(self, text: str, at: int) -> int:
        self.ended = ""
        if text.startswith("<<<", at):
            return at + 3
        found = _HEREDOC.match(text, at)
        if found and self.inside[-1:] != ["(("]:
            self.heredocs.append(found[2] or found[3] or found[4])
            return found.end()
        return at + 1

    def _bare_word(self, text: str, at: int) -> int:
        found = _WORD.match(text, at)
        word, end = (found[0], found.end()) if found else (text[at], at + 1)
        self.ended = ""
        whole = (end == len(text) or text[end] in " \t\r;&|()<>") and (at == 0 or text[at - 1] in " \t\r;&|()")
        if not (self.command_may_start and whole):
            self.command_may_start, self.naming = self.naming, False
            return end
        if self.naming or word == "function":
            self.naming = not self.naming  # behind the name of a function its body starts
            return end
        if word in _OPENS:
            self.inside.append(_OPENS[word])
        elif word in _CLOSES and self.inside and self.inside[-1] == word:
            self.inside.pop()
        self.command_may_start = word in _COMMAND_FOLLOWS
        return end
