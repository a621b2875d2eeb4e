"""The practice production's content delivery network: a cache between the customers and the shop.

    python edge.py --origin URL --fd N

Keeps what the shop says may be kept (`Cache-Control: public, max-age=…` and no cookie in it), says in
`X-Cache` whether it had the answer, and forgets all at a `PURGE`. The way to the shop is long: what it has
to fetch takes a while. Its own figures are at `/cdn/metrics`. Ends when its standard input closes. Run by
its path; standard library only.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import socket
import sys
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, cast
from urllib.parse import urlsplit

DISTANCE = 0.15
"""Seconds to the shop and back."""
WINDOW = 15.0
PAGES = 2_000
"""When there are more, the oldest go."""
KEEP_ALIVE = 60
PATIENCE = 30.0
HOMEPAGE = "/"
_PASSED_ON = ("Content-Type", "Cache-Control", "Set-Cookie")
_LIFETIME = re.compile(r"\bpublic\b.*\bmax-age=(\d+)")


class Answer(NamedTuple):
    """What the shop answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def lifetime(self) -> int:
        """Seconds for which anybody may be given it; 0: it is for one customer only, or already old."""
        headers = dict(self.headers)
        found = _LIFETIME.search(headers.get("Cache-Control", ""))
        return int(found[1]) if found and self.status == 200 and "Set-Cookie" not in headers else 0


class Edge(ThreadingHTTPServer):
    """The pages that are kept, and what was served from them."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, listener: socket.socket, origin: str) -> None:
        super().__init__(listener.getsockname()[:2], Customer, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        parts = urlsplit(origin)
        self.origin = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.lock = threading.Lock()
        self.pages: dict[str, tuple[float, Answer]] = {}
        """By address: until when, and what."""
        self.requests = 0
        self.fetched = 0
        self.homepage: deque[tuple[float, float]] = deque()

    def kept(self, path: str) -> Answer | None:
        with self.lock:
            until, answer = self.pages.get(path, (0.0, None))
        return answer if until > time.monotonic() else None

    def keep(self, path: str, answer: Answer) -> None:
        with self.lock:
            self.pages.pop(path, None)
            self.pages[path] = (time.monotonic() + answer.lifetime, answer)
            while len(self.pages) > PAGES:
                del self.pages[next(iter(self.pages))]

    def purge(self) -> None:
        with self.lock:
            self.pages.clear()

    def served(self, path: str, seconds: float, *, fetched: bool) -> None:
        now = time.monotonic()
        with self.lock:
            self.requests += 1
            self.fetched += fetched
            if path == HOMEPAGE:
                self.homepage.append((now, seconds))
            while self.homepage and self.homepage[0][0] < now - WINDOW:
                self.homepage.popleft()

    def report(self) -> dict[str, object]:
        """Counters since it began; the homepage's quantile is of the last 15 s, None without a request."""
        with self.lock:
            durations = sorted(seconds for _, seconds in self.homepage)
            p95 = round(durations[min(len(durations) - 1, len(durations) * 95 // 100)], 6) if durations else None
            return {"requests": self.requests, "fetched_from_origin": self.fetched, "homepage": {"p95": p95}}


class Customer(BaseHTTPRequestHandler):
    """One connection of a customer, with one to the shop behind it."""

    protocol_version = "HTTP/1.1"
    server_version = "edge"
    sys_version = ""
    timeout = KEEP_ALIVE
    behind: http.client.HTTPConnection | None = None

    @property
    def edge(self) -> Edge:
        return cast(Edge, self.server)

    def do_GET(self) -> None:
        if self.path == "/cdn/metrics":
            kind = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
            self.answer(Answer(200, kind, json.dumps(self.edge.report()).encode()), "")
            return
        began = time.monotonic()
        kept = self.edge.kept(self.path) if self.command == "GET" else None
        answer = kept or self.fetch()
        if kept is None and answer.lifetime and self.command == "GET":
            self.edge.keep(self.path, answer)
        self.edge.served(self.path, time.monotonic() - began, fetched=kept is None)
        self.answer(answer, "HIT" if kept else "MISS" if answer.lifetime else "PASS")

    do_HEAD = do_POST = do_GET

    def do_PURGE(self) -> None:
        self.edge.purge()
        self.answer(Answer(200, (("Content-Type", "text/plain"),), b"purged\n"), "")

    def fetch(self) -> Answer:
        """The shop's answer; 502 where there is none."""
        time.sleep(DISTANCE)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: self.headers[name] for name in ("Content-Type", "Cookie") if name in self.headers}
        for fresh in (False, True):  # a kept connection may turn out to be closed: then once more on a new one
            if self.behind is None or fresh:
                self.behind = http.client.HTTPConnection(*self.edge.origin, timeout=PATIENCE)
            try:
                self.behind.request(self.command, self.path, body=body or None, headers=headers)
                reply = self.behind.getresponse()
                told = tuple((name, reply.headers[name]) for name in _PASSED_ON if name in reply.headers)
                return Answer(reply.status, told, reply.read())
            except (OSError, http.client.HTTPException):
                self.behind.close()
        return Answer(502, (("Content-Type", "text/plain"),), b"the origin does not answer\n")

    def finish(self) -> None:
        if self.behind is not None:
            self.behind.close()
        super().finish()

    def answer(self, answer: Answer, cache: str) -> None:
        self.send_response_only(answer.status)
        self.send_header("Date", self.date_time_string())
        for name, value in answer.headers:
            self.send_header(name, value)
        if cache:
            self.send_header("X-Cache", cache)
        self.send_header("Content-Length", str(len(answer.body)))
        self._headers_buffer: list[bytes]  # http.server's own; one write for head and body avoids a 40 ms delay
        self._headers_buffer.append(b"\r\n" + (b"" if self.command == "HEAD" else answer.body))
        self.flush_headers()

    def log_message(self, format: str, *args: object) -> None:
        """It keeps no log; the shop's has what came through."""


def end_with_parent() -> None:
    """Blocks until standard input closes, then ends the process."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Cache a shop's pages in front of it.")
    parser.add_argument("--origin", required=True)
    parser.add_argument("--fd", type=int, required=True, help="the listening socket")
    options = parser.parse_args()
    threading.Thread(target=end_with_parent, daemon=True).start()
    Edge(socket.socket(fileno=options.fd), options.origin).serve_forever(poll_interval=1)


if __name__ == "__main__":
    main()
