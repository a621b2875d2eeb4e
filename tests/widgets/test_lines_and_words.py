"""Words, figures and single lines: nothing overlaps, nothing is hidden, nothing is markup."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from runbook.model import Effect
from tests.widgets.samples import MOVE, NOW, REVERT, STAGING
from widgets import words
from widgets.lines import columns, command, cut, exact, join, spread


@pytest.fixture
def ascii_glyphs() -> Iterator[None]:
    words.use_glyphs(True)
    yield
    words.use_glyphs(False)


def test_durations_as_people_say_them() -> None:
    assert [words.clock(s) for s in (0, 4.9, 200, 3725, -3)] == ["0:00", "0:04", "3:20", "1:02:05", "0:00"]
    assert [words.incident_clock(s) for s in (0, 461, 4061)] == ["T+00:00", "T+07:41", "T+1:07:41"]
    assert [words.about(s) for s in (0, 20, 600, 7200, 200000)] == ["", "~20 s", "~10 min", "~2 h", "~2 d"]
    assert [words.age(s) for s in (0.2, 4, 720, 10800)] == ["now", "4 s ago", "12 min ago", "3 h ago"]
    assert words.utc_second(NOW) == "03:14:22Z"


def test_effects_in_words() -> None:
    assert words.effect_words(Effect.READ, "main") == "reads"
    assert words.effect_words(Effect.CHANGE, "main") == "changes main"
    assert words.effect_sign(Effect.DESTROY, "production") == "✗ DESTROYS production"
    assert [words.step_words(step) for step in (REVERT, STAGING, MOVE)] == [
        "changes main",
        "watch",
        "DESTROYS production",
    ]


def test_every_sign_is_one_cell_wide() -> None:
    for name in words.GLYPH_NAMES:
        assert cell_len(words.glyph(name)) == 1, name


@pytest.mark.usefixtures("ascii_glyphs")
def test_the_ascii_set_is_ascii() -> None:
    for name in words.GLYPH_NAMES:
        assert words.glyph(name).isascii(), name
    assert cut(Content("a long line"), 8).plain == "a lon..."


@given(st.text(max_size=80), st.text(max_size=30), st.integers(4, 60))
@settings(max_examples=150)
def test_left_and_right_fill_the_width_exactly(left: str, right: str, width: int) -> None:
    plain_left, plain_right = left.replace("\n", ""), right.replace("\n", "")
    assert spread(plain_left, plain_right, width).cell_length == width


@given(st.text(alphabet=st.characters(exclude_characters="\n"), min_size=0, max_size=200), st.integers(20, 90))
@settings(max_examples=150)
def test_a_command_is_whole_and_no_line_is_too_long(text: str, width: int) -> None:
    lines = command(text, width, 3)
    assert all(line.cell_length <= width for line in lines)
    shown = "".join(line.plain[3:].removesuffix("↪").rstrip(" ") for line in lines)
    printed = exact(text.rstrip(" ")).plain.replace(" ", "")
    assert shown.replace(" ", "").startswith(printed)


def test_a_folded_command_says_so_and_keeps_every_blank() -> None:
    lines = command("git commit -m 'a  b' && git push origin main", 30, 3)
    assert [line.plain for line in lines] == [
        "   git commit -m 'a  b' && gi↪",
        "   t push origin main",
    ]


def test_nothing_in_a_command_is_invisible() -> None:
    shown = exact("echo a\u202eb\u200bc\td\x1b[2J\u00a0").plain
    assert shown == "echo a\\u{202e}b\\u{200b}c\\td\\u{1b}[2J\\u{a0}"
    assert command("ls  ", 40)[0].plain == "   ls\\u{20}\\u{20}"


def test_outside_text_is_never_markup() -> None:
    text = "[@click=app.quit]x[/] [b]bold[/b]"
    assert join((text, "bold"), text).plain == text + text


def test_columns_line_up_whatever_they_hold() -> None:
    rows = [columns(((Content(a), 6), (Content(b), 4))) for a, b in (("a", "b"), ("a very long one", "b"))]
    assert [row.plain.index("b") for row in rows] == [8, 8]
