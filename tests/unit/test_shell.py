"""What the grammar says of a piece of shell, and that the reach of a command agrees with it."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.reading.extent import extent
from runbook.reading.placeholders import masked
from runbook.reading.shell import Shell, shell


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ("git log", ("git",)),
        ("FOO=1 make all", ("make",)),
        ("git log | head -3 && date", ("git", "head", "date")),
        ("for x in 1; do curl $x; done", ("curl",)),
        ("SHA=$(git rev-parse HEAD)", ("git",)),
        ("if [ -f a ]; then rm a; fi", ("rm",)),
        ("./undo.sh --now", ("./undo.sh",)),
        ("echo `whoami`", ("echo", "whoami")),
        ("ssh web 'rm x'", ("ssh",)),
    ],
)
def test_its_programs_are_those_that_this_shell_starts(text: str, programs: tuple[str, ...]) -> None:
    found = shell(text)
    assert found.programs == programs
    assert not found.broken


def test_variables_that_are_set_and_those_that_are_used() -> None:
    found = shell("TAG=v1\nfor pod in a b; do read -r answer; echo $pod ${TAG} '$NO' \"$YES\" $1; done")
    assert found.assigned == ("TAG", "pod", "answer")
    assert found.used == ("pod", "TAG", "YES")


def test_what_it_is_made_of() -> None:
    assert shell("cat <<E\nx\nE").heredoc
    assert shell("a | b").pipeline
    assert shell("while true; do date; done").compound
    assert shell("f() { date; }").functions == ("f",)
    assert shell("a; b\nc").statements == 3


@pytest.mark.parametrize(
    "text", ["echo 'a", "if true; then", "foo (1/2)", "a\0b", "x" * 200_000, "$(" * 200 + ")" * 200]
)
def test_what_the_grammar_does_not_accept_is_broken(text: str) -> None:
    assert shell(text).broken


def test_a_placeholder_has_to_be_masked_first() -> None:
    text = "git revert <sha>\ngit push"
    assert shell(text).statements == 1  # the newline and the next command were taken for a redirection
    assert shell(masked(text)) == Shell(programs=("git",), statements=2)


@pytest.mark.parametrize(
    "opening",
    ["$(", "(", "{ ", "a=(", "if true; then ", "`", '"$(', "case x in a) ", "cat <<E$(", "${a:-", "[[ ( ", "<("],
)
def test_deep_nesting_costs_little(opening: str) -> None:
    began = time.process_time()
    shell(opening * (19_000 // len(opening)))
    shell(opening * 90)
    assert time.process_time() - began < 2


def test_a_character_beyond_latin_does_not_end_the_process() -> None:
    code = "from runbook.reading.shell import shell; [shell('{' + chr(n)) for n in range(0x80, 0x110000, 0x101) if not 0xD800 <= n < 0xE000]"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
    assert shell("écho $x ü").programs == ("écho",)


def test_no_start_of_the_program_pays_for_the_grammar() -> None:
    code = "import runbook.reading.fence, sys; sys.exit(any('tree_sitter' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


@given(st.text(max_size=80))
@settings(max_examples=1_000, deadline=None)
def test_no_text_makes_it_fail(text: str) -> None:
    shell(text)
    lines = text.split("\n")
    found = extent(lines, lines, 0, 50)
    assert found is None or 1 <= found.lines <= len(lines)


_SIMPLE = st.sampled_from(
    ["date", "echo 'a b'", 'echo "a $(date) b"', "ls | wc -l", "A=1", "cat <<E\nx 'y\nE", "git log \\\n  -3", "a && b", "a &&\n  b", "echo 'x\ny'", "echo ${A:-'}'}", "echo $((1 << 2))", "curl -d '{\n}' x", "f() {\n  date\n}", "echo for done fi", "cat <<-'E' | sort\n\tx\n\tE", "{ date; ls; }", "(cd a; ls)"]
)  # fmt: skip
_STATEMENTS = st.recursive(
    _SIMPLE,
    lambda inner: st.one_of(
        inner.map(lambda body: f"for x in 1 2; do\n{body}\ndone"),
        inner.map(lambda body: f"if true; then\n{body}\nelse\n  date\nfi"),
        inner.map(lambda body: f"while read -r l\ndo\n{body}\ndone < f"),
        inner.map(lambda body: f"case $x in\n  a)\n{body}\n  ;;\nesac"),
        inner.map(lambda body: f"(\n{body}\n)"),
        inner.map(lambda body: f"g() {{\n{body}\n}}"),
    ),
    max_leaves=3,
)


@given(st.lists(_STATEMENTS, min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_a_command_reaches_as_far_as_the_grammar_says(statements: list[str]) -> None:
    lines = "\n".join(statements).split("\n")
    at, reached = 0, []
    while at < len(lines):
        found = extent(lines, lines, at, 500)
        assert found is not None
        reached.append(found.lines)
        at += found.lines
    assert reached == [statement.count("\n") + 1 for statement in statements]
    assert all(not shell(statement).broken for statement in statements)
