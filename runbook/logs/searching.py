"""A search through whole files beside the room: the near bytes in a thread, the rest in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from array import array
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from runbook.logs import grep
from runbook.logs.index import OpenFile, line_begin
from runbook.logs.ripgrep import ripgrep
from runbook.logs.sieve import Sought, downwards, packed

NEAR = 1024 * 1024
"""What is looked through at once; a process takes longer to start than this takes."""
_HELPER = "import sys; sys.path.insert(0, sys.argv[1]); import grep; grep.main()"
"""As a module: of a script Python keeps no bytecode, and reading it anew takes a fifth of the helper's start."""
BLOCK = 128 * 1024
"""Bytes for which a thread may hold the interpreter: about a millisecond, between which keys are answered."""


class Part(NamedTuple):
    """A stretch of one file, whose lines are told by their offset plus `base`."""

    base: int
    file: OpenFile
    start: int
    end: int


class Found(NamedTuple):
    """What a stretch gave: positions of lines, ascending, how many there were, and bytes done of the whole."""

    positions: array[int]
    total: int
    done: int


async def look(
    sought: Sought, parts: Sequence[Part], *, up: bool, limit: int, by_hand: bool = False
) -> AsyncGenerator[Found, None]:
    """The lines found, nearest first: from the end of the last part upwards, or from the start of the first down.

    `limit`: offsets told at most, 0 for none but the count. Close it to stop the work. Raises OSError.
    """
    ordered = list(reversed(parts)) if up else list(parts)
    done = 0
    if ordered and limit:
        near, ordered[0] = _split(ordered[0], up)
        found = await asyncio.to_thread(_near, sought, near)
        done = near.end - near.start
        kept = found[-limit:] if up else found[:limit]
        yield Found(kept, len(found), done)
        limit -= len(kept)
        if not limit:
            return
    ordered = [part for part in ordered if part.end > part.start]
    if ordered:
        async for frame in _beside(sought, ordered, up, limit, by_hand):
            yield frame._replace(done=done + frame.done)


def _split(part: Part, up: bool) -> tuple[Part, Part]:
    """The near end of a part, and the rest of it."""
    if part.end - part.start <= NEAR:
        return part, part._replace(start=part.end)
    at = max(part.start, line_begin(part.file, part.end - NEAR if up else part.start + NEAR))
    above, below = part._replace(end=at), part._replace(start=at)
    return (below, above) if up else (above, below)


def _near(sought: Sought, part: Part) -> array[int]:
    found = array("q")
    for _, offsets in downwards(part.file.read, sought, part.start, part.end, block=BLOCK):
        found.extend([part.base + offset for offset in offsets])
    return found


async def _beside(
    sought: Sought, parts: Sequence[Part], up: bool, limit: int, by_hand: bool
) -> AsyncGenerator[Found, None]:
    stretches = [(part.base, part.file.fd, part.file.begin, part.start, part.end) for part in parts]
    command = None if by_hand else ripgrep(sought)
    job = {"sought": packed(sought), "parts": stretches, "up": up, "limit": limit, "command": command}
    helper = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", _HELPER, str(Path(grep.__file__).absolute().parent)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        pass_fds=[part.file.fd for part in parts],
    )
    assert helper.stdin and helper.stdout
    before = {part.base: sum(one.end - one.start for one in parts[:at]) for at, part in enumerate(parts)}
    try:
        helper.stdin.write(json.dumps(job).encode() + b"\n")
        while header := await helper.stdout.read(grep.FRAME.size):
            if len(header) < grep.FRAME.size:
                header += await helper.stdout.readexactly(grep.FRAME.size - len(header))
            base, done, count, following = grep.FRAME.unpack(header)
            positions = array("q", await helper.stdout.readexactly(8 * following))
            yield Found(positions, count, before[base] + done)
        if await helper.wait():
            raise OSError(0, f"the search ended with {helper.returncode}")
    except asyncio.IncompleteReadError:
        raise OSError(0, "the search ended in the middle") from None
    finally:
        with suppress(ProcessLookupError):
            if helper.returncode is None:
                helper.kill()
        helper.stdin.close()
