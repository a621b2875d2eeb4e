"""A watch repeated as lines: what it shows goes to a log, and a failure in it is said."""

from __future__ import annotations

import subprocess

import pytest

from runbook.steps.repeating import as_lines

LOOP = 'while :; do date +%T; {} || echo "failed, exit $?"; sleep {}; done'


@pytest.mark.parametrize(
    ("text", "repeated", "every"),
    [
        ("watch -n 5 'curl -s x | jq'", "bash -o pipefail -c 'curl -s x | jq'", "5"),
        ("watch -d -n1 \"curl -s $URL | jq '.a'\"", "bash -o pipefail -c \"curl -s $URL | jq '.a'\"", "1"),
        ("watch kubectl get pods -n shop", "kubectl get pods -n shop", "2"),
        ("watch --interval=0.5 -t -- kubectl get pods", "kubectl get pods", "0.5"),
    ],
)
def test_a_watch_becomes_a_loop(text: str, repeated: str, every: str) -> None:
    made, why = as_lines(text)
    assert made == LOOP.format(repeated, every)
    assert "a screen of its own" in why


@pytest.mark.parametrize(
    "text",
    [
        "watch -g 'date'",
        "watch --chgexit date",
        "watch date | tee seen",
        "watch date > seen",
        "watch date; ls",
        "watch",
        "watch -n",
        "watch -n $EVERY date",
        "watch 'open",
        "kubectl get pods --watch",
        "",
    ],
)
def test_anything_else_stays_as_it_is(text: str) -> None:
    assert as_lines(text) == (text, "")


def test_the_loop_prints_each_time_and_says_that_a_part_of_a_pipeline_failed() -> None:
    made, _ = as_lines("watch -n 0.01 'echo seen; false | cat'")
    bash = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", made)
    with subprocess.Popen(bash, stdout=subprocess.PIPE, text=True) as loop:
        assert loop.stdout is not None
        lines = [next(loop.stdout).strip() for _ in range(6)]
        loop.kill()
    assert lines[1:3] == lines[4:6] == ["seen", "failed, exit 1"]
