"""The gate for text from outside: whatever goes in, what comes out is one inert line."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runbook.logs.clean import clean, clean_lines

ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe0e\ufe0f\ufeff\ud800-\udfff]"
)
NASTY = st.text(
    st.one_of(
        st.sampled_from("\x1b\x9b\x07\x08\r\n\t\x00\x7f\u202e\u2066\u200b\ufeff\ud800[]m;0123456789?JHKab é🚀"),
        st.characters(),
    ),
    max_size=200,
)


@given(NASTY)
@example("\x1b\x1b[m[31mx")
@example("\x1b]52;c;eA==\x1b\\")
@settings(max_examples=200)
def test_nothing_active_is_left_of_any_text(text: str) -> None:
    shown = clean(text)
    assert not ACTIVE.search(shown)
    assert clean(shown) == shown
    shown.encode()


@given(st.binary(max_size=300), st.integers(0, 80))
@settings(max_examples=200)
def test_bytes_and_any_limit(data: bytes, limit: int) -> None:
    shown = clean(data, limit)
    assert len(shown) <= limit
    assert not ACTIVE.search(shown)
    assert clean(shown, limit) == shown


@given(NASTY, st.integers(0, 40))
@settings(max_examples=200)
def test_cut_text_stays_as_it_is(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert clean(shown, limit) == shown


def test_every_invisible_character_of_unicode_is_shown() -> None:
    unseen = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    ]
    shown = {char: clean(f"a{char}b") for char in unseen}
    assert [hex(ord(char)) for char, line in shown.items() if char in line] == []
    assert [hex(ord(char)) for char, line in shown.items() if len(line) < 3 and char != "\n"] == []


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain", "plain"),
        (b"ends\r\n", "ends"),
        ("é ünï 日本", "é ünï 日本"),
        ("\x1b[1;31mERROR\x1b[0m red", "ERROR red"),
        ("\x9b38;5;9mred", "red"),
        ("\x1b]52;c;eA==\x07", "␛]52;c;eA==␇"),
        ("\x1b]0;title\x1b\\", "␛]0;title␛\\"),
        ("\x1b[c", "␛[c"),
        ("\x9b2J", "<009B>2J"),
        (b"\x9b2J", "\ufffd2J"),
        ("user\u202egpj.exe", "user<202E>gpj.exe"),
        ("a\nb", "a␤b"),
        ("a\tb", "a       b"),
        ("12345678\tb", "12345678        b"),
        ("nul\x00", "nul␀"),
        (b"bad \xff\xfe utf", "bad \ufffd\ufffd utf"),
        ("\udcff", "\ufffd"),
        ("⚠\ufe0f low", "⚠ low"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
    ],
)
def test_evidence_is_visible_and_inert(raw: str | bytes, shown: str) -> None:
    assert clean(raw) == shown


@pytest.mark.parametrize("unit", ["x", b"x"])
def test_a_monster_line_is_cut_with_its_size(unit: str | bytes) -> None:
    shown = clean(unit * (10_000 * 1024))
    assert len(shown) == 4096
    assert shown.endswith("x… +9,996 KiB")


def test_a_small_rest_is_told_in_bytes() -> None:
    assert clean("x" * 30, 20) == "x" * 13 + "… +17 B"


def test_a_character_at_the_cut_is_not_broken() -> None:
    assert "\ufffd" not in clean("é".encode() * 100, 11)


def test_colour_codes_do_not_use_up_the_limit() -> None:
    assert clean("\x1b[31mx\x1b[0m" * 10, 30) == "x" * 10


def test_lines_of_a_command() -> None:
    output = b"Fetching\n 10%\r 50%\r100%\x1b[K\r\x1b[K\r\nremote: \x1b[31mdenied\x1b[0m\x1b[K\n\n\x1b[2Jend"
    assert clean_lines(output) == ("Fetching", "100%", "remote: denied", "", "␛[2Jend")
    assert clean_lines(output.decode()) == clean_lines(output)
    assert clean_lines(b"") == clean_lines("") == ()


def test_of_many_lines_the_last_are_kept_and_the_rest_counted() -> None:
    output = "".join(f"{n}\n" for n in range(5000))
    lines = clean_lines(output, 100)
    assert len(lines) == 100
    assert lines[:2] == ("… 4,901 lines above", "4901")
    assert lines[-1] == "4999"


@given(st.binary(max_size=400))
@settings(max_examples=100)
def test_lines_are_inert_too(data: bytes) -> None:
    assert not any(ACTIVE.search(line) for line in clean_lines(data))
