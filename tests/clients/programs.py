"""Finds the real clients: those that `make clients` put into .clients/, else those of the machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[2] / ".clients"
SEARCHED = f"{CLIENTS / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
"""The PATH of a client test."""


def need(program: str) -> str:
    """Where the program is; without it the test is skipped, and says how to get it."""
    found = shutil.which(program, path=SEARCHED)
    if found is None:
        pytest.skip(f"{program} is not installed. `make clients` gets it, where the registries are reachable.")
    return found
