"""What goes on beside the steps, what has the terminal, what is one of two ways: as the panes show it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from runbook.incident.state import RoomState, Run, StepState
from runbook.logs.window import LogWindow
from runbook.model import Command, Effect, Method, Runbook, Step
from runbook.steps.plan import Prepared
from tests.widgets.hosts import HandClock, Heard, Host, until
from tests.widgets.samples import at
from tests.widgets.test_log_pane import Host as LogHost
from widgets import action_asks as asks
from widgets import log_asks
from widgets.action_draw import draw
from widgets.action_panel import ActionPanel
from widgets.action_view import Confirmation, Finished, Following, ManualStep, keys_for, text_to_copy
from widgets.checklist import draw_row
from widgets.log_pane import LogPane, LogText
from widgets.log_rule import LogSource
from widgets.outline import outline

TOUCH = Command("touch it", Effect.CHANGE, target="it")
RUN = Run(
    id="r1",
    method="m",
    step="watch",
    title="Watch the pods",
    commands=(0,),
    text="kubectl logs -f deploy/web",
    effect=Effect.READ,
    target="",
    expected={},
    by="ana",
    confirmed=at("03:10"),
    state="running",
    mode="follow",
)
METHOD = Method(
    "m",
    "1",
    "Mend",
    steps=(
        Step("watch", "Watch the pods", "stream", (Command("kubectl logs -f x", Effect.READ, kind="follow"),)),
        Step("on", "Maintenance on", "run", (TOUCH,), closed_by="off"),
        Step("shelf", "From the shelf", "run", (TOUCH,), either="way", guess="It was read as a choice."),
        Step("cellar", "From the cellar", "run", (TOUCH,), either="way"),
        Step("off", "Maintenance off", "run", (TOUCH,)),
    ),
)
BOOK = Runbook("b", "A book", methods=(METHOD,))


def prepared(**changes: object) -> Prepared:
    step = Step("ask", "Ask", "run", (TOUCH,))
    whole = Prepared(method="m", step=step, commands=(0,), text="psql", effect=Effect.CHANGE, target="db", cwd="/x")
    return replace(whole, **changes)


def words(view: Confirmation | Following | Finished | ManualStep, width: int = 100) -> str:
    return "\n".join(line.plain for line in draw(view, width).body)


def rows(state: RoomState) -> list[str]:
    found = [draw_row(row, 80).plain.rstrip() for row in outline(BOOK, state) if row.depth]
    return [" ".join(row.split()) for row in found]


def done(*steps: str) -> dict[tuple[str, str], StepState]:
    return {("m", step): StepState("done", frozenset({0}), at=at("03:14"), by="ana") for step in steps}


# ── the outline ───────────────────────────────────────────────────────────────────────────────────


def test_between_alternatives_stands_or_and_one_of_them_is_enough() -> None:
    before = rows(RoomState(method="m"))
    assert before[3:5] == ["or", "4 From the cellar changes it"]
    assert before[2] == "3 From the shelf ~ changes it"  # a guess is a mark here, a sentence in the confirmation
    after = rows(RoomState(method="m", steps=done("watch", "on", "shelf")))
    assert after[4] == "4 From the cellar not needed"
    assert after[5] == "▸ 5 Maintenance off changes it"


def test_a_step_stays_open_until_the_one_that_closes_it_ran() -> None:
    assert rows(RoomState(method="m", steps=done("on")))[1] == "✓ 2 Maintenance on open → 5"
    assert rows(RoomState(method="m", steps=done("on", "off")))[1] == "✓ 2 Maintenance on 03:14 ana"


def test_a_follow_says_where_its_output_is_and_the_next_step_is_another() -> None:
    state = RoomState(method="m", runs={"r1": RUN}, steps={("m", "watch"): StepState("running", last_run="r1")})
    assert rows(state)[:2] == ["● 1 Watch the pods follows, in pane 2", "▸ 2 Maintenance on changes it"]


# ── pane 4 ────────────────────────────────────────────────────────────────────────────────────────


def test_the_confirmation_says_what_will_become_of_it() -> None:
    follow = Confirmation(prepared(mode="follow", effect=Effect.READ))
    assert "its output goes to pane 2, x stops it, other steps can run meanwhile" in words(follow, 140)
    assert "nothing else runs until x stops it" in words(Confirmation(prepared(mode="follow")), 140)
    console = Confirmation(prepared(mode="interactive"))
    assert "gets the whole terminal, is recorded, and gives it back" in words(console)
    assert ("y", "give it the terminal") in {(hint.key, hint.words) for hint in keys_for(console)}


def test_what_is_typed_inside_is_shown_exactly_and_only_copied() -> None:
    view = Confirmation(prepared(mode="interactive", typed_inside="DELETE FROM t\nWHERE x=1;\u200b"))
    shown = words(view)
    assert "DELETE FROM t" in shown and "WHERE x=1;\\u{200b}" in shown and "never run here" in shown
    assert view.prepared.text == "psql" and text_to_copy(view) == "DELETE FROM t\nWHERE x=1;\u200b"
    assert "C" in {hint.key for hint in keys_for(view)}
    assert "C" not in {hint.key for hint in keys_for(Confirmation(prepared()))}


def test_expectation_and_guess_stand_beside_the_command_and_its_output() -> None:
    view = Confirmation(prepared(expects="three rows", guesses=("It is taken for one that asks.",)))
    assert "the runbook expects: three rows" in words(view)
    assert "~ It is taken for one that asks." in words(view)
    assert "the runbook expects: three rows" in words(
        Finished(replace(RUN, state="done", exit=0), expects="three rows")
    )


def test_a_manual_step_has_its_text_to_copy() -> None:
    view = ManualStep("Mend the row", "4", text="UPDATE t SET x = 1;")
    assert "UPDATE t SET x = 1;" in words(view)
    assert [hint.key for hint in keys_for(view)][:2] == ["C", "enter"]
    assert "C" not in {hint.key for hint in keys_for(ManualStep("By hand", "4"))}


@pytest.mark.parametrize(("asked", "key"), [("", "x"), ("interrupt", "X"), ("terminate", "K")])
async def test_a_follow_is_stopped_by_grades_and_enter_goes_on(asked: str, key: str) -> None:
    clock, heard = HandClock(), Heard(asks.StopAsked, asks.NextAsked)
    panel = ActionPanel(clock=clock)
    async with Host(panel).run_test(size=(100, 20), message_hook=heard) as pilot:
        panel.show(Following(replace(RUN, stop_asked=asked), "1", next_step="2 Maintenance on"))
        await until(pilot, lambda: panel.guard.armed_at < float("inf"))
        await pilot.press("enter")
        clock.now += 2
        await pilot.press(key)
        clock.now += 1
        await until(pilot, lambda: len(heard.names) == 2)
        assert heard.names == ["NextAsked", "StopAsked"]


# ── pane 2 ────────────────────────────────────────────────────────────────────────────────────────


async def test_the_log_pane_says_what_it_shows_and_how_to_get_back() -> None:
    async with LogHost().run_test(size=(100, 8)) as pilot:
        app = pilot.app
        assert isinstance(app, LogHost)
        pane = app.query_one(LogPane)
        window = LogWindow(name="kubectl logs -f deploy/web", state="following")
        pane.show(window, LogSource(follows="follows, x stops", other="app.log"))
        await pilot.pause()
        assert "2 Logs ━ kubectl logs -f deploy/web · follows, x stops · l app.log" in app.rule
        pane.show(replace(window, name="app.log"), LogSource(other="kubectl logs -f deploy/web --tail=100"))
        await pilot.pause()
        assert "errors" in app.rule and "l kubectl logs -f deploy" in app.rule


async def test_the_other_log_and_the_stops_are_asked_for() -> None:
    heard = Heard(log_asks.OtherAsked, log_asks.StopAsked)
    async with LogHost().run_test(size=(80, 8), message_hook=heard) as pilot:
        await pilot.press("l", "x", "X", "K")
        await until(pilot, lambda: len(heard.messages) == 4)
        grades = [message.how for message in heard.messages if isinstance(message, log_asks.StopAsked)]
        assert heard.names[0] == "OtherAsked" and grades == ["interrupt", "terminate", "kill"]


async def test_letters_of_a_search_stop_nothing() -> None:
    heard = Heard(log_asks.OtherAsked, log_asks.StopAsked)
    async with LogHost().run_test(size=(80, 8), message_hook=heard) as pilot:
        await pilot.press("slash", "x", "l", "K")
        app = pilot.app
        assert isinstance(app, LogHost)
        assert app.query_one(LogText).typed == "xlK"
        assert not heard.messages
