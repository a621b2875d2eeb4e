"""The real lighthouse on a page of this machine: what the room reads is what its report says."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runbook.command_signals import runner
from runbook.model import Signal
from runbook.signal_sources import Lighthouse
from runbook.signals.monitor import Monitor
from tests.clients.programs import SEARCHED, need

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-sync"
    " --disable-background-networking --disable-component-update"
)


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><html lang=en><title>Shop</title><h1>Made for you</h1><p>Everything is here.</p></html>"
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def page() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


async def test_score_and_times_of_a_page_are_those_of_the_report(page: str, tmp_path: Path) -> None:
    program = need("lighthouse")
    chrome = need("chromium")
    kept = tmp_path / "kept"
    kept.write_text(f'#!/bin/sh\n{program} "$@" | tee {tmp_path}/report.json\n')
    kept.chmod(0o755)
    environ = {**os.environ, "PATH": SEARCHED, "CHROME_PATH": chrome}
    here = {"url": page, "program": str(kept), "chrome_flags": FLAGS}
    signals = (
        Signal("score", "Score", Lighthouse(**here), every=600),  # type: ignore[arg-type]
        Signal("lcp", "LCP", Lighthouse(**here, measure="lcp"), unit="s", every=600),  # type: ignore[arg-type]
        Signal("gone", "Gone", Lighthouse(**{**here, "url": f"{page}/gone", "program": program}), every=600),  # type: ignore[arg-type]
    )
    monitor = Monitor(signals, run=runner(tmp_path, environ, ()))
    await monitor.look()
    report = json.loads((tmp_path / "report.json").read_text())
    said = {signal: (value, why) for signal, value, why in monitor.readings()}
    score, lcp = report["categories"]["performance"]["score"], report["audits"]["largest-contentful-paint"]
    assert said["score"][0] == pytest.approx(score * 100) and 0 < score <= 1
    assert said["lcp"][0] == pytest.approx(lcp["numericValue"] / 1000)
    value, why = said["gone"]
    assert value is None and "unable to reliably load" in why
