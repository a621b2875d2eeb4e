"""What pane 2 can look at: the runbook's own logs, and the output of every command that follows something."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from runbook.conductor import Conductor
from runbook.incident.state import Run
from runbook.log_feeds import Feed
from runbook.logs.clean import clean
from runbook.logs.view import LogView
from runbook.logs.window import LogWindow
from runbook.model import Record
from tui import saving
from widgets.log_pane import LogText
from widgets.log_rule import LogSource

if TYPE_CHECKING:
    from tui.room_screen import RoomScreen


class Stop(Record, frozen=True):
    """A stop that a person asked for: which run, and how."""

    run: str
    how: LogText.Grade


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
        self.shown = next(iter(self._feeds), "")
        self._open_feeds()

    def _add(self, name: str, view: LogView) -> None:
        self._views[name] = view
        view.changed = lambda: self._changed(name)
        view.start()

    def _changed(self, name: str) -> None:
        if self.shown == name:
            self._moved()

    def _open_feeds(self) -> None:
        """Opens what can be opened by now: a value was set, the runbook is trusted."""
        for name, feed in self._feeds.items():
            if name not in self._views:
                view = feed.open(partial(self._changed, name), trusted=self._trusted())
                if view is not None:
                    self._add(name, view)
                    self._do(feed.start())

    @property
    def view(self) -> LogView | None:
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

    def look(self) -> bool:
        """Takes in the follows that began and lets go of those that ended unseen; True when it is to be painted."""
        before = self.shown
        self._open_feeds()
        running = [run for run in self._conductor.state.unsettled if run.mode == "follow" and run.state == "running"]
        for run in running:
            if run.id not in self._views:
                name = run.text.strip().splitlines()[0]
                self._add(run.id, LogView(self._conductor.carrier.run_folder(run.id) / "out.log", name))
                self.shown = run.id
        for name in set(self._views) - {*self._feeds, self.shown} - {run.id for run in running}:
            self._views.pop(name).close()
        feed = self._feeds.get(self.shown)
        return self.shown != before or bool(feed and (feed.counting or feed.waits))

    def _names(self) -> list[str]:
        """What there is to look at, the runbook's own first."""
        return list(dict.fromkeys((*self._feeds, *self._views))) or [""]

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
        if run is None:
            feed = self._feeds.get(self.shown)
            return LogSource(stands=feed.standing() if feed else "", other=other)
        if run.state != "running":
            how = f"exit {run.exit}" if run.exit is not None else run.state
            return LogSource(follows=f"ended, {how}", other=other)
        stop = {"": "x stops", "interrupt": "interrupted, X terminates"}.get(run.stop_asked, "K kills")
        return LogSource(follows=f"follows, {stop}", other=other)

    def _title(self, name: str) -> str:
        view = self._views.get(name)
        return view.name if view else self._feeds[name].name if name in self._feeds else "back"

    def stop(self, how: LogText.Grade) -> Stop | str:
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
        return LogWindow(name=clean(feed.name), state="waiting", why=feed.waits) if feed else LogWindow()

    def go_to(self, moment: float, height: int) -> None:
        """To a moment, in seconds since 1970, in the log that is looked at."""
        if self.view is not None:
            self.view.hand.go_to(moment, height)

    def answer(self, event: LogText.Request) -> Stop | Taken | str | None:
        """Does what the reader asks for, or tells whom to stop, what to take, or why not."""
        if isinstance(event, LogText.StopAsked):
            return self.stop(event.how)
        if isinstance(event, LogText.OtherAsked):
            self.next()
        elif self.view is None:
            return None
        elif isinstance(event, LogText.Act):
            return _act(self.view, event)
        else:
            _move(self.view, event)
        return None


def _act(view: LogView, event: LogText.Act) -> Taken | str | None:
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
        case "let_go":
            view.let_go()
    return None


def _move(view: LogView, event: LogText.Request) -> None:
    match event:
        case LogText.Wanted(to="top"):
            view.to_top()
        case LogText.Wanted(to="end"):
            view.to_end()
        case LogText.Wanted() if event.page:
            view.page(event.page, event.height)
        case LogText.Wanted(move=1 | -1):
            view.hand.step(event.move, event.height)
        case LogText.Wanted() if event.move:
            view.move(event.move, event.height)
        case LogText.SearchAsked():
            view.search(event.text, backwards=event.backwards, height=event.height)
        case LogText.NextAsked():
            view.search_next(event.height, reverse=event.reverse)
        case LogText.FilterAsked():
            view.set_filter(event.text)
        case LogText.JumpAsked():
            view.hand.jump(event.text, event.height)
        case _:
            pass


def asked(screen: RoomScreen, event: LogText.Request) -> None:
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
