"""What is about to happen: one command (or one-key group), ready to be shown and confirmed."""

from __future__ import annotations

from typing import Literal

from runbook.model import Effect, Record, Remedy, Step


class CheckResult(Record, frozen=True):
    """What a preflight or guard check found. `ok` is None where it could not be told."""

    title: str
    ok: bool | None
    found: str = ""
    mend: str = ""
    stops: bool = True


class Choice(Record, frozen=True):
    """A decision that a command lacks: the parent of a merge to keep, by its number."""

    value: str
    title: str
    detail: str = ""


class Trap(Record, frozen=True):
    """What a person should know of a command before it runs; `lies` where its exit code 0 proves nothing."""

    text: str
    lies: bool = False


Role = Literal["step", "undo", "remedy"]
Mode = Literal["run", "follow", "interactive"]


class Prepared(Record, frozen=True):
    """Everything a person must see before confirming, and everything a confirmation relies on.

    `text` is what bash will get, character for character. `expected` maps what the preview saw
    (`origin refs/heads/production`) to its value (a SHA); it is asked again just before the start.
    """

    method: str
    step: Step
    commands: tuple[int, ...]
    text: str
    effect: Effect
    target: str
    cwd: str
    texts: tuple[str, ...] = ()
    """The same text, one for each of the commands: what was shown is what runs, whatever is captured meanwhile."""
    as_written: str = ""
    note: str = ""
    edited: bool = False
    missing: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    """The preview, in words and facts."""
    warnings: tuple[str, ...] = ()
    expected: dict[str, str] = {}
    checks: tuple[CheckResult, ...] = ()
    blocked: str = ""
    """Why it cannot run at all, with the mend; empty when it can."""
    already: str = ""
    """Why the effect is there already (then running it is a second time); empty when it is not."""
    way_back: str = ""
    role: Role = "step"
    """The step itself, its undo, or a way out that was offered."""
    choices: tuple[Choice, ...] = ()
    """What it cannot run without, to be picked from."""
    choosing: str = ""
    """What is picked, as a title."""
    remedy: Remedy | None = None
    """What leads out of being blocked, as a ready step."""
    mode: Mode = "run"
    """Whether it returns by itself, goes on beside the others, or gets the terminal."""
    expects: str = ""
    """What the runbook says should be seen, in its own words."""
    typed_inside: str = ""
    """What a person types into it once it runs: text to copy, never run by this machine's shell."""
    guesses: tuple[str, ...] = ()
    """What a reader inferred where the document does not say it itself."""

    @property
    def each_text(self) -> tuple[str, ...]:
        return self.texts or (self.text,)

    @property
    def failed_checks(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if check.stops and check.ok is not True)

    @property
    def typed(self) -> str:
        """The name a person must type to confirm; empty where one key is enough."""
        return (self.target or self.step.id) if self.effect is Effect.DESTROY else ""

    @property
    def may_confirm(self) -> bool:
        """Whether a confirmation can be taken at all; a failed check still needs its override."""
        return not self.blocked and not self.missing
