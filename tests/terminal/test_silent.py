"""Metrics that end where the recovery would begin: the room says that it does not know, and why."""

from __future__ import annotations

from collections.abc import Callable

from tests.terminal import walks
from tests.terminal.conftest import DrillRoom
from tests.terminal.test_walks import good_tag

LONG = r"no data for (0:[45]\d|[1-9]:\d\d)"
"""Twice as long without a number as the numbers would have to be good for."""


def verdicts(room: DrillRoom) -> list[str]:
    return [str(entry["text"]) for entry in room.timeline() if entry["kind"] == "verdict-changed"]


def test_a_rollback_that_takes_the_metrics_away_stays_not_known_with_the_reason(
    drill: Callable[..., DrillRoom],
) -> None:
    room = drill("silent")
    walks.until_red(room)
    walks.tag_to_production(room, good_tag(room))
    room.tmux.wait("NOT KNOWN YET", 90)
    room.tmux.wait("500, and custom.http_errors is not there", 60)
    screen = room.tmux.wait(LONG, 120)
    assert "NOT KNOWN YET" in screen and "RECOVERED" not in screen
    assert "Every step of this method is settled" not in screen
    assert verdicts(room) == []  # not known before the rollback, and ever since
    report = walks.report(room)
    assert "recovered by the signals" not in report
