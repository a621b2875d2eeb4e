"""What an unknown runbook could run, all of it, before anything of it may: and how it differs from the one trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from runbook.logs.clean import clean
from runbook.model import Effect, Record
from widgets.dialog import ListDialog, folded, whole
from widgets.footer import KeyHint
from widgets.lines import join
from widgets.rows import Draw, Row
from widgets.words import EFFECT_STYLE, counted, effect_sign


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
            rows.append(Row("changes", _said("What changed"), False))
            for number, line in enumerate(self.changes):
                rows += self._whole(f"change:{number}", Content(""), line, _tone(line))
        method = ""
        for number, offered in enumerate(self.commands):
            if offered.method != method:
                method = offered.method
                rows.append(Row(f"method:{number}", _said(method), False))
            rows += self._whole(f"command:{number}", _lead(offered), offered.text)
        self.show_rows(rows)
        counts = {effect: sum(offered.effect is effect for offered in self.commands) for effect in Effect}
        said = ", ".join(f"{count} {effect.value}" for effect, count in counts.items() if count)
        what = counted(len(self.commands), "command")
        self.say(f"{what}: {said or 'nothing to run'}; none runs before it is trusted")

    def on_resize(self) -> None:
        super().on_resize()
        self.call_after_refresh(self.fill)

    def _whole(self, key: str, lead: Content, text: str, style: str = "") -> list[Row]:
        """Nothing of it is left out: what is trusted here may run without being shown again."""
        cleaned = "\n".join(map(clean, text.split("\n")))
        lines = folded(lead, cleaned, self.room)
        return [Row(f"{key}:{part}", whole(line.stylize(style) if style else line)) for part, line in enumerate(lines)]

    def action_trust(self) -> None:
        self.dismiss(True)


def _said(text: str) -> Draw:
    return whole(join((clean(text), "bold")))


def _lead(offered: Offered) -> Content:
    sign = (f"{effect_sign(offered.effect):11}", EFFECT_STYLE[offered.effect])
    return join((f"{offered.line or '':>5} ", "$foreground-muted"), sign, " ")


def _tone(line: str) -> str:
    return {"+": "$text-success", "-": "$text-error"}.get(line[:1], "$foreground-muted")
