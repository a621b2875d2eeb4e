"""A team's Markdown in a real tmux: a follow beside the steps, the terminal lent and given back, one of two ways."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.steps import runs
from tests.terminal.conftest import WARROOM
from tests.terminal.tmux import Timeout, Tmux

DOCUMENT = """\
# Kiosk rollback

## Method 1: Swap the kiosk back

### Step 1: Watch the kiosk

```bash
tail -f kiosk.log
```

### Step 2: Turn the notice board on

```bash
sh board.sh on
```

### Step 3: Ask the till

```bash
python3 -q
```

Expected: it answers 42.

### Step 4: Put the old one in place

```bash
# Take it from the shelf
cp shelf.txt kiosk.txt

# OR from the cellar
cp cellar.txt kiosk.txt
```

### Step 5: Turn the notice board off

```bash
sh board.sh off
```
"""


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Tmux]:
    place = tmp_path / "kiosk"
    place.mkdir()
    (place / "kiosk.md").write_text(DOCUMENT)
    (place / "board.sh").write_text('echo "board $1" >> board.log\n')
    (place / "kiosk.log").write_text("the kiosk opened\n")
    for name in ("shelf", "cellar"):
        (place / f"{name}.txt").write_text(name)
    env = {"WARROOM_HOME": str(tmp_path / "home"), "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": os.devnull}
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "The kiosk")):
        subprocess.run(["git", *words], cwd=place, env={**os.environ, **env}, check=True, timeout=20)
    subprocess.run([WARROOM, "trust", "kiosk.md"], cwd=place, env={**os.environ, **env}, check=True, timeout=60)
    tmux = Tmux(f"{WARROOM} open kiosk.md", size=(160, 45), cwd=place, env=env)
    yield tmux
    for folder in (tmp_path / "home").glob("incidents/*/runs/*"):
        runs.stop(folder, "kill")
    tmux.close()


def confirm(tmux: Tmux, words: str, shown: str) -> str:
    """`y` on an open confirmation, again where it came before it counted; the first screen that shows what follows."""
    tmux.wait(words)
    for _ in range(10):
        tmux.keys("y")
        try:
            return tmux.wait(shown, 3)
        except Timeout:
            continue
    return tmux.wait(shown)


def test_a_follow_the_terminal_and_one_of_two_ways(kiosk: Tmux, tmp_path: Path) -> None:
    place = tmp_path / "kiosk"
    kiosk.wait("Choose a method", 40)
    kiosk.keys("m")
    kiosk.wait(r"▸ Choose a method ━")
    kiosk.keys("Enter")
    screen = kiosk.wait(r"1 Watch the kiosk .*to the log pane")
    assert any(line.rstrip().endswith(" or") for line in screen.splitlines())

    # the follow runs beside: pane 2 shows it, the next step can be confirmed
    kiosk.keys("Enter")
    confirm(kiosk, r"y  follow it", r"2 Logs ─ tail -f kiosk.log · follows, x stops")
    kiosk.run_beside(f"echo 'a till fell over' >> {place}/kiosk.log")
    kiosk.wait(r"a till fell over")
    kiosk.keys("Enter")
    confirm(kiosk, r"y  run it", r"2  Turn the notice board on .*✓ done")
    kiosk.wait(r"4 Action ━ still open: Turn the notice board on → step 6")

    # the terminal goes to the command, and comes back with what was said there
    kiosk.keys("Enter")
    assert "the runbook expects: it answers 42." in kiosk.wait(r"y  give it the terminal")
    confirm(kiosk, r"y  give it the terminal", r"has the terminal, and is recorded[\s\S]*>>>")
    kiosk.type("print(6 * 7)")
    kiosk.keys("Enter")
    kiosk.wait(r"^42$|\n42\n")
    kiosk.keys("C-d")
    screen = kiosk.wait(r"3  Ask the till .*✓ done")
    assert ">>> print(6 * 7)" in screen and "follows, x stops" in screen

    # one of two ways: the other needs no doing
    kiosk.keys("Enter")
    confirm(kiosk, r"y  run it", r"Take it from the shelf .*✓ done")
    assert "next: 6 Turn the notice board off" in kiosk.wait(r"from the cellar .*not needed")
    kiosk.keys("Enter")
    confirm(kiosk, r"y  run it", r"6  Turn the notice board off .*✓ done")
    kiosk.gone("still open")

    # stopped by a person: done
    kiosk.keys("2")
    kiosk.wait(r"▸ 2 Logs")
    kiosk.keys("x")
    kiosk.wait(r"2 Logs ━ tail -f kiosk.log · ended, exit 130")
    kiosk.wait(r"✓ 1 Watch the kiosk")
    assert (place / "kiosk.txt").read_text() == "shelf"
    assert (place / "board.log").read_text() == "board on\nboard off\n"
