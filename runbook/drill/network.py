"""The runbook of a practice production behind a content delivery network: the shipped one, and what the CDN tells."""

from __future__ import annotations

from runbook import books

RUNBOOK = "runbook.yaml"
_SIGNALS = """  cdn_hit: {source: cdn, title: CDN hits, url: <production_url>/, window: 150s, every: 5s}
  homepage:
    source: http_json
    title: Homepage p95
    kind: latency
    url: <production_url>/cdn/metrics
    path: homepage.p95
    unit: s
    every: 5s
"""
_BEFORE = "\ncriteria:\n"
_TRIGGER = "text: Less than 20 % of CDN requests are hits, "


def runbook() -> str:
    """The shipped runbook with the CDN's figures as signals, and the trigger that waits for one judged by it."""
    text = books.text("production-rollback").replace(_BEFORE, f"{_SIGNALS}{_BEFORE}", 1)
    return text.replace(_TRIGGER, f"{_TRIGGER}criterion: cdn_hit < 20%, ", 1)
