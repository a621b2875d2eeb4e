"""The watch: polls every source for as long as it runs and answers what the signals say now."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from runbook.figures import clock as said
from runbook.model import Criterion, Seconds, Signal
from runbook.signal_sources import NoSource, Prometheus
from runbook.signals import log_rate, prometheus, sentry, smoke
from runbook.signals.criteria import LONGEST_HOLD
from runbook.signals.fetch import Asked, Fetch, Probe, Reply, Request, Unreadable
from runbook.signals.health import Check
from runbook.signals.judge import DOWN_AFTER, NOTHING_YET, gap_allowed, judge
from runbook.signals.late_fetch import LateFetch
from runbook.signals.pace import Pace
from runbook.signals.samples import SampleFile, recorded
from runbook.signals.series import Sample, Series
from runbook.signals.setting import fill, unset
from runbook.signals.sources import NO_SOURCE, Memory, Observed, memory_for, read, request_for
from runbook.signals.standing import Part, Standing

SKEW_SHOWN: Seconds = 5
"""From here on the difference of two clocks is worth a word."""
SLOWEST_BACK_OFF = 4
RECALL_LIMIT: Seconds = 10
JITTER = 0.1
"""Share of the interval, so that several rooms do not ask in step."""
T = TypeVar("T")
Run = Callable[[str, Mapping[str, str], Seconds], Awaitable[Reply]]
"""Runs a read-only command with its values put in, bounded in time; its output is the body. Raises Unreadable."""


class Clock(Protocol):
    """Time, as a test can replace it."""

    def wall(self) -> float:
        """Unix seconds."""

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: Seconds) -> None: ...


class SystemClock:
    """The machine's own clocks."""

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: Seconds) -> None:
        await asyncio.sleep(seconds)


def _ignore(*_: object) -> None:
    """Nobody listens."""


class _Poll:
    """One request, and the signals that live on its answer."""

    def __init__(self, request: Request, every: Seconds) -> None:
        self.request = request
        self.every = every
        self.signals: list[Signal] = []
        self.errors = 0
        self.tail: log_rate.Tail | None = None
        """Where the request is a file: how far it was read."""

    @property
    def deadline(self) -> Seconds:
        return self.request.deadline or max(2.0, min(self.every, 10.0))

    @property
    def pause(self) -> Seconds:
        """An interval; after five errors in a row two of them, then four."""
        return self.every * float(min(SLOWEST_BACK_OFF, 1 << max(0, self.errors - DOWN_AFTER + 1)))


class Monitor:
    """The signals of one incident: their series, what they say now, and which sources are down.

    `on_sample(signal)` follows each sample.
    """

    def __init__(
        self,
        signals: Iterable[Signal],
        *,
        values: dict[str, str] | None = None,
        pace: Pace | None = None,
        clock: Clock | None = None,
        fetch: Fetch | None = None,
        probe: Probe | None = None,
        run: Run | None = None,
        environ: Mapping[str, str] | None = None,
        jitter: Callable[[], float] = random.random,
        on_sample: Callable[[str], None] = _ignore,
    ) -> None:
        self.signals = {signal.id: signal for signal in signals}
        self.series = {signal.id: Series(_capacity(signal)) for signal in self.signals.values()}
        self.health_checks: dict[str, tuple[Check, ...]] = {}
        """What a health endpoint says about its parts, and how each smoke test went; nothing where nobody answers."""
        self.parts: dict[str, tuple[Part, ...]] = {}
        """How each smoke test went; nothing before the first answer."""
        self.latency: dict[str, Seconds] = {}
        self.skew: dict[str, Seconds] = {}
        """Servers whose clock is more than five seconds off: theirs minus ours."""
        self.down: dict[str, str] = {}
        """Sources that failed five times in a row, and why."""
        self.samples: SampleFile | None = None
        """Where every sample is kept; None in a room that only looks on."""
        self.on_sample = on_sample
        self.values: dict[str, str] = {} if values is None else values
        """What stands for the `<param>`s of addresses and commands; looked at anew for every poll."""
        self._pace = pace or Pace()
        self._clock = clock or SystemClock()
        late = fetch if isinstance(fetch, LateFetch) else LateFetch()
        self._fetch = fetch or late
        self._probe = probe or late.probe
        self._closing = late
        self._run = run
        self._environ = environ or {}
        self._jitter = jitter
        self._errors = dict.fromkeys(self.signals, 0)
        self._newest: dict[str, Sample] = {}
        """The last value that came in, by arrival: freshness must not hang on a clock that was set."""
        self._began = self._clock.wall()
        self._ahead = self._began - self._clock.monotonic()
        """The wall clock minus the other, when both were last looked at."""
        self._set_back: tuple[float, float] | None = None
        """Both clocks, wall and monotonic, when it was last noticed that the wall clock was set back."""
        self._memories: dict[str, tuple[str, Memory]] = {}
        self._polls = _grouped(self.signals.values())
        self._were_set_up: set[str] = set()
        """The optional signals that were asked in this incident: whatever becomes of them, they count."""

    # ── watching ──────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Polls until it is cancelled; each poll starts an interval after the last one ended."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.recall())
                for poll in self._polls:
                    tasks.create_task(self._watch(poll))
                await asyncio.Event().wait()
        finally:
            if self.samples is not None:
                self.samples.flush()
            await self._fetch.close()
            await self._closing.close()

    async def recall(self) -> None:
        """Reads the last half hour from the sources that can tell it; one that cannot, tells nothing."""
        await asyncio.gather(*(self._recall(signal) for signal in self.signals.values()))

    async def _recall(self, signal: Signal) -> None:
        if not isinstance(signal.source, Prometheus):
            return
        wall, mono = self._clock.wall(), self._clock.monotonic()
        address = prometheus.history_address(signal.source, wall, signal.every)
        url, missing = fill(address, self.values)
        if missing:
            return
        await self._fetch.open()
        try:
            past = prometheus.history_of(signal, signal.source, await self._fetch.get(url, RECALL_LIMIT), wall, mono)
        except Unreadable:
            return  # what it says now comes by its own poll, with the reason where it says nothing
        for sample in past:
            self.series[signal.id].append(sample)

    def remember(self, folder: Path) -> None:
        """Takes in what an earlier room of the incident saw, as far back as any criterion looks."""
        wall, mono = self._times()
        if self.not_set_up():
            self._were_set_up.update(recorded(folder))
        for name, samples in recorded(folder, wall - LONGEST_HOLD).items():
            for sample in samples if name in self.series else ():
                self.series[name].append(sample)
                if sample.at > wall + SKEW_SHOWN:
                    self._set_back = wall, mono

    def replay(self, signal: str, sample: Sample) -> None:
        """Takes in a recorded sample as if it came in now; of a signal that the runbook does not have, nothing."""
        if signal in self.signals:
            self._were_set_up.add(signal)
            self._take(signal, Observed(sample))

    async def look(self) -> None:
        """Asks every source once, now."""
        await asyncio.gather(*map(self._ask, self._polls))

    async def _watch(self, poll: _Poll) -> None:
        while True:
            await self._ask(poll)
            await self._clock.sleep(poll.pause + self._jitter() * JITTER * poll.every)

    async def _ask(self, poll: _Poll) -> None:
        waiting = self.not_set_up()
        asking = [signal for signal in poll.signals if signal.id not in waiting]
        if not asking:
            return
        self._were_set_up.update(signal.id for signal in asking)
        url, missing = fill(poll.request.text, self.values, how=poll.request.how)
        await self._fetch.open()
        asked, seen = self._times()
        if missing:
            for signal in asking:
                self._take(signal.id, Observed(Sample(asked, None, f"<{missing}> is not set yet", seen)))
            return
        reply: Reply | Unreadable
        try:
            reply = await self._answer(poll, url, seen)
        except Unreadable as wrong:
            reply = wrong
        except Exception as error:  # whatever a library does with an odd answer: the watch goes on, with a hole
            reply = Unreadable(f"could not be asked ({type(error).__name__})")
        poll.errors = poll.errors + 1 if isinstance(reply, Unreadable) else 0
        for signal in asking:
            memory = self._memory_of(signal, url)
            self._take(signal.id, read(signal, reply, memory, asked, seen, max_skew=self._allowed(signal)))

    async def _answer(self, poll: _Poll, filled: str, seen: float) -> Reply:
        if poll.request.how == "file":
            if poll.tail is None or poll.tail.path != filled:
                poll.tail = log_rate.Tail(filled)
            return await poll.tail.look(seen, poll.deadline)
        if poll.request.how == "probe":
            return await self._probe(Asked(filled, cached=True), poll.deadline)
        if poll.request.how == "sentry":
            asked = sentry.asked(poll.request.text, poll.request.variables, self._environ)
            return await self._probe(asked, poll.deadline)
        if poll.request.how == "each":
            return await smoke.ask_each(filled, self._probe, poll.deadline)
        if poll.request.how == "get":
            return await self._fetch.get(filled, poll.deadline)
        if self._run is None:
            raise Unreadable("commands are not run here")
        return await self._run(poll.request.text, self.values, poll.deadline)

    def _take(self, signal: str, observed: Observed) -> None:
        sample = observed.sample
        self.series[signal].append(sample)
        if self.samples is not None:
            self.samples.keep(signal, sample)
        if sample.value is not None:
            self._newest[signal] = sample
        _keep(self.health_checks, signal, observed.checks or None)
        _keep(self.parts, signal, observed.parts or None)
        _keep(self.latency, signal, observed.took)
        off = observed.skew is not None and abs(observed.skew) > SKEW_SHOWN
        _keep(self.skew, signal, observed.skew if off else None)
        self._errors[signal] = self._errors[signal] + 1 if observed.failed else 0
        if self._errors[signal] >= DOWN_AFTER and signal not in self.down:
            self.down[signal] = sample.why
        elif not self._errors[signal]:
            self.down.pop(signal, None)
        self.on_sample(signal)

    @property
    def trouble(self) -> str:
        """Why the samples cannot be kept; empty when they are."""
        return self.samples.trouble if self.samples is not None else ""

    # ── what they say ─────────────────────────────────────────────────────────────────────────────

    def not_set_up(self) -> dict[str, tuple[str, ...]]:
        """The optional signals that nobody set up, each with what to set: they take no part.

        One that was ever asked in this incident counts from then on: its silence is a hole.
        """
        optional = (s for s in self.signals.values() if s.optional and s.id not in self._were_set_up)
        return {s.id: missing for s in optional if (missing := unset(s.source, self.values, self._environ))}

    def age(self, signal: str) -> Seconds | None:
        """How old the newest value of a signal is, None before the first; by the clock that says more."""
        newest = self._newest.get(signal)
        if newest is None:
            return None
        return max(0.0, self._clock.wall() - newest.at, self._clock.monotonic() - newest.seen)

    def is_failing(self, signal: str) -> bool:
        """Whether the newest poll of a source failed by its own fault, not for want of traffic or of a second look."""
        return bool(self._errors[signal])

    def is_stale(self, signal: str) -> bool:
        """Whether there is no value that still counts as current."""
        age = self.age(signal)
        return age is None or signal in self.down or age > self._allowed(self.signals[signal])

    def readings(self) -> tuple[tuple[str, float | str | None, str], ...]:
        """(signal, value, why) for each that takes part: the newest value while it is current, else None and why not.

        A `why` beside a value is a remark on it, such as a poll that failed since.
        """
        waiting = self.not_set_up()
        return tuple((signal, *self._reading(signal)) for signal in self.signals if signal not in waiting)

    def standing(self, criterion: Criterion, since: float = 0, *, danger: bool = False) -> Standing:
        """How a criterion stands now by the samples from `since` (Unix seconds) on; see `judge`."""
        signal = self.signals.get(criterion.signal)
        if signal is None:
            return Standing(criterion=criterion, state="unknown", why="no such signal")
        allowed = self._allowed(signal, criterion.hold)
        missing = self.not_set_up().get(signal.id, ())
        if missing or isinstance(signal.source, NoSource):
            why = f"not set up: {' and '.join(missing)}" if missing else NO_SOURCE
            return Standing(criterion=criterion, state="unknown", why=why, title=signal.title, unit=signal.unit)
        series = self.series[signal.id]
        now, _ = self._times()
        void = self._void(danger=danger)
        found = judge(criterion, series, now, since, max_gap=allowed, danger=danger, void=void)
        age, nothing = self.age(signal.id), found.why == NOTHING_YET
        if age is not None and age > allowed and (found.state != "unknown" or nothing):
            # the wall clock was set back: only the other one tells
            found = Standing(criterion=criterion, state="unknown", why=f"no reading for {said(age)}")
        elif nothing and self._set_back is not None:
            found = msgspec.structs.replace(found, why="no reading since this machine's clock was set back")
        parts = self.parts.get(signal.id, ())
        return msgspec.structs.replace(found, title=signal.title, unit=signal.unit, parts=parts)

    def _reading(self, signal: str) -> tuple[float | str | None, str]:
        latest = self.series[signal].latest()
        nothing = NO_SOURCE if isinstance(self.signals[signal].source, NoSource) else "no reading yet"
        why = latest.why if latest is not None else nothing
        newest, age = self._newest.get(signal), self.age(signal)
        if newest is not None and not self.is_stale(signal):
            return newest.value, why
        told = latest is not None and latest.value is None and why
        return None, why if told or age is None else f"no reading for {said(age)}"

    def _times(self) -> tuple[float, float]:
        """Both clocks, wall and monotonic. When the first falls behind the second, it was set back."""
        wall, mono = self._clock.wall(), self._clock.monotonic()
        if wall - mono < self._ahead - SKEW_SHOWN:
            self._set_back = wall, mono
        self._ahead = wall - mono
        return wall, mono

    def past(self, at: float) -> float:
        """A moment of the record. One in the future was before the clock was set back: then when that was noticed."""
        now, _ = self._times()
        return at if at <= now + SKEW_SHOWN else self._set_back[0] if self._set_back is not None else self._began

    def _void(self, *, danger: bool) -> Callable[[Sample], bool]:
        """Which samples are no evidence since the wall clock was set back.

        Their dates lie: a breach of a minute ago is in the future, and an old reading will be of now. So a recovery
        counts from there on only. A danger keeps what is dated before, or a clock could call it off.
        """
        if self._set_back is None:
            return lambda _: False
        wall, mono = self._set_back
        return lambda sample: sample.seen < mono and (not danger or sample.at > wall)

    def _allowed(self, signal: Signal, hold: Seconds = 0) -> Seconds:
        return gap_allowed(signal.every, hold, self._pace.stale_floor)

    def _memory_of(self, signal: Signal, asked: str) -> Memory:
        """What a signal's source remembers; another address is another service and counts anew."""
        known = self._memories.get(signal.id)
        if known is None or known[0] != asked:
            known = self._memories[signal.id] = asked, memory_for(signal)
        return known[1]


def _grouped(signals: Iterable[Signal]) -> list[_Poll]:
    """One poll for all signals that ask for the same at the same pace."""
    polls: dict[tuple[Request, Seconds], _Poll] = {}
    for signal in signals:
        request = request_for(signal.source)
        if request is None:
            continue
        key = request, signal.every
        polls.setdefault(key, _Poll(*key)).signals.append(signal)
    return list(polls.values())


def _capacity(signal: Signal) -> int:
    """Room for the longest hold at this signal's pace."""
    return max(100, min(20_000, int(LONGEST_HOLD / max(signal.every, 0.1)) + 10))


def _keep(known: dict[str, T], signal: str, value: T | None) -> None:
    if value is None:
        known.pop(signal, None)
    else:
        known[signal] = value
