"""The runbook's pane: the cursor, what enter asks for, and that a done step moves it on without arming anything."""

from __future__ import annotations

import pytest
from rich.color import ColorSystem
from textual.theme import Theme

from tests.widgets.hosts import Heard, Host, screen_text, until
from tests.widgets.samples import DONE, RUNBOOK, with_steps
from tui.themes import THEMES
from widgets.checklist import ChecklistPane
from widgets.outline import runbook_view
from widgets.outline_view import OPEN_AT_FIRST, OutlineRow, RunbookView

OPEN = OPEN_AT_FIRST | {"phase:triggers"}
ASKED = (
    ChecklistPane.StepOpened,
    ChecklistPane.ItemToggled,
    ChecklistPane.PhaseToggled,
    ChecklistPane.TriggerToggled,
    ChecklistPane.MethodOpened,
)


async def test_enter_asks_for_what_the_row_is() -> None:
    pane = ChecklistPane()
    heard = Heard(*ASKED)
    async with Host(pane).run_test(size=(80, 24), message_hook=heard) as pilot:
        pane.show(runbook_view(RUNBOOK, with_steps(), OPEN), "step:revert:revert")
        await pilot.press("enter")
        pane.select("item:before-5")
        await pilot.press("space")
        pane.select("item:before-1")
        await pilot.press("enter")
        pane.select("phase:during")
        await pilot.press("enter")
        pane.select("trigger:payments")
        await pilot.press("enter")
        await until(pilot, lambda: len(heard.messages) == 5)
    step, tick, untick, phase, trigger = heard.messages
    assert isinstance(step, ChecklistPane.StepOpened)
    assert (step.method, step.step) == ("revert", "revert")
    assert isinstance(tick, ChecklistPane.ItemToggled)
    assert (tick.item, tick.done) == ("before-5", True)
    assert isinstance(untick, ChecklistPane.ItemToggled)
    assert (untick.item, untick.done) == ("before-1", False)
    assert isinstance(phase, ChecklistPane.PhaseToggled)
    assert phase.phase == "phase:during"
    assert isinstance(trigger, ChecklistPane.TriggerToggled)
    assert trigger.trigger == "payments"


async def test_the_cursor_keeps_its_row_when_rows_come_and_go() -> None:
    pane = ChecklistPane()
    async with Host(pane).run_test(size=(80, 24)) as pilot:
        pane.show(runbook_view(RUNBOOK, with_steps()), "step:revert:staging")
        before = pane.cursor
        pane.show(runbook_view(RUNBOOK, with_steps(), OPEN))
        await pilot.pause()
        assert pane.key == "step:revert:staging"
        assert pane.cursor == before + 2


async def test_a_warning_is_read_to_its_end_at_any_width() -> None:
    pane = ChecklistPane()
    text = "This rewrites the branch. Clones that have it must be reset, and the next merge brings everything back."
    rows = (OutlineRow("phase:method", "phase", 0, "Rewind"), OutlineRow("c", "note", 1, text, selectable=False))
    host = Host(pane)
    async with host.run_test(size=(80, 24)) as pilot:
        pane.show(RunbookView(rows))
        for width in (80, 40, 120):
            await pilot.resize_terminal(width, 24)
            await until(pilot, lambda: text in " ".join(" ".join(screen_text(host)[1:]).split()))
        assert pane.key == "phase:method"


async def test_a_row_that_went_leaves_the_cursor_nearby() -> None:
    pane = ChecklistPane()
    async with Host(pane).run_test(size=(80, 24)) as pilot:
        pane.show(runbook_view(RUNBOOK, with_steps(), OPEN), "trigger:payments")
        pane.show(runbook_view(RUNBOOK, with_steps()))
        await pilot.pause()
        assert pane.selected is not None
        assert pane.selected.selectable


async def test_a_done_step_hands_the_cursor_to_the_next_and_opens_nothing() -> None:
    pane = ChecklistPane()
    heard = Heard(*ASKED)
    async with Host(pane).run_test(size=(80, 24), message_hook=heard) as pilot:
        pane.show(runbook_view(RUNBOOK, with_steps()), "step:revert:bring")
        pane.show(runbook_view(RUNBOOK, with_steps(bring=DONE)))
        await until(pilot, lambda: pane.key == "step:revert:revert")
        assert heard.messages == []


async def test_a_step_that_has_to_be_done_anew_comes_before_what_is_left() -> None:
    def rows(*, first_done: bool) -> RunbookView:
        return RunbookView(
            rows=(
                OutlineRow("1", "step", 1, "Look", settled=first_done, left=not first_done, target=("m", "1")),
                OutlineRow("2", "step", 1, "Act on it", settled=True, next=first_done, target=("m", "2")),
                OutlineRow("3", "step", 1, "Publish", left=True, target=("m", "3")),
            )
        )

    pane = ChecklistPane()
    async with Host(pane).run_test(size=(80, 24)) as pilot:
        pane.show(rows(first_done=False), "1")
        pane.show(rows(first_done=True))
        await pilot.pause()
        assert pane.key == "2"


async def test_a_done_step_elsewhere_leaves_the_cursor_alone() -> None:
    pane = ChecklistPane()
    async with Host(pane).run_test(size=(80, 24)) as pilot:
        pane.show(runbook_view(RUNBOOK, with_steps()), "item:before-5")
        pane.show(runbook_view(RUNBOOK, with_steps(bring=DONE)))
        await pilot.pause()
        assert pane.key == "item:before-5"


async def test_moving_skips_notes_and_says_where_it_stands() -> None:
    pane = ChecklistPane()
    heard = Heard(ChecklistPane.RowSelected)
    async with Host(pane).run_test(size=(80, 24), message_hook=heard) as pilot:
        pane.show(runbook_view(RUNBOOK, with_steps()), "step:revert:promote")
        await pilot.press("j")
        assert pane.key == "step:revert:move"
        await pilot.press("k")
        assert pane.key == "step:revert:promote"
        await pilot.press("g")
        assert pane.key == "phase:triggers"
        await pilot.press("G")
        assert pane.key == "phase:follow-ups"
        await until(pilot, lambda: len(heard.messages) == 5)
    last = heard.messages[-1]
    assert isinstance(last, ChecklistPane.RowSelected)
    assert last.row.key == "phase:follow-ups"


async def test_the_selected_row_is_in_sight_on_a_low_screen_too() -> None:
    pane = ChecklistPane()
    async with Host(pane).run_test(size=(78, 6)) as pilot:
        pane.show(runbook_view(RUNBOOK, with_steps(), OPEN))
        for key in ("G", "pageup", "pageup", "pagedown", "g", "end"):
            await pilot.press(key)
            await pilot.pause()
            assert pane.scroll_offset.y <= pane.cursor < pane.scroll_offset.y + 6, key
        await pilot.resize_terminal(78, 4)
        await pilot.pause()
        assert pane.scroll_offset.y <= pane.cursor < pane.scroll_offset.y + 4


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
async def test_the_cursors_row_looks_like_no_alarm_where_a_terminal_knows_256_colours(theme: Theme) -> None:
    checklist = ChecklistPane()
    app = Host(checklist)
    app.register_theme(theme)
    app.theme = theme.name
    async with app.run_test(size=(60, 12)) as pilot:
        checklist.show(runbook_view(RUNBOOK, with_steps(), OPEN), "step:revert:revert")
        await pilot.pause()
        ground = [segment.style.bgcolor for segment in checklist.render_line(checklist.cursor) if segment.style]
        assert ground[-1] is not None
        red, green, blue = ground[-1].downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
        assert max(red, green, blue) - min(red, green, blue) < 16
