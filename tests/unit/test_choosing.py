"""What the chooser says of a release that is older than the database's schema."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runbook.providers.provider import Standing
from tui.choosing import older_than_the_schema

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
