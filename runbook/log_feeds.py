"""The runbook's logs, opened: files are followed, commands are run and what they say is kept and followed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from runbook.conductor import Conductor
from runbook.logs.clean import clean
from runbook.logs.follow import Follower
from runbook.logs.merge import Origin
from runbook.logs.merging import Heard, Merging
from runbook.logs.scan import Counted
from runbook.logs.spooled import Order, SpoolFollower, Spooling, shell
from runbook.logs.view import LogView
from runbook.model import LogSource, Param, Seconds
from runbook.signal_sources import LogRate
from runbook.steps import session, values

SPOOL = "spool"
"""Where in the incident's folder the logs' commands are kept."""
_SIGNS = frozenset("*?[")


class Feed:
    """One log of the runbook. Ready as soon as its values are known and, for a command, the runbook is trusted."""

    def __init__(self, source: LogSource, conductor: Conductor, piped: int = -1) -> None:
        """`piped` is the descriptor to read from, for what is piped into warroom."""
        self.source = source
        self.name = clean(source.title or (Path(source.path).name if source.path else source.run))
        self._piped = piped
        self.waits = ""
        """Why it is not ready yet."""
        self.origin: Origin | None = None
        """Where its lines come from, once it is ready."""
        self._conductor = conductor
        self._spooling: Spooling | None = None

    @property
    def is_pattern(self) -> bool:
        """Whether it names files, each of them a log of its own."""
        return bool(_SIGNS & set(self.source.path))

    def prepare(self, changed: Callable[[], None], *, trusted: bool) -> bool:
        """Whether it is ready now; while it is not, `waits` says why."""
        known, runbook = self._conductor.known_values(), self._conductor.runbook
        name, text = self.source.id, self.source.run or self.source.path
        if unset := values.missing(text, known, {param.id for param in runbook.params}):
            self.waits = f"waits for a value: {unset[0]}"
        elif self._piped >= 0:
            self._keep(f"{name}-{os.getpid()}", Order(fd=self._piped, env={"PATH": os.defpath}), changed)
        elif self.source.path:
            path = str(Path(self._conductor.carrier.fill_plain(text, known)).expanduser().absolute())
            self.origin = Origin(name, pattern=path) if self.is_pattern else Origin(name, path)
        elif not trusted:
            self.waits = "not run before the runbook is trusted"
        else:
            self._order_command(text, known, runbook.params, changed)
        if self.origin:
            self.waits = ""
        return self.origin is not None

    def _order_command(
        self, text: str, known: dict[str, str], params: tuple[Param, ...], changed: Callable[[], None]
    ) -> None:
        carrier = self._conductor.carrier
        try:
            filled = values.fill(text, known, params)
        except values.ValueRefused as refused:
            self.waits = f"{refused.param} cannot stand in its command"
            return
        order = Order(
            argv=tuple(shell(filled)),
            cwd=str(carrier.here or carrier.folder),
            env=session.environment(carrier.environ, session.names_in(text), {}),
        )
        self._keep(self.source.id, order, changed)

    def _keep(self, place: str, order: Order, changed: Callable[[], None]) -> None:
        folder = self._conductor.folder / SPOOL / place
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._spooling = Spooling(folder, order, changed)
        self.origin = Origin(self.source.id, spool=str(folder))

    def view(self) -> LogView:
        """A view of it alone, not started yet; it must be ready."""
        assert self.origin
        view = self._spooled(Path(self.origin.spool)) if self.origin.spool else self._file(self.origin.path)
        view.secrets = self._conductor.carrier.secrets
        # the room's own time: what is played back is not quiet for having been recorded long ago
        view.hand.wall = lambda: self._conductor.clock().timestamp()
        return view

    def _spooled(self, folder: Path) -> LogView:
        view = LogView(folder, self.name, follower=SpoolFollower(folder))
        view.counting.retells = True
        return view

    def _file(self, path: str) -> LogView:
        follower = Follower(path)
        follower.scratch = self._conductor.folder / SPOOL
        follower.scratch.mkdir(mode=0o700, exist_ok=True)
        return LogView(path, self.name, follower=follower, counted=self._counted())

    def _counted(self) -> Counted | None:
        """What the runbook's signal counts that reads the same file, so that both tell the same."""
        for signal in self._conductor.runbook.signals:
            if isinstance(signal.source, LogRate) and signal.source.file == self.source.path:
                return Counted(clean(signal.title), signal.source.match)
        return None

    async def start(self) -> None:
        """Runs the command, if it is one. Raises OSError."""
        if self._spooling is not None:
            await self._spooling.start()
        if self._piped >= 0:
            os.close(self._piped)  # its writer is to notice when the spooler ends

    def standing(self) -> str:
        """How its command stands; empty for a file."""
        return self._spooling.words() if self._spooling else self.waits

    @property
    def is_down(self) -> bool:
        """Whether it is a command that does not run now."""
        return self._spooling is not None and not self._spooling.standing.is_up

    def close(self) -> None:
        if self._spooling:
            self._spooling.close()


class Together:
    """All logs as one, in the order of their times, with what each of them is doing."""

    def __init__(
        self, conductor: Conductor, changed: Callable[[], None], names: Iterable[str], *, retells: bool = False
    ) -> None:
        """`names` are those of the runbook's logs, also of those that are not ready yet: no file takes one of them.

        `retells`: a command is among them, which begins with what was before.
        """
        self._conductor, self._retells = conductor, retells
        self._view: LogView | None = None
        self._merging = Merging(conductor.folder / SPOOL / "together", changed, self._caught_up)
        for name in names:
            self._merging.add(Origin(name))
        (conductor.folder / SPOOL).mkdir(mode=0o700, exist_ok=True)
        self.start = self._merging.start
        self.add = self._merging.add
        self.close = self._merging.close

    def view(self) -> LogView:
        folder = self._merging.folder
        self._view = LogView(folder, "all logs", follower=SpoolFollower(folder))
        self._view.written, self._view.counting.retells = self._written, self._retells
        self._view.secrets = self._conductor.carrier.secrets
        return self._view

    def _caught_up(self) -> None:
        """What the logs held before the room was opened is no news, however late it was merged."""
        if self._view is not None and not self._view.finder.filter:  # a filter needs each line that comes
            self._view.begin()

    def _written(self) -> float | None:
        """When the last of them was written to, where all of them are quiet."""
        known = [heard.quiet_since for heard in self._merging.states.values() if heard.quiet_since is not None]
        return max(known) if known and all(known) else None

    def quiet(self) -> dict[str, Seconds]:
        """Those to which nothing comes, and for how long."""
        now = self._conductor.clock().timestamp()
        return {name: now - heard.quiet_since for name, heard in self._merging.states.items() if heard.quiet_since}

    @property
    def names(self) -> tuple[str, ...]:
        """The short names that the lines begin with."""
        return tuple(heard.short for heard in self._merging.states.values())

    def found(self) -> tuple[Feed, ...]:
        """A feed for each file that a pattern named."""
        ready = []
        for name, heard in self._merging.states.items():
            feed = Feed(LogSource(id=name, path=heard.path), self._conductor)
            feed.origin = Origin(name, heard.path)
            ready.append(feed)
        return tuple(ready)

    def state(self, name: str) -> str:
        """How a file stands: `missing`, `rotated`, `following`; empty while that is not known."""
        return self._merging.states.get(name, Heard()).state

    @property
    def trouble(self) -> str:
        return self._merging.trouble


def feeds(conductor: Conductor, piped: int = -1) -> tuple[Feed, ...]:
    """A feed for what is piped in, and one for every log of the runbook."""
    declared = tuple(Feed(source, conductor) for source in conductor.runbook.logs)
    if piped < 0:
        return declared
    taken = {feed.source.id for feed in declared}
    name = next(name for name in ("stdin", "piped-in", "_stdin") if name not in taken)
    return (Feed(LogSource(id=name, title="standard input"), conductor, piped), *declared)
