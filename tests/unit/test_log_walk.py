"""Whoever walks about in a log that grows, is rotated and truncated sees what is there: compared with a plain look."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from runbook.logs.index import SPAN, whole_lines
from runbook.logs.view import LogView

LINES = (
    *("{} ERROR boom", "{} INFO fine", "  at cart.js:3", "Traceback (most recent call last):", "ValueError: x", ""),
    *('{{"level":"error","msg":"{}"}}', "2026-11-27T03:14:22Z WARN late {}", "\x1b[31mERROR\x1b[0m: coloured {}"),
)
SOUGHT = ("ERROR", "fine", "late 1", "nowhere", "ValueError", r"~\d+ INFO")
FILTERS = ("ERROR", "!fine", "level:warn", "level:error", "boom", "at cart")


class Walk:
    """A reader with a mind of its own, and the log."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.path = folder / "app.log"
        self.path.write_text("")
        self.written = 0
        if self.dice.random() < 0.5:
            (folder / "app.log.1").write_text("".join(self.line() for _ in range(20)))
        self.view = LogView(self.path)
        self.view.begin()

    def line(self) -> str:
        self.written += 1
        return self.dice.choice(LINES).format(self.written) + "\n"

    def happen(self) -> None:
        """Something happens to the log."""
        match self.dice.choice(("grow", "grow", "grow", "rotate", "truncate")):
            case "grow":
                with self.path.open("a") as log:
                    log.write("".join(self.line() for _ in range(self.dice.randint(1, 30))))
            case "rotate":
                for age in range(9, 0, -1):
                    rotated = self.path.with_name(f"app.log.{age}")
                    if rotated.exists():
                        rotated.rename(self.path.with_name(f"app.log.{age + 1}"))
                self.path.rename(self.path.with_name("app.log.1"))
                self.path.write_text("")
            case "truncate":
                self.path.write_text("")
        self.view.follower.check()
        while self.view.advance():
            pass

    def go(self, height: int) -> None:
        """The reader goes somewhere, or shows the log in another way."""
        view, way = self.view, self.dice.choice((1, -1))
        match self.dice.choice(("step", "move", "page", "top", "end", "open", "traces", "filter", "filter", "all")):
            case "step":
                view.hand.step(way, height)
            case "move":
                view.move(3 * way, height)
            case "page":
                view.page(way, height)
            case "top":
                view.to_top()
            case "end":
                view.to_end()
            case "open":
                view.hand.open(height)
            case "traces":
                view.hand.open_traces(height)
            case "filter":
                view.add_filter(self.dice.choice(FILTERS))
            case "all":
                view.clear_filter()

    def look(self, height: int) -> None:
        rows = [row.offset for row in self.view.window(height).rows]
        assert len(rows) <= height
        assert rows == sorted(set(rows)), "each line once, in order"

    def passing(self) -> list[int]:
        """Where the lines are that pass the filter."""
        assert self.view.finder.filter
        sought, found = self.view.finder.filter.sought, []
        newest = next(reversed(self.view.chain.parts), 0)
        for number, part in self.view.files():
            data = part.read(1 << 20, 0)[: whole_lines(part) if number == newest else part.size()]
            found += [number * SPAN + at for at in sought.lines(data)]
        return found

    async def search(self, height: int) -> None:
        view, up = self.view, self.dice.random() < 0.5
        rows = view.visible(height)
        if up:
            start = view.reader.after(rows[-1].offset, 1) if rows else view.chain.end
        else:
            start = rows[0].offset if rows else view.chain.start
        view.search(self.dice.choice(SOUGHT), backwards=up, height=height)
        await view.settled()
        assert view.finder.query
        sought = view.finder._sought(view.finder.query)
        there = [number * SPAN + at for number, part in view.files() for at in sought.lines(part.read(1 << 20, 0))]
        there = [at for at in there if (at < start) == up]
        if view.window(height).search_note.startswith("no match"):
            assert not there
        else:
            assert view.at_hand == (max if up else min)(there), "the nearest one"
            assert view.at_hand in [row.offset for row in view.window(height).rows]


@pytest.mark.parametrize("seed", range(4))
async def test_a_walk(tmp_path: Path, seed: int) -> None:
    walk = Walk(tmp_path, seed)
    for _ in range(20):
        height = walk.dice.choice((1, 3, 8))
        walk.happen()
        walk.go(height)
        walk.happen()  # while a filter looks back
        walk.look(height)
        await walk.view.settled()
        walk.look(height)
        if walk.view.finder.filter:
            hits = walk.view.finder.hits
            shown = [hits[index] for index in range(hits.first, hits.end)]
            assert [at for at in shown if at // SPAN in walk.view.chain.parts] == walk.passing()
        if walk.dice.random() < 0.4:
            await walk.search(height)
    walk.view.close()
