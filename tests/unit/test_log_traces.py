"""Stack traces are one row with their line, the same from above and from below; opened, every line is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.logs import traces as traces_module
from runbook.logs.index import Chain, Note, OpenFile
from runbook.logs.traces import Folded, continues
from runbook.logs.view import LogView

PYTHON = """\
03:14:21 ERROR shop POST /cart failed
Traceback (most recent call last):
  File "a.py", line 1, in f
    g()
    ^^^
KeyError: 'total'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 2, in h
    raise Down
shop.errors.Down: no stock
03:14:22 INFO next
"""
JAVA = """\
03:14:21 ERROR shop failed
java.lang.IllegalStateException: no stock
\tat shop.Cart.total(Cart.java:12)
\tat shop.Web.post(Web.java:7)
\tSuppressed: java.io.IOException: x
Caused by: java.sql.SQLException: gone
\tat db.Pool.take(Pool.java:3)
\t... 12 more
03:14:22 INFO next
"""
NODE = """\
TypeError: cannot read 'total'
    at Cart.total (/app/cart.js:31:7)
    at /app/web.js:7:1 {
  code: 'E1'
}
Error: another
    at x
03:14:22 INFO next
"""
GO = """\
goroutine 1 [running]:
main.total(0x1, {0x2, 0x3})
\t/app/cart.go:31 +0x1d
created by main.main in goroutine 1
\t/app/main.go:7
03:14:22 INFO next
"""
PANIC = """\
03:14:21 INFO before
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x45]

goroutine 1 [running]:
main.total(0x1, {0x2, 0x3})
\t/app/cart.go:31 +0x1d

goroutine 7 [select]:
net.wait()
\t/go/net.go:9
03:14:22 INFO next
"""
DOTNET = """\
info: Shop.Cart.Reader[1]
      Now listening
fail: Shop.Cart.Reader[13]
      No stock is left
      System.InvalidOperationException: no stock
         at Shop.Cart.Total() in Cart.cs:line 12
info: Shop.Cart.Reader[1]
"""
POSTGRES = """\
03:14:21 ERROR shop GET /products failed
Traceback (most recent call last):
  File "a.py", line 1, in f
    g()
psycopg.errors.UndefinedColumn: column "restock" does not exist
LINE 1: SELECT sku, restock FROM product
                    ^
HINT:  Perhaps you meant to reference the column "product.stock".
03:14:22 INFO next
"""


def chain(text: str, folder: Path) -> Chain:
    path = folder / "app.log"
    path.write_text(text)
    found = Chain()
    found.append(OpenFile(os.open(path, os.O_RDONLY)))
    return found


def heads(text: str, folder: Path) -> list[tuple[str, int]]:
    return [(line.head.decode(), line.under) for line in Folded(chain(text, folder)).lines(0, 100)]


def test_json_laid_out_over_many_lines_is_a_group_of_its_own_that_tells_how_it_begins(tmp_path: Path) -> None:
    laid_out = '{\n  "status": "healthy",\n  "checks": [\n    {\n      "redis": true\n    },\n    2\n  ]\n}\n'
    text = f"03:14:21 INFO asked\n{laid_out}{laid_out}[\n  1\n]\n03:14:22 INFO next\n"
    assert heads(text, tmp_path) == [
        ("03:14:21 INFO asked", 0), ("{", 8), ("{", 8), ("[", 2), ("03:14:22 INFO next", 0),
    ]  # fmt: skip
    tails = [line.tail.strip() for line in Folded(chain(text, tmp_path)).lines(0, 100)]
    assert tails == [b"", b'"status": "healthy",', b'"status": "healthy",', b"1", b""]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (PYTHON, [("03:14:21 ERROR shop POST /cart failed", 12), ("03:14:22 INFO next", 0)]),
        (
            JAVA,
            [
                ("03:14:21 ERROR shop failed", 0),
                ("java.lang.IllegalStateException: no stock", 6),
                ("03:14:22 INFO next", 0),
            ],
        ),
        (NODE, [("TypeError: cannot read 'total'", 4), ("Error: another", 1), ("03:14:22 INFO next", 0)]),
        (POSTGRES, [("03:14:21 ERROR shop GET /products failed", 7), ("03:14:22 INFO next", 0)]),
        (
            PANIC,
            [
                ("03:14:21 INFO before", 0),
                ("panic: runtime error: invalid memory address or nil pointer dereference", 9),
                ("03:14:22 INFO next", 0),
            ],
        ),
        (
            DOTNET,
            [("info: Shop.Cart.Reader[1]", 1), ("fail: Shop.Cart.Reader[13]", 3), ("info: Shop.Cart.Reader[1]", 0)],
        ),
        (GO, [("goroutine 1 [running]:", 4), ("03:14:22 INFO next", 0)]),
        (
            "web | ERROR a\nweb |   at x\ndb  | ERROR b\nweb |   at y\ndb  | INFO c\n"
            "[pod/a/b] ERROR\n[pod/a/b]   at z\n",
            [
                ("web | ERROR a", 1),
                ("db  | ERROR b", 0),
                ("web |   at y", 0),
                ("db  | INFO c", 0),
                ("[pod/a/b] ERROR", 1),
            ],
        ),
        ("INFO a\n\nINFO b\n", [("INFO a", 0), ("", 0), ("INFO b", 0)]),
        (
            "  2026-11-01T03:14:22Z INFO padded\n  INFO too\n  more of it\n",
            [("  2026-11-01T03:14:22Z INFO padded", 0), ("  INFO too", 1)],
        ),
    ],
)
def test_traces_of_the_usual_languages(text: str, rows: list[tuple[str, int]], tmp_path: Path) -> None:
    assert heads(text, tmp_path) == rows


def test_what_postgresql_says_of_an_error_does_not_hide_its_name(tmp_path: Path) -> None:
    row = Folded(chain(POSTGRES, tmp_path)).lines(0, 1)[0]
    assert row.tail == b'psycopg.errors.UndefinedColumn: column "restock" does not exist'


def test_of_what_the_console_of_dotnet_says_in_its_second_line_the_row_tells(tmp_path: Path) -> None:
    told = [line.tail.strip() for line in Folded(chain(DOTNET, tmp_path)).lines(0, 5)]
    assert told == [b"Now listening", b"No stock is left", b""]


def test_the_error_at_a_traces_end_is_told(tmp_path: Path) -> None:
    (first, *_) = Folded(chain(PYTHON, tmp_path)).lines(0, 5)
    assert first.tail == b"shop.errors.Down: no stock"


LINES = st.lists(
    st.sampled_from(
        [
            "INFO a",
            "  at x",
            "    y()",
            "",
            "Error: z",
            "Caused by: q",
            "}",
            "main.f(1)",
            "\t/x.go:1",
            "goroutine 1 [",
            "panic: x",
        ]
    ),
    max_size=60,
)


def oracle(lines: list[str], opened: set[int]) -> list[tuple[int, int]]:
    """(position, lines under it) of each row, by one look from the beginning."""
    rows: list[tuple[int, int]] = []
    at, head, before = 0, -1, b""
    for line in lines:
        data = line.encode()
        if at == 0 or not continues(before, data):
            head = at
            rows.append((at, 0))
        elif head in opened:
            rows.append((at, 0))
        else:
            rows[-1] = (rows[-1][0], rows[-1][1] + 1)
        before, at = data, at + len(data) + 1
    return rows


@given(LINES, st.integers(1, 12), st.data())
@settings(max_examples=200, deadline=None)
def test_reading_back_and_forth_agree_with_one_look_from_the_beginning(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], height: int, data: st.DataObject
) -> None:
    text = "".join(f"{line}\n" for line in lines)
    folded = Folded(chain(text, tmp_path_factory.mktemp("traces")))
    closed = oracle(lines, set())
    folded.opened = set(data.draw(st.lists(st.sampled_from([at for at, _ in closed]), max_size=3))) if closed else set()
    rows = oracle(lines, folded.opened)
    positions = [at for at, _ in rows]
    assert [(line.offset, line.under) for line in folded.lines(0, 1000)] == rows
    end, seen = folded.chain.end, len(rows)
    while seen:
        step = min(height, seen)
        begin = folded.back(end, height)
        assert begin == positions[seen - step]
        assert folded.after(begin, step) == (positions[seen] if seen < len(rows) else folded.chain.end)
        end, seen = begin, seen - step


def test_an_endless_trace_is_walked_in_bounded_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces_module, "LONGEST", 50)
    monkeypatch.setattr(traces_module, "MOST", 200)
    folded = Folded(chain("INFO a\n" + "  at x\n" * 2000, tmp_path))
    end, steps = folded.chain.end, 0
    while end > 0:
        begin = folded.back(end, 5)
        assert begin < end
        end, steps = begin, steps + 1
    assert steps < 100
    assert sum(1 + line.under for line in folded.lines(0, 1000)) >= 200


def test_a_new_file_begins_no_trace_of_the_old_one(tmp_path: Path) -> None:
    found = chain("ERROR a\n  at b\n", tmp_path)
    found.append(Note("rotated"))
    (tmp_path / "next").write_text("  at c\nINFO d\n")
    found.append(OpenFile(os.open(tmp_path / "next", os.O_RDONLY)))
    assert [(line.head, line.under) for line in Folded(found).lines(0, 9)] == [
        *((b"ERROR a", 1), (b"rotated", 0), (b"  at c", 0), (b"INFO d", 0))
    ]


class TestReading:
    """The view with traces in it."""

    @pytest.fixture
    def view(self, tmp_path: Path) -> LogView:
        path = tmp_path / "app.log"
        path.write_text("INFO 0\n" + PYTHON + "INFO 1\n" + PYTHON)
        view = LogView(path)
        view.begin()
        return view

    def texts(self, view: LogView, height: int = 4) -> list[str]:
        return [row.text for row in view.window(height).rows]

    def test_the_end_is_full_of_rows(self, view: LogView) -> None:
        assert self.texts(view) == [
            "03:14:22 INFO next",
            "INFO 1",
            "03:14:21 ERROR shop POST /cart failed",
            "03:14:22 INFO next",
        ]
        assert [row.under for row in view.window(4).rows] == [0, 0, 12, 0]

    def test_enter_opens_the_trace_of_the_line_at_hand_and_folds_it_from_within(self, view: LogView) -> None:
        view.hand.take(4)
        view.hand.step(-1, 4)
        view.hand.open(4)
        assert self.texts(view)[3] == "Traceback (most recent call last):"
        view.hand.step(1, 4)
        view.hand.open(4)
        assert [row.under for row in view.window(4).rows] == [0, 0, 12, 0]
        assert view.window(4).match == view.window(4).rows[2].offset

    def test_all_open_and_folded_again(self, view: LogView) -> None:
        view.hand.open_traces(4)
        assert self.texts(view)[-1] == "03:14:22 INFO next"
        assert self.texts(view)[-2] == "shop.errors.Down: no stock"
        view.hand.open_traces(4)
        assert len(self.texts(view, 50)) == 6

    async def test_a_search_opens_the_trace_it_stands_in(self, view: LogView) -> None:
        view.search("KeyError", backwards=True, height=4)
        await view.settled()
        window = view.window(4)
        assert next(row.text for row in window.rows if row.offset == window.match) == "KeyError: 'total'"

    async def test_a_filtered_line_keeps_its_trace(self, view: LogView) -> None:
        view.add_filter("ERROR")
        await view.settled()
        assert [row.under for row in view.window(4).rows] == [12, 12]
        view.hand.take(4)
        view.hand.open(4)
        assert len(view.window(40).rows) == 14
