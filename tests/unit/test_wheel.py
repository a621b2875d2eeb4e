"""What is installed is whole: the books and the practice shop go with the code."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

HOUSE = Path(__file__).parents[2]


def test_a_wheel_holds_every_file_of_the_three_packages(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    subprocess.run([*build, str(HOUSE)], check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    packages = [HOUSE / name for name in ("runbook", "widgets", "tui")]
    files = (path for package in packages for path in package.rglob("*") if path.is_file())
    ours = {path.relative_to(HOUSE).as_posix() for path in files if path.suffix != ".pyc"}
    assert "runbook/books/production-rollback.yaml" in ours
    assert ours <= set(zipfile.ZipFile(wheel).namelist())
