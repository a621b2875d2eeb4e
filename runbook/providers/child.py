"""A child process that only looks: bounded in time and in output, and never able to ask for a password."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from runbook.model import Record, Seconds

CAP = 4 * 1024 * 1024
"""Bytes kept of each stream; what comes after is read and dropped, so that the child does not block."""
GRACE = 0.5
"""Seconds for the last output after the exit: a shared ssh connection keeps the pipe open for hours."""


class Answer(Record, frozen=True):
    """What a child said. `exit` is None when it was stopped at its time limit."""

    exit: int | None
    out: bytes = b""
    err: bytes = b""
    cut: bool = False
    """Whether it said more than was kept."""

    @property
    def ok(self) -> bool:
        return self.exit == 0


async def bounded(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], limit: Seconds, *, cap: int = CAP, feed: bytes = b""
) -> Answer:
    """Run a program in its own session, with only `feed` on stdin; after `limit` seconds its group is killed.

    Raises OSError when the program or the directory is not there.
    """
    child = await asyncio.create_subprocess_exec(
        *argv,
        cwd=cwd,
        env=dict(env),
        stdin=asyncio.subprocess.PIPE if feed else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    out, err = bytearray(), bytearray()
    pipes = {
        asyncio.create_task(_keep(child.stdout, out, cap)),
        asyncio.create_task(_keep(child.stderr, err, cap)),
        asyncio.create_task(_feed(child.stdin, feed)),
    }
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), limit)
        if child.returncode is not None:
            await asyncio.wait(pipes, timeout=GRACE)
        cut = any(pipe.done() and not pipe.cancelled() and pipe.result() for pipe in pipes)
        return Answer(exit=child.returncode, out=bytes(out), err=bytes(err), cut=cut)
    finally:
        # Only where it did not end by itself: a helper it left behind on purpose (a credential cache) may live on.
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
        for pipe in pipes:
            pipe.cancel()


async def _keep(stream: asyncio.StreamReader | None, kept: bytearray, cap: int) -> bool:
    """Whether there was more than is kept."""
    assert stream is not None
    cut = False
    while chunk := await stream.read(65536):
        cut = cut or len(kept) + len(chunk) > cap
        kept += chunk[: max(0, cap - len(kept))]
    return cut


async def _feed(stream: asyncio.StreamWriter | None, feed: bytes) -> bool:
    if stream is None:
        return False
    # A child that ends without reading is judged by its exit code, not by the broken pipe.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.write(feed)
        await stream.drain()
    stream.close()
    return False
