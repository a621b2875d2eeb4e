"""Alternatives inside one fence: `# or`, `# Option 2`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from runbook.reading.fence import Piece


def numbered(found: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces with each way named apart by a number; the first is what stands before the first `or`."""
    made: list[Piece] = []
    words, number = "", 1
    for piece in found:
        if piece.kind != "command" or not piece.branch:
            made.append(piece)
            continue
        if number == 1:
            before = next((n for n in reversed(range(len(made))) if made[n].kind == "command"), None)
            if before is not None:
                made[before] = msgspec.structs.replace(made[before], branch="1")
        if piece.branch != words:
            words, number = piece.branch, number + 1
        made.append(msgspec.structs.replace(piece, branch=str(number)))
    return tuple(made)
