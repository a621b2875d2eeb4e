"""Keys that a hand sends from memory, faster than the room answers each."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual._compositor import LayoutUpdate

from tests.rooms import room_on
from tests.widgets.hosts import until
from tui.app import WarRoom
from widgets.compositing import DirtyCompositor


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarRoom:
    return room_on("book:kubernetes", tmp_path, monkeypatch)


def send(app: WarRoom, keys: str) -> None:
    """All of them at once, as one read of the terminal brings them."""
    names = {"&": "ampersand", "\n": "enter"}
    for key in keys:
        app.post_message(events.Key(names.get(key, key), None if key == "\n" else key))


async def test_a_filter_typed_in_one_go_with_the_pane_number_arrives_whole(app: WarRoom) -> None:
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.room_screen.desk is not None)
        text = app.room_screen.logs.text
        for _ in range(5):
            send(app, "3")
            await pilot.pause()
            send(app, "2&ERR")
            await until(pilot, lambda: text.asking == "filter" and text.typed == "ERR")
            send(app, "x\n")
            await until(pilot, lambda: text.asking is None)


async def test_where_the_keys_go_may_change_without_painting_the_whole_screen(
    app: WarRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, paint = list[str](), DirtyCompositor.render_full_update

    def painted(compositor: DirtyCompositor, simplify: bool = False) -> LayoutUpdate:
        whole.append(key)
        return paint(compositor, simplify)

    key = ""
    monkeypatch.setattr(DirtyCompositor, "render_full_update", painted)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.room_screen.desk is not None)
        for key in "3434":
            await pilot.press(key)
            body = app.room_screen.panel if key == "4" else app.room_screen.checklist
            await until(pilot, lambda body=body: body.has_focus)  # type: ignore[misc]
    assert "4" not in whole
