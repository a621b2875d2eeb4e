"""What is said at the top of the room and, where it is narrow, in place of pane 4."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from runbook.incident.events import AdviceChanged
from runbook.incident.state import RoomState
from runbook.model import Criterion, Method, Runbook, Signal, Trigger
from runbook.outlook import Outlook
from runbook.signal_sources import NoSource
from runbook.signals.advice import advise
from runbook.signals.monitor import Monitor
from runbook.signals.standing import Standing, State, Verdict
from tests.widgets import samples
from tui.picture import short_action, verdict_bar
from tui.picture import signals as signals_view
from widgets.action_view import Looking, Nothing, Starting
from widgets.footer import KeyHint
from widgets.verdict_bar import VerdictView
from widgets.words import use_glyphs

NOW = datetime(2026, 11, 27, 3, 20, tzinfo=UTC)
AT_ONCE = Criterion("error rate > 5 %", "error_rate", ">", 5.0, 5)
FOR_LONG = Criterion("error rate > 5 % for 5 min", "error_rate", ">", 5.0, 300)
SLOW = Criterion("p95 > 5 s for 5 min", "p95", ">", 5.0, 300)
TRIGGERS = (
    Trigger("migration", "Requests fail since the migration", "Data", "immediate", AT_ONCE),
    Trigger("errors", "Error rate", "Errors", "conditional", FOR_LONG),
    Trigger("slow", "Slow", "Performance", "conditional", SLOW),
)


def standing(criterion: Criterion, state: State, covered: float) -> Standing:
    title = "Error rate" if criterion.signal == "error_rate" else "p95"
    return Standing(criterion, state, 86.7, covered, "", title, "%" if title == "Error rate" else "s")


def bar(**standings: Standing) -> VerdictView:
    advice = advise(TRIGGERS, standings, ())
    return verdict_bar(advice, Verdict("unknown", ""), Outlook(Runbook("r", "R"), Monitor(())), RoomState(), NOW)


def test_a_threshold_that_two_triggers_share_is_said_once_as_it_stands_for_the_one_that_fired() -> None:
    said = bar(migration=standing(AT_ONCE, "met", 6), errors=standing(FOR_LONG, "pending", 6))
    assert said.reasons == ("error rate 86.7 % > 5 % for 0:06",)


def test_what_is_watched_says_how_much_longer_and_not_the_same_figures_again() -> None:
    said = bar(errors=standing(FOR_LONG, "pending", 60), slow=standing(SLOW, "pending", 110))
    assert said.reasons == ("error rate 86.7 % > 5 % for 1:00 of 5:00", "p95 86.7 s > 5 s for 1:50 of 5:00")
    assert said.advice == "watch: 3:10 more and it is a reason to roll back"


def test_where_a_rollback_is_advised_its_reasons_are_named() -> None:
    said = bar(errors=standing(FOR_LONG, "met", 301))
    assert said.advice == "roll back now: error rate 86.7 % > 5 % for 5:01"


def test_the_advice_can_stand_without_its_reasons_only_where_all_of_them_are_said_beside_it() -> None:
    assert bar(errors=standing(FOR_LONG, "met", 301)).brief == "roll back now"
    assert bar(errors=standing(FOR_LONG, "met", 301), slow=standing(SLOW, "met", 301)).brief == "roll back now"
    assert bar(migration=standing(AT_ONCE, "met", 6)).brief == "", "the trigger's own words are not at the left"
    assert bar(errors=standing(FOR_LONG, "met", 301), slow=standing(SLOW, "unknown", 0)).brief == ""
    assert bar(errors=standing(FOR_LONG, "pending", 60)).brief == ""


def test_the_advised_way_is_named_until_another_one_is_chosen() -> None:
    methods = (Method("a", "1", "Revert it"), Method("b", "2", "Go back to a tag"))
    triggers = (msgspec.structs.replace(TRIGGERS[1], suggests=("a",)),)
    advice = advise(triggers, {"errors": standing(FOR_LONG, "met", 301)}, (), methods)
    outlook = Outlook(Runbook("r", "R", methods=methods), Monitor(()))

    def way(chosen: str) -> str:
        state = msgspec.structs.replace(RoomState(), method=chosen)
        return verdict_bar(advice, Verdict("unknown", ""), outlook, state, NOW).way

    assert [way(""), way("a"), way("b")] == ["Revert it", "Revert it", ""]


# ── in place of pane 4 ────────────────────────────────────────────────────────────────────────────


def test_an_unknown_outcome_which_blocks_every_command_is_said_on_a_narrow_screen() -> None:
    first, second = short_action(samples.UNKNOWN).plain.split("\n")
    assert (first, second) == ('? unknown  Revert 9f3c2e1 "New checkout flow"', "4 say how it ended")


def test_a_step_of_several_lines_is_named_by_its_title() -> None:
    one, two = Looking("Keep a copy", "1", text="cp a b"), Looking("Keep a copy", "1", text="umask 077\ncp a b")
    assert short_action(one).plain.startswith("1 cp a b ")
    assert short_action(two).plain.startswith("1 Keep a copy ")
    assert short_action(two, watching=True).plain.endswith("enter look")
    by_hand = Looking("Say it", "2", "by hand", enter="open")
    assert short_action(by_hand).plain.endswith("enter open")
    assert "enter" not in short_action(by_hand, watching=True).plain


def test_a_start_that_was_refused_says_so_and_why() -> None:
    first, second = short_action(samples.NOT_STARTED).plain.split("\n")
    assert first.startswith("✗ not started")
    assert "main moved since the preview" in second


def test_what_has_not_begun_or_is_waited_for_says_how_it_stands() -> None:
    assert short_action(Starting(samples.PREPARED, "2", "Revert it")).plain.startswith("● confirmed  Revert it")
    assert short_action(samples.WAITING).plain.startswith("● watching  1:35  Wait until")
    late = msgspec.structs.replace(samples.WAITING, late=("Not there within 10 min.",))
    assert short_action(late).plain.startswith("● watching  late: 1:35  Wait until")


def outlook_of(*signals: Signal) -> Outlook:
    return Outlook(Runbook("r", "R", signals=signals), Monitor(signals))


def test_of_several_signals_of_a_kind_each_value_is_said_once_on_a_narrow_screen() -> None:
    health = [Signal(name, name, NoSource(), kind="health") for name in ("shop", "till", "desk")]
    outlook = outlook_of(*health, Signal("errors", "Errors", NoSource(), unit="%", kind="error_rate"))
    bar_of = verdict_bar(advise((), {}, ()), Verdict("unknown", ""), outlook, RoomState(), NOW)
    assert bar_of.short == "health ? err ?"


def test_a_narrow_screen_never_shows_good_figures_alone_beside_the_advice_to_roll_back() -> None:
    hits = Criterion("cdn < 20 %", "cdn", "<", 20.0, 5)
    triggers = (
        Trigger("misses", "Few hits", "Cache", "conditional", hits),
        Trigger("leak", "Data has leaked out.", "Security", "immediate"),
        *TRIGGERS,
    )
    errors = Signal("error_rate", "Error rate", NoSource(), unit="%", kind="error_rate")
    found = {
        "misses": Standing(hits, "met", 0.0, 6, "", "CDN hits", "%"),
        "errors": standing(FOR_LONG, "met", 301),
    }
    advice = advise(triggers, found, ("leak",))
    said = verdict_bar(advice, Verdict("unknown", ""), outlook_of(errors), RoomState(), NOW)
    assert said.short == "Data has leaked out · CDN hits 0 % · err ?"


def test_what_does_not_answer_is_said_by_why_and_none_of_it_is_left_out() -> None:
    signals = [Signal(name, name.title(), NoSource()) for name in ("errors", "speed", "health", "cache", "mail", "log")]
    outlook = outlook_of(*signals)
    gone = "connection refused"
    outlook.monitor.down.update(errors=gone, speed=gone, health=gone)
    (one,) = signals_view(outlook, RoomState(), NOW).down
    assert (one.source, one.why) == ("Errors, Speed, Health", gone)
    outlook.monitor.down.update(errors="500, and errors is not there", speed="500, and p95 is not there")
    one, two = signals_view(outlook, RoomState(), NOW).down
    assert {(one.source, one.why), (two.source, two.why)} == {("Errors, Speed", "500"), ("Health", gone)}
    outlook.monitor.down.update(errors=gone, speed=gone)
    outlook.monitor.down.update(cache="timed out", mail="no JSON", log="not there")
    down = signals_view(outlook, RoomState(), NOW).down
    assert [one.source for one in down] == ["Errors, Speed, Health", "Cache", "Mail, Log"]
    assert down[-1].why == "each for another reason, beside it"


def test_where_nothing_is_selected_the_keys_that_lead_on_are_named() -> None:
    view = Nothing("Decide first", (), (KeyHint("m", "choose a method"), KeyHint("c", "whom to call")))
    assert short_action(view).plain == "Decide first\nm choose a method   c whom to call"
    assert short_action(Nothing("Opening the room")).plain == "Opening the room\n4 look"


def test_a_step_of_which_a_part_is_done_is_not_said_to_be_done() -> None:
    assert short_action(samples.FINISHED).plain.startswith("✓ done  ")
    part = msgspec.structs.replace(samples.FINISHED, part="1 of 2 done")
    assert short_action(part).plain.startswith("✓ 1 of 2 done  ")


@pytest.fixture
def ascii_only() -> Iterator[None]:
    use_glyphs(ascii_only=True)
    yield
    use_glyphs(ascii_only=False)


@pytest.mark.usefixtures("ascii_only")
@pytest.mark.parametrize("view", [samples.RUNNING, samples.FINISHED, samples.FAILED, samples.NOT_STARTED])
def test_a_terminal_without_the_signs_gets_none(view: object) -> None:
    assert short_action(view).plain.split("  ")[0].isascii()


def test_what_failed_until_a_moment_ago_is_not_called_healthy() -> None:
    health = Signal("health", "Health", NoSource(), kind="health")
    failing = Criterion("health != 200", "health", "!=", 200.0)
    runbook = Runbook(
        "r", "R", signals=(health,), triggers=(Trigger("h", "It fails", "Errors", "conditional", failing),)
    )
    outlook, none = Outlook(runbook, Monitor((health,))), advise((), {}, ())
    was = RoomState(
        advice=AdviceChanged(level="roll-back", text="", triggers=(), methods=()),
        advice_since=NOW - timedelta(minutes=9),
    )
    ended = msgspec.structs.replace(was, advice=AdviceChanged(level="none", text="", triggers=(), methods=()))

    def said(state: RoomState, calm: float) -> tuple[str, tuple[str, ...]]:
        at = msgspec.structs.replace(state, advice_since=NOW - timedelta(seconds=calm)) if calm else state
        bar_of = verdict_bar(none, Verdict("unknown", ""), outlook, at, NOW)
        return bar_of.said, bar_of.reasons

    assert said(RoomState(), 0) == ("healthy", ("nothing asks for a rollback",))
    assert said(was, 0) == ("unsteady", ("nothing asks for a rollback for 0:00, steady after 5:00",))
    assert said(ended, 72) == ("unsteady", ("nothing asks for a rollback for 1:12, steady after 5:00",))
    assert said(ended, 300) == ("healthy", ("nothing asks for a rollback",))
    assert said(msgspec.structs.replace(ended, pace=15), 20)[0] == "healthy"


def test_a_reason_that_lacks_readings_alone_does_not_stand_for_longer_than_it_has_to() -> None:
    short = Criterion("error rate > 5 % for 30 s", "error_rate", ">", 5.0, 30)
    few = msgspec.structs.replace(standing(short, "pending", 40), why="4 of 5 readings")
    advice = advise((Trigger("e", "Errors", "Errors", "conditional", short),), {"e": few}, ())
    said = verdict_bar(advice, Verdict("unknown", ""), Outlook(Runbook("r", "R"), Monitor(())), RoomState(), NOW)
    assert said.reasons == ("error rate 86.7 % > 5 % for 0:40, 4 of 5 readings",)
    assert said.advice == "watch: a reading or two more and it is a reason to roll back"
