"""Real repositories for tests: a bare remote, the engineer's clone with releases and a bad commit, a clean room."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from runbook.providers.clean_room import CleanRoom, make
from runbook.providers.git import Git


class World:
    """A remote with `main` and `production`, and the engineer's own clone of it.

    Both hold: First page (v1.0.0), Cart (v1.1.0), New checkout flow (v1.2.0, the bad one), Fix header.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.remote = root / "remote.git"
        self.copy = root / "copy"
        home = root / "home"
        home.mkdir()
        self.minute = 0
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_EDITOR": "true",
            "LC_ALL": "C",
        }
        self.git("init", "-q", "--bare", "-b", "main", str(self.remote), cwd=root)
        self.git("init", "-q", "-b", "main", str(self.copy), cwd=root)
        self.git("config", "user.name", "Ana Lima")
        self.git("config", "user.email", "ana@example.com")
        self.git("remote", "add", "origin", str(self.remote))
        self.first = self.commit("First page", page="hello\n", cart="empty\n", checkout="a\nb\nc\n")
        self.git("tag", "-a", "v1.0.0", "-m", "Release 1.0.0")
        self.cart = self.commit("Cart", cart="one\ntwo\n")
        self.git("tag", "-a", "v1.1.0", "-m", "Release 1.1.0")
        self.bad = self.commit("New checkout flow", checkout="a\nBROKEN\nc\n", flow="new\nflow\n")
        self.git("tag", "v1.2.0")
        self.header = self.commit("Fix header", page="hello again\n")
        self.git("branch", "production")
        self.push("main", "production", "--tags")

    def git(self, *args: str, cwd: Path | None = None) -> str:
        """Run git in the engineer's clone (or elsewhere) with a clock that ticks a minute a call."""
        self.minute += 1
        date = f"2026-11-20T{self.minute // 60 % 24:02}:{self.minute % 60:02}:00Z"
        done = subprocess.run(
            ("git", *args),
            cwd=cwd or self.copy,
            env=self.env | {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date},
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, (args, done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "replace").rstrip("\n")

    def fails(self, *args: str, cwd: Path | None = None) -> str:
        """Run a git command that must fail; what it printed."""
        done = subprocess.run(
            ("git", *args),
            cwd=cwd or self.copy,
            env=self.env,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode != 0, args
        return done.stdout.decode() + done.stderr.decode()

    def shell(self, text: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
        """Run a step's text as the room would."""
        argv = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text)
        return subprocess.run(argv, cwd=cwd, env=self.env, capture_output=True, check=False, stdin=subprocess.DEVNULL)

    def commit(self, subject: str, cwd: Path | None = None, **files: str) -> str:
        for name, text in files.items():
            ((cwd or self.copy) / name).write_text(text)
        self.git("add", "-A", cwd=cwd)
        self.git("commit", "-q", "--allow-empty", "-m", subject, cwd=cwd)
        return self.git("rev-parse", "HEAD", cwd=cwd)

    def push(self, *refs: str) -> None:
        self.git("push", "-q", "origin", *refs)

    def on_remote(self, branch: str) -> str:
        return self.git("rev-parse", f"refs/heads/{branch}", cwd=self.remote)

    def colleague_pushes(self, subject: str, branch: str = "production") -> str:
        """A commit on the remote that neither the engineer nor the clean room has."""
        other = self.root / f"colleague-{self.minute}"
        self.git("clone", "-q", "-b", branch, str(self.remote), str(other), cwd=self.root)
        self.git("config", "user.name", "Bo", cwd=other)
        self.git("config", "user.email", "bo@example.com", cwd=other)
        sha = self.commit(subject, cwd=other, colleague=subject)
        self.git("push", "-q", "origin", f"HEAD:{branch}", cwd=other)
        return sha

    def remote_refuses(self, message: str) -> None:
        """Give the remote a pre-receive hook that declines with a message."""
        hook = self.remote / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho '{message}' >&2\nexit 1\n")
        hook.chmod(0o755)

    async def clean_room(self) -> CleanRoom:
        return await make(self.copy, self.root / "incident" / "clean-room", self.env)

    async def provider(self) -> Git:
        room = await self.clean_room()
        return Git(room.folder, env=self.env)


def fingerprint(folder: Path) -> str:
    """One hash over every path, mode and byte of a folder, `.git` included."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        whole.update(f"{path.relative_to(folder)} {path.lstat().st_mode}\n".encode())
        if path.is_symlink():
            whole.update(str(path.readlink()).encode())
        elif path.is_file():
            whole.update(path.read_bytes())
    return whole.hexdigest()
