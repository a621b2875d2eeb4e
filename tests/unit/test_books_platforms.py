"""What each command of the platform books does, and that none of them hangs, lies or goes to a place not named."""

from __future__ import annotations

import re
import subprocess

import pytest

from runbook import books
from runbook.model import Command, Effect, Runbook
from runbook.opening import read_runbook
from runbook.signals.judge import holds
from runbook.steps import expect
from runbook.steps.effects import infer, kind

PLATFORMS = ("aws", "docker-compose", "helm", "heroku", "kubernetes")
CHANGES = {
    "aws": {"ecs": ["update"], "lambda": ["update"]},
    "docker-compose": {"earlier-tag": ["pull", "start"]},
    "helm": {"rollback": ["rollback"]},
    "heroku": {"release": ["rollback"]},
    "kubernetes": {"undo": ["undo"]},
}
"""The steps that change something; every other one only looks."""
PLACE = {
    "aws": ("--profile <profile>", "--region <region>"),
    "docker": ("--context <docker_context>",),
    "helm": ("--kube-context <context>", "--namespace <namespace>"),
    "heroku": ("--app <app>",),
    "kubectl": ("--context <context>", "--namespace <namespace>"),
}


def book_of(name: str) -> Runbook:
    return read_runbook(books.text(name), f"book:{name}")


def commands(book: Runbook) -> list[Command]:
    return [command for part in book.procedures() for step in part.steps for command in step.commands]


def texts(book: Runbook) -> list[str]:
    """Everything that a shell gets: commands, ways back, tests, guards."""
    steps = [step for part in book.procedures() for step in part.steps]
    checks = [*book.guard, *(check for part in book.procedures() for check in part.requires)]
    return [
        *(command.text for command in commands(book)),
        *(step.undo.text for step in steps if step.undo),
        *(step.done_when.run for step in steps if step.done_when),
        *(check.run for check in checks if check.run),
    ]


@pytest.mark.parametrize("name", PLATFORMS)
def test_only_these_steps_change_something(name: str) -> None:
    book = book_of(name)
    changing = {
        method.id: [step.id for step in method.steps if step.effect is not Effect.READ] for method in book.methods
    }
    assert changing == CHANGES[name]
    for method in book.methods:
        for step in method.steps:
            assert step.effect is not Effect.DESTROY
            assert step.effect is Effect.READ or all(command.target for command in step.commands)


@pytest.mark.parametrize("name", books.names())
def test_no_command_is_called_less_than_it_looks(name: str) -> None:
    """A lower effect than the reader of commands infers is a decision, and stands here with its reason."""
    lower = {
        command.text: infer(command.text)
        for command in commands(book_of(name))
        if infer(command.text).rank > command.effect.rank
    }
    for text, effect in lower.items():
        assert any(re.search(pattern, text) for pattern in DECIDED), (text, effect)


DECIDED = (
    r"^umask 077\n+\s*pg_dump |^umask 077\n+\s*node -e .*",  # writes a dump into the incident's folder
    r"tee \"\$\{WARROOM_DIR",  # writes counts into the incident's folder
    r"-At -f \"\$\{WARROOM_DIR:-\.\}/sums\.sql\"",  # a script of the book's own that only counts
    r"query_to_xml\(format\('select count",  # counts rows
    r"pg_restore .*--single-transaction --dbname <copy>",  # into a database made empty a step before
    r"^curl -\w+ .*-o /dev/null|lighthouse|git checkout --quiet --detach|^printf 'Project-Access-Token",
    r"query\(\$id",
)


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_call_names_the_place_it_acts_on(name: str) -> None:
    for text in texts(book_of(name)):
        for program, words in PLACE.items():
            asks_itself = re.search(r"version|whoami", text)
            if re.match(rf"(\w+=\S* )*{program} ", text) and not asks_itself:
                assert all(word in text for word in words), text


@pytest.mark.parametrize("name", PLATFORMS)
def test_nothing_pages_asks_or_hides_a_failure(name: str) -> None:
    book = book_of(name)
    for text in texts(book):
        assert not re.search(r"\baws ", text) or text.startswith('AWS_PAGER="" aws'), text
        assert not re.search(r"\bcurl ", text) or ("-f" in text and "--max-time" in text), text
        assert not re.search(r"rollout status|helm rollback", text) or "--timeout" in text, text
        assert kind(text) == ("follow" if "--follow" in text else "run"), text
        plain = re.sub(r"<([A-Za-z][\w-]*)>", "x", text)
        parsed = subprocess.run(["bash", "-n", "-c", plain], capture_output=True, check=False)
        assert parsed.returncode == 0, (text, parsed.stderr)


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_change_is_proved_by_something_that_looks_and_has_a_way_back(name: str) -> None:
    for method in book_of(name).methods:
        last = max(number for number, step in enumerate(method.steps) if step.effect is Effect.CHANGE)
        assert method.steps[last].undo is not None
        after = method.steps[last + 1 :]
        assert any(step.kind == "check" for step in after), method.id
        assert any(step.kind == "wait_for" for step in after), method.id


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_proof_names_what_was_chosen_and_can_fail(name: str) -> None:
    """Exit 0 of a command that only lists is no proof: the chosen target is in the question or was taken from it."""
    for method in book_of(name).methods:
        last = max(number for number, step in enumerate(method.steps) if step.effect is Effect.CHANGE)
        captured = {capture.param for step in method.steps[:last] for c in step.commands for capture in c.captures}
        chosen = {f"<{param}>" for param in (*method.params, *captured) if not param.endswith("_before")}
        checks = [c for step in method.steps[last + 1 :] if step.kind == "check" for c in step.commands]
        judged = [c for c in checks if "| grep " in c.text or c.expect.matches or c.expect.equals or c.expect.contains]
        assert judged == checks, method.id
        if name != "helm":  # there `helm rollback --wait` and the description of the newest revision tell
            assert any(word in command.text for command in judged for word in chosen), method.id
        done = method.steps[last].done_when
        assert done is not None and any(word in done.run for word in chosen), method.id


@pytest.mark.parametrize(
    ("printed", "proved"),
    [
        ("3 3 3 3 ", True),
        ("3 3 0  ", False),
        ("3 3 1 1 ", False),
        ("3 4 3 3 ", False),
        ("3 2 3 2 ", False),
        ("0 0 0 0 ", False),
    ],
)
def test_pods_of_the_chosen_revision_serve_only_when_all_of_them_do(printed: str, proved: bool) -> None:
    steps = book_of("kubernetes").method("undo").steps
    proof = next(step for step in steps if step.id == "proof").commands[0]
    assert expect.judge(proof.expect, 0, printed)[0] is proved


@pytest.mark.parametrize("name", sorted({*books.names()} - {"production-rollback"}))
def test_no_reading_of_a_signal_falls_between_the_outcomes(name: str) -> None:
    """The production book keeps the gaps of the document it follows."""
    criteria = [outcome.criterion for outcome in book_of(name).outcomes if outcome.criterion]
    grid = {
        "error_rate": (0, 0.99, 1, 3, 5, 5.01, 100),
        "p95": (0.2, 1, 3, 5, 5.1, 60),
        "health": (200, 301, 404, 500, 503),
    }
    assert {criterion.signal for criterion in criteria} == set(grid)
    for signal, values in grid.items():
        for value in values:
            assert any(holds(c, value) for c in criteria if c.signal == signal), (signal, value)
