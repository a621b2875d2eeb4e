"""Prose that asks somebody to do something."""

from __future__ import annotations

import re

from runbook.reading.document.blocks import Block
from runbook.reading.document.phrases import NO_STEP, bare
from runbook.reading.recognise import asks_a_person


def asks(block: Block) -> bool:
    """Whether a sentence of a paragraph asks somebody to do something."""
    sentences = [bare(part) for part in re.split(r"(?<=[.!?;])\s+", block.text)] if block.kind == "paragraph" else []
    return any(asks_a_person(said) and not NO_STEP.match(said) for said in sentences)
