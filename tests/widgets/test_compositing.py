"""A paint leaves on the terminal what Textual's own would have, and asks no widget that is not seen in it."""

from __future__ import annotations

import random

import pyte
import pytest
from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual._compositor import Compositor, CompositorUpdate
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.css.parse import parse_declarations
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tests.widgets.hosts import until
from widgets.compositing import DirtyCompositor, RowWidget, paint_at_once
from widgets.plain_lines import PlainLines

SIZE = (40, 12)
RED = Style(color="red")


class Lines(Widget):
    """Lines of one letter; tells which widgets were asked to draw."""

    def __init__(self, letter: str, asked: set[str]) -> None:
        super().__init__(id=letter)
        self.letter, self.asked = letter, asked

    def render_line(self, y: int) -> Strip:
        self.asked.add(self.id or "")
        return Strip([Segment(f"{self.letter}{y:02}" * self.size.width, RED)]).crop(0, self.size.width)


class Written(Lines, RowWidget):
    """Writes its own rows wherever it lies alone."""

    def terminal_rows(self, crop: Region) -> list[str]:
        self.asked.add(f"{self.id} writes")
        return [self.render_line(y).crop(*crop.column_span).text for y in crop.line_range]


class Covered(Vertical):
    """Lies in whole under what it contains."""

    def __init__(self, asked: set[str]) -> None:
        super().__init__()
        self.asked = asked

    def render_lines(self, crop: Region) -> list[Strip]:
        self.asked.add("covered")
        return super().render_lines(crop)


class Overlapping(Screen[None]):
    """Two columns, a scrolled list that is cut off, a frame, and something that lies over all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()
        self._compositor = DirtyCompositor()

    def compose(self) -> ComposeResult:
        yield Lines("a", self.asked)
        with Horizontal():
            with Covered(self.asked):
                yield Lines("b", self.asked)
                yield Written("c", self.asked)
            with VerticalScroll():
                yield Lines("d", self.asked)
        yield Lines("e", self.asked)


class Terminal(App[None]):
    """Keeps what a terminal would show after every paint."""

    CSS = """
    Overlapping { layers: below over; }
    Lines { height: 1fr; }
    #a { height: 1; dock: top; }
    #b { border: round red; }
    #d { height: 30; }
    #e { layer: over; width: 12; height: 3; offset: 15 4; }
    #rack { layer: over; dock: top; width: 12; height: auto; }
    #f { height: 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown = pyte.Screen(*SIZE)
        self._stream = pyte.Stream(self.shown)
        self.paints = 0

    def get_default_screen(self) -> Screen[None]:
        return Overlapping()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.paints += 1
            self._stream.feed(renderable.render_segments(self.console).replace("\n", "\r\n"))


async def change(pilot: Pilot[None], letter: str, *regions: Region) -> set[str]:
    """Another text in one widget, once it is painted; tells which widgets were asked for lines."""
    app = pilot.app
    assert isinstance(app, Terminal)
    asked, painted = app.query_one(f"#{letter}", Lines).asked, app.paints
    asked.clear()
    widget = app.query_one(f"#{letter}", Lines)
    widget.letter = widget.letter.swapcase()
    widget.refresh(*regions)
    await until(pilot, lambda: app.paints > painted)
    return set(asked)


def by_textual(app: App[None]) -> list[str]:
    """The whole screen as Textual's own compositor draws it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DirtyCompositor, "_get_renders", Compositor._get_renders)
        return [strip.text for strip in app.screen._compositor.render_strips()]


async def test_a_partial_paint_shows_what_a_full_one_would() -> None:
    app, chance = Terminal(), random.Random(5)
    async with app.run_test(size=SIZE) as pilot:
        app.query_one(VerticalScroll).scroll_to(y=7, animate=False, immediate=True)
        await change(pilot, "e")
        for _ in range(40):
            await change(pilot, chance.choice("abcde"))
            assert app.shown.display == by_textual(app)


async def test_a_widget_that_writes_its_rows_does_so_where_nothing_lies_over_it() -> None:
    app = Terminal()
    async with app.run_test(size=SIZE) as pilot:
        await change(pilot, "e")
        assert await change(pilot, "c", Region(0, 4, 20, 1)) == {"c", "c writes"}
        assert app.shown.display == by_textual(app)
        app.query_one("#e").styles.offset = (2, 8)
        await until(pilot, lambda: app.query_one("#e").region.y == 8)
        assert await change(pilot, "c", Region(0, 0, 20, 5)) == {"c"}
        assert app.shown.display == by_textual(app)


async def test_what_is_painted_at_once_is_on_the_terminal_before_the_loop_goes_on() -> None:
    app = Terminal()
    async with app.run_test(size=SIZE) as pilot:
        await change(pilot, "e")
        widget, painted = app.query_one("#c", Lines), app.paints
        widget.letter = "!"
        widget.refresh()
        paint_at_once(widget)
        assert app.paints == painted + 1
        assert app.shown.display == by_textual(app)
        await pilot.pause()
        assert app.paints == painted + 1, "nothing is painted twice"


async def test_what_went_away_leaves_no_trace_where_somebody_asked_for_places_before_the_layout() -> None:
    app = Terminal()
    async with app.run_test(size=SIZE) as pilot:
        await change(pilot, "e")
        rack = Vertical(Lines("f", set()), id="rack")
        await app.screen.mount(rack)
        await until(pilot, lambda: "f00" in app.shown.display[0])
        await rack.query_one("#f").remove()
        app.screen._compositor._full_map_invalidated = True  # as by news for a pane that a narrow screen hides
        assert not app.screen._compositor.full_map[rack].region.height
        await until(pilot, lambda: app.shown.display == by_textual(app))


async def test_what_lies_beside_the_change_is_not_drawn() -> None:
    app = Terminal()
    async with app.run_test(size=SIZE) as pilot:
        await change(pilot, "e")
        for letter in "bd":  # so that their lines are no longer kept
            app.query_one(f"#{letter}", Lines)._styles_cache.clear()
        assert await change(pilot, "a") == {"a"}
        assert await change(pilot, "c") == {"c"}
        app.screen.refresh(layout=True)
        await change(pilot, "d")
        assert "covered" not in app.query_one(Covered).asked


async def test_a_container_that_is_seen_beside_the_change_only_is_not_drawn() -> None:
    app = Terminal()
    async with app.run_test(size=SIZE) as pilot:
        app.query_one(Covered).styles.padding = (0, 1, 0, 0)
        await change(pilot, "e")
        assert await change(pilot, "c") == {"c"}
        assert app.shown.display == by_textual(app)


LOOKS = (
    "width: 1fr",
    "padding: 0 2",
    "padding: 1 2",
    "border: round red",
    "border-left: thick blue",
    "outline: heavy green",
    "tint: red 40%",
    "text-opacity: 50%",
    "opacity: 50%",
    "hatch: cross green",
    "background: green; color: black",
)


@pytest.mark.parametrize("look", LOOKS)
async def test_every_look_is_drawn_as_textual_draws_it(look: str) -> None:
    def drawn() -> list[Strip]:
        app.screen._compositor._dirty_regions.clear()
        return [strip.simplify() for strip in app.screen._compositor.render_strips()]

    app = Terminal()
    async with app.run_test(size=SIZE) as pilot:
        wanted = app.query_one("#c", Lines)
        wanted.styles.merge(parse_declarations(f"{look};", ("", "")))
        await change(pilot, "c")
        ours = drawn()
        assert isinstance(wanted._styles_cache, PlainLines)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DirtyCompositor, "_get_renders", Compositor._get_renders)
            for widget in app.screen.walk_children(Widget):
                widget._styles_cache = StylesCache()
            assert ours == drawn()
