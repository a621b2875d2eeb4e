"""What a piece of shell text is: where its statements end, which variables it sets, where its comments stand.

The grammar decides; where it finds no sense in a line (documents hold prose, output and half commands), the rules of
lines below do. Both are linear: no text is parsed more than a few times, and no parse sees more than `_WINDOW`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_WINDOW = 24_000
"""The characters that one parse sees."""
_LONGEST = 400
"""The lines of the longest statement."""
_ANGLE = re.compile(
    r"(?<![<\w$&\d])<(?=[^\W\d_]|[$_])[^<>\n\"'`]{0,80}?(?<![\s\d])>(?!>)|(?<=\w)<[A-Za-z][\w -]{0,60}[A-Za-z]>"
)
_SQUARE = re.compile(r"(?<![\w$\[)\]}])\[[A-Za-z][\w /.,:'-]{1,60}\](?!\])")
_HEREDOC = re.compile(r"(?<!<)<<-?\s*(?P<quote>['\"]?)(?P<word>[A-Za-z_]\w*)(?P=quote)")
_OPENS = re.compile(r"(?:^|[;&|({]|\b(?:do|then|else|in)\b)\s*(?:if|for|while|until|case|select)\b(?=\s)", re.M)
_CLOSES = re.compile(r"(?:^|[;&|\s])(?:fi|done|esac)\b(?=\s*(?:$|[;&|)<>]))", re.M)
_SETS = re.compile(
    r"(?:^|[;&|({]|\b(?:export|local|declare|readonly|then|do|else)\s)\s*(?P<set>[A-Za-z_]\w*)\+?=|\b(?:for|select)\s+(?P<loop>[A-Za-z_]\w*)\s+in\b"
    r"|^\s*\$(?P<power>[A-Za-z_]\w*)\s*=|\bforeach\s*\(\s*\$(?P<each>\w+)|\b(?:mapfile|readarray|printf)\s+-[tv]\s+(?P<into>[A-Za-z_]\w*)",
    re.M,
)
_READS = re.compile(r"\bread\s+(?:-\w+\s+(?:\"[^\"]*\"\s+|'[^']*'\s+)?)*(?P<names>[A-Za-z_]\w*(?:[ \t]+[A-Za-z_]\w*)*)")


@functools.cache
def _parser() -> Parser:
    import tree_sitter_bash  # noqa: PLC0415 - only documents need the grammar
    from tree_sitter import Language, Parser  # noqa: PLC0415

    return Parser(Language(tree_sitter_bash.language()))


def masked(line: str) -> str:
    """The line with its placeholders as words of the same length: the shell would read `<x>` as a redirection."""
    line = _ANGLE.sub(_word, line) if "<" in line else line
    return _SQUARE.sub(_word, line) if "[" in line else line


def _word(found: re.Match[str]) -> str:
    return "p" * len(found[0])


def _tree(text: str) -> Node:
    # One byte for each character, so that the grammar's columns are those of the text.
    return _parser().parse(text.encode("latin-1", "replace").replace(b"\0", b" ")).root_node


class Script:
    """Lines of shell text, of which statements are asked one after the other."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.masked = [masked(line) for line in lines]
        self._ends: dict[int, int] = {}
        self._known: set[int] = set()
        self._budget = 3 * sum(len(line) + 1 for line in lines) + 4000
        self._looks = 6 * len(lines) + _LONGEST

    def last_line(self, first: int) -> int:
        """The number of the line on which the statement ends that begins on this one."""
        if first not in self._ends:
            self._read(first)
        return self._ends.get(first, first)

    def understood(self, first: int) -> bool:
        """Whether the grammar knows the statement that begins on this line."""
        self.last_line(first)
        return first in self._known

    def _read(self, first: int) -> None:
        end, size = first, 0
        while self._budget > 0 and end < len(self.masked) and (size := size + len(self.masked[end]) + 1) <= _WINDOW:
            end += 1
        if size <= self._budget and end > first:
            self._budget -= size
            for start, last in _spans(_tree("\n".join(self.masked[first:end]))):
                if end < len(self.masked) and first + last >= end - 1 and start:
                    break  # what reaches the end of the window may go on behind it
                self._ends.setdefault(first + start, first + last)
                self._known.add(first + start)
        else:
            self._budget = 0
        if first not in self._ends:
            self._ends[first] = self._by_lines(first)

    def _by_lines(self, first: int) -> int:
        """The last line by quotes, brackets and keywords; only as far as the line's own marks where they never close."""
        reader = _Open()
        for at in range(first, min(len(self.masked), first + _LONGEST, first + max(1, self._looks))):
            reader.add(self.masked[at])
            self._looks -= 1
            if not reader.is_open():
                return at
        at = first
        while at + 1 < len(self.lines) and at - first < _LONGEST and _goes_on(self.lines[at]):
            at += 1
        return at


def _goes_on(line: str) -> bool:
    return line.rstrip().endswith(("|", "&&", "||")) or line.endswith("\\")


def _spans(root: Node) -> Iterator[tuple[int, int]]:
    """The first and last line of each statement that the grammar understands, up to the first that it does not."""
    first = last = -1
    clean = True
    for node in root.children:
        start, end, sound = node.start_point[0], _end(node), not node.has_error
        if node.type == "comment" and start > last:
            continue
        if start <= last:
            last, clean = max(last, end), clean and sound
            continue
        if not clean:
            return
        if first >= 0:
            yield first, last
        first, last, clean = start, end, sound
        for cut in _cuts(node):
            yield first, cut[0]
            first = cut[1]
    if clean and first >= 0:
        yield first, last


def _end(node: Node) -> int:
    row, column = node.end_point
    return row - 1 if not column and row > node.start_point[0] else row


def _cuts(node: Node) -> Iterator[tuple[int, int]]:
    """Where the grammar joined a line of assignments with the line below it, which is a statement of its own."""
    if node.type != "command" or node.start_point[0] == node.end_point[0]:
        return
    whole = (node.text or b"").split(b"\n")
    for one, other in zip(node.children, node.children[1:], strict=False):
        if one.type != "variable_assignment":
            return
        row = _end(one)
        if other.start_point[0] > row and not whole[row - node.start_point[0]].endswith(b"\\"):
            yield row, other.start_point[0]


class _Open:
    """Whether a statement goes on, line after line."""

    def __init__(self) -> None:
        self.quote = ""
        self.depth = 0
        self.blocks = 0
        self.word = ""
        self.goes_on = False

    def add(self, line: str) -> None:
        if self.word:
            self.word = "" if line.strip() == self.word else self.word
            return
        kept: list[str] = []
        escaped = False
        before = " "
        for char in line:
            if escaped:
                escaped = False
            elif char == "\\" and self.quote != "'":
                escaped = True
            elif self.quote:
                self.quote = "" if char == self.quote else self.quote
            elif char in "'\"`":
                self.quote = char
            elif char == "#" and before.isspace():
                break
            else:
                kept.append(char)
                self.depth += (char in "({") - (char in ")}")
            before = char
        bare = "".join(kept)
        self.blocks += len(_OPENS.findall(bare)) - len(_CLOSES.findall(bare))
        self.goes_on = escaped or bare.rstrip().endswith(("|", "&&"))
        heredoc = _HEREDOC.search(line) if "<<" in line else None
        self.word = heredoc["word"] if heredoc else ""

    def is_open(self) -> bool:
        return bool(self.quote or self.word or self.goes_on or self.depth > 0 or self.blocks > 0)


# ── what a text does ──────────────────────────────────────────────────────────────────────────────


def assigned(text: str) -> frozenset[str]:
    """The variables that shell text sets: by assignment, loop, or `read`."""
    found = {found[found.lastgroup or "set"] for found in _SETS.finditer(text)}
    found.update(name for read in _READS.finditer(text) for name in read["names"].split())
    if "=" in text and len(text) <= _WINDOW:
        found.update(
            (name.text or b"").decode("latin-1")
            for node in _nodes(_tree(masked_text(text)), "variable_assignment")
            if (name := node.child_by_field_name("name")) is not None and name.type == "variable_name"
        )
    return frozenset(found)


def takes_arguments(text: str) -> bool:
    """Whether the text is a script with arguments of its own: `$1` where the shell itself would fill it in."""
    if not re.search(r"(?<![\w$\\])\$\{?[1-9@*]", text):
        return False
    if len(text) > _WINDOW:
        return True
    return any(
        re.fullmatch(rb"\$\{?[1-9@*].*", node.text or b"", re.S)
        for node in _nodes(_tree(masked_text(text)), "simple_expansion", "expansion")
    )


def masked_text(text: str) -> str:
    """A text of several lines with its placeholders as words of the same length."""
    return "\n".join(masked(line) for line in text.split("\n"))


def _nodes(root: Node, *kinds: str) -> Iterator[Node]:
    left = [root]
    while left:
        node = left.pop()
        if node.type in kinds:
            yield node
        left.extend(node.children)


def split_comment(text: str) -> tuple[str, str]:
    """A statement of one line without the comment at its end, and that comment."""
    if "\n" in text or "#" not in text:
        return text, ""
    quote, escaped = "", False
    for number, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and number and text[number - 1].isspace():
            return text[:number].rstrip(), text[number + 1 :].strip()
    return text, ""


def joined(lines: Sequence[str]) -> str:
    """The lines of one statement as its text: continuations are one line, all else stays as it is written."""
    text = "\n".join(lines)
    if len(lines) == 1 or "<<" in text:
        return text.strip()
    return re.sub(r"[ \t]*\\\n[ \t]*", " ", text).strip()
