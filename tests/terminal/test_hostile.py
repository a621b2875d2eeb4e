"""Hostile text through every other door: commit subjects, command output, tag names, HTTP bodies, runbook titles."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.terminal import walks
from tests.terminal.conftest import WARROOM, DrillRoom
from tests.terminal.test_unwanted import HOSTILE
from tests.terminal.tmux import Tmux

Drill = Callable[..., DrillRoom]

NEVER = (
    *(b"\x1b]0;owned", b"\x1b]52;", b"\x1b[c", b"\x1b[6n", b"\x1b[21t", b"\x1b[>q", b"\x9b2J", b"\xc2\x9b", b"\x00"),
    *(b"\x1bP$q", b"\x1b_apc", "\u202e".encode(), "\u2066".encode()),
)
"""What no program of ours sends to a terminal: it was in the payload, and would have done something."""
TEXT = b" ".join(HOSTILE).decode("utf-8", "replace").replace("\x00", "")


def assert_inert(stream: Path) -> None:
    sent = stream.read_bytes()
    assert sent
    for payload in NEVER:
        assert payload not in sent, payload


def hostile_commit(room: DrillRoom, branch: str) -> str:
    """A commit on a branch of the bare remote whose subject attacks whoever shows it."""
    remote = str(room.drill / "remote.git")
    message = b" ".join(HOSTILE).replace(b"\x00", b"") + b"\n\nbody \x1b]0;owned\x07\n"
    who = {f"GIT_{role}_{what}": "a@b.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    made = subprocess.run(
        ["git", "-C", remote, "commit-tree", f"{branch}^{{tree}}", "-p", branch],
        input=message,
        capture_output=True,
        check=True,
        env={**os.environ, **who},
    ).stdout.decode()
    room.git("update-ref", f"refs/heads/{branch}", made.strip())
    return made.strip()


def test_hostile_subjects_and_tag_names_stay_text_in_output_and_pickers(drill: Drill) -> None:
    room = drill("bad-deploy", seed=8)
    stream = room.home.parent / "bytes"
    room.tmux.record(stream)
    room.tmux.wait(walks.READY, 40)
    commit = hostile_commit(room, "main")
    room.git("tag", "v9.9.9-\u202e$(touch${IFS}x)|x", commit)
    walks.choose(room, "1")
    room.tmux.keys("Enter")
    walks.confirm(room, 1)  # its output holds the subject: git log --oneline
    walks.enter(room)
    assert "]0;owned" in room.tmux.wait(r"filter: ")
    room.tmux.keys("Escape")
    room.tmux.gone("filter: ")
    walks.choose(room, "2")
    room.tmux.keys("Enter")
    walks.confirm(room, 1)
    walks.enter(room)
    room.tmux.wait("filter: ")
    room.tmux.type("9.9.9")
    room.tmux.wait(r"v9\.9\.9-.*touch")
    room.tmux.keys("Escape")
    room.tmux.gone("filter: ")
    room.tmux.keys("?")
    room.tmux.wait("Keys")  # still a room that answers
    assert_inert(stream)


class _Hostile(BaseHTTPRequestHandler):
    """A health endpoint that somebody else writes the words of."""

    def do_GET(self) -> None:
        body = {
            "status": TEXT,
            "version": TEXT,
            "checks": {f"redis {TEXT}": {"healthy": False, "message": TEXT}, "database": {"healthy": True}},
            "errors": TEXT,
        }
        data = json.dumps(body, ensure_ascii=self.path != "/raw").encode("utf-8", "surrogatepass")
        self.send_response(500)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hostile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def runbook(address: str, log: Path) -> str:
    """A document whose every text attacks, in the form that lets it: Markdown."""
    said = f"owned {TEXT}"
    return f"""# Rollback {said}

## Method 1: Look {said}

Step {said}:

```bash
# 1. Read it {said}
cat {log}
```

## Checklist before {said}

- [ ] Item {said}

## Verification

```bash
curl -f {address}/api/health
```

## Contacts

- **Level 1 {said}**: {said} (+1 555 0100)
"""


def test_a_yaml_runbook_with_unseen_characters_is_refused_in_a_sentence(tmp_path: Path) -> None:
    book = tmp_path / "hostile.yaml"
    book.write_text(json.dumps({"version": "1", "id": "x", "title": f"owned {TEXT}", "methods": []}))
    said = subprocess.run([str(WARROOM), "check", str(book)], capture_output=True, check=False)
    assert said.returncode == 2
    assert b"cannot be seen" in said.stderr and b"\x1b" not in said.stdout + said.stderr


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
def test_hostile_titles_bodies_and_output_stay_text(tmp_path: Path, address: str, size: tuple[int, int]) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(b"\n".join(HOSTILE) + b"\n" + b"y" * 10_000_000 + b"\nthe last line\n")
    book = tmp_path / "hostile.md"
    book.write_text(runbook(address, log))
    env = {"WARROOM_HOME": str(tmp_path / "home"), "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": os.devnull}
    trusted = subprocess.run(
        [str(WARROOM), "trust", str(book)], env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    assert trusted.returncode == 0, trusted.stderr
    tmux = Tmux(f"{WARROOM} open {book} --new", size=size, cwd=tmp_path, env=env)
    try:
        stream = tmp_path / "bytes"
        tmux.record(stream)
        tmux.wait("3 Runbook", 40)
        tmux.keys("1")
        tmux.wait(r"500")
        tmux.keys("c")
        tmux.wait("▸ Contacts")
        tmux.keys("Escape")
        tmux.gone("▸ Contacts")
        tmux.keys("3")
        tmux.keys("m")
        tmux.wait(walks.CHOOSER)
        tmux.keys("Enter")
        tmux.gone(walks.CHOOSER)
        tmux.wait(r"enter +look")
        tmux.keys("Enter")
        tmux.wait(walks.CONFIRM)
        room = _Room(tmux)
        walks.press_until_taken(room, "y", walks.CONFIRM)
        tmux.keys("4")
        tmux.wait("the last line", 60)  # ten million bytes before it did not drown it
        tmux.keys("?")
        tmux.wait("Keys")
        assert_inert(stream)
    finally:
        tmux.close()


class _Room:
    """What a walk needs of a room that is no drill."""

    def __init__(self, tmux: Tmux) -> None:
        self.tmux = tmux
