"""A replay in the room: the player that moves its moment on, what its keys do, and what is drawn anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runbook.logs.moments import BadMoment, typed_moment
from runbook.replay import Replay
from tui import painting
from widgets.replay_bar import ReplayBar, ReplayView

if TYPE_CHECKING:
    from tui.room_screen import RoomScreen

EVERY = 0.25
"""Seconds between two pictures while it plays."""
SPEEDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
ABOUT = "03:14 or 03:14:05 (UTC), T+7:30 since it began, -5m or +5m from here"


class Player:
    """Moves a replay's moment on by a clock, as fast as is wanted."""

    def __init__(self, replay: Replay, speed: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`speed` is how many seconds of the record pass in one; `clock` gives seconds that only grow."""
        self.replay = replay
        self.speed = speed
        self.playing = True
        self._clock = clock
        self._seen = clock()

    def tick(self) -> bool:
        """Go on by the time that has passed; whether anything may have changed."""
        now = self._clock()
        passed, self._seen = now - self._seen, now
        if not self.playing:
            return False
        self.replay.go_to(self.replay.moment + passed * self.speed)
        self.playing = self.replay.moment < self.replay.end
        return True

    def pause(self) -> None:
        """Pause, or go on; from the end it goes on at the beginning."""
        self.playing = not self.playing
        self._seen = self._clock()
        if self.playing and self.replay.moment >= self.replay.end:
            self.replay.go_to(self.replay.begin)

    def step(self, on: bool) -> None:
        """Stop at the next event, or at the one before."""
        self.playing = False
        self.replay.go_to(self.replay.event_after() if on else self.replay.event_before())

    def hurry(self, on: bool) -> None:
        """The next speed up or down."""
        others = [speed for speed in SPEEDS if (speed > self.speed if on else speed < self.speed)]
        if others:
            self.speed = min(others) if on else max(others)

    def moment_of(self, typed: str) -> float:
        """The moment that somebody typed, in Unix seconds. Raises BadMoment."""
        text = typed.strip()
        if text.startswith("+"):
            return self.replay.moment - typed_moment(f"-{text[1:].strip()}", 0)
        if text[:2].upper() == "T+":
            return self.replay.begin + _span(text[2:])
        return typed_moment(text, self.replay.moment if text.startswith("-") else self.replay.end)

    def view(self) -> ReplayView:
        replay = self.replay
        timeline = replay.state.timeline
        return ReplayView(
            now=datetime.fromtimestamp(replay.moment, UTC),
            elapsed=replay.moment - replay.begin,
            length=replay.end - replay.begin,
            event=replay.applied,
            events=len(replay.recording.events),
            speed=self.speed,
            playing=self.playing,
            last=f"{timeline[-1].by}: {timeline[-1].text}" if timeline else "",
        )


def _span(text: str) -> float:
    parts = text.split(":")
    if not all(part.isdecimal() and len(part) < 6 for part in parts) or len(parts) > 3:
        raise BadMoment(f"No time: type {ABOUT}.")
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return seconds


# ── in the room ───────────────────────────────────────────────────────────────────────────────────


def begin(screen: RoomScreen, player: Player) -> None:
    """Show the replay's bar, and play."""
    bar = ReplayBar()
    screen.mount(bar, before=screen.footer)
    screen.panel.inert = True
    shown = player.replay.tape, player.replay.applied

    def draw() -> None:
        nonlocal shown
        replay = player.replay
        if replay.tape != shown[0]:
            screen.open_logs()
        if (replay.tape, replay.applied) != shown:
            _stand_where_it_happens(screen, replay)
        shown = replay.tape, replay.applied
        bar.show(player.view())
        painting.signals(screen)
        screen.draw()

    def tick() -> None:
        if player.tick():
            draw()

    player.replay.on_change = draw
    screen.set_interval(EVERY, tick)
    draw()


def _stand_where_it_happens(screen: RoomScreen, replay: Replay) -> None:
    """The cursor on the step about which something happened last, and how it ended in pane 4."""
    desk = screen.desk
    told = {key: at.at for key, at in replay.state.steps.items() if at.at is not None}
    if desk is None or not told:
        return
    desk.close()
    key = max(told, key=lambda one: told[one])
    screen.draw()
    screen.checklist.select(f"step:{key[0]}:{key[1]}")
    desk.result = key if replay.state.step(*key).last_run else None


def _player(screen: RoomScreen) -> Player:
    assert screen.room.player is not None
    return screen.room.player


def pause(screen: RoomScreen) -> None:
    player = _player(screen)
    player.pause()
    player.replay.on_change()


def step(screen: RoomScreen, *, on: bool) -> None:
    player = _player(screen)
    player.step(on)
    player.replay.on_change()


def hurry(screen: RoomScreen, *, on: bool) -> None:
    player = _player(screen)
    player.hurry(on)
    player.replay.on_change()


def seek(screen: RoomScreen) -> None:
    from widgets.prompt import Prompt

    player = _player(screen)

    def take(typed: str | None) -> None:
        if not typed:
            return
        try:
            player.replay.go_to(player.moment_of(typed))
        except BadMoment as bad:
            screen.say(str(bad))
            return
        player.replay.on_change()

    screen.app.push_screen(Prompt("Go to a time of the incident", about=ABOUT, enter="go"), take)
