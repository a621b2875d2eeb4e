"""The room's side of a merge: starts the process that writes several logs as one text, and hears how each stands."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

import runbook
from runbook.logs.beside import Beside
from runbook.logs.merge import Origin
from runbook.model import Record

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from runbook.logs.merge import main; main()"


class Heard(Record, frozen=True):
    """What the merge tells of one log; `quiet_since` is in seconds since 1970, 0: it is not, None: nobody knows."""

    state: str = ""
    path: str = ""
    quiet_since: float | None = None
    short: str = ""
    """What its lines begin with."""


class Merging:
    """Several logs as one; `states` tells of each by its name, of those that a pattern named too."""

    def __init__(
        self, folder: Path, changed: Callable[[], None] = lambda: None, caught_up: Callable[[], None] = lambda: None
    ) -> None:
        """`caught_up` is called once what the logs held on opening is merged."""
        self.folder = folder.with_name(f"{folder.name}-{os.getpid()}")
        self.changed, self.caught_up = changed, caught_up
        self._is_level = False
        self.states: dict[str, Heard] = {}
        self.trouble = ""
        self._origins: list[Origin] = []
        self._beside = Beside(self._told, self._lost)

    def add(self, origin: Origin) -> None:
        """Another source, also after the start."""
        self._origins.append(origin)
        self._beside.send(msgspec.to_builtins(origin))

    async def start(self) -> None:
        """Raises OSError where no process can be made."""
        sent = tuple(self._origins)
        root = str(Path(runbook.__file__).parents[1])
        argv = (sys.executable, "-I", "-c", _START, root, str(self.folder))
        await self._beside.start(argv, {"PATH": os.defpath}, [msgspec.to_builtins(origin) for origin in sent])
        for origin in self._origins[len(sent) :]:
            self._beside.send(msgspec.to_builtins(origin))

    def _told(self, said: dict[str, Any]) -> None:
        self.states = {name: Heard(*how) for name, how in said["logs"].items()}
        self.trouble = str(said["trouble"])
        if said["caught_up"] and not self._is_level:
            self._is_level = True
            self.caught_up()
        self.changed()

    def _lost(self) -> None:
        self.trouble = "stopped: what merges them was killed; l shows each alone"
        self.changed()

    def close(self) -> None:
        self._beside.close()
