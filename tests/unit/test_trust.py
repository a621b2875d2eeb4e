"""Trust binds a place and a content, and only its owner can give it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runbook import books
from runbook.reading.trust import FILE, TrustError, is_trusted, trust

A, B = "a" * 64, "b" * 64


def test_trust_binds_place_and_content(tmp_path: Path) -> None:
    home, book = tmp_path / "home", tmp_path / "r.yaml"
    book.write_text("x")
    assert not is_trusted(book, A, home)
    trust(book, A, home)
    assert is_trusted(book, A, home)
    assert not is_trusted(book, B, home), "changed content asks again"
    assert not is_trusted(tmp_path / "copy.yaml", A, home), "another place asks again"
    trust(book, B, home)
    assert is_trusted(book, A, home) and is_trusted(book, B, home)


def test_a_relative_path_is_the_same_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    trust("r.yaml", A, tmp_path)
    assert is_trusted(tmp_path / "r.yaml", A, tmp_path)


def test_only_the_owner_reads_and_writes_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    trust(tmp_path / "r.yaml", A, home)
    assert (home / FILE).stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_can_write_gives_no_trust(tmp_path: Path) -> None:
    trust(tmp_path / "r.yaml", A, tmp_path)
    (tmp_path / FILE).chmod(0o666)
    assert not is_trusted(tmp_path / "r.yaml", A, tmp_path)
    trust(tmp_path / "r.yaml", A, tmp_path)
    assert is_trusted(tmp_path / "r.yaml", A, tmp_path), "trusting anew closes it again"


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / FILE).symlink_to(elsewhere)
    with pytest.raises(TrustError, match="cannot be written"):
        trust(tmp_path / "r.yaml", A, tmp_path / "home")
    assert elsewhere.read_text() == ""


def test_a_torn_or_foreign_line_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_bytes(b'\xff\n[1]\n{"path": 1}\n' + b"[" * 100_000 + b'\n{"path": "/x", "sha2')
    file.chmod(0o600)
    trust(tmp_path / "r.yaml", A, tmp_path)
    assert is_trusted(tmp_path / "r.yaml", A, tmp_path)


def test_a_folder_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(TrustError, match=r"trusted\.jsonl cannot be written"):
        trust(tmp_path / "r.yaml", A, tmp_path / "home")


def test_shipped_books_are_trusted_unchanged(tmp_path: Path) -> None:
    shipped = hashlib.sha256(books.text("production-rollback").encode()).hexdigest()
    assert is_trusted("book:production-rollback", shipped, tmp_path)
    assert not is_trusted("book:production-rollback", A, tmp_path)
    assert not is_trusted("book:another", shipped, tmp_path)
    assert not list(tmp_path.iterdir())
