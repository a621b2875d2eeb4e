"""No way of typing confirms that is not a person's who has looked: the guard as a pure machine."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from widgets.confirm import ARM, QUIET, REPEAT, SETTLE, Answer, Guarded

Press = tuple[float, str]


def taken(presses: list[Press], guard: Guarded | None = None, painted: float = 0.0) -> list[float]:
    """The times of the keys that counted, for presses in the order of time and a paint in between."""
    guard = guard or Guarded()
    counted: list[float] = []
    seen = False
    for at, key in [*presses, (presses[-1][0] + 60 if presses else 60, "f12")]:
        if not seen and at >= painted:
            guard, seen = guard.painted(painted), True
        last = guard.recent[-1] if guard.recent else 0.0
        guard, key_taken = guard.settle(at - 1e-9)
        if key_taken:
            counted.append(last)
        guard, _ = guard.press(key, key if len(key) == 1 else "", at)
    return counted


gaps = st.floats(0.001, 1.5, allow_nan=False)
keys = st.sampled_from(["y", "y", "enter", "n", "down", "x"])


@given(st.lists(st.tuples(st.floats(-1, ARM - 0.001), keys), max_size=30))
@settings(max_examples=200)
def test_nothing_before_it_was_on_the_screen_for_long_enough(presses: list[Press]) -> None:
    assert taken(sorted(presses)) == []


@given(st.lists(st.tuples(gaps, keys), max_size=30))
@settings(max_examples=200)
@example([(1.0, "y")])
def test_only_a_lone_y_counts(steps: list[tuple[float, str]]) -> None:
    now, presses = -0.5, []
    for gap, key in steps:
        now += gap
        presses.append((now, key))
    for at in taken(presses):
        index = next(n for n, (when, _) in enumerate(presses) if when == at)
        assert presses[index][1] == "y"
        assert at >= ARM
        before = presses[:index]
        after = presses[index + 1 :]
        assert not before or at - before[-1][0] >= QUIET - 1e-6
        assert not after or after[0][0] - at >= SETTLE - 1e-6
        assert not (before and before[-1][1] == "y" and at - before[-1][0] < REPEAT)


@given(
    start=st.floats(-1, ARM - 0.01),
    delay=st.floats(0.15, 0.7),
    every=st.floats(0.015, 0.06),
    repeats=st.integers(0, 60),
)
@settings(max_examples=200)
@example(start=-0.1, delay=0.66, every=0.03, repeats=1)
def test_a_key_held_since_before_the_paint_never_counts(start: float, delay: float, every: float, repeats: int) -> None:
    held = [(start, "y"), *((start + delay + n * every, "y") for n in range(repeats))]
    assert taken(held) == []
    released = held[-1][0]
    again = max(released, ARM) + REPEAT + 0.001
    assert taken([*held, (again, "y")]) == [again]


@given(st.lists(st.floats(0, 0.029), min_size=3, max_size=40), st.floats(ARM, 5))
@settings(max_examples=100)
def test_a_burst_never_counts_and_disarms(offsets: list[float], start: float) -> None:
    burst = [(start + offset, "y") for offset in sorted([0.0, *offsets])]
    assert taken(burst) == []
    guard = Guarded().painted(0)
    answers = []
    for at, key in burst:
        guard, answer = guard.press(key, key, at)
        answers.append(answer)
    assert Answer.BURST in answers
    assert not guard.is_armed(burst[-1][0] + ARM - 0.05)


def test_a_person_who_looks_confirms_once() -> None:
    assert taken([(-0.3, "enter"), (1.2, "y")]) == [1.2]
    assert taken([(-0.3, "enter"), (ARM + 0.01, "y")]) == [ARM + 0.01]


def test_enter_never_confirms() -> None:
    assert taken([(2.0, "enter"), (4.0, "enter")]) == []


def test_the_returning_focus_disarms() -> None:
    guard = Guarded().painted(0).refocused(10)
    guard, answer = guard.press("y", "y", 10.2)
    assert answer is Answer.TOO_QUICK
    guard, answer = guard.press("y", "y", 11.2)
    assert answer is Answer.WAIT


def test_a_paste_disarms_and_drops_a_key_on_its_way() -> None:
    guard, answer = Guarded().painted(0).press("y", "y", 1)
    assert answer is Answer.WAIT
    guard, answer = guard.pasted(1.05)
    assert answer is Answer.PASTED
    assert guard.settle(1.2)[1] == ""
    assert guard.press("y", "y", 1.4)[1] is Answer.TOO_QUICK


def test_the_next_question_remembers_the_key_still_held() -> None:
    first, _ = Guarded().painted(0).press("y", "y", 1)
    second = Guarded().following(first).painted(1.2)
    assert second.press("y", "y", 1.2 + ARM + 0.05)[1] is Answer.TOO_QUICK


def test_a_failed_check_needs_its_override_first() -> None:
    guard, answer = Guarded(needs_override=True).painted(0).press("y", "y", 1)
    assert answer is Answer.NEEDS_OVERRIDE
    assert guard.settle(2)[1] == ""


# ── typed names ───────────────────────────────────────────────────────────────────────────────────


def type_name(text: str, *, gap: float = 0.1, start: float = 1.0, pause: float = 0.3) -> list[Press]:
    letters = [(start + n * gap, letter) for n, letter in enumerate(text)]
    return [*letters, ((letters[-1][0] if letters else start) + pause, "enter")]


def test_the_name_typed_by_hand_counts() -> None:
    presses = type_name("production")
    assert taken(presses, Guarded(name="production")) == [presses[-1][0]]


def test_any_other_text_does_not() -> None:
    for text in ("productio", "productionn", "Production", "y", ""):
        assert taken(type_name(text), Guarded(name="production")) == []


def test_a_mistyped_letter_can_be_taken_back() -> None:
    presses = [*type_name("prodx")[:-1], (2.0, "backspace"), *type_name("uction", start=2.2)]
    assert taken(presses, Guarded(name="production")) == [presses[-1][0]]


@given(st.floats(0, 0.009), st.floats(0, 3))
@settings(max_examples=60)
def test_a_burst_of_letters_clears_the_field(gap: float, pause: float) -> None:
    assert taken(type_name("production", gap=gap, pause=pause), Guarded(name="production")) == []


@given(st.floats(0, 0.149))
@settings(max_examples=40)
def test_enter_right_after_the_last_letter_does_not_count(pause: float) -> None:
    assert taken(type_name("production", pause=pause), Guarded(name="production")) == []


def test_letters_before_the_paint_are_not_kept() -> None:
    assert taken(type_name("production", start=-2.0, pause=2.0), Guarded(name="production")) == []


def test_a_paste_of_the_name_leaves_the_field_empty() -> None:
    guard, _ = Guarded(name="prod").painted(0).press("p", "p", 1)
    assert guard.typed == "p"
    guard, _ = guard.pasted(1.5)
    assert guard.typed == ""


def test_a_burst_in_the_middle_clears_what_was_typed() -> None:
    guard = Guarded(name="production").painted(0)
    for letter, at in (("p", 1.0), ("r", 1.2)):
        guard, _ = guard.press(letter, letter, at)
    answers = []
    for number, letter in enumerate("oduction"):
        guard, answer = guard.press(letter, letter, 1.5 + number * 0.005)
        answers.append(answer)
    assert Answer.BURST in answers
    # Whole again by bytes that nobody typed: it must not be.
    assert guard.typed == ""


def test_painting_again_does_not_give_more_or_less_time() -> None:
    guard = Guarded().painted(0)
    assert guard.painted(5) == guard
