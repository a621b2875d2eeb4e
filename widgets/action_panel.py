"""Pane 4: what a key would do, what is running, how it ended. The one place where a command is confirmed."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from widgets import action_asks as asks
from widgets.action_draw import Drawn, draw, keys_line, typing_line, view_keys
from widgets.action_guard import guard_for, question
from widgets.action_view import (
    ActionView,
    Confirmation,
    Finished,
    Following,
    Nothing,
    NotStarted,
    Running,
    UnknownOutcome,
    keys_for,
    looking_on,
)
from widgets.confirm import SETTLE, WHY, Answer, Guarded
from widgets.footer import KeyHint

HELP = """What the selected step would do, word for word. Only y (or the typed name, for what destroys) runs it,
and only once you had time to look. Esc always leaves it."""

Clock = Callable[[events.Event | None], float]
"""The time of an event, or now: seconds of one monotonic clock."""


def event_clock(event: events.Event | None = None) -> float:
    """When a key was really pressed, also where the screen was busy then."""
    return monotonic() if event is None else event.time


class ActionPanel(Vertical, can_focus=True):
    """Shows one `ActionView`; takes keys only where `keys_for` names them."""

    DEFAULT_CSS = """
    ActionPanel { height: 1fr; }
    ActionPanel > #action-body { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    ActionPanel > #action-notice { height: 1; color: $text-warning; padding: 0 1 0 4; }
    ActionPanel > #action-keys { height: 1; }
    #action-text { text-wrap: nowrap; min-height: 100%; }
    ActionPanel.-narrow > #action-notice { padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "up", show=False, id="action.up"),
        Binding("down,j", "scroll(1)", "down", show=False, id="action.down"),
        Binding("pageup", "scroll(-8)", "page up", show=False, id="action.page_up"),
        Binding("pagedown", "scroll(8)", "page down", show=False, id="action.page_down"),
    ]

    def __init__(self, *, clock: Clock = event_clock, id: str | None = None) -> None:
        super().__init__(id=id)
        self.view: ActionView = Nothing()
        self.guard = Guarded(keys=frozenset())
        self.notice = ""
        self.inert = False
        """Whether it only shows what was, and no key does anything: a record is played back."""
        self.watching = False
        """Whether this room does not drive: it may look, and nothing is offered that it would be refused."""
        self._clock = clock
        self._drawn = Drawn(body=())
        self._unfolded = False
        self._answered = False
        self._asked = 0
        self._seen = 0
        self._laid_out = math.inf
        """How many lines the body had when it was laid out; infinite where its place has changed since."""
        self._body = Static(id="action-text", markup=False)
        self._scroll = VerticalScroll(self._body, id="action-body", can_focus=False)
        self._notice = Static(id="action-notice", markup=False)
        self._keys = Static(id="action-keys", markup=False)

    def compose(self) -> ComposeResult:
        yield self._scroll
        yield self._notice
        yield self._keys

    # ── what is shown ────────────────────────────────────────────────────────────────────────────

    def show(self, view: ActionView) -> None:
        """Shows the view. One that asks anything else than the last, or asks again, has to be looked at anew."""
        if view == self.view and not self._answered:
            return
        anew = self._answered or question(view) != question(self.view)
        self.view = view
        if anew:
            self._unfolded = self._answered = False
            self._seen = 0
            self._say("")
            self._scroll.scroll_home(animate=False, immediate=True)
            self._ask()
        self._redraw()

    def watch_only(self, watching: bool) -> None:
        """The wheel was taken, or left: other keys work from now on."""
        if watching != self.watching:
            self.watching = watching
            self._ask()
            self._redraw()

    def _ask(self) -> None:
        """A new question: not armed before it was painted."""
        asked = Guarded(keys=frozenset()) if self.watching else guard_for(self.view)
        self.guard = asked.following(self.guard)
        self._asked += 1
        self.call_after_refresh(self._painted, self._asked)

    def _painted(self, asked: int) -> None:
        if asked == self._asked:
            self.guard = self.guard.painted(self._clock(None))
            self._look()

    def on_mount(self) -> None:
        self.watch(self._scroll, "scroll_y", self._look, init=False)
        self._redraw()
        self._ask()

    def on_resize(self) -> None:
        self.set_class(self.size.width < 80, "-narrow")
        self._seen = 0
        self._laid_out = math.inf
        self._redraw()

    def _redraw(self) -> None:
        width = self._scroll.scrollable_content_region.width
        if not width:
            return
        at_end = self._scroll.is_vertical_scroll_end
        self._drawn = draw(self.view, width, roomy=self.size.height > 13, unfolded=self._unfolded)
        self.set_class(self._drawn.alarm, "-destroys")
        self._show_body(self._drawn.body)
        self._keys.update(self._bottom(self.size.width), layout=False)
        if self._drawn.follows and at_end:
            self._scroll.scroll_end(animate=False)
        self.call_after_refresh(self._look)

    def _show_body(self, lines: tuple[Content, ...]) -> None:
        """What fits fills the pane, however short it is: then one text takes another's place and nothing else moves."""
        moves = max(len(lines), self._laid_out) > self._scroll.size.height
        self._laid_out = len(lines)
        # Textual counts no layout while one is asked for already, and would keep the height of the text before.
        self._body._layout_updates += moves
        self._body.update(Content("\n").join(lines), layout=moves)

    def _bottom(self, width: int) -> Content:
        hints = view_keys(self.view, folded=self._drawn.folded)
        hints = looking_on(hints) if self.watching else hints
        if self._answered or self.inert or not self.guard.name or self.guard.needs_override:
            return keys_line(() if self._answered or self.inert else hints, width)
        return typing_line(self.guard.name, self.guard.typed, hints, width)

    def _look(self) -> None:
        """Remembers how far down the person has seen."""
        self._seen = max(self._seen, round(self._scroll.scroll_y) + self._scroll.size.height)

    def _say(self, notice: str) -> None:
        self.notice = notice
        self._notice.update(Content(notice), layout=False)

    @property
    def hints(self) -> tuple[KeyHint, ...]:
        """The keys that do something here now."""
        keys = () if self.inert else keys_for(self.view, folded=self._drawn.folded)
        return looking_on(keys) if self.watching else keys

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Nothing here looks otherwise with the focus: Textual would work out the styles of all of it again."""

    def on_focus(self) -> None:
        self.guard = self.guard.refocused(self._clock(None))

    def seen_again(self) -> None:
        """Something lay over it or in its place, and the keys meant for that may still be coming."""
        self.guard = self.guard.refocused(self._clock(None))

    def on_show(self) -> None:
        self.seen_again()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        if self.guard.keys or self.guard.name:
            self.guard, answer = self.guard.pasted(self._clock(event))
            self._redraw()
            self._say(WHY[answer])

    def on_key(self, event: events.Key) -> None:
        key = "esc" if event.key == "escape" else event.key
        character = event.character or ""
        if self.inert:
            return
        mine = {hint.key for hint in self.hints}
        counts = key in self.guard.keys or self._belongs_to_name(key, character, mine)
        guarded = bool(self.guard.keys or self.guard.name)
        self.guard, answer = self.guard.press(key, character if counts else "", self._clock(event))
        if counts or (guarded and answer is Answer.BURST and key != "esc"):
            event.stop()
            event.prevent_default()
            self._answer(answer, event)
        elif (key in mine or (key == "n" and isinstance(self.view, Confirmation))) and self._act(key):
            event.stop()
            event.prevent_default()

    def _belongs_to_name(self, key: str, character: str, mine: set[str]) -> bool:
        """Whether a key goes into the name: any letter once one is typed, else one that is no command here."""
        if not self.guard.name or self.guard.needs_override:
            return False
        if key in ("enter", "backspace"):
            return True
        if len(character) != 1 or not character.isprintable():
            return False
        return bool(self.guard.typed) or key not in mine or self.guard.name.startswith(character)

    def _answer(self, answer: Answer, event: events.Key) -> None:
        notice = WHY.get(answer, "")
        if answer is Answer.WAIT and self._seen < self._drawn.must_see:
            self.guard = self.guard.refocused(self._clock(event))
            notice = "the command goes on below: see all of it first (down)"
        elif answer is Answer.WAIT:
            self.set_timer(SETTLE + 0.01, self._behind_queued_keys)
        self._redraw()
        self._say(notice)

    def _behind_queued_keys(self) -> None:
        # Keys that came in the meantime may still wait in the app's queue, then in ours: they are heard first.
        self.app.call_later(self.call_later, self._settle)

    def _settle(self) -> None:
        self.guard, key = self.guard.settle(self._clock(None))
        if key:
            self._counted(key)
        elif self.guard.waiting:  # the clock is not there yet
            self.set_timer(SETTLE, self._behind_queued_keys)

    def _counted(self, key: str) -> None:
        """A key that passed the guard does what it says, once."""
        view, typed = self.view, self.guard.typed
        self._answered = True
        self.guard = Guarded(keys=frozenset()).following(self.guard)
        message: asks.Asked
        match view:
            case Confirmation(prepared=prepared):
                self._say("confirmed: starting")
                message = asks.Confirmed(view, prepared, typed)
            case Running() | Following():
                grades: dict[str, asks.StopGrade] = {"x": "interrupt", "X": "terminate", "K": "kill"}
                message = asks.StopAsked(view, grades[key])
            case UnknownOutcome() if key == "r":
                message = asks.RetryAsked(view)
            case _:
                message = asks.Resolved(view, "not-done" if key == "n" else "done")
        self._redraw()
        self.post_message(message)

    def _act(self, key: str) -> bool:
        """A key that harms nothing acts at once; whether there was anything to do."""
        if len(key) == 1 and self.guard.name.startswith(key.swapcase()):
            key = key.swapcase()
        if key == "v":
            self._unfolded = True
            self._redraw()
            return True
        if key == "esc" and self.guard.typed:
            self._ask()
            self._redraw()
            return True
        anew = isinstance(self.view, Confirmation | NotStarted)
        messages: dict[str, type[asks.Asked]] = {
            "esc": asks.Cancelled,
            "n": asks.Cancelled,
            "o": asks.OverrideAsked,
            "e": asks.EditAsked,
            "s": asks.SkipAsked,
            "u": asks.UndoAsked,
            "p": asks.WayOutAsked,
            "C": asks.CopyAsked,
            "r": asks.LookAgain if anew else asks.RetryAsked,
            "enter": asks.NextAsked if isinstance(self.view, Finished | Following) else asks.LookAsked,
        }
        if key not in messages:
            return False
        self.post_message(messages[key](self.view))
        return True

    def action_scroll(self, lines: int) -> None:
        self._scroll.scroll_relative(y=lines, animate=False, immediate=True)
