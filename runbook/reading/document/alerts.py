"""Marks that call what follows a warning or a note, as words: GitHub's `> [!CAUTION]`, MkDocs' `!!! danger`, MyST's."""

from __future__ import annotations

import re

_GITHUB = re.compile(r"^(?P<quote>(?: *>)+ ?)\[!(?P<kind>[A-Za-z]{3,12})\]\s*(?P<said>.*)$")
_MKDOCS = re.compile(r"^(?P<indent> *)(?:!!!|\?\?\?\+?) (?P<kind>[a-z]{3,12})[a-z -]*(?:\"(?P<said>[^\"]*)\")?\s*$")
_INDENT = " " * 4
_QUOTE = re.compile(r"^(?P<quote>(?: *>)* *)(?P<said>.*)$")
_NO_SENTENCE = re.compile(r"[-*+#>|`~]|\d+[.)]\s")


class Alerts:
    """Goes over the lines of a document, one after the other."""

    def __init__(self) -> None:
        self.kind = ""
        """What the words that are still to come are called."""
        self.indent: str | None = None
        """How far the mark was indented whose text is indented further."""

    def moved(self, line: str) -> str:
        """The line without the indentation that only says that it belongs to a mark above it."""
        if self.indent is not None and line.strip():
            if line.startswith(self.indent + _INDENT):
                return self.indent + line[len(self.indent) + len(_INDENT) :]
            self.indent = None
        return line

    def begins(self, kind: str) -> str:
        """What stands in place of a mark, whose words come below it."""
        self.kind = kind.capitalize()
        return ""

    def words(self, line: str) -> str:
        """A line outside of fences with its mark, or the one above it, as a word."""
        if found := _GITHUB.match(line):
            return found["quote"] + (self._called(found["kind"], found["said"]) or self.begins(found["kind"]))
        if found := _MKDOCS.match(line):
            self.indent = found["indent"]
            said = f"{found['said'].rstrip('.')}." if found["said"] else ""
            return found["indent"] + (self._called(found["kind"], said) or self.begins(found["kind"]))
        if not self.kind:
            return line
        found = _QUOTE.match(line)
        if not found or not found["said"].strip():
            return line
        kind, self.kind = self.kind, ""
        return line if _NO_SENTENCE.match(found["said"]) else found["quote"] + f"{kind}: {found['said']}"

    def _called(self, kind: str, said: str) -> str:
        return f"{kind.capitalize()}: {said}" if said else ""
