"""The outline of a runbook, as text: what was done, what is next, what it would do."""

from __future__ import annotations

from runbook.incident.events import VerdictChanged
from runbook.incident.state import RoomState, StepState, Tick
from runbook.signals.standing import OutcomeStanding, Standing
from tests.widgets.samples import DONE, REVERT_METHOD, RUNBOOK, STATE, at, with_steps
from widgets.checklist import draw_row
from widgets.outline import follow_up_id, outline, runbook_view, short_value
from widgets.outline_view import OPEN_AT_FIRST

ALL = OPEN_AT_FIRST | {
    "phase:triggers",
    "phase:during",
    "phase:after",
    "phase:verification",
    "phase:outcome",
    "phase:follow-ups",
}


def text(state: RoomState, opened: frozenset[str] = OPEN_AT_FIRST, width: int = 78) -> list[str]:
    return [draw_row(row, width).plain.rstrip() for row in outline(RUNBOOK, state, opened)]


def test_before_anything_was_done() -> None:
    assert text(with_steps(), width=75) == [
        "▸ Reasons to roll back                                         1 of 2 hold",
        "▾ Before                                                               4/5",
        "  ✓ Confirm that a rollback is necessary            03:09  ana",
        "  ✓ Snapshot of the current state                   03:10  saved: 3 files",
        "  ✓ Notify the team                                 03:11  #incidents",
        "  ✓ Identify the target                             03:12  v4.1.3",
        "  ○ Root cause, if quick",
        "▾ Git revert                                      ~10 min · risk low · 0/5",
        "  ▸ 1 Bring main and production up to date          reads",
        '    2 Revert 9f3c2e1 "New checkout flow"            changes main',
        "    3 Wait until staging serves it                  watch",
        "    4 Promote to production                         changes production",
        "  ! point of no return: the next step cannot be undone",
        "    5 Move production back to v4.1.3                DESTROYS production",
        "▸ During                                                               0/2",
        "▸ After                                                                0/1",
        "▸ Verify                                                               0/1",
        "▸ Is it over?                                                not known yet",
        "▸ Follow-ups                                                           0/2",
    ]


def test_each_mark_has_its_sign_its_word_and_its_time() -> None:
    later = at("03:15")
    state = with_steps(
        bring=DONE,
        revert=StepState("failed", at=later, by="ana"),
        staging=StepState("skipped", at=later, by="ana"),
        promote=StepState("unknown", at=later),
        move=StepState("running", at=later),
    )
    rows = [line for line in text(state) if line[4:5].isdigit()]
    assert [line.split("  ")[1][:3] for line in rows] == ["✓ 1", "✗ 2", "» 3", "? 4", "● 5"]
    rights = ["03:13  ana", "failed 03:15", "03:15  skipped", "unknown 03:15", "running"]
    assert all(line.endswith(right) for line, right in zip(rows, rights, strict=True))


def test_the_next_step_is_the_first_unsettled_one() -> None:
    rows = outline(RUNBOOK, with_steps(bring=DONE, revert=StepState("already", at=at("03:15"))))
    assert [row.target[1] for row in rows if row.next] == ["staging"]


def test_without_a_method_the_methods_are_offered() -> None:
    lines = text(RoomState())
    assert "· Choose a method" in "\n".join(lines)
    rows = [row for row in outline(RUNBOOK, RoomState()) if row.kind == "method"]
    assert [(row.text, row.right, row.target) for row in rows] == [
        ("1 Git revert", "~10 min · risk low", ("revert",)),
        ("2 Tag rollback", "~5 min · risk medium", ("tag",)),
    ]


def test_a_method_that_was_left_stays_to_be_seen() -> None:
    state = RoomState(method="tag", steps={(REVERT_METHOD.id, "bring"): DONE})
    rows = outline(RUNBOOK, state)
    assert [(row.key, row.text) for row in rows if row.key.endswith((":revert", ":method"))] == [
        ("method:revert", "Git revert"),
        ("phase:method", "Tag rollback"),
    ]


def test_a_reported_trigger_shows() -> None:
    state = RoomState(reported=frozenset({"payments"}))
    rows = {
        row.target[0]: row for row in outline(RUNBOOK, state, frozenset({"phase:triggers"})) if row.kind == "trigger"
    }
    assert (rows["payments"].tone, rows["payments"].right) == ("bad", "reported")
    assert (rows["outage"].tone, rows["outage"].right) == ("plain", "immediate")


def test_unknown_is_never_shown_as_good() -> None:
    criterion = RUNBOOK.outcomes[0].criterion
    assert criterion is not None
    for ok, state, sign in (
        (None, "unknown", "?"),
        (None, "pending", "?"),
        (False, "not-met", "✗"),
        (True, "met", "✓"),
    ):
        standing = OutcomeStanding("errors", "", "success", ok, Standing(criterion, state, 0.2, 200, "no answer"))  # type: ignore[arg-type]
        rows = outline(RUNBOOK, STATE, frozenset({"phase:outcome"}), (standing,))
        row = next(row for row in rows if row.target == ("errors",))
        assert row.sign == sign
        assert (row.tone == "good") == (ok is True)
    assert next(row for row in outline(RUNBOOK, STATE, ALL) if row.target == ("errors",)).sign == "?"


def test_the_clock_of_an_outcome_shows_how_far_it_is() -> None:
    criterion = RUNBOOK.outcomes[0].criterion
    assert criterion is not None
    standing = OutcomeStanding("errors", "", "success", None, Standing(criterion, "pending", 0.2, 200))
    rows = outline(RUNBOOK, STATE, frozenset({"phase:outcome"}), (standing,))
    assert next(row.right for row in rows if row.target == ("errors",)) == "3:20 of 5:00"


def test_follow_ups_have_deadlines_from_the_recovery() -> None:
    before = [row.right for row in outline(RUNBOOK, STATE, ALL) if row.key.startswith("item:follow-up")]
    assert before == ["within 2 d", "within 30 min"]
    state = RoomState(recovered=at("03:30"), verdict=VerdictChanged("recovered", ""))
    after = [row.right for row in outline(RUNBOOK, state, ALL) if row.key.startswith("item:follow-up")]
    assert after == ["by 26 Nov 03:30", "by 04:00"]
    ticked = RoomState(ticks={follow_up_id(0): Tick(True, at("04:00"), "ana")})
    assert "▾ Follow-ups" in text(ticked, ALL)[-3]
    assert text(ticked, ALL)[-3].endswith("1/2")


def test_keys_are_unique_and_every_line_fits() -> None:
    rows = outline(RUNBOOK, with_steps(bring=DONE), ALL)
    assert len({row.key for row in rows}) == len(rows)
    for width in (20, 38, 77, 120):
        assert all(draw_row(row, width).cell_length <= width for row in rows)


def test_the_rule_says_how_far_the_checklists_are() -> None:
    assert runbook_view(RUNBOOK, STATE).progress == "4/5 before · 0/2 during"


def test_a_long_hash_is_shortened_and_nothing_else() -> None:
    assert short_value("9f3c2e1" + "0" * 33) == "9f3c2e1"
    assert short_value("release/v4.1.3") == "release/v4.1.3"
