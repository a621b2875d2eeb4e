"""What one confirmation covers: whose end a clock may decide, and which way back is taken."""

from __future__ import annotations

from typing import Literal

import pytest

from runbook.model import Command, Effect, Remedy, Step, Undo
from runbook.units import as_filled, time_limit, undo_of


@pytest.mark.parametrize(
    ("kind", "effect", "step", "limit"),
    [
        ("run", Effect.READ, Step("s", "S", "run"), 600),
        ("run", Effect.READ, Step("s", "S", "run", timeout=20), 20),
        ("run", Effect.CHANGE, Step("s", "S", "run", timeout=20), None),
        ("run", Effect.DESTROY, Step("s", "S", "run", timeout=20), None),
        ("interactive", Effect.READ, Step("s", "S", "run", timeout=20), None),
        ("follow", Effect.READ, Step("s", "S", "run"), None),
        ("follow", Effect.READ, Step("s", "S", "run", timeout=20), 20),
    ],
)
def test_a_clock_ends_what_only_looks_and_nothing_that_changes(
    kind: Literal["run", "follow", "interactive"], effect: Effect, step: Step, limit: float | None
) -> None:
    assert time_limit(step, Command("true", effect, kind=kind)) == limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("curl https://shop.example/api/health", 30),
        ("curl -s 'https://shop.example/api/health?a=1&b=2' | jq .status", 30),
        ("TOKEN=x curl -I https://shop.example", 30),
        ("curl -m 120 https://shop.example/report", 600),
        ("curl -sm 120 https://shop.example/report", 600),
        ("curl -fsSm60 https://shop.example/report", 600),
        ("wget -qT 90 https://shop.example/report", 600),
        ("curl --retry 20 https://shop.example", 600),
        ("curl https://shop.example && sleep 300", 600),
        ("for n in 1 2 3; do curl https://shop.example; sleep 100; done", 600),
        ("pg_dump shop", 600),
    ],
)
def test_a_question_that_names_no_limit_has_half_a_minute(text: str, limit: float) -> None:
    assert time_limit(Step("s", "S", "run"), Command(text, Effect.READ)) == limit
    assert time_limit(Step("s", "S", "run", timeout=90), Command(text, Effect.READ)) == 90
    assert time_limit(Step("s", "S", "run"), Command(text, Effect.READ, kind="follow")) is None


def test_the_runbooks_own_way_back_goes_before_the_one_that_is_offered() -> None:
    offered = Remedy("Forward again", "git push origin new:production", Effect.CHANGE, "production")
    own = Step("s", "Push", "run", undo=Undo("git push origin old:production", Effect.CHANGE, "production"))
    back = undo_of(own, offered)
    assert back is not None
    assert [command.text for command in back.commands] == ["git push origin old:production"]


def test_without_a_way_back_in_the_runbook_the_offered_one_is_taken_and_without_any_none() -> None:
    step = Step("s", "Push", "run")
    offered = Remedy("Forward again", "git push origin new:production", Effect.CHANGE, "production")
    back = undo_of(step, offered)
    assert back is not None
    assert (back.title, [command.text for command in back.commands]) == ("Forward again", [offered.text])
    assert undo_of(step) is None


@pytest.mark.parametrize(
    ("template", "text", "effect"),
    [
        ("kubectl scale deploy/web --replicas=<n>", "kubectl scale deploy/web --replicas=0", Effect.DESTROY),
        ("kubectl scale deploy/web --replicas=<n>", "kubectl scale deploy/web --replicas=3", Effect.CHANGE),
        ("curl -X <method> https://shop.example/x", "curl -X DELETE https://shop.example/x", Effect.DESTROY),
        ("git push origin <ref>:production", "git push origin +abc:production", Effect.DESTROY),
        ("cp <database_file> copy.db", "cp /srv/production/shop.db copy.db", Effect.CHANGE),
        ("git push origin <ref>:production", "git push origin db33523a1db5:production", Effect.CHANGE),
    ],
)
def test_a_value_can_make_a_command_worse(template: str, text: str, effect: Effect) -> None:
    assert as_filled(Command(template, Effect.CHANGE), text).effect is effect


def test_the_runbooks_own_word_on_a_command_stands_where_its_values_change_nothing() -> None:
    said = Command("git push --force origin <ref>:staging", Effect.CHANGE)
    assert as_filled(said, "git push --force origin abc:staging").effect is Effect.CHANGE
