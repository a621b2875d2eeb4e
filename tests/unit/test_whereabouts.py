"""An incident goes on in the repository that it was opened in: two of one name are not taken for one another."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from runbook.providers import clean_room
from runbook.whereabouts import goes_on_in
from tui import launch


def git(*words: str, cwd: Path) -> None:
    names = {f"GIT_{who}_{what}": "Ana" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **names}
    subprocess.run(["git", *words], cwd=cwd, env=env, check=True, capture_output=True)


def repository(place: Path) -> Path:
    """A clone named `shop` in `place`, of an origin of its own."""
    place.mkdir()
    git("init", "-q", "--bare", "-b", "main", "origin.git", cwd=place)
    git("clone", "-q", "origin.git", "shop", cwd=place)
    made = place / "shop"
    for key in ("user.name", "user.email"):
        git("config", key, "ana", cwd=made)
    git("commit", "-q", "--allow-empty", "-m", "First", cwd=made)
    git("push", "-q", "origin", "HEAD:main", cwd=made)
    return made


async def test_an_incident_goes_on_where_it_was_opened_and_in_no_other_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = repository(tmp_path / "a"), repository(tmp_path / "b")
    incident = tmp_path / "incident"
    incident.mkdir()
    assert goes_on_in(incident, theirs) == theirs, "nothing says yet where it belongs"
    await clean_room.make(ours, incident / "clean-room")
    assert goes_on_in(incident, ours) == ours
    assert goes_on_in(incident, theirs) == ours
    assert goes_on_in(incident, None) == ours
    git("clone", "-q", str(tmp_path / "a/origin.git"), "another", cwd=tmp_path)
    assert goes_on_in(incident, tmp_path / "another") == tmp_path / "another", "a clone of the same origin will do"

    monkeypatch.chdir(theirs)
    monkeypatch.setenv("GIT_DIR", str(theirs / ".git"))
    assert goes_on_in(incident, None) == ours
    assert launch._place(None) == (theirs, theirs)
    assert launch._place(incident) == (ours, incident)
    shutil.rmtree(ours)
    assert launch._place(incident) == (None, incident), "where that is gone, nothing of it runs in the other one"
