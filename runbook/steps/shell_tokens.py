"""Shell text as tokens: words after quote removal, operators, redirections, comments and heredocs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec


class Unbalanced(ValueError):
    """Shell text with an open quote, parenthesis or heredoc: nothing can be said about its words."""


class Token(msgspec.Struct, frozen=True):
    """A piece of shell text. `plain` is a word after quote removal, its substitutions left as written."""

    kind: Literal["word", "operator", "redirect", "newline", "comment", "heredoc"]
    start: int
    end: int
    plain: str
    depth: int = 0
    """How many parentheses are open around it."""
    inner: tuple[str, ...] = ()
    """The texts of the command substitutions in it."""


_REDIRECT = re.compile(r"\d*(?:<<<|<<-|<<|<>|<&|>>|>&|>\||<|>)|&>>|&>")
_OPERATOR = re.compile(r"&&|\|\||;;&|;;|;&|\|&|[|&;()]")
_PLAIN_RUN = re.compile(r"[^ \t\n;&|<>()\\'\"`$]+")
_BREAKS = frozenset(" \t\n;&|<>()")


def tokens(text: str) -> list[Token]:
    """The tokens of shell text in order. Raises Unbalanced."""
    return list(_Lexer(text).tokens())


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.inner: list[str] = []

    def tokens(self) -> Iterator[Token]:
        text, depth = self.text, 0
        heredocs: list[tuple[str, bool, bool]] = []
        awaited = ""
        while self.at < len(text):
            start = self.at
            if text[start] in " \t" or text.startswith("\\\n", start):
                self.at += 1 + (text[start] == "\\")
            elif text[start] == "\n":
                self.at += 1
                yield Token("newline", start, self.at, "\n", depth)
                for delimiter, tabs, quoted in heredocs:
                    yield self.heredoc(delimiter, tabs, quoted, depth)
                heredocs = []
            elif text[start] == "#":
                end = text.find("\n", start)
                self.at = len(text) if end < 0 else end
                yield Token("comment", start, self.at, text[start : self.at], depth)
            elif (found := _REDIRECT.match(text, start)) and not re.match(r"[<>]\(", text[start:]):
                self.at, awaited = found.end(), found[0].lstrip("0123456789")
                yield Token("redirect", start, self.at, found[0], depth)
            elif found := _OPERATOR.match(text, start):
                self.at = found.end()
                depth += (found[0] == "(") - (found[0] == ")")
                if depth < 0:
                    raise Unbalanced("a closing parenthesis too many")
                yield Token("operator", start, self.at, found[0], depth)
            else:
                word = self.word(depth)
                if awaited in ("<<", "<<-"):
                    raw = text[word.start : word.end]
                    heredocs.append((word.plain, awaited == "<<-", raw != word.plain))
                awaited = ""
                yield word
        if depth or heredocs:
            raise Unbalanced("an open parenthesis or heredoc")

    def heredoc(self, delimiter: str, tabs: bool, raw: bool, depth: int) -> Token:
        start = self.at
        while self.at < len(self.text):
            begin = self.at
            end = self.text.find("\n", begin)
            self.at = len(self.text) if end < 0 else end + 1
            line = self.text[begin : self.at].removesuffix("\n")
            if (line.lstrip("\t") if tabs else line) == delimiter:
                body = self.text[start:begin]
                inner = () if raw else tuple(_substitutions(body))
                return Token("heredoc", start, self.at, delimiter, depth, inner)
        raise Unbalanced("a heredoc without its end")

    def word(self, depth: int) -> Token:
        start, self.inner = self.at, []
        parts: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if run := _PLAIN_RUN.match(self.text, self.at):
                parts.append(run[0])
                self.at = run.end()
            elif self.text.startswith(("<(", ">("), self.at):
                parts.append(self.parenthesis(self.at + 1))
            elif char in _BREAKS:
                break
            else:
                parts.append(self.piece(char))
        return Token("word", start, self.at, "".join(parts), depth, tuple(self.inner))

    def piece(self, char: str) -> str:
        """One character, quoted run or substitution, from where we stand; what it means."""
        begin = self.at
        if char == "\\":
            self.at += 2
            return self.text[begin + 1 : self.at].replace("\n", "")
        if char == "'":
            self.at = self._after("'", begin + 1)
            return self.text[begin + 1 : self.at - 1]
        if char == '"':
            return self.quoted()
        if char == "`":
            return self.backticks()
        if char == "$":
            return self.dollar(quoted=False)
        self.at += 1
        return char

    def quoted(self) -> str:
        self.at += 1
        parts: list[str] = []
        while (char := self._peek()) != '"':
            if char == "\\":
                escaped = self.text[self.at + 1 : self.at + 2]
                parts.append("" if escaped == "\n" else escaped if escaped in '$`"\\' else char + escaped)
                self.at += 2
            elif char == "`":
                parts.append(self.backticks())
            elif char == "$":
                parts.append(self.dollar(quoted=True))
            else:
                parts.append(char)
                self.at += 1
        self.at += 1
        return "".join(parts)

    def dollar(self, quoted: bool) -> str:
        """From a `$`: a substitution, an expansion, `$'…'`, or just the character."""
        begin = self.at
        following = self.text[begin + 1 : begin + 2]
        if following == "(":
            return self.parenthesis(begin + 1)
        if following == "{":
            self.at += 2
            while self._peek() != "}":
                char = self._peek()
                if quoted and char == "'":
                    self.at += 1
                else:
                    self.piece(char)
            self.at += 1
        elif following == "'" and not quoted:
            self.at += 2
            while self._peek() != "'":
                self.at += 1 + (self._peek() == "\\")
            self.at += 1
        else:
            self.at += 1
        return self.text[begin : self.at]

    def parenthesis(self, opening: int) -> str:
        """From before `(`: to its match. What is inside is remembered, to be looked at as a command."""
        begin, self.at = self.at, opening + 1
        kept, open_ones = self.inner, 1
        self.inner = []
        while open_ones:
            char = self._peek()
            if char == "#" and self.text[self.at - 1] in _BREAKS:
                raise Unbalanced("a comment inside a substitution")
            if char in "()":
                open_ones += 1 if char == "(" else -1
                self.at += 1
            else:
                self.piece(char)
        arithmetic = self.text.startswith("((", opening)
        inside = self.inner if arithmetic else [self.text[opening + 1 : self.at - 1]]
        self.inner = kept + inside
        return self.text[begin : self.at]

    def backticks(self) -> str:
        begin = self.at
        self.at += 1
        while self._peek() != "`":
            self.at += 1 + (self._peek() == "\\")
        self.at += 1
        self.inner.append(re.sub(r"\\([`\\$])", r"\1", self.text[begin + 1 : self.at - 1]))
        return self.text[begin : self.at]

    def _peek(self) -> str:
        if self.at >= len(self.text):
            raise Unbalanced("an open quote or parenthesis")
        return self.text[self.at]

    def _after(self, char: str, begin: int) -> int:
        found = self.text.find(char, begin)
        if found < 0:
            raise Unbalanced("an open quote")
        return found + 1


def _substitutions(body: str) -> list[str]:
    """The command substitutions of text that is read as if in double quotes (a heredoc's body)."""
    lexer = _Lexer('"' + body.replace('"', '\\"') + '"')
    lexer.quoted()
    return lexer.inner
