"""Choosing the method: all of them side by side, line by line comparable, the recommended one first."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import events
from textual.app import ComposeResult, RenderResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from runbook.model import Record, Seconds
from widgets.compositing import SparingScreen, lay_out_anew
from widgets.footer import KeyHint, draw_footer
from widgets.header import NARROW
from widgets.lines import cut, join, wrapped
from widgets.pane import Heading, Ruled
from widgets.words import about, counted, glyph


class MethodCard(Record, frozen=True):
    """One method as the person compares it. `ready` is None while nobody knows; `mend` makes ready what is not."""

    id: str
    label: str
    title: str
    estimate: Seconds = 0
    risk: Literal["very low", "low", "medium", "high"] = "medium"
    data_loss: str = "none"
    ready: bool | None = True
    ready_text: str = "ready"
    mend: str = ""
    warning: str = ""
    """What speaks against it though it is ready."""
    recommended: bool = False
    reason: str = ""
    use_when: str = ""
    avoid_when: str = ""
    steps: int = 0
    standing: str = ""
    """`chosen`, `tried at 03:20, failed`; empty where nothing happened with it."""


_RISK = {"very low": "", "low": "", "medium": "$text-warning", "high": "bold $text-error"}


class Cards(Widget):
    """The methods as columns of one table, or one below the other where that does not fit."""

    DEFAULT_CSS = "Cards { height: auto; text-wrap: nowrap; }"

    selected: reactive[int] = reactive(0, layout=True)
    cards: reactive[tuple[MethodCard, ...]] = reactive((), layout=True)

    def __init__(self, cards: tuple[MethodCard, ...]) -> None:
        super().__init__()
        self.set_reactive(Cards.cards, cards)

    def render(self) -> RenderResult:
        return Content("\n").join(draw_cards(self.cards, self.selected, self.content_size.width))


AROUND = 8
"""Lines of the chooser that are neither methods nor advice: its rule, the keys, the space between."""


class Chooser(ModalScreen[str | None], SparingScreen[str | None]):
    """Dismisses with the method's id, or None. One that is not ready can be looked at all the same."""

    DEFAULT_CSS = """
    Chooser { align: center middle; background: $background; }
    Chooser > #chooser { width: 96%; max-width: 170; height: auto; max-height: 90%; padding: 1 0; }
    Chooser > #chooser { background: $background; }
    Chooser.-narrow > #chooser { width: 100%; height: 100%; max-height: 100%; padding: 1 0 0 0; }
    Chooser .chooser--line { height: auto; padding: 0 2; margin: 1 0 0 0; }
    Chooser.-narrow .chooser--line { margin: 0; padding: 0 1; }
    Chooser VerticalScroll { height: auto; margin: 1 0; padding: 0 1; scrollbar-size-vertical: 1; }
    Chooser.-narrow VerticalScroll { height: 1fr; max-height: 100%; margin: 0; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", show=False, id="chooser.leave"),
        Binding("left,up,h,k", "move(-1)", "before", show=False, id="chooser.before"),
        Binding("right,down,l,j", "move(1)", "after", show=False, id="chooser.after"),
        Binding("enter", "choose", "choose", show=False, id="chooser.choose"),
    ]

    def __init__(self, cards: tuple[MethodCard, ...], advice: str = "") -> None:
        super().__init__()
        # Recommended first, then the ready ones; the rest keeps the runbook's order. Later news moves none of them.
        self.cards = tuple(sorted(cards, key=lambda card: (not card.recommended, card.ready is False)))
        self._typed = ""
        self.advice = advice
        self.table = Cards(self.cards)
        heading = Heading("Choose a method", right=counted(len(cards), "method"), focused=True)
        self.frame = Ruled(heading, id="chooser")
        self.about = Static(classes="chooser--line", markup=False)
        self.bottom = Static(classes="chooser--line", markup=False)
        self.scroll = VerticalScroll(self.table, can_focus=False)

    def compose(self) -> ComposeResult:
        with self.frame:
            yield self.about
            yield self.scroll
            yield self.bottom

    def on_mount(self) -> None:
        self._fit()
        self._words()

    def learn(self, cards: tuple[MethodCard, ...], advice: str = "") -> None:
        """What has become known about the methods, and is advised now; their order and the selection stay."""
        known = {card.id: card for card in cards}
        fresh = tuple(known[card.id] for card in self.cards)
        if (fresh, advice) == (self.cards, self.advice):
            return
        self.cards, self.advice = fresh, advice
        self.table.cards = self.cards
        if self.is_mounted:
            self._words()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """The methods scroll; what is advised above them and the keys below stay in sight."""
        width, height = self.app.size
        narrow = width < NARROW
        self.set_class(narrow, "-narrow")
        around = AROUND + len(wrapped(Content(self._why()), max(1, min(170, width * 96 // 100) - 4), 0, 0))
        self.scroll.styles.max_height = None if narrow else max(3, height * 9 // 10 - around)

    def on_key(self, event: events.Key) -> None:
        """A method's label, as the team says it aloud, selects it; `2b` as well, letter by letter."""
        labels = [card.label for card in self.cards]
        for typed in (self._typed + event.character, event.character) if event.character else ():
            begun = [label for label in labels if label == typed or (typed.isdigit() and label.startswith(typed))]
            if begun:
                event.stop()
                self._typed = typed
                self._select(labels.index(typed if typed in begun else min(begun)))
                return
        self._typed = ""

    def action_move(self, way: int) -> None:
        self._select(min(max(self.table.selected + way, 0), len(self.cards) - 1))

    def _select(self, index: int) -> None:
        self.table.selected = index
        top = line_of(self.cards, index, self.table.content_size.width)
        self.scroll.scroll_to(y=max(0, top - 1), animate=False)
        self._words()

    def _why(self) -> str:
        """What is advised, in the words and the order of the bar at the top of the room."""
        card = self.cards[self.table.selected] if self.cards else None
        why = f"{card.reason} {glyph('arrow')} {card.title}" if card and card.reason else self.advice
        return why or "The decision is yours; it is recorded with what the signals say now."

    def _words(self) -> None:
        card = self.cards[self.table.selected] if self.cards else None
        self.about.update(Content(self._why()))
        lay_out_anew(self.about)
        enter = "look at it (not ready here)" if card and card.ready is False else "choose"
        keys = (KeyHint("enter", enter), KeyHint("arrows", "compare"), KeyHint("esc", "back"))
        self.bottom.update(draw_footer(keys, "", 100))
        lay_out_anew(self.table)
        self._fit()

    def action_choose(self) -> None:
        if self.cards:
            self.dismiss(self.cards[self.table.selected].id)

    def action_leave(self) -> None:
        self.dismiss(None)


NAMES = 11
"""The width of the column that names the lines."""


def is_table(count: int, width: int) -> bool:
    """Whether the methods fit side by side, with room enough to read each."""
    return count > 0 and (width - NAMES) // count >= 26


def line_of(cards: tuple[MethodCard, ...], index: int, width: int) -> int:
    """The line at which a card begins; 0 where they stand side by side."""
    if is_table(len(cards), width):
        return 0
    return sum(len(_listed(card, False, width)) for card in cards[:index])


def draw_cards(cards: tuple[MethodCard, ...], selected: int, width: int) -> list[Content]:
    """All lines of the comparison."""
    if not is_table(len(cards), width):
        return [line for index, card in enumerate(cards) for line in _listed(card, index == selected, width)]
    room = (width - NAMES) // len(cards)
    parts = [_parts(card) for card in cards]
    lines = []
    for name in ("", *(name for name, _ in parts[0])):
        if name and not any(dict(part)[name].plain.strip() for part in parts):
            continue  # the document says nothing of it, for no method
        cells = []
        for index, card in enumerate(cards):
            text = _title(card, index == selected) if not name else dict(parts[index])[name]
            cells.append(wrapped(text, room - 2, 1, 3 if not name else 1))
        height = max(len(cell) for cell in cells)
        for at in range(height):
            line = join((f"{name if at == 0 else '':<{NAMES}}", "$foreground-muted"))
            for index, cell in enumerate(cells):
                part = cut(cell[at] if at < len(cell) else Content(""), room)
                part += Content(" " * (room - part.cell_length))
                line += part.stylize("on $accent 15%") if index == selected else part
            lines.append(line)
        if name in ("", "ready"):
            blank = Content(" " * NAMES)
            for index in range(len(cards)):
                gap = Content(" " * room)
                blank += gap.stylize("on $accent 15%") if index == selected else gap
            lines.append(blank)
    return lines


def _title(card: MethodCard, here: bool) -> Content:
    sign = glyph("cursor") if here else " "
    return join((sign, "$accent"), (f"{card.label} {card.title}", "bold"))


def _parts(card: MethodCard) -> list[tuple[str, Content]]:
    if card.recommended:
        standing = f"\n{card.standing}" if card.standing else ""
        advised = join((f"{glyph('here')} recommended", "bold $text-accent"), (standing, "$foreground-muted"))
    else:
        advised = join((card.standing or "", "$foreground-muted"))
    return [
        ("advice", advised),
        (
            "takes",
            join(about(card.estimate) or "not known", (f", {counted(card.steps, 'step')}" if card.steps else "", "")),
        ),
        ("risk", join((card.risk, _RISK[card.risk]))),
        ("data loss", join((card.data_loss, "" if card.data_loss in ("none", "") else "$text-warning"))),
        ("ready", _ready(card)),
        ("use when", join((card.use_when or " ", "$foreground-muted"))),
        ("not when", join((card.avoid_when or " ", "$foreground-muted"))),
    ]


def _ready(card: MethodCard) -> Content:
    warning = f"\n{glyph('warn')} {card.warning}" if card.warning else ""
    if card.ready:
        return join((f"{glyph('ok')} ", "$text-success"), card.ready_text, (warning, "$text-warning"))
    mend = f"\n{glyph('arrow')} {card.mend}" if card.mend else ""
    if card.ready is None:
        return join((f"{glyph('unknown')} {card.ready_text}", "$foreground-muted"), (warning, "$text-warning"), mend)
    return join((f"{glyph('bad')} not here: {card.ready_text}", "$text-warning"), (mend, "$foreground-muted"))


def _listed(card: MethodCard, here: bool, width: int) -> list[Content]:
    """A card of the list form: title and figures on one line, the rest below while it is selected."""
    figures = [about(card.estimate), f"risk {card.risk}", f"data loss {card.data_loss}" if card.data_loss else ""]
    dot = f" {glyph('dot')} "
    advised = join(("   recommended", "bold $text-accent")) if card.recommended else Content("")
    advised += join((f"   {card.standing}", "$foreground-muted")) if card.standing else Content("")
    lines = [cut(_title(card, here) + advised, width)]
    said = join((dot.join(part for part in figures if part), "$foreground-muted"))
    lines += wrapped(said, width, 3, 5) if here else [cut(join("   ", said), width)]
    lines += wrapped(_ready(card), width, 3, 5)
    if here:
        lines += wrapped(join(("use when ", "$foreground-muted"), card.use_when), width, 3, 5) if card.use_when else []
        lines += (
            wrapped(join(("not when ", "$foreground-muted"), card.avoid_when), width, 3, 5) if card.avoid_when else []
        )
        lines = [(line + Content(" " * (width - line.cell_length))).stylize("on $accent 15%") for line in lines]
    return [*lines, Content("")]
