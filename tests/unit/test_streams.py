"""The command line where its streams are closed, full or poor in characters: a sentence, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WARROOM = f'{sys.executable} -c "import sys; from tui.entry import main; sys.exit(main())"'


def shell(line: str, tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A line of shell text in which `warroom` is this program."""
    text = f'set -o pipefail; warroom() {{ {WARROOM} "$@"; }}; {line}'
    here = {**os.environ, "PYTHONPATH": str(ROOT), "WARROOM_HOME": str(tmp_path), **env}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", text], env=here, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("warroom schema >/dev/full", 1, "warroom could not finish: No space left on device."),
        ("warroom check --json book:helm >/dev/full", 1, "warroom could not finish: No space left on device."),
        ("warroom schema >&-", 1, "warroom could not finish: Bad file descriptor."),
        ("warroom open book:helm <&-", 2, "warroom needs a terminal. Start it in one, or in tmux."),
        ("WARROOM_HOME=/dev/null warroom report x", 2, "cannot be listed: Not a directory."),
        ("warroom trust missing.md", 2, "missing.md was not trusted. missing.md cannot be read: No such file"),
    ],
)
def test_what_cannot_be_written_or_read_is_a_sentence(line: str, code: int, said: str, tmp_path: Path) -> None:
    done = shell(line, tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert said in done.stderr


def test_characters_that_the_output_lacks_are_written_out(tmp_path: Path) -> None:
    done = shell("warroom check book:helm", tmp_path, PYTHONIOENCODING="ascii")
    assert "book:helm \\xb7 1 method" in done.stdout
    assert "Traceback" not in done.stderr
