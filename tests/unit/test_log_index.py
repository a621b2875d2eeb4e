"""Lines by offset: forwards and backwards must agree, whatever the bytes."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.logs import index
from runbook.logs.index import SPAN, Chain, Line, Note, OpenFile, back, line_begin, lines


class Memory:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def size(self) -> int:
        return len(self.data)

    def read(self, count: int, offset: int) -> bytes:
        return self.data[offset : offset + count]


def opened(path: Path, data: bytes) -> OpenFile:
    path.write_bytes(data)
    return OpenFile(os.open(path, os.O_RDONLY))


TEXTS = st.lists(st.one_of(st.binary(max_size=30), st.just(b"\n"), st.just(b"x" * 50)), max_size=30).map(b"".join)


@given(TEXTS, st.integers(0, 12))
@settings(max_examples=200)
def test_lines_and_back_agree(data: bytes, count: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "BLOCK", 7)
        patch.setattr(index, "FOLD", 16)
        patch.setattr(index, "HEAD", 1000)
        source = Memory(data)
        found, end = lines(source, 0, 10_000)
        assert end == len(data)
        starts = [line.offset for line in found]
        assert back(source, len(data), count) == (starts[-count] if 0 < count <= len(starts) else 0 if count else end)
        for before, after in pairwise(starts):
            assert back(source, after, 1) == before
            assert line_begin(source, after - 1) == before
        for start in starts:
            assert lines(source, start, 1)[0][0] == found[starts.index(start)]
        assert all(line.size <= 2 * 16 for line in found)
        joined = b"".join(data[line.offset : line.offset + line.size] for line in found)
        assert joined == data.replace(b"\n", b"")


@given(st.lists(TEXTS, max_size=4), st.integers(0, 40))
@settings(max_examples=100)
def test_a_chain_reads_as_one_text(texts: list[bytes], count: int) -> None:
    chain = Chain()
    for text in texts:
        chain.append(Memory(text))
    everything = [line.head for line in chain.lines(0, 10_000)]
    alone = [line.head for text in texts for line in lines(Memory(text), 0, 10_000)[0]]
    assert everything == alone
    top = chain.back(chain.end, count)
    assert [line.head for line in chain.lines(top, 10_000)] == (alone[-count:] if count else [])


def test_a_monster_line_is_folded_and_keeps_its_size(tmp_path: Path) -> None:
    source = opened(tmp_path / "log", b"before\n" + b"x" * 10_000_000 + b"\nafter\n")
    found, _ = lines(source, 0, 50)
    assert found[0].head == b"before"
    assert found[-1] == Line(source.size() - 6, b"after", 5)
    middle = found[1:-1]
    assert [line.folded for line in middle] == [False, *[True] * (len(middle) - 1)]
    assert sum(line.size for line in middle) == 10_000_000
    assert max(len(line.head) for line in middle) == index.HEAD
    assert back(source, found[-1].offset, len(middle)) == middle[0].offset


def test_the_last_line_may_be_unfinished_and_crlf_is_a_line_end(tmp_path: Path) -> None:
    source = opened(tmp_path / "log", b"one\r\ntwo")
    assert [line.head for line in lines(source, 0, 9)[0]] == [b"one", b"two"]
    assert back(source, 8, 1) == 5


def test_a_file_truncated_while_it_is_read_ends_early(tmp_path: Path) -> None:
    source = opened(tmp_path / "log", b"line\n" * 100)
    (tmp_path / "log").write_bytes(b"")
    assert lines(source, 50, 10) == ([], 50)
    assert back(source, 500, 3) <= 500


def test_an_old_file_may_still_grow_without_moving_the_new_one() -> None:
    old, new = Memory(b"a\n"), Memory(b"c\nd\n")
    chain = Chain()
    for part in (old, Note("rotated"), new):
        chain.append(part)
    at_d = chain.back(chain.end, 1)
    old.data += b"b\n"
    assert chain.lines(at_d, 1)[0].head == b"d"
    assert [line.head for line in chain.lines(0, 9)] == [b"a", b"b", b"rotated", b"c", b"d"]
    assert chain.after(0, 2) == SPAN
    assert chain.after(0, 99) == chain.end


def test_the_oldest_files_are_let_go(tmp_path: Path) -> None:
    chain = Chain()
    fds = []
    for number in range(index.KEPT + 3):
        part = opened(tmp_path / str(number), b"x\n")
        fds.append(part.fd)
        chain.append(part)
    del part
    assert chain.start == 3 * SPAN
    assert chain.back(chain.end, 99) == chain.start
    assert len(set(fds)) <= index.KEPT + 2, "descriptors of files let go are closed and used again"
