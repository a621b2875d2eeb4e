"""What twenty signals at one reading a second cost a room (CPU, memory, bytes sent), and one redraw of a chart."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.bench.terminal import Terminal
from tests.faults import bad_servers
from widgets.chart import ChartData, ChartPalette, Threshold, draw

Row = Callable[..., None]
SIGNALS = 20
WARM_UP = 20.0
"""Seconds until the charts are drawn and what is imported late is there."""
POINTS = 300
SIZE = (80, 15)
TURNS = 60


class Numbers(BaseHTTPRequestHandler):
    """Answers each address with a number that changes, over a kept connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        value = 2 + math.sin(time.monotonic() / 7 + len(self.path))
        body = json.dumps({"value": value, "status": "healthy"}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def runbook(address: str, count: int = SIGNALS, every: str = "1s", *, apart: bool = True) -> str:
    """So many numbers, each with an address of its own or all of one; four of them judged."""
    kinds = ["error_rate", "latency", "latency", "requests"] + ["other"] * (count - 4)
    signals = "".join(
        f"  s{n}: {{source: http_json, title: Signal {n}, kind: {kind}, unit: s, url: '{address}/{n * 'x' * apart}',"
        f" path: value, every: {every}}}\n"
        for n, kind in enumerate(kinds)
    )
    triggers = "".join(
        f"  - {{id: t{n}, urgency: conditional, text: Signal {n} is high, criterion: s{n} > 9 for 5m}}\n"
        for n in range(4)
    )
    return (
        f"version: 1\nid: numbers\ntitle: {count} signals\nservice: shop\nsignals:\n{signals}triggers:\n{triggers}"
        "methods:\n  - {id: wait, title: Wait, steps: [{id: w, title: Wait, manual: Wait.}]}\n"
    )


def memory_of(pid: int) -> float:
    """Resident MiB of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextlib.contextmanager
def room(warroom: Path, home: Path, count: int, every: str, *, apart: bool = True) -> Iterator[Terminal]:
    """A room whose signals are served from here: the server's cost is this process', not the room's."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Numbers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    book = home / f"{count}-each-{every}.yaml"
    book.write_text(runbook(f"http://127.0.0.1:{server.server_port}", count, every, apart=apart))
    env = {"WARROOM_HOME": str(book.with_suffix(""))}
    subprocess.run([warroom, "trust", book], env=os.environ | env, check=True, capture_output=True, timeout=60)
    argv = [str(warroom), "open", str(book), "--read-only", "--new"]
    terminal = Terminal(argv, size=(160, 45), cwd=home, env=env)
    try:
        if terminal.wait(lambda text: "signal 3" in text.lower() and "HEALTHY" in text, 40) is None:
            raise SystemExit(f"the room never showed its signals:\n{terminal.text()}")
        yield terminal
    finally:
        terminal.close()
        server.shutdown()
        server.server_close()


def twenty(warroom: Path, home: Path, seconds: float, row: Row) -> None:
    """Many signals, often."""
    with room(warroom, home, SIGNALS, "1s") as terminal:
        terminal.run_for(WARM_UP)
        cpu, sent, before = terminal.cpu_seconds(), terminal.bytes, memory_of(terminal.pid)
        terminal.run_for(seconds)
        used = (terminal.cpu_seconds() - cpu) / seconds * 100
        row(
            f"{SIGNALS} signals at 1/s for {seconds:.0f} s",
            f"{used:.2f} % CPU",
            f"{memory_of(terminal.pid) - before:+.1f} MiB · {(terminal.bytes - sent) / seconds / 1024:.1f} KiB/s to the"
            f" terminal; goals 6 % and 5 MB in 10 min",
        )


def faulty(stop: threading.Event) -> list[str]:
    """Addresses that never answer, drip, pour or lie, of which one has no name server; served until it is to stop."""
    serves = (bad_servers.never, bad_servers.half_a_head, bad_servers.drip, bad_servers.bomb, bad_servers.gzip_bomb)
    ports: list[int] = []
    ready = threading.Event()

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda *_: None
        )  # what is cut off at the end is of no interest
        servers = bad_servers.Servers()
        for serve in serves:
            ports.append(await servers.listen(serve))
        ready.set()
        await asyncio.to_thread(stop.wait)
        await servers.stop()

    threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
    ready.wait(10)
    return [*(f"http://127.0.0.1:{port}" for port in ports), "http://nobody.invalid", "http://127.0.0.1:9"]


def under_faults(warroom: Path, home: Path, keys: int, row: Row) -> None:
    """How fast a key is answered while every source of the room is at fault in its own way."""
    stop = threading.Event()
    addresses = faulty(stop)
    text = runbook("ADDRESS")
    for number in range(SIGNALS):
        text = text.replace("'ADDRESS/", f"'{addresses[number % len(addresses)]}/", 1)
    book = home / "faulty.yaml"
    book.write_text(text)
    env = {"WARROOM_HOME": str(home / "faulty")}
    subprocess.run([warroom, "trust", book], env=os.environ | env, check=True, capture_output=True, timeout=60)
    terminal = Terminal([str(warroom), "open", str(book), "--read-only", "--new"], size=(160, 45), cwd=home, env=env)
    try:
        if terminal.wait(lambda text: "DOWN" in text, 60) is None:
            raise SystemExit(f"no source was ever down:\n{terminal.text()}")
        terminal.press("3")
        terminal.run_for(1)
        found = sorted(one for turn in range(keys) if (one := moved(terminal, "jk"[turn % 2])) is not None)
        row(
            f"key to paint, {SIGNALS} sources at fault",
            f"{statistics.median(found) * 1000:.1f} ms p50",
            f"{found[int(len(found) * 0.95)] * 1000:.1f} ms p95 · {len(found)} of {keys} keys",
        )
    finally:
        terminal.close()
        stop.set()


def moved(terminal: Terminal, key: str) -> float | None:
    """Seconds from a key to the first paint with the outline's cursor on another row."""

    def cursor(text: str) -> list[bool]:
        return ["▌" in line for line in text.splitlines()]

    terminal.run_for(0.05)
    before = cursor(terminal.text())
    pressed = terminal.press(key)
    at = terminal.wait(lambda text: cursor(text) != before, 3, after=pressed)
    return None if at is None else at - pressed


def redraw(row: Row) -> None:
    """One chart of the size and length that the goal names: a reading further each time, and on a scale never drawn."""
    palette = ChartPalette()

    def data(turn: int, height: float) -> ChartData:
        now = 1_800_000_000 + 3.0 * turn
        points = tuple((now - 3 * ago, height * (1 + math.sin((turn - ago) / 9))) for ago in range(POINTS, -1, -1))
        return ChartData(points, now=now, thresholds=(Threshold(height, "limit"),))

    draw(data(0, 1.0), *SIZE, palette)
    further = [timed(lambda turn=turn: draw(data(turn, 1.0), *SIZE, palette)) for turn in range(TURNS)]  # type: ignore[misc]
    fresh = [timed(lambda turn=turn: draw(data(7 * turn, 1 + turn), *SIZE, palette)) for turn in range(TURNS)]  # type: ignore[misc]
    row(
        f"a chart of {POINTS} points redrawn at {SIZE[0]}×{SIZE[1]}",
        f"{statistics.median(further) * 1000:.1f} ms",
        f"{statistics.median(fresh) * 1000:.1f} ms with nothing kept from before; goal 12 ms",
    )


def timed(work: Callable[[], object]) -> float:
    at = time.perf_counter()
    work()
    return time.perf_counter() - at


def bench(warroom: Path, home: Path, seconds: float, row: Row) -> None:
    """All of it; `seconds` of watching (600 for the goal's ten minutes)."""
    redraw(row)
    twenty(warroom, home, seconds, row)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        warroom = Path(sys.executable).with_name("warroom")
        bench(warroom, Path(folder), 600, lambda *cells: print(*cells, sep=" · ", flush=True))  # noqa: T201
