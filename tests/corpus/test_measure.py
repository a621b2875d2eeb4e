"""The measuring program itself, on a document of our own whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.corpus.__main__ import findings, missed_goals, table
from tests.corpus.measure import (
    exact_effect,
    exact_kind,
    items_kept,
    measure,
    on_their_line,
    params_precision,
    params_recall,
    precision,
    recall,
    share,
    understated,
)
from tests.corpus.truth import Truth, WrongFileError, comparable, param_name, read_truth, words_at

OWN = Path(__file__).parent / "own"
GET = "kubectl get pods -n bakery"
BACK = "helm rollback bakery <revision> -n bakery"
LOGS = "kubectl logs -f deploy/oven -n bakery"
DELETE = "kubectl delete pvc flour -n bakery"
TILL = 'psql "$TILL_URL"'


def truth() -> Truth:
    return read_truth(OWN / "bakery.tsv", OWN)


def command(text: str, line: int, effect: str, kind: str = "run", params: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"text": text, "line": line, "effect": effect, "kind": kind, "params": list(params)}


def answer(
    *commands: dict[str, Any], items: tuple[str, ...] = ("Loaves are baked", "The till opens")
) -> dict[str, Any]:
    return {
        "methods": [{"steps": [{"title": "one", "commands": list(commands[:2])}]}],
        "procedures": [{"steps": [{"title": "two", "commands": list(commands[2:])}]}],
        "checklists": [{"title": "after", "items": list(items)}],
    }


RIGHT = (
    command(GET, 6, "read"),
    command(BACK, 15, "change", params=("revision",)),
    command(LOGS, 18, "read", "follow"),
    command(DELETE, 22, "destroy"),
    command(TILL, 28, "change", "interactive", ("TILL_URL",)),
)
FIGURES = (
    recall,
    precision,
    on_their_line,
    exact_effect,
    exact_kind,
    params_recall,
    params_precision,
    items_kept,
)


def test_the_words_of_the_truth_come_from_the_document() -> None:
    assert [one.text for one in truth().commands] == [GET, BACK, LOGS, DELETE, TILL]
    assert [(one.text, one.reason) for one in truth().refused] == [
        ("oven-1 Running oven-2 CrashLoopBackOff", "output"),
        ("select count(*) from loaves;", "typed"),
    ]
    assert [one.text for one in truth().mentions] == ["ovenctl status --all"]
    assert truth().items == ("loaves are baked", "the till opens")


def test_a_perfect_reader_gets_full_marks() -> None:
    outcome = measure(truth(), answer(*RIGHT))
    assert [share(figure([outcome])) for figure in FIGURES] == [1.0] * len(FIGURES)
    assert not missed_goals([outcome])
    assert not list(findings(outcome))


def test_a_mention_may_be_offered_and_need_not_be() -> None:
    offered = measure(truth(), answer(*RIGHT, command("ovenctl status --all", 3, "change")))
    assert precision([offered]) == (5, 5)
    elsewhere = measure(truth(), answer(*RIGHT, command("ovenctl status --all", 30, "change")))
    assert precision([elsewhere]) == (5, 6)


def test_a_command_left_out_is_missed_and_one_offered_twice_is_extra() -> None:
    outcome = measure(truth(), answer(*RIGHT[:4], RIGHT[0]))
    assert recall([outcome]) == (4, 5)
    assert precision([outcome]) == (4, 5)
    assert [one.text for one in outcome.missed] == [TILL]
    assert [one.text for one in outcome.extra] == [GET]


def test_two_commands_offered_as_one_are_two_misses_and_an_extra() -> None:
    outcome = measure(truth(), answer(RIGHT[0], command(f"{BACK}\n{LOGS}", 15, "change"), *RIGHT[3:]))
    assert recall([outcome]) == (3, 5)
    assert precision([outcome]) == (3, 4)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [("oven-2 CrashLoopBackOff", 8, "output"), ("select count(*) from loaves;", 32, "typed")],
)
def test_output_and_typed_text_are_named_when_offered(text: str, line: int, reason: str) -> None:
    outcome = measure(truth(), answer(*RIGHT, command(text, line, "change")))
    assert [(one.text, why) for one, why in outcome.refused] == [(text, reason)]
    assert f"bakery.md:{line}: extra {reason}: {text}" in list(findings(outcome))


def test_a_destroy_taken_for_less_is_listed_whatever_the_share() -> None:
    outcome = measure(truth(), answer(*RIGHT[:3], command(DELETE, 22, "change"), RIGHT[4]))
    assert exact_effect([outcome]) == (4, 5)
    assert len(understated(outcome)) == 1
    assert f"bakery.md:22: TAKEN FOR LESS: change: {DELETE}" in list(findings(outcome))
    assert "1 commands that destroy are taken for less; the goal is none." in missed_goals([outcome])


def test_kinds_count_where_either_side_says_that_it_does_not_just_run() -> None:
    outcome = measure(truth(), answer(command(GET, 6, "read", "follow"), *RIGHT[1:4], command(TILL, 28, "change")))
    assert exact_kind([outcome]) == (1, 3)


def test_params_are_counted_both_ways() -> None:
    outcome = measure(truth(), answer(RIGHT[0], command(BACK, 15, "change", params=("n",)), *RIGHT[2:]))
    assert params_recall([outcome]) == (0, 1)
    assert params_precision([outcome]) == (1, 2)


def test_a_wrong_line_is_not_a_miss_but_is_told() -> None:
    outcome = measure(truth(), answer(command(GET, 1, "read"), *RIGHT[1:]))
    assert recall([outcome]) == (5, 5)
    assert on_their_line([outcome]) == (4, 5)


def test_a_lost_item_is_told() -> None:
    outcome = measure(truth(), answer(*RIGHT, items=("Loaves are baked",)))
    assert items_kept([outcome]) == (1, 2)
    assert "bakery.md:0: item: the till opens" in list(findings(outcome))


def test_the_table_has_a_row_for_each_file_and_one_for_all() -> None:
    rows = list(table([measure(truth(), answer(*RIGHT))]))
    assert len(rows) == 4
    assert rows[1].startswith("bakery") and "5/5" in rows[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a \\\n  --b \\\n  --c", "a --b --c"),
        ("a --b  # why", "a --b"),
        ("a --b # it's why\n# and more\nc", "a --b\nc"),
        ("for x in 1 2; do\n  a $x\ndone", "for x in 1 2; do a $x done"),
    ],
)
def test_text_is_the_same_but_for_white_space_and_comments(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(("one", "other"), [("a '# b'", "a '"), ("a #b", "a#b"), ("a ${#b}", "a"), ("a b", "ab")])
def test_text_is_not_the_same_when_words_differ(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


def test_places_name_lines_columns_and_pieces_of_inline_code() -> None:
    lines = ["first `a b` then ``c `d` ``", "> $ e f", "  g \\", "  h"]
    assert words_at("1@2", lines) == ("c `d`", 1, 1)
    assert words_at("2:3", lines) == ("e f", 2, 2)
    assert words_at("3-4", lines) == ("g h", 3, 4)
    with pytest.raises(ValueError, match="2 pieces"):
        words_at("1@3", lines)


def test_names_of_params_are_compared_without_their_dress() -> None:
    assert param_name("your-domain") == param_name("DOMAIN") == param_name("domain")
    assert param_name("name") != param_name("app name")


def test_a_file_that_changed_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / "bakery.md").write_text("something else\n")
    with pytest.raises(WrongFileError, match="SHA-256"):
        read_truth(OWN / "bakery.tsv", tmp_path)
