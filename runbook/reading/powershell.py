"""PowerShell in a fence: its statements one by one, each as a call of `pwsh` that stands for itself.

What one statement leaves for the next (a variable, a function, a directory) is lost between two calls, so a fence
that leaves something stays what it was: a text to copy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from runbook.reading.comments import Comment, comment
from runbook.reading.forbidding import forbids
from runbook.reading.piece import Piece, only_shown
from runbook.reading.programs import words_of
from runbook.reading.recognise import looks_like_command

_LEAVES = re.compile(
    r"(?i)\s*(?:\$[\w:{}]+\s*[-+*/]?=|(?:function|filter|param|class|enum|using|begin|process|end)\b|\.\s"
    r"|(?:cd|chdir|sl|pushd|popd|set-location|push-location|pop-location|import-module|set-alias|new-alias|set-variable"
    r"|new-variable|set-strictmode|new-psdrive|start-transcript|stop-transcript)\b|(?:connect|enter|disconnect|exit)-\w+)"
)
_VARIABLE = re.compile(r"\$\{?(\w+)")
_OWN = words_of("_ true false null psitem env lastexitcode home pwd pid host")
"""Variables that every statement knows."""
_TYPE = re.compile(r"\[[A-Za-z][\w.]*\](?:::|\$|\()")
_GOES_ON = re.compile(r"(?<![`\w])[|,]$")
_STATEMENT = re.compile(
    r"(?i)(?:[a-z]+-[a-z]\w*(?=\s|$)|(?:if|foreach|for|while|switch)\s*\(|try\s*\{|&\s*\S|(?:\.\.?|~|[a-z]:)?[\\/]\S)"
)
_VERB_AND_NOUN = re.compile(r"[A-Z][a-z]+-(?:[A-Z][a-z0-9]*)+\s+\S")
_BEHIND = re.compile(r"\s+#\s*(?P<said>[^#'\"\n]+)$")
_PAIRS = {"(": ")", "{": "}", "[": "]"}


def statements(lines: Sequence[str]) -> tuple[Piece, ...]:
    """The commands of a fence, their lines counted from 0; nothing where it is no row of independent statements."""
    found: list[Piece] = []
    said: list[Comment] = []
    forbidden = ""
    at = 0
    while at < len(lines):
        stripped = lines[at].strip()
        if not stripped:
            at, said = at + 1, []
        elif stripped.startswith("#"):
            words = comment(stripped.lstrip("# "))
            if words.sort == "expected" and found and not said:
                found[-1] = _expecting(found[-1], words.words)
            elif words.words:
                forbidden = words.words if forbids(words.words) else forbidden if said else ""
                said.append(words)
            at += 1
        else:
            count = _reach(lines, at)
            text = _joined(lines[at : at + count])
            if not count or not (_STATEMENT.match(text) or looks_like_command(text)) or not _stands_alone(text):
                return ()
            title = " ".join(each.words for each in said)
            label = next((each.label for each in said if each.label), "")
            behind = _BEHIND.search(text)
            if forbidden:
                found.append(only_shown(title or forbidden, text, at, at + count - 1))
            elif behind and forbids(behind["said"]):
                found.append(only_shown(behind["said"], text[: behind.start()], at, at + count - 1))
            else:
                found.append(Piece("command", text, at, at + count - 1, title=title, label=label, runs=call(text)))
            at, said = at + count, []
    return tuple(found)


def is_statement(text: str) -> bool:
    """Whether a text begins with a verb and a noun as only PowerShell has them, and stands for itself."""
    return _VERB_AND_NOUN.match(text) is not None and "\n" not in text and _stands_alone(text)


def call(text: str) -> str:
    """The statement as bash starts it."""
    return "pwsh -NoProfile -Command '" + text.replace("'", "'\\''") + "'"


def _expecting(piece: Piece, words: str) -> Piece:
    expected = f"{piece.expected}\n{words}".strip("\n")
    return Piece(
        piece.kind, piece.text, piece.line, piece.last_line, piece.title, piece.label, expected, runs=piece.runs
    )


def _stands_alone(text: str) -> bool:
    """Whether a statement neither leaves anything for the next nor needs what another one left."""
    if _LEAVES.match(text) or _TYPE.search(text) or "<#" in text or "@'" in text or '@"' in text:
        return False
    own = {name.lower() for name in re.findall(r"(?i)foreach\s*\(\s*\$(\w+)\s+in\b", text)}
    return all(name.lower() in _OWN | own for name in _VARIABLE.findall(text))


def _joined(lines: Sequence[str]) -> str:
    """Continued lines as one; what stands in brackets keeps its lines."""
    text = "\n".join(line.rstrip() for line in lines)
    return re.sub(r"(?:\s`|(?<=[|,]))\n\s*", " ", text).strip()


def _reach(lines: Sequence[str], start: int) -> int:
    """How many lines the statement takes that begins on a line; 0 where it does not end."""
    opened: list[str] = []
    quote = ""
    for at in range(start, min(len(lines), start + 200)):
        line, column = lines[at].rstrip(), 0
        while column < len(line):
            char = line[column]
            if char == "`" and quote != "'":
                column += 1
            elif quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char == "#" and (not column or line[column - 1].isspace()):
                break
            elif char in _PAIRS:
                opened.append(_PAIRS[char])
            elif opened and char == opened[-1]:
                opened.pop()
            column += 1
        if not (opened or quote or line.endswith(" `") or _GOES_ON.search(line)):
            return at - start + 1
    return 0
