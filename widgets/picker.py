"""Picking a value: commits, tags, deployments. Typing filters, enter picks, and any other value can be typed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content

from runbook.model import Effect
from runbook.providers.provider import MOST_COMMITS, MOST_TAGS, Target
from widgets.dialog import ListDialog
from widgets.footer import KeyHint
from widgets.lines import columns, join, tail
from widgets.outline import short_value
from widgets.rows import Row, Rows
from widgets.words import EFFECT_STYLE, age, counted, glyph

TYPED = "typed"
"""The key of the row that stands for the typed text itself."""
VALUE_WIDTH = 16


class Picker(ListDialog[str | None]):
    """Dismisses with the value, or None. It takes what is typed from the first key on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "mark", "mark several", show=False, id="dialog.mark")]
    HINTS: ClassVar[tuple[KeyHint, ...]] = (
        KeyHint("enter", "take it"),
        KeyHint("type", "to filter, or another value"),
        KeyHint("esc", "back"),
    )

    def __init__(
        self,
        title: str,
        targets: tuple[Target, ...],
        *,
        now: datetime | None = None,
        chosen: str = "",
        trouble: str = "",
        free: bool = True,
        several: bool = False,
    ) -> None:
        """`trouble` says why there is nothing to pick from; `free` allows a value that is not in the list.

        With `several`, tab marks entries, and enter takes all that are marked, in the order of the list.
        """
        cut_off = len(targets) in (MOST_COMMITS, MOST_TAGS)
        what = f"the newest {len(targets)}" if cut_off else counted(len(targets), "entry", "entries")
        super().__init__(title, right=what)
        self.targets = targets
        self.now = now or datetime.now(UTC)
        self.chosen = chosen
        self.trouble = trouble
        self.free = free
        self.several = several
        self.marked: frozenset[str] = frozenset()
        self.typed = ""

    def fill(self) -> None:
        words = self.typed.lower().split()
        fitting = [target for target in self.targets if all(word in _haystack(target) for word in words)]
        rows = [
            Row(f"target:{target.value}", _Line(target, self.now, target.value in self.marked), True)
            for target in sorted(fitting, key=self._named_otherwise)
        ]
        if self.free and self.typed.strip():
            rows.append(Row(TYPED, _Typed(self.typed.strip())))
        first = self.chosen.split(" ")[0] if self.several else self.chosen
        self.show_rows(rows, "" if self.typed else f"target:{first or self._likely()}")
        caret = Content.styled(glyph("caret"), "$text-accent")
        line = join(("filter: ", "$foreground-muted"), tail(self.typed, max(8, self.room - 12)), caret)
        if self.marked:
            line += join("   ", (f"{glyph('ok')} {counted(len(self.marked), 'commit')} marked", "$text-accent"))
        if self.trouble:
            line += join("   ", (self.trouble, "$text-warning"))
        elif not rows:
            line += join("   ", ("nothing fits", "$text-warning"))
        self.say(line)

    def _named_otherwise(self, target: Target) -> int:
        """0 where what is typed is its whole name, 1 where it begins so: release 2 is not the one of 2 days ago."""
        typed, name = self.typed.strip().lower(), target.value.lower()
        return 0 if name == typed else 1 if name.startswith(typed) else 2

    def _likely(self) -> str:
        """The newest that is not live now, and that nothing speaks against where there is one."""
        others = [one for one in self.targets if not one.current]
        return next((one.value for one in others if not one.warning), others[0].value if others else "")

    def on_key(self, event: events.Key) -> None:
        text = self.typed
        if event.key == "backspace":
            text = text[:-1]
        elif event.key == "ctrl+u":
            text = ""
        elif event.character and event.is_printable:
            text += event.character
        if text != self.typed or event.key == "backspace":
            self._filter(event, text)

    def on_paste(self, event: events.Paste) -> None:
        """A pasted SHA is a value to look at, never a choice: enter still has to be pressed."""
        self._filter(event, self.typed + " ".join(event.text.split()))

    def _filter(self, event: events.Event, text: str) -> None:
        event.stop()
        event.prevent_default()
        self.typed = text[:200]
        self.fill()
        # The best match, not the row that happened to be selected before; what is live is gone back to by no word
        # that fits others too.
        live = {f"target:{one.value}" for one in self.targets if one.current and self._named_otherwise(one) == 2}
        keys = [row.key for row in self.list.rows]
        if keys:
            self.list.select(next((key for key in keys if key not in live and key != TYPED), keys[0]))

    def hints(self) -> tuple[KeyHint, ...]:
        return (self.HINTS[0], KeyHint("tab", "mark several"), *self.HINTS[1:]) if self.several else self.HINTS

    def action_mark(self) -> None:
        """Mark the entry under the cursor, or take its mark away."""
        key = self.list.key
        if not self.several or not key.startswith("target:"):
            return
        self.marked ^= {key.removeprefix("target:")}
        self.fill()
        self.list.select(key)

    def on_rows_opened(self, event: Rows.Opened) -> None:
        event.stop()
        if self.marked:
            self.dismiss(" ".join(target.value for target in self.targets if target.value in self.marked))
            return
        self.dismiss(self.typed.strip() if event.key == TYPED else event.key.removeprefix("target:"))


def _haystack(target: Target) -> str:
    return f"{target.value} {target.title} {target.by} {target.detail}".lower()


class _Typed:
    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, _width: int) -> Content:
        return join(
            ("use ", "$foreground-muted"),
            (self.text, "bold"),
            (" as typed; it is checked before it runs", "$foreground-muted"),
        )


class _Line:
    def __init__(self, target: Target, now: datetime, marked: bool = False) -> None:
        self.target, self.now, self.marked = target, now, marked

    def __call__(self, width: int) -> Content:
        return draw_target(self.target, self.now, width, marked=self.marked)


def draw_target(target: Target, now: datetime, width: int, *, marked: bool = False) -> Content:
    """A row: value, title, then by whom, how old and how much, as far as there is room."""
    muted = "$foreground-muted"
    old = age((now - target.at).total_seconds()) if target.at else ""
    name = short_value(target.value)
    words = target.title
    if len(name) > VALUE_WIDTH - 2 and not words.startswith(name):
        words = f"{name}  {words}"  # a name is never chosen by its first half
    title = join((words, "bold" if target.current else ""))
    if target.warning:
        title += join("  ", (f"{glyph('warn')} {target.warning}", EFFECT_STYLE[Effect.CHANGE]))
    sign = join((f"{glyph('live')} ", "$text-accent")) if target.current else Content("  ")
    if marked:
        sign = join((f"{glyph('ok')} ", "bold $text-accent"))
    value = sign + join((name, "$text-accent"))
    if width < 90:
        title += join("  ", (target.detail, muted))
        side = ((join((old, muted)), 10),)
        room = width - VALUE_WIDTH - 10 - 4
    else:
        side = ((join((target.by, muted)), 14), (join((old, muted)), 10), (join((target.detail, muted)), 22))  # type: ignore[assignment]
        room = width - VALUE_WIDTH - 14 - 10 - 22 - 8
    return columns(((value, VALUE_WIDTH), (title, max(8, room)), *side))
