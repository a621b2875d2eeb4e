"""A real tmux with a real program in it, for tests that press keys and read the screen."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path


class Timeout(AssertionError):
    """The screen never showed what was waited for; carries the last screen."""


class Tmux:
    """One private tmux server with one window. Ends with `close()`."""

    def __init__(self, command: str, *, size: tuple[int, int], cwd: Path, env: Mapping[str, str]) -> None:
        self.socket = f"warroom-test-{os.getpid()}-{secrets.token_hex(4)}"
        self._env = {**os.environ, **env, "TERM": "xterm-256color"}
        self._env.pop("TMUX", None)
        width, height = size
        at = ("-x", str(width), "-y", str(height))
        self._tmux("-f", "/dev/null", "new-session", "-d", *at, "-c", str(cwd), "bash --noprofile --norc")
        self._tmux("set", "-g", "status", "off")
        self._tmux("set", "-g", "escape-time", "10")
        self._tmux("set", "-g", "window-size", "manual")
        self._tmux("resize-window", *at)
        self.run(command)

    def _tmux(self, *args: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.socket, *args], env=self._env, capture_output=True, text=True, check=False, timeout=20
        )
        return done.stdout

    def run(self, command: str) -> None:
        """Type a command line into the shell."""
        self.type(command)
        self.keys("Enter")

    def run_beside(self, command: str) -> None:
        """Run a command outside the window."""
        subprocess.run(["bash", "-c", command], check=False, timeout=20)

    def record(self, path: Path) -> None:
        """Keep every byte that the program sends to the terminal from now on."""
        self._tmux("pipe-pane", f"cat > {path}")

    def keys(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        for key in keys:
            self._tmux("send-keys", key)

    def burst(self, *keys: str) -> None:
        """Press keys in one write, as a held key or a paste without brackets would arrive."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def paste(self, text: str, *, bracketed: bool) -> None:
        self._tmux("set-buffer", text)
        self._tmux("paste-buffer", *(["-p"] if bracketed else []))

    def buffer(self) -> str:
        """What was copied last, as tmux would paste it."""
        return self._tmux("show-buffer")

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def pane_pid(self) -> int:
        return int(self._tmux("display", "-p", "#{pane_pid}") or 0)

    def alternate(self) -> bool:
        return self._tmux("display", "-p", "#{alternate_on}").strip() == "1"

    def resize(self, width: int, height: int) -> None:
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def wait(self, wanted: str | Callable[[str], bool], seconds: float = 20) -> str:
        """The first screen that holds a regular expression, or for which a test is true."""
        holds = wanted if callable(wanted) else (lambda screen: re.search(wanted, screen) is not None)
        end = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if holds(screen):
                whole = self._whole(screen)
                return whole if holds(whole) else screen
            if time.monotonic() > end:
                raise Timeout(f"waited {seconds:.0f} s for {wanted!r}; the screen is\n{screen}")
            time.sleep(0.03)  # the pace of asking tmux, not a wait for anything

    def _whole(self, screen: str) -> str:
        """The screen once it stands still: a frame reaches tmux in pieces, its title before its text."""
        for _ in range(10):
            time.sleep(0.03)  # the pace of asking tmux
            before, screen = screen, self.screen()
            if screen == before:
                break
        return screen

    def gone(self, text: str, seconds: float = 20) -> str:
        return self.wait(lambda screen: re.search(text, screen) is None, seconds)

    def close(self) -> None:
        self._tmux("kill-server")
