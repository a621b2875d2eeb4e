"""A pouring log is painted after a key's picture, and beside other work with the clock."""

from __future__ import annotations

from collections.abc import Callable

from tui.log_pace import KEY_FIRST, LogPace


class Desk:
    """Counts the paintings; what is booked for later runs when the test says so."""

    def __init__(self) -> None:
        self.painted = 0
        self.now = 100.0
        self.booked: list[Callable[[], None]] = []
        self.pace = LogPace(self.paint, lambda _seconds, work: self.booked.append(work), lambda: self.now)

    def paint(self) -> None:
        self.painted += 1
        self.pace.painted()

    def later(self) -> None:
        booked, self.booked = self.booked, []
        for work in booked:
            work()


def test_whoever_reads_sees_each_batch_at_once() -> None:
    desk = Desk()
    for seen in (1, 2, 3):
        desk.pace.moved(read=True)
        assert desk.painted == seen


def test_a_key_comes_first_and_however_many_batches_meanwhile_are_painted_once() -> None:
    desk = Desk()
    desk.pace.key()
    for _ in range(5):
        desk.pace.moved(read=True)
    assert desk.painted == 0
    desk.later()
    assert desk.painted == 1
    desk.now += 2 * KEY_FIRST
    desk.pace.moved(read=True)
    assert desk.painted == 2


def test_beside_other_work_it_is_painted_after_the_tick() -> None:
    desk = Desk()
    desk.pace.moved(read=False)
    assert desk.painted == 1, "the first lines are shown at once"
    desk.pace.moved(read=False)
    assert desk.painted == 1
    desk.pace.tick()
    desk.later()
    assert desk.painted == 2


def test_a_log_to_which_nothing_comes_is_painted_with_each_tick_for_its_title_tells_of_the_last_minute() -> None:
    desk = Desk()
    desk.pace.moved(read=True)
    for seen in (2, 3):
        desk.pace.tick()
        desk.later()
        assert desk.painted == seen
