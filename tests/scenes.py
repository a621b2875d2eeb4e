"""The pictures of the room, from fixed data through the real screen: `screenshots/*.svg`.

`python -m tests.scenes` draws them anew; with `--check` it says which are stale and exits 1.
"""

from __future__ import annotations

import asyncio
import math
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from textual.app import App
from textual.filter import Monochrome

from runbook.logs.index import Line
from runbook.logs.rows import rows_of
from runbook.logs.window import LogWindow
from runbook.signals.standing import State
from tests.widgets import samples
from tui.painting import asked
from tui.picture import short_action
from tui.room_screen import RoomScreen
from tui.themes import THEMES
from widgets.action_view import ActionView, Nothing
from widgets.chart import Mark, Threshold
from widgets.footer import KeyHint
from widgets.header import NARROW, HeaderView
from widgets.outline import runbook_view
from widgets.outline_view import OPEN_AT_FIRST
from widgets.signals_view import HealthCheck, SignalRow, SignalsView
from widgets.verdict_bar import VerdictView

FOLDER = Path(__file__).parents[1] / "screenshots"
WIDE, SMALL = (160, 45), (80, 24)
NOW = samples.NOW.timestamp()
HINTS = tuple(
    KeyHint(key, words)
    for key, words in (
        ("1-4", "pane"), ("m", "method"), ("a", "note"), ("t", "timeline"),
        ("c", "contacts"), ("?", "keys"), (":", "commands"),
    )
)  # fmt: skip


def _course(before: float, after: float, since: float, wobble: float) -> tuple[tuple[float, float | None], ...]:
    """A signal that changes level `since` seconds before now."""
    points = []
    for step in range(180):
        at = NOW - 900 + step * 5
        level = after if at > NOW - since else before
        points.append((at, max(0.0, level + wobble * level * math.sin(step * 1.7) * math.cos(step * 0.31))))
    return tuple(points)


def _signals(*, bad: bool) -> SignalsView:
    errors = _course(0.3, 24.8, 420, 0.12) if bad else _heals(24.8, 0.2)
    p95 = _course(0.31, 6.2, 420, 0.08) if bad else _heals(6.2, 0.31)
    state: State = "not-met" if bad else "met"
    return SignalsView(
        rows=(
            SignalRow(
                "error_rate", "error rate", "24.8 %" if bad else "0.2 %", "< 1 %", state, trend=1.1 if bad else -0.1,
                points=errors, thresholds=(Threshold(1, "1 %", "good"), Threshold(5, "5 %", "danger")), unit="%",
            ),
            SignalRow(
                "p95", "latency p95", "6.2 s" if bad else "0.31 s", "< 1 s", state, trend=0.2 if bad else 0,
                points=p95, thresholds=(Threshold(1, "1 s", "good"), Threshold(5, "5 s", "danger")), unit="s",
            ),
            SignalRow(
                "health", "health", "503" if bad else "200", "== 200", state, chart=False,
                checks=(HealthCheck("redis", not bad), HealthCheck("database", True), HealthCheck("memory", True)),
            ),
            SignalRow("requests", "requests", "118 /s", chart=False),
        ),
        marks=() if bad else (Mark(NOW - 480, "2"), Mark(NOW - 400, "4")),
        window=900,
        now=NOW,
    )  # fmt: skip


def _heals(before: float, after: float) -> tuple[tuple[float, float | None], ...]:
    bad = _course(before, after, 380, 0.1)
    return tuple((at, value if at > NOW - 850 else after) for at, value in bad)


def _log(*, bad: bool) -> LogWindow:
    lines = []
    for second in range(20):
        stamp = (samples.NOW - timedelta(seconds=20 - second)).strftime("%H:%M:%S")
        if bad and second % 3 == 0:
            lines.append(f'{stamp} ERROR checkout  TypeError: cannot read "total" of None')
            lines.append('    File "src/checkout.py", line 88, in order')
        else:
            lines.append(f"{stamp} INFO  http      GET /api/cart 200 {9 + second}ms")
    raw = [Line(offset, line.encode(), len(line)) for offset, line in enumerate(lines)]
    return LogWindow(
        name="app.log", rows=rows_of(raw), state="following", errors_per_minute=412 if bad else 0,
        spark=(0, 0, 1, 3, 9, 12, 11, 12) if bad else (),
    )  # fmt: skip


class Scene(App[None]):
    """The real screen without a room behind it: it shows what it is given."""

    def __init__(self, size: tuple[int, int], pane: str, theme: str, fill: Callable[[RoomScreen], None]) -> None:
        super().__init__()
        self._pane, self._theme, self._fill = pane, theme, fill
        self.progress: tuple[str, ...] = ()
        self.presenting = False

    def on_mount(self) -> None:
        for theme in THEMES.values():
            self.register_theme(theme)
        if self._theme == "no-colour":
            self.get_line_filters = lambda: [Monochrome()]  # type: ignore[method-assign]
        else:
            self.theme = THEMES[self._theme].name
        self.stage = RoomScreen()
        self.push_screen(self.stage)

    def dress(self) -> None:
        self.stage.go(self._pane)
        self._fill(self.stage)


def _fill(header: HeaderView, verdict: VerdictView, action: ActionView, *, bad: bool) -> Callable[[RoomScreen], None]:
    def dress(screen: RoomScreen) -> None:
        screen.header.show(header)
        screen.verdict.show(verdict)
        screen.signals.show(_signals(bad=bad))
        screen.logs.show(_log(bad=bad))
        view = runbook_view(samples.RUNBOOK, samples.STATE, OPEN_AT_FIRST)
        screen.runbook_pane.label(title=view.title, right="" if screen.size.width < NARROW else view.progress)
        screen.checklist.show(view)
        screen.panel.show(action)
        screen.line.update(short_action(action))
        screen.footer.show(HINTS, asked(action, screen.current))

    return dress


RECOVERED = Nothing(
    "Recovered", ("Next: the status page, the stakeholders, the follow-ups.",), (KeyHint("R", "report"),)
)
DECIDING = _fill(samples.HEADER, samples.VERDICT, samples.CONFIRM, bad=True)
DESTROYS = _fill(samples.HEADER, samples.VERDICT, samples.DESTROY, bad=True)
UNKNOWN = _fill(samples.HEADER, samples.VERDICT, samples.UNKNOWN, bad=True)
OVER = _fill(samples.HEADER, samples.RECOVERED, RECOVERED, bad=False)


def READING(screen: RoomScreen) -> None:
    """One signal alone, read at a moment after the rollback."""
    OVER(screen)
    body = screen.signals.signals
    body.action_alone()
    for _ in range(24):
        body.action_read(-1)


SCENES: dict[str, tuple[tuple[int, int], str, str, Callable[[RoomScreen], None]]] = {
    "deciding": (WIDE, "action", "dark", DECIDING),
    "destroying": (WIDE, "action", "dark", DESTROYS),
    "unknown-outcome": (WIDE, "action", "dark", UNKNOWN),
    "recovered": (WIDE, "runbook", "dark", OVER),
    "deciding-light": (WIDE, "action", "light", DECIDING),
    "small-runbook": (SMALL, "runbook", "dark", DECIDING),
    "small-confirming": (SMALL, "action", "dark", DECIDING),
    "small-signals": (SMALL, "signals", "dark", DECIDING),
    "reading": (WIDE, "signals", "dark", READING),
    "recovered-high-contrast": (WIDE, "runbook", "high-contrast", OVER),
    "recovered-no-colour": (WIDE, "runbook", "no-colour", OVER),
}


async def draw(name: str) -> str:
    """A scene as SVG, the same for the same sources."""
    size, pane, theme, fill = SCENES[name]
    app = Scene(size, pane, theme, fill)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.dress()
        await pilot.pause()
        await pilot.pause()
        svg = app.export_screenshot(title="warroom")
    return re.sub(r"terminal-\d+", "terminal", svg)


def main(arguments: list[str]) -> int:
    stale: list[str] = []
    for name in SCENES:
        path = FOLDER / f"{name}.svg"
        svg = asyncio.run(draw(name))
        if "--check" in arguments:
            if not path.exists() or path.read_text() != svg:
                stale.append(name)
        else:
            FOLDER.mkdir(exist_ok=True)
            path.write_text(svg)
            print(path.relative_to(FOLDER.parent))
    if stale:
        print(f"stale pictures: {', '.join(stale)}. `make screenshots` draws them again.", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
