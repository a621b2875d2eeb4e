"""The last line of pane 4: what is typed is seen, and the way back is named, however narrow it is."""

from __future__ import annotations

import pytest

from widgets.action_draw import keys_line, typing_line
from widgets.footer import KeyHint

KEYS = (
    KeyHint("y", "run it"),
    KeyHint("e", "set bad commit"),
    KeyHint("s", "skip, with a reason"),
    KeyHint("v", "see all"),
    KeyHint("esc", "back"),
)
BRANCH = "release/2026-11-of-the-checkout-service-in-europe"


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 160])
def test_the_first_key_and_the_way_back_are_named_at_any_width(width: int) -> None:
    line = keys_line(KEYS, width)
    assert line.cell_length <= width
    assert "run it" in line.plain
    assert line.plain.rstrip().endswith("esc back") or line.plain.rstrip().endswith("esc  back")


def test_a_key_alone_whose_words_are_long_is_named_by_their_beginning() -> None:
    assert (
        keys_line((KeyHint("enter", "next: 3 Wait until staging serves it"),), 24).plain == " enter next: 3 Wait unt…"
    )


@pytest.mark.parametrize("width", [60, 78, 100])
def test_the_next_key_is_named_also_beside_a_way_back_of_many_words(width: int) -> None:
    undo = "Puts the old one back. Only while nothing writes into the restored one."
    keys = (KeyHint("enter", "next: 15 Check the rows"), KeyHint("r", "once more"), KeyHint("u", undo))
    line = keys_line(keys, width)
    assert line.cell_length <= width
    assert "enter next: 15 Check the rows" in line.plain
    assert "u Puts the old" in line.plain


@pytest.mark.parametrize("width", [38, 58, 78, 158])
@pytest.mark.parametrize("name", ["production", BRANCH])
@pytest.mark.parametrize("typed", ["", "rel", BRANCH])
def test_what_is_typed_is_seen_with_its_caret(width: int, name: str, typed: str) -> None:
    line = typing_line(name, typed, KEYS[1:], width)
    assert line.cell_length <= width
    assert f"{typed[-12:]}▏" in line.plain


@pytest.mark.parametrize("width", [48, 58, 78])
def test_beside_the_name_to_be_typed_the_way_back_is_named(width: int) -> None:
    assert typing_line("production", "", KEYS[1:], width).plain.rstrip().endswith("back")
