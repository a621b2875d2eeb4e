"""What is seen before the room: in a terminal that wipes the alternate screen whenever it is entered, as most do."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from tests.bench.terminal import Terminal


def test_the_first_frame_stays_until_the_room_is_drawn_over_it(tmp_path: Path) -> None:
    warroom = Path(sys.executable).with_name("warroom")
    argv = [str(warroom), "open", "book:production-rollback"]
    seen: list[str] = []
    with closing(Terminal(argv, size=(120, 40), cwd=tmp_path, env={"WARROOM_HOME": str(tmp_path)})) as terminal:
        terminal.hooks.append(lambda _: seen.append(terminal.text()))
        assert terminal.wait(lambda text: "1 Signals" in text, 60) is not None, terminal.text()
        before = [text for text in seen if "Signals" not in text]
    assert "opening …" in before[0]
    assert "opening …" in before[-1]


def test_a_terminal_that_knows_no_more_than_ascii_gets_a_room_in_it(tmp_path: Path) -> None:
    warroom = Path(sys.executable).with_name("warroom")
    argv = [str(warroom), "open", "book:production-rollback"]
    env = {"WARROOM_HOME": str(tmp_path), "PYTHONIOENCODING": "ascii"}
    with closing(Terminal(argv, size=(120, 40), cwd=tmp_path, env=env)) as terminal:
        assert terminal.wait(lambda text: "1 Signals ---" in text and "> 3" in text, 60) is not None, terminal.text()
