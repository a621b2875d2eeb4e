"""What pane 2 can look at: the runbook's own log, and the output of every command that follows something."""

from __future__ import annotations

from collections.abc import Callable

from runbook.conductor import Conductor
from runbook.incident.state import Run
from runbook.logs.view import LogView
from runbook.logs.window import LogWindow
from runbook.model import Record
from widgets.log_pane import LogText
from widgets.log_rule import LogSource

OWN = ""
"""The name of the runbook's own log among the sources."""


class Stop(Record, frozen=True):
    """A stop that a person asked for: which run, and how."""

    run: str
    how: LogText.Grade


class LogDesk:
    """The sources, and which of them is looked at. A new follow is shown at once; the way back is `l`."""

    def __init__(self, own: LogView | None, conductor: Conductor, moved: Callable[[], None]) -> None:
        self._conductor, self._moved = conductor, moved
        self._views: dict[str, LogView] = {}
        self.shown = OWN
        if own is not None:
            self._add(OWN, own)

    def _add(self, name: str, view: LogView) -> None:
        self._views[name] = view
        view.changed = lambda: self._moved() if self.shown == name else None
        view.start()

    @property
    def view(self) -> LogView | None:
        return self._views.get(self.shown)

    @property
    def run(self) -> Run | None:
        """The run whose output is looked at; None for the runbook's own log."""
        return self._conductor.state.runs.get(self.shown)

    def close(self) -> None:
        for view in self._views.values():
            view.close()

    def look(self) -> bool:
        """Takes in the follows that began and lets go of those that ended unseen; True when another one is shown."""
        before = self.shown
        running = [run for run in self._conductor.state.unsettled if run.mode == "follow" and run.state == "running"]
        for run in running:
            if run.id not in self._views:
                name = run.text.strip().splitlines()[0]
                self._add(run.id, LogView(self._conductor.carrier.run_folder(run.id) / "out.log", name))
                self.shown = run.id
        for name in set(self._views) - {OWN, self.shown} - {run.id for run in running}:
            self._views.pop(name).close()
        return self.shown != before

    def next(self) -> None:
        """On to the next source, in a circle that begins with the runbook's own."""
        names = list(dict.fromkeys((OWN, *self._views)))
        self.shown = names[(names.index(self.shown) + 1) % len(names)]
        self.look()

    def source(self) -> LogSource:
        """What the pane's rule says beside the name."""
        run = self.run
        names = list(dict.fromkeys((OWN, *self._views)))
        after = names[(names.index(self.shown) + 1) % len(names)]
        own = self._views.get(OWN)
        if len(names) == 1:
            other = ""
        elif after == OWN:
            other = own.name if own else "back"
        else:
            other = self._views[after].name
        if run is None:
            return LogSource(other=other)
        if run.state != "running":
            how = f"exit {run.exit}" if run.exit is not None else run.state
            return LogSource(follows=f"ended, {how}", other=other)
        stop = {"": "x stops", "interrupt": "interrupted, X terminates"}.get(run.stop_asked, "K kills")
        return LogSource(follows=f"follows, {stop}", other=other)

    def stop(self, how: LogText.Grade) -> Stop | str:
        """The stop that a key asks for, or why there is none."""
        run = self.run
        if run is None:
            return "This is the runbook's own log: nothing of yours runs here."
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
        return self.view.window(height) if self.view is not None else LogWindow()

    def answer(self, event: LogText.Request) -> Stop | str | None:
        """Does what the reader asks for, or tells whom to stop, or why not."""
        if isinstance(event, LogText.StopAsked):
            return self.stop(event.how)
        if isinstance(event, LogText.OtherAsked):
            self.next()
        elif self.view is not None:
            _move(self.view, event)
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
            view.step(event.move, event.height)
        case LogText.Wanted() if event.move:
            view.move(event.move, event.height)
        case LogText.SearchAsked():
            view.search(event.text, backwards=event.backwards, height=event.height)
        case LogText.NextAsked():
            view.search_next(event.height, reverse=event.reverse)
        case LogText.FilterAsked():
            view.set_filter(event.text)
        case LogText.Act(what="open"):
            view.open(event.height)
        case LogText.Act(what="traces"):
            view.open_traces(event.height)
        case LogText.Act(what="written"):
            view.as_written = not view.as_written
        case _:
            pass
