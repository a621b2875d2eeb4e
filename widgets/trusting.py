"""What an unknown runbook could run, all of it, before anything of it may: and how it differs from the one trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from runbook.logs.clean import clean
from runbook.model import Effect, Record
from widgets.dialog import ListDialog
from widgets.footer import KeyHint
from widgets.lines import join
from widgets.rows import Row
from widgets.words import EFFECT_STYLE, effect_sign


class Offered(Record, frozen=True):
    """One command of the runbook."""

    method: str
    text: str
    effect: Effect
    line: int


class Trusting(ListDialog[bool]):
    """Lists every command, after the lines that changed since it was trusted last. `T` goes on to the typed word."""

    DEFAULT_CSS = """
    Trusting > .dialog--frame { width: 96%; max-width: 150; height: 92%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("T", "trust", "trust it", show=False, id="trusting.trust")]
    HINTS: ClassVar[tuple[KeyHint, ...]] = (KeyHint("T", "trust it, by a typed word"), KeyHint("esc", "only look"))

    def __init__(self, name: str, commands: Sequence[Offered], changes: Sequence[str]) -> None:
        known = "changed since you trusted it" if changes else "not known on this machine"
        super().__init__("May this runbook run commands?", note=clean(name), right=known)
        self.commands = commands
        self.changes = changes

    def fill(self) -> None:
        rows: list[Row] = []
        if self.changes:
            rows.append(Row("changes", _Said("What changed", "bold"), False))
            rows += [Row(f"change:{n}", _Said(line, _tone(line))) for n, line in enumerate(self.changes)]
        method = ""
        for number, offered in enumerate(self.commands):
            if offered.method != method:
                method = offered.method
                rows.append(Row(f"method:{number}", _Said(method, "bold"), False))
            for part, line in enumerate(offered.text.split("\n")):
                rows.append(Row(f"command:{number}:{part}", _Command(offered, line, first=part == 0)))
        self.show_rows(rows)
        counts = {effect: sum(offered.effect is effect for offered in self.commands) for effect in Effect}
        said = ", ".join(f"{count} {effect.value}" for effect, count in counts.items() if count)
        self.say(f"{len(self.commands)} commands: {said or 'nothing to run'}; none runs before it is trusted")

    def action_trust(self) -> None:
        self.dismiss(True)


class _Said:
    def __init__(self, text: str, style: str) -> None:
        self.text, self.style = clean(text), style

    def __call__(self, _width: int) -> Content:
        return join((self.text, self.style))


class _Command:
    def __init__(self, offered: Offered, line: str, *, first: bool) -> None:
        self.offered, self.line, self.first = offered, clean(line), first

    def __call__(self, _width: int) -> Content:
        if not self.first:
            return join(" " * 18, self.line)
        effect = self.offered.effect
        sign = (f"{effect_sign(effect):11}", EFFECT_STYLE[effect])
        return join((f"{self.offered.line or '':>5} ", "$foreground-muted"), sign, " ", self.line)


def _tone(line: str) -> str:
    return {"+": "$text-success", "-": "$text-error"}.get(line[:1], "$foreground-muted")
