"""A fence that is no list of commands: shown as a whole."""

from __future__ import annotations

import re

from runbook.reading.comments import Comment, comment
from runbook.reading.piece import Kind, Piece
from runbook.reading.prompts import typed_inside


def shown_whole(kind: Kind, lines: list[str]) -> tuple[Piece, ...]:
    """All lines as one piece, titled by the comment they begin with; lines are counted from 0."""
    filled = [at for at, line in enumerate(lines) if line.strip()]
    if not filled:
        return ()
    first, last = filled[0], filled[-1]
    title = re.match(r"\s*(?:--|#(?!!)|//)\s*(.+)", lines[first])
    if title is None and lines[first].startswith("#!") and len(filled) > 1:
        title = re.match(r"\s*#\s*(.+)", lines[filled[1]])
    kept = lines[first : last + 1]
    body = "\n".join([typed_inside(line) or line for line in kept] if kind == "typed" else kept)
    said = comment(title[1]) if title and kind != "output" else Comment("", "title")
    return (Piece(kind, body, first, last, title=said.words, label=said.label),)
