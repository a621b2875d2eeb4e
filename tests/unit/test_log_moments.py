"""Jumping to a time: what a line says of when it was written, what a person types, and the place between."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.logs.index import SPAN, Bytes, Note, OpenFile
from runbook.logs.moments import BadMoment, Place, last_moment, moment_of, seek, typed_moment

AT = datetime(2026, 11, 1, 3, 14, 5, tzinfo=UTC)
NEAR = datetime(2026, 11, 1, 12, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-01T03:14:05Z INFO x",
        "2026-11-01 03:14:05 INFO without a zone",
        "[2026-11-01T05:14:05+02:00] x",
        "2026/11/01 03:14:05 [error] 7#7: nginx",
        '10.0.0.1 - - [01/Nov/2026:04:14:05 +0100] "GET / HTTP/1.1" 500 1',
        "Nov  1 03:14:05 host app[1]: x",
        "<13>Nov  1 03:14:05 host app[1]: x",
        "E1101 03:14:05.000000 7 klog.go:1] x",
        '{"level":30,"time":1793502845000,"msg":"x"}',
        '{"msg":"x","ts":1793502845.0}',
        "ts=1793502845 level=info",
        "1793502845 x",
        "03:14:05 INFO x",
        "web | 03:14:05 INFO x",
        '{"x":"' + "y" * 500 + '","time":"2026-11-01T03:14:05Z"}',
        "Nov  1 03:14:05 host app[1]: the certificate expires 2027-01-01 00:00:00",
        "Nov  1 04:14:05 host app[1]: 2026-11-01T03:14:05Z a zone tells it exactly",
        "E1101 03:14:05.000000 7 klog.go:1] valid until 2027-01-01T00:00:00Z",
        "03:14:05 INFO since 2026-10-01 10:00:00",
        '{"ts":1793502845.0,"msg":"x","expires":"2027-01-01T00:00:00Z"}',
        '{"built":"2026-01-01T00:00:00Z","time":"2026-11-01T03:14:05Z","msg":"x"}',
        '10.0.0.1 - - [01/Nov/2026:03:14:05 +0000] "GET /?from=2026-01-01T00:00:00Z HTTP/1.1" 500 1',
        'ts=1793502845 msg="until 2027-01-01 00:00:00"',
    ],
)
def test_a_line_says_when_it_was_written(line: str) -> None:
    assert moment_of(line.encode(), NEAR) == AT.timestamp()


def test_what_a_line_leaves_out_is_the_last_that_fits() -> None:
    assert moment_of(b"23:59:59 x", NEAR) == datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC).timestamp()
    assert moment_of(b"Dec 31 23:59:59 h x", NEAR) == datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
    assert moment_of(b"03:14:05.250 x", NEAR) == AT.timestamp() + 0.25


@given(st.one_of(st.binary(max_size=80), st.from_regex(rb"[0-9:/TZ+. -]{0,40}", fullmatch=True)))
@settings(max_examples=300, deadline=None)
def test_any_line_is_dated_or_not(head: bytes) -> None:
    assert isinstance(moment_of(head, NEAR), (float, type(None)))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("03:14:05", AT),
        ("@ 03:14", AT.replace(second=0)),
        ("3:14", AT.replace(second=0)),
        ("13:00", AT.replace(hour=13, minute=0, second=0) - timedelta(days=1)),
        ("-5m", AT.replace(hour=11, minute=55, second=0)),
        ("-90s", AT.replace(hour=11, minute=58, second=30)),
        ("- 2 h", AT.replace(hour=10, minute=0, second=0)),
        ("2026-10-30T01:02:03+02:00", datetime(2026, 10, 29, 23, 2, 3, tzinfo=UTC)),
        ("2026-10-30 01:02", datetime(2026, 10, 30, 1, 2, tzinfo=UTC)),
    ],
)
def test_what_a_person_types(typed: str, found: datetime) -> None:
    assert typed_moment(typed, NEAR) == found.timestamp()


def test_a_time_of_day_in_an_old_log_is_of_its_last_day() -> None:
    assert typed_moment("03:14:05", NEAR + 5 * 86400, last=NEAR) == AT.timestamp()


@pytest.mark.parametrize("typed", ["", "soon", "25:00", "-5", "-9999999999d", "-999999d", "2026-13-01", "-99999d" * 9])
def test_what_is_no_time_is_said(typed: str) -> None:
    with pytest.raises(BadMoment, match="type 03:14"):
        typed_moment(typed, NEAR)


def opened(path: Path, lines: list[str]) -> OpenFile:
    path.write_text("".join(f"{line}\n" for line in lines))
    os.utime(path, (NEAR, NEAR))
    return OpenFile(os.open(path, os.O_RDONLY))


def stamped(second: float, words: str = "x") -> str:
    return f"{datetime.fromtimestamp(AT.timestamp() + second, UTC):%Y-%m-%dT%H:%M:%S.%fZ} {words}"


def text_at(parts: dict[int, Bytes], place: Place | None) -> str:
    assert place is not None
    number, offset = divmod(place.position, SPAN)
    return parts[number].read(200, offset).split(b"\n")[0].decode()


def test_every_second_of_a_large_log_is_found(tmp_path: Path) -> None:
    lines = [line for second in range(5000) for line in (stamped(second, f"n{second}"), "  at trace", "undated")]
    parts: dict[int, Bytes] = {3: opened(tmp_path / "log", lines)}
    for second in (0, 1, 7, 1234, 4998, 4999):
        assert text_at(parts, seek(parts, AT.timestamp() + second)).endswith(f" n{second}")
    assert text_at(parts, seek(parts, AT.timestamp() + 1233.5)).endswith(" n1234")
    assert text_at(parts, seek(parts, 0)).endswith(" n0")
    assert text_at(parts, seek(parts, NEAR * 2)).endswith(" n4999")
    assert last_moment(parts) == AT.timestamp() + 4999


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.integers(-5, 70))
@settings(max_examples=100, deadline=None)
def test_out_of_order_the_nearest_after_is_found(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[int], wanted: int
) -> None:
    parts: dict[int, Bytes] = {0: opened(tmp_path_factory.mktemp("log") / "log", [stamped(s) for s in seconds])}
    place = seek(parts, AT.timestamp() + wanted)
    assert place is not None
    after = [second for second in seconds if second >= wanted]
    assert place.at - AT.timestamp() == (min(after) if after else seconds[-1])


def test_a_file_that_begins_with_a_long_trace_is_entered_at_its_first_time(tmp_path: Path) -> None:
    trace = ["    at com.example.Foo.bar(Foo.java:12345)" + "z" * 70] * 1500
    parts: dict[int, Bytes] = {0: opened(tmp_path / "log", [*trace, stamped(0, "n0"), stamped(1, "n1")])}
    place = seek(parts, AT.timestamp() - 5)
    assert place is not None and place.at == AT.timestamp()
    assert text_at(parts, place).endswith("n0")


def test_over_rotated_files_and_notes(tmp_path: Path) -> None:
    parts: dict[int, Bytes] = {
        0: opened(tmp_path / "old", [stamped(second, f"n{second}") for second in range(10)]),
        1: Note("rotated"),
        2: opened(tmp_path / "new", ["undated", *(stamped(second, f"n{second}") for second in range(20, 30))]),
    }
    for second, words in ((5, "n5"), (9.5, "n20"), (15, "n20"), (25, "n25"), (99, "n29")):
        assert text_at(parts, seek(parts, AT.timestamp() + second)).endswith(words)


def test_a_log_that_tells_no_time(tmp_path: Path) -> None:
    assert seek({0: opened(tmp_path / "log", ["a", "b"])}, NEAR) is None
    assert seek({}, NEAR) is None
    assert last_moment({}) is None
