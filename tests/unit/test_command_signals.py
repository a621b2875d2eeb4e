"""A read-only command as a source: what it prints is the number, and whatever goes wrong is a hole with its reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runbook.command_signals import runner
from runbook.model import Param, Signal
from runbook.signal_sources import CommandOutput
from runbook.signals.monitor import Monitor


async def told(tmp_path: Path, source: dict[str, object], unit: str = "", **values: str) -> object:
    """The value, or why there is none."""
    signal = Signal("x", "X", CommandOutput(**source), unit=unit, every=2)  # type: ignore[arg-type]
    run = runner(tmp_path, {"PATH": os.environ["PATH"]}, (Param("app"),))
    monitor = Monitor((signal,), values=values, run=run)
    await monitor.look()
    ((_, value, why),) = monitor.readings()
    return why if value is None else value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ({"run": "echo 3; echo 4.5"}, 4.5),
        ({"run": "echo 0.07", "scale": 100}, 7.0),
        ({"run": "echo 'p95: 830 ms'", "regex": r"p95: (.+)"}, 0.83),
        ({"run": 'echo \'{"a": {"b": [1, 2]}}\'', "path": "a.b.1"}, 2.0),
    ],
)
async def test_a_number_is_read_from_what_is_printed(source: dict[str, object], value: float, tmp_path: Path) -> None:
    unit = "s" if "regex" in source else ""
    assert await told(tmp_path, source, unit) == value


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ({"run": "echo none"}, "its last line is text (none)"),
        ({"run": "true"}, "it printed nothing"),
        ({"run": "echo NaN"}, "its last line is not finite"),
        ({"run": "echo no access >&2; exit 4"}, "its command ended with 4: no access"),
        ({"run": "false | echo 3"}, "its command ended with 1"),
        ({"run": "sleep 60"}, "its command gave nothing within 2 s"),
        ({"run": "echo a", "regex": r"(\d+)"}, r"nothing in its output matches (\d+)"),
        ({"run": "echo <app>"}, "<app> is not set yet"),
    ],
)
async def test_what_goes_wrong_is_a_hole_with_its_reason(source: dict[str, object], why: str, tmp_path: Path) -> None:
    assert await told(tmp_path, source) == why


async def test_a_value_goes_in_as_it_is_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "it's $(touch evil)").write_text("7")
    assert await told(tmp_path, {"run": "cat <app>"}, app="it's $(touch evil)") == 7
    assert await told(tmp_path, {"run": "cat <app>"}, app="-n") == "app cannot stand in its command"
    assert not (tmp_path / "evil").exists()
