"""Questions behind what signs a command in: they reach the account that the command will, or nobody is asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runbook.providers.platform import Ask
from runbook.providers.provider import Place, Unavailable

SIGNER = """#!/bin/sh
echo "$*" >> "$HOME/asked"
case $2 in locked) echo "no sign-in for s3cret" >&2; exit 1;; slow) exec sleep 60;; esac
while [ "$1" != -- ]; do shift; done; shift
ACCOUNT=live TOKEN="<concealed by 1Password>" exec "$@"
"""
TOLD = ("sh", "-c", "echo $ACCOUNT")


@pytest.fixture
def at(tmp_path: Path) -> Place:
    signer = tmp_path / "signer"
    signer.write_text(SIGNER)
    signer.chmod(0o700)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    return Place(tmp_path, {"PATH": path, "HOME": str(tmp_path), "ACCOUNT": "mine", "TOKEN": "own"})


async def test_a_question_goes_to_the_account_of_the_command_and_signs_in_before_it(at: Place) -> None:
    ask = Ask(at, ("signer", "run", "--"))
    assert (await ask.text(*TOLD)).strip() == "live"
    assert (await ask.text("sh", "-c", "echo again")).strip() == "again"
    asked = Path(at.cwd, "asked").read_text().splitlines()
    assert asked == ["run -- true", "run -- sh -c echo $ACCOUNT", "run -- sh -c echo again"]
    assert (await Ask(at).text(*TOLD)).strip() == "mine"


async def test_what_a_command_will_find_is_asked_of_what_signs_it_in(at: Place) -> None:
    assert await Ask(at).settings("ACCOUNT", "NONE") == {"ACCOUNT": "mine"}
    ask = Ask(at, ("signer", "run", "--"))
    assert await ask.settings("ACCOUNT", "NONE") == {"ACCOUNT": "live"}
    with pytest.raises(Unavailable, match="`signer` conceals TOKEN"):
        await ask.settings("TOKEN")


@pytest.mark.parametrize(
    ("told", "says"), [("locked", "`signer` failed: no sign-in for"), ("slow", "`signer` gave no answer within 1 s")]
)
async def test_a_sign_in_that_fails_asks_nobody_and_is_said_without_its_words(at: Place, told: str, says: str) -> None:
    ask = Ask(at, ("signer", "run", told, "s3cret-of-the-team", "--"))
    with pytest.raises(Unavailable, match=says) as failed:
        await ask.text(*TOLD, limit=1)
    assert "of-the-team" not in str(failed.value)
    assert len(Path(at.cwd, "asked").read_text().splitlines()) == 1
