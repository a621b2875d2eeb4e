"""What reading a large Markdown document costs beside parsing it alone, in CPU time, with the same text for both."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from runbook.reading import markdown
from runbook.reading.document.blocks import _parser
from runbook.signals.criteria import parse
from runbook.steps import effects
from tests.corpus.truth import CORPUS

OWN = Path(__file__).parents[1] / "documents"


def document(size: int) -> str:
    """A text of this many characters, from other teams' runbooks where they are here, else from our own."""
    found = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(CORPUS.glob("*.md"))]
    texts = found or [path.read_text(encoding="utf-8") for path in sorted(OWN.glob("*.md"))]
    whole = "\n\n".join(texts)
    return (whole * (size // len(whole) + 1))[:size]


def cpu(work: Callable[[], object], runs: int) -> float:
    """The least CPU time of several runs, in seconds."""
    best = float("inf")
    for _ in range(runs):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


def large_documents(runs: int = 3) -> list[tuple[str, str, str]]:
    """Rows: 1 MB beside the parser alone, then what each doubling of the size costs."""
    sizes = (250_000, 500_000, 1_000_000)

    def read(text: str) -> object:
        return markdown.loads(text, "x.md", parse_criterion=parse, infer=effects.infer, kind_of=effects.kind)

    texts = [document(size) for size in sizes]
    took = [cpu(lambda text=text: read(text), runs) for text in texts]  # type: ignore[misc]
    parsing = cpu(lambda: _parser().parse(texts[-1]), runs)
    grown = " · ".join(f"{size // 1000} KB {seconds:.2f} s" for size, seconds in zip(sizes, took, strict=True))
    return [
        ("1 MB document: parsing alone", f"{parsing:.2f} s CPU", ""),
        ("1 MB document: whole", f"{took[-1]:.2f} s CPU", f"{took[-1] / parsing:.2f} × parsing alone"),
        ("as it grows", f"{took[-1] / took[-2]:.2f} × for 2 ×", grown),
    ]
