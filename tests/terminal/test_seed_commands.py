"""A team's document with commands as teams write them, walked in the real room: nothing hangs, no success is invented.

The document is the one that this was made for, where it lies beside the repository; else one of ours with its commands.
"""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.clients.hosts import TOKEN, Vercel, running
from tests.clients.programs import SEARCHED, need
from tests.terminal import walks
from tests.terminal.conftest import WARROOM
from tests.terminal.tmux import Tmux
from tests.unit.git_world import World
from tests.unit.test_markdown import RECEIVED, SEED

OURS = """# Bakery: going back

## Ways back

### Method 1: Take the commit back

```bash
# 1. Find it
git log --oneline -10

# 2. Take it back
git revert <commit-sha>
git push origin main

# 3. The pipeline puts it on staging
# Wait until staging is verified

# 4. On to production
git checkout production
git merge main
git push origin production

# 5. See it arrive
watch -n 5 'curl -s https://bakery.example/api/health | jq'
```

### Method 2: Back to a release

```bash
# 1. Which there are
git tag -l "v*" --sort=-version:refname | head -10

# 2. Get it
git checkout v3.9.0

# 3. A branch of it
git checkout -b rollback/v3.9.0
git push origin rollback/v3.9.0

# 4. Move production
git checkout production
git reset --hard v3.9.0
git push origin production --force

# 5. See that it is well
curl https://bakery.example/api/health
```

### Method 3: The platform

#### Vercel

```bash
# 1. What there is
vercel ls

# 2. Put one back
vercel rollback <deployment-url>

# 3. See it
vercel inspect <deployment-url>
```
"""
CONFIRM = r"y +(run|follow) it"
DONE = r"✓ (\d of \d )?done  \d"
SLOW = 90
"""Seconds that a platform's client may take on a busy machine, asked several times for one look."""


class Service(BaseHTTPRequestHandler):
    """Well, or behind a proxy that answers for it while it is down."""

    down = False

    def do_GET(self) -> None:
        body = b"Bad gateway" if type(self).down else b'{"status": "healthy", "uptime": "5 d"}'
        self.send_response(502 if type(self).down else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Bakery:
    """A room on the document, in the engineer's clone of a real repository; everything answers on this machine."""

    def __init__(self, folder: Path, text: str, *, env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
        self.world = World(folder)
        self.world.git("tag", "v3.9.0", self.world.cart)
        self.world.push("--tags")
        self.service = type("Ours", (Service,), {})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.service)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        found = re.search(r"https://[\w.-]+(?=/api/health)", text)
        assert found is not None
        here = text.replace(found[0], f"http://127.0.0.1:{self.server.server_address[1]}")
        document = folder / "ROLLBACK.md"
        document.write_text(here, encoding="utf-8")
        told = {"HOME": str(folder / "home"), "WARROOM_HOME": str(folder / "kept"), "PATH": SEARCHED}
        told |= {"GIT_CONFIG_GLOBAL": str(folder / "home" / "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1"} | (env or {})
        # A pager and an editor that never come back, as somebody at a terminal has them.
        told |= {"PAGER": "sleep 600", "GIT_PAGER": "sleep 600", "EDITOR": "sleep 600", "GIT_EDITOR": "sleep 600"}
        command = f"{WARROOM} {document} --new"
        self.tmux = Tmux(command, size=(160, 45), cwd=cwd or self.world.copy, env=told)

    def begin(self, label: str) -> None:
        walks.choose(self, label)
        self.tmux.keys("Enter")

    def take(self, words: str, ends: str = DONE) -> str:
        """The confirmation that shows these words, by `y`; the screen at its end."""
        self.tmux.wait(lambda screen: bool(re.search(CONFIRM, screen) and re.search(words, screen)), SLOW)
        walks.press_until_taken(self, "y", CONFIRM)
        return self.tmux.wait(ends, SLOW)

    def take_by_name(self, words: str, name: str) -> str:
        self.tmux.wait(words, SLOW)
        walks.type_name(self, name, seconds=SLOW)
        return self.tmux.wait(DONE, SLOW)

    def on(self) -> None:
        walks.enter(self)

    def remote(self, *args: str) -> str:
        return self.world.git(*args, cwd=self.world.remote)

    def close(self) -> None:
        self.tmux.close()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def bakery(tmp_path: Path) -> Iterator[Callable[..., Bakery]]:
    opened: list[Bakery] = []

    def start(text: str, **more: object) -> Bakery:
        opened.append(Bakery(tmp_path, text, **more))  # type: ignore[arg-type]
        walks.trust(opened[-1])
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def text() -> str:
    for program in ("curl", "jq", "watch"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    theirs = SEED / RECEIVED[0]
    return theirs.read_text(encoding="utf-8") if theirs.is_file() else OURS


def test_a_commit_is_taken_back_to_the_letter_and_every_command_of_a_step_has_its_turn(
    bakery: Callable[..., Bakery], text: str
) -> None:
    room = bakery(text)
    room.begin("1")
    assert "New checkout flow" in room.take("git log --oneline -10")  # no pager
    room.on()
    walks.pick(room, "Fix header")
    screen = room.take(r"git revert [0-9a-f]{7,}", r"✓ 1 of 2 done")  # no editor
    assert re.search(r"next: 2 .*2 of 2: git push origin main", screen)
    room.on()
    room.take("git push origin main", "✓ done  ")
    assert room.remote("log", "-1", "--format=%s", "main") == 'Revert "Fix header"'
    room.on()
    room.tmux.wait(r"enter +it is done")
    walks.press_until_taken(room, "Enter", r"enter +it is done")
    room.tmux.wait(r"✓ 3 ")
    room.on()
    assert "none is needed" in room.tmux.wait("way back: ")
    room.take("git checkout production", "✓ 1 of 3 done")
    room.on()
    room.take("git merge main", "✓ 2 of 3 done")
    room.on()
    room.take("git push origin production", "✓ done  ")
    assert room.remote("rev-parse", "production") == room.remote("rev-parse", "main")
    room.on()
    room.take("watch needs a screen of its own", "● follows")
    room.tmux.wait(r"(?s)2 Logs .*\d\d:\d\d:\d\d +.*\{")  # what a watch shows is there to read
    walks.press_until_taken(room, "x", r"x +interrupt")
    try:
        room.tmux.wait("followed until it was stopped", 10)
    except AssertionError:  # bash between two commands may miss an interrupt: a person goes on to the next key
        walks.press_until_taken(room, "X", r"X +terminate")
        room.tmux.wait("followed until it was stopped", 30)


def test_a_branch_is_rewound_by_name_with_a_lease_and_a_look_that_cannot_fail_proves_nothing(
    bakery: Callable[..., Bakery], text: str
) -> None:
    room = bakery(text)
    room.begin("2")
    room.take("git tag -l")
    room.on()
    room.take("git checkout v3.9.0")
    room.on()
    room.take("git checkout -b rollback/v3.9.0", "✓ 1 of 2 done")
    room.on()
    room.take("creates rollback/v3.9.0 on origin", "✓ done  ")
    room.on()
    room.take("git checkout production", "✓ 1 of 3 done")
    room.on()
    room.take_by_name("only the clean room changes", "production")
    room.on()
    room.tmux.wait("drops 2 commits from production")
    assert room.remote("rev-parse", "production") == room.world.header
    room.take_by_name("--force-with-lease=refs/heads/production:", "production")
    assert room.remote("rev-parse", "production") == room.world.cart
    room.service.down = True  # type: ignore[attr-defined]
    room.on()
    screen = room.take("a check that cannot fail", "proves nothing")
    assert "? It ended well, which proves nothing" in screen
    assert "Bad gateway" in screen


def test_a_deployment_is_put_back_from_a_linked_folder_only_and_u_goes_forward_again(
    bakery: Callable[..., Bakery], tmp_path: Path
) -> None:
    need("vercel")
    cloud = Vercel()
    (there := tmp_path / "vercel").mkdir()
    with running(there, cloud) as at:
        env = {name: value for name, value in at.env.items() if name not in ("HOME", "PATH", "LANG")}
        room = bakery(OURS, env=env)
        room.begin("3")
        assert "bad333" in room.take("failed builds stand in this list")
        room.on()
        room.tmux.wait("is not linked to a Vercel project", SLOW)  # it asks nothing that nobody could answer
        room.tmux.keys("Escape")
        room.tmux.gone("filter: ")
        linked = room.world.copy / ".vercel" / "project.json"
        linked.parent.mkdir()
        linked.write_text((at.cwd / ".vercel" / "project.json").read_text())
        assert json.loads(linked.read_text())["projectId"] and TOKEN not in linked.read_text()
        room.tmux.keys("e")
        walks.pick(room, "cache header", seconds=SLOW)
        room.take("serves now", "production on Vercel serves dpl_good222")
        room.tmux.keys("u")
        room.take("vercel promote dpl_bad333", "production on Vercel serves dpl_bad333")
        assert cloud.orders == [("rollback", "dpl_good222"), ("promote", "dpl_bad333")]
