"""The YAML form: what a file says, what the model becomes, and what is told about a wrong one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.model import Capture, Effect, Expect, Runbook, Where
from runbook.reading.fill import seconds_in
from runbook.reading.problems import Problem, ReadingError
from runbook.reading.yaml import load, loads
from runbook.signal_sources import Exposition, HttpJson, NoSource
from runbook.signals.criteria import parse

HEAD = "version: 1\nid: web\ntitle: Web\n"
SIGNALS = """\
signals:
  error_rate: {source: http_json, url: "http://x/m", numerator: e, denominator: n, scale: 100, unit: "%"}
  version: {source: http_json, url: "http://x/h", path: commit, kind: version}
  health: {source: health, url: "http://x/h"}
"""


def infer(text: str) -> Effect:
    """A small stand-in: what the text calls itself."""
    if "destroy" in text:
        return Effect.DESTROY
    return Effect.READ if text.startswith(("show", "git log")) else Effect.CHANGE


def read(text: str) -> Runbook:
    return loads(text, "book.yaml", parse_criterion=parse, infer=infer)


def method(steps: str, rest: str = "") -> str:
    indented = "".join(f"      {line}\n" for line in steps.strip().splitlines())
    return f"{HEAD}{rest}methods:\n  - id: m\n    title: M\n    steps:\n{indented}"


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ReadingError) as caught:
        read(text)
    return caught.value.problems


def only_problem(text: str) -> Problem:
    found = problems(text)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


# ── what a file says ──────────────────────────────────────────────────────────────────────────────


def test_texts_stay_texts() -> None:
    steps = '- {id: a, title: 0123456, run: show <to>, expect: {equals: on}}\n- {id: b, title: "1.10", run: show}'
    book = read(method(steps, "params:\n  - {id: to, default: 0123456, label: 12:30:45}\nlast_tested: 2026-11-23\n"))
    assert book.params[0].default == "0123456"
    assert book.params[0].label == "12:30:45"
    assert book.last_tested == "2026-11-23"
    assert [step.title for step in book.methods[0].steps] == ["0123456", "1.10"]
    assert book.methods[0].steps[0].commands[0].expect == Expect(equals="on")
    assert {type(step.title) for step in book.methods[0].steps} == {str}


def test_a_step_with_all_of_its_keys() -> None:
    book = read(
        method(
            """\
- id: a
  title: A
  run:
    - show it
    - run: change <x> <y>
      effect: change
      capture: {z: 'z=(\\d+)'}
      expect: {exit: any, contains: ok}
      as_written: change
  together: true
  estimate: 1h30m
  timeout: 20m
  quiet_after: 45s
  done_when: show <y>
  rerun: never
  undo: {run: change back <z>, note: only then}
  no_return: true
- {id: b, title: B, wait_for: [ok, error_rate < 1%, version == <z>]}
- {id: c, title: C, manual: Look at it., note: Twice.}
- {id: d, title: D, message: Hello <z>}
- {id: e, title: E, stream: show -f}
- {id: f, title: F, check: show <z>}
""",
            "params: [{id: x}, {id: y, default: d}]\ncriteria: [{id: ok, signal: health, is: == 200, for: 5m}]\n"
            + SIGNALS,
        )
    )
    a, b, c, d, e, f = book.methods[0].steps
    assert [command.text for command in a.commands] == ["show it", "change <x> <y>"]
    assert [command.effect for command in a.commands] == [Effect.READ, Effect.CHANGE]
    assert a.commands[1].captures == (Capture(param="z", regex="z=(\\d+)"),)
    assert a.commands[1].expect == Expect(exit=None, contains="ok")
    assert a.commands[1].line == a.line + 4
    assert (a.estimate, a.timeout, a.quiet_after, a.rerun, a.together, a.no_return) == (
        5400,
        1200,
        45,
        "never",
        True,
        True,
    )
    assert a.done_when is not None and a.done_when.run == "show <y>"
    assert a.undo is not None and (a.undo.text, a.undo.effect) == ("change back <z>", Effect.CHANGE)
    assert [(c.signal, c.hold) for c in b.wait_for] == [("health", 300), ("error_rate", 0), ("version", 0)]
    assert b.wait_for[2].value == "<z>"
    assert (c.kind, c.note) == ("manual", "Look at it.\nTwice.")
    assert (d.kind, d.message) == ("message", "Hello <z>")
    assert (e.kind, e.commands[0].kind, e.commands[0].effect) == ("stream", "follow", Effect.READ)
    assert (f.kind, f.effect) == ("check", Effect.READ)
    assert book.methods[0].params == ("x",), "those without a default, which no step captures"
    assert book.methods[0].estimate == 5400


def test_defaults_are_the_models() -> None:
    book = read(method("- {id: a, title: A, run: change}"))
    assert book.methods[0].label == "1"
    assert book.methods[0].steps[0].timeout == 600
    assert (book.settle, book.relapse_watch) == (60, 1800)


def test_a_method_needs_a_clone_only_where_it_names_git() -> None:
    def where(said: str) -> Where:
        return read(method(said)).methods[0].where

    assert where("- {id: a, title: A, run: kubectl rollout undo deploy/web}") is Where.REPOSITORY
    assert where("- {id: a, title: A, run: git push}") is Where.CLEAN_ROOM
    assert where("- {id: a, title: A, run: cd web && git push}") is Where.CLEAN_ROOM


def test_signals_become_sources() -> None:
    book = read(HEAD + SIGNALS)
    source = book.signals[0].source
    assert isinstance(source, HttpJson)
    assert (source.numerator, source.scale, source.window, source.min_requests) == ("e", 100, 60, 100)
    assert [signal.kind for signal in book.signals] == ["other", "version", "health"]


def test_without_inference_an_unmarked_command_counts_as_a_change() -> None:
    book = loads(method("- {id: a, title: A, run: git log}"), parse_criterion=parse)
    assert book.methods[0].steps[0].effect is Effect.CHANGE


def test_a_block_command_has_the_line_of_its_first_line() -> None:
    text = method("- id: a\n  title: A\n  run: |\n    show one\n    show two")
    command = read(text).methods[0].steps[0].commands[0]
    assert command.text == "show one\nshow two"
    assert text.splitlines()[command.line - 1].strip() == "show one"


def test_the_model_can_be_written_and_read_back() -> None:
    book = read(method("- {id: a, title: A, run: change}", SIGNALS))
    assert msgspec.json.decode(msgspec.json.encode(book), type=Runbook) == book


def test_the_form_has_a_json_schema() -> None:
    from runbook.reading.form import RunbookForm

    schema = msgspec.json.schema(RunbookForm)
    assert "MethodForm" in schema["$defs"]
    assert schema["$defs"]["CriterionForm"]["required"] == ["id", "signal", "is"]


# ── files ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_named_by_path_and_content(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    book = load(file, parse_criterion=parse)
    assert book.title == "Web"
    assert book.path == str(file)
    assert book.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.yaml", None, "There is no such file."),
        ("latin.yaml", b"version: 1\ntitle: caf\xe9", "The file is not UTF-8 text (byte 0xE9)."),
        ("empty.yaml", b"", "A runbook is a mapping of keys"),
        ("list.yaml", b"- a", "A runbook is a mapping of keys"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadingError) as caught:
        load(tmp_path / name, parse_criterion=parse)
    assert sentence in caught.value.problems[0].sentence
    assert str(tmp_path / name) in str(caught.value)


def test_a_folder_is_not_a_runbook(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="This is not a file"):
        load(tmp_path, parse_criterion=parse)


# ── what is told about a wrong one ────────────────────────────────────────────────────────────────


def test_an_unknown_key_names_file_line_path_and_the_nearest() -> None:
    problem = only_problem(method("- {id: a, title: A, run: change}\n- {id: b, title: B, run: change, estimat: 5m}"))
    assert (problem.file, problem.line, problem.key, problem.nearest) == (
        "book.yaml", 9, "methods[0].steps[1].estimat", "estimate",
    )  # fmt: skip
    assert str(problem) == (
        'book.yaml:9: methods[0].steps[1].estimat: There is no key "estimat". Did you mean "estimate"?'
    )


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    found = problems(method("- {id: a, titel: A, run: change}\n- {id: b, title: B, run: change, timeout: soon}"))
    assert [(problem.line, problem.key) for problem in found] == [
        (8, "methods[0].steps[0].titel"),
        (8, "methods[0].steps[0]"),
        (9, "methods[0].steps[1].timeout"),
    ]
    assert found[2].sentence == '"soon" is not a length of time: write it like 45s, 5m, 1h30m or 7d.'


@pytest.mark.parametrize(
    ("text", "line", "key", "sentence", "near"),
    [
        ("version: 2\nid: a\ntitle: b\nnew: 1\n", 1, "version", "version 1 of the form, not 2", ""),
        ("id: a\ntitle: b\n", 1, "", 'The key "version" is missing here.', ""),
        (HEAD + "title_: x\n", 4, "title_", "There is no key", "title"),
        (HEAD + "settle: 5\n", 4, "settle", '"5" is not a length of time', ""),
        (HEAD + "methods: many\n", 4, "methods", "Here should be a list", ""),
        (HEAD + "methods:\n  - {id: m, title: M, steps: []}\n", 5, "methods[0].steps", "at least one step", ""),
        (HEAD + "contacts:\n  - {level: 1, who: ''}\n", 5, "contacts[0]", 'The key "who" says nothing', ""),
        (HEAD + "practices:\n  - {a: b}\n", 5, "practices[0]", "Here should be text, not a mapping", ""),
        (HEAD + "lessons:\n  - {cause: c, answer: this, and that}\n", 5, "lessons[0].and that", "needs quotes", ""),
        (HEAD + "params:\n  - {id: x, kind: git-commit}\n", 5, "params[0].kind", "There is no choice", "git_commit"),
        (HEAD + "params:\n  - {id: x}\n  - {id: x}\n", 6, "params[1]", 'id "x" is taken already, on line 5', ""),
        (HEAD + "params:\n  - {id: X Y}\n", 5, "params[0]", "holds more than A-Z", ""),
        (HEAD + "signals:\n  e: {source: http, url: x}\n", 5, "signals.e.source", "no source", "http_json"),
        (HEAD + "signals:\n  e: {url: http://x}\n", 5, "signals.e", "Known: ", ""),
        (HEAD + "signals:\n  e: {source: health, url: ftp://x}\n", 5, "signals.e.url", "http:// or https://", ""),
        (HEAD + "signals:\n  e: {source: http_json, url: http://x}\n", 5, "signals.e", "either one `path`", ""),
        (HEAD + "signals:\n  e: {source: health, url: <prod>/x}\n", 5, "signals.e.url", '"prod"', ""),
        (
            HEAD + SIGNALS + "triggers:\n  - {id: t, text: T, group: G, urgency: immediate,\n"
            "     criterion: eror_rate > 5%}\n",
            10, "triggers[0].criterion", 'There is no signal "eror_rate"', "error_rate",
        ),
        (
            HEAD + SIGNALS + "outcomes:\n  - {id: t, text: T, level: success, criterion: error_rate is fine}\n",
            9, "outcomes[0].criterion", "is not a condition", "",
        ),
        (method("- {id: a, title: A, run: x}") + "    fallback: mm\n", 9, "methods[0].fallback", "There is no", "m"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, line: int, key: str, sentence: str, near: str) -> None:
    problem = only_problem(text)
    assert sentence in problem.sentence
    assert (problem.line, problem.key, problem.nearest) == (line, key, near)


@pytest.mark.parametrize(
    ("step", "key", "sentence"),
    [
        ("", "", "this one has none of them"),
        ("run: change, manual: x", "", "this one has run and manual"),
        ("run: destroy it", ".run", "needs a `target`"),
        ("target: p, together: true, run: [change, destroy it]", ".together", "may not cover a command that destroys"),
        ("run: change <tag>", ".run", 'no value captured by an earlier step, "tag"'),
        ("check: change it", ".check", "A check only reads"),
        ("stream: change it", ".stream", "A stream only reads"),
        ("wait_for: sgnal-ok", ".wait_for", "There is no criterion"),
        ("manual: x, target: p", "", "`target` belongs to a command"),
        ("run: [show], capture: x", ".capture", "beside the command"),
        ("run: show, capture: {x: 'a('}", ".run.capture", "cannot be read"),
        ("run: show, capture: {x: abc}", ".run.capture", "needs a group"),
        ("run: show, expect: {matches: '['}", ".run.expect.matches", "cannot be read"),
        ("run: show, timeout: 0", ".timeout", "A time limit of 0"),
        ("run: show, done_when: {title: t}", ".done_when", "exactly one of run"),
        ("run: show, done_when: change it", ".done_when.run", "`reads: true` is your word"),
        ("run: show, done_when: {run: change it, reads: true}", "", ""),
        ("run: show, undo: destroy it", ".undo", "needs a `target`"),
        ("run: show, closed_by: b", ".closed_by", 'There is no step "b"'),
        ("run: show, closed_by: a", ".closed_by", "closed by a later one"),
        ("run: show, either: way", ".either", "the only step with"),
        ("run: show, typed_inside: select 1", ".run.typed_inside", "belongs to a command of `kind: interactive`"),
        ("manual: x, expected: y", "", "`expected` belongs to a command"),
        ("manual: x, message: y, run: show", "", "this one has run and manual and message"),
        ("run: [show], expected: x", ".expected", "beside the command"),
        ("run: show <b", "", ""),
    ],
)
def test_what_is_wrong_with_a_step_is_said(step: str, key: str, sentence: str) -> None:
    text = method(f"- {{id: a, title: A, {step}}}")
    if not sentence:
        assert read(text)
        return
    problem = only_problem(text)
    assert sentence in problem.sentence
    assert (problem.line, problem.key) == (8, f"methods[0].steps[0]{key}")


def test_alternatives_are_not_run_together() -> None:
    one = "- {id: a, title: A, run: [change, show], either: way, together: true}"
    problem = only_problem(method(f"{one}\n- {{id: b, title: B, run: show, either: way}}"))
    assert "may not stand in an alternative" in problem.sentence
    assert (problem.line, problem.key) == (8, "methods[0].steps[0].together")


def test_what_a_reader_of_documents_finds_has_its_keys() -> None:
    book = read(
        method(
            """\
- id: stop
  title: Stop
  run: change off
  closed_by: go
  guess: Taken back by a later step.
- id: copy
  title: Copy it
  manual:
  message: |
    select 1;
- {id: one, title: One, either: way, run: show, expected: a line each}
- id: two
  title: Two
  either: way
  run:
    - {run: change console, kind: interactive, typed_inside: select 1, guess: It asks., target: "", effect: change}
- {id: go, title: Go, run: change on}
""",
            "procedures: [{id: look, title: Look, guess: No way back., steps: [{id: a, title: A, run: show}]}]\n"
            "signals: {cdn: {source: none, title: CDN hits, unit: '%'}}\n"
            "triggers: [{id: misses, text: Misses, urgency: immediate, criterion: cdn < 20%}]\n"
            "outcomes:\n- {id: hits, text: Hits, level: success}\n",
        )
    )
    stop, copy, one, two, _ = book.methods[0].steps
    assert (stop.closed_by, stop.guess) == ("go", "Taken back by a later step.")
    assert (copy.kind, copy.note, copy.message) == ("manual", "", "select 1;")
    assert (one.either, one.commands[0].expected) == ("way", "a line each")
    inner = two.commands[0]
    assert (inner.kind, inner.typed_inside, inner.guess) == ("interactive", "select 1", "It asks.")
    assert [(other.id, other.label, other.guess) for other in book.others] == [("look", "", "No way back.")]
    assert book.signals[0].source == NoSource()
    assert (book.triggers[0].line, book.outcomes[0].line) == (6, 8)
    assert book.triggers[0].criterion is not None and book.triggers[0].criterion.value == 20


def test_values_are_named_as_documents_name_them() -> None:
    steps = "- {id: a, title: A, run: change <Commit-SHA> <X1>}\n- {id: b, title: B, run: show, capture: NEW_rev}"
    book = read(method(steps, "params: [{id: Commit-SHA}, {id: X1}]\n"))
    assert book.methods[0].params == ("Commit-SHA", "X1")
    assert book.methods[0].steps[1].commands[0].captures == (Capture(param="NEW_rev"),)


def test_a_word_in_angle_brackets_can_be_text() -> None:
    steps = "- {id: a, title: A, run: show | grep '<none>'}"
    assert 'no value captured by an earlier step, "none"' in only_problem(method(steps)).sentence
    assert read(method(steps, "literals: [none]\n")).methods[0].params == ()
    both = problems(method(steps, "literals: [none]\nparams: [{id: none}]\n"))
    assert [(problem.key, problem.line) for problem in both] == [("literals[0]", 4)]


def test_a_procedure_is_named_like_no_method_and_no_part() -> None:
    steps = "steps: [{id: a, title: A, run: show}]"
    twice = problems(method("- {id: a, title: A, run: show}") + f"procedures: [{{id: m, title: T, {steps}}}]\n")
    assert [(problem.key, problem.line) for problem in twice] == [("procedures[0]", 9)]
    part = (
        HEAD
        + "verification: [{id: a, title: A, run: show}]\n"
        + f"procedures: [{{id: verification, title: T, {steps}}}]"
    )
    assert "stands for the steps under `verification:`" in only_problem(part).sentence


def test_a_key_with_nothing_behind_it_says_nothing() -> None:
    book = read(
        method("- {id: a, title: A, run: change <x>, expect: , kind: , undo: }", "params: [{id: x}]\n")
        + "    params:\n"
    )
    assert book.methods[0].params == ("x",)
    assert (
        read(method("- {id: a, title: A, run: change <x>}", "params: [{id: x}]\n") + "    params: []\n")
        .methods[0]
        .params
        == ()
    )


def test_a_value_is_known_only_after_its_capture() -> None:
    before = method("- {id: a, title: A, run: change <sha>}\n- {id: b, title: B, run: show, capture: sha}")
    assert "sha" in only_problem(before).sentence
    after = method("- {id: b, title: B, run: show, capture: sha}\n- {id: a, title: A, run: change <sha>}")
    assert read(after).methods[0].steps[0].commands[0].captures == (Capture(param="sha"),)


def test_a_one_key_step_uses_no_value_from_within() -> None:
    steps = "- {id: a, title: A, TOGETHER run: [{run: change it, capture: sha}, change <sha>]}"
    assert "captured in this very step" in only_problem(method(steps.replace("TOGETHER", "together: true,"))).sentence
    assert read(method(steps.replace("TOGETHER ", "")))


def test_heredocs_and_redirections_are_no_placeholders() -> None:
    read(method("- id: a\n  title: A\n  run: |\n    change <<EOF >out\n    x\n    EOF\n    change < in > out"))


# ── durations ─────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(0, 500), st.integers(0, 59), st.integers(0, 59))
def test_durations_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert seconds_in(f"{hours}h{minutes}m {seconds}s") == hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "5 minutes", "5mm", "1e3s", "٥m", "5m!"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="length of time"):
        seconds_in(text)


# ── anything at all ───────────────────────────────────────────────────────────────────────────────

trees = st.recursive(
    st.sampled_from(["", "1", "x", "show", "<x>", "5m", "health == 200"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "title", "run", "steps", "methods", "params", "url", "kind", "together", "wait_for", "expect"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["methods", "params", "signals", "verification", "triggers", "guard"]), trees))
def test_any_plain_tree_is_a_runbook_or_a_list_of_problems(tree: dict[str, object]) -> None:
    text = msgspec.json.encode({"version": "1", "id": "a", "title": "t", **tree}).decode()
    try:
        assert read(text).id == "a"
    except ReadingError as error:
        assert error.problems
        assert all(problem.sentence.endswith((".", "?")) for problem in error.problems)


# ── logs ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_log_is_a_file_or_a_command_that_only_reads() -> None:
    text = HEAD + "logs: [{id: a, path: /var/log/a.log}, {id: b, run: show b}, {id: c, run: xlog -f, reads: true}]\n"
    assert [(log.path, log.run, log.reads) for log in read(text).logs] == [
        ("/var/log/a.log", "", False),
        ("", "show b", False),
        ("", "xlog -f", True),
    ]
    assert "may only read" in only_problem(HEAD + "logs: [{id: b, run: xlog -f}]\n").sentence
    both = only_problem(HEAD + "logs: [{id: b, run: show b, path: /x}]\n")
    assert (both.sentence, both.key) == ("A log is either a file at its `path` or a command to `run`.", "logs[0]")
    assert only_problem(HEAD + "logs: [{id: b}]\n").key == "logs[0]"
    assert only_problem(HEAD + "logs: [{id: b, run: show <b>}]\n").key == "logs[0].run"


@pytest.mark.parametrize("source", ["http_json", "exposition"])
@pytest.mark.parametrize(
    ("more", "scale"), [('unit: "%"', 100), ("", 1), ('unit: "%", scale: 0.1', 0.1), ('unit: "%", per: 1m', 1)]
)
def test_a_ratio_of_counters_in_per_cent_is_a_hundred_times_the_ratio(source: str, more: str, scale: float) -> None:
    of = "" if "per" in more else ", denominator: requests"
    text = f"signals:\n  e: {{source: {source}, url: http://h/, numerator: errors{of}, {more}}}\n"
    (signal,) = loads(HEAD + text, parse_criterion=parse).signals
    assert isinstance(signal.source, HttpJson | Exposition) and signal.source.scale == scale
