"""What the chooser says of a release that is older than the database's schema, and of a method that was tried."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import msgspec
import pytest

from runbook.incident.events import VerdictChanged
from runbook.incident.state import Mark, StepState
from runbook.model import Runbook
from runbook.outlook import Outlook
from runbook.providers.provider import Standing
from runbook.signals.monitor import Monitor
from tests.widgets.samples import REVERT_METHOD, TAG_METHOD, at, with_steps
from tui.choosing import Comparison, older_than_the_schema, tried

if TYPE_CHECKING:
    from runbook.conductor import Conductor

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


@pytest.mark.parametrize(("failed", "recommended"), [(False, REVERT_METHOD.id), (True, TAG_METHOD.id)])
def test_a_method_that_did_not_help_is_not_recommended_again(failed: bool, recommended: str) -> None:
    book = Runbook(id="shop", title="Shop", methods=(REVERT_METHOD, TAG_METHOD))
    marks = {step.id: StepState("done", at=at("03:14")) for step in REVERT_METHOD.steps}
    verdict = VerdictChanged(verdict="failed", text="failed: error rate 25 % > 5 %; escalate") if failed else None
    state = msgspec.structs.replace(with_steps(**marks), verdict=verdict)
    room = SimpleNamespace(runbook=book, outlook=Outlook(book, Monitor(())), state=state)
    chooser = Comparison(cast("Conductor", room)).chooser
    assert [card.id for card in chooser.cards if card.recommended] == [recommended]
