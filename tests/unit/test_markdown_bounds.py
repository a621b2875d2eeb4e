"""What holds for every document: it is read without an error, no command is lost or doubled, the time is linear."""

from __future__ import annotations

import gc
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.model import Effect, Runbook
from runbook.reading import markdown, once
from runbook.reading.document import blocks as parser
from runbook.reading.write import dumps
from runbook.reading.yaml import loads as loads_yaml
from runbook.signals.criteria import parse
from runbook.steps import effects

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
ORCHARD = (Path(__file__).parents[1] / "documents" / "orchard-rollback.md").read_text(encoding="utf-8")

HEADINGS = st.sampled_from(
    ["Rollback", "When to roll back", "Option A: Git", "Option B: Helm", "Step 1: Look", "Verification", "Monitoring",
     "Contacts", "Success criteria", "Checklist", "History", "Appendix", "Pre-rollback", "After the rollback", "Vercel",
     "🚨 Level 1", "Lessons learned", "Incident report template", "", "1. Stop", "<b>", "Rollback strategies"]
)  # fmt: skip
WORDS = st.text(alphabet="ab `*_[]()<>#|-:.!>=%5\\\t$\"'é🚨", max_size=40)
LINES = st.one_of(
    WORDS,
    st.builds(lambda level, words: "#" * level + " " + words, st.integers(1, 7), HEADINGS),
    st.builds(lambda pad, words: " " * pad + "- [ ] " + words, st.integers(0, 8), WORDS),
    st.builds(lambda pad, words: " " * pad + "1. " + words, st.integers(0, 8), WORDS),
    st.sampled_from(["```bash", "```", "~~~", "    git log", "> quoted", "---", "| a | b |", "|---|---|", "<!--", "-->", "**Bold**:",
                     "Expected:", "<% x %>", "(target)=", ":::{note}", ":::", "git log -3", "Run `git log -3`.", "# Expected: 200",
                     "<pre>", "git log -3</pre>", "> [!WARNING]", "!!! danger", "If it ran:", "The workflow will:", "| 1 | `git log -3` |"]),
)  # fmt: skip
FREE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def read(text: str) -> Runbook:
    return markdown.loads(text, "x.md", parse_criterion=parse, infer=effects.infer, kind_of=effects.kind)


def commands(book: Runbook) -> list[tuple[int, str]]:
    return [
        (command.line, command.as_written or command.text)
        for method in book.procedures()
        for step in method.steps
        for command in step.commands
    ]


@FREE
@given(st.lists(LINES, max_size=40))
def test_no_document_is_refused_and_what_comes_out_holds(lines: list[str]) -> None:
    book = read("\n".join(lines))
    assert ID.fullmatch(book.id)
    for method in book.procedures():
        assert method.steps and ID.fullmatch(method.id)
        assert all(ID.fullmatch(step.id) for step in method.steps)
        assert len({step.id for step in method.steps}) == len(method.steps)
        for step in method.steps:
            assert step.title
            assert bool(step.commands) == (step.kind in ("run", "check", "stream"))
            assert all(command.text.strip() and 0 < command.line <= len(lines) for command in step.commands)
            assert all(command.target for command in step.commands if command.effect is Effect.DESTROY)
    assert all(0 <= trigger.line <= len(lines) for trigger in book.triggers)


@FREE
@given(st.text(max_size=400))
def test_no_text_is_refused(text: str) -> None:
    read(text.replace("\x00", ""))


@FREE
@given(st.lists(st.tuples(HEADINGS, st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=8))
def test_no_command_is_lost_or_offered_twice(parts: list[tuple[str, int, int]]) -> None:
    lines: list[str] = []
    expected: list[tuple[int, str]] = []
    for heading, level, count in parts:
        lines += ["#" * level + " " + heading, "", "```bash"]
        for _ in range(count):
            text = f"git log -{len(lines)}"
            lines += ["# Look", text, ""]
            if not re.search(r"History|template", heading):
                expected.append((len(lines) - 1, text))
        lines += ["```", ""]
    found = commands(read("\n".join(lines)))
    assert max(Counter(found).values(), default=1) == 1
    below_history = [entry for entry in expected if entry not in found]
    assert set(found) <= {(line + 1, text) for line, text in enumerate(lines)}
    if not any(re.search(r"History|template", heading) for heading, _, _ in parts):
        assert not below_history


def took(text: str) -> float:
    best = 9e9
    for _ in range(2):
        begun = time.process_time()
        read(text)
        best = min(best, time.process_time() - begun)
    return best


@pytest.mark.parametrize(
    "unit",
    [
        ORCHARD,
        "# A\n", "## Option 1: x\n\n```bash\ngit log\n```\n", "- [ ] a\n", "1. a\n", "  - a\n", "> a\n", "| a | b |\n", "`a` ",
        "**a**\n\n", "```\n", "<!-- ", "[a](", "Run `git log -3` and ", "a > 5% ", "éÃ© ", "- a: b\n", "Expected: a\n",
    ],
)  # fmt: skip
def test_twice_the_text_takes_about_twice_the_time(unit: str) -> None:
    read(unit)
    size = 30_000
    once, twice = took(unit * (size // len(unit) + 1)), took(unit * (2 * size // len(unit) + 1))
    assert twice < once * 3.5 + 0.1


def test_a_large_document_costs_a_small_multiple_of_parsing_it() -> None:
    text = ORCHARD * (200_000 // len(ORCHARD))
    read(ORCHARD)
    begun = time.process_time()
    parser._parser().parse(text)
    parsing = time.process_time() - begun
    assert took(text) < parsing * 8 + 0.2


def test_a_procedure_called_like_one_of_the_runbooks_own_lists_gets_another_name() -> None:
    text = "## Verification\n```bash\ngit tag -l\n```\n### Method 3: On the platform\n```bash\n```\n#### Host\n```bash?# 1. Look\nhost back\n```\n"
    ids = [one.id for one in read(text).procedures()]
    assert len(ids) == len(set(ids))
    assert loads_yaml(dumps(read(text)), parse_criterion=parse, infer=effects.infer)


def test_an_alternative_whose_sibling_holds_nothing_to_do_is_a_step_like_any() -> None:
    text = "### Method 1: Revert\n### Method 1: Revert\n**Duration* one\n"
    book = read(text)
    assert not any(step.either for method in book.procedures() for step in method.steps)
    assert loads_yaml(dumps(book), parse_criterion=parse, infer=effects.infer)


@pytest.mark.parametrize("leaf", ["2. **", "- **: x", "- ✅ **", "| ** | ** |\n|---|---|\n| ** | ** |"])
@pytest.mark.parametrize("heading", ["When to roll back", "Success criteria", "Checklist", "Contacts", "Follow-ups"])
def test_a_point_that_says_nothing_is_none(heading: str, leaf: str) -> None:
    book = read(f"# A\n## {heading}\n### It worked when:\n{leaf}\n{leaf}\n\n```bash\nls\n```\n")
    assert loads_yaml(dumps(book), parse_criterion=parse, infer=effects.infer)


@pytest.mark.parametrize("collecting", [True, False])
def test_reading_leaves_the_collector_as_it_was_and_keeps_no_text(collecting: bool) -> None:
    was = gc.isenabled()
    try:
        gc.enable() if collecting else gc.disable()
        read(ORCHARD)
        assert gc.isenabled() is collecting
        assert all(answers.cache_info().currsize == 0 for answers in once._kept)
    finally:
        gc.enable() if was else gc.disable()


def test_the_way_of_a_document_without_a_heading_is_called_like_the_document() -> None:
    book = read("4. Go to the last good tag\n   - look at it\n")
    assert [method.title for method in book.methods] == [book.title] == ["x"]
    assert loads_yaml(dumps(book), parse_criterion=parse, infer=effects.infer)
