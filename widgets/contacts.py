"""Whom to call, in the order of escalation. That somebody was called is recorded after it was asked once more."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.content import Content

from runbook.model import Contact
from widgets.action_panel import Clock, event_clock
from widgets.confirm import SETTLE, WHY, Answer, Guarded
from widgets.dialog import ListDialog
from widgets.footer import KeyHint
from widgets.lines import columns, join
from widgets.rows import Row, Rows
from widgets.words import counted, glyph

HIDDEN = "hidden while presenting"


class Contacts(ListDialog[Contact | None]):
    """Dismisses with the contact that was called, or None. `hidden` keeps numbers off a shared screen."""

    DEFAULT_CSS = """
    Contacts .contacts--whole { height: auto; min-height: 1; max-height: 4; padding: 0 1; }
    """
    HINTS: ClassVar[tuple[KeyHint, ...]] = (KeyHint("enter", "I have called them"), KeyHint("esc", "back"))
    ASKED: ClassVar[tuple[KeyHint, ...]] = (KeyHint("y", "yes, record it"), KeyHint("n", "no"))

    def __init__(
        self, contacts: tuple[Contact, ...], called: tuple[str, ...] = (), *, suggest: str = "", hidden: bool = False
    ) -> None:
        """`called` holds `level: who` as the record does; `suggest` is the level to call next."""
        super().__init__("Contacts", right=counted(len(contacts), "contact"))
        self.contacts = contacts
        self.called = called
        self.suggest = suggest
        self.hidden = hidden
        self.asked: Contact | None = None
        """Of whom it is asked whether they were called: what is recorded stays in the record."""
        self.guard = Guarded()
        self.notice = ""
        self.clock: Clock = event_clock
        self.about.set_classes("contacts--whole")

    def fill(self) -> None:
        rows = [Row(str(n), _Line(contact, self._was_called(contact), self)) for n, contact in enumerate(self.contacts)]
        first = next((str(n) for n, contact in enumerate(self.contacts) if contact.level == self.suggest), "")
        self.show_rows(rows, first)
        self._tell()

    def on_resize(self) -> None:
        super().on_resize()
        self.call_after_refresh(self._tell)

    def on_rows_selected(self, event: Rows.Selected) -> None:
        event.stop()
        self._tell()

    def _tell(self) -> None:
        """Whom to call next; and of the one under the cursor everything, where the row cuts a number or an address."""
        if self.asked is not None:
            question = (f"Record that {self.asked.who} was called?", "bold")
            self.say(join(question, "   ", (self.notice, "$text-warning")))
            return
        said = (
            [Content.styled(f"{glyph('arrow')} call {self.suggest} next", "bold $text-error")] if self.suggest else []
        )
        if not self.contacts:
            said.append(Content("The runbook names nobody to call."))
        elif self.list.key:
            contact = self.contacts[int(self.list.key)]
            how = self.how(contact)
            row = draw_contact(contact, how, self._was_called(contact), self.room)
            if glyph("more") in row.plain:
                said.append(join(contact.who, "  ", (how, "$text-accent"), "  ", (contact.when, "$foreground-muted")))
        self.say(Content("   ").join(said))

    def how(self, contact: Contact) -> str:
        """Where a contact is reached, unless others look on."""
        return HIDDEN if self.hidden and contact.how else contact.how

    def _was_called(self, contact: Contact) -> bool:
        return f"{contact.level}: {contact.who}" in self.called

    def on_rows_opened(self, event: Rows.Opened) -> None:
        event.stop()
        self._ask(self.contacts[int(event.key)])

    def hints(self) -> tuple[KeyHint, ...]:
        return self.ASKED if self.asked is not None else self.HINTS

    def on_key(self, event: events.Key) -> None:
        """While it is asked, `y` says yes and any other key no."""
        self.guard, answer = self.guard.press(event.key, "", self.clock(event))
        if self.asked is None:
            return
        if event.key in ("y", "n", "escape"):
            event.stop()
        if event.key != "y":
            self._ask(None)
            return
        self.notice = WHY.get(answer, "")
        self._tell()
        if answer is Answer.WAIT:
            self.set_timer(SETTLE + 0.01, self._settle)

    def _ask(self, contact: Contact | None) -> None:
        self.asked, self.notice = contact, ""
        self.guard = Guarded().following(self.guard)
        self._tell()
        self.draw_bottom()
        if contact is not None:
            self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        self.guard = self.guard.painted(self.clock(None))

    def _settle(self) -> None:
        self.guard, key = self.guard.settle(self.clock(None))
        if key and self.asked is not None:
            self.dismiss(self.asked)
        elif self.guard.waiting:  # the clock is not there yet
            self.set_timer(SETTLE, self._settle)


class _Line:
    def __init__(self, contact: Contact, called: bool, of: Contacts) -> None:
        self.contact, self.called, self.of = contact, called, of

    def __call__(self, width: int) -> Content:
        return draw_contact(self.contact, self.of.how(self.contact), self.called, width)


def draw_contact(contact: Contact, how: str, called: bool, width: int) -> Content:
    """A row: level, who, how, and when they are to be called."""
    sign = join((f"{glyph('ok')} ", "$text-success")) if called else Content("  ")
    level = sign + join((contact.level, "bold"))
    when = join(("called" if called else contact.when, "$foreground-muted"))
    if width < 90:
        return columns(
            ((level, 14), (join(contact.who), (width - 18) // 2), (join((how, "$text-accent")), (width - 18) // 2))
        )
    room = width - 18 - 28 - 36 - 6
    return columns(((level, 18), (join(contact.who), 28), (join((how, "$text-accent")), 36), (when, room)))
