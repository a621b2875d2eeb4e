"""Metrics that die after a rollback: whenever that happens, what is not measured any more is never called recovered."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from runbook.model import Criterion, Outcome, Seconds, Signal
from runbook.signal_sources import HttpJson
from runbook.signals.fetch import Reply, Unreadable
from runbook.signals.monitor import Monitor
from runbook.signals.pace import Pace
from runbook.signals.verdict import decide

STEP: Seconds = 5
HOLD: Seconds = 300
CALM = Criterion("error_rate < 1 % for 5m", "error_rate", "<", 1.0, HOLD)
OUTCOMES = (Outcome("calm", "Error rate < 1% for 5+ minutes", "success", CALM),)
HALF_AN_HOUR = int(1800 / STEP)


class Production:
    """A clock and a metrics endpoint of one value; `alive` says whether it answers."""

    def __init__(self, **gone: str) -> None:
        self.now, self.ticks = 1_000_000.0, 50.0
        self.rate, self.alive = 25.0, True
        signal = Signal("error_rate", "Error rate", HttpJson("http://127.0.0.1:9/m", path="rate"), unit="%", every=STEP)
        self.monitor = Monitor([signal], pace=Pace(1), clock=self, fetch=self, jitter=lambda: 0.0)
        self.silence = gone.get("silence", "connection refused")

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.ticks

    async def sleep(self, seconds: Seconds) -> None:
        self.now, self.ticks = self.now + seconds, self.ticks + seconds

    async def open(self) -> None:
        """Always ready."""

    async def close(self) -> None:
        """Nothing is open."""

    async def get(self, url: str, deadline: Seconds) -> Reply:
        if self.alive:
            return Reply(200, json.dumps({"rate": self.rate}).encode(), "application/json")
        if self.silence == "html":
            return Reply(200, b"<html>Sign in</html>", "text/html")
        if self.silence == "null":
            return Reply(200, b'{"rate": null}', "application/json")
        raise Unreadable(self.silence)

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await self.sleep(STEP)
            await self.monitor.look()

    def verdict(self, since: float) -> tuple[str, str]:
        at = datetime.fromtimestamp(since, UTC)
        standings = {"calm": self.monitor.standing(CALM, since)}
        said = decide(OUTCOMES, standings, {}, judged_from=at, now=datetime.fromtimestamp(self.now, UTC))
        return said.verdict, said.text


@pytest.mark.parametrize("silence", ["connection refused", "html", "null"])
@pytest.mark.parametrize("good", [0, 1, 30, 55, 60])
async def test_metrics_that_die_before_the_hold_is_over_never_become_a_recovery(silence: str, good: int) -> None:
    production = Production(silence=silence)
    await production.look(80)
    since, production.rate = production.now, 0.2
    await production.look(good)
    assert production.verdict(since)[0] != "recovered"
    production.alive = False
    for _ in range(HALF_AN_HOUR):
        await production.look()
        assert production.verdict(since)[0] != "recovered"
    verdict, text = production.verdict(since)
    assert verdict == "unknown"
    assert {"html": "not JSON", "null": "null"}.get(silence, silence) in text, text


async def test_a_recovery_that_was_reached_is_taken_back_within_a_minute_of_silence() -> None:
    production = Production()
    await production.look(80)
    since, production.rate = production.now, 0.2
    await production.look(62)
    assert production.verdict(since)[0] == "recovered"
    production.alive = False
    await production.look(13)
    assert production.verdict(since)[0] == "unknown"


async def test_metrics_that_come_back_begin_the_hold_anew() -> None:
    production = Production()
    await production.look(80)
    since, production.rate = production.now, 0.2
    await production.look(55)
    production.alive = False
    await production.look(20)
    production.alive = True
    await production.look(60)
    assert production.verdict(since)[0] != "recovered"
    await production.look(2)
    assert production.verdict(since)[0] == "recovered"
