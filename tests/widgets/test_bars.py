"""Header, verdict, footer and the panes' rules: nothing overlaps at any width, and what matters is never cut."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.content import Content

from tests.widgets.hosts import Host, screen_text, until
from tests.widgets.samples import DRILL, HEADER, RECOVERED, VERDICT
from widgets.footer import KeyFooter, KeyHint, draw_footer
from widgets.header import Header, HeaderView, draw_header
from widgets.pane import Pane, pane_tabs, rule
from widgets.rows import Draw, Row, Rows
from widgets.verdict_bar import VerdictBar, VerdictView, draw_verdict

HINTS = (KeyHint("m", "method"), KeyHint("a", "note"), KeyHint("t", "timeline"), KeyHint("?", "keys", keep=True))


def test_the_header_wide() -> None:
    (line,) = draw_header(HEADER, 158)
    assert line.plain == (
        "shop-web  production   SEV1  checkout returns 500 since v4.2.0"
        + " " * 59
        + "T+07:41   03:14:22Z   you drive (ana)"
    )


def test_the_header_narrow() -> None:
    (line,) = draw_header(HEADER, 78)
    assert line.plain == "shop-web SEV1 T+07:41" + " " * 48 + "you drive"


def test_watching_says_who_drives() -> None:
    view = HeaderView("shop-web", driving=False, driver="ana")
    assert draw_header(view, 158)[0].plain.endswith("watching, ana drives")
    assert draw_header(view, 78)[0].plain.endswith("watching")
    nobody = HeaderView("shop-web", driving=False, driven=False)
    assert draw_header(nobody, 158)[0].plain.endswith("watching, nobody drives")
    assert draw_header(nobody, 78)[0].plain.endswith("nobody drives")


def test_a_narrow_room_without_a_service_is_known_by_its_title() -> None:
    view = HeaderView("", title="Kiosk rollback, the long way round", severity="SEV2")
    assert draw_header(view, 78)[0].plain.startswith("Kiosk rollback, the long … SEV2 T+00:00")
    assert "Kiosk" not in draw_header(HeaderView("shop-web", title="Kiosk"), 78)[0].plain


@pytest.mark.parametrize(
    "view", [HEADER, DRILL, msgspec.structs.replace(HEADER, service="a-service-with-a-very-long-name-of-its-own")]
)
@pytest.mark.parametrize("width", [58, 38])
def test_how_bad_it_is_and_since_when_is_said_on_the_narrowest_screen(view: HeaderView, width: int) -> None:
    line = draw_header(view, width)[0]
    assert " SEV1 T+07:41" in line.plain
    assert line.plain.endswith("you drive")
    assert line.plain.startswith("a-serv" if "very" in view.service else (" DRILL " if view.drill else "shop-web"))


@pytest.mark.parametrize("width", [158, 110, 78])
def test_a_drill_and_trouble_are_always_said(width: int) -> None:
    first, second = draw_header(DRILL, width)
    assert "DRILL" in first.plain
    assert "20 s" in first.plain
    assert "T+07:41" in first.plain
    assert "TROUBLE  the journal cannot be written" in second.plain
    assert second.cell_length == width


def test_the_verdict_wide_and_narrow() -> None:
    (line,) = draw_verdict(VERDICT, 158)
    assert line.plain.startswith("▲ FAILING  error rate 24.8 % > 5 % for 3:10 · p95 6.2 s · health 503 (redis)")
    assert line.plain.endswith("ADVICE  roll back now: complete outage → Vercel rollback (~2 min)")
    (narrow,) = draw_verdict(VERDICT, 78)
    assert narrow.plain.startswith("▲ err 24.8% p95 6.2s health 503")
    assert narrow.plain.endswith("→ ROLL BACK")


def test_the_verdict_takes_a_second_line_rather_than_cut_the_advice() -> None:
    first, second = draw_verdict(VERDICT, 120)
    assert first.plain.startswith("▲ FAILING")
    assert second.plain.strip().startswith("ADVICE  roll back now")


def test_reasons_that_stand_at_the_left_are_not_said_again_and_the_room_stays_where_it_is() -> None:
    view = VerdictView(
        "failing",
        ("error rate 31.4 % > 5 % for 0:27",),
        level="roll-back",
        advice="roll back now: error rate 31.4 % > 5 % for 0:27",
        brief="roll back now",
        way="Revert the commit in git (~10 min)",
        without="without Sentry (not set up)",
    )
    (line,) = draw_verdict(view, 158)
    assert line.plain.startswith("▲ FAILING  error rate 31.4 % > 5 % for 0:27  without Sentry")
    assert line.plain.endswith("ADVICE  roll back now → Revert the commit in git (~10 min)")


def test_of_long_advice_the_reasons_give_way_and_the_method_stays() -> None:
    reasons = " · ".join(
        ["the homepage answers with 500 (health 503 >= 500 for 0:38)", "error rate 100 % > 5 % for 0:36"] * 2
    )
    view = msgspec.structs.replace(VERDICT, advice=f"roll back now: {reasons}", way="Restore a deployment (~2 min)")
    second = draw_verdict(view, 158)[1].plain
    assert second.startswith("  ADVICE  roll back now: the homepage answers with 500")
    assert second.endswith("… → Restore a deployment (~2 min)")


def test_recovered_and_unknown_have_their_own_sign_and_word() -> None:
    assert draw_verdict(RECOVERED, 158)[0].plain.startswith("● RECOVERED  error rate 0.2 % < 1 % for 5:00")
    unknown = draw_verdict(VerdictView("unknown", ("no signal for 0:50",), stale="signals silent for 0:50"), 158)
    assert unknown[0].plain == "? NOT KNOWN YET  no signal for 0:50  signals silent for 0:50"


def test_what_took_no_part_stands_after_the_reasons_which_may_be_cut() -> None:
    view = VerdictView("recovered", ("error rate 0.2 %",) * 20, "err 0.2%", without="without Sentry (not set up)")
    assert draw_verdict(view, 158)[0].plain.startswith("● RECOVERED  error rate 0.2 % · error rate 0.2 %")
    assert draw_verdict(view, 158)[0].plain.endswith("…  without Sentry (not set up)")
    assert draw_verdict(view, 80)[0].plain.rstrip() == "● RECOVERED err 0.2%  without Sentry (not set up)"


@given(st.integers(20, 200))
@settings(max_examples=60)
def test_no_line_is_longer_than_the_screen(width: int) -> None:
    lines = [*draw_header(DRILL, width), *draw_verdict(VERDICT, width), draw_footer(HINTS, "confirm: y or esc", width)]
    for focused in (True, False):
        lines.append(rule("3", "Runbook", "production rollback", "4/5 before", width, focused=focused))
    assert all(line.cell_length <= width for line in lines)


def test_the_footer_drops_whole_hints_and_keeps_the_way_to_the_others() -> None:
    assert draw_footer(HINTS, "", 60).plain.rstrip() == "m method  a note  t timeline  ? keys"
    assert draw_footer(HINTS, "", 24).plain.rstrip() == "m method  a note  ? keys"
    assert draw_footer(HINTS, "confirm: y or esc", 30).plain == "? keys       confirm: y or esc"


def test_focus_shows_without_colour() -> None:
    on = rule("3", "Runbook", "", "", 30, focused=True).plain
    off = rule("3", "Runbook", "", "", 30, focused=False).plain
    assert on == "▸ 3 Runbook " + "━" * 18
    assert off == "─ 3 Runbook " + "─" * 18
    assert pane_tabs(3) == "1 2 [3] 4"


async def test_the_rule_follows_the_focus() -> None:
    body = Rows()
    pane = Pane("3", "Runbook", body)
    host = Host(pane)
    async with host.run_test(size=(40, 5)) as pilot:
        pane.label(note="production", right="[b]4/5[/b]")
        host.set_focus(None)
        await pilot.pause()
        assert screen_text(host)[0].startswith("─ 3 Runbook ─ production ")
        body.focus()
        await pilot.pause()
        top = screen_text(host)[0]
        assert top.startswith("▸ 3 Runbook ━ production ")
        assert "[b]4/5[/b]" in top


async def test_the_focus_moves_and_only_the_selected_row_is_drawn_again() -> None:
    drawn: list[str] = []

    def draw(key: str) -> Draw:
        def line(_width: int) -> Content:
            drawn.append(key)
            return Content(key)

        return line

    body = Rows()
    host = Host(body)
    async with host.run_test(size=(40, 5)) as pilot:
        body.set_rows([Row(key, draw(key)) for key in "abc"], "b")
        await pilot.pause()
        assert screen_text(host)[:3] == [" a", "▌b", " c"]
        drawn.clear()
        host.set_focus(None)
        await until(pilot, lambda: bool(drawn))
        body.focus()
        await until(pilot, lambda: len(drawn) > 1)
        assert set(drawn) == {"b"}
        body.set_rows([Row("a", draw("other")), *body.rows[1:]])
        await until(pilot, lambda: screen_text(host)[0] == " other")
        body.action_move(1)
        await until(pilot, lambda: screen_text(host)[:3] == [" other", " b", "▌c"])


async def test_the_bars_as_widgets() -> None:
    header = Header()
    host = Host(header)
    async with host.run_test(size=(120, 12)) as pilot:
        await host.mount(VerdictBar(), KeyFooter())
        header.show(HEADER)
        host.query_one(VerdictBar).show(VERDICT)
        host.query_one(KeyFooter).show(HINTS, "confirm: y or esc")
        await pilot.pause()
        lines = screen_text(host)
        assert lines[0].startswith(" shop-web  production")
        assert lines[1].startswith(" ▲ FAILING")
        assert lines[-1].endswith("confirm: y or esc")
        header.show(DRILL)
        await pilot.pause()
        assert "TROUBLE" in screen_text(host)[1]
        assert header.has_class("-failed")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "→ ROLL BACK" in screen_text(host)[2]


async def test_a_bar_grows_where_its_layout_was_asked_for_before_there_was_more_to_say() -> None:
    header, bar = Header(), VerdictBar()
    host = Host(header)
    async with host.run_test(size=(120, 24)) as pilot:
        await host.mount(bar)
        header.show(HEADER)
        bar.show(VerdictView("failing", ("error rate 24.8 % > 5 %",)))
        await until(pilot, lambda: header.size.height == bar.size.height == 1)
        for widget in (header, bar):
            widget.refresh(layout=True)
        host.screen._clear_arrangement_cache()
        host.screen._refresh_layout()
        header.show(DRILL)
        bar.show(msgspec.structs.replace(VERDICT, reasons=VERDICT.reasons * 3))
        await until(pilot, lambda: header.size.height == bar.size.height == 2)


def test_how_a_drill_runs_gives_way_to_what_the_incident_is() -> None:
    view = msgspec.structs.replace(DRILL, trouble="", drill="5 min windows run as 20 s", drill_short="5 min = 20 s")
    assert "5 min windows run as 20 s" in draw_header(view, 158)[0].plain
    tight = draw_header(view, 108)[0].plain
    assert "5 min = 20 s" in tight and "checkout ret" in tight
