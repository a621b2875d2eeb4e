"""The report's table of the signals: the worst of each stretch, and a dash where nothing was learned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runbook.incident.course import ROWS, Readings, course
from runbook.model import Runbook, Signal
from runbook.signal_sources import NoSource

BEGIN = datetime(2026, 1, 1, 3, 14, tzinfo=UTC)
BOOK = Runbook(
    id="shop",
    title="Shop",
    signals=(
        Signal("errors", "error rate", NoSource(), unit="%", kind="error_rate"),
        Signal("requests", "requests", NoSource(), unit="/s", kind="requests"),
        Signal("live", "live", NoSource(), kind="version"),
    ),
)


def rows(minutes: float, *errors: tuple[float, float | None], requests: tuple[float, ...] = ()) -> list[list[str]]:
    at = BEGIN.timestamp()
    read: Readings = {
        "errors": [(at + seconds, value) for seconds, value in errors],
        "requests": [(at + n, value) for n, value in enumerate(requests)],
        "live": [(at, "abc")],
    }
    told = list(course(read, BOOK, BEGIN, BEGIN + timedelta(minutes=minutes)))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in told]


def test_the_worst_of_a_stretch_stands_for_it() -> None:
    head, _, first, second = rows(1 / 3, (1, 2.0), (4, 24.8), (9, 1.0), (11, 0.2), requests=(40, 12, 41))
    assert head == ["from, UTC", "error rate, %", "requests, /s"]
    assert first == ["03:14:00", "24.8", "12"] and second == ["03:14:10", "0.2", "–"]


def test_a_hole_is_a_dash_and_never_the_value_before_it() -> None:
    *_, second = rows(1 / 3, (1, 0.1), (12, None))
    assert second[1] == "–"


def test_a_long_incident_has_longer_stretches_not_more_rows() -> None:
    assert all(len(rows(minutes, (1, 2.0))) <= ROWS + 3 for minutes in (1, 10, 60, 600, 3000))


def test_an_incident_without_samples_has_no_table() -> None:
    assert not list(course({}, BOOK, BEGIN, BEGIN + timedelta(minutes=1)))


def test_the_table_ends_with_what_was_read_and_not_with_the_day_it_is_written() -> None:
    told = rows(6 * 24 * 60, (0, 0.1), (65, 24.8), (600, 0.2))
    assert len(told) > 20 and told[-1] == ["03:24:00", "0.2"]


def test_over_midnight_each_row_says_its_day() -> None:
    told = rows(6 * 24 * 60, (0, 0.1), (22 * 3600, 0.2))
    assert (told[2][0], told[-1][0]) == ("2026-01-01 03:00", "2026-01-02 01:00")
