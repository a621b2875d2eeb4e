"""More is typed than its line holds: the end of it, where the next letter comes, is seen."""

from __future__ import annotations

import pytest

from runbook.providers.provider import Target
from tests.widgets.hosts import Host, screen_text, until
from tests.widgets.test_dialogs import Dialogs
from widgets.document import Document
from widgets.lines import tail
from widgets.log_pane import LogPane
from widgets.picker import Picker

TYPED = "abcdefghij" * 6


@pytest.mark.parametrize("text", ["", "short", TYPED, "日本語の長い名前です" * 3, "e\u0301" * 40])
@pytest.mark.parametrize("width", [8, 20, 60])
def test_the_end_of_a_text_fits_and_is_its_end(text: str, width: int) -> None:
    end = tail(text, width)
    assert text.endswith(end.removeprefix("…"))
    assert end == text or end.startswith("…")


async def test_a_long_search_of_the_log_shows_its_end() -> None:
    pane = LogPane()
    host = Host(pane)
    async with host.run_test(size=(40, 12)) as pilot:
        pane.text.focus()
        await pilot.press("slash", *TYPED)
        await until(pilot, lambda: "hij▏" in screen_text(host)[-1])


@pytest.mark.parametrize("dialog", ["picker", "document"])
async def test_a_long_filter_shows_its_end(dialog: str) -> None:
    app = Dialogs()
    async with app.run_test(size=(40, 12)) as pilot:
        if dialog == "picker":
            app.ask(Picker("Commit", (Target("a", "b"),)))  # type: ignore[arg-type]
            await pilot.press(*TYPED)
        else:
            app.ask(Document(["one"], (), "book"))  # type: ignore[arg-type]
            await pilot.press("slash", *TYPED)
        await until(pilot, lambda: any("hij▏" in line for line in screen_text(app)))
