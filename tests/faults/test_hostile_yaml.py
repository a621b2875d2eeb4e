"""YAML made to hurt: each is refused in a sentence, before it unfolds, or stays plain text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.reading.problems import ReadingError
from runbook.reading.yaml import load, loads
from runbook.signals.criteria import parse

HEAD = "version: 1\nid: a\ntitle: t\n"


def refused(text: str) -> str:
    with pytest.raises(ReadingError) as caught:
        loads(text, "evil.yaml", parse_criterion=parse)
    assert len(str(caught.value)) < 2_000, "the refusal does not repeat the attack"
    return str(caught.value)


def _alias_bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines)


def _merge_bomb() -> str:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (_alias_bomb(), "evil.yaml:1: Anchors (`&a0`)"),
        (_merge_bomb(), "evil.yaml:1: Anchors (`&a0`)"),
        (HEAD + "notes: *nowhere\n", "evil.yaml:4: Aliases"),
        (HEAD + "<<: {service: x}\n", 'evil.yaml:4: <<: There is no key "<<".'),
        (HEAD + "notes: " + "[" * 20_000, "evil.yaml:4: Lists and mappings are nested deeper than 30"),
        (HEAD + "notes: " + "{a: " * 20_000, "nested deeper than 30"),
        (HEAD + "".join(" " * n + "a:\n" for n in range(900)), "nested deeper than 30"),
        (HEAD + "notes:\n" + "- " * 5_000 + "x", "nested deeper than 30"),
        (HEAD + "title: again\n", 'evil.yaml:4: The key "title" is here a second time; the first is on line 3.'),
        (HEAD + "params: [{id: x, id: y}]\n", 'The key "id" is here a second time'),
        (HEAD + "notes: [!!python/object/apply:os.system [id]]\n", "evil.yaml:4: Tags ("),
        (HEAD + "owner: !!str x\n", "evil.yaml:4: Tags ("),
        (HEAD + "owner: !local x\n", "evil.yaml:4: Tags ("),
        ("!!set {a, b}", "evil.yaml:1: Tags ("),
        (HEAD + "? [a, b]\n: c\n", "A key must be plain text"),
        (HEAD + "? {a: b}\n: c\n", "A key must be plain text"),
        (HEAD + 'owner: "\\0"\n', "cannot be seen (U+0000)"),
        (HEAD + "owner: a\0b\n", "evil.yaml:4: A character that cannot be seen (U+0000)"),
        (HEAD + 'owner: "a\\x1b[2Jb"\n', "cannot be seen (U+001B)"),
        (HEAD + 'owner: "a\\u202eb"\n', "cannot be seen (U+202E)"),
        (HEAD + "owner: a\u202eb\n", "cannot be seen (U+202E)"),
        (HEAD + "owner: a\u200bb\n", "cannot be seen (U+200B)"),
        (HEAD + "owner: a\u2028b\n", "evil.yaml:4: A character that cannot be seen (U+2028)"),
        (HEAD + 'owner: "\\ud800"\n', "evil.yaml:4:"),
        (HEAD + "owner: \ud800\n", "evil.yaml:4: A character that cannot be seen (U+D800)"),
        (HEAD + "practices:\n" + "- x\n" * 25_000, "more than 20,000 YAML parts"),
        ("a: " + "x" * (2 << 20), "larger than 1 MiB"),
        ("\u00e9" * (600 << 10), "larger than 1 MiB"),
        (HEAD + "---\nversion: 1\n", "A second document"),
        (HEAD + "owner: 'open\n", "This is not valid YAML"),
        (HEAD + "\towner: x\n", "This is not valid YAML"),
        ("%YAML 9.9\n---\na: b\n", "evil.yaml"),
        (HEAD + "settle: " + "9" * 5_000 + "s\n", "is not a length of time"),
        (HEAD + "settle: " + "1s" * 5_000 + "!\n", "is not a length of time"),
        (HEAD + "x" * 1_000 + ": y\n", "There is no key"),
        ("version: " + "1" * 10_000 + "\n", "version 1 of the form"),
        (
            HEAD + "methods: [{id: m, title: M, steps: [{id: s, title: S, run: x, capture: {v: '"
            + "(" * 5_000 + "'}}]}]\n",
            "cannot be read",
        ),
    ],
    ids=lambda value: value[:32].replace("\n", " ").replace("\0", "0").encode("ascii", "replace").decode(),
)  # fmt: skip
def test_refused_in_a_sentence(text: str, sentence: str) -> None:
    assert sentence in refused(text)


def test_types_do_not_leak_in() -> None:
    text = HEAD + "owner: 0123456\nservice: on\nenvironment: 1.10\nrevision: 12:30:45\nlast_tested: 2026-11-23\n"
    book = loads(text + "next_when_failed: ~\n", parse_criterion=parse)
    assert (book.owner, book.service, book.environment) == ("0123456", "on", "1.10")
    assert (book.version, book.last_tested, book.next_when_failed) == ("12:30:45", "2026-11-23", "~")


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "huge.yaml"
    with file.open("wb") as opened:
        opened.truncate(50 << 30)
    with pytest.raises(ReadingError, match="larger than 1 MiB"):
        load(file, parse_criterion=parse)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ReadingError, match="This is not a file"):
        load(tmp_path / "pipe.yaml", parse_criterion=parse)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_runbook_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    file = tmp_path_factory.mktemp("bytes") / "r.yaml"
    file.write_bytes(raw)
    with pytest.raises(ReadingError):
        load(file, parse_criterion=parse)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("[]{}:,-?!&*#|>'\"%@`~ \n\tab1<\\")), max_size=200))
def test_any_punctuation_is_a_runbook_or_a_sentence(text: str) -> None:
    with pytest.raises(ReadingError) as caught:
        loads(text, parse_criterion=parse)
    assert caught.value.problems[0].sentence
