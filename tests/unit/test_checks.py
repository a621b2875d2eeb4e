"""Values in checks and expectations: exactly the value, or not at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model import Check, Expect, Param
from runbook.steps.checks import expectation, filled
from runbook.steps.expect import judge


def run_of(run: str, known: dict[str, str], *params: Param) -> str:
    return filled((Check(id="c", run=run),), known, params)[0].run


@pytest.mark.parametrize("value", ["v1.2", "two words", "$(touch evil)", "it's", "a;b", "é"])
def test_a_check_gets_exactly_the_value(value: str, tmp_path: Path) -> None:
    subprocess.run(["bash", "-c", run_of("touch <tag>", {"tag": value})], cwd=tmp_path, check=True)
    assert [path.name for path in tmp_path.iterdir()] == [value]


@pytest.mark.parametrize(
    ("run", "value"), [("echo <tag>", ""), ("echo <tag>", "-rf"), ('bash -c "echo <tag>"', "$(x)")]
)
def test_a_value_that_is_missing_or_cannot_stand_there_leaves_the_check_open(run: str, value: str) -> None:
    assert run_of(run, {"tag": value}) == run


def test_a_value_that_may_begin_with_a_dash_is_let_in() -> None:
    assert run_of("echo <tag>", {"tag": "-x"}, Param(id="tag", allow_dash=True)) == "echo -x"


@given(value=st.text(min_size=1, max_size=20))
def test_an_expectation_means_the_value_itself(value: str) -> None:
    known = {"id": value}
    for expect in (Expect(contains="is <id>!"), Expect(matches="is <id>!$"), Expect(equals="is <id>!")):
        assert judge(expectation(expect, known), 0, f"is {value}!")[0]
    assert not judge(expectation(Expect(contains="<id>"), known), 0, "")[0]
