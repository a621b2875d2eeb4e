"""The runbook's logs, opened: files are followed, commands are run and what they say is kept and followed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runbook.conductor import Conductor
from runbook.logs.spooled import Order, SpoolFollower, Spooling, shell
from runbook.logs.view import LogView
from runbook.model import LogSource, Param
from runbook.steps import session, values

SPOOL = "spool"
"""Where in the incident's folder the logs' commands are kept."""


class Feed:
    """One log of the runbook. Opened as soon as its values are known and, for a command, the runbook is trusted."""

    def __init__(self, source: LogSource, conductor: Conductor) -> None:
        self.source = source
        self.name = source.title or (Path(source.path).name if source.path else source.run)
        self.waits = ""
        """Why it is not opened yet."""
        self._conductor = conductor
        self._spooling: Spooling | None = None

    def open(self, changed: Callable[[], None], *, trusted: bool) -> LogView | None:
        """Its view, not started yet; None while it cannot be opened, and `waits` says why."""
        known, runbook = self._conductor.known_values(), self._conductor.runbook
        text = self.source.run or self.source.path
        if unset := values.missing(text, known, {param.id for param in runbook.params}):
            self.waits = f"waits for a value: {unset[0]}"
            return None
        if self.source.path:
            return LogView(Path(self._conductor.carrier.fill_plain(text, known)).expanduser(), self.name)
        if not trusted:
            self.waits = "not run before the runbook is trusted"
            return None
        try:
            order = self._order(text, known, runbook.params)
        except values.ValueRefused as refused:
            self.waits = f"{refused.param} cannot stand in its command"
            return None
        folder = self._conductor.folder / SPOOL / self.source.id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._spooling = Spooling(folder, order, changed)
        return LogView(folder, self.name, follower=SpoolFollower(folder))

    async def start(self) -> None:
        """Runs the command, if it is one. Raises OSError."""
        if self._spooling is not None:
            await self._spooling.start()

    def standing(self) -> str:
        """How its command stands; empty for a file."""
        return self._spooling.words() if self._spooling else self.waits

    @property
    def counting(self) -> bool:
        """Whether its standing says other words each second."""
        return bool(self._spooling and self._spooling.standing.again)

    def close(self) -> None:
        if self._spooling:
            self._spooling.close()

    def _order(self, text: str, known: dict[str, str], params: tuple[Param, ...]) -> Order:
        carrier = self._conductor.carrier
        return Order(
            argv=tuple(shell(values.fill(text, known, params))),
            cwd=str(carrier.repository or carrier.folder),
            env=session.environment(carrier.environ, session.names_in(text), {}),
        )


def feeds(conductor: Conductor) -> tuple[Feed, ...]:
    """A feed for every log of the runbook."""
    return tuple(Feed(source, conductor) for source in conductor.runbook.logs)
