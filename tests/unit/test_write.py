"""Writing a runbook in its YAML form: the file loads to the same runbook, and a person can edit it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook import books
from runbook.model import Command, Effect, Method, Runbook, Signal, Step, Where
from runbook.opening import read_runbook, source_text
from runbook.reading.fill import seconds_in
from runbook.reading.write import REPLACED, dumps, duration, placeless, scalar, visible
from runbook.reading.yaml import loads
from runbook.signal_sources import NoSource
from runbook.signals.criteria import parse
from runbook.steps.effects import infer
from tests.unit.runbook_strategies import NASTY, runbooks, texts
from tui.cli import main
from tui.exit_codes import OK


def no_guess(text: str) -> Effect:
    assert infer(text) is Effect.READ, f"the effect of {text!r} was left to be inferred"
    return Effect.READ  # a check, which has no effect of its own


def read(text: str) -> Runbook:
    return loads(text, "x.yaml", parse_criterion=parse, infer=no_guess)


def again(book: Runbook) -> Runbook:
    return placeless(read(dumps(book)))


def with_step(step: Step) -> Runbook:
    return Runbook(id="a", title="A", methods=(Method(id="m", label="1", title="M", steps=(step,)),))


def command(text: str, effect: Effect = Effect.CHANGE, kind: Literal["run", "interactive"] = "run") -> Command:
    return Command(text=text, effect=effect, kind=kind)


# ── the same runbook ──────────────────────────────────────────────────────────────────────────────


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(runbooks())
def test_any_runbook_loads_back_as_it_was(book: Runbook) -> None:
    assert again(book) == placeless(book)


@pytest.mark.parametrize("name", books.names())
def test_a_shipped_book_loads_back_as_it_was(name: str) -> None:
    book = loads(books.text(name), f"book:{name}", parse_criterion=parse)
    assert again(book) == placeless(book)


@pytest.mark.parametrize("text", NASTY)
def test_a_text_that_a_writer_gets_wrong(text: str) -> None:
    step = Step(id="a", title="T", kind="run", commands=(command(text if text.strip() else f"x{text}"),), note=text)
    book = msgspec.structs.replace(with_step(step), notes=(text,), report_template=text, service=text)
    if UNSEEN_IN_A_FORM.isdisjoint(text):
        assert again(book) == placeless(book)


UNSEEN_IN_A_FORM = frozenset("\u200b\u200e\u200f\ufeff")


@given(texts)
def test_other_loaders_read_the_same_text(text: str) -> None:
    for written in (f"a: {scalar(text)}\n", f"- {scalar(text)}\n"):
        loaded = yaml.safe_load(written)
        assert (loaded["a"] if isinstance(loaded, dict) else loaded[0]) == text


@given(st.integers(0, 10**10))
def test_a_length_of_time_reads_back(count: int) -> None:
    assert seconds_in(duration(count / 1000)) == count / 1000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0"),
        (45, "45s"),
        (300, "5m"),
        (5400, "1h30m"),
        (86_400, "1d"),
        (604_800, "7d"),
        (0.25, "0.25s"),
        (90.5, "90.5s"),
    ],
)
def test_a_length_of_time_is_written_as_people_do(seconds: float, text: str) -> None:
    assert duration(seconds) == text


# ── what a person gets to edit ────────────────────────────────────────────────────────────────────


def test_a_whole_runbook_as_it_reads() -> None:
    steps = (
        Step(
            id="look", title="Look first", kind="run", commands=(command("kubectl get pods", Effect.READ),), estimate=30
        ),
        Step(
            id="fix",
            title="Fix it",
            kind="run",
            commands=(
                command("cat > x <<EOF\n  a: b\nEOF"),
                msgspec.structs.replace(
                    command("./deploy --tag <Tag-1>"), guess="The verb says that it changes something."
                ),
            ),
            closed_by="off",
        ),
        Step(id="ask", title="Ask the owner", kind="manual"),
        Step(id="sql", title="Count", kind="manual", note="In psql:", message="select count(*)\n  from orders;"),
        Step(
            id="off",
            title="Off again",
            kind="run",
            commands=(msgspec.structs.replace(command("psql", kind="interactive"), typed_inside="\\q"),),
        ),
    )
    method = Method(
        id="m",
        label="1",
        title="Deploy: the old one",
        estimate=30,
        where=Where.REPOSITORY,
        steps=steps,
        guess="No risk is stated.",
    )
    book = Runbook(
        id="a",
        title="A # B",
        last_tested="2026-11-24",
        signals=(Signal(id="cdn", title="CDN hits", source=NoSource(), unit="%"),),
        methods=(method,),
        settle=90,
        path="docs/ROLLBACK.md",
    )
    written = dumps(book)
    head, _, body = written.partition("version: 1\n")
    assert all(line.startswith("#") for line in head.splitlines())
    assert "from ROLLBACK.md." in head and "Every `guess:`" in head
    assert body == (
        """\
id: a
title: 'A # B'
last_tested: '2026-11-24'

literals: [Tag-1]

signals:
  cdn:
    source: none
    title: CDN hits
    unit: '%'

methods:
  - id: m
    title: 'Deploy: the old one'
    guess: No risk is stated.
    steps:
      - id: look
        title: Look first
        run: kubectl get pods
        effect: read
        estimate: 30s

      - id: fix
        title: Fix it
        run:
          - |-
            cat > x <<EOF
              a: b
            EOF
          - run: ./deploy --tag <Tag-1>
            guess: The verb says that it changes something.
        effect: change
        closed_by: 'off'

      - id: ask
        title: Ask the owner
        manual: ''

      - id: sql
        title: Count
        manual: 'In psql:'
        message: |-
          select count(*)
            from orders;

      - id: 'off'
        title: Off again
        run: psql
        effect: change
        kind: interactive
        typed_inside: '\\q'

settle: 1m30s
"""
    )
    assert read(written).methods[0].steps[1].commands[0].text == "cat > x <<EOF\n  a: b\nEOF"


def test_long_prose_is_folded_and_a_long_command_is_not() -> None:
    step = Step(id="a", title="T", kind="run", commands=(command("run " * 60 + "it"),), note="word " * 60 + "end")
    lines = dumps(with_step(step)).splitlines()
    assert "        note: >-" in lines
    assert max(len(line) for line in lines if "word" in line) <= 120
    assert f"        run: {'run ' * 60}it" in lines


def test_what_cannot_be_seen_is_replaced_and_said() -> None:
    step = Step(id="a", title="T", kind="run", commands=(command("echo\u202e a\r\nb\x00"),))
    written = dumps(with_step(step))
    assert "# 2 characters that cannot be seen were replaced by" in written
    assert read(written).methods[0].steps[0].commands[0].text == f"echo{REPLACED} a\nb{REPLACED}"


def test_a_path_cannot_end_the_head() -> None:
    book = msgspec.structs.replace(with_step(Step(id="a", title="T", kind="manual")), path="a\nid: evil\u2028.md")
    assert read(dumps(book)).id == "a"


def test_items_and_words_that_loaders_misread_are_quoted() -> None:
    assert [scalar(text) for text in ("on", "1.10", "x", "a: b", "it's", "")] == [
        "'on'",
        "'1.10'",
        "x",
        "'a: b'",
        "it's",
        "''",
    ]


# ── what teams have ───────────────────────────────────────────────────────────────────────────────

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


def test_every_document_of_the_corpus_converts(tmp_path: Path) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of other teams' documents is not beside this repository")
    files = sorted(CORPUS.glob("*.md"))
    assert files
    for file in files:
        output = tmp_path / f"{file.stem}.yaml"
        assert main(["convert", str(file), "-o", str(output)]) == OK, file.name
        book = read_runbook(source_text(str(file)), str(file))
        assert placeless(read(output.read_text())) == placeless(visible(book)[0]), file.name


DOCUMENT = """\
# Roll the shop back

Trigger: error rate > 5% for 5 minutes.

## Option 1: the earlier image

1. Stop the worker:

```bash
docker compose stop worker
docker compose pull web
```

2. Look at the log; it should say "ready".

## After

- [ ] Tell the team
"""


def test_a_document_converts_to_a_file_that_a_person_edits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "ROLLBACK.md"
    source.write_text(DOCUMENT)
    assert main(["convert", str(source)]) == OK
    written = capsys.readouterr().out
    assert "# Written by `warroom convert` from ROLLBACK.md." in written
    assert placeless(read(written)) == placeless(read_runbook(DOCUMENT, str(source)))
    assert [c.text for s in read(written).methods[0].steps for c in s.commands] == [
        "docker compose stop worker",
        "docker compose pull web",
    ]
    assert main(["convert", str(source), "-o", str(tmp_path / "a.yaml")]) == OK
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'a.yaml'}\n"
    assert "commands: 2" in said.err
