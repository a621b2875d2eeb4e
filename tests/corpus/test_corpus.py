"""The reader against the hand-made truth, where the corpus is on this machine."""

from __future__ import annotations

import pytest

from tests.corpus.__main__ import GOALS, findings
from tests.corpus.checked import checked
from tests.corpus.measure import Outcome, measure, share, understated
from tests.corpus.truth import CORPUS, FOLDER, Place, Truth, Wanted, read_truth, truths

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason=f"no corpus of other teams' runbooks at {CORPUS}; set WARROOM_CORPUS to its folder"
)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [measure(truth, checked(truth.path)) for truth in truths()]


def test_at_least_22_files_have_a_truth() -> None:
    assert len(truths()) >= 22


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.tsv")))
def test_a_truth_says_something_of_every_line_in_a_fence(name: str) -> None:
    assert unspoken(read_truth(FOLDER / f"{name}.tsv", CORPUS)) == []


def unspoken(truth: Truth) -> list[int]:
    """Lines inside fences that are neither a command's, nor refused, nor a mention, nor a comment, nor empty."""
    places: list[Wanted | Place] = [*truth.commands, *truth.mentions, *truth.refused]
    spoken = {line for place in places for line in range(place.first, place.last + 1)}
    found: list[int] = []
    fence = ""
    for number, line in enumerate(truth.path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.lstrip(" >")
        if words.startswith(("```", "~~~")) and words.count("```") < 2:
            fence = "" if fence and words.startswith(fence) else fence or words[:3]
        elif fence and words and not words.startswith("#") and number not in spoken:
            found.append(number)
    return found


@pytest.mark.parametrize("goal", range(len(GOALS)), ids=[name for name, _, _ in GOALS])
def test_goal(outcomes: list[Outcome], goal: int) -> None:
    _, figure, least = GOALS[goal]
    told = "\n".join(line for outcome in outcomes for line in findings(outcome))
    assert share(figure(outcomes)) >= least, told


def test_no_command_that_destroys_is_taken_for_less(outcomes: list[Outcome]) -> None:
    assert [(one.truth.path.name, pair) for one in outcomes for pair in understated(one)] == []
