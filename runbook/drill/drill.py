"""The drill as the room sees it: start a practice production, find it again, end it."""

from __future__ import annotations

import fcntl
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from runbook.drill import database, network, postgres
from runbook.drill.scenarios import Scenario, scenario
from runbook.drill.world import DrillError, World, build
from runbook.model import Record, Seconds

START_LIMIT = 30.0
POSTGRES_LIMIT = 120.0
STOP_LIMIT = 5.0
LOCK_PATIENCE = 2.0
"""Longer than anybody holds the lock who only asks whether it is held."""
DROP_LIMIT = 30.0
"""For a supervisor that has databases to drop: killed before, it would leave them on somebody's server."""
OURS = (
    "remote.git",
    "shop-web",
    "deploys",
    "logs",
    "host",
    "database",
    "runbook.yaml",
    "world.json",
    "alive",
    "drill.json.part",
)
"""What a drill puts into its folder, and what the next one in the same folder removes; its lock stays."""


class Drill(Record, frozen=True):
    """A practice production, running when this was made. It goes on when the room that made it dies."""

    folder: Path
    scenario: Scenario
    seed: int
    world: World
    production_url: str
    staging_url: str
    pid: int
    started: float
    """Unix seconds."""
    environment: dict[str, str] = {}
    """Variables that its commands need to find the practice production: those of a host's program."""

    @property
    def repository(self) -> Path:
        """The engineer's own working copy, with an edit under way in it."""
        return Path(self.world.repository)

    @property
    def remote(self) -> Path:
        """The bare repository that `origin` is; production is what its branch `production` holds."""
        return Path(self.world.remote)

    @property
    def log(self) -> Path:
        return self.folder / "logs" / "production.log"

    @property
    def deploy_log(self) -> Path:
        return self.folder / "logs" / "deploy.log"

    @property
    def values(self) -> dict[str, str]:
        """The values of the shipped runbook's params."""
        return {
            "production_url": self.production_url,
            "staging_url": self.staging_url,
            "production_log": str(self.log),
            **database.values(self.folder),
        }

    @property
    def source(self) -> str:
        """The runbook to go by: the shipped one, unless this practice production needs another method."""
        own = self.folder / database.RUNBOOK
        return str(own) if own.exists() else "book:production-rollback"

    @property
    def on_postgres(self) -> bool:
        """Whether its database is PostgreSQL."""
        return postgres.read(self.folder) is not None

    @property
    def running(self) -> bool:
        """Whether this very one runs; another may have been made in its folder since."""
        found = attach(self.folder)
        return found is not None and found.pid == self.pid

    def keep_alive(self) -> None:
        """Tells the drill that a room is here; to be called every half minute or so."""
        (self.folder / "alive").touch()

    def stop(self) -> None:
        """Ends everything that the drill started and returns when it has ended. The folder stays."""
        patience = DROP_LIMIT if self.on_postgres else STOP_LIMIT
        for number, limit in ((signal.SIGTERM, patience), (signal.SIGKILL, STOP_LIMIT)):
            if not self.running:
                return
            # The lock is held and this process named as its holder: the number is still its own.
            os.kill(self.pid, number)
            wait_until(lambda: not self.running, limit)


def start(
    name: str,
    seed: int,
    folder: Path,
    *,
    postgres_at: str | None = None,
    progress: Callable[[str], None] = lambda line: None,
    build_seconds: Seconds = 2.5,
    rate: float = 40,
    idle_limit: Seconds = 600,
    hard_limit: Seconds = 7200,
) -> Drill:
    """Builds the world in `folder`, deploys it and lets the customers in; blocks for about a second.

    `name` is a scenario's. `postgres_at` is the address of a PostgreSQL server for a scenario with a
    database; empty for a server of the drill's own. An ended drill in the same folder is replaced.
    Safe to call in a thread; `progress` is called there. Raises DrillError, and KeyError for an
    unknown scenario.
    """
    chosen = scenario(name)
    folder = folder.resolve()
    lock = _take(folder)
    try:
        _make_room(folder)
        progress("making the remote and your clone")
        world = build(folder, chosen, seed)
        (folder / "world.json").write_bytes(msgspec.json.encode(world))
        if postgres_at is not None:
            try:
                postgres.ask_for(folder, postgres_at)
            except postgres.PostgresError as trouble:
                raise DrillError(str(trouble)) from trouble
            (folder / database.RUNBOOK).write_text(database.runbook_for_postgres(), encoding="utf-8")
        elif chosen.name == "bad-migration":
            progress("making the database, and migrating it")
            database.make(folder, Path(world.repository))
        if chosen.name == "cdn":
            (folder / network.RUNBOOK).write_text(network.runbook(), encoding="utf-8")
        (folder / "alive").touch()
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("supervisor.py"))]
        command += ["--folder", str(folder), "--lock", str(lock), "--scenario", chosen.name, "--seed", str(seed)]
        command += ["--build", str(build_seconds), "--rate", str(rate)]
        command += ["--idle-limit", str(idle_limit), "--hard-limit", str(hard_limit)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        with (folder / "logs" / "supervisor.err").open("ab") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                cwd=folder,
                pass_fds=(lock,),
            )
    finally:
        os.close(lock)  # the supervisor, if there is one by now, holds it on
    _hear_until_ready(process, folder, progress, START_LIMIT if postgres_at is None else POSTGRES_LIMIT)
    drill = attach(folder)
    if drill is None:
        raise DrillError(f"The practice production ended at once. {folder}/logs/supervisor.err has its last words.")
    return drill


def attach(folder: Path) -> Drill | None:
    """The drill that is running in a folder, if there is one."""
    folder = folder.resolve()
    if not is_running(folder):
        return None
    try:
        facts = json.loads((folder / "drill.json").read_bytes())
        world = msgspec.json.decode((folder / "world.json").read_bytes(), type=World)
        return Drill(
            folder=folder,
            scenario=scenario(facts["scenario"]),
            seed=facts["seed"],
            world=world,
            production_url=facts["production_url"],
            staging_url=facts["staging_url"],
            pid=facts["pid"],
            started=facts["started"],
            environment=facts.get("environment", {}),
        )
    except (OSError, KeyError, ValueError):
        return None  # it is still starting, or was made by a version that wrote something else


def of_incident(folder: Path, opened: datetime | None) -> Drill | None:
    """The running drill on which an incident was opened: one that was made later in the same folder is another."""
    found = attach(folder)
    return found if found is not None and opened is not None and found.started <= opened.timestamp() else None


def default_folder(home: Path, name: str, seed: int, *, on_postgres: bool = False) -> Path:
    return home / "drills" / f"{name}{'-postgres' if on_postgres else ''}-{seed}"


def is_running(folder: Path) -> bool:
    """Whether a supervisor holds the folder's lock: it does from its first moment to its death."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def wait_until(condition: Callable[[], bool], limit: Seconds) -> bool:
    """Whether the condition came true in time; looks 20 times a second."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _take(folder: Path) -> int:
    """The lock of a folder in which a drill may be made, from before anything in it is touched. Raises DrillError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # in this order: a drill that is just being made writes drill.json before anything else
        filled = any(path.name not in ("lock", "drill.json") for path in folder.iterdir())
        if filled and not (folder / "drill.json").is_file():
            raise DrillError(f"{folder} holds something that is no drill. Choose an empty folder.")
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DrillError(f"The drill cannot write into {folder}: {error.strerror}.") from error
    if not wait_until(lambda: _is_mine(lock), LOCK_PATIENCE):
        os.close(lock)
        raise DrillError(f"A drill is running in {folder} already. Go back into it, or stop it first.")
    return lock


def _is_mine(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make_room(folder: Path) -> None:
    """Removes an ended drill from its folder, and marks that as a drill's."""
    try:
        # first: what stands there tells of a process that is gone
        (folder / "drill.json").write_text('{"format": 1}\n', encoding="utf-8")
        postgres.clear(folder)
        for name in OURS:
            path = folder / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for needed in (folder, folder / "logs", folder / "deploys"):
            needed.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DrillError(f"The drill cannot write into {folder}: {error.strerror}.") from error


def _hear_until_ready(
    process: subprocess.Popen[bytes], folder: Path, progress: Callable[[str], None], limit: Seconds
) -> None:
    """Passes on what the supervisor says until it is ready. Raises DrillError when it falls silent."""
    assert process.stdout is not None
    heard = b""
    deadline = time.monotonic() + limit
    with process.stdout as pipe, selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            piece = os.read(pipe.fileno(), 4096)
            if not piece:
                break
            *lines, heard = (heard + piece).split(b"\n")
            for line in lines:
                if line == b"ready":
                    process.wait()
                    return
                progress(line.decode())
    process.wait()
    words = (folder / "logs" / "supervisor.err").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise DrillError(
        f"The practice production did not start{': ' + words[-1] if words else ''}. Its logs are in {folder}/logs."
    )
