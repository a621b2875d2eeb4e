"""What the record knows about each part of a report. What it does not know is said to be missing, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby

from runbook.incident.events import Reading
from runbook.incident.markdown import block, code, plain, utc
from runbook.incident.progress import acting, by_hand, changes_left, stands, taken_instead
from runbook.incident.state import SETTLED, Entry, RoomState, Run
from runbook.incident.timeline import by_id, clock, reading_text, readings_text
from runbook.logs.clean import clean
from runbook.model import Effect, Outcome, Runbook
from runbook.signal_sources import SignalSource, Smoke

MISSING = "*not recorded: fill in*"

_DECISIONS = frozenset(
    ("decision-made", "method-chosen", "severity-declared", "trigger-reported", "step-resolved", "incident-closed")
)
_ENDS: dict[str, str] = {
    "confirmed": "confirmed, never seen to start",
    "running": "was running when this was written",
    "not-done": "did not run",
    "unknown": "outcome unknown",
}


def facts(state: RoomState, runbook: Runbook, now: datetime) -> dict[str, str]:
    """What can stand in a report template for `{{name}}`; a name that is not here is not known."""
    began = detection(state)
    people = (at for _, _, at, _ in _done_by_hand(state, runbook))
    started = min((*(run.started or run.confirmed for run in _begun(state)), *people), default=None)
    times = {
        "detection": began,
        "decision": state.decided,
        "rollback_started": started,
        "rollback_completed": _completed(state, runbook),
        "restored": state.recovered,
    }
    found = {name: utc(at) for name, at in times.items() if at is not None}
    if state.recovered is not None and began is not None:
        found["duration"] = _spoken((state.recovered - began).total_seconds())
    found["date"] = f"{(state.opened or now).astimezone(UTC):%Y-%m-%d}"
    for name, text in (
        ("title", state.title),
        ("incident", state.incident),
        ("service", state.service),
        ("environment", state.environment),
        ("severity", state.severity),
    ):
        if text:
            found[name] = plain(text)
    blocks = {
        "data_loss": data_loss(state, runbook),
        "resolution": "\n".join(resolution(state, runbook)),
        "action_items": "\n".join(follow_ups(state, runbook)),
    }
    return found | {name: text for name, text in blocks.items() if text}


def detection(state: RoomState) -> datetime | None:
    """When the trouble was first seen by a signal, by a person's report, or by opening the room."""
    seen = [line.at for line in state.timeline if line.kind == "trigger-reported" and line.tone == "warn"]
    seen += [line.at for line in state.timeline if line.kind == "advice-changed" and line.tone in ("warn", "bad")]
    return min([*seen, *([state.opened] if state.opened else [])], default=None)


def data_loss(state: RoomState, runbook: Runbook) -> str:
    done = {run.method for run in _changes(state) if run.state == "done"}
    used = [method for method in runbook.methods if method.id in done or method.id == state.method]
    if not used:
        return ""
    said = "; of ".join(f"“{plain(method.title)}”: {plain(method.data_loss)}" for method in used)
    return f"the runbook says of {said}. Not measured by the room."


def resolution(state: RoomState, runbook: Runbook) -> Iterator[str]:
    """How it was mended, in the order in which it was done; then what people did by hand, and what was there."""
    done = [run for run in _changes(state) if run.state == "done"]
    if done:
        yield from _by_commands(done, state, runbook)
    for title, acts in groupby(_done_by_hand(state, runbook), lambda act: act[0]):
        if done:
            yield ""
        yield f"{plain(title)}, by hand:"
        yield from (f"- {utc(at)}: {plain(step)} (by {plain(by)})" for _, step, at, by in acts)
    for method in runbook.methods:
        for step in acting(method):
            at = state.step(method.id, step.id)
            if at.mark == "already" and at.at is not None:
                why = f": {plain(at.reason)}" if at.reason else ""
                yield f"- {utc(at.at)}: found done already: {plain(step.title)}{why} (by {plain(at.by)})"


def _by_commands(done: list[Run], state: RoomState, runbook: Runbook) -> Iterator[str]:
    used = _titles(done, runbook)
    title = ", then ".join(used.values())
    many = f"{len(done)} confirmed commands that change" if len(done) > 1 else "a confirmed command that changes"
    yield f"{plain(title or 'Commands')}, by {many} something:"
    for _step, of_step in groupby(done, lambda run: (run.method, run.step, run.undo, run.remedy, run.by)):
        runs = list(of_step)
        last = runs[-1]
        of = f" of “{plain(used[last.method])}”" if len(used) > 1 else ""
        where = f"{of} ({plain(last.target)})" if last.target else of
        by = f"{len(runs)} commands, by" if len(runs) > 1 else "by"
        yield f"- {utc(last.ended or last.confirmed)}: {plain(last.title)}{where} ({by} {plain(last.by)})"
    if (broken := unfinished(state)) is not None:
        how = _ENDS.get(broken.state, broken.state)
        yield f"- {utc(broken.ended or broken.confirmed)}: **{how}**, and nothing after it: {plain(broken.title)}" + (
            f": {plain(broken.why)}" if broken.why else ""
        )
    if merge := next_merge(state):
        yield ""
        yield merge


def unfinished(state: RoomState) -> Run | None:
    """The change that was begun last, where it has not ended well: then the rollback is not completed."""
    last = _last_begun(state)
    return last if last is not None and last.state != "done" else None


def _completed(state: RoomState, runbook: Runbook) -> datetime | None:
    """When the last change ended: it ended well, took none back, and left the method none to make."""
    last = _last_begun(state)
    chosen = next((method for method in runbook.methods if method.id == state.method), None)
    left = changes_left(chosen, state) if chosen else 0
    if left or (last is not None and (last.state != "done" or last.undo)):
        return None
    people = (at for _, _, at, _ in _done_by_hand(state, runbook))
    return max(filter(None, (state.last_change if last else None, *people)), default=None)


def _done_by_hand(state: RoomState, runbook: Runbook) -> Iterator[tuple[str, str, datetime, str]]:
    """What people did of the methods in which no command changes anything: method, step, when, who."""
    for method in runbook.methods:
        for step in by_hand(method):
            at = state.step(method.id, step.id)
            if at.mark == "done" and at.at is not None:
                yield method.title, step.title, at.at, at.by


def _last_begun(state: RoomState) -> Run | None:
    return max(_begun(state), key=lambda run: run.confirmed, default=None)


def next_merge(state: RoomState) -> str:
    """What the next merge will do after a rollback in git; empty when none was published."""
    standing = [
        r for r in _changes(state) if r.state == "done" and not (r.undo or r.remedy) and _still_stands(state, r)
    ]
    texts = [run.text for run in standing]
    if not any(re.search(r"\bgit\b[^\n;&|]*\bpush\b", text) for text in texts):
        return ""
    if any(re.search(r"\bgit\b[^\n;&|]*\brevert\b", text) for text in texts):
        return (
            "**The next merge:** the change is reverted, and its commit stays in history. Merging main again says "
            "“already up to date” and does not bring it back. To ship it mended: a new commit with the fix, "
            "or first a revert of the revert."
        )
    if any(re.search(r"\bgit\b[^\n;&|]*\bcommit-tree\b", text) for text in texts):
        return (
            "**The next merge:** the rollback is a commit on top of the branch. Merging main again does not bring "
            "back what was merged before it; only newer commits come. To ship the change mended: a new commit "
            "with the fix, or first a revert of the rollback commit."
        )
    if any(re.search(r"\bpush\b[^\n;&|]*(\s--force|\s-f\b|\s\+)", text) for text in texts):
        return (
            "**The next merge:** the branch was moved back and no commit says so. The next merge of main brings "
            "everything back, the fault included: revert it on main first."
        )
    return ""


def follow_ups(state: RoomState, runbook: Runbook) -> Iterator[str]:
    """Boxes with deadlines, counted from recovery."""
    for index, task in enumerate(runbook.follow_ups):
        tick = state.ticks.get(f"follow-up-{index + 1}")
        box = "x" if tick is not None and tick.done else " "
        if state.recovered is not None:
            due = f"by {state.recovered.astimezone(UTC) + timedelta(seconds=task.due_in):%Y-%m-%d %H:%M} UTC"
        else:
            due = f"within {_hours(task.due_in)} of recovery"
        yield f"- [{box}] {plain(task.text)} ({due})"


def overview(state: RoomState, runbook: Runbook) -> Iterator[str]:
    where = " ".join(filter(None, (state.service, state.environment)))
    verdict = "not known"
    if state.verdict:
        said = plain(state.verdict.why)
        verdict = said if said.startswith(state.verdict.word) else f"{state.verdict.word}: {said}"
    yield f"- **Incident**: {plain(state.incident) or MISSING}"
    yield f"- **Where**: {plain(where) or MISSING}"
    yield f"- **Severity**: {plain(state.severity) or MISSING}"
    yield f"- **Verdict**: {verdict}"
    if state.relapses:
        yield f"- **Relapses**: {state.relapses}"
    yield f"- **Opened**: {utc(state.opened) if state.opened else MISSING}"
    yield f"- **Closed**: {utc(state.closed) if state.closed else 'still open'}"
    yield f"- **Runbook**: {plain(runbook.title)}, version {plain(runbook.version) or 'not given'}"
    if state.runbook is not None:
        yield f"- **Runbook's content**: SHA-256 {code(state.runbook.sha256)}"
    if state.drill:
        yield f"- **Practice**: a drill in {code(state.drill)}, its time windows divided by {state.pace:g}"


def responders(state: RoomState) -> Iterator[str]:
    for line in state.timeline:
        if line.kind in ("room-entered", "room-left"):
            yield f"- {utc(line.at)}, {plain(line.by)}: {plain(line.text)}"
    for called in state.called:
        yield f"- called: level {plain(called)}"


def decisions(state: RoomState, runbook: Runbook) -> Iterator[str]:
    for line in state.timeline:
        if line.kind in _DECISIONS:
            yield f"- {utc(line.at)}, {plain(line.by)}: {plain(line.text)}"
            yield f"  - the signals then: {_readings(line, runbook)}"


def commands(state: RoomState, runbook: Runbook) -> Iterator[str]:
    """Every confirmed command: its exact text, and how it ended."""
    used = _titles(state.runs.values(), runbook)
    for run in state.runs.values():
        yield f"### {plain(run.title)}" + (f" ({plain(used[run.method])})" if len(used) > 1 else "")
        yield ""
        yield from block(run.text, "sh")
        yield ""
        target = f", target {plain(run.target)}" if run.target else ""
        if run.remedy:
            yield "- not in the runbook: the way out that the room offered"
        yield f"- {utc(run.confirmed)}, confirmed by {plain(run.by)} ({run.effect}{target})"
        for ref, value in run.expected.items():
            yield f"- relied on {code(f'{ref} = {value}')}"
        yield f"- {_end(run)}"
        if run.address:
            yield f"- to go on: {code(run.address)}"
        if run.output is not None and run.output.path:
            yield f"- output: {code(run.output.path)}, {run.output.size} bytes, SHA-256 {code(run.output.sha256)}"
        yield ""


def _end(run: Run) -> str:
    if run.state not in ("done", "failed"):
        return _ENDS.get(run.state, run.state) + (f": {plain(run.why)}" if run.why else "")
    if run.already:
        end = "nothing ran, the effect was there already"
    elif run.exit is None:
        end = "settled as done by a person"
    else:
        after = " (learned after the room had ended)" if run.recovered else ""
        end = f"{run.state} in {clock(run.duration)}, exit {run.exit}{after}"
    return end + (f": {plain(run.why)}" if run.why else "")


def _titles(of: Iterable[Run], runbook: Runbook) -> dict[str, str]:
    """The methods that commands belong to, in the order in which they were begun."""
    titles = {method.id: method.title for method in runbook.procedures()}
    return {run.method: titles.get(run.method, run.method) for run in of}


def deviations(state: RoomState, runbook: Runbook) -> Iterator[str]:
    """Where people did not do what the runbook says."""
    ran = list(dict.fromkeys(r.edited for r in state.runs.values() if r.edited and r.state != "not-done"))
    only_written = [edit for edit in state.edits.values() if edit not in ran]
    for edit in (*ran, *only_written):
        where = f", line {edit.line}" if edit.line else ""
        yield f"- step {plain(edit.step)}{where}: {plain(edit.reason) or 'no reason given'}"
        yield f"  - the runbook says {code(edit.was)}"
        yield f"  - {'what ran instead' if edit in ran else 'written instead, and never run:'} {code(edit.now)}"
    yield from _left_out(state, runbook)
    for line in state.timeline:
        spite = [detail for detail in line.details if detail.startswith("in spite of: ")]
        if line.kind == "step-marked" and line.tone == "warn":
            yield f"- {utc(line.at)}, {plain(line.by)} {plain(line.text)}"
        elif line.kind == "step-confirmed" and spite:
            yield f"- {utc(line.at)}, {plain(line.by)} {plain(line.text)}, {plain('; '.join(spite))}"


def _left_out(state: RoomState, runbook: Runbook) -> Iterator[str]:
    """The steps of every method that was chosen or begun that nobody carried out, skipped or found done."""
    begun = {method for method, _ in state.steps} | {state.method}
    for method in (method for method in runbook.methods if method.id in begun):
        left = []
        for number, step in enumerate(method.steps, 1):
            at = stands(method, step, state)
            if at.mark not in SETTLED and not taken_instead(method, step, state):
                how = at.reason if at.reason == "undone" else "" if at.mark == "todo" else at.mark
                left.append(f"{number} {plain(step.title)}" + (f" ({how})" if how else ""))
        if left:
            yield f"- “{plain(method.title)}”, not carried out: {', '.join(left)}"


def criteria(state: RoomState, runbook: Runbook) -> Iterator[str]:
    """Each line of the success criteria, with what its signal said when the last verdict was given."""
    last = next((line for line in reversed(state.timeline) if line.kind == "verdict-changed"), None)
    values = {reading.signal: reading for reading in last.readings} if last is not None else {}
    optional = {signal.id for signal in runbook.signals if signal.optional}
    sources = {signal.id: signal.source for signal in runbook.signals}
    for outcome in runbook.outcomes:
        said = _standing(outcome, state, values, runbook)
        criterion = outcome.criterion
        if criterion and last is not None and criterion.signal in optional and criterion.signal not in values:
            said = (
                f"{plain(criterion.text)}; {criterion.signal} was not set up and took no part; {_tick(outcome, state)}"
            )
        yield f"- {plain(outcome.text)} ({outcome.level}): {said}"
        if criterion and (reading := values.get(criterion.signal)) and reading.value is not None:
            yield from _smoke_tests(sources.get(criterion.signal), reading)


def _smoke_tests(source: SignalSource | None, reading: Reading) -> Iterator[str]:
    """Each smoke test behind a value. The record names what failed: where it names all that did, the rest passed."""
    if not isinstance(source, Smoke):
        return
    named = {clean(test.name, 40): test.wanted for test in source.tests}
    failed = {}
    for told in filter(None, reading.why.split(" · ")):
        failed[max((name for name in named if told.startswith(f"{name} ")), key=len, default="")] = told
    if "" in failed or len(failed) != reading.value:
        yield from (f"  - failed: {plain(told)}" for told in failed.values())
        return
    for name, wanted in named.items():
        how = f"failed: {plain(failed[name])}" if name in failed else f"passed: {wanted}, as expected"
        yield f"  - {plain(name)}: {how}"


def _tick(outcome: Outcome, state: RoomState) -> str:
    tick = state.ticks.get(outcome.id)
    if tick is None or not tick.done:
        return "not ticked"
    return f"ticked by {plain(tick.by)}, {utc(tick.at)}" + (f" ({plain(tick.note)})" if tick.note else "")


def _standing(outcome: Outcome, state: RoomState, values: dict[str, Reading], runbook: Runbook) -> str:
    if outcome.criterion is None:
        return _tick(outcome, state)
    reading = values.get(outcome.criterion.signal)
    told = reading_text(reading, by_id(runbook.signals)) if reading is not None else ""
    said = f"{plain(told)} at the last verdict" if told else "no value recorded"
    return f"{plain(outcome.criterion.text)}; {said}"


def full_timeline(state: RoomState, runbook: Runbook) -> Iterator[str]:
    yield "| UTC | Event | Data |"
    yield "| --- | --- | --- |"
    told = ""
    for line in state.timeline:
        said = _readings(line, runbook, "")
        data, told = ("as above" if said and said == told else said), said
        yield f"| {utc(line.at).removesuffix(' UTC')} | {plain(line.by)}: {plain(line.text)} | {data} |"


def _readings(line: Entry, runbook: Runbook, without: str = "none recorded") -> str:
    return plain(readings_text(line.readings, by_id(runbook.signals))) if line.readings else without


def _changes(state: RoomState) -> list[Run]:
    return [run for run in state.runs.values() if run.effect is not Effect.READ]


def _begun(state: RoomState) -> list[Run]:
    """The changes without those that were confirmed and never ran."""
    return [run for run in _changes(state) if run.state != "not-done"]


def _still_stands(state: RoomState, run: Run) -> bool:
    return state.step(run.method, run.step).reason != "undone"


def _spoken(seconds: float) -> str:
    """`2 min 56 s`: a report is read by people who were not there."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def _hours(seconds: float) -> str:
    return f"{seconds / 86400:g} days" if seconds >= 172800 else f"{seconds / 3600:g} h"
