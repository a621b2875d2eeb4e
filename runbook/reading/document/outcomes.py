"""How a rollback is judged: the lists under a success heading, by level."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from runbook.model import Outcome
from runbook.reading.document.leaves import leaves
from runbook.reading.document.phrases import Names, bare, plain
from runbook.reading.document.sections import Section
from runbook.reading.document.thresholds import Numbers

Level = Literal["success", "partial", "failed"]

_PARTIAL = re.compile(
    r"partial|degraded|investigat|warning|mixed|parcial|partiel|parziale|teilweise|部分|一部|부분", re.I
)
_FAILED = re.compile(
    r"fail|emergency|unsuccess|not successful|abort|fallid|échec|fallit|fehlgeschlagen|gescheitert|falha|失敗|失败|실패",
    re.I,
)
_NEXT = re.compile(
    r"^(?:next steps?|if (?:it |this |the rollback )?fails?|then|escalat\w*)\s*[:：]\s*(?P<said>.+)$", re.I
)


def outcomes(found: Iterable[Section], numbers: Numbers, names: Names) -> tuple[tuple[Outcome, ...], str]:
    """The outcomes in order, and what to do when it failed."""
    made: list[Outcome] = []
    when_failed = ""
    for section in found:
        for leaf in leaves(section):
            level = _level(section, leaf.under, leaf.text)
            words = plain(leaf.text) if leaf.task else bare(leaf.text)
            if words:
                made.append(
                    Outcome(
                        id=names.new(words, "outcome"),
                        text=words,
                        level=level,
                        criterion=numbers.criterion(leaf.text, "from" if level == "failed" else "up to"),
                        line=leaf.line,
                    )
                )
        for block in section.blocks:
            said = _NEXT.match(plain(block.text)) if block.kind == "paragraph" else None
            if said:
                when_failed = when_failed or said["said"]
    return tuple(made), when_failed


def _level(section: Section, under: str, text: str) -> Level:
    for said in (under, section.heading):
        if _PARTIAL.search(said):
            return "partial"
        if _FAILED.search(said):
            return "failed"
    if text.startswith(("❌", "🔴", "✗", "✘")):
        return "failed"
    return "partial" if text.startswith(("⚠", "🟡")) else "success"
