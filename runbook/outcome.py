"""How a command ended: its exit code, what was expected of it, and what the world says."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbook.logs.clean import clean_lines, redact, redact_lines
from runbook.model import Command, Method, Record, Remedy, Seconds
from runbook.providers.provider import Place
from runbook.steps import expect, runs
from runbook.steps.checks import expectation
from runbook.wholly import hidden_behind

if TYPE_CHECKING:
    from runbook.carrier import Carrier

LOOK: Seconds = 15
"""For how long a failure waits to be told what the world says of it."""
LAST_LINES = 20
"""How many lines of output the record keeps beside the whole file."""


class Outcome(Record, frozen=True):
    """How a command ended, with what the world says about it."""

    exit: int
    ok: bool
    why: str
    duration: float
    size: int
    sha256: str
    last_lines: tuple[str, ...]
    captured: dict[str, str]
    offered: Remedy | None = None
    address: str = ""
    unproven: bool = False


async def judge(
    carrier: Carrier,
    run: str,
    command: Command,
    text: str,
    exited: runs.Exited,
    expected: dict[str, str],
    method: Method,
    known: Mapping[str, str],
    *,
    stopped: bool = False,
) -> Outcome:
    """Judge an ended command: exit code, expectation, and what the world says.

    `stopped`: a person asked for its end, which is how a command that follows something ends well.
    """
    folder, at = carrier.run_folder(run), await carrier.place(method, text, run)
    await carrier.learn(method)
    size, sha256 = await asyncio.to_thread(runs.output_digest, folder)
    raw, _ = runs.read_output(folder, max(0, size - 65536), 65536)
    lines = clean_lines(raw)
    unproven = False
    enough = _seen_enough(command, exited, stopped=stopped)
    code = (command.expect.exit or 0) if enough else exited.exit
    ok, why = expect.judge(expectation(command.expect, known), code, "\n".join(lines))
    ended_badly = not ok
    if enough and ok:
        why = enough
    elif exited.timed_out:
        ok, why = False, f"stopped at its time limit: no end within {exited.duration:.0f} s"
    elif stopped and not ok:
        why = f"it was asked to stop: {why}"
    if ok and (proof := await carrier.world.proof(text, expected, at)) is not None:
        ok, why, unproven = proof.ok is not False, proof.line, proof.ok is None
    expects = command.expect.contains or command.expect.matches or command.expect.equals
    if ok and not why and not expects and (behind := hidden_behind(carrier.world, text)):
        why, unproven = f"exit {exited.exit}; what it did, nobody looked: the order stood behind `{behind}`.", True
    offered = await carrier.world.back(text, expected, at) if ok else None
    if not ok and not exited.timed_out and (failure := await carrier.world.failure(text, "\n".join(lines), at)):
        why, offered = failure.why, failure.remedy
    if (ended_badly or exited.timed_out) and (seen := await _seen_done(carrier, text, expected, at)):
        why = f"{why.rstrip('.')}. It took effect all the same: {seen}"
    captured = {capture.param: expect.capture(capture, "\n".join(lines)) for capture in command.captures if ok}
    return Outcome(
        exit=exited.exit,
        ok=ok,
        why=redact(why, carrier.secrets),
        duration=exited.duration,
        size=size,
        sha256=sha256,
        last_lines=redact_lines(lines, carrier.secrets)[-LAST_LINES:],
        captured=captured,
        offered=offered,
        address=carrier.world.address(text, "\n".join(lines)) if ok else "",
        unproven=unproven,
    )


async def _seen_done(carrier: Carrier, text: str, expected: dict[str, str], at: Place) -> str:
    """What proves that a command that ended badly did its work; empty where nothing does, or not soon."""
    if not expected:
        return ""
    try:
        async with asyncio.timeout(LOOK):
            proof = await carrier.world.proof(text, expected, at)
    except TimeoutError:
        return ""
    return proof.line if proof is not None and proof.ok else ""


def _seen_enough(command: Command, exited: runs.Exited, *, stopped: bool) -> str:
    """Why the end of a command that follows something is no failure: somebody, or its time, ended it."""
    if command.kind != "follow":
        return ""
    if exited.timed_out:
        return "followed until its time was over"
    return "followed until it was stopped" if stopped or exited.exit == 128 + signal.SIGINT else ""
