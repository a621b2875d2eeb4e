"""Readiness checks: programs, variables, files, and read-only commands with an expectation."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runbook.model import Check, Expect
from runbook.providers import needs
from runbook.providers.needs import CheckLine, look

ENV = {"PATH": os.environ["PATH"], "TOKEN": "s3cret-value", "EMPTY": ""}


async def ask(check: Check, cwd: Path) -> CheckLine:
    (line,) = await look((check,), cwd, ENV)
    return line


async def test_a_program_is_found_on_the_path_that_the_step_gets(tmp_path: Path) -> None:
    there = await ask(Check(id="t", tool="bash"), tmp_path)
    assert there.ok
    assert there.found.endswith("/bash")
    missing = await ask(Check(id="t", tool="no-such-tool", hint="install it", on_fail="warn"), tmp_path)
    assert missing == CheckLine(
        title="no-such-tool is installed", ok=False, found="no-such-tool is not on PATH", mend="install it", stops=False
    )
    (elsewhere,) = await look((Check(id="t", tool="bash"),), tmp_path, {"PATH": str(tmp_path)})
    assert elsewhere.ok is False


async def test_a_variable_is_asked_for_and_never_shown(tmp_path: Path) -> None:
    for name, ok, word in (("TOKEN", True, "set"), ("EMPTY", False, "empty"), ("NONE", False, "not set")):
        line = await ask(Check(id="e", env=name), tmp_path)
        assert line.ok is ok
        assert word in line.found
        assert "s3cret" not in str(line)


async def test_a_file_is_looked_for_beside_the_step(tmp_path: Path) -> None:
    (tmp_path / "vercel.json").touch()
    assert (await ask(Check(id="f", file="vercel.json"), tmp_path)).ok
    assert (await ask(Check(id="f", file="missing.json"), tmp_path)).ok is False


@pytest.mark.parametrize(
    ("run", "expect", "ok"),
    [
        ("true", Expect(), True),
        ("false", Expect(), False),
        ("exit 3", Expect(exit=3), True),
        ("exit 3", Expect(exit=None), True),
        ("echo shop-web", Expect(equals="shop-web"), True),
        ("echo shop-web-2", Expect(equals="shop-web"), False),
        ("echo one; echo two", Expect(contains="two"), True),
        ("echo one", Expect(contains="two"), False),
        ("echo git@host:acme/shop.git", Expect(matches=r"acme/shop(\.git)?$"), True),
        ("echo x", Expect(matches="("), False),
        ("false | true", Expect(), False),
        ("yes | head -1", Expect(contains="y"), True),
        ("echo wrong >&2; exit 1", Expect(), False),
    ],
)
async def test_a_command_is_held_to_its_expectation(tmp_path: Path, run: str, expect: Expect, ok: bool) -> None:
    assert (await ask(Check(id="r", run=run, expect=expect), tmp_path)).ok is ok


async def test_why_a_command_failed_is_said(tmp_path: Path) -> None:
    line = await ask(Check(id="r", run="echo 'not \x1b]0;signed\x07 in' >&2; exit 2", hint="sign in"), tmp_path)
    assert line.found.startswith("exit 2 instead of 0: not ")
    assert line.found.isprintable()
    assert line.mend == "sign in"


async def test_an_open_value_is_never_given_to_the_shell(tmp_path: Path) -> None:
    line = await ask(Check(id="r", run="echo is <tag> > made"), tmp_path)
    assert line.ok is None
    assert "waits for a value of <tag>" in line.found
    assert list(tmp_path.iterdir()) == []


async def test_a_command_that_hangs_is_not_a_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "LIMIT", 0.3)
    line = await ask(Check(id="r", run="sleep 600 & wait"), tmp_path)
    assert line.ok is None
    assert "no answer within" in line.found


async def test_a_directory_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    line = await ask(Check(id="r", run="true"), tmp_path / "gone")
    assert line.ok is None
    assert "could not be run" in line.found


async def test_the_order_of_the_checks_is_kept(tmp_path: Path) -> None:
    lines = await look((Check(id="a", title="one", run="true"), Check(id="b", title="two", env="NONE")), tmp_path, ENV)
    assert [line.title for line in lines] == ["one", "two"]
