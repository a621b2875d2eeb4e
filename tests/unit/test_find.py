"""Where a runbook is found when none is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.reading.find import find
from tui.entry import with_command


def put(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")


@pytest.mark.parametrize(
    "place",
    [
        "rollback.yaml",
        "Rollback.YML",
        "docs/rollback.yaml",
        "Docs/Runbooks/Rollback.yaml",
        "web.rollback.yaml",
        "docs/runbooks/web.rollback.yml",
        "ROLLBACK.md",
        "rollback.md",
        "docs/ROLLBACK.md",
        "docs/runbooks/rollback.md",
        "docs/ROLLBACK_RUNBOOK.md",
        "docs/runbooks/deployment-rollback.md",
        "runbooks/rollback.md",
        "ops/runbooks/ROLLBACK.md",
        "docs/deployment-rollback.md",
    ],
)
def test_the_usual_places_in_any_case(tmp_path: Path, place: str) -> None:
    put(tmp_path / place)
    assert find(tmp_path) == tmp_path / place


def test_the_exact_form_goes_before_markdown(tmp_path: Path) -> None:
    put(tmp_path / "ROLLBACK.md", tmp_path / "docs/web.rollback.yaml")
    assert find(tmp_path) == tmp_path / "docs/web.rollback.yaml"


def test_the_nearest_folder_wins_up_to_the_repositorys_root(tmp_path: Path) -> None:
    put(tmp_path / "rollback.yaml", tmp_path / "repo/rollback.yaml", tmp_path / "repo/service/src/a.py")
    (tmp_path / "repo/.git").mkdir()
    assert find(tmp_path / "repo/service/src") == tmp_path / "repo/rollback.yaml"
    put(tmp_path / "repo/service/ROLLBACK.md")
    assert find(tmp_path / "repo/service/src") == tmp_path / "repo/service/ROLLBACK.md"


def test_nothing_above_the_repository_is_taken(tmp_path: Path) -> None:
    put(tmp_path / "rollback.yaml", tmp_path / "repo/src/a.py")
    (tmp_path / "repo/.git").write_text("gitdir: elsewhere")
    assert find(tmp_path / "repo/src") is None


def test_outside_a_repository_only_the_folder_itself(tmp_path: Path) -> None:
    put(tmp_path / "rollback.yaml", tmp_path / "plain/a.py")
    assert find(tmp_path / "plain") is None


def test_only_files_count(tmp_path: Path) -> None:
    (tmp_path / "rollback.yaml").mkdir()
    (tmp_path / "docs").write_text("not a folder")
    (tmp_path / "ROLLBACK.md").symlink_to(tmp_path / "gone")
    assert find(tmp_path) is None
    assert find(tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("words", "understood"),
    [
        (["docs/ROLLBACK.md", "--new"], ["open", "docs/ROLLBACK.md", "--new"]),
        (["book:kubernetes"], ["open", "book:kubernetes"]),
        (["check", "docs/ROLLBACK.md"], ["check", "docs/ROLLBACK.md"]),
        (["--version"], ["--version"]),
        (["./"], ["open", "./"]),
        ([], []),
    ],
)
def test_a_runbook_alone_on_the_command_line_is_opened(words: list[str], understood: list[str]) -> None:
    assert with_command(words) == understood
