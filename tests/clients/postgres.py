"""A PostgreSQL server of the tests' own: private folder and port, passwords wanted over TCP, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SECRET = "correct-horse-9"


def binaries() -> Path | None:
    """Where the server's programs are; Debian keeps them off PATH."""
    found = shutil.which("pg_ctl")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "pg_ctl").exists() and (place / "initdb").exists()), None)


class Server:
    """A running server; `env` reaches it as its owner."""

    def __init__(self, folder: Path, bin: Path, port: int) -> None:
        self.folder, self.bin, self.port = folder, bin, port
        root = os.geteuid() == 0
        self.owner = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
        self.user = {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []} if root else {}

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LC_ALL": "C",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "owner",
            "PGPASSWORD": SECRET,
        }

    def run(self, *words: str) -> None:
        subprocess.run(
            words, cwd=self.folder, check=True, timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            **self.user,
        )  # type: ignore[call-overload]  # fmt: skip

    def start(self) -> None:
        options = f"-k {self.folder} -h 127.0.0.1 -p {self.port} -F"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self.run(str(self.bin / "pg_ctl"), "-D", data, "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        self.run(str(self.bin / "pg_ctl"), "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")

    def bash(self, text: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            cwd=cwd, env=self.env | more, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip

    def sql(self, text: str, database: str = "postgres") -> str:
        ran = subprocess.run(
            ["psql", "-X", "-w", "-v", "ON_ERROR_STOP=1", "-qAt", "-d", database],
            env=self.env, input=text, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()


@contextmanager
def running() -> Iterator[Server]:
    """A server for as long as it is needed; skips the test where the programs are not here."""
    bin = binaries()
    if bin is None or not shutil.which("psql"):
        pytest.skip("the programs of a PostgreSQL server are not on this machine")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Server(Path(tempfile.mkdtemp(prefix="pg-")), bin, port)
    try:
        server.folder.chmod(0o755)
        os.chown(server.folder, server.owner.pw_uid, server.owner.pw_gid)
        (server.folder / "secret").write_text(SECRET)
        (server.folder / "secret").chmod(0o644)
        data = str(server.folder / "data")
        server.run(
            *(str(bin / "initdb"), "-D", data, "-U", "owner", "-E", "UTF8", "--no-sync"),
            *("--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={server.folder / 'secret'}"),
        )
        server.start()
        yield server
    finally:
        if (server.folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
