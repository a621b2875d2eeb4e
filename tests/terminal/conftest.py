"""A drill in a real tmux: the real program, a real remote, a real service."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runbook.drill.drill import attach
from tests.terminal.tmux import Tmux

WARROOM = Path(sys.executable).with_name("warroom")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say plainly what is missing, instead of failing on it."""
    if shutil.which("tmux") is None:
        skip = pytest.mark.skip(reason="tmux is not installed (apt-get install tmux)")
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(skip)


class DrillRoom:
    """One drill with its room in a tmux; knows the remote and the record."""

    def __init__(
        self, folder: Path, scenario: str, *, size: tuple[int, int], seed: int, extra: str, path: Path | None
    ) -> None:
        self.home = folder / "home"
        self.drill = folder / "drill"
        self.env = {"WARROOM_HOME": str(self.home), "HOME": str(folder), "GIT_CONFIG_GLOBAL": os.devnull}
        if path is not None:
            self.env["PATH"] = f"{path}:{os.environ['PATH']}"
        self.command = f"{WARROOM} drill {scenario} --seed {seed} --dir {self.drill} {extra}".strip()
        self.tmux = Tmux(self.command, size=size, cwd=folder, env=self.env)

    # ── the practice production ───────────────────────────────────────────────────────────────────

    def git(self, *args: str) -> str:
        """Ask the bare remote."""
        remote = str(self.drill / "remote.git")
        return subprocess.run(
            ["git", "-C", remote, *args], capture_output=True, text=True, check=True, timeout=20
        ).stdout.strip()

    def working_copy(self) -> str:
        """A digest of every byte of the engineer's own copy, its index and refs included."""
        digest = hashlib.sha256()
        root = self.drill / "shop-web"
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    # ── the record ────────────────────────────────────────────────────────────────────────────────

    def warroom(self, *args: str) -> str:
        done = subprocess.run(
            [str(WARROOM), *args],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **self.env},
            timeout=60,
        )
        return done.stdout

    def incident(self) -> str:
        return str(json.loads(self.warroom("incidents", "--json").splitlines()[0])["id"])

    def timeline(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.warroom("timeline", self.incident(), "--json").splitlines()]

    def pid(self) -> int:
        """The room's own process."""
        shell = self.tmux.pane_pid()
        found = subprocess.run(["pgrep", "-P", str(shell)], capture_output=True, text=True, check=False).stdout.split()
        return int(found[0]) if found else 0

    def close(self) -> None:
        self.tmux.close()
        if found := attach(self.drill):
            found.stop()


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Callable[..., DrillRoom]]:
    """Opens drills; ends every one of them afterwards."""
    opened: list[DrillRoom] = []

    def start(
        scenario: str, *, size: tuple[int, int] = (160, 45), seed: int = 3, extra: str = "", path: Path | None = None
    ) -> DrillRoom:
        """`path` goes before PATH: programs that stand in front of the real ones."""
        room = DrillRoom(tmp_path, scenario, size=size, seed=seed, extra=extra, path=path)
        opened.append(room)
        return room

    yield start
    for room in opened:
        room.close()
