"""A campaign against one target, guided by coverage: `python -m tests.faults.fuzz document --seconds 600`.

Needs atheris (`.venv/bin/pip install atheris`), which is in no lock file: the suite does not use it. An input that
breaks the target is kept in the folder that is printed, and the campaign ends with exit code 1 or more.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.fuzz.words import DICTIONARY

PER_INPUT = 10
"""Seconds after which one input counts as a hang."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("target")
    options.add_argument("--seconds", type=int, default=600)
    options.add_argument("--longest", type=int, default=6000, help="bytes of an input at most")
    options.add_argument("--folder", type=Path, help="where inputs are kept; a new folder without it")
    chosen = options.parse_args()
    try:
        import atheris
    except ImportError:
        sys.exit("The campaigns need atheris: .venv/bin/pip install atheris")
    with atheris.instrument_imports(include=["runbook"]):
        from tests.faults.fuzz import targets
    if chosen.target not in targets.TARGETS:
        sys.exit(f"There is no target {chosen.target}. There are: {', '.join(targets.TARGETS)}.")
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix=f"fuzz-{chosen.target}-"))
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.seeds(chosen.target)):
        (inputs / f"seed-{number}").write_bytes(seed)
    words = folder / "words.dict"
    words.write_text("".join(f'"{word}"\n' for word in DICTIONARY))
    sys.stdout.write(f"inputs and what breaks: {folder}\n")
    sys.stdout.flush()
    atheris.Setup(
        [
            sys.argv[0],
            str(inputs),
            f"-max_total_time={chosen.seconds}",
            f"-max_len={chosen.longest}",
            f"-timeout={PER_INPUT}",
            f"-artifact_prefix={folder}/",
            f"-dict={words}",
            "-print_final_stats=1",
            "-verbosity=1",
        ],
        targets.TARGETS[chosen.target],
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
