"""What pane 2 can look at: the runbook's own logs, and the output of every command that follows something."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from runbook.conductor import Conductor
from runbook.incident.state import Run
from runbook.log_feeds import Feed, Together
from runbook.logs.view import LogView
from runbook.logs.window import LogWindow
from runbook.model import Record
from tui import saving
from widgets import log_asks
from widgets.action_asks import StopGrade
from widgets.log_rule import LogSource
from widgets.words import clock

if TYPE_CHECKING:
    from tui.room_screen import RoomScreen

ALL = "all"
"""The name of all the runbook's logs together."""


class Stop(Record, frozen=True):
    """A stop that a person asked for: which run, and how."""

    run: str
    how: StopGrade


class Taken(Record, frozen=True):
    """Log lines that a person takes out of the room, and of what they are."""

    how: Literal["copy", "keep"]
    lines: tuple[str, ...]
    about: str


class LogDesk:
    """The sources, and which of them is looked at. A new follow is shown at once; the way back is `l`."""

    def __init__(
        self,
        feeds: Sequence[Feed],
        conductor: Conductor,
        moved: Callable[[], None],
        trusted: Callable[[], bool] = lambda: True,
        do: Callable[[Coroutine[None, None, None]], None] = lambda work: work.close(),
    ) -> None:
        self._conductor, self._moved, self._trusted, self._do = conductor, moved, trusted, do
        self._feeds = {f"log {feed.source.id}": feed for feed in feeds}
        self._views: dict[str, LogView] = {}
        several = len(feeds) > 1 or any(feed.is_pattern for feed in feeds)
        names = [feed.source.id for feed in feeds]
        commands = any(not feed.source.path for feed in feeds)
        self._together = Together(conductor, self._heard, names, retells=commands) if several else None
        self.shown = ALL if several else next(iter(self._feeds), "")
        self._prepare()
        if self._together is not None:
            self._do(self._together.start())

    def _add(self, name: str, view: LogView) -> None:
        self._views[name] = view
        view.changed = lambda: self._changed(name)
        view.start()

    def _changed(self, name: str) -> None:
        if self.shown in (name, ALL):
            self._moved()

    def _heard(self) -> None:
        """The merge tells how each log stands, and of files that a pattern named."""
        assert self._together is not None
        taken = {feed.origin.path for feed in self._feeds.values() if feed.origin}
        for feed in self._together.found():
            if feed.origin and feed.origin.path and feed.origin.path not in taken:
                self._feeds[f"log {feed.source.id}"] = feed
        self._changed(ALL)

    def _prepare(self) -> None:
        """Readies what can be by now: a value was set, the runbook is trusted."""
        for name, feed in self._feeds.items():
            if feed.origin is None and feed.prepare(partial(self._changed, name), trusted=self._trusted()):
                self._do(feed.start())
                if self._together is not None and feed.origin:
                    self._together.add(feed.origin)

    @property
    def view(self) -> LogView | None:
        """The view that is looked at; a log is followed by itself from the first look at it on."""
        if self.shown not in self._views:
            feed = self._feeds.get(self.shown)
            if self.shown == ALL and self._together is not None:
                self._add(ALL, self._together.view())
            elif feed is not None and feed.origin is not None:
                self._add(self.shown, feed.view())
        return self._views.get(self.shown)

    @property
    def run(self) -> Run | None:
        """The run whose output is looked at; None for a log of the runbook."""
        return self._conductor.state.runs.get(self.shown)

    def close(self) -> None:
        """Lets go of everything; the logs' commands end."""
        for view in self._views.values():
            view.close()
        for feed in self._feeds.values():
            feed.close()
        if self._together is not None:
            self._together.close()

    def look(self) -> bool:
        """Takes in the follows that began and lets go of those that ended unseen; True when another is looked at."""
        before = self.shown
        self._prepare()
        running = [run for run in self._conductor.state.unsettled if run.mode == "follow" and run.state == "running"]
        for run in running:
            if run.id not in self._views:
                name = run.text.strip().splitlines()[0]
                output = self._conductor.carrier.run_folder(run.id) / "out.log"
                self._add(run.id, LogView(output, name, secrets=self._conductor.carrier.secrets))
                self.shown = run.id
        for name in set(self._views) - {ALL, *self._feeds, self.shown} - {run.id for run in running}:
            self._views.pop(name).close()
        return self.shown != before

    def _names(self) -> list[str]:
        """What there is to look at, the runbook's own first."""
        all_together = (ALL,) if self._together is not None else ()
        logs = (name for name, feed in self._feeds.items() if not feed.is_pattern)
        return list(dict.fromkeys((*all_together, *logs, *self._views))) or [""]

    def next(self) -> None:
        """On to the next source, in a circle that begins with the runbook's own."""
        self.shown = self._after()
        self.look()

    def _after(self) -> str:
        names = self._names()
        return names[(names.index(self.shown) + 1) % len(names)] if self.shown in names else names[0]

    def source(self) -> LogSource:
        """What the pane's rule says beside the name."""
        run, after = self.run, self._after()
        other = "" if after == self.shown else self._title(after)
        if self.shown == ALL and self._together is not None:
            return LogSource(stands=self._troubles(), other=other, names=self._together.names)
        if run is None:
            feed = self._feeds.get(self.shown)
            stands, down = (feed.standing(), feed.is_down) if feed else ("", False)
            return LogSource(stands=stands, down=down, other=other)
        if run.state != "running":
            how = f"exit {run.exit}" if run.exit is not None else run.state
            return LogSource(follows=f"ended, {how}", other=other)
        stop = {"": "x stops", "interrupt": "interrupted, X terminates"}.get(run.stop_asked, "K kills")
        return LogSource(follows=f"follows, {stop}", other=other)

    def _troubles(self) -> str:
        """Every log that is not simply followed, and how it stands."""
        assert self._together is not None
        stands = {feed.source.id: self._stands(feed) for feed in self._feeds.values() if not feed.is_pattern}
        usual = ("", "follows", "following")
        told = [f"{name} {how.partition(', again')[0]}" for name, how in stands.items() if how not in usual]
        words = ", ".join(filter(None, (self._together.trouble, *told))) or f"{len(stands)} logs"
        quiet = self._together.quiet()
        if not quiet or len(quiet) == len(stands):  # of all together the pane says it
            return words
        (name, seconds), *more = quiet.items()
        return f"{words}, {len(quiet)} quiet" if more else f"{words}, {name} quiet {clock(seconds)}"

    def _stands(self, feed: Feed) -> str:
        state = self._together.state(feed.source.id) if self._together else ""
        return feed.standing() or state

    def _said(self, feed: Feed) -> str:
        quiet = self._together.quiet().get(feed.source.id) if self._together else None
        return f"{self._stands(feed)}, quiet {clock(quiet)}" if quiet else self._stands(feed)

    def choices(self) -> tuple[tuple[str, str, str], ...]:
        """What can be looked at: each with its key, its name and how it stands."""
        stands = {name: self._said(feed) for name, feed in self._feeds.items()}
        return tuple((name, self._title(name), stands.get(name, "")) for name in self._names())

    def choose(self, name: str) -> None:
        """Looks at one of the choices."""
        self.shown = name
        self._moved()

    def _title(self, name: str) -> str:
        if name == ALL:
            return "all logs"
        view = self._views.get(name)
        return view.name if view else self._feeds[name].name if name in self._feeds else "back"

    def stop(self, how: StopGrade) -> Stop | str:
        """The stop that a key asks for, or why there is none."""
        run = self.run
        if run is None:
            return "This is a log of the runbook: nothing of yours runs here."
        if run.state != "running":
            return "It has ended already."
        if run.effect != "read":
            return "It changes something: it is stopped in pane 4 (press 4)."
        if how == "terminate" and not run.stop_asked:
            return "x first: it may end by itself when it is interrupted."
        if how == "kill" and run.stop_asked not in ("terminate", "kill"):
            return "x first, then X: a kill leaves it no time to end well."
        return Stop(run.id, how)

    def window(self, height: int) -> LogWindow:
        """The lines that are looked at; none where there is no log."""
        if self.view is not None:
            return self.view.window(height)
        feed = self._feeds.get(self.shown)
        return LogWindow(name=feed.name, state="waiting", why=feed.waits) if feed else LogWindow()

    def go_to(self, moment: float, height: int) -> None:
        """To a moment, in seconds since 1970, in the log that is looked at."""
        if self.view is not None:
            self.view.hand.go_to(moment, height)

    def answer(self, event: log_asks.Request) -> Stop | Taken | str | None:
        """Does what the reader asks for, or tells whom to stop, what to take, or why not."""
        if isinstance(event, log_asks.StopAsked):
            return self.stop(event.how)
        if isinstance(event, log_asks.OtherAsked):
            self.next()
        elif self.view is None:
            return None
        elif isinstance(event, log_asks.Act):
            return _act(self.view, event)
        else:
            _move(self.view, event)
        return None


def _act(view: LogView, event: log_asks.Act) -> Taken | str | None:
    hand, height = view.hand, event.height
    match event.what:
        case "copy" | "keep":
            try:
                lines = hand.taken(height)
            except OSError as error:
                return f"The log cannot be read: {error.strerror or error}"
            only = f", filtered by {view.filter_text}" if view.filter_text else ""
            return Taken(event.what, lines, f"{view.name}{only}")
        case "written":
            hand.as_written = not hand.as_written
        case "next_mark" | "previous_mark":
            hand.to_mark(1 if event.what == "next_mark" else -1, height)
        case "open":
            hand.open(height)
        case "traces":
            hand.open_traces(height)
        case "mark":
            hand.mark(height)
        case "choose":
            hand.choose(height)
        case "widen":
            view.drop_filter()
        case "let_go":
            view.let_go()
    return None


def _move(view: LogView, event: log_asks.Request) -> None:
    match event:
        case log_asks.Wanted(to="top"):
            view.to_top()
        case log_asks.Wanted(to="end"):
            view.to_end()
        case log_asks.Wanted() if event.page:
            view.page(event.page, event.height)
        case log_asks.Wanted(move=1 | -1):
            view.hand.step(event.move, event.height)
        case log_asks.Wanted() if event.move:
            view.move(event.move, event.height)
        case log_asks.SearchAsked():
            view.search(event.text, backwards=event.backwards, height=event.height)
        case log_asks.NextAsked():
            view.search_next(event.height, reverse=event.reverse)
        case log_asks.FilterAsked():
            view.add_filter(event.text) if event.text else view.clear_filter()
        case log_asks.JumpAsked():
            view.hand.jump(event.text, event.height)
        case _:
            pass


def asked(screen: RoomScreen, event: log_asks.Request) -> None:
    """Everything that pane 2 asks for."""
    desk = screen.log_desk
    if desk is None:
        return
    answer = desk.answer(event)
    if isinstance(answer, str):
        screen.say(answer)
    elif isinstance(answer, Stop):
        screen.do(screen.conductor.stop(answer.run, answer.how))
    elif answer is not None:
        screen.do(saving.take(screen, answer))
    screen.show_log()
