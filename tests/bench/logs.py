"""`make bench-logs`: the log pane beside lnav, toolong, less, tail, ripgrep. Figures are reported, not judged.

What is not installed is said and left out. Read the ratios: the milliseconds are this machine's, now.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench.__main__ import BIN, latencies, percentile, row, say
from tests.bench.growth import MARKER, Lines, grow
from tests.bench.terminal import Terminal

SIZE = (160, 45)
SEQUENCE = re.compile(r"#(\d{9})")
BOOK = """version: 1
id: bench
title: Bench
methods:
  - id: look
    title: Look
    steps:
      - {{id: one, title: Look once, run: echo one}}
      - {{id: two, title: Look twice, run: echo two}}
logs:
  - {{id: app, title: Log, path: {log}}}
"""


class Contender(NamedTuple):
    """A program that shows a log: how it is started on one, and the keys that bring it to the end."""

    name: str
    argv: Callable[[Path, Path], list[str]]
    keys: tuple[str, ...] = ()
    prints: bool = False
    """Whether it prints every line: there is no screen to be late with."""


def _warroom(log: Path, home: Path) -> list[str]:
    book = home / "bench.yaml"
    book.write_text(BOOK.format(log=log))
    env = {**os.environ, "WARROOM_HOME": str(home)}
    subprocess.run([str(BIN / "warroom"), "trust", str(book)], env=env, check=True, capture_output=True)
    return [str(BIN / "warroom"), "open", str(book), "--method", "look", "--new"]


WARROOM = Contender("warroom", _warroom, ("2", "z"))


def contenders(toolong: str) -> list[Contender]:
    """Those that are here; the others are named."""
    known = [
        ("lnav", "lnav", Contender("lnav", lambda log, _: ["lnav", str(log)])),
        ("toolong", toolong, Contender("toolong", lambda log, _: [toolong, str(log)])),
        ("less +G", "less", Contender("less +G", lambda log, _: ["less", "-n", "+G", str(log)], prints=True)),
        ("tail -f", "tail", Contender("tail -f", lambda log, _: ["tail", "-n", "45", "-f", str(log)], prints=True)),
    ]
    found = [WARROOM]
    for name, program, contender in known:
        if shutil.which(program):
            found.append(contender)
        else:
            say(f"  {name} is not installed: left out")
    return found


class Session:
    """One contender on one log, at its end."""

    def __init__(self, who: Contender, log: Path, folder: Path, wanted: str = MARKER, seconds: float = 120) -> None:
        home = Path(tempfile.mkdtemp(dir=folder))
        env = {"WARROOM_HOME": str(home), "HOME": str(home), "LESSHISTFILE": "-"}
        self.terminal = Terminal(who.argv(log, home), size=SIZE, cwd=home, env=env)
        shown = self.terminal.wait(lambda text: wanted in text, seconds)
        self.opened = None if shown is None else shown - self.terminal.started
        if shown is not None:
            for key in who.keys:
                self.terminal.run_for(0.3)
                self.terminal.press(key)
            self.terminal.run_for(1.0)

    def rss(self) -> float:
        """MiB that are the process's own or shared, now."""
        return _memory(self.terminal.pid)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.terminal.close()


def _memory(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else 0.0


def ms(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds * 1000:,.0f} ms"


def opening(who: Sequence[Contender], folder: Path, logs: Sequence[tuple[str, Path]], slow: float) -> None:
    """The end of a small, a large and a very large file on the screen, and the memory then."""
    for contender in who:
        floor: tuple[float, float] | None = None
        for name, log in logs:
            with Session(contender, log, folder, seconds=slow) as session:
                rss = session.rss()
                beside = ""
                if session.opened is not None:
                    floor = floor or (session.opened, rss)
                    beside = f"{session.opened / floor[0]:.2f} × small, {rss - floor[1]:+.1f} MiB"
                row(f"{contender.name}: open {name}", ms(session.opened), f"{rss:,.0f} MiB · {beside}")


def burst(who: Sequence[Contender], folder: Path, lines: int) -> None:
    """So many lines at once: from the end of their write to the last one on the screen."""
    for contender in who:
        if contender.prints:
            continue
        log = folder / "burst.log"
        made = Lines()
        log.write_bytes(made.block(2000) + made.marker())
        data = made.block(lines) + made.marker("BURST_IS_OVER")
        with Session(contender, log, folder) as session:
            with log.open("ab", buffering=0) as out:
                out.write(data)
            at = time.monotonic()
            shown = session.terminal.wait(lambda text: "BURST_IS_OVER" in text, 60)
            row(f"{contender.name}: burst of {lines:,} lines", ms(None if shown is None else max(0.0, shown - at)))


def staleness(who: Sequence[Contender], folder: Path, rates: Sequence[int], seconds: float) -> None:
    """How old the newest line on the screen is while the log grows, sampled every 20 ms, and the CPU it costs."""
    for rate in rates:
        costs: dict[str, float] = {}
        for contender in who:
            if contender.prints:
                continue
            log = folder / "rate.log"
            made = Lines()
            log.write_bytes(made.block(2000) + made.marker())
            with Session(contender, log, folder) as session:
                views: list[tuple[float, int]] = []

                def look(at: float, views: list[tuple[float, int]] = views, session: Session = session) -> None:
                    if seen := SEQUENCE.findall(session.terminal.text()):
                        views.append((at, max(map(int, seen))))

                session.terminal.hooks.append(look)
                before = session.terminal.cpu_seconds()
                with grow(log, rate, made) as growth:
                    session.terminal.run_for(seconds)
                    stamps = growth.stamps()
                cpu = (session.terminal.cpu_seconds() - before) / seconds * 100
                costs[contender.name] = cpu
                ages = _ages(views, stamps)
                beside = f"{percentile(ages, 95):.0f} ms p95 · {cpu:.0f} % CPU"
                if contender.name != "warroom" and cpu:
                    beside += f" · warroom's CPU is {costs['warroom'] / cpu:.2f} × this"
                row(f"{contender.name}: staleness at {rate:,}/s", f"{percentile(ages, 50):.0f} ms p50", beside)


def _ages(views: Sequence[tuple[float, int]], stamps: Sequence[tuple[float, int]]) -> list[float]:
    """Milliseconds since the first line that was written and is not on the screen, every 20 ms."""
    written, numbers = [at for at, _ in stamps], [number for _, number in stamps]
    shown = [at for at, _ in views]
    ages, at = [], written[0] + 1.0
    while at < written[-1]:
        seen = bisect_right(shown, at) - 1
        newest = views[seen][1] if seen >= 0 else -1
        missing = bisect_right(numbers, newest)
        ages.append((at - written[missing]) * 1000 if missing < len(written) and written[missing] < at else 0.0)
        at += 0.02
    return ages or [float("nan")]


def _rows_moved(before: str, after: str) -> bool:
    """Other lines in the middle of the screen."""
    return before.splitlines()[8:30] != after.splitlines()[8:30]


def _typed(before: str, after: str) -> bool:
    return before.count("xq") != after.count("xq")


def _asked(before: str, after: str) -> bool:
    return ("esc  back" in before) != ("esc  back" in after)


def keys(who: Sequence[Contender], folder: Path, rates: Sequence[int], count: int) -> None:
    """Key to paint while the log grows: scrolling, typing a search, and the confirmation of the action panel."""
    up, down, rub = ("k", _rows_moved), ("j", _rows_moved), ("\x7f", _typed)
    for rate in rates:
        for contender in who:
            if contender.name not in ("warroom", "lnav"):
                continue
            log = folder / "keys.log"
            made = Lines()
            log.write_bytes(made.block(20_000) + made.marker())
            with Session(contender, log, folder) as session, grow(log, rate, made):
                terminal = session.terminal
                terminal.run_for(1.0)
                for key in ("/", "x"):
                    terminal.press(key)
                    terminal.run_for(0.4)
                _report(f"{contender.name}: typing a search at {rate:,}/s", terminal, (("q", _typed), rub), count)
                terminal.press("\x1b")
                terminal.run_for(0.8)
                if contender.name == "warroom":
                    terminal.press("z")
                    terminal.run_for(0.5)
                    terminal.press("3")
                    terminal.run_for(0.5)
                    steps = (("\r", _asked), ("n", _asked))
                    _report(f"{contender.name}: action panel at {rate:,}/s", terminal, steps, count)
                    for key in ("2", "z"):
                        terminal.press(key)
                        terminal.run_for(0.3)
                for _ in range(3):
                    terminal.press("\x1b[5~")
                    terminal.run_for(0.4)
                _report(f"{contender.name}: scrolling at {rate:,}/s", terminal, (up, up, down, down), count)


def _report(name: str, terminal: Terminal, steps: Sequence[tuple[str, Callable[[str, str], bool]]], count: int) -> None:
    found = latencies(terminal, steps, count)
    missed = sum(value >= 3000 for value in found)
    beside = f"{percentile(found, 95):.1f} ms p95 · {len(found)} keys" + (f" · {missed} unseen" if missed else "")
    row(name, f"{percentile(found, 50):.1f} ms p50", beside)


def soak(who: Sequence[Contender], folder: Path, seconds: float, rate: int = 5000) -> None:
    """Memory over time while the log grows: KiB for each thousand lines, over the last two thirds."""
    for contender in who:
        if contender.name not in ("warroom", "lnav"):
            continue
        log = folder / "soak.log"
        made = Lines()
        log.write_bytes(made.block(2000) + made.marker())
        with Session(contender, log, folder) as session, grow(log, rate, made):
            points: list[tuple[float, float]] = []
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                session.terminal.run_for(min(5.0, seconds / 12))
                points.append((time.monotonic() * rate / 1000, session.rss() * 1024))
            kept = points[len(points) // 3 :]
            middle = [sum(values) / len(kept) for values in zip(*kept, strict=True)]
            spread = sum((x - middle[0]) ** 2 for x, _ in kept) or 1.0
            slope = sum((x - middle[0]) * (y - middle[1]) for x, y in kept) / spread
            beside = f"{points[0][1] / 1024:.1f} → {points[-1][1] / 1024:.1f} MiB in {seconds:.0f} s at {rate:,}/s"
            row(f"{contender.name}: growth per 1,000 lines", f"{slope:.2f} KiB", beside)


def filtering(folder: Path, log: Path) -> None:
    """Plain and regular filters over a large file, beside ripgrep's count by the same words and lnav's filter.

    What is rare is looked for in all of it. Of what is common the newest lines are kept, which may be found sooner.
    """
    size = log.stat().st_size / 1e6
    for name, typed, pattern in (
        ("rare text", MARKER, MARKER),
        ("rare expression", "~END_OF_THE_L[A-Z]G", "END_OF_THE_L[A-Z]G"),
        ("alternation, not there", "~fatal|(?:over|out of) capacity", "(?i)fatal|(?:over|out of) capacity"),
        ("expression, any case, not there", "~latency_ms=4[0-9]{3}", "(?i)latency_ms=4[0-9]{3}"),
        ("common text", "timeout", "(?i)timeout"),
        ("common expression", "~latency_ms=3[0-9]{3}", "(?i)latency_ms=3[0-9]{3}"),
    ):
        floor = None
        if shutil.which("rg"):
            at = time.monotonic()
            subprocess.run(["rg", "-a", "-c", "--no-config", pattern, str(log)], check=False, stdout=subprocess.DEVNULL)
            floor = time.monotonic() - at
            row(f"rg -c: {name}", ms(floor), f"{size / floor:,.0f} MB/s")
        with Session(WARROOM, log, folder) as session:
            terminal = session.terminal
            terminal.press("&")
            terminal.run_for(0.3)
            terminal.press(typed)
            terminal.run_for(0.5)
            at = terminal.press("\r")
            first = terminal.wait(lambda text: "esc ends" in text, 30, after=at)
            done = terminal.wait(lambda text: "esc ends" in text and "looking back" not in text, 120, after=at)
            took = None if done is None else done - at
            kept = re.search(r"the last [\d,]+ lines", terminal.text())
            beside = "" if took is None or kept else f" · {size / took:,.0f} MB/s"
            beside += f" · {took / floor:.2f} × ripgrep" if took and floor else ""
            beside += f" · {kept[0]}" if kept else ""
            row(f"warroom: {name}", ms(took), f"first lines {ms(first and first - at)}{beside}")
    if shutil.which("lnav"):
        at = time.monotonic()
        command = ["lnav", "-n", "-c", f":filter-in {MARKER}", str(log)]
        env = {**os.environ, "HOME": str(folder)}
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env, timeout=600)
        took = time.monotonic() - at
        row("lnav -n: rare text, with its opening", ms(took), f"{size / took:,.0f} MB/s")


PARTS = ("open", "burst", "staleness", "keys", "soak", "filter")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    options.add_argument("--sizes", nargs="*", type=float, default=[1, 5], help="GB of the large files")
    options.add_argument("--rates", nargs="*", type=int, default=[1000, 10_000, 100_000], help="lines a second")
    options.add_argument("--seconds", type=float, default=10, help="of each rate")
    options.add_argument("--soak", type=float, default=600, help="seconds of the soak")
    options.add_argument("--keys", type=int, default=100)
    options.add_argument("--slow", type=float, default=180, help="seconds after which an opening is given up")
    options.add_argument("--toolong", default="tl", help="the program of toolong; it needs an environment of its own")
    options.add_argument("--folder", type=Path, help="where the files are made and removed; needs twice the largest")
    chosen = options.parse_args()
    say(f"log pane, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    who = contenders(chosen.toolong)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
        small = folder / "small.log"
        made = Lines()
        small.write_bytes(made.block(2000) + made.marker())
        large: list[tuple[str, Path]] = []
        for size in chosen.sizes if {"open", "filter"} & set(chosen.only) else ():
            needed, free = int(size * 1e9), shutil.disk_usage(folder).free
            if free < 2 * needed:
                say(f"  {size:g} GB: only {free / 1e9:.0f} GB are free, left out")
                continue
            path = folder / f"{size:g}g.log"
            Lines().fill(path, needed)
            large.append((f"{size:g} GB", path))
        if "open" in chosen.only:
            opening(who, folder, [("small", small), *large], chosen.slow)
        if "filter" in chosen.only and large:
            filtering(folder, large[0][1])
        for _, path in large:
            path.unlink()
        if "burst" in chosen.only:
            burst(who, folder, 100_000)
        if "staleness" in chosen.only:
            staleness(who, folder, chosen.rates, chosen.seconds)
        if "keys" in chosen.only:
            keys(who, folder, chosen.rates, chosen.keys)
        if "soak" in chosen.only:
            soak(who, folder, chosen.soak)


if __name__ == "__main__":
    main()
