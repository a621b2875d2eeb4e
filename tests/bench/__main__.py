"""`make bench`: the program's own costs beside their floors, in one run. Figures are reported, not judged."""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from runbook.drill.drill import attach
from tests.bench import signals
from tests.bench.reading import large_documents
from tests.bench.terminal import Terminal

BIN = Path(sys.executable).parent
HELLO = Path(__file__).with_name("hello.py")
ROOT = Path(__file__).parents[2]
SIZE = (160, 45)
ENV = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")}


def percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


def median_ms(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * 1000


def row(name: str, figure: str, beside: str = "") -> None:
    print(f"  {name:46} {figure:>14}  {beside}", flush=True)


def say(words: str) -> None:
    print(words, flush=True)


def wall(argv: Sequence[str]) -> float:
    at = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, env=ENV)
    return time.perf_counter() - at


def programs(runs: int) -> None:
    """Bare Python beside `warroom --help`, turn about."""
    floor, help_ = [], []
    for _ in range(runs):
        floor.append(wall([str(BIN / "python"), "-c", "pass"]))
        help_.append(wall([str(BIN / "warroom"), "--help"]))
    row("python -c pass", f"{median_ms(floor):.0f} ms")
    row("warroom --help", f"{median_ms(help_):.0f} ms", f"{median_ms(help_) / median_ms(floor):.2f} × bare Python")


def start(argv: Sequence[str], ready: str, answer: str, home: Path) -> tuple[float, float, float]:
    """First text, ready, and the answer to a key pressed then: seconds from the start of the process."""
    terminal = Terminal(argv, size=SIZE, cwd=home, env={"WARROOM_HOME": str(home)})
    try:
        first = terminal.wait(lambda text: bool(text.strip()), 20)
        shown = terminal.wait(lambda text: ready in text, 20)
        pressed = terminal.press("?")
        answered = terminal.wait(lambda text: answer in text, 20, after=pressed)
        if first is None or shown is None or answered is None:
            raise SystemExit(f"{argv[0]}: never ready; its screen:\n{terminal.text()}")
        return first - terminal.started, shown - terminal.started, answered - terminal.started
    finally:
        terminal.close()


def starts(runs: int, home: Path) -> None:
    """First text and first answered key: bare Python, Textual's floor, the drill's room, turn about."""
    python = str(BIN / "python")
    printed: list[float] = []
    hello: list[tuple[float, float, float]] = []
    room: list[tuple[float, float, float]] = []
    for _ in range(runs):
        terminal = Terminal([python, "-c", "print('text')"], size=SIZE, cwd=home, env={})
        printed.append((terminal.wait(lambda text: "text" in text, 10) or 0) - terminal.started)
        terminal.close()
        hello.append(start([python, str(HELLO)], "READY", "ANSWERED", home))
        room.append(start([str(BIN / "warroom"), "drill", "--seed", "7"], "1 Signals", "Keys", home))
    floor_text, floor_use = median_ms(printed), median_ms([run[2] for run in hello])
    text, use = median_ms([run[0] for run in room]), median_ms([run[2] for run in room])
    row("first text: python -c print", f"{floor_text:.0f} ms")
    row("first text: drill room", f"{text:.0f} ms", f"{text / floor_text:.2f} × python -c print")
    row("answers a key: Textual hello-world", f"{floor_use:.0f} ms")
    row("answers a key: drill room", f"{use:.0f} ms", f"{use / floor_use:.2f} × hello-world")


def _grow(path: Path, stop: threading.Event, per_second: int = 1000) -> None:
    with path.open("a") as log:
        number = 0
        while not stop.wait(0.05):
            for _ in range(per_second // 20):
                number += 1
                log.write(
                    f"2026-11-24T03:14:21Z api INFO request done status=200 path=/cart latency_ms=12 n={number}\n"
                )
            log.flush()


def latencies(terminal: Terminal, steps: Sequence[tuple[str, Callable[[str, str], bool]]], count: int) -> list[float]:
    """Milliseconds from each key's write to the first paint that shows its effect. A miss counts as 3 s."""
    found: list[float] = []
    for turn in range(count):
        key, changed = steps[turn % len(steps)]
        terminal.run_for(0.03 + 0.02 * (turn % 3))
        before = terminal.text()
        pressed = terminal.press(key)
        at = terminal.wait(lambda text, before=before, changed=changed: changed(before, text), 3, after=pressed)  # type: ignore[misc]
        found.append(3000.0 if at is None else (at - pressed) * 1000)
    return found


def _cursor_moved(before: str, after: str) -> bool:
    """Whether the outline's cursor is on another row; nothing else on the screen counts."""
    return [("▌" in line) for line in before.splitlines()] != [("▌" in line) for line in after.splitlines()]


def resting(home: Path, seconds: float) -> None:
    """What is spent while nobody does anything, all at the same time: user and system time with that of children.

    What answers the polls is not in it: the drill's service and the bench's own server are no children of a room.
    """
    drill, env = [str(BIN / "warroom"), "drill", "--seed", "7"], {"WARROOM_HOME": str(home)}
    with (
        contextlib.closing(Terminal([str(BIN / "python"), str(HELLO), "clock"], size=SIZE, cwd=home, env={})) as hello,
        contextlib.closing(Terminal(drill, size=SIZE, cwd=home, env=env)) as practice,
        signals.room(BIN / "warroom", home, 4, "5s") as calm,
        signals.room(BIN / "warroom", home, 4, "1s", apart=False) as real,
    ):
        if practice.wait(lambda text: "error rate" in text and "%" in text, 40) is None:
            raise SystemExit(f"the drill's room never showed a signal:\n{practice.text()}")
        every = {
            "at rest: Textual hello-world, a clock at 1 Hz": hello,
            "at rest: room, 4 addresses every 5 s": calm,
            "at rest: room, 3 charts at 1 Hz of one address": real,
            "at rest: drill room, its windows 15 times as fast": practice,
        }
        run_together(every.values(), signals.WARM_UP)
        before = {name: (terminal.cpu_seconds(), terminal.bytes) for name, terminal in every.items()}
        run_together(every.values(), seconds)
        for name, terminal in every.items():
            cpu, sent = before[name]
            row(
                name,
                f"{(terminal.cpu_seconds() - cpu) / seconds * 100:.2f} % CPU",
                f"{(terminal.bytes - sent) / seconds / 1024:.1f} KiB/s to the terminal",
            )


def run_together(terminals: Collection[Terminal], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for terminal in terminals:
            terminal.run_for(0.05)


def living(home: Path, keys: int) -> None:
    """The drill's room, open and polling: how fast a key is answered under load."""
    terminal = Terminal(
        [str(BIN / "warroom"), "drill", "--seed", "7"], size=SIZE, cwd=home, env={"WARROOM_HOME": str(home)}
    )
    stop = threading.Event()
    try:
        if terminal.wait(lambda text: "error rate" in text and "%" in text, 40) is None:
            raise SystemExit(f"the drill's room never showed a signal:\n{terminal.text()}")
        terminal.run_for(10)
        logs = sorted(home.glob("drills/*/production.log"))
        if logs:
            threading.Thread(target=_grow, args=(logs[-1], stop), daemon=True).start()
        terminal.press("3")
        terminal.run_for(1)
        found = latencies(terminal, (("j", _cursor_moved), ("k", _cursor_moved)), keys)
        row(
            "key to paint, log growing at 1,000 lines/s",
            f"{percentile(found, 50):.1f} ms p50",
            f"{percentile(found, 95):.1f} ms p95 · {percentile(found, 99):.1f} ms p99 · {len(found)} keys",
        )
    finally:
        stop.set()
        terminal.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=9)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--keys", type=int, default=150)
    options.add_argument("--signal-seconds", type=float, default=60, help="600 for the ten minutes of the goal")
    chosen = options.parse_args()
    print(f"warroom, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        programs(chosen.runs * 2)
        for name, figure, beside in large_documents():
            row(name, figure, beside)
        try:
            starts(chosen.runs, home)
            resting(home, chosen.seconds)
            living(home, chosen.keys)
            signals.bench(BIN / "warroom", home, chosen.signal_seconds, row)
        finally:
            for drill in filter(None, map(attach, home.glob("drills/*"))):
                drill.stop()


if __name__ == "__main__":
    main()
