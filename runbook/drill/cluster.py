"""A PostgreSQL server for one drill: made in a private folder, reached by a socket in it, gone when its owner is.

Its owner holds the other end of standard input; when that closes, however the owner died, the server ends and the
folder is removed. A server never runs as root: then it is the system's user for it, or nobody.
Run by its path; standard library only:

    python cluster.py --programs /usr/lib/postgresql/15/bin --user shop
"""

from __future__ import annotations

import argparse
import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

PLACE = "/tmp"  # noqa: S108 (a folder of our own in it, 0700; the path of a socket may have about 100 bytes)
START_LIMIT = 60.0
STOP_LIMIT = 4.0
OPTIONS = ("listen_addresses=", "unix_socket_permissions=0700", "shared_buffers=32MB", "max_connections=40")
HASTE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""The rows are made anew with every drill: nobody needs them after a power failure."""


class Failed(Exception):
    """The server could not be made; in words."""


class Cluster:
    """The server's folder and process."""

    def __init__(self, programs: Path, user: str) -> None:
        self.programs, self.user = programs, user
        owner = unprivileged() if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="warroom-pg-", dir=PLACE))
        self.data, self.log = self.folder / "data", self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self.identity: dict[str, Any] = {}
        if owner is not None:
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self.identity = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(self.programs / words[0]), *words[1:]],
                cwd=self.folder,
                env={"PATH": f"{self.programs}:/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self.identity,
            )

    def start(self) -> None:
        """Returns when the server lets somebody in. Raises Failed."""
        made = ("--pgdata", str(self.data), "--username", self.user, "--auth", "trust", "--encoding", "UTF8")
        self.process = self._start("initdb", *made, "--no-sync")
        if self.process.wait(START_LIMIT) != 0:
            raise Failed(self.last_words())
        options = [word for option in (*OPTIONS, *HASTE) for word in ("-c", option)]
        self.process = self._start("postgres", "-D", str(self.data), "-k", str(self.folder), *options)
        deadline = time.monotonic() + START_LIMIT
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failed(self.last_words())
            time.sleep(0.05)

    def ready(self) -> bool:
        """Whether the server says so, in the last line of its lock file, as `pg_ctl` asks it."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="ascii").split("\n")
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def last_words(self) -> str:
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else "it said nothing"

    def hold(self) -> None:
        """Returns when the owner is gone or the server is."""
        while self.process is not None and self.process.poll() is None:
            if select.select([0], [], [], 0.5)[0] and not os.read(0, 4096):
                return

    def end(self) -> None:
        """Ends the server, faster and faster, and removes what it left."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.process is None or self.process.poll() is not None:
                break
            self.process.send_signal(number)
            try:
                self.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                continue
        shutil.rmtree(self.folder, ignore_errors=True)


def unprivileged() -> pwd.struct_passwd:
    """Who a server of root's runs as."""
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    found = known.get("postgres") or known.get("nobody")
    if found is None:
        raise Failed("a server does not run as root, and there is no user `postgres` or `nobody` here")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a PostgreSQL server until standard input closes.")
    parser.add_argument("--programs", type=Path, required=True, help="the folder with initdb and postgres")
    parser.add_argument("--user", required=True, help="the database user to make")
    options = parser.parse_args()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    cluster = None
    try:
        cluster = Cluster(options.programs, options.user)
        cluster.start()
        tell(f"ready {cluster.folder}")
        cluster.hold()
    except (Failed, OSError, subprocess.TimeoutExpired) as trouble:
        tell(f"failed {trouble}")
    finally:
        if cluster is not None:
            cluster.end()


def tell(line: str) -> None:
    """A line to the owner, who may be gone."""
    with suppress(OSError):
        os.write(1, line.encode() + b"\n")


if __name__ == "__main__":
    main()
