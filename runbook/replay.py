"""A recorded incident as its room saw it at any moment: the fold of its events and samples up to there.

The record is read once and never touched again. What a room keeps beside itself lies in a scratch folder, and whatever
would run, ask or write is refused.
"""

from __future__ import annotations

import shutil
from bisect import bisect_left, bisect_right
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import msgspec

from runbook.carrier import Carrier
from runbook.conductor import Conductor, Refused
from runbook.incident import events as ev
from runbook.incident import home
from runbook.incident.journal import JournalTrouble, read_incident
from runbook.incident.room import Room, fold
from runbook.model import LogSource, Record, Runbook, Seconds
from runbook.opening import read_runbook, source_text
from runbook.outlook import Outlook
from runbook.signals.criteria import LONGEST_HOLD
from runbook.signals.monitor import Monitor
from runbook.signals.pace import Pace, shorten
from runbook.signals.samples import recorded
from runbook.signals.series import Sample
from runbook.transcript import Line, transcript

if TYPE_CHECKING:
    from runbook.incident.journal import Journal

NOTHING_RUNS = "This is a replay: nothing runs, nothing is asked, nothing is written."


class Recording(Record, frozen=True):
    """What was recorded of one incident."""

    name: str
    copy: Path
    """The copy of the runbook that the incident keeps."""
    runbook: Runbook
    events: tuple[ev.Event, ...]
    """In the order of their times."""
    samples: dict[str, list[Sample]]
    said: tuple[Line, ...]
    """What was run, and what it said."""
    pace: float = 1


def load(folder: Path) -> Recording:
    """Read an incident's folder. Raises JournalTrouble, OSError or ReadingError, in words."""
    events = sorted(read_incident(folder), key=lambda event: (event.at, event.order))
    if not events:
        raise JournalTrouble(f"{folder.name} holds no event: there is nothing to play back.")
    copy = home.runbook_copy(folder)
    pace = fold(events).pace
    runbook = shorten(read_runbook(source_text(str(copy)), str(copy)), pace)
    samples = {
        name: [msgspec.structs.replace(sample, seen=sample.at) for sample in found]
        for name, found in recorded(folder / home.SAMPLES).items()
    }
    return Recording(folder.name, copy, runbook, tuple(events), samples, transcript(folder, events), pace)


class _Moment:
    """The time of the replay, as both of a room's clocks."""

    def __init__(self, at: float) -> None:
        self.at = at

    def wall(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: Seconds) -> None:
        raise NotImplementedError("nothing is polled in a replay")

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


class _NoJournal:
    """Stands where a room has its journal: nothing is wrong with it, and nothing is written."""

    trouble = ""
    closed = True
    seat = ""


class Replay(Conductor):
    """The room of a recorded incident. It knows what was recorded up to its moment, and nothing of what came after."""

    def __init__(self, recording: Recording, scratch: Path) -> None:
        """`scratch` is an empty folder, not the incident's: the transcript of what was run is kept there."""
        self.recording = recording
        self._scratch = scratch
        self._times = [event.at.timestamp() for event in recording.events]
        self._sampled = {name: [sample.at for sample in found] for name, found in recording.samples.items()}
        self._moment = _Moment(self.begin)
        self._applied = 0
        self._fed = self.begin
        self._tape = 0
        self._written = 0
        runbook = msgspec.structs.replace(recording.runbook, logs=())
        super().__init__(
            scratch,
            runbook,
            cast("Journal", _NoJournal()),
            Room(),
            Carrier(scratch, runbook, None, {}, no_clean_room=NOTHING_RUNS),
            Outlook(runbook, self._monitor()),
            driving=False,
            clock=self._moment,
        )
        (scratch / "files").mkdir()
        shutil.copyfile(recording.copy, scratch / "files" / recording.copy.name)
        self._rewind(self.begin)

    # ── where it is ───────────────────────────────────────────────────────────────────────────────

    @property
    def begin(self) -> float:
        """Unix seconds of the first event."""
        return self._times[0]

    @property
    def end(self) -> float:
        """Unix seconds of the last event."""
        return self._times[-1]

    @property
    def moment(self) -> float:
        """Unix seconds up to which the record is told."""
        return self._moment.at

    @property
    def applied(self) -> int:
        """How many events have happened by now."""
        return self._applied

    def event_after(self) -> float:
        """When the next event happened; the end where there is none."""
        place = bisect_right(self._times, self.moment)
        return self._times[place] if place < len(self._times) else self.end

    def event_before(self) -> float:
        """When the event before this moment happened; the beginning where there is none."""
        place = bisect_left(self._times, self.moment)
        return self._times[max(0, place - 1)]

    # ── going there ───────────────────────────────────────────────────────────────────────────────

    def go_to(self, moment: float) -> None:
        """Show the incident as it was at a moment, within the record."""
        moment = min(max(moment, self.begin), self.end)
        if moment < self.moment:
            self._rewind(moment)
        else:
            self._play(moment)

    def _rewind(self, moment: float) -> None:
        """Begin anew and tell everything up to the moment: what came after it was never known."""
        self._moment.at = moment
        self._room, self._applied, self._written = Room(), 0, 0
        self._fed = moment - LONGEST_HOLD
        self.outlook.monitor = self._monitor()
        self._tape += 1
        log = LogSource(id="ran", title="what was run", path=str(self._scratch / f"ran-{self._tape}.log"))
        self.runbook = self.outlook.runbook = msgspec.structs.replace(self.recording.runbook, logs=(log,))
        self.tape.write_text("")
        self._play(moment)

    @property
    def tape(self) -> Path:
        """The transcript of what was run, as far as it is told."""
        return Path(self.runbook.logs[0].path)

    def _play(self, moment: float) -> None:
        self._moment.at = moment
        until = bisect_right(self._times, moment)
        for event in self.recording.events[self._applied : until]:
            self._room.apply(event)
        self._applied = until
        for name, found in self.recording.samples.items():
            times = self._sampled[name]
            begin = bisect_right(times, max(self._fed, moment - LONGEST_HOLD))
            for sample in found[begin : bisect_right(times, moment)]:
                self.outlook.monitor.replay(name, sample)
        self._fed = moment
        self._tell(moment)
        self.state = self._room.state()

    def _tell(self, moment: float) -> None:
        """Write on the tape what was said by now."""
        said = self.recording.said
        until = bisect_right(said, moment, key=lambda line: line.at)
        if until > self._written:
            with self.tape.open("a", encoding="utf-8") as tape:
                tape.writelines(f"{line.text}\n" for line in said[self._written : until])
            self._written = until

    def _monitor(self) -> Monitor:
        return Monitor(self.recording.runbook.signals, pace=Pace(self.recording.pace), clock=self._moment)

    # ── what a replay never does ──────────────────────────────────────────────────────────────────

    async def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise Refused(NOTHING_RUNS)

    record = targets = _prepare = drive = save = write_report = recover = _refuse

    def _must_drive(self) -> NoReturn:
        raise Refused(NOTHING_RUNS)

    async def look(self) -> None:
        """The record is whole: nobody adds to it."""

    async def leave(self, reason: str) -> None:
        """Nothing is open, and there is nobody to say goodbye to."""
