"""The action pane: what it shows, and that only a person who has looked gets a command confirmed."""

from __future__ import annotations

import msgspec
import pytest
from textual import events
from textual.pilot import Pilot

from runbook.model import Criterion, Effect, Step
from runbook.signals.standing import Standing
from runbook.steps.plan import Prepared
from tests.widgets import samples
from tests.widgets.hosts import HandClock, Heard, Host, screen_text, until
from widgets import action_asks as asks
from widgets.action_draw import draw
from widgets.action_panel import ActionPanel
from widgets.action_view import (
    ActionView,
    Confirmation,
    Finished,
    Looking,
    ManualStep,
    MessageStep,
    Nothing,
    WaitingFor,
    keys_for,
)
from widgets.confirm import ARM

WIDE, NARROW = (98, 18), (78, 14)
UNDECIDED = msgspec.structs.replace(samples.UNKNOWN, run=samples.run(state="unknown"), leaning="")
VIEWS: tuple[ActionView, ...] = (
    Nothing(lines=("Choose a method: m",)),
    Looking("Revert", "2", "changes main", Effect.CHANGE, "git revert --no-edit 9f3c2e1"),
    samples.CONFIRM,
    samples.DESTROY,
    samples.FAILED_CHECK,
    samples.BLOCKED,
    samples.RUNNING,
    samples.FINISHED,
    samples.FAILED,
    samples.CONFLICT,
    samples.BRANCHED,
    samples.NOT_STARTED,
    samples.MERGE,
    samples.IN_CONFLICT,
    samples.UNKNOWN,
    samples.WAITING,
    ManualStep("Tell support", "6", ("Say what was rolled back, and until when they hear more.",)),
    MessageStep("Tell the team", "Rolling back production to v4.1.3.", "7"),
)


async def shown(pilot: Pilot[None], panel: ActionPanel, view: ActionView, clock: HandClock) -> None:
    """The view is painted, and the person had time to look at it."""
    panel.show(view)
    clock.now += 10
    # Nothing to arm in a view without a deciding key; the paint is awaited all the same.
    await until(pilot, lambda: panel.guard.armed_at <= clock.now + ARM)
    clock.now += 10


async def press(pilot: Pilot[None], clock: HandClock, *keys: str, gap: float = 1.0) -> None:
    for key in keys:
        clock.now += gap
        await pilot.press(key)
    clock.now += gap


def panel_and_clock() -> tuple[ActionPanel, HandClock]:
    clock = HandClock()
    return ActionPanel(clock=clock), clock


# ── confirming ────────────────────────────────────────────────────────────────────────────────────


async def test_y_confirms_exactly_what_was_shown() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, samples.CONFIRM, clock)
        await press(pilot, clock, "y")
        await until(pilot, lambda: bool(heard.messages))
        await press(pilot, clock, "y", "y")
    assert heard.names == ["Confirmed"]
    confirmed = heard.messages[0]
    assert isinstance(confirmed, asks.Confirmed)
    assert confirmed.prepared is samples.CONFIRM.prepared


async def test_a_key_counts_once_its_clock_has_run_however_late_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    panel, clock = panel_and_clock()
    heard, asked, settle = Heard(asks.Asked), list[float](), panel._settle

    def too_early() -> None:
        asked.append(clock.now)
        settle()

    monkeypatch.setattr(panel, "_settle", too_early)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, samples.CONFIRM, clock)
        await press(pilot, clock, "y", gap=0)
        await until(pilot, lambda: bool(asked))  # the timer, before the clock has moved
        assert heard.messages == []
        clock.now += 1
        await until(pilot, lambda: heard.names == ["Confirmed"])


async def test_typing_ahead_does_not_confirm() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        panel.show(samples.CONFIRM)
        await pilot.press("enter", "y")
        await until(pilot, lambda: panel.guard.armed_at < 1e9)
        await press(pilot, clock, "y", gap=ARM / 4)
        assert panel.guard.waiting == ""
        assert "too quick" in panel.notice
        assert any("too quick" in line for line in screen_text(pilot.app))
    assert heard.messages == []


async def test_enter_does_not_confirm_and_esc_cancels_at_once() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, samples.CONFIRM, clock)
        await press(pilot, clock, "enter", "space", "Y")
        assert panel.guard.waiting == ""
        await press(pilot, clock, "escape", "n")
        await until(pilot, lambda: len(heard.messages) == 2)
    assert heard.names == ["Cancelled", "Cancelled"]


async def test_a_paste_does_not_confirm() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, samples.CONFIRM, clock)
        panel.post_message(events.Paste("y\n"))
        await until(pilot, lambda: "pasted" in panel.notice)
        assert panel.guard.armed_at > clock.now
        assert panel.guard.waiting == ""
    assert heard.messages == []


async def test_a_burst_does_not_confirm() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Confirmed)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, samples.CONFIRM, clock)
        await press(pilot, clock, "y", "down", "y", "y", "y", gap=0.005)
        assert panel.guard.waiting == ""
        assert panel.guard.armed_at > clock.now
    assert heard.messages == []


async def test_another_question_has_to_be_looked_at_anew() -> None:
    panel, clock = panel_and_clock()
    async with Host(panel).run_test(size=WIDE) as pilot:
        await shown(pilot, panel, samples.CONFIRM, clock)
        assert panel.guard.is_armed(clock.now)
        panel.show(samples.FAILED_CHECK)
        assert not panel.guard.is_armed(clock.now)


async def test_fresher_figures_leave_it_armed() -> None:
    panel, clock = panel_and_clock()
    async with Host(panel).run_test(size=WIDE) as pilot:
        await shown(pilot, panel, samples.CONFIRM, clock)
        panel.show(Confirmation(samples.PREPARED, number="2", title="Revert, said otherwise"))
        assert panel.guard.is_armed(clock.now)


async def test_the_same_question_can_be_asked_again_after_an_answer() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Confirmed)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        for times in (1, 2):
            await shown(pilot, panel, samples.CONFIRM, clock)
            await press(pilot, clock, "y")
            await until(pilot, lambda times=times: len(heard.messages) == times)  # type: ignore[misc]


async def test_the_focus_coming_back_disarms() -> None:
    panel, clock = panel_and_clock()
    async with Host(panel).run_test(size=WIDE) as pilot:
        await shown(pilot, panel, samples.CONFIRM, clock)
        pilot.app.set_focus(None)
        panel.focus()
        await until(pilot, lambda: not panel.guard.is_armed(clock.now))


async def test_a_command_longer_than_the_pane_has_to_be_seen_to_its_end() -> None:
    long = "\n".join(f"echo line {number}" for number in range(40))
    prepared = Prepared("m", Step("s", "Long", "run"), (0,), long, Effect.CHANGE, "main", "/x")
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    async with Host(panel).run_test(size=NARROW, message_hook=heard) as pilot:
        await shown(pilot, panel, Confirmation(prepared), clock)
        await press(pilot, clock, "y")
        assert panel.guard.waiting == ""
        assert "goes on below" in panel.notice
        await press(pilot, clock, *["pagedown"] * 8)
        await press(pilot, clock, "y")
        await until(pilot, lambda: heard.names == ["Confirmed"])


async def test_a_command_keeps_its_lines_when_the_view_grows_too_long_for_the_pane() -> None:
    panel, clock = panel_and_clock()
    many = msgspec.structs.replace(samples.CONFIRM.prepared, lines=tuple(f"commit {n}" for n in range(40)))
    async with Host(panel).run_test(size=NARROW) as pilot:
        await shown(pilot, panel, samples.CONFIRM, clock)
        width = panel.query_one("#action-body").scrollable_content_region.width
        await shown(pilot, panel, Confirmation(many), clock)
        await press(pilot, clock, "v")
        assert panel.query_one("#action-body").max_scroll_y > 0
        assert panel.query_one("#action-body").scrollable_content_region.width == width


async def test_one_text_takes_anothers_place_and_nothing_is_laid_out_for_it() -> None:
    panel, clock = panel_and_clock()
    host, laid_out = Host(panel), list[object]()
    async with host.run_test(size=WIDE) as pilot:
        await shown(pilot, panel, VIEWS[0], clock)
        host.screen.screen_layout_refresh_signal.subscribe(panel, laid_out.append, immediate=True)
        for view in (samples.CONFIRM, samples.RUNNING, samples.FINISHED, VIEWS[0]):
            await shown(pilot, panel, view, clock)
            lines = draw(view, panel.query_one("#action-body").scrollable_content_region.width, roomy=True).body
            assert screen_text(host)[: len(lines)] == [line.plain.rstrip() for line in lines]
        assert not laid_out


async def test_a_text_is_as_high_as_it_is_whatever_was_shown_before_the_pane_changed_its_height() -> None:
    panel, clock = panel_and_clock()
    body = panel.query_one
    async with Host(panel).run_test(size=(78, 8)) as pilot:
        await shown(pilot, panel, samples.DESTROY, clock)
        await until(pilot, lambda: body("#action-text").size.height == len(panel._drawn.body) > 6)
        await pilot.resize_terminal(78, 30)
        await shown(pilot, panel, VIEWS[0], clock)
        await pilot.resize_terminal(78, 8)
        await until(pilot, lambda: body("#action-body").size.height == body("#action-text").size.height == 6)
        await pilot.resize_terminal(78, 30)
        await shown(pilot, panel, samples.DESTROY, clock)
        await pilot.resize_terminal(78, 8)
        await until(pilot, lambda: body("#action-text").size.height == len(panel._drawn.body) > 6)


async def test_a_text_is_as_high_as_it_is_where_its_layout_was_asked_for_before_it_came() -> None:
    panel, clock = panel_and_clock()
    async with Host(panel).run_test(size=(78, 8)) as pilot:
        await shown(pilot, panel, VIEWS[0], clock)
        panel._body.refresh(layout=True)
        panel._scroll._clear_arrangement_cache()
        panel.screen._refresh_layout()
        panel.show(samples.DESTROY)
        await until(pilot, lambda: panel._body.size.height == len(panel._drawn.body) > 6)


async def test_a_failed_check_wants_a_reason_before_y() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, samples.FAILED_CHECK, clock)
        await press(pilot, clock, "y")
        assert panel.guard.waiting == ""
        await press(pilot, clock, "o")
        await until(pilot, lambda: heard.names == ["OverrideAsked"])
        overridden = Confirmation(samples.FAILED_CHECK.prepared, overrides=("CI is down, Ben looked at it",))
        await shown(pilot, panel, overridden, clock)
        await press(pilot, clock, "y")
        await until(pilot, lambda: heard.names == ["OverrideAsked", "Confirmed"])


async def test_what_lacks_a_value_cannot_be_confirmed() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, samples.BLOCKED, clock)
        await press(pilot, clock, "y", "e")
        await until(pilot, lambda: bool(heard.messages))
        assert panel.guard.waiting == ""
    assert heard.names == ["EditAsked"]


# ── destroying ────────────────────────────────────────────────────────────────────────────────────


async def test_destroying_takes_the_typed_name_and_enter() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    host = Host(panel)
    async with host.run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, samples.DESTROY, clock)
        await press(pilot, clock, "y")
        assert panel.guard.typed == "y"
        await press(pilot, clock, "backspace", *"production")
        assert any("production▏" in line for line in screen_text(host))
        assert heard.messages == []
        await press(pilot, clock, "enter")
        await until(pilot, lambda: heard.names == ["Confirmed"])
    confirmed = heard.messages[0]
    assert isinstance(confirmed, asks.Confirmed)
    assert confirmed.typed == "production"


async def test_letters_of_the_name_do_not_press_the_rooms_keys() -> None:
    panel, clock = panel_and_clock()
    host = Host(panel)
    async with host.run_test(size=WIDE) as pilot:
        await shown(pilot, panel, samples.DESTROY, clock)
        await press(pilot, clock, "p", "m", "q", "s", "v")
        assert panel.guard.typed == "pmqsv"
        assert host.counted == 0
        await press(pilot, clock, "escape")
        assert panel.guard.typed == ""


async def test_before_the_first_letter_the_other_keys_work() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    host = Host(panel)
    async with host.run_test(size=(98, 26), message_hook=heard) as pilot:
        await shown(pilot, panel, samples.DESTROY, clock)
        assert any("more lines" in line for line in screen_text(host))
        await press(pilot, clock, "v")
        await pilot.pause()
        assert "see all" not in " ".join(screen_text(host))
        await press(pilot, clock, "s", "escape")
        await until(pilot, lambda: heard.names == ["SkipAsked", "Cancelled"])


@pytest.mark.parametrize(
    ("name", "key", "asked"),
    [("scale-down", "S", "SkipAsked"), ("eu-west", "E", "EditAsked"), ("prod", "s", "SkipAsked")],
)
async def test_a_key_with_which_the_name_begins_works_in_its_other_case(name: str, key: str, asked: str) -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    host = Host(panel)
    async with host.run_test(size=WIDE, message_hook=heard) as pilot:
        prepared = msgspec.structs.replace(samples.DESTROY.prepared, target=name)
        view = msgspec.structs.replace(samples.DESTROY, prepared=prepared, edit="set it")
        await shown(pilot, panel, view, clock)
        await until(pilot, lambda: any(f"{key}  " in line for line in screen_text(host)[-1:]))
        await press(pilot, clock, name[0])
        assert panel.guard.typed == name[0]
        await press(pilot, clock, "escape", key)
        await until(pilot, lambda: heard.names == [asked])


async def test_a_wrong_name_runs_nothing() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, samples.DESTROY, clock)
        await press(pilot, clock, *"preprod", "enter")
        assert "not the name" in panel.notice
        assert panel.guard.waiting == ""
    assert heard.messages == []


# ── the other views ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("view", "key", "name"),
    [
        (VIEWS[1], "enter", "LookAsked"),
        (samples.CONFIRM, "e", "EditAsked"),
        (samples.CONFIRM, "s", "SkipAsked"),
        (samples.BLOCKED, "r", "LookAgain"),
        (samples.FINISHED, "enter", "NextAsked"),
        (samples.FINISHED, "u", "UndoAsked"),
        (samples.FAILED, "r", "RetryAsked"),
        (samples.FAILED, "e", "EditAsked"),
        (samples.FINISHED, "r", "RetryAsked"),
        (samples.CONFLICT, "p", "WayOutAsked"),
        (samples.IN_CONFLICT, "p", "WayOutAsked"),
        (samples.MERGE, "p", "WayOutAsked"),
        (samples.BRANCHED, "C", "CopyAsked"),
        (samples.BRANCHED, "r", "RetryAsked"),
        (samples.NOT_STARTED, "r", "LookAgain"),
        (samples.NOT_STARTED, "s", "SkipAsked"),
        (UNDECIDED, "r", "RetryAsked"),
        (samples.UNKNOWN, "d", "Resolved"),
        (samples.UNKNOWN, "n", "Resolved"),
        (samples.WAITING, "s", "SkipAsked"),
        (VIEWS[-2], "enter", "Resolved"),
        (VIEWS[-1], "C", "CopyAsked"),
        (samples.RUNNING, "x", "StopAsked"),
    ],
)
async def test_each_key_asks_for_its_thing(view: ActionView, key: str, name: str) -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, view, clock)
        await press(pilot, clock, key)
        await until(pilot, lambda: bool(heard.messages))
    assert heard.names == [name]


async def test_stopping_goes_one_grade_at_a_time() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.StopAsked)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        for asked, key in (("", "x"), ("interrupt", "X"), ("terminate", "K")):
            count = len(heard.messages)
            view = type(samples.RUNNING)(samples.run(stop_asked=asked))
            await shown(pilot, panel, view, clock)
            await press(pilot, clock, *({"x", "X", "K"} - {key}))
            assert len(heard.messages) == count
            await press(pilot, clock, key)
            await until(pilot, lambda count=count: len(heard.messages) == count + 1)  # type: ignore[misc]
    assert [m.how for m in heard.messages if isinstance(m, asks.StopAsked)] == ["interrupt", "terminate", "kill"]


async def test_a_held_enter_does_not_mark_a_manual_step_done() -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, VIEWS[-2], clock)
        await press(pilot, clock, *["enter"] * 20, gap=0.03)
        assert panel.guard.waiting == ""
    assert heard.messages == []


async def test_keys_of_the_room_pass_through() -> None:
    panel, clock = panel_and_clock()
    host = Host(panel)
    async with host.run_test(size=WIDE) as pilot:
        await shown(pilot, panel, samples.FAILED, clock)
        await press(pilot, clock, "m", "q")
        assert host.counted == 2


# ── what is drawn ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [WIDE, NARROW, (40, 10)])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: type(view).__name__)
async def test_every_view_fits_and_names_its_keys(view: ActionView, size: tuple[int, int]) -> None:
    panel, clock = panel_and_clock()
    host = Host(panel)
    async with host.run_test(size=size) as pilot:
        await shown(pilot, panel, view, clock)
        await pilot.pause()
        lines = screen_text(host)
        width = panel._scroll.scrollable_content_region.width
        assert all(line.cell_length <= width for line in draw(view, width).body)
        bottom = lines[-1]
        if size[0] >= 78:
            for hint in keys_for(view, folded=panel._drawn.folded):
                assert hint.key in bottom
        assert len(lines) == size[1]


def plain(view: ActionView, width: int = 78, *, roomy: bool = False) -> str:
    return "\n".join(line.plain.rstrip() for line in draw(view, width, roomy=roomy).body)


def test_a_confirmation_in_words() -> None:
    assert plain(samples.CONFIRM, 96).splitlines() == [
        ' 2  Revert 9f3c2e1 "New checkout flow"' + " " * 45 + "changes main",
        "    git revert --no-edit 9f3c2e1",
        "    in the clean room, on main at 9f3c2e1 (remote says the same, 4 s ago)",
        "    undoes 3 files  +12 −240   src/checkout.py  src/cart.py  tests/test_checkout.py",
        "    ✓ git 2.39  ✓ identity set  ✓ remote unchanged",
        "    in …/2026-11-24-0306/clean-room",
        "    way back: revert of the revert, ready as a step",
    ]


def test_destroying_says_so_in_words_and_sign() -> None:
    text = plain(samples.DESTROY, 98)
    assert "✗ DESTROYS production" in text
    assert "git push --force-with-lease=production:9f3c2e1 origin v4.1.3^{}:production" in text
    assert draw(samples.DESTROY, 78).alarm


def test_a_failed_check_says_what_was_found_and_the_mend() -> None:
    text = plain(samples.FAILED_CHECK)
    assert "✗ “main is green” does not hold: 3 checks still run" in text
    assert "? “signed in” is not known: no answer after 5 s" in text
    assert "→ wait for them, or look: gh pr checks" in text
    assert "way back: none is known" in text


def test_a_missing_value_says_which_step_finds_it_and_nothing_is_said_of_the_way_back_before() -> None:
    text = plain(msgspec.structs.replace(samples.BLOCKED, sources=("<commit>: step 1 Look finds it out",)))
    assert "needs a value first: <commit>" in text and "<commit>: step 1 Look finds it out" in text
    assert "way back" not in text


def test_running_and_silent() -> None:
    silent = type(samples.RUNNING)(samples.run(), "2", samples.TAIL, elapsed=64, estimate=10, silent=45)
    text = plain(silent, 120)
    assert "● running  1:04 of ~0:10" in text
    assert "no output for 45 s, last line: 3 files changed" in text
    assert "it goes on if this window closes" in text


def test_after_in_words() -> None:
    text = plain(samples.FINISHED, 98)
    assert "✓ done  0:06  exit 0" in text
    assert "✓ remote main is 1c9d0aa, contains the revert (asked just now)" in text
    assert "next: 3 Wait until staging serves 1c9d0aa" in text
    assert "✗ failed  0:06  exit 1" in plain(samples.FAILED, 98)


def test_a_step_in_the_middle_does_not_say_that_it_is_done() -> None:
    text = plain(msgspec.structs.replace(samples.FINISHED, part="1 of 2 done"), 98)
    assert "✓ 1 of 2 done  0:06  exit 0" in text and "✓ done" not in text


def test_a_conflict_names_its_files_and_offers_the_way_out() -> None:
    lines = plain(samples.CONFLICT, 98).splitlines()
    assert "✗ failed" in lines[0]
    assert "src/cart.py, src/checkout.py" in lines[1]
    assert "→ the way out: Leave the conflict: put the files back" in lines[2]
    assert lines[3].strip() == "git reset --merge"


def test_a_way_out_that_was_taken_shows_where_to_go_on() -> None:
    text = plain(samples.BRANCHED, 98)
    assert "https://git.example.com/shop-web/pull/new/warroom/production-1c9d0aa77ab0" in text.split()
    assert "open a pull request from it into production" in text
    keys = {hint.key for hint in keys_for(samples.BRANCHED)}
    assert {"C", "r", "m", "esc"} <= keys
    assert "enter" not in keys  # the step itself is not done


def test_a_command_that_did_not_start_says_why_and_what_was_seen_before() -> None:
    text = plain(samples.NOT_STARTED, 98)
    assert "✗ not started" in text
    assert '77ab012 "Quick fix" by Bo Lind' in text
    assert "nothing ran" in text
    assert "origin main at 9f3c2e1" in text


def test_what_would_change_and_the_way_back_stand_before_the_runbooks_own_words() -> None:
    noted = msgspec.structs.replace(samples.DESTROY.prepared, as_written="git push --force origin main")
    text = plain(Confirmation(noted), 98)
    assert text.index("drops 9 commits") < text.index("way back") < text.index("the runbook says: git push --force")


def test_what_speaks_against_a_command_stands_before_its_notes() -> None:
    noted = msgspec.structs.replace(samples.IN_CONFLICT.prepared, note="Pushes exactly the commit that was made.")
    text = plain(Confirmation(noted), 98)
    assert text.index("git revert") < text.index("in the middle of a conflict") < text.index("Pushes exactly")


@pytest.mark.parametrize("view", [samples.NOT_STARTED, samples.MERGE, samples.IN_CONFLICT, samples.CONFLICT])
async def test_nothing_is_armed_in_what_was_refused(view: ActionView) -> None:
    panel, clock = panel_and_clock()
    heard = Heard(asks.Asked)
    async with Host(panel).run_test(size=WIDE, message_hook=heard) as pilot:
        await shown(pilot, panel, view, clock)
        await press(pilot, clock, "y", "Y", "d")
        await pilot.pause()
    assert heard.names == []
    assert not panel.guard.keys and not panel.guard.name


def test_what_took_effect_is_not_called_not_done_by_the_key_that_looks_again() -> None:
    assert "r" in {hint.key for hint in keys_for(UNDECIDED)}
    assert "r" not in {hint.key for hint in keys_for(samples.UNKNOWN)}


def test_an_unknown_outcome_shows_the_evidence_and_what_again_would_do() -> None:
    text = plain(samples.UNKNOWN)
    assert "no exit record" in text
    assert "→ it took effect" in text
    assert "running it again: already done: would revert the revert" in text


def test_criteria_have_their_clocks() -> None:
    text = plain(samples.WAITING, 98)
    assert "✗  staging_commit == 1c9d0aa" in text
    assert "now 9f3c2e1" in text
    assert "no value" in text and "now no value" not in text
    assert "3:20 of 5:00" in text
    assert "no answer for 0:50" in text


def test_a_value_that_is_waited_for_is_said_as_in_the_signals_pane() -> None:
    rate, latency = Criterion("errors < 1 %", "errors", "<", 1), Criterion("p95 < 1 s", "p95", "<", 1)
    standings = (Standing(rate, "not-met", 28.394, unit="%"), Standing(latency, "met", 0.0042, unit="s"))
    text = plain(msgspec.structs.replace(samples.WAITING, standings=standings), 98)
    assert "now 28.4 %" in text and "now 4.2 ms" in text


def test_a_wait_shows_its_time_beside_the_usual_one_then_beside_the_limit_then_what_to_do() -> None:
    waiting = msgspec.structs.replace(samples.WAITING, estimate=180, timeout=600)
    assert "watching  1:35 of ~3 min" in plain(waiting, 78)
    assert "watching  4:00 of 10:00 at most" in plain(msgspec.structs.replace(waiting, elapsed=240), 78)
    late = msgspec.structs.replace(waiting, elapsed=601, late=("Not there within 10 min. Look at the pipeline.",))
    assert "Not there within 10 min. Look at the pipeline." in plain(late, 78)
    assert "10:01 of 10:00 at most" in plain(late, 78)


def test_hostile_text_stays_text() -> None:
    evil = "[@click=app.quit]x[/] [/] \x1b]0;t\x07"
    prepared = Prepared("m", Step("s", evil, "run"), (0,), evil, Effect.CHANGE, evil, evil, lines=(evil,), note=evil)
    text = plain(Confirmation(prepared), 400)
    assert text.count("[@click=app.quit]x[/] [/]") >= 4
    assert "\\u{1b}]0;t\\u{7}" in text


def test_an_answer_of_one_line_is_read_whole_and_a_long_output_line_by_line() -> None:
    answer = '{"status": "healthy", "checks": {"redis": "' + "x" * 80 + '"}, "commit": "abc1234"}'
    one = [line.plain for line in draw(Finished(samples.run(state="done", exit=0, last_lines=(answer,))), 79).body]
    many = [line.plain for line in draw(Finished(samples.run(state="done", exit=0, last_lines=(answer,) * 4)), 79).body]
    assert any("abc1234" in line for line in one)
    assert sum("healthy" in line for line in many) == 4 and not any("abc1234" in line for line in many)
    assert all(len(line) <= 79 for line in (*one, *many))


def test_a_check_that_runbook_and_platform_both_ask_for_is_named_once() -> None:
    twice = msgspec.structs.replace(samples.PREPARED, checks=(*samples.PREPARED.checks, *samples.PREPARED.checks[:1]))
    lines = "\n".join(line.plain for line in draw(msgspec.structs.replace(samples.CONFIRM, prepared=twice), 100).body)
    assert lines.count("git 2.39") == 1


def test_what_is_waited_for_is_read_whole_in_a_narrow_pane() -> None:
    text = "error_rate < 1 % for 20s"
    criterion = Criterion(text, "error_rate", "<", 1.0, 20)
    view = WaitingFor("Wait", tuple(Standing(criterion, state, 0.2, 7) for state in ("pending", "not-met")), "5")
    holding, breached = (line.plain for line in draw(view, 52).body[1:3])
    assert text in holding and "0:07 of 0:20" in holding
    assert text in breached and "now 0.2" in breached
    assert all(line.cell_length <= 52 for line in draw(view, 52).body)
    assert "now 0.2" in draw(view, 78).body[1].plain


def test_a_command_that_printed_nothing_says_so_where_nothing_else_tells_what_came_of_it() -> None:
    silent = Finished(samples.run(state="done", exit=0))
    assert "    it printed nothing" in [line.plain.rstrip() for line in draw(silent, 79).body]
    for view in (
        Finished(samples.run(state="done", exit=0, last_lines=("ANALYZE",))),
        Finished(samples.run(state="done", exit=0), proof=samples.FINISHED.proof),
        Finished(samples.run(state="done", exit=0, already=True)),
    ):
        assert "printed nothing" not in "".join(line.plain for line in draw(view, 79).body)


def test_why_a_command_failed_is_read_to_the_end_of_its_line() -> None:
    why = "Error: passing --from-schema-datasource is not supported where the config file names an adapter of its own"
    lines = ("Loaded the config.", "", why, "More of it: https://example.com/why", "")
    failed = draw(Finished(samples.run(state="failed", exit=1, last_lines=lines)), 78).body
    assert " ".join(" ".join(line.plain for line in failed).split()).find(why) > 0
    assert all(line.cell_length <= 78 for line in failed)
