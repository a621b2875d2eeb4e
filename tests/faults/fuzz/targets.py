"""What a campaign throws bytes at: each target reads them as its own kind of input and states what must hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from rich.cells import cell_len
from rich.style import Style

from runbook import books
from runbook.checking.check import check
from runbook.logs.clean import clean, clean_lines
from runbook.logs.index import Chain
from runbook.logs.redact import redact
from runbook.logs.rows import rows_of
from runbook.logs.scan import parse as parse_query
from runbook.logs.traces import Folded
from runbook.model import Effect, Signal
from runbook.providers.calls import calls
from runbook.providers.git_text import invocations, pushes
from runbook.reading import markdown, yaml
from runbook.reading.problems import ReadingError
from runbook.reading.write import dumps, placeless, visible
from runbook.signal_sources import NoSource
from runbook.signals.criteria import CriterionError, describe, parse
from runbook.signals.exposition import page_of
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.http_json import Hole
from runbook.steps import effects
from widgets.log_lines import LineStyles, line_segments

DOCUMENTS = Path(__file__).parents[2] / "documents"
_RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_OPEN = re.compile(r"[^\w\s./:=@%,+-]")
SECRETS = ("hunter22hunter",)
STYLES = LineStyles(*(Style(),) * 8)
TODAY = date(2026, 1, 1)
SIGNALS = {
    signal.id: signal
    for signal in (
        Signal("error_rate", "error rate", NoSource(), unit="%", kind="error_rate"),
        Signal("p95", "p95", NoSource(), unit="s", kind="latency"),
        Signal("health", "health", NoSource(), kind="health"),
        Signal("live", "live", NoSource(), kind="version"),
    )
}


def document(data: bytes) -> None:
    """A team's Markdown: read without an error, checked without one, and its YAML loads to the same runbook."""
    text = data.decode("utf-8", "replace").replace("\0", "")  # a file with zero bytes is refused: it is no text
    book = markdown.loads(text, "x.md", parse_criterion=parse, infer=effects.infer, kind_of=effects.kind)
    check(book, today=TODAY, is_installed=lambda _name: True, text=text)
    again = yaml.loads(dumps(book), "x.yaml", parse_criterion=parse, infer=effects.infer)
    assert placeless(again) == placeless(visible(book)[0])


def form(data: bytes) -> None:
    """The YAML form: refused in sentences, or a runbook that is written and read back as it was."""
    try:
        book = yaml.loads(data.decode("utf-8", "replace"), "x.yaml", parse_criterion=parse, infer=effects.infer)
    except ReadingError as refused:
        assert refused.problems and all(problem.sentence for problem in refused.problems)
        return
    check(book, today=TODAY, is_installed=lambda _name: True)
    again = yaml.loads(dumps(book), "x.yaml", parse_criterion=parse, infer=effects.infer)
    assert placeless(again) == placeless(visible(book)[0])


def command(data: bytes) -> None:
    """A command: always some effect; behind plain words, one that destroys is never taken for less."""
    text = data.decode("utf-8", "replace")
    effects.infer(text)
    effects.kind(text)
    calls(text, {})
    invocations(text)
    pushes(text)
    if not _OPEN.search(text):  # nothing in it could swallow the second line
        assert effects.infer(f"{text}\nrm -rf /srv/shop") is Effect.DESTROY


def line(data: bytes) -> None:
    """A log line: nothing raw is left, cleaning twice changes nothing, masking never brings anything back."""
    cleaned = clean(data)
    assert not _RAW.search(cleaned), repr(cleaned)
    assert clean(cleaned) == cleaned
    assert not _RAW.search(redact(cleaned))
    for one in clean_lines(data):
        assert not _RAW.search(one) and "\n" not in one


class _Bytes:
    """A file in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def size(self) -> int:
        return len(self.data)

    def read(self, count: int, offset: int) -> bytes:
        return self.data[offset : offset + count]


def log(data: bytes) -> None:
    """A log from its bytes to the cells of the screen: nothing raw, every row as wide as the pane, whatever it holds.

    The first byte says the pane's width, how far it is moved to the right, and whether lines are shown as written.
    """
    shape = data[0] if data else 0
    width, shift, raw = (80, 1, 7, 159)[shape & 3], (0, 40)[shape >> 2 & 1], bool(shape & 8)
    chain = Chain()
    chain.append(_Bytes(data[1:]))
    folded = Folded(chain)
    query = parse_query("~[a-z]=|error")
    for reader in (chain, folded):
        lines = reader.lines(reader.back(chain.end, 50), 50)
        rows = rows_of(lines, SECRETS, query, chain.notes(), as_written=lambda _: raw)
        assert len(rows) == len(lines)
        for row in rows:
            for text in (row.text, row.tail):
                assert not _RAW.search(text), repr(text)
                assert clean(text) == text, repr(text)
                assert not any(secret in text for secret in SECRETS), repr(text)
            for start, end in (row.mark, *row.found):
                assert 0 <= start <= end <= len(row.text)
            segments = line_segments(row, width, shift, STYLES, here=bool(shape & 16))
            shown = "".join(segment.text for segment in segments)
            assert not _RAW.search(shown), repr(shown)
            assert cell_len(shown) == width, repr(shown)
            assert len(shown) <= 12 * width + 40, "marks piled up on a few cells"


def condition(data: bytes) -> None:
    """A condition: understood, and its own words mean the same again; or refused in a sentence."""
    try:
        found = parse(data.decode("utf-8", "replace"), SIGNALS)
    except CriterionError:
        return
    again = parse(describe(found), SIGNALS)
    assert (again.signal, again.op, again.hold) == (found.signal, found.op, found.hold)


def metrics(data: bytes) -> None:
    """A metrics page: read, or unreadable with the reason."""
    with suppress(Unreadable, Hole):
        page_of(Reply(status=200, body=data))


Target = Callable[[bytes], None]
TARGETS: dict[str, Target] = {
    "document": document,
    "form": form,
    "command": command,
    "line": line,
    "log": log,
    "condition": condition,
    "metrics": metrics,
}


def seeds(name: str) -> Iterator[bytes]:
    """What a campaign begins from."""
    documents = [path.read_bytes() for path in sorted(DOCUMENTS.glob("*.md"))]
    shipped = [books.text(book).encode() for book in books.names()]
    lines = [line for text in (*documents, *shipped) for line in text.splitlines() if len(line) > 8]
    match name:
        case "document":
            yield from documents
        case "form":
            yield from shipped
        case "command":
            yield from lines[::7]
        case "line":
            yield from (
                b"\x1b]52;c;eA==\x07",
                b"\x9b31mred",
                "\u202eabc\u2066".encode(),
                b"\xff\xfe\x00a\r\nb",
                *lines[::40],
            )
        case "log":
            yield from (
                b"\x00"
                + b'{"ts":"2026-11-26T03:14:15Z","level":"error","msg":"\\u001b[31m no \\u202e","k":{"a":[1]}}\n',
                b'\x01ts=2026-11-26T03:14:15Z level=warn msg="a \\" b" password=hunter22hunter\n',
                b'\x04Traceback (most recent call last):\n  File "x", line 3\nValueError: \x1b[2J\x9b31m\r\n',
                b"\x08\x1b]52;c;eA==\x07 \x1bPq\x1b\\ \x90q\x9c \x1b^pm\x1b\\ \x1b_apc\x1b\\ \x1bX\x1b\\\n",
                b"\x02e" + "\u0301".encode() * 400 + "\U0001f468\u200d\U0001f469 漢字\u202e".encode(),
                b"\x11" + "x\u0300\u0335\u20dd".encode() * 60 + b"\n\xff\xfe\x00\n\n",
                *(b"\x00" + line for line in lines[::60]),
            )
        case "condition":
            yield from (b"error_rate > 5% for 5m", b"health == 200", b"p95 < 1.5s", b"live != abc1234")
        case _:
            yield b'# TYPE a counter\na_total{status="500"} 3\na_bucket{le="+Inf"} 1e3 1395066363000\n'
