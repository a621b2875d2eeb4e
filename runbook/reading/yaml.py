"""The YAML form of a runbook: a file, or its text, → the model.

What the rooms beside this one know (the effect of a command, how a criterion is read) is handed in.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import msgspec

from runbook.model import Runbook
from runbook.reading.compose import compose
from runbook.reading.compose_signals import ParseCriterion, Signals
from runbook.reading.compose_steps import Infer
from runbook.reading.fill import fill
from runbook.reading.form import VERSION, RunbookForm
from runbook.reading.problems import Problem, Problems, ReadingError, shortened
from runbook.reading.tree import MAX_BYTES, Text, line_of, read_tree


def load(path: Path | str, *, parse_criterion: ParseCriterion, infer: Infer | None = None) -> Runbook:
    """The runbook in a file. Raises ReadingError with every problem found, each with its line and mend."""
    place = Path(path).expanduser()
    raw = _bytes_of(place)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _refusal(place, f"The file is not UTF-8 text (byte 0x{raw[error.start]:02X}).", line) from None
    return _read(text, str(place.absolute()), hashlib.sha256(raw).hexdigest(), parse_criterion, infer)


def loads(text: str, path: str = "", *, parse_criterion: ParseCriterion, infer: Infer | None = None) -> Runbook:
    """The runbook in a text; `path` only names it. Raises ReadingError.

    Without `infer`, a command that does not say its effect counts as a change.
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return _read(text, path, digest, parse_criterion, infer)


def _read(text: str, path: str, sha256: str, parse_criterion: ParseCriterion, infer: Infer | None) -> Runbook:
    problems = Problems(path)
    tree = read_tree(text, problems)
    version = tree.get(Text("version"))
    if version is not None and version != str(VERSION):
        said = shortened(version) if isinstance(version, Text) else "something else"
        problems.add(f"This reader knows version {VERSION} of the form, not {said}.", line_of(version), "version")
        problems.stop_if_any()
    form = fill(RunbookForm, tree, problems)
    runbook = compose(form, Signals(form, problems, parse_criterion, infer), problems, infer)
    return msgspec.structs.replace(runbook, path=path, sha256=sha256)


def _bytes_of(place: Path) -> bytes:
    """The file's bytes, one more than may be at most. Raises ReadingError."""
    try:
        if not stat.S_ISREG(place.stat().st_mode):
            raise _refusal(place, "This is not a file. Name the runbook's YAML file.")
        with place.open("rb") as file:
            return file.read(MAX_BYTES + 4)
    except FileNotFoundError:
        raise _refusal(place, "There is no such file.") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise _refusal(place, f"The file cannot be read: {why}.") from None


def _refusal(place: Path, sentence: str, line: int = 0) -> ReadingError:
    return ReadingError([Problem(sentence=sentence, file=str(place), line=line)])
