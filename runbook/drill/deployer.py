"""Deployment in the practice world: what a branch of the bare remote points at is what is served.

An environment follows one branch. When the branch moves, the commit's tree is exported, built (each
file is compiled), started as a new process beside the old one, and takes over the listening socket;
the old process finishes what it has under way. The port stays the same and refuses no connection.
Standard library only: the supervisor runs without site-packages.
"""

from __future__ import annotations

import io
import os
import selectors
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOAD_LIMIT = 15.0
POLL = 0.3
KEPT = 12
"""So many exported trees are kept in the deploys folder."""


class DeployFailed(Exception):
    """A commit could not be deployed; what is live stays live."""


class Version:
    """A running process of the service."""

    def __init__(self, commit: str, process: subprocess.Popen[bytes]) -> None:
        self.commit = commit
        self.process = process

    def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(word.encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            return  # it has ended; `alive` says so

    def wait_for(self, word: str, limit: float) -> bool:
        """Whether the process says the word in time."""
        assert self.process.stdout is not None
        said = b""
        deadline = time.monotonic() + limit
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while selector.select(max(0.0, deadline - time.monotonic())):
                piece = os.read(self.process.stdout.fileno(), 4096)
                said += piece
                if word.encode() in said.split():
                    return True
                if not piece:
                    break
        return False

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Kills it, and waits."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Environment:
    """Staging or production: a branch, a listening socket, a log, and the version that is live."""

    def __init__(
        self, name: str, branch: str, folder: Path, listener: socket.socket, services: dict[str, str], build: float
    ) -> None:
        self.name = name
        self.branch = branch
        self.folder = folder
        self.remote = folder / "remote.git"
        self.listener = listener
        self.services = services
        self.build = build
        self.log = folder / "logs" / f"{name}.log"
        self.live: Version | None = None
        self.old: list[Version] = []
        self.seen = ""
        self.lock = threading.Lock()
        self.pushed: Callable[[str], None] = lambda commit: self.deploy(commit, self.build)
        """What a new commit on the branch leads to."""

    def begin(self) -> None:
        """The first deployment: what the branch holds, at once."""
        self.seen = branch_head(self.remote, self.branch)
        self.deploy(self.seen, 0)

    # ── following the branch ──────────────────────────────────────────────────────────────────────

    def look(self) -> None:
        """Deploys when the branch has moved; restarts the live version when it has died."""
        self._reap()
        commit = branch_head(self.remote, self.branch)
        if not commit:
            return
        if commit != self.seen:
            self.pushed(commit)
            self.seen = commit  # not before: what a full disk stopped is tried again at the next look
        elif self.live is not None and not self.live.alive:
            self.say(f"{self.name}: {self.live.commit[:7]} ended unexpectedly, starting it again")
            self.deploy(self.live.commit, 0)

    def deploy(self, commit: str, build: float) -> None:
        """Makes the commit live, or says in the logs why not."""
        started = time.monotonic()
        self.say(f"{self.name}: building {commit[:7]} ({self.branch})")
        try:
            tree = self._export(commit)
            version = tree_version(tree)
            self._compile(tree)
            time.sleep(max(0.0, build - (time.monotonic() - started)))
            fresh = self._start(commit, version, tree)
        except (DeployFailed, OSError, subprocess.SubprocessError, tarfile.TarError) as error:
            self.say(f"{self.name}: deploy of {commit[:7]} failed: {error}", level="ERROR")
            return
        self._switch(fresh)
        self.say(f"deployed {commit[:7]} to {self.name} ({version}, {time.monotonic() - started:.1f}s)")

    def _export(self, commit: str) -> Path:
        tree = self.folder / "deploys" / f"{self.name}-{commit[:12]}"
        if tree.is_dir():
            return tree
        archive = subprocess.run(
            ["git", "archive", "--format=tar", commit], cwd=self.remote, capture_output=True, check=False, timeout=30
        )
        if archive.returncode != 0:
            raise DeployFailed(archive.stderr.decode(errors="replace").strip())
        unfinished = tree.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            # The filter came with 3.11.4; before it, the archive is still one that git made from a tree.
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
            tar.extractall(unfinished)  # noqa: S202
        unfinished.rename(tree)
        return tree

    def _compile(self, tree: Path) -> None:
        """The build: a file that Python cannot read (conflict marks, for one) never goes live."""
        for path in sorted((tree / "app").rglob("*.py")):
            try:
                compile(path.read_bytes(), str(path.relative_to(tree)), "exec")
            except (SyntaxError, ValueError) as error:
                raise DeployFailed(f"the build stopped: {error}") from error

    def _start(self, commit: str, version: str, tree: Path) -> Version:
        command = [sys.executable, "-I", "-S", str(HERE / "service.py"), "--environment", self.name]
        command += ["--code", str(tree), "--commit", commit, "--version", version]
        command += ["--log", str(self.log), "--fd", str(self.listener.fileno())]
        with (self.folder / "logs" / "service.err").open("ab") as errors:
            process = subprocess.Popen(
                command,
                cwd=tree,
                env={**os.environ, **self.services, "SHOP_ENVIRONMENT": self.name},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=(self.listener.fileno(),),
            )
        fresh = Version(commit, process)
        if not fresh.wait_for("loaded", LOAD_LIMIT):
            fresh.end()
            raise DeployFailed("the new version did not start; logs/service.err has its last words")
        return fresh

    def _switch(self, fresh: Version) -> None:
        with self.lock:
            before, self.live = self.live, fresh
            if before is not None:
                before.tell("drain")
                before.wait_for("drained", 1.0)
                self.old.append(before)
            fresh.tell("serve")

    def _reap(self) -> None:
        for version in [each for each in self.old if not each.alive]:
            version.end()
            self.old.remove(version)

    # ── telling, rotating, ending ─────────────────────────────────────────────────────────────────

    def say(self, text: str, level: str = "INFO") -> None:
        """A line in the deploy log and in the environment's own log."""
        now = time.time()
        stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1000):03d}Z"
        line = f"{stamp} {level:<5} deploy  {text}\n".encode(errors="backslashreplace")
        for path in (self.folder / "logs" / "deploy.log", self.log):
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(descriptor, line)
            os.close(descriptor)

    def rotate(self, limit: int) -> None:
        """Sets a log of more than `limit` bytes aside, keeping one old one."""
        if self.log.exists() and self.log.stat().st_size > limit:
            self.log.replace(self.log.with_name(self.log.name + ".1"))
            with self.lock:
                for version in [*self.old, *([self.live] if self.live else [])]:
                    version.tell("reopen")

    def end(self) -> None:
        with self.lock:
            for version in [*self.old, *([self.live] if self.live else [])]:
                version.end()
            self.old, self.live = [], None
        self.listener.close()

    def prune(self) -> None:
        """Removes the oldest exported trees, never the live one."""
        trees = sorted((self.folder / "deploys").glob(f"{self.name}-*"), key=lambda path: path.stat().st_mtime)
        live = self.live.commit[:12] if self.live else ""
        for tree in [tree for tree in trees if not tree.name.endswith(live)][: max(0, len(trees) - KEPT)]:
            shutil.rmtree(tree, ignore_errors=True)

    def follow(self, ended: Callable[[], bool]) -> None:
        """Looks at the branch again and again, until told to end."""
        while not ended():
            try:
                self.look()
                self.prune()
            except (OSError, subprocess.SubprocessError) as error:  # a full disk, most likely: it may be mended soon
                sys.stderr.write(f"{self.name}: {error}\n")
            time.sleep(POLL)


def branch_head(remote: Path, branch: str) -> str:
    """The commit that a branch of a bare repository points at, read without a process; empty for none."""
    name = f"refs/heads/{branch}"
    try:
        return (remote / name).read_text(encoding="ascii").strip()
    except OSError:
        pass  # no file of its own: it may be packed, or gone
    try:
        packed = (remote / "packed-refs").read_text(encoding="utf-8")
    except OSError:
        return ""
    return next((line.split()[0] for line in packed.splitlines() if line.endswith(f" {name}")), "")


def tree_version(tree: Path) -> str:
    """The version that a tree says it is."""
    try:
        return "v" + (tree / "VERSION").read_text(encoding="utf-8").strip()
    except OSError:
        return "unknown"
