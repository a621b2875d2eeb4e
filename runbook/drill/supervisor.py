"""The one process that the whole practice production hangs on: deployments, cache, customers.

It runs in a session of its own, so that a drill outlives the room and can be found again. It ends
when it is told to (SIGTERM), when no room has touched `alive` for a while, or after the hard limit.
Everything it started hangs on a pipe from it and ends with it, however it dies.
Run by its path; standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbook.drill.deployer import Environment
    from runbook.drill.hosted import Production
    from runbook.drill.postgres import Database

ROOT = Path(__file__).resolve().parents[2]
PULSE = 0.2
LOG_LIMIT = 32 * 2**20


class Supervisor:
    """A running practice production."""

    def __init__(self, options: argparse.Namespace) -> None:
        # Run by its path and without site-packages: main() has just made the package findable.
        from runbook.drill.cache import CacheServer, reserved_port  # noqa: PLC0415

        self.options = options
        self.folder: Path = options.folder
        self.ended = threading.Event()
        self.cache = CacheServer()
        self.nobody = reserved_port()
        self.front = listener() if options.scenario == "cdn" else None
        """Where customers come in, when that is not the shop itself."""
        self.environments: list[Environment] = []
        self.database = self._database()
        self.edge: subprocess.Popen[bytes] | None = None
        self.load: subprocess.Popen[bytes] | None = None
        self.hosted: Production | None = None

    def _database(self) -> Database | None:
        """On PostgreSQL, in a drill that asked for it: there before the shop is, and gone after it."""
        from runbook.drill import postgres  # noqa: PLC0415

        return postgres.Database(self.folder) if postgres.read(self.folder) is not None else None

    def _make_databases(self, database: Database) -> None:
        from runbook.drill import postgres  # noqa: PLC0415
        from runbook.drill.database import migrations  # noqa: PLC0415

        server = postgres.read(self.folder)
        given = server is not None and not server.own
        progress("making PostgreSQL's databases, and migrating them" if given else "making a PostgreSQL server")
        scripts = migrations(self.folder / "shop-web")
        assert scripts is not None  # nobody has checked out another release yet
        database.begin(scripts.up)

    def _where(self, name: str) -> dict[str, str]:
        """Where an environment's database is, in a drill that has one."""
        from runbook.drill import postgres  # noqa: PLC0415

        path = self.folder / "database" / f"{name}.db"
        return {"SHOP_DATABASE": str(path)} if path.exists() else postgres.service(self.folder, name)

    def _make_environments(self) -> None:
        """After the databases, whose addresses they get."""
        from runbook.drill.deployer import Environment  # noqa: PLC0415

        services = {
            "CACHE_URL": self.cache.url,
            "CACHE_CLUSTER_URL": f"redis://127.0.0.1:{self.nobody.getsockname()[1]}",
        }
        for name, branch in (("production", "production"), ("staging", "main")):
            variables = services | self._where(name)
            self.environments.append(Environment(name, branch, self.folder, listener(), variables, self.options.build))
        if self.options.scenario == "cloud":
            from runbook.drill.hosted import Production  # noqa: PLC0415

            self.hosted = Production(self.environments[0])

    def run(self) -> None:
        """Begins, watches until it is time, and ends whatever had begun, however far that was."""
        try:
            self._begin()
            self._watch()
        finally:
            self.end()

    def _begin(self) -> None:
        if self.database is not None:
            self._make_databases(self.database)
        self._make_environments()
        threading.Thread(target=self.cache.serve_forever, kwargs={"poll_interval": 1}, daemon=True).start()
        progress("deploying production and staging")
        self._first_deploys()
        self._start_edge()
        progress("letting the customers in")
        self._start_load()
        for environment in self.environments:
            threading.Thread(target=environment.follow, args=(self.ended.is_set,), daemon=True).start()
        self._write_facts()
        progress("ready")
        stop_talking()

    def _first_deploys(self) -> None:
        threads = [threading.Thread(target=environment.begin, daemon=True) for environment in self.environments]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if any(environment.live is None for environment in self.environments):
            raise RuntimeError("a version could not be deployed; deploy.log says why")

    def _start_edge(self) -> None:
        if self.front is None:
            return
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("edge.py"))]
        command += ["--origin", url(self.environments[0].listener), "--fd", str(self.front.fileno())]
        self.edge = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=(self.front.fileno(),)
        )

    def _addresses(self) -> tuple[str, str]:
        """Of production and staging, as customers know them."""
        production, staging = self.environments
        return url(self.front or production.listener), url(staging.listener)

    def _start_load(self) -> None:
        rates = (self.options.rate, self.options.staging_rate)
        targets = [f"{address}={rate}" for address, rate in zip(self._addresses(), rates, strict=True)]
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("load.py"))]
        self.load = subprocess.Popen(
            [*command, "--seed", str(self.options.seed), *targets], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )

    def _write_facts(self) -> None:
        production, staging = self._addresses()
        facts = {
            "format": 1,
            "pid": os.getpid(),
            "started": time.time(),
            "scenario": self.options.scenario,
            "seed": self.options.seed,
            "production_url": production,
            "staging_url": staging,
            "environment": self._environment(),
        }
        unfinished = self.folder / "drill.json.part"
        unfinished.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(self.folder / "drill.json")

    def _environment(self) -> dict[str, str]:
        """Variables that a method's commands need."""
        from runbook.drill import postgres  # noqa: PLC0415

        return self.hosted.begin() if self.hosted else postgres.environment(self.folder)

    def _watch(self) -> None:
        """Returns when it is time to end. Counts in monotonic time, which stands still while a laptop sleeps."""
        started = touched = time.monotonic()
        last = 0.0
        while not self.ended.wait(PULSE):
            now = time.monotonic()
            pulse = modified(self.folder / "alive")
            if pulse != last:
                last, touched = pulse, now
            if now - touched > self.options.idle_limit or now - started > self.options.hard_limit:
                return
            if not self.folder.is_dir():  # thrown away: no room finds it any more
                return
            if self.load is not None and self.load.poll() is not None:
                self._start_load()
            if self.edge is not None and self.edge.poll() is not None:
                self._start_edge()
            for environment in self.environments:
                environment.rotate(LOG_LIMIT)

    def end(self) -> None:
        self.ended.set()
        try:
            self._end_processes()
        finally:
            if self.database is not None:
                self.database.end()

    def _end_processes(self) -> None:
        for process in (self.load, self.edge):
            if process is not None:
                process.kill()
                process.wait()
        if self.hosted is not None:
            self.hosted.end()
        for environment in self.environments:
            environment.end()


def listener() -> socket.socket:
    """A listening socket on a free port."""
    return socket.create_server(("127.0.0.1", 0), backlog=256)


def url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0  # nobody has touched it yet, or the folder is gone


def progress(line: str) -> None:
    """A line to whoever started the drill. Raises OSError when they have gone: nobody knows of it then."""
    os.write(1, line.encode() + b"\n")


def stop_talking() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the practice production of a drill.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--lock", type=int, required=True, help="the folder's lock, held; it is let go of at the end")
    parser.add_argument("--scenario", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--build", type=float, default=2.5, help="seconds that a build takes")
    parser.add_argument("--rate", type=float, default=40, help="requests a second at production")
    parser.add_argument("--staging-rate", type=float, default=3)
    parser.add_argument("--idle-limit", type=float, default=600, help="seconds without a room")
    parser.add_argument("--hard-limit", type=float, default=7200, help="seconds")
    options = parser.parse_args()
    if os.fork():
        os._exit(0)  # the child belongs to nobody: no room has to wait for it
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(options.lock, False)  # it says that this process lives, not that what it started does
    sys.path.insert(0, str(ROOT))
    from runbook.drill.postgres import PostgresError  # noqa: PLC0415

    try:
        supervisor = Supervisor(options)
        signal.signal(signal.SIGTERM, lambda *_: supervisor.ended.set())
        supervisor.run()
    except PostgresError as trouble:
        sys.stderr.write(f"{trouble}\n")
    except Exception:  # whatever it was: these last words, in a file, are all that a person will have
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(0)  # the threads hang on nothing that is worth waiting for


if __name__ == "__main__":
    main()
