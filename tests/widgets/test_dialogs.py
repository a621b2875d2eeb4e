"""Picker, chooser, timeline, contacts, help and prompt: what is typed early is not lost, what is chosen comes back."""

from __future__ import annotations

import math

import msgspec
import pytest
from msgspec.structs import replace
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.screen import ModalScreen

from runbook.incident.events import Reading
from runbook.incident.state import Entry
from runbook.providers.provider import MOST_COMMITS, Target
from tests.widgets.hosts import HandClock, screen_text, until
from tests.widgets.samples import CARDS, COMMITS, ENTRIES, NOW, RUNBOOK, at
from widgets.chooser import Chooser, MethodCard, draw_cards
from widgets.contacts import HIDDEN, Contacts
from widgets.help import ActionInfo, Help
from widgets.picker import Picker, draw_target
from widgets.prompt import Prompt
from widgets.timeline import Timeline

SIZES = [(160, 45), (80, 24)]
NOTHING = "nothing came back yet"


class Dialogs(App[None]):
    """Shows one dialog and keeps what it gave back."""

    BINDINGS = [("m", "count", "method"), ("a", "count", "note")]

    def __init__(self) -> None:
        super().__init__()
        self.result: object = NOTHING
        self.counted = 0

    def action_count(self) -> None:
        self.counted += 1

    def ask(self, screen: ModalScreen[object]) -> None:
        self.push_screen(screen, self._keep)

    def _keep(self, result: object) -> None:
        self.result = result


async def answered(pilot: Pilot[None], app: Dialogs) -> object:
    await until(pilot, lambda: app.result is not NOTHING)
    return app.result


def commits() -> Picker:
    return Picker("Commit to revert", COMMITS, now=NOW)


@pytest.mark.parametrize("size", SIZES)
async def test_the_picker_filters_from_the_first_letter(size: tuple[int, int]) -> None:
    app = Dialogs()
    async with app.run_test(size=size) as pilot:
        picker = commits()
        app.ask(picker)  # type: ignore[arg-type]
        await pilot.press(*"mobile")
        await until(pilot, lambda: picker.typed == "mobile")
        lines = screen_text(app)
        assert any("Fix header on mobile" in line for line in lines)
        assert not any("New checkout flow" in line for line in lines)
        await pilot.press("enter")
        assert await answered(pilot, app) == COMMITS[1].value
    assert app.counted == 0


@pytest.mark.parametrize(("typed", "taken"), [("2", "2"), ("1", "12"), ("days", "12")])
async def test_the_picker_takes_the_release_that_is_named_before_those_of_which_it_is_told(
    typed: str, taken: str
) -> None:
    listed = (
        Target(value="3", title="Faster carts", detail="2 files, 1 day old"),
        Target(value="12", title="Checkout, 12 days old"),
        Target(value="2", title="Prices"),
    )
    app = Dialogs()
    async with app.run_test(size=(100, 30)) as pilot:
        picker = Picker("Version", listed, now=NOW)
        app.ask(picker)  # type: ignore[arg-type]
        await pilot.press(*typed)
        await until(pilot, lambda: picker.typed == typed)
        await pilot.press("enter")
        assert await answered(pilot, app) == taken


async def test_the_picker_takes_another_value_typed_or_pasted() -> None:
    app = Dialogs()
    async with app.run_test(size=(100, 30)) as pilot:
        picker = commits()
        app.ask(picker)  # type: ignore[arg-type]
        await until(pilot, lambda: picker.list.has_focus)
        picker.list.post_message(events.Paste("deadbeef\n"))
        await until(pilot, lambda: picker.typed == "deadbeef")
        assert app.result is NOTHING
        await pilot.press("enter")
        assert await answered(pilot, app) == "deadbeef"


async def test_the_picker_moves_and_leaves() -> None:
    app = Dialogs()
    async with app.run_test(size=(100, 30)) as pilot:
        app.ask(commits())  # type: ignore[arg-type]
        await pilot.press("down", "down", "enter")
        assert await answered(pilot, app) == COMMITS[2].value
        app.result = NOTHING
        app.ask(commits())  # type: ignore[arg-type]
        await pilot.press("escape")
        assert await answered(pilot, app) is None


async def test_the_picker_says_why_it_is_empty() -> None:
    app = Dialogs()
    async with app.run_test(size=(100, 30)) as pilot:
        app.ask(Picker("Tag", (), trouble="origin did not answer for 5 s"))  # type: ignore[arg-type]
        await until(pilot, lambda: any("origin did not answer" in line for line in screen_text(app)))
        await pilot.press("enter")
        await pilot.pause()
        assert app.result is NOTHING


@pytest.mark.parametrize("size", SIZES)
async def test_the_chooser_begins_with_the_recommended_method(size: tuple[int, int]) -> None:
    app = Dialogs()
    async with app.run_test(size=size) as pilot:
        app.ask(Chooser(CARDS))  # type: ignore[arg-type]
        await until(pilot, lambda: any("Vercel rollback" in line for line in screen_text(app)))
        text = "\n".join(screen_text(app))
        assert "recommended" in text
        assert "complete outage: the last good tag is known" in text
        assert "not here: vercel is not" in text
        assert "npm i -g vercel" in text
        await pilot.press("enter")
        assert await answered(pilot, app) == "tag"


async def test_a_method_that_is_not_ready_can_be_looked_at() -> None:
    app = Dialogs()
    async with app.run_test(size=(160, 45)) as pilot:
        app.ask(Chooser(CARDS))  # type: ignore[arg-type]
        await pilot.press("3")
        await until(pilot, lambda: any("look at it (not ready here)" in line for line in screen_text(app)))
        await pilot.press("enter")
        assert await answered(pilot, app) == "vercel"


async def test_a_label_of_two_letters_selects_its_method_without_one_of_the_first_letter_alone() -> None:
    cards = tuple(MethodCard(label, label, f"Method {label}") for label in ("1", "1b", "3a", "3b"))
    for label in ("1", "1b", "3a", "3b"):
        app = Dialogs()
        async with app.run_test(size=(160, 45)) as pilot:
            app.ask(Chooser(cards))  # type: ignore[arg-type]
            await pilot.press(*label, "enter")
            assert await answered(pilot, app) == label


async def test_the_selected_method_is_in_sight_on_a_low_screen() -> None:
    app = Dialogs()
    many = tuple(MethodCard(str(n), str(n), f"Method number {n}", use_when="always") for n in range(1, 10))
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(Chooser(many))  # type: ignore[arg-type]
        for n in range(2, 10):
            await pilot.press("down")
            await pilot.pause()
            assert any(f"{n} Method number {n}" in line and "▌" in line for line in screen_text(app)), n


@pytest.mark.parametrize("size", [*SIZES, (110, 30), (60, 15)])
async def test_the_keys_of_the_chooser_stay_in_sight_however_many_methods_there_are(size: tuple[int, int]) -> None:
    app = Dialogs()
    why = "roll back now: error rate 25 % > 5 % for 0:23"
    many = tuple(
        MethodCard(
            str(n),
            str(n),
            f"Method number {n}",
            use_when="always",
            avoid_when="never",
            recommended=n == 1,
            reason=why if n == 1 else "",
        )
        for n in range(1, 12)
    )
    async with app.run_test(size=size) as pilot:
        app.ask(Chooser(many))  # type: ignore[arg-type]
        await until(pilot, lambda: any("enter choose" in line and "esc back" in line for line in screen_text(app)))
        shown = "\n".join(screen_text(app))
        assert "Choose a method" in shown
        assert "roll back now: error rate 25 %" in shown
        assert " ".join(f"{why} → Method number 1".split()) in " ".join(shown.split())


@pytest.mark.parametrize("width", [60, 78, 110, 150, 168])
def test_cards_fit(width: int) -> None:
    for selected in range(len(CARDS)):
        assert all(line.cell_length <= width for line in draw_cards(CARDS, selected, width))


def test_what_a_method_loses_is_read_whole_once_it_is_selected() -> None:
    loses = "the commits after the release leave the branch; the backup keeps them"
    cards = (CARDS[0], msgspec.structs.replace(CARDS[1], data_loss=loses))
    lines = " ".join(" ".join(line.plain for line in draw_cards(cards, 1, 60)).split())
    assert f"data loss {loses}" in lines


def test_what_is_said_of_no_method_has_no_row() -> None:
    bare = msgspec.structs.replace(CARDS[0], use_when="", avoid_when="")
    names = [line.plain[:10].strip() for line in draw_cards((bare,), 0, 150)]
    assert "risk" in names and "use when" not in names and "not when" not in names
    assert "use when" in [line.plain[:10].strip() for line in draw_cards((bare, CARDS[0]), 0, 150)]


@pytest.mark.parametrize("size", SIZES)
async def test_the_timeline_shows_text_as_it_is_and_the_signals_of_that_second(size: tuple[int, int]) -> None:
    app = Dialogs()
    async with app.run_test(size=size) as pilot:
        timeline = Timeline(ENTRIES)
        app.push_screen(timeline)
        await until(pilot, lambda: timeline.list.key == "entry:3")
        assert any("[/] status page says [b]degraded[/b]" in line for line in screen_text(app))
        await pilot.press("up", "up")
        await until(
            pilot, lambda: any("then: error rate 24.8 · p95 6.2 · health 503" in line for line in screen_text(app))
        )
        await pilot.press("down", "enter")
        await until(pilot, lambda: any("remote main is 1c9d0aa" in line for line in screen_text(app)))
        assert any("then: p95 no data (no answer)" in line for line in screen_text(app))


async def test_all_that_the_signals_said_is_read_on_a_small_screen() -> None:
    said = tuple(Reading(f"signal number {n}", float(n)) for n in range(10))
    app = Dialogs()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(Timeline((msgspec.structs.replace(ENTRIES[0], readings=said),)))
        await until(pilot, lambda: "signal number 9 9" in " ".join(" ".join(screen_text(app)).split()))


async def test_the_timeline_follows_only_from_its_end() -> None:
    app = Dialogs()
    more = (*ENTRIES, Entry(at("03:14"), "room", "verdict-changed", "recovered", "good"))
    async with app.run_test(size=(100, 30)) as pilot:
        timeline = Timeline(ENTRIES)
        app.push_screen(timeline)
        await until(pilot, lambda: timeline.list.key == "entry:3")
        timeline.show(more)
        assert timeline.list.key == "entry:4"
        await pilot.press("g")
        timeline.show((*more, more[-1]))
        assert timeline.list.key == "entry:0"


async def test_contacts_begin_with_the_one_to_call() -> None:
    app = Dialogs()
    async with app.run_test(size=(130, 30)) as pilot:
        app.ask(Contacts(RUNBOOK.contacts, ("Level 1: On-call engineer",), suggest="Level 2"))  # type: ignore[arg-type]
        await until(pilot, lambda: any("call Level 2 next" in line for line in screen_text(app)))
        assert any("✓ Level 1" in line and "called" in line for line in screen_text(app))


@pytest.mark.parametrize("size", SIZES)
async def test_that_somebody_was_called_is_recorded_only_once_it_was_asked_and_looked_at(size: tuple[int, int]) -> None:
    app = Dialogs()
    who = RUNBOOK.contacts[0].who
    async with app.run_test(size=size) as pilot:
        contacts, clock = Contacts(RUNBOOK.contacts), HandClock()
        contacts.clock = clock
        app.ask(contacts)  # type: ignore[arg-type]
        await until(pilot, lambda: contacts.list.has_focus)
        for no in ("n", "escape", "down"):
            clock.now += 10
            await pilot.press("enter")
            await until(pilot, lambda: any(f"Record that {who}" in line for line in screen_text(app)))
            await until(pilot, lambda: contacts.guard.armed_at < math.inf)
            await pilot.press("y")
            await until(pilot, lambda: any("too quick" in line for line in screen_text(app)))
            await pilot.press(no)
            await until(pilot, lambda: not any("Record that" in line for line in screen_text(app)))
            assert app.result is NOTHING
        await pilot.press("g", "enter")
        await until(pilot, lambda: contacts.guard.armed_at < math.inf)
        clock.now += 10
        await pilot.press("y")
        clock.now += 10
        assert await answered(pilot, app) == RUNBOOK.contacts[0]


async def test_numbers_are_hidden_on_a_shared_screen() -> None:
    app = Dialogs()
    async with app.run_test(size=(130, 30)) as pilot:
        app.ask(Contacts(RUNBOOK.contacts, hidden=True))  # type: ignore[arg-type]
        await until(pilot, lambda: any(HIDDEN in line for line in screen_text(app)))
        assert not any("1234567" in line for line in screen_text(app))


async def test_help_does_what_applies_and_says_why_the_rest_does_not() -> None:
    app = Dialogs()
    actions = (
        ActionInfo("method", "m", "choose the method"),
        ActionInfo("stop", "x", "interrupt the command", applies=False, why_not="nothing is running"),
    )
    async with app.run_test(size=(100, 30)) as pilot:
        app.ask(Help(actions, "Only y\nruns it."))  # type: ignore[arg-type]
        await until(pilot, lambda: any("nothing is running" in line for line in screen_text(app)))
        assert any("Only y runs it." in line for line in screen_text(app))
        await pilot.press("down", "enter")
        assert await answered(pilot, app) == "method"


async def test_letters_typed_before_the_prompt_is_there_are_kept() -> None:
    app = Dialogs()
    async with app.run_test(size=(100, 30)) as pilot:
        app.ask(Prompt("Note"))  # type: ignore[arg-type]
        for key in "mama mia":
            app.post_message(events.Key("space" if key == " " else key, key))
        await pilot.pause()
        await pilot.press("enter")
        assert await answered(pilot, app) == "mama mia"
    assert app.counted == 0


async def test_a_required_text_is_required() -> None:
    app = Dialogs()
    async with app.run_test(size=(100, 30)) as pilot:
        app.ask(Prompt("Why?", value=" "))  # type: ignore[arg-type]
        await pilot.press("enter")
        await until(pilot, lambda: any("a few words are needed" in line for line in screen_text(app)))
        assert app.result is NOTHING
        await pilot.press("escape")
        assert await answered(pilot, app) is None


async def test_an_empty_text_may_be_allowed() -> None:
    app = Dialogs()
    async with app.run_test(size=(100, 30)) as pilot:
        app.ask(Prompt("Note", required=False))  # type: ignore[arg-type]
        await pilot.press("enter")
        assert await answered(pilot, app) == ""


async def test_what_is_learnt_about_a_method_moves_neither_the_order_nor_the_selection() -> None:
    app = Dialogs()
    asking = tuple(replace(card, ready=None, ready_text="being asked", mend="", recommended=False) for card in CARDS)
    async with app.run_test(size=(160, 45)) as pilot:
        chooser = Chooser(asking)
        app.ask(chooser)  # type: ignore[arg-type]
        await until(pilot, lambda: "\n".join(screen_text(app)).count("? being asked") == 4)
        await pilot.press("right")
        news = replace(CARDS[1], ready_text="v3.9.0 to v3.9.2", warning="001_cart changed the database since")
        chooser.learn((asking[0], news, *asking[2:]))
        await until(pilot, lambda: any("! 001_cart changed" in line for line in screen_text(app)))
        heads = next(line for line in screen_text(app) if "Git revert" in line)
        assert heads.index("Git revert") < heads.index("Tag rollback") < heads.index("Vercel rollback")
        await pilot.press("enter")
        assert await answered(pilot, app) == "tag"


async def test_the_picker_begins_at_the_newest_that_is_not_live_and_that_nothing_speaks_against() -> None:
    live, bad, good = (Target(value=name, title=name) for name in ("v3", "v2", "v1"))
    listed = (replace(live, current=True), replace(bad, warning="deleted"), good)
    app = Dialogs()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(Picker("Tag", listed, now=NOW))  # type: ignore[arg-type]
        await pilot.press("enter")
        assert await answered(pilot, app) == "v1"


@pytest.mark.parametrize(("typed", "taken"), [("", "v2"), ("release", "v2"), ("v3", "v3"), ("three", "v3")])
async def test_the_picker_never_stands_on_what_is_live_unless_that_alone_is_meant(typed: str, taken: str) -> None:
    caveat = "its variables are those of its own time"
    listed = tuple(
        Target(value=name, title=f"Release {word}", warning=caveat, current=name == "v3")
        for name, word in (("v3", "three"), ("v2", "two"), ("v1", "one"))
    )
    app = Dialogs()
    async with app.run_test(size=(80, 24)) as pilot:
        picker = Picker("Deployment", listed, now=NOW)
        app.ask(picker)  # type: ignore[arg-type]
        await pilot.press(*typed)
        await until(pilot, lambda: picker.typed == typed)
        await pilot.press("enter")
        assert await answered(pilot, app) == taken


@pytest.mark.parametrize("size", SIZES)
async def test_the_picker_marks_several_and_takes_them_in_the_order_of_the_list(size: tuple[int, int]) -> None:
    app = Dialogs()
    async with app.run_test(size=size) as pilot:
        picker = Picker("Commit to revert", COMMITS, now=NOW, several=True)
        app.ask(picker)  # type: ignore[arg-type]
        await until(pilot, lambda: picker.list.has_focus)
        picker.list.select(f"target:{COMMITS[2].value}")
        await pilot.press("tab", "up", "up", "tab", "down", "tab", "tab")
        await until(pilot, lambda: any("2 commits marked" in line for line in screen_text(app)))
        assert any("tab" in line and "mark several" in line for line in screen_text(app))
        await pilot.press("enter")
        assert await answered(pilot, app) == f"{COMMITS[0].value} {COMMITS[2].value}"


async def test_the_picker_of_one_value_marks_nothing() -> None:
    app = Dialogs()
    async with app.run_test(size=(100, 30)) as pilot:
        picker = commits()
        app.ask(picker)  # type: ignore[arg-type]
        await until(pilot, lambda: picker.list.has_focus)
        picker.list.select(f"target:{COMMITS[1].value}")
        await pilot.press("tab", "enter")
        assert await answered(pilot, app) == COMMITS[1].value


def test_a_long_name_is_read_whole_and_not_only_its_first_half() -> None:
    name = "v9.9.9-hotfix-of-the-hotfix"
    for width in (80, 120):
        assert name in draw_target(Target(value=name, title="Say sorry"), NOW, width).plain
    assert draw_target(Target(value="v1", title="Say sorry"), NOW, 80).plain.count("v1") == 1


async def test_a_list_that_ends_at_its_limit_does_not_pass_for_the_whole() -> None:
    app = Dialogs()
    targets = tuple(Target(f"{n:040x}", f"Change {n}") for n in range(MOST_COMMITS))
    async with app.run_test(size=(100, 30)) as pilot:
        app.ask(Picker("Commit", targets))  # type: ignore[arg-type]
        await until(pilot, lambda: f"the newest {MOST_COMMITS}" in "\n".join(screen_text(app)))
