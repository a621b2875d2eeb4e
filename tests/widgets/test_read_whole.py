"""What is longer than its row can be read to its end all the same, on a screen of any width."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.screen import ModalScreen

from runbook.incident.state import Entry
from runbook.model import Contact, Effect
from tests.widgets.hosts import screen_text, until
from tests.widgets.samples import NOW
from tests.widgets.test_dialogs import Dialogs
from widgets.contacts import HIDDEN, Contacts
from widgets.document import Document
from widgets.timeline import Timeline
from widgets.trusting import Offered, Trusting

LONG = "curl -fsS http://127.0.0.1:9/a/long/way/to/what/is/meant | " + " | ".join(f"tee part-{n}" for n in range(20))
PROSE = " ".join(f"word{n}" for n in range(60))
PHONE = Contact(level="2", who="The database team of the other house", how="https://pages.test/teams/database/on-call")


def unfolded(app: Dialogs) -> str:
    """The words on the screen without blanks, as if no row had ended."""
    return "".join(line.strip(" ↪▌▁▂▃▄▅▆▇█").replace(" ", "") for line in screen_text(app))


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize(
    ("dialog", "keys", "wanted"),
    [
        (lambda: Trusting("book", [Offered("Back", LONG, Effect.READ, 3)], ()), (), LONG),
        (lambda: Trusting("book", (), [f"+{LONG}"]), (), LONG),
        (lambda: Document([LONG], (), "book"), (), LONG),
        (lambda: Timeline((Entry(NOW, "ana", "note", PROSE),)), ("enter",), PROSE),
        (lambda: Timeline((Entry(NOW, "ana", "note", "short", details=(PROSE,)),)), ("enter",), PROSE),
        (lambda: Contacts((PHONE,)), (), PHONE.how),
    ],
    ids=["command", "change", "document", "entry", "detail", "contact"],
)
async def test_what_its_row_cuts_off_is_read_in_the_rows_below_or_above(
    dialog: Callable[[], ModalScreen[object]], keys: tuple[str, ...], wanted: str, width: int
) -> None:
    app = Dialogs()
    async with app.run_test(size=(width, 45)) as pilot:
        app.ask(dialog())
        await pilot.pause()
        await pilot.press(*keys)
        await until(pilot, lambda: wanted.replace(" ", "") in unfolded(app))
        await pilot.resize_terminal(width - 7, 45)
        await until(pilot, lambda: wanted.replace(" ", "") in unfolded(app))


async def test_a_number_that_is_hidden_stays_so_where_a_contact_is_told_whole() -> None:
    app = Dialogs()
    async with app.run_test(size=(60, 20)) as pilot:
        app.ask(Contacts((PHONE,), hidden=True))  # type: ignore[arg-type]
        await until(pilot, lambda: "oftheotherhouse" in unfolded(app))
        assert HIDDEN.replace(" ", "") in unfolded(app)
        assert "pages.test" not in unfolded(app)


async def test_a_line_that_is_found_is_the_one_the_search_goes_on_from() -> None:
    app = Dialogs()
    document = Document([LONG, "one two", LONG, "two"], (), "book")
    async with app.run_test(size=(60, 40)) as pilot:
        app.ask(document)  # type: ignore[arg-type]
        await until(pilot, lambda: document.list.key == "1")
        await pilot.press("down", "down", "slash", *"two", "enter")
        await until(pilot, lambda: document.list.key == "2")
        await pilot.press("n")
        await until(pilot, lambda: document.list.key == "4")
