"""A cluster with three releases of `web`, and a place from which real clients ask it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook.model import Record
from runbook.providers.provider import Place
from tests.clients.cluster import Cluster
from tests.clients.cluster_http import handler
from tests.clients.programs import SEARCHED

LIMIT = 60.0


class Ended(Record, frozen=True):
    """How a command of a person ended."""

    exit: int | None
    output: str


@contextmanager
def running(folder: Path) -> Iterator[tuple[Cluster, Place]]:
    """A cluster that answers, and the place of a shell that is set up for it; its current context is another."""
    cluster = Cluster()
    port = cluster.open(handler)
    config = cluster.configuration(folder, port)
    env = {"PATH": SEARCHED, "HOME": str(folder), "KUBECONFIG": str(config), "LANG": "C.UTF-8"}
    try:
        yield cluster, Place(cwd=folder, env=env)
    finally:
        cluster.close()


async def carry_out(text: str, at: Place) -> Ended:
    """Run a text as the room's keeper would, and wait for its end."""
    child = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        text,
        cwd=at.cwd,
        env=at.env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(LIMIT):
            output, _ = await child.communicate()
    finally:
        if child.returncode is None:
            os.killpg(child.pid, 9)
            await child.wait()
    return Ended(exit=child.returncode, output=output.decode())
