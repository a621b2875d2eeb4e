"""The practice production's application server: serves one deployed version of the shop on a socket.

It runs as a process of its own and by its path, so it needs nothing but the standard library:

    python service.py --code DIR --commit SHA --version TAG --port P --log FILE --environment production

Under the deployer it inherits the listening socket (`--fd`), so that the port stays the same and no
connection is refused while versions change. It is then told what to do in lines on its standard
input: `serve` (accept connections), `drain` (accept no more, finish what is under way, end) and
`reopen` (the log was rotated). When that pipe closes the deployer is gone, and the service ends.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import os
import selectors
import socket
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any, cast

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = tuple[tuple[str, str], ...]

NO_STORE: Headers = (("Cache-Control", "no-store"),)
WINDOW = 15.0
"""Seconds of requests that the quantiles are taken from."""
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
BODY_LIMIT = 2**20
KEEP_ALIVE = 60
DRAIN_LIMIT = 20.0


class Log:
    """The production log: whole lines, appended, shared by the versions that write to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = self._open()

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def reopen(self) -> None:
        """After a rotation: the same number goes on, so that no thread writes to a closed file."""
        fresh = self._open()
        os.dup2(fresh, self.descriptor, inheritable=False)
        os.close(fresh)

    def write(self, level: str, logger: str, text: str) -> None:
        now = time.time()
        stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1000):03d}Z"
        os.write(self.descriptor, f"{stamp} {level:<5} {logger}  {text}\n".encode(errors="backslashreplace"))


class Metrics:
    """What was served, counted as it happens; all numbers start at zero with the process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.started = time.monotonic()
        self.requests = 0
        self.errors = 0
        self.in_flight = 0
        self.codes: dict[int, int] = {}
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0
        self.recent: deque[tuple[float, float]] = deque()

    @property
    def uptime(self) -> float:
        return time.monotonic() - self.started

    def begin(self) -> None:
        with self.lock:
            self.in_flight += 1

    def end(self, code: int, seconds: float) -> None:
        now = time.monotonic()
        place = next((index for index, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))
        with self.lock:
            self.in_flight -= 1
            self.requests += 1
            self.errors += code >= 500
            self.codes[code] = self.codes.get(code, 0) + 1
            self.buckets[place] += 1
            self.seconds += seconds
            self.recent.append((now, seconds))
            self._forget(now)

    def _forget(self, now: float) -> None:
        while self.recent and self.recent[0][0] < now - WINDOW:
            self.recent.popleft()

    def quantiles(self) -> dict[str, float | None]:
        """Seconds, over the requests that ended in the last 15 s; None where there were none."""
        with self.lock:
            self._forget(time.monotonic())
            durations = sorted(seconds for _, seconds in self.recent)
        if not durations:
            return {"p50": None, "p95": None, "p99": None}
        last = len(durations) - 1
        return {f"p{share}": round(durations[min(last, len(durations) * share // 100)], 4) for share in (50, 95, 99)}

    def exposition(self, labels: str) -> str:
        """The Prometheus text format."""
        with self.lock:
            codes, buckets, seconds, in_flight = dict(self.codes), list(self.buckets), self.seconds, self.in_flight
        lines = ["# HELP http_requests_total Requests served.", "# TYPE http_requests_total counter"]
        lines += [f'http_requests_total{{code="{code}"}} {number}' for code, number in sorted(codes.items())]
        lines += [
            "# HELP http_request_duration_seconds Time to answer.",
            "# TYPE http_request_duration_seconds histogram",
        ]
        total = 0
        for bound, number in zip([*map(str, BUCKETS), "+Inf"], buckets, strict=True):
            total += number
            lines.append(f'http_request_duration_seconds_bucket{{le="{bound}"}} {total}')
        lines += [f"http_request_duration_seconds_sum {seconds:.6f}", f"http_request_duration_seconds_count {total}"]
        lines += ["# TYPE http_requests_in_flight gauge", f"http_requests_in_flight {in_flight}"]
        lines += ["# TYPE process_uptime_seconds gauge", f"process_uptime_seconds {self.uptime:.1f}"]
        lines += ["# TYPE build_info gauge", f"build_info{{{labels}}} 1"]
        return "\n".join(lines) + "\n"


class Service(ThreadingHTTPServer):
    """One version of the shop, with what it tells about itself."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, listener: socket.socket, options: argparse.Namespace) -> None:
        super().__init__(listener.getsockname()[:2], Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.socket.setblocking(False)
        self.options = options
        self.log = Log(options.log)
        self.metrics = Metrics()
        self.draining = False
        self.handlers: set[Handler] = set()
        self.open = 0
        """Connections accepted and not closed yet, counted from before their thread runs."""
        self.counting = threading.Lock()
        self.application, self.health, self.telemetry = load(options.code)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = self.socket.accept()
        connection.setblocking(True)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.counting:
            self.open += 1
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self.counting:
            self.open -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of the shop; anything else goes to the log."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            self.log.write("ERROR", "shop.server", f"{error!r}\n{traceback.format_exc().rstrip()}")

    def stop_accepting(self) -> None:
        """Kept connections are closed as soon as they are idle; one that is new is answered first."""
        self.draining = True
        for handler in list(self.handlers):
            if handler.kept:
                handler.hang_up()

    def health_report(self) -> tuple[int, dict[str, Any]]:
        try:
            checks = self.health.checks()
            healthy = all(check.get("healthy") is True for check in checks.values())
        except Exception as error:  # the deployed code may fail in any way: that is what health is there to say
            checks, healthy = {"application": {"healthy": False, "error": repr(error)}}, False
        uptime = int(self.metrics.uptime)
        return 200 if healthy else 503, {
            "status": "healthy" if healthy else "unhealthy",
            "uptime": f"{uptime // 3600}h {uptime // 60 % 60}m {uptime % 60}s",
            "version": self.options.version,
            "commit": self.options.commit,
            "environment": self.options.environment,
            "checks": checks,
        }

    def metrics_report(self) -> dict[str, Any]:
        metrics = self.metrics
        return {
            "uptime": round(metrics.uptime, 1),
            "version": self.options.version,
            "commit": self.options.commit,
            "custom": {
                "http_requests": metrics.requests,
                "http_errors": metrics.errors,
                "http_request_duration": metrics.quantiles(),
                "http_in_flight": metrics.in_flight,
                **self.telemetry.report(),
            },
        }

    def metrics_page(self) -> str:
        options = self.options
        quotes = self.telemetry.report()["quotes"]
        page = self.metrics.exposition(f'version="{options.version}",commit="{options.commit}"')
        return page if quotes is None else f"{page}# TYPE shop_quotes gauge\nshop_quotes {quotes}\n"


def load(code: Path) -> tuple[Application, ModuleType, ModuleType]:
    """The application, its health and its telemetry, as deployed, with its libraries. Raises what the code raises."""
    sys.path.insert(0, str(code))
    if libraries := os.environ.get("SHOP_LIBRARIES"):
        sys.path.append(libraries)
    application = importlib.import_module("app.wsgi").application
    return application, importlib.import_module("app.health"), importlib.import_module("app.telemetry")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "shop"
    sys_version = ""
    timeout = KEEP_ALIVE
    kept = False
    """Whether it was answered before and waits for another request."""

    @property
    def service(self) -> Service:
        return cast(Service, self.server)

    def setup(self) -> None:
        super().setup()
        self.service.handlers.add(self)

    def finish(self) -> None:
        self.service.handlers.discard(self)
        super().finish()

    def hang_up(self) -> None:
        try:
            self.connection.shutdown(socket.SHUT_RD)
        except OSError:
            return  # it is closed already

    def do_GET(self) -> None:
        self.kept = False
        path, _, query = self.path.partition("?")
        if path == "/api/health":
            code, health = self.service.health_report()
            self.answer(code, "application/json", json.dumps(health).encode())
        elif path == "/api/metrics":
            self.serve_metrics(lambda: json.dumps(self.service.metrics_report()), "application/json")
        elif path == "/metrics":
            self.serve_metrics(self.service.metrics_page, "text/plain; version=0.0.4; charset=utf-8")
        else:
            self.serve_shop(path, query)
        self.kept = True
        if self.service.draining:
            self.close_connection = True

    do_HEAD = do_POST = do_GET

    def serve_metrics(self, made: Callable[[], str], kind: str) -> None:
        """What the deployed code's telemetry says; an error in it is the metrics' alone, the shop goes on."""
        try:
            code, text = 200, made()
        except Exception as error:
            code, kind, text = 500, "application/json", '{"error": "internal server error"}'
            self.service.log.write("ERROR", "shop.metrics", f"metrics failed: {type(error).__name__}: {error}")
        self.answer(code, kind, text.encode())

    def serve_shop(self, path: str, query: str) -> None:
        started = time.monotonic()
        self.service.metrics.begin()
        code, caching = 500, NO_STORE
        try:
            code, kind, body, caching = self.run_application(path, query)
        except Exception as error:  # an application server answers 500 to any error of the application
            kind, body = "application/json", b'{"error": "internal server error"}'
            words = (str(error).splitlines() or [""])[0]  # all of them end the trace
            said = f"{self.command} {path} failed: {type(error).__name__}: {words}"
            self.service.log.write("ERROR", "shop.web", f"{said}\n{traceback.format_exc().rstrip()}")
        finally:
            seconds = time.monotonic() - started
            self.service.metrics.end(code, seconds)
        level = "ERROR" if code >= 500 else "INFO"
        self.service.log.write(
            level, "shop.access", f'"{self.command} {self.path[:300]}" {code} {len(body)} {seconds * 1000:.0f}ms'
        )
        self.answer(code, kind, body, caching)

    def run_application(self, path: str, query: str) -> tuple[int, str, bytes, Headers]:
        length = min(int(self.headers.get("Content-Length") or 0), BODY_LIMIT)
        answered: list[tuple[int, str, Headers]] = []

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            kind = next((value for name, value in headers if name == "Content-Type"), "text/plain")
            caching = tuple((name, value) for name, value in headers if name in ("Cache-Control", "Set-Cookie"))
            answered.append((int(status[:3]), kind, caching))

        environ = {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(length),
            "HTTP_COOKIE": self.headers.get("Cookie", ""),
            "wsgi.input": io.BytesIO(self.rfile.read(length)),
        }
        body = b"".join(self.service.application(environ, start_response))
        code, kind, caching = answered[-1]
        return code, kind, body, caching or NO_STORE

    def answer(self, code: int, kind: str, body: bytes, caching: Headers = NO_STORE) -> None:
        self.send_response_only(code)
        self.send_header("Server", self.server_version)
        self.send_header("Date", self.date_time_string())
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in caching:
            self.send_header(name, value)
        if self.service.draining:
            self.send_header("Connection", "close")
        self._headers_buffer: list[bytes]  # http.server's own; one write for head and body avoids a 40 ms delay
        self._headers_buffer.append(b"\r\n" + (b"" if self.command == "HEAD" else body))
        self.flush_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Malformed requests; everything else is in the access log."""
        self.service.log.write("WARN", "shop.server", format % args)


def run(service: Service, commands: int | None) -> None:
    """Accepts connections as told; returns when drained or when the deployer is gone."""
    with selectors.DefaultSelector() as selector:
        accepting = commands is None
        if accepting:
            selector.register(service.socket, selectors.EVENT_READ)
        if commands is not None:
            selector.register(commands, selectors.EVENT_READ)
            tell("loaded")
        deadline = None
        while deadline is None or (time.monotonic() < deadline and service.open):
            for key, _ in selector.select(None if deadline is None else 0.1):
                if key.fileobj is service.socket:
                    accept(service)
                    continue
                words = os.read(key.fd, 4096).decode().split()
                if not words:
                    return
                for word in words:
                    if word == "serve" and not accepting:
                        accepting = True
                        selector.register(service.socket, selectors.EVENT_READ)
                    elif word == "drain":
                        if accepting:
                            accepting = False
                            selector.unregister(service.socket)
                        service.stop_accepting()
                        tell("drained")
                        deadline = time.monotonic() + DRAIN_LIMIT
                    elif word == "reopen":
                        service.log.reopen()


def accept(service: Service) -> None:
    try:
        connection, address = service.get_request()
    except OSError:
        return  # another version took it, or it is gone
    service.process_request(connection, address)


def tell(word: str) -> None:
    """A line to the deployer."""
    os.write(1, word.encode() + b"\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve one deployed version of the practice shop.")
    parser.add_argument("--code", type=Path, required=True, help="the tree as deployed")
    parser.add_argument("--commit", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--environment", default="production")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int, help="listen here, on 127.0.0.1")
    where.add_argument("--fd", type=int, help="an inherited listening socket; commands come on standard input")
    options = parser.parse_args()
    if options.fd is not None:
        service = Service(socket.socket(fileno=options.fd), options)
        run(service, sys.stdin.fileno())
    else:
        listener = socket.create_server(("127.0.0.1", options.port), backlog=256)
        run(Service(listener, options), None)
    os._exit(0)  # the threads of open connections are not waited for


if __name__ == "__main__":
    main()
