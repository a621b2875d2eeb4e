"""The registry of actions, and what is made from it."""

from __future__ import annotations

from pathlib import Path

from tui import actions, dialogs

README = Path(__file__).parents[2] / "README.md"


def test_no_two_actions_want_the_same_key_and_none_wants_one_that_never_arrives() -> None:
    assert actions.faults() == []


def test_the_readme_shows_the_keys_as_they_are() -> None:
    assert actions.key_table() in README.read_text()


def test_every_bound_action_does_something() -> None:
    bound = {action.id for action in actions.ACTIONS if action.bound and not action.id.startswith("pane.")}
    assert bound == set(dialogs.ACTS)


def test_a_clash_is_found() -> None:
    twice = (actions.Action("a", "x", "one"), actions.Action("b", "x", "two"))
    assert actions.faults(twice) == ["b and a both want x"]


def test_the_key_that_confirms_does_nothing_else_in_any_pane() -> None:
    assert [action.id for action in actions.ACTIONS if "y" in action.keys] == ["step.confirm"]


def test_nothing_is_said_to_be_confirmed_where_no_command_waits() -> None:
    looking = actions.Situation(ready=True, driving=True, step=True)
    assert "no command waits" in actions.BY_ID["step.confirm"].why_not(looking)
    asked = actions.Situation(ready=True, driving=True, step=True, confirming=True)
    assert actions.BY_ID["step.confirm"].why_not(asked) == ""
