"""A real remote with an engineer's clone, and the git provider that acts in an incident's clean room."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.providers.git import Git
from tests.unit.git_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
async def git(world: World) -> Git:
    return await world.provider()
