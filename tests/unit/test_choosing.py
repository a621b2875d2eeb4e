"""What the chooser says of a release that is older than the database's schema, and of a method that was tried."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runbook.incident.state import Mark, StepState
from runbook.providers.provider import Standing
from tests.widgets.samples import REVERT_METHOD, TAG_METHOD, at, with_steps
from tui.choosing import older_than_the_schema, tried

MONDAY, TUESDAY = datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)
SCHEMA = Standing(ok=True, line="", schema_at=TUESDAY, schema="20261103_carts")


def test_a_release_from_before_the_last_migration_is_warned_about() -> None:
    assert older_than_the_schema(Standing(ok=True, line="", target_at=MONDAY), SCHEMA).startswith("20261103_carts")


@pytest.mark.parametrize(
    ("release", "schema"),
    [
        (Standing(ok=True, line="", target_at=TUESDAY), SCHEMA),
        (Standing(ok=True, line=""), SCHEMA),
        (Standing(ok=True, line="", target_at=MONDAY), None),
        (None, SCHEMA),
    ],
)
def test_a_newer_release_or_one_of_unknown_age_is_not(release: Standing | None, schema: Standing | None) -> None:
    assert older_than_the_schema(release, schema) == ""


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ({}, ""),
        ({"bring": "skipped", "revert": "already"}, ""),
        ({"bring": "done"}, "begun at 03:10"),
        ({"bring": "done", "revert": "failed"}, "tried at 03:11, failed"),
        ({"bring": "done", "revert": "unknown"}, "tried at 03:11, outcome unknown"),
        ({step.id: "done" for step in REVERT_METHOD.steps}, "carried out at 03:14"),
    ],
)
def test_what_came_of_a_method_is_told_by_its_steps(marks: dict[str, Mark], said: str) -> None:
    steps = {name: StepState(mark, at=at(f"03:{number}")) for number, (name, mark) in enumerate(marks.items(), 10)}
    state = with_steps(**steps)
    assert tried(REVERT_METHOD, state) == said
    assert tried(TAG_METHOD, state) == ""
