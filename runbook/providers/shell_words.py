"""The words of a shell text with their places: enough of the shell's grammar to see what a git command is told.

A word is made of known text and of holes: `$NAME` and `$(…)` are decided by the shell when it runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from runbook.model import Record

OPERATORS = ("<<<", "&&", "||", "|&", ";;", "<<-", "<<", ">>", "<&", ">&", "&>", ">|", "<>")
SINGLE = ";&|()<>\n"
_PREFIXES = "! { } if then else elif fi while until do done time exec command builtin nohup sudo env"
_BEFORE_A_COMMAND = frozenset(_PREFIXES.split())
_OWN_OPTIONS = {
    "sudo": "-u --user -g --group -h --host -p --prompt -C -r -t -T -U -D -R",
    "env": "-u --unset",
    "exec": "-a",
    "time": "",
}
"""Of the words before a command those that have options, and the options that take the following word."""
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]")
_BRACED = re.compile(r"\{([A-Za-z_]\w*)(?::-([^{}$`'\"\\]*))?\}")
_C_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}


class Hole(Record, frozen=True):
    """A part that the shell fills in: a variable's name, or `(…)` around the text of a substitution."""

    name: str
    otherwise: str | None = None
    """What stands there when the variable is not set, as in `${NAME:-.}`."""


class Word(Record, frozen=True):
    """One word: its parts after quote removal, and where it stands in the text."""

    parts: tuple[str | Hole, ...]
    start: int
    end: int

    def value(self, variables: Mapping[str, str]) -> str | None:
        """The word as the program gets it; None where a variable is not known."""
        filled = [part if isinstance(part, str) else variables.get(part.name, part.otherwise) for part in self.parts]
        return None if None in filled else "".join(part or "" for part in filled)

    @property
    def shown(self) -> str:
        """The word with its holes as a person writes them."""
        return "".join(part if isinstance(part, str) else f"${part.name}" for part in self.parts)

    @property
    def inner(self) -> tuple[str, ...]:
        """The texts of the command substitutions in it."""
        return tuple(p.name[1:-1] for p in self.parts if isinstance(p, Hole) and p.name.startswith("("))


def assignments_and_call(words: Sequence[Word]) -> tuple[list[tuple[str, Word]], list[Word]]:
    """A simple command's leading assignments, each by its name and with its value alone, and the words of its call.

    Words like `then`, `sudo`, `env` with their options are left out. An assignment stands where its name begins.
    """
    found: list[tuple[str, Word]] = []
    before, place = "", 0
    while place < len(words):
        word = words[place]
        head = word.parts[0] if word.parts and isinstance(word.parts[0], str) else ""
        if match := _ASSIGNMENT.match(head):
            value = (match[2], *word.parts[1:]) if match[2] else word.parts[1:]
            found.append((match[1], Word(parts=value, start=word.start, end=word.end)))
        elif before in _OWN_OPTIONS and head.startswith("-"):
            place += head in _OWN_OPTIONS[before].split()
        elif len(word.parts) == 1 and head in _BEFORE_A_COMMAND:
            before = head
        else:
            break
        place += 1
    return found, list(words[place:])


def led_to(words: Sequence[Word]) -> Word | None:
    """The directory that a `cd` or `pushd` goes to, without its options; None for every other command."""
    program = words[0].shown if words else ""
    if program not in ("cd", "pushd"):
        return None
    named = [word for word in words[1:] if word.shown == "-" or not word.shown.startswith("-")]
    return named[0] if named else Word(parts=("~" if program == "cd" else "-",), start=words[0].end, end=words[0].end)


class Operator(Record, frozen=True):
    """`;`, `&&`, a newline, a parenthesis …"""

    text: str


def shell_words(text: str) -> tuple[Word | Operator, ...]:
    """The words and operators of a text, without redirections, comments and here-documents; never raises."""
    try:
        return tuple(_Scanner(text).tokens())
    except RecursionError:  # thousands of nested substitutions: nothing that a person could read either
        return ()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.heredocs: list[str] = []

    def tokens(self) -> Iterator[Word | Operator]:
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t\r":
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            elif char == "#":
                self.at = self._line_end()
            elif char in SINGLE:
                operator = self._operator()
                if operator[0] in "<>" or operator in ("&>",):
                    self._redirection(operator)
                    continue
                yield Operator(text=operator)
                if operator == "\n":
                    self._skip_heredocs()
            else:
                word = self._word()
                following = self.text[self.at : self.at + 1]
                if following in ("<", ">") and self.text[word.start : word.end].isdigit():
                    continue  # the descriptor of a redirection: 2>&1
                yield word

    def _operator(self) -> str:
        found = next((op for op in OPERATORS if self.text.startswith(op, self.at)), self.text[self.at])
        self.at += len(found)
        return found

    def _redirection(self, operator: str) -> None:
        if operator == "<" and self.text.startswith("(", self.at):
            self._balanced()  # <(…): a file as far as the command is concerned
            return
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1
        target = self._word()
        if operator in ("<<", "<<-"):
            self.heredocs.append(target.shown)

    def _skip_heredocs(self) -> None:
        for end in self.heredocs:
            while self.at < len(self.text):
                stop = self._line_end()
                line = self.text[self.at : stop]
                self.at = min(stop + 1, len(self.text))
                if line.strip() == end:
                    break
        self.heredocs.clear()

    def _line_end(self) -> int:
        end = self.text.find("\n", self.at)
        return len(self.text) if end < 0 else end

    def _word(self) -> Word:
        start = self.at
        parts: list[str | Hole] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t\r" + SINGLE:
                break
            parts.extend(self._part(char))
        return Word(parts=_joined(parts), start=start, end=self.at)

    def _part(self, char: str) -> Iterator[str | Hole]:
        if char == "\\":
            pair = self.text[self.at : self.at + 2]
            self.at += 2
            yield "" if pair == "\\\n" else pair[1:]
        elif char == "'":
            yield self._single_quoted()
        elif char == '"':
            yield from self._double_quoted()
        elif self.text.startswith("$'", self.at):
            yield self._ansi_quoted()
        elif char in "$`":
            yield self._hole()
        else:
            self.at += 1
            yield char

    def _single_quoted(self) -> str:
        end = self.text.find("'", self.at + 1)
        end = len(self.text) if end < 0 else end
        inside = self.text[self.at + 1 : end]
        self.at = end + 1
        return inside

    def _ansi_quoted(self) -> str:
        self.at += 2
        out = []
        while self.at < len(self.text) and self.text[self.at] != "'":
            char = self.text[self.at]
            if char == "\\":
                self.at += 1
                char = self.text[self.at : self.at + 1]
                char = _C_ESCAPES.get(char, char)
            out.append(char)
            self.at += 1
        self.at += 1
        return "".join(out)

    def _double_quoted(self) -> Iterator[str | Hole]:
        self.at += 1
        yield ""  # "" is a word of its own
        while self.at < len(self.text) and self.text[self.at] != '"':
            char = self.text[self.at]
            if char == "\\" and self.text[self.at + 1 : self.at + 2] in ("\\", '"', "$", "`", "\n"):
                yield self.text[self.at + 1].replace("\n", "")
                self.at += 2
            elif char in "$`":
                yield self._hole()
            else:
                self.at += 1
                yield char
        self.at += 1

    def _hole(self) -> str | Hole:
        if self.text[self.at] == "`":
            end = self.text.find("`", self.at + 1)
            end = len(self.text) if end < 0 else end
            inside = self.text[self.at + 1 : end]
            self.at = end + 1
            return Hole(name=f"({inside})")
        self.at += 1
        if self.text.startswith("(", self.at):
            return Hole(name=self._balanced())
        if braced := _BRACED.match(self.text, self.at):
            self.at = braced.end()
            return Hole(name=braced[1], otherwise=braced[2])
        if self.text.startswith("{", self.at):
            end = self.text.find("}", self.at)
            end = len(self.text) if end < 0 else end + 1
            inside = self.text[self.at : end]
            self.at = end
            return Hole(name=inside)
        if name := _NAME.match(self.text, self.at):
            self.at = name.end()
            return Hole(name=name[0])
        return "$"

    def _balanced(self) -> str:
        """The text from the parenthesis here to its match, quotes respected."""
        start, depth = self.at, 0
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\":
                self.at += 2
            elif char == "'":
                self._single_quoted()
            elif char == '"':
                for _ in self._double_quoted():
                    pass
            else:
                depth += {"(": 1, ")": -1}.get(char, 0)
                self.at += 1
                if depth == 0:
                    break
        return self.text[start : self.at]


def _joined(parts: list[str | Hole]) -> tuple[str | Hole, ...]:
    joined: list[str | Hole] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)
